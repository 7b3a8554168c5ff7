// The fields next to the piano roll: onset, offset, pitch and part of the selected notes.

import { draft, noteName, partTitle, seconds, titleOf } from "./todo.js";
import { $, facts, make, t } from "./words.js";

const option = (value, textContent) => make("option", { value, textContent });

// Return a name for a new part of an instrument.
function newName(instrument) {
  const names = draft.parts.map((part) => part.name);
  let name = instrument;
  for (let n = 2; names.includes(name); n++) name = `${instrument}-${n}`;
  return name;
}

// Fill the menus of parts and pitches; their values stay.
export function fillMenus() {
  const [part, midi] = [$("note-part"), $("note-midi")];
  const before = { part: part.value, midi: midi.value };
  const fresh = facts.instruments.map(({ name }) => option(newName(name), titleOf(name)));
  part.replaceChildren(
    ...draft.parts.map(({ name }) => option(name, partTitle(name))),
    make("optgroup", { label: t("new_part") }, ...fresh),
  );
  if ([...part.options].some((item) => item.value === before.part)) part.value = before.part;
  const pitches = Array.from({ length: 128 }, (_, pitch) => option(pitch, noteName(pitch)));
  midi.replaceChildren(...pitches.reverse());
  midi.value = before.midi;
}

// Describe notes in words and in the fields; without notes, one at the cursor that ends at `end`.
export function describeNotes(notes, cursor, end) {
  const [first] = notes;
  const shown = first ?? { onset: cursor.time, offset: end, midi: cursor.midi };
  const [start, stop] = [seconds(shown.onset), seconds(shown.offset)];
  $("note-from").value = start;
  $("note-to").value = stop;
  $("note-midi").value = shown.midi;
  const part = first && draft.parts.length ? [partTitle(first.part)] : [];
  const one = [noteName(shown.midi), t("from_to", { start, end: stop }), ...part].join(" · ");
  const many = notes.length ? t("n_selected", { n: notes.length }) : t("none_selected");
  const when = t("seconds", { n: seconds(cursor.time) });
  const at = t("cursor", { when, pitch: noteName(cursor.midi) });
  $("roll-state").textContent = `${notes.length === 1 ? one : many} · ${at}`;
  for (const id of ["erase", "cut", "give"]) $(id).disabled = !notes.length;
  $("set-note").disabled = notes.length !== 1;
}

// Return the note in the fields, or null if it has no length.
export function typedNote() {
  const [onset, offset] = ["note-from", "note-to"].map((id) => parseFloat($(id).value));
  return onset >= 0 && offset > onset
    ? { onset, offset, midi: Number($("note-midi").value) }
    : null;
}
