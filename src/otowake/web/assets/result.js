// A result: the report with its corrections, at an address of its own.

import { showEditor } from "./edit.js";
import { report, request, showAlert } from "./requests.js";
import { corrections } from "./todo.js";
import { $, language, make, relabel, t } from "./words.js";

const id = location.pathname.split("/").at(-2);
const at = `../../jobs/${id}`;

const ask = (method, path, body) => request(method, path, body, "../../login");

async function show() {
  relabel();
  document.querySelector('#sections a[href="#correcting"]').textContent = t("correct");
  $("home").href = `../../?lang=${language()}`;
  try {
    const [job, view] = await Promise.all([ask("GET", at), ask("GET", `${at}/view.json`)]);
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
    await ask("POST", `${at}/edits`, { edits: corrections() });
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
