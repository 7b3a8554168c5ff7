// The list of corrections, with undo and redo. The server answers with the state after them.

import { $, facts, language, make, t } from "./words.js";

let path = null; // path of the job
let view = null; // the result
let viewKey = null; // job and result as text, to recognise a new one
let groups = []; // groups of corrections that are made and undone together
let undone = []; // groups that were undone, the last at the end
let queue = Promise.resolve(); // requests run one after the other
const listeners = [];

export let draft = null; // notes, parts and names after all corrections

export const onDraft = (listener) => listeners.push(listener);
export const corrections = () => groups.flat();
export const titleOf = (name) =>
  [...facts.instruments, ...facts.drums].find((known) => known.name === name)?.title[language()] ??
  name;
export const noteName = (midi) => window.otowake.data.noteNames[language()][midi];
export const nNotes = (n) => t(n === 1 ? "one_note" : "n_notes", { n });
export const seconds = (value) => Number(value.toFixed(2));

// The title of a part, with a number among several of its kind ("violin 2").
export function titleAmong(part, parts) {
  if (facts.drums.some((drum) => drum.name === part.name)) return titleOf(part.name);
  const same = parts.filter((other) => other.instrument === part.instrument);
  const number = part.name.slice(part.instrument.length + 1) || "1";
  return titleOf(part.instrument) + (same.length > 1 ? ` ${number}` : "");
}

export function partTitle(name) {
  const part = draft.parts.find((other) => other.name === name);
  return part ? titleAmong(part, draft.parts) : t("no_part");
}

export function componentTitle(number) {
  const { pitch } = view.components[number - 1];
  const name = draft.names[number - 1];
  return `${number} · ${pitch ? pitch[language()] : t("unpitched")}${name ? ` · ${name}` : ""}`;
}

const ofComponents = (edit) =>
  edit.do === "restore" || (edit.do !== "name" && ("component" in edit || "components" in edit));
const kept = (all) => all.filter((edit) => !ofComponents(edit));
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

// Start with a result after the requests under way; keep unapplied corrections while the result is
// the same.
export function open(at, shown) {
  const opened = queue.then(() => {
    const now = `${at} ${JSON.stringify(shown)}`;
    if (now !== viewKey) {
      const before = groups.map(kept).filter((group) => group.length);
      const mine = path === at && same(before.flat(), shown.edits);
      groups = mine ? before : shown.edits.map((edit) => [edit]);
      if (!mine) undone = [];
    }
    [path, view, viewKey] = [at, shown, now];
    return request(groups);
  });
  queue = opened.catch(() => {}); // the caller reports the error
  return opened;
}

async function request(wanted) {
  const answer = await fetch(`${path}/draft`, {
    method: "POST",
    body: JSON.stringify({ edits: wanted.flat() }),
  });
  const content = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(answer.status), { message_in: content.message });
  [groups, draft] = [wanted, content];
  list();
  listeners.forEach((listener) => listener());
}

// `change` returns the new groups, or null for no change; after an error the old groups stay.
function enqueue(change) {
  queue = queue
    .then(async () => {
      const wanted = change();
      if (!wanted) return;
      await request(wanted);
      showAlert(null);
    })
    .catch((error) => {
      if (!error.message_in) console.error(error);
      showAlert(error.message_in?.[language()] ?? t("offline"));
    });
  return queue;
}

function showAlert(sentence) {
  $("todo-alert").hidden = !sentence;
  $("todo-alert").textContent = sentence ?? "";
}

// Add a group; `edits` may be a function, called when the queue reaches it. A group joins the last
// one if both have the same `joined` and the same notes.
export function add(edits, joined = null) {
  return enqueue(() => {
    const group = typeof edits === "function" ? edits() : edits;
    if (!group?.length) return null;
    undone = [];
    const last = groups.at(-1);
    const joins =
      joined &&
      last?.joined === joined &&
      same(
        last.map((edit) => edit.note),
        group.map((edit) => edit.note),
      );
    const whole = joins ? group.map((edit, i) => ({ ...last[i], ...edit })) : group;
    return [...(joins ? groups.slice(0, -1) : groups), Object.assign(whole, { joined })];
  });
}

export const undo = () =>
  enqueue(() => {
    if (!groups.length) return null;
    undone = [...undone, groups.at(-1)];
    return groups.slice(0, -1);
  });

export const redo = () =>
  enqueue(() => {
    const group = undone.at(-1);
    if (!group) return null;
    undone = undone.slice(0, -1);
    return [...groups, group];
  });

// --- removing a group: notes that it made disappear, and the ids of later notes shift

const makesNote = (edit) => edit.do === "add" || (edit.do === "split" && "note" in edit);

function without(group) {
  const index = groups.indexOf(group);
  const first = draft.first_id + groups.slice(0, index).flat().filter(makesNote).length;
  const gone = group.filter(makesNote).length;
  const left = (id) => (id < first ? id : id < first + gone ? null : id - gone);
  const renamed = (edit) => {
    if ("note" in edit) return left(edit.note) === null ? null : { ...edit, note: left(edit.note) };
    if (!("notes" in edit)) return edit;
    const notes = edit.notes.map(left).filter((id) => id !== null);
    return notes.length ? { ...edit, notes } : null;
  };
  const later = groups.slice(index + 1).map((other) => other.map(renamed).filter(Boolean));
  return [...groups.slice(0, index), ...later.filter((other) => other.length)];
}

// --- sentences

function sentence(edit) {
  const title = (name) =>
    titleOf(name.replace(/-\d+$/, "")) + name.replace(/^.*?(?:-(\d+))?$/, " $1").trimEnd();
  const words = {
    instrument: () =>
      t("todo_instrument", { which: title(edit.part), how: titleOf(edit.instrument) }),
    move: () => t("todo_give", { which: nNotes(edit.notes.length), part: title(edit.part) }),
    add: () =>
      t("todo_add", { pitch: noteName(edit.midi), when: times(edit.onset_s, edit.offset_s) }),
    change: () => t("todo_change", { which: nNotes(1), how: changed(edit) }),
    restore: () => t("todo_restore"),
    key: () => t("todo_key", { which: edit.key }),
    tempo: () => t("todo_tempo", { which: edit.tempo }),
    metre: () => t("todo_metre", { which: edit.metre }),
    tuning: () => t("todo_tuning", { which: edit.tuning }),
    name: () => t("todo_name", { which: edit.component, name: edit.name }),
    paint: () =>
      t("todo_paint", {
        which: componentTitle(edit.component),
        how: t(edit.belongs ? "belongs" : "belongs_not"),
        start: edit.start_s,
        end: edit.end_s,
        low: edit.low_hz,
        high: edit.high_hz,
      }),
  };
  if (edit.do in words) return words[edit.do]();
  if (edit.parts) return t("todo_merge", { which: edit.parts.map(title).join(", ") });
  if (edit.notes) return t("todo_delete", { which: nNotes(edit.notes.length) });
  if ("note" in edit) return t("todo_split", { which: nNotes(1) });
  if ("part" in edit) return t("todo_split", { which: title(edit.part) });
  return t(`todo_${edit.do}`, {
    which: (edit.components ?? [edit.component]).map(componentTitle).join(", "),
  });
}

const times = (start, end) =>
  t("from_to", {
    start: start === undefined ? "" : seconds(start),
    end: end === undefined ? "" : seconds(end),
  });

function changed({ onset_s, offset_s, midi }) {
  const moved = onset_s !== undefined || offset_s !== undefined;
  return [
    ...(midi === undefined ? [] : [noteName(midi)]),
    ...(moved ? [times(onset_s, offset_s)] : []),
  ].join(" · ");
}

function describe(group) {
  if (group.length === 1) return sentence(group[0]);
  if (group[0].do === "change")
    return t("todo_change", { which: nNotes(group.length), how: `${changed(group[0])} …` });
  return t("todo_and", { first: sentence(group[0]), n: group.length - 1 });
}

function list() {
  const waiting = !same(kept(corrections()), view.edits) || corrections().some(ofComponents);
  $("todo").hidden = !groups.length && !undone.length && !waiting;
  $("apply").disabled = !waiting;
  $("undo").disabled = !groups.length;
  $("redo").disabled = !undone.length;
  $("todo-count").textContent = t("todo_count", { n: groups.length });
  let position = 0; // in the applied corrections
  const applied = (edit) => !ofComponents(edit) && same(edit, view.edits[position++]);
  $("todo-list").replaceChildren(
    ...groups.map((group) => {
      const back = make("button", {
        type: "button",
        className: "quiet",
        textContent: t("take_back"),
      });
      back.addEventListener("click", () =>
        enqueue(() => (groups.includes(group) ? without(group) : null)),
      );
      return make(
        "li",
        { className: group.map(applied).every(Boolean) ? "applied" : "" },
        describe(group),
        " ",
        back,
      );
    }),
  );
}

$("undo").addEventListener("click", undo);
$("redo").addEventListener("click", redo);
$("correct").addEventListener("keydown", (event) => {
  if (
    !(event.ctrlKey || event.metaKey) ||
    event.altKey ||
    event.target.matches("input:not([type=checkbox], [type=radio], [type=range])")
  )
    return;
  const key = event.key.toLowerCase();
  if (key !== "z" && key !== "y") return;
  event.preventDefault();
  if (key === "y" || event.shiftKey) redo();
  else undo();
});
