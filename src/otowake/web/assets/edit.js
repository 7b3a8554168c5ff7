// Corrections by hand: strokes on the spectrogram, components merged, split and deleted. They are gathered and then applied at once.

import { $, facts, language, make, t } from "./words.js";

let view = null; // what the result is
let edits = []; // what is to be applied
let picture = null;
let drag = null; // the corner at which a stroke began

const canvas = () => $("painting");
const named = (k) => {
  const { pitch } = view.components[k - 1];
  return `${k} · ${pitch ? pitch[language()] : t("unpitched")}`;
};

export function showEditor(at, shown) {
  if (shown !== view) edits = [];
  view = shown;
  $("correct").hidden = !view.components.length && !view.parts.length;
  $("components-editor").hidden = !view.components.length;
  $("players-editor").hidden = !view.parts.length;
  $("merge-parts").hidden = view.parts.length < 2;
  $("part-rows").replaceChildren(...view.parts.map(partRow));
  const numbers = view.components.map((each) => each.index + 1);
  $("paint-component").replaceChildren(...numbers.map((k) => make("option", { value: k, textContent: named(k) })));
  $("component-checks").replaceChildren(...numbers.map((k) => make("label", {}, make("input", { type: "checkbox", value: k }), named(k))));
  picture = new Image();
  picture.onload = draw;
  picture.src = `${at}/spectrogram.png?${Date.now()}`;
  list();
}

// Merging comes first: a part that gets another instrument gets another name.
export const pending = () => [...edits].sort((a, b) => (a.do === "instrument") - (b.do === "instrument"));

// --- who plays

const titleOf = (name) => facts.instruments.find((each) => each.name === name)?.title[language()] ?? name;

function partRow(part) {
  const check = make("input", { type: "checkbox", value: part.name });
  check.setAttribute("aria-label", part.name);
  const menu = make("select", {}, ...facts.instruments.map(({ name }) => make("option", { value: name, textContent: titleOf(name) })));
  menu.value = part.instrument;
  menu.setAttribute("aria-label", `${t("who_plays")} ${part.name}`);
  menu.addEventListener("change", () => {
    edits = edits.filter((each) => !(each.do === "instrument" && each.part === part.name));
    if (menu.value !== part.instrument) edits.push({ do: "instrument", part: part.name, instrument: menu.value });
    list();
  });
  return make("div", { className: "row part" }, ...(view.parts.length > 1 ? [check] : []), menu, make("span", { className: "fine", textContent: t("n_notes", { n: part.notes }) }));
}

$("merge-parts").addEventListener("click", () => {
  const checked = [...$("part-rows").querySelectorAll(":checked[type=checkbox]")];
  if (checked.length > 1) add({ do: "merge", parts: checked.map((each) => each.value) });
  checked.forEach((each) => { each.checked = false; });
});

const partNamed = (name) => titleOf(view.parts.find((each) => each.name === name)?.instrument);

// --- between the picture and the sound

const axes = () => view.spectrogram;
const toTime = (x) => axes().start_s + x * (axes().end_s - axes().start_s);
const toHertz = (y) => axes().high_hz * (axes().low_hz / axes().high_hz) ** y;
const fromTime = (s) => (s - axes().start_s) / (axes().end_s - axes().start_s);
const fromHertz = (hz) => Math.log(axes().high_hz / Math.max(hz, axes().low_hz)) / Math.log(axes().high_hz / axes().low_hz);

function draw() {
  const box = canvas().getBoundingClientRect();
  if (!box.width || !picture?.complete) return;
  const scale = window.devicePixelRatio || 1;
  canvas().width = box.width * scale;
  canvas().height = box.height * scale;
  const pen = canvas().getContext("2d");
  pen.drawImage(picture, 0, 0, canvas().width, canvas().height);
  pen.scale(scale, scale);
  pen.font = "12px system-ui, sans-serif";
  for (const hz of [100, 200, 500, 1000, 2000, 5000, 10000].filter((each) => each > axes().low_hz && each < axes().high_hz)) {
    const y = fromHertz(hz) * box.height;
    pen.fillStyle = "#fff9";
    pen.fillRect(0, y, 6, 1);
    pen.fillText(hz >= 1000 ? `${hz / 1000}k` : hz, 9, y + 4);
  }
  const strokes = edits.filter((each) => each.do === "paint");
  for (const each of drag?.stroke ? [...strokes, drag.stroke] : strokes) {
    const x = fromTime(each.start_s) * box.width, y = fromHertz(each.high_hz) * box.height;
    const size = [fromTime(each.end_s) * box.width - x, fromHertz(each.low_hz) * box.height - y];
    pen.fillStyle = each.belongs ? "#3ddc9755" : "#ff6b6b55";
    pen.strokeStyle = each.belongs ? "#3ddc97" : "#ff6b6b";
    pen.lineWidth = 2;
    pen.fillRect(x, y, ...size);
    pen.strokeRect(x, y, ...size);
  }
}

function place(event) {
  const box = canvas().getBoundingClientRect();
  const within = (value) => Math.max(0, Math.min(1, value));
  return { x: within((event.clientX - box.left) / box.width), y: within((event.clientY - box.top) / box.height) };
}

const belongs = () => document.querySelector("input[name=belongs]:checked").value === "true";
const round = (value, digits) => Number(value.toFixed(digits));

function strokeBetween(a, b) {
  return {
    do: "paint",
    component: Number($("paint-component").value),
    start_s: round(toTime(Math.min(a.x, b.x)), 3),
    end_s: round(toTime(Math.max(a.x, b.x)), 3),
    low_hz: round(toHertz(Math.max(a.y, b.y)), 1),
    high_hz: round(toHertz(Math.min(a.y, b.y)), 1),
    belongs: belongs(),
  };
}

// --- gathering

function add(edit) {
  edits = [...edits, edit];
  list();
}

function sentence(edit) {
  if (edit.do === "instrument") return t("todo_instrument", { which: partNamed(edit.part), how: titleOf(edit.instrument) });
  if (edit.parts) return t("todo_merge", { which: edit.parts.map(partNamed).join(", ") });
  const which = (edit.components ?? [edit.component]).map(named).join(", ");
  if (edit.do !== "paint") return t(`todo_${edit.do}`, { which });
  const how = t(edit.belongs ? "belongs" : "belongs_not");
  return t("todo_paint", { which, how, start: edit.start_s, end: edit.end_s, low: edit.low_hz, high: edit.high_hz });
}

function list() {
  $("todo").hidden = !edits.length;
  $("todo").querySelector("ul").replaceChildren(...edits.map((edit) => {
    const back = make("button", { type: "button", className: "quiet", textContent: t("undo") });
    back.addEventListener("click", () => { edits = edits.filter((each) => each !== edit); list(); });
    return make("li", {}, sentence(edit), " ", back);
  }));
  draw();
}

canvas().addEventListener("pointerdown", (event) => {
  canvas().setPointerCapture(event.pointerId);
  drag = { from: place(event), stroke: null };
});
canvas().addEventListener("pointermove", (event) => {
  if (!drag) return;
  drag.stroke = strokeBetween(drag.from, place(event));
  draw();
});
canvas().addEventListener("pointerup", (event) => {
  const from = drag?.from, to = place(event);
  drag = null;
  if (from && Math.abs(from.x - to.x) > 0.003 && Math.abs(from.y - to.y) > 0.005) add(strokeBetween(from, to));
  else draw();
});
canvas().addEventListener("pointercancel", () => { drag = null; draw(); });

$("add-stroke").addEventListener("click", () => {
  const [start_s, end_s, low_hz, high_hz] = ["start_s", "end_s", "low_hz", "high_hz"].map((id) => parseFloat($(id).value));
  if ([start_s, end_s, low_hz, high_hz].some(Number.isNaN) || end_s <= start_s || high_hz <= low_hz) return;
  add({ do: "paint", component: Number($("paint-component").value), start_s, end_s, low_hz, high_hz, belongs: belongs() });
});

for (const button of document.querySelectorAll("[data-do]")) {
  button.addEventListener("click", () => {
    const checked = [...$("component-checks").querySelectorAll(":checked")];
    const numbers = checked.map((each) => Number(each.value));
    if (button.dataset.do === "merge") {
      if (numbers.length > 1) add({ do: "merge", components: numbers });
    } else numbers.forEach((component) => add({ do: button.dataset.do, component }));
    checked.forEach((each) => { each.checked = false; });
  });
}

$("correct").addEventListener("toggle", draw);
window.addEventListener("resize", draw);
