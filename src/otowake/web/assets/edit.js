// Corrections by hand: who plays, notes, components. What is corrected is gathered in todo.js and then applied at once.

import { draw as drawStrokes, showPicture } from "./paint.js";
import { beginRoll, draw as drawRoll, showGround } from "./roll.js";
import { add, componentTitle, draft, nNotes, onDraft, open, partTitle, titleOf } from "./todo.js";
import { $, facts, make, t } from "./words.js";

let view = null; // what the result is
let path = null; // of its job

export async function showEditor(at, shown) {
  view = shown;
  if (at !== path) $("correct").hidden = true; // until the server has said what there is to correct
  path = at;
  $("components-editor").hidden = !view.components.length;
  $("restore").hidden = !view.reworked;
  $("notes-editor").hidden = !view.noted;
  beginRoll(view);
  await open(at, view);
  $("correct").hidden = !view.components.length && !view.noted;
  drawStrokes();
  drawRoll();
  const picture = new Image();
  picture.onload = () => {
    showPicture(picture, view.spectrogram);
    showGround(picture);
  };
  picture.src = `${at}/spectrogram.png?${Date.now()}`;
}

onDraft(() => {
  $("players-editor").hidden = !draft.parts.length;
  $("merge-parts").hidden = draft.parts.length < 2;
  $("part-rows").replaceChildren(...draft.parts.map(partRow));
  const numbers = view.components.map((each) => each.index + 1);
  const chosen = $("paint-component").value;
  $("paint-component").replaceChildren(...numbers.map((k) => make("option", { value: k, textContent: componentTitle(k) })));
  if (chosen) $("paint-component").value = chosen;
  const checked = new Set(checkedComponents());
  $("component-checks").replaceChildren(...numbers.map((k) => {
    const label = make("label", {}, make("input", { type: "checkbox", value: k, checked: checked.has(k) }), componentTitle(k));
    label.firstChild.addEventListener("change", showName);
    return label;
  }));
  showName();
  drawStrokes();
});

// --- who plays

function partRow(part) {
  const check = make("input", { type: "checkbox", value: part.name });
  check.setAttribute("aria-label", partTitle(part.name));
  const menu = make("select", {}, ...facts.instruments.map(({ name }) => make("option", { value: name, textContent: titleOf(name) })));
  menu.value = part.instrument;
  menu.setAttribute("aria-label", `${t("who_plays")} ${partTitle(part.name)}`);
  menu.addEventListener("change", () => add([{ do: "instrument", part: part.name, instrument: menu.value }]));
  const drum = facts.drums.some((each) => each.name === part.name) ? [partTitle(part.name)] : [];
  const about = make("span", { className: "fine", textContent: [...drum, nNotes(part.notes)].join(" · ") });
  return make("div", { className: "row part" }, ...(draft.parts.length > 1 ? [check] : []), menu, about);
}

$("merge-parts").addEventListener("click", () => {
  const checked = [...$("part-rows").querySelectorAll(":checked[type=checkbox]")];
  if (checked.length > 1) add([{ do: "merge", parts: checked.map((each) => each.value) }]);
});

// --- components

const checkedComponents = () => [...$("component-checks").querySelectorAll(":checked")].map((each) => Number(each.value));

for (const button of document.querySelectorAll("[data-do]")) {
  button.addEventListener("click", () => {
    const numbers = checkedComponents();
    $("component-checks").querySelectorAll(":checked").forEach((each) => { each.checked = false; });
    if (button.dataset.do !== "merge") add(numbers.map((component) => ({ do: button.dataset.do, component })));
    else if (numbers.length > 1) add([{ do: "merge", components: numbers }]);
  });
}

$("restore").addEventListener("click", () => add([{ do: "restore" }]));

// The name of the one that is chosen.
function showName() {
  const chosen = checkedComponents();
  $("naming").hidden = chosen.length !== 1;
  if (chosen.length === 1 && document.activeElement !== $("component-name")) $("component-name").value = draft.names[chosen[0] - 1];
}

$("component-name").addEventListener("change", () => {
  const [component] = checkedComponents();
  const name = $("component-name").value.trim();
  if (component && name !== draft.names[component - 1]) add([{ do: "name", component, name }]);
});

$("correct").addEventListener("toggle", () => { drawStrokes(); drawRoll(); });
