// A result: players of instruments and components, the report, the download.

import { showEditor } from "./edit.js";
import { press } from "./sound.js";
import { nNotes, titleAmong } from "./todo.js";
import { $, language, make, t } from "./words.js";

export async function showResult(job) {
  const at = `jobs/${job.id}`;
  const answer = await fetch(`${at}/view.json`);
  if (!answer.ok) throw Object.assign(new Error(), { message_in: (await answer.json()).message });
  const view = await answer.json();
  const urlOf = (file) => `${at}/files/${file}`;
  $("result-name").textContent = job.name;
  $("archive").href = `${at}/archive.zip`;
  $("notices").replaceChildren(
    ...job.warnings.map((words) =>
      make("p", { className: "alert", textContent: words[language()] }),
    ),
  );
  const parts = view.parts.map((part) =>
    player(urlOf(part.sound), titleAmong(part, view.parts), nNotes(part.notes)),
  );
  if (view.other) parts.push(player(urlOf(view.other), t("other"), ""));
  const components = view.components.map((component) => {
    const pitch = component.pitch ? component.pitch[language()] : t("unpitched");
    return player(
      urlOf(component.sound),
      [component.index + 1, pitch, ...(component.name ? [component.name] : [])].join(" · "),
      `${(100 * component.energy).toFixed(1)} %`,
    );
  });
  $("components").replaceChildren(...components);
  $("parts").replaceChildren(...parts);
  $("component-players").open = !parts.length;
  $("component-players").hidden = !components.length;
  $("report").replaceChildren(...report(at, view));
  await showEditor(at, view);
}

function player(url, name, detail) {
  const mark = make("span", { className: "mark", textContent: "▶", ariaHidden: "true" });
  const line = make("i");
  const button = make(
    "button",
    { type: "button" },
    mark,
    make("span", { textContent: name }),
    make("small", { textContent: detail }),
    line,
  );
  const show = (on, part) => {
    mark.textContent = on ? "■" : "▶";
    line.style.width = `${100 * part}%`;
    button.setAttribute("aria-pressed", String(on));
    button.setAttribute("aria-label", t(on ? "stop" : "play", { what: name }));
  };
  show(false, 0);
  button.addEventListener("click", () => press(url, show));
  return make("li", {}, button);
}

function report(at, view) {
  if (view.files.includes("report.html")) {
    const frame = make("iframe", {
      src: `${at}/files/report.html#${language()}`,
      title: t("report"),
    });
    return [frame];
  }
  const pictures = [
    ["piano-roll.png", "roll"],
    ["figure.png", "figure"],
  ].filter(([file]) => view.files.includes(file));
  return pictures.flatMap(([file, words]) => [
    make("h3", { textContent: t(words) }),
    make("img", { src: `${at}/files/${file}?${Date.now()}`, alt: t(words) }),
  ]);
}
