// Manual corrections of instruments, notes and components; todo.js collects and applies them.

import { draw as drawStrokes, showPicture } from "./paint.js";
import { beginRoll, draw as drawRoll, showGround } from "./roll.js";
import { add, componentTitle, draft, nNotes, onDraft, open, partTitle, titleOf } from "./todo.js";
import { $, facts, language, make, t } from "./words.js";

let view = null; // the result
let path = null; // path of the job

export async function showEditor(at, result) {
  view = result;
  if (at !== path) $("correct").hidden = true; // until the server has answered
  path = at;
  $("components-editor").hidden = !view.components.length;
  $("restore").hidden = !view.reworked;
  $("notes-editor").hidden = $("theory-editor").hidden = !view.noted;
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
  const numbers = view.components.map((component) => component.index + 1);
  const painted = $("paint-component").value;
  $("paint-component").replaceChildren(
    ...numbers.map((k) => make("option", { value: k, textContent: componentTitle(k) })),
  );
  if (painted) $("paint-component").value = painted;
  const checked = new Set(checkedComponents());
  $("component-checks").replaceChildren(
    ...numbers.map((k) => {
      const label = make(
        "label",
        {},
        make("input", { type: "checkbox", value: k, checked: checked.has(k) }),
        componentTitle(k),
      );
      label.firstChild.addEventListener("change", showName);
      return label;
    }),
  );
  showName();
  showTheory();
  drawStrokes();
});

// --- key, tempo, metre and tuning

function showTheory() {
  $("theory-now").textContent = t("theory_now", { facts: view.theory[language()] });
  if ($("theory-metre").options.length) return;
  $("theory-metre").append(
    ...["", ...facts.metres].map((metre) =>
      make("option", { value: metre, textContent: metre || "–" }),
    ),
  );
}

$("set-theory").addEventListener("click", () => {
  const filled = [...document.querySelectorAll("[data-fact]")].filter(({ value }) => value.trim());
  const edits = filled.map(({ dataset: { fact }, value }) => {
    const isNumber = fact === "tempo" || fact === "tuning";
    return { do: fact, [fact]: isNumber ? Number(value.replace(",", ".")) : value.trim() };
  });
  filled.forEach((field) => (field.value = ""));
  add(edits);
});

// --- instruments

function partRow(part) {
  const check = make("input", { type: "checkbox", value: part.name });
  check.setAttribute("aria-label", partTitle(part.name));
  const menu = make(
    "select",
    {},
    ...facts.instruments.map(({ name }) =>
      make("option", { value: name, textContent: titleOf(name) }),
    ),
  );
  menu.value = part.instrument;
  menu.setAttribute("aria-label", `${t("part_editor")} ${partTitle(part.name)}`);
  menu.addEventListener("change", () =>
    add([{ do: "instrument", part: part.name, instrument: menu.value }]),
  );
  const drum = facts.drums.some((drum) => drum.name === part.name) ? [partTitle(part.name)] : [];
  const about = make("span", {
    className: "fine",
    textContent: [...drum, nNotes(part.notes)].join(" · "),
  });
  return make(
    "div",
    { className: "row part" },
    ...(draft.parts.length > 1 ? [check] : []),
    menu,
    about,
  );
}

$("merge-parts").addEventListener("click", () => {
  const checked = [...$("part-rows").querySelectorAll(":checked[type=checkbox]")];
  if (checked.length > 1) add([{ do: "merge", parts: checked.map((box) => box.value) }]);
});

// --- components

const checkedComponents = () =>
  [...$("component-checks").querySelectorAll(":checked")].map((box) => Number(box.value));

for (const button of document.querySelectorAll("[data-do]")) {
  button.addEventListener("click", () => {
    const numbers = checkedComponents();
    $("component-checks")
      .querySelectorAll(":checked")
      .forEach((box) => {
        box.checked = false;
      });
    if (button.dataset.do !== "merge")
      add(numbers.map((component) => ({ do: button.dataset.do, component })));
    else if (numbers.length > 1) add([{ do: "merge", components: numbers }]);
  });
}

$("restore").addEventListener("click", () => add([{ do: "restore" }]));

// Show the name of the selected component.
function showName() {
  const selected = checkedComponents();
  $("naming").hidden = selected.length !== 1;
  if (selected.length === 1 && document.activeElement !== $("component-name"))
    $("component-name").value = draft.names[selected[0] - 1];
}

$("component-name").addEventListener("change", () => {
  const [component] = checkedComponents();
  const name = $("component-name").value.trim();
  if (component && name !== draft.names[component - 1]) add([{ do: "name", component, name }]);
});

$("correct").addEventListener("toggle", () => {
  drawStrokes();
  drawRoll();
});
