// The piano roll: select, draw, move, split and reassign notes with the pointer or the keyboard.

import { drawRoll, FOOT, LEFT } from "./rolldraw.js";
import { clamp, MIN_SECONDS, round, shiftsOf, stretchesOf } from "./rolledits.js";
import { describeNotes, fillMenus, typedNote } from "./rollfields.js";
import { tone } from "./sound.js";
import { add, draft, onDraft, seconds } from "./todo.js";
import { $, t } from "./words.js";

const HANDLE_PIXELS = 7; // width of the handle at the end of a note

let view = null; // the result
let picture = null; // its spectrogram
let box = { width: 0, height: 0 }; // size of the canvas at the last drawing
let shown = { start: 0, seconds: 1, low: 48, high: 72 }; // visible times and pitches
let selected = new Set(); // ids of notes
let cursor = { time: 0, midi: 60 };
let drag = null; // the current action of the pointer: { does, from, to, hit }
let known = null; // ids before the last change; new ids after it become selected

const canvas = $("editor-roll");
const { events, player } = window.otowake; // of the report
const length = () => Math.floor(1e4 * view.seconds) / 1e4;
const own = () => draft.notes.filter((note) => selected.has(note.id));
const colourAt = (i) => view.palette[i % view.palette.length];
const drawing = () => document.querySelector("input[name=pointer]:checked").value === "draw";

// Prepare for a result before its notes arrive.
export function beginRoll(result) {
  $("roll-play").disabled = !player.tracks.length;
  if (result.seconds !== view?.seconds)
    shown = { start: 0, seconds: Math.min(result.seconds, 10), low: 127, high: 0 };
  view = result;
}

export function showGround(image) {
  picture = image;
  draw();
}

// Show the range of these pitches with a margin.
function showPitches(pitches) {
  const low = Math.min(...pitches, ...(pitches.length ? [] : [60]));
  shown.low = clamp(low - 3, 0, 103);
  shown.high = clamp(Math.max(shown.low + 20, ...pitches) + 3, 24, 127);
}

onDraft(() => {
  const ids = draft.notes.map((note) => note.id);
  selected = new Set(ids.filter((id) => (known ? !known.has(id) : selected.has(id))));
  known = null;
  if (drag?.does === "done") drag = null;
  const pitches = draft.notes.map((note) => note.midi);
  const hidden = (midi) => midi < shown.low || midi > shown.high;
  if (shown.low > shown.high || pitches.some(hidden)) showPitches(pitches);
  fillMenus();
  describe();
  draw();
});

// --- between the picture, seconds and pitches

export function draw() {
  box = canvas.getBoundingClientRect();
  if (!box.width || !draft || !view) return;
  const slider = $("roll-position");
  Object.assign(slider, {
    max: Math.max(0, view.seconds - shown.seconds),
    step: "any",
    disabled: shown.seconds >= view.seconds,
  });
  slider.value = shown.start;
  slider.setAttribute(
    "aria-valuetext",
    t("from_to", { start: seconds(shown.start), end: seconds(shown.start + shown.seconds) }),
  );
  drawRoll(canvas, {
    ...shown,
    box,
    toX,
    toY,
    row: row(),
    notes: preview(),
    axes: view.spectrogram,
    picture,
    cursor,
    frame: framed(),
  });
}

// Return the notes with a preview of the current drag.
function preview() {
  const does = drag && (drag.did ?? drag.does);
  const { by, steps } = drag ? moved() : { by: 0, steps: 0 };
  const colours = new Map(draft.parts.map(({ name }, i) => [name, colourAt(i)]));
  const colourOf = (part) => colours.get(part) ?? colourAt(0);
  const notes = draft.notes.map((note) => {
    const { id, onset, offset, midi, part } = note;
    const drawnNote = { ...note, selected: selected.has(id), colour: colourOf(part) };
    if (!drawnNote.selected) return drawnNote;
    if (does === "shift")
      return { ...drawnNote, onset: onset + by, offset: offset + by, midi: midi + steps };
    if (does === "stretch") drawnNote.offset = Math.max(onset + MIN_SECONDS, offset + by);
    return drawnNote;
  });
  if (does !== "draw" || !by) return notes;
  const [onset, offset] = [drag.from.time, drag.to.time].sort((a, b) => a - b);
  const colour = colourOf($("note-part").value);
  return [...notes, { onset, offset, midi: drag.from.midi, selected: true, colour }];
}

const framed = () =>
  drag?.does === "frame" && Math.abs(drag.to.x - drag.from.x) >= 4 ? [drag.from, drag.to] : null;

const wide = () => box.width - LEFT;
const tall = () => box.height - FOOT;
const row = () => tall() / (shown.high - shown.low + 1);
const toX = (time) => LEFT + ((time - shown.start) / shown.seconds) * wide();
const toY = (midi) => (shown.high - midi) * row();
const toTime = (x) => shown.start + ((x - LEFT) / wide()) * shown.seconds;
const toMidi = (y) => clamp(shown.high - Math.floor(y / row()), 0, 127);
const step = () => Math.max(0.01, round(shown.seconds / 200));

function pointOf(event) {
  const edges = canvas.getBoundingClientRect();
  const [x, y] = [event.clientX - edges.left, event.clientY - edges.top];
  return { x, y, time: clamp(toTime(x), 0, length()), midi: toMidi(y) };
}

function hitAt({ x, y }) {
  const inside = (note) =>
    x >= toX(note.onset) - 1 &&
    x <= Math.max(toX(note.offset), toX(note.onset) + 4) + 2 &&
    y >= toY(note.midi) &&
    y < toY(note.midi - 1);
  return draft.notes.filter(inside).sort((a, b) => selected.has(b.id) - selected.has(a.id))[0];
}

function onHandle(note, { x }) {
  const [start, end] = [toX(note.onset), toX(note.offset)];
  return x > end - HANDLE_PIXELS && end - start > 2 * HANDLE_PIXELS;
}

// --- corrections of notes

const shifted = (by, steps) => shiftsOf(own(), by, steps, length());
const stretched = (by) => stretchesOf(own(), by, length());

const partOf = () =>
  draft.parts.length || $("note-part").value ? { part: $("note-part").value } : {};

function drawn(onset, offset, midi) {
  const onset_s = round(clamp(onset, 0, length() - MIN_SECONDS));
  const offset_s = round(clamp(offset, onset_s + MIN_SECONDS, length()));
  return change([{ do: "add", onset_s, offset_s, midi, ...partOf() }], true);
}

// Make a correction; with `fresh`, new notes become selected.
function change(edits, fresh = false, joined = null) {
  known = fresh ? new Set(draft.notes.map((note) => note.id)) : null;
  return add(edits, joined).then(() => {
    known = null;
  });
}

const erase = () => selected.size && change([{ do: "delete", notes: [...selected] }]);
const give = () =>
  selected.size && change([{ do: "move", notes: [...selected], part: $("note-part").value }]);
const cut = () =>
  change(
    own()
      .filter((note) => note.onset < cursor.time && cursor.time < note.offset)
      .map((note) => ({ do: "split", note: note.id, at_s: round(cursor.time) })),
  );

function selectNotes(ids, sounds = true) {
  selected = new Set(ids);
  const [first] = own();
  if (first) {
    $("note-part").value = first.part ?? $("note-part").value;
    if (selected.size === 1 && sounds) tone(first.midi);
  }
  describe();
  draw();
}

// --- the pointer

canvas.addEventListener("pointerdown", (event) => {
  if (event.button) return;
  canvas.setPointerCapture(event.pointerId);
  const from = pointOf(event);
  const hit = hitAt(from);
  const more = event.shiftKey || event.ctrlKey || event.metaKey;
  cursor = { time: from.time, midi: from.midi };
  drag = { does: drawing() ? "draw" : "frame", from, to: from, more };
  if (hit) {
    drag.does = onHandle(hit, from) ? "stretch" : "shift";
    const others = [...selected].filter((id) => id !== hit.id);
    if (more) selectNotes(selected.has(hit.id) ? others : [...selected, hit.id]);
    else if (!selected.has(hit.id)) selectNotes([hit.id]);
    else describe();
  } else if (!more) selectNotes([]);
  draw();
});

canvas.addEventListener("pointermove", (event) => {
  const at = pointOf(event);
  if (!drag || drag.does === "done") {
    const hit = hitAt(at);
    canvas.style.cursor = !hit ? "crosshair" : onHandle(hit, at) ? "ew-resize" : "move";
    return;
  }
  if (drag.does === "shift" && at.midi !== drag.to.midi && selected.size === 1)
    tone(own()[0].midi + at.midi - drag.from.midi);
  drag.to = at;
  draw();
});

// The distance of the drag: seconds (0 below 4 pixels) and semitones.
const moved = () => ({
  by: Math.abs(drag.to.x - drag.from.x) < 4 ? 0 : drag.to.time - drag.from.time,
  steps: drag.to.midi - drag.from.midi,
});

canvas.addEventListener("pointerup", (event) => {
  if (!drag || drag.does === "done") return;
  drag.to = pointOf(event);
  const { does, from, to, more } = drag;
  const { by, steps } = moved();
  const finished = { ...drag };
  if (does === "frame") {
    const [early, late] = [from.time, to.time].sort((a, b) => a - b);
    const [low, high] = [from.midi, to.midi].sort((a, b) => a - b);
    const inside = ({ onset, offset, midi }) =>
      by && offset > early && onset < late && midi >= low && midi <= high;
    const within = draft.notes.filter(inside).map((note) => note.id);
    drag = null;
    return selectNotes([...(more ? selected : []), ...within]);
  }
  const edits =
    does === "draw" ? [] : does === "stretch" ? (by ? stretched(by) : []) : shifted(by, steps);
  if (does === "draw" && !by) drag = null;
  else if (does !== "draw" && !edits.length) drag = null;
  else {
    if (does === "draw") tone(from.midi);
    const times = [from.time, to.time].sort((a, b) => a - b);
    const made = does === "draw" ? drawn(...times, from.midi) : change(edits);
    // Keep the preview until the correction is made.
    drag = { ...finished, does: "done", did: does };
    made.then(() => {
      drag = null;
      draw();
    });
  }
  draw();
});
canvas.addEventListener("pointercancel", () => {
  drag = null;
  draw();
});

canvas.addEventListener(
  "wheel",
  (event) => {
    if (event.ctrlKey) zoom(event.deltaY > 0 ? 1.25 : 0.8, pointOf(event).time);
    else if (Math.abs(event.deltaX) > Math.abs(event.deltaY))
      slide(shown.start + (event.deltaX / wide()) * shown.seconds);
    else return;
    event.preventDefault();
  },
  { passive: false },
);

// --- playing from the cursor

function hear() {
  if (player.playing) return player.pause();
  player.seek(cursor.time);
  player.play();
}

events.addEventListener("player", () =>
  $("roll-play").setAttribute("aria-pressed", String(player.playing)),
);
events.addEventListener("time", ({ detail }) => {
  if (!player.playing || !view || !$("correct").open) return;
  cursor = { ...cursor, time: clamp(detail, 0, length()) };
  reveal(cursor.time);
});

// --- the keyboard

function neighbour(by, more) {
  if (!draft.notes.length) return;
  const indices = draft.notes
    .map((note, i) => (selected.has(note.id) ? i : -1))
    .filter((i) => i >= 0);
  const after = draft.notes.findIndex((note) => note.onset >= cursor.time);
  const here = indices.length
    ? by > 0
      ? Math.max(...indices) + 1
      : Math.min(...indices) - 1
    : by > 0
      ? after
      : after - 1;
  const note = draft.notes.at(clamp(here, 0, draft.notes.length - 1));
  cursor = { time: round((note.onset + note.offset) / 2), midi: note.midi };
  selectNotes(more ? [...selected, note.id] : [note.id]);
  reveal(note.onset);
}

function moveCursor(by, steps) {
  cursor = {
    time: round(clamp(cursor.time + by, 0, length())),
    midi: clamp(cursor.midi + steps, 0, 127),
  };
  if (cursor.midi < shown.low || cursor.midi > shown.high)
    showPitches([...draft.notes.map((note) => note.midi), cursor.midi]);
  if (steps) tone(cursor.midi);
  describe();
  reveal(cursor.time);
}

function arrow(by, steps, event) {
  if (!selected.size) return moveCursor(by * step(), steps);
  if (event.shiftKey && by) return change(() => stretched(by * step()), false, "keys");
  if (steps && selected.size === 1) tone(own()[0].midi + steps);
  return change(() => shifted(by * step(), steps * (event.shiftKey ? 12 : 1)), false, "keys");
}

const KEYS = {
  ArrowLeft: (event) => arrow(-1, 0, event),
  ArrowRight: (event) => arrow(1, 0, event),
  ArrowUp: (event) => arrow(0, 1, event),
  ArrowDown: (event) => arrow(0, -1, event),
  ",": () => moveCursor(-step(), 0),
  ".": () => moveCursor(step(), 0),
  n: (event) => neighbour(1, event.shiftKey),
  p: (event) => neighbour(-1, event.shiftKey),
  s: () => cut(),
  g: () => give(),
  " ": () => hear(),
  Enter: () => drawn(cursor.time, cursor.time + 20 * step(), cursor.midi),
  Delete: () => erase(),
  Backspace: () => erase(),
  Escape: () => selectNotes([]),
  "+": () => zoom(0.5, cursor.time),
  "-": () => zoom(2, cursor.time),
};

canvas.addEventListener("keydown", (event) => {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if ((event.ctrlKey || event.metaKey) && key === "a")
    selectNotes(draft.notes.map((note) => note.id));
  else if (event.ctrlKey || event.metaKey || event.altKey || !(key in KEYS)) return;
  else KEYS[key](event);
  event.preventDefault();
});

// --- the visible time

function zoom(factor, at) {
  const before = shown.seconds;
  shown.seconds = clamp(before * factor, Math.min(0.5, view.seconds), view.seconds);
  slide(at - (at - shown.start) * (shown.seconds / before));
}

function slide(start) {
  shown.start = clamp(start, 0, Math.max(0, view.seconds - shown.seconds));
  draw();
}

const reveal = (time) =>
  slide(
    time < shown.start || time > shown.start + shown.seconds
      ? time - shown.seconds / 4
      : shown.start,
  );

$("roll-play").addEventListener("click", hear);
$("roll-in").addEventListener("click", () => zoom(0.5, shown.start + shown.seconds / 2));
$("roll-out").addEventListener("click", () => zoom(2, shown.start + shown.seconds / 2));
$("roll-position").addEventListener("input", () => slide(Number($("roll-position").value)));
$("erase").addEventListener("click", erase);
$("cut").addEventListener("click", cut);
$("give").addEventListener("click", give);

// --- menus and fields

// Describe the selection, or the note that Enter would draw.
function describe() {
  describeNotes(own(), cursor, Math.min(cursor.time + 20 * step(), length()));
}

$("draw-note").addEventListener("click", () => {
  const typed = typedNote();
  if (typed) drawn(typed.onset, typed.offset, typed.midi);
});
window.addEventListener("resize", draw);
$("set-note").addEventListener("click", () => {
  const typed = typedNote();
  const [note] = own();
  if (!typed || !note) return;
  const timed = seconds(note.onset) !== typed.onset || seconds(note.offset) !== typed.offset;
  const edit = {
    ...(timed ? { onset_s: typed.onset, offset_s: typed.offset } : {}),
    ...(typed.midi !== note.midi ? { midi: typed.midi } : {}),
  };
  if (Object.keys(edit).length) change([{ do: "change", note: note.id, ...edit }]);
});
