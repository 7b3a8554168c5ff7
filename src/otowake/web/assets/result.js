// A result: the report with its corrections, at an address of its own.

import { showEditor } from "./edit.js";
import { corrections } from "./todo.js";
import { $, language, make, relabel, t } from "./words.js";

const id = location.pathname.split("/").at(-2);
const at = `../../jobs/${id}`;

async function request(method, path, body) {
  const answer = await fetch(path, { method, body: body && JSON.stringify(body) });
  if (answer.status === 401) location.assign("../../login");
  const content = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(answer.status), { message_in: content.message });
  return content;
}

function showAlert(message) {
  $("alert").hidden = !message;
  $("alert").textContent = message ? (message[language()] ?? message) : "";
}

function report(error) {
  if (!error.message_in) console.error(error);
  showAlert(error.message_in ?? t("offline"));
}

async function show() {
  relabel();
  document.querySelector('#sections a[href="#correcting"]').textContent = t("correct");
  $("home").href = `../../?lang=${language()}`;
  try {
    const [job, view] = await Promise.all([request("GET", at), request("GET", `${at}/view.json`)]);
    if (job.state !== "done") return location.assign($("home").href);
    showAlert(job.message);
    $("notices").replaceChildren(
      ...job.warnings.map((words) =>
        make("p", { className: "alert", textContent: words[language()] }),
      ),
    );
    $("correcting").hidden = !view.components.length && !view.noted;
    await showEditor(at, view);
  } catch (error) {
    report(error);
  }
}

$("apply").addEventListener("click", async () => {
  window.otowake.player.pause();
  try {
    await request("POST", `${at}/edits`, { edits: corrections() });
    location.assign($("home").href); // shows the progress, then this result again
  } catch (error) {
    report(error);
  }
});

// A click on the title of a track leads to the menu of its instrument.
$("mixer").addEventListener("click", ({ target }) => {
  const track = target.closest(".title")?.parentElement.querySelector("[data-track^=part-]");
  if (!track) return;
  $("correct").open = true;
  const menus = $("part-rows").querySelectorAll("select");
  menus[Number(track.dataset.track.slice("part-".length))]?.focus();
});

window.otowake.events.addEventListener("language", show);
await show();
