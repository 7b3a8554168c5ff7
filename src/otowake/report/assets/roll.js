// The piano roll: notes by instrument, bars and chords, and the list of notes.

const BLACK = new Set([1, 3, 6, 8, 10]);
const notes = data.notes.map(
  ([onset, offset, midi, velocity, confidence, cents, part, isDrum, contour], number) => ({
    number,
    onset,
    offset,
    midi,
    velocity,
    confidence,
    cents,
    part,
    isDrum,
    contour,
  }),
);
const pitched = notes.filter((note) => !note.isDrum);
const lowest = pitched.length
  ? pitched.reduce((least, note) => Math.min(least, note.midi), 127) - 3
  : 48;

// Drums have lanes below the lowest pitch, each 3 semitones high.
const drums = [...new Set(notes.filter((note) => note.isDrum).map((note) => note.part))];
const laneOf = (part) => lowest - 2 - 3 * drums.indexOf(part);
for (const note of notes) {
  note.row = note.isDrum ? laneOf(note.part) : note.midi;
  note.half = note.isDrum ? 1.1 : 0.42;
}

function noteWords(note) {
  const cents = note.cents === null ? "" : ` ${word("deviation", { cents: signed(note.cents) })}`;
  const part = note.part < 0 ? "" : ` · ${say(data.parts[note.part].title)}`;
  const what = note.isDrum ? "" : noteName(note.midi) + cents + part;
  const when = `${clock(note.onset, 2)}–${clock(note.offset, 2)}`;
  return `${what || part.slice(3)} · ${when} · ${percent(note.confidence)}`;
}

function noteAt(time, pitch, slack) {
  const near = notes.filter(
    (note) =>
      Math.abs(note.row - pitch) <= note.half + 0.2 &&
      time >= note.onset - slack &&
      time <= note.offset + slack,
  );
  return near[near.length - 1];
}

function paintRoll(chart, context) {
  const { left, top, width, height } = chart.inside;
  const { low, high } = chart.y;
  context.fillStyle = ink("paper");
  context.fillRect(left, top, width, height);
  const key = height / (high - low);
  for (let midi = Math.floor(low); midi <= high + 1; midi++) {
    const y = chart.yOf(midi + 0.5);
    if (BLACK.has(((midi % 12) + 12) % 12)) {
      context.fillStyle = ink("shade");
      context.fillRect(left, y, width, key);
    } else if (midi % 12 === 0) {
      context.fillStyle = ink("line");
      context.fillRect(left, y + key - 0.5, width, 1);
    }
  }
  if (data.rhythm) {
    const { beats, metre, downbeat } = data.rhythm;
    const perSecond = width / (chart.x.high - chart.x.low);
    const beat = (60 / data.rhythm.bpm) * perSecond;
    beats.forEach((time, number) => {
      const isBar = (number - downbeat) % metre === 0;
      if (time < chart.x.low || time > chart.x.high || (!isBar && beat < 18) || beat * metre < 9)
        return;
      context.fillStyle = ink(isBar ? "bar" : "line");
      context.fillRect(chart.xOf(time) - 0.5, top, 1, height);
    });
  }
  const chosen = new Set(selection.notes);
  for (const note of notes) {
    if (note.offset < chart.x.low || note.onset > chart.x.high) continue;
    const [a, b] = [chart.xOf(note.onset), chart.xOf(note.offset)];
    const y = chart.yOf(note.row + note.half);
    const tall = 2 * note.half * key;
    context.globalAlpha = 0.3 + 0.7 * clamp(note.confidence, 0, 1);
    context.fillStyle = colourOf(note.part);
    context.beginPath();
    context.roundRect(a, y, Math.max(b - a - 0.5, 1.5), tall, Math.min(3, key * 0.3, (b - a) / 4));
    context.fill();
    context.globalAlpha = 1;
    if (note.contour.length) {
      const line = new Path2D();
      for (const [time, cents] of note.contour)
        line.lineTo(chart.xOf(note.onset + time), chart.yOf(note.midi + cents / 100));
      context.lineWidth = 1;
      context.strokeStyle = ink("ink");
      context.stroke(line);
    }
    if (chosen.has(note.number)) {
      context.lineWidth = 2;
      context.strokeStyle = ink("ink");
      context.stroke();
    }
    if (key > 13 && b - a > 26 && !note.isDrum) {
      context.save();
      context.clip();
      context.fillStyle = dark.matches ? "#17141c" : "#fff";
      context.textBaseline = "middle";
      context.textAlign = "left";
      context.fillText(noteName(note.midi), a + 4, y + key * 0.44);
      context.restore();
    }
  }
}

function rollAxes(chart, context) {
  const { left, top, width, height } = chart.inside;
  timeAxis(chart, context);
  context.textAlign = "right";
  context.textBaseline = "middle";
  context.fillStyle = ink("quiet");
  const key = height / (chart.y.high - chart.y.low);
  const every = (midi) => midi % 12 === 0 || (key > 11 && !BLACK.has(midi % 12)) || key > 14;
  for (let midi = Math.ceil(chart.y.low); midi <= chart.y.high; midi++) {
    const y = chart.yOf(midi);
    if (every(midi) && y > top + 3 && (midi >= lowest || !drums.length))
      context.fillText(noteName(midi), left - 7, y);
  }
  context.textAlign = "left";
  for (const part of drums)
    context.fillText(
      part < 0 ? "" : say(data.parts[part].title),
      left + 4,
      chart.yOf(laneOf(part)),
    );
  drawChordCells(chart, context, top - CHORDS_HIGH - 3, CHORDS_HIGH);
}

function makeRoll() {
  $("notes").hidden = !data.stages.includes("notes");
  if ($("notes").hidden) return;
  const high = pitched.reduce((most, note) => Math.max(most, note.midi), 0);
  const from = lowest - (drums.length ? 3 * drums.length + 1 : 0);
  const to = pitched.length ? high + 3 : 84;
  const middle = (from + to) / 2;
  const half = Math.max(to - from, 18) / 2;
  $("roll").style.height = clamp(32 * half + 62, 320, innerWidth < 760 ? 340 : 560) + "px";
  views.pitch = new View(middle - half, middle + half, 6);
  new Chart($("roll"), {
    x: views.time,
    y: views.pitch,
    margin: [CHORDS_HIGH + 5, 16, 38, 48],
    paint: paintRoll,
    axes: rollAxes,
    slides: true,
    region: "time",
    label: () => word("roll"),
    describe(time, pitch) {
      const note = noteAt(time, pitch, 0);
      return note ? noteWords(note) : `${clock(time, 2)} · ${noteName(pitch)}`;
    },
    click(time, pitch, event) {
      const note = noteAt(time, pitch, (4 / 600) * (views.time.high - views.time.low));
      const more = event.ctrlKey || event.metaKey;
      select({
        notes: note ? [...(more ? selection.notes : []), note.number] : more ? selection.notes : [],
      });
      player.seek(time);
    },
  });
  legend();
  on("language", legend);
  dark.addEventListener("change", legend);
  noteList();
}

function legend() {
  const drawn = new Set(notes.map((note) => note.part));
  const items = data.parts
    .map((part, number) => [number, say(part.title)])
    .filter(([number]) => drawn.has(number));
  if (drawn.has(-1) && items.length) items.push([-1, word("unknown")]);
  const shown = items.map(([number, name]) => {
    const swatch = make("i", { "aria-hidden": "true" });
    swatch.style.background = colourOf(number);
    return make("span", {}, swatch, name);
  });
  $("legend").replaceChildren(
    ...shown,
    make("span", { className: "quiet" }, word(notes.length ? "pale" : "noNotes")),
  );
}

/** Make the table of notes; only the visible rows exist. */
function noteList() {
  const ROW = 30;
  const details = $("note-list");
  const scroll = details.querySelector(".scroll");
  const names = ["onset", "duration", "pitch", "cents", "confidence", "velocity", "instrument"];
  const heads = make("tr", { "aria-rowindex": "1" });
  const before = make("tbody", { "aria-hidden": "true" });
  const body = make("tbody");
  const after = make("tbody", { "aria-hidden": "true" });
  const table = make(
    "table",
    { "aria-rowcount": String(notes.length + 1) },
    make("thead", {}, heads),
    before,
    body,
    after,
  );
  scroll.append(table);
  const gap = (rows) => {
    const cell = make("td", { colspan: String(names.length) });
    cell.style.height = rows * ROW + "px";
    cell.style.padding = "0";
    return rows ? [make("tr", {}, cell)] : [];
  };
  function rows() {
    const first = clamp(Math.floor(scroll.scrollTop / ROW) - 8, 0, notes.length);
    const last = clamp(first + Math.ceil(scroll.clientHeight / ROW) + 16, 0, notes.length);
    before.replaceChildren(...gap(first));
    after.replaceChildren(...gap(notes.length - last));
    const chosen = new Set(selection.notes);
    body.replaceChildren(
      ...notes.slice(first, last).map((note) => {
        const go = make(
          "button",
          {
            type: "button",
            className: "link",
            onclick: () => {
              select({ notes: [note.number] });
              player.seek(note.onset);
            },
          },
          clock(note.onset, 2),
        );
        const cells = [
          note.isDrum ? "–" : noteName(note.midi),
          note.cents === null ? "" : signed(note.cents),
          percent(note.confidence),
          percent(note.velocity),
          note.part < 0 ? "" : say(data.parts[note.part].title),
        ].map((text) => make("td", {}, text));
        return make(
          "tr",
          {
            "aria-rowindex": String(note.number + 2),
            "aria-selected": String(chosen.has(note.number)),
          },
          make("td", {}, go),
          make("td", {}, (note.offset - note.onset).toFixed(2)),
          ...cells,
        );
      }),
    );
  }
  function all() {
    details.querySelector("summary").textContent = word("noteList", { n: notes.length });
    heads.replaceChildren(...names.map((name) => make("th", { scope: "col" }, word(name))));
    if (details.open) rows();
  }
  scroll.addEventListener("scroll", () => requestAnimationFrame(rows));
  details.addEventListener("toggle", rows);
  on("language", all);
  on("select-notes", () => details.open && rows());
  all();
}
