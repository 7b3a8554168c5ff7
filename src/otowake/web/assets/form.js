// The form of presets and options, made from the server's option specs.

import { $, facts, language, make, t } from "./words.js";

const typed = (options) =>
  Object.fromEntries(Object.entries(options).map(([key, value]) => [key, String(value)]));

let preset = facts.presets[0].name;
const values = typed(facts.presets[0].options); // options that differ from their defaults
let stages = [...facts.presets[0].stages];

const both = (words) => words[language()];

export function fillForm() {
  $("presets").replaceChildren(...facts.presets.map(presetChoice));
  $("options").replaceChildren(stageChoice(), ...facts.groups.flatMap(groupOf));
}

// Return the content of the form for the server.
export function readForm() {
  const options = {};
  for (const option of facts.groups.flatMap((group) => group.options)) {
    const value = values[option.name] ?? "";
    if (value === "") continue;
    if (option.kind === "bool") options[option.name] = value === "true";
    else options[option.name] = value;
  }
  return { options, stages };
}

function presetChoice({ name, title, help, stages: presetStages, options }) {
  const input = make("input", {
    type: "radio",
    name: "preset",
    value: name,
    checked: name === preset,
  });
  input.addEventListener("change", () => {
    for (const key of Object.keys(facts.presets.find((other) => other.name === preset).options))
      delete values[key];
    Object.assign(values, typed(options));
    preset = name;
    stages = [...presetStages];
    $("options").replaceChildren(stageChoice(), ...facts.groups.flatMap(groupOf));
  });
  return make(
    "label",
    {},
    input,
    make("b", { textContent: both(title) }),
    make("small", { textContent: both(help) }),
  );
}

function stageChoice() {
  const checks = facts.stages.map((name) => {
    const input = make("input", { type: "checkbox", checked: stages.includes(name) });
    input.addEventListener("change", () => {
      stages = facts.stages.filter((stage) =>
        stage === name ? input.checked : stages.includes(stage),
      );
    });
    return make("label", {}, input, t(`stage_${name}`));
  });
  return make(
    "div",
    {},
    make("h2", { textContent: t("stages") }),
    make("div", { className: "checks" }, ...checks),
  );
}

function groupOf({ title, options }) {
  return [make("h2", { textContent: both(title) }), ...options.map(optionRow)];
}

function optionRow(option) {
  const shown = option.default === null ? t("automatic") : String(option.default);
  const input =
    option.kind === "bool" || (option.choices.length && !option.or_number)
      ? menu(option, shown)
      : field(option, shown);
  input.id = `option-${option.name}`;
  input.value = values[option.name] ?? "";
  input.addEventListener("change", () => {
    values[option.name] = input.value.trim();
  });
  const label = make("label", { htmlFor: input.id }, make("code", { textContent: option.name }));
  const help = make("small", { id: `${input.id}-help`, textContent: both(option.help) });
  input.setAttribute("aria-describedby", help.id);
  const row = make("div", { className: "option" }, label, input, help);
  if (option.or_number && option.choices.length) {
    const list = make(
      "datalist",
      { id: `${input.id}-choices` },
      ...option.choices.map((value) => make("option", { value })),
    );
    input.setAttribute("list", list.id);
    row.append(list);
  }
  return row;
}

function menu(option, shown) {
  const named = (value) => (value === "true" ? t("yes") : value === "false" ? t("no") : value);
  const choices = option.kind === "bool" ? ["true", "false"] : option.choices;
  const first = make("option", { value: "", textContent: t("default", { value: named(shown) }) });
  return make(
    "select",
    {},
    first,
    ...choices.map((value) => make("option", { value, textContent: named(value) })),
  );
}

function field(option, shown) {
  const input = make("input", {
    type: "text",
    placeholder: t("default", { value: shown }),
    autocomplete: "off",
  });
  if (option.kind !== "str" && !option.choices.length) input.inputMode = "decimal";
  return input;
}
