// The page: choose a recording, follow its analysis; its result has an address of its own.

import { drawLoss, drawRows } from "./draw.js";
import { fillForm, readForm } from "./form.js";
import { Refusal, report, request, showAlert } from "./requests.js";
import { readable, record } from "./sound.js";
import { $, facts, fill, language, make, setLanguage, t } from "./words.js";

const POLL_MS = 400; // milliseconds between two requests for the state
let job = null; // the displayed job
let sound = null; // the chosen file
let recording = null; // stops the recording
let sending = null; // the request that uploads a file

// --- choosing

function choose(file) {
  sound = file;
  $("chosen").textContent = file ? file.name : "";
  $("drop").classList.toggle("ready", Boolean(file));
  showAlert(
    file && file.size > facts.limits.bytes ? t("too_big", { limit: facts.limits.mib }) : null,
  );
}

$("file").addEventListener("change", () => $("file").files[0] && choose($("file").files[0]));
for (const name of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    $("drop").classList.toggle("over", name === "dragover");
    if (name === "drop" && event.dataTransfer.files[0] && !$("start").hidden)
      choose(event.dataTransfer.files[0]);
  });
}

$("record").addEventListener("click", async () => {
  try {
    if (recording) {
      const end = recording;
      recording = null;
      choose(await end());
    } else {
      recording = await record(`${t("recorded")}.wav`);
    }
  } catch {
    recording = null;
    showAlert(t("no_microphone"));
  }
  $("record").classList.toggle("on", Boolean(recording));
  fill($("record"), recording ? "stop_recording" : "record");
});

$("demo").addEventListener("click", () => begin({ demo: true }));
$("start").addEventListener("submit", (event) => {
  event.preventDefault();
  if (sound) begin({ name: sound.name, size: sound.size });
  else showAlert(t("no_sound_yet"));
});

async function begin(what) {
  showAlert(null);
  $("go").disabled = true;
  try {
    const file = what.demo ? null : await readable(sound, facts.media);
    if (file) Object.assign(what, { name: file.name, size: file.size });
    const made = await request("POST", "jobs", { ...what, ...readForm(), language: language() });
    show(made);
    if (file) await send(made, file);
    follow(made.id);
  } catch (error) {
    if (!job || job.state === "sending") reset();
    report(error);
  } finally {
    $("go").disabled = false;
  }
}

function send(made, file) {
  return new Promise((resolve, reject) => {
    sending = new XMLHttpRequest();
    sending.open("PUT", `jobs/${made.id}/sound`);
    sending.upload.onprogress = ({ loaded, total }) => {
      $("state").textContent = t("sending", { percent: Math.floor((100 * loaded) / total) });
      $("bar").value = loaded / total;
    };
    sending.onload = () => {
      if (sending.status < 300) return resolve();
      let message_in;
      try {
        message_in = JSON.parse(sending.responseText).message;
      } catch {
        /* a page of a proxy */
      }
      reject(Object.assign(new Refusal(sending.status), { message_in }));
    };
    sending.onerror = () => reject(new Error("offline"));
    sending.onabort = () =>
      reject(Object.assign(new Refusal("abort"), { message_in: t("cancelled") }));
    sending.send(file);
  });
}

// --- watching

async function follow(id) {
  while (job?.id === id) {
    try {
      const now = await request("GET", `jobs/${id}`);
      if (job?.id !== id) return;
      showAlert(null);
      show(now);
      if (!["sending", "waiting", "running"].includes(now.state)) return;
    } catch (error) {
      report(error);
      if (error instanceof Refusal) return reset();
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

const addressOf = ({ id }) => `results/${id}/#${language()}`;

function show(now) {
  job = now;
  if (now.state === "done") return location.assign(addressOf(now));
  const live = ["sending", "waiting", "running"].includes(now.state);
  $("start").hidden = live;
  $("work").hidden = !live;
  if (live) return showWork(now);
  reset();
  showAlert(now.message);
  listJobs();
}

function showWork(now) {
  $("work-name").textContent = now.name;
  $("stages").replaceChildren(
    ...now.stages.map(({ name, seconds }) => {
      const done = seconds !== null;
      const item = document.createElement("li");
      item.textContent = t(`stage_${name}`);
      if (done) item.append(` ${t("seconds", { n: seconds.toFixed(1) })}`);
      item.className = done ? "done" : name === now.stage ? "now" : "";
      if (name === now.stage) item.setAttribute("aria-current", "step");
      return item;
    }),
  );
  const { iteration, max_iter, losses, W, H } = now.progress;
  if (now.state !== "running") $("live").hidden = true;
  else if (W) $("live").hidden = false; // the last picture stays during the other stages
  if (now.state === "waiting") $("state").textContent = t("waiting", { n: now.position });
  if (now.state === "running") {
    const loss = losses?.length ? Math.round(losses.at(-1)[1]).toLocaleString(language()) : "–";
    const seconds = t("seconds", { n: Math.round(now.seconds) });
    const how = iteration
      ? t("iteration", { n: iteration, of: max_iter, loss })
      : t(`stage_${now.stage || "reading"}`);
    $("state").textContent = `${how} · ${seconds}`;
  }
  if (now.state === "running") $("bar").value = now.fraction;
  else if (now.state === "waiting") $("bar").removeAttribute("value");
  if (W) {
    drawLoss($("loss"), losses);
    drawRows($("W"), W);
    drawRows($("H"), H);
  }
}

$("cancel").addEventListener("click", async () => {
  const { id, state } = job;
  if (state === "sending") sending?.abort();
  try {
    show(await request("POST", `jobs/${id}/cancel`));
  } catch (error) {
    report(error);
  }
});

// --- back to the start, and earlier results

function reset() {
  job = null;
  $("work").hidden = true;
  $("start").hidden = false;
}

async function listJobs() {
  const others = (await request("GET", "jobs")).filter(({ state }) => state === "done");
  $("earlier").hidden = !others.length;
  $("jobs").replaceChildren(
    ...others.reverse().map((other) => {
      const open = make("a", { href: addressOf(other), textContent: other.name });
      const about = make("small", { textContent: described(other) });
      const remove = make("button", {
        type: "button",
        className: "quiet",
        textContent: t("remove"),
        ariaLabel: `${t("remove")}: ${other.name}`,
      });
      remove.addEventListener("click", () =>
        request("DELETE", `jobs/${other.id}`).then(listJobs, report),
      );
      return make("li", {}, open, about, remove);
    }),
  );
}

// The time, the length and the instruments of a result.
function described({ ended, length, instruments }) {
  const when = new Date(1000 * ended).toLocaleString(language(), {
    dateStyle: "medium",
    timeStyle: "short",
  });
  const long = length
    ? [`${Math.floor(length / 60)}:${String(Math.round(length % 60)).padStart(2, "0")}`]
    : [];
  return [when, ...long, ...(instruments?.[language()] ?? [])].join(" · ");
}

function relabel() {
  $("limits").textContent = t("limits", { ...facts.limits, keep: facts.keep });
  fillForm();
  if (job) showWork(job);
}

$("switch").addEventListener("click", () => {
  setLanguage(language() === "ja" ? "en" : "ja");
  relabel();
  listJobs().catch(report);
});

relabel();
if (location.search.includes("gone")) showAlert(t("gone"));
request("GET", "jobs")
  .then((jobs) => {
    const current = jobs.find(({ state }) => ["waiting", "running"].includes(state));
    if (!current) return listJobs();
    show(current);
    return follow(current.id);
  })
  .catch(report);
// A page that the browser kept while another was shown.
window.addEventListener("pageshow", ({ persisted }) => persisted && (reset(), listJobs()));
