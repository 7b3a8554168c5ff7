// Draw the piano roll: the spectrogram, the notes, and axes of time and pitch.

import { noteName } from "./todo.js";

export const LEFT = 40,
  FOOT = 20; // pixels for the labels of pitches and seconds

const toMidi = (hertz) => 69 + 12 * Math.log2(hertz / 440);
const BLACK = [1, 3, 6, 8, 10];

// `roll`: start, seconds, low, high, box, toX, toY, row, notes, picture, axes, cursor, frame.
export function drawRoll(canvas, roll) {
  const { box, toX, toY, row } = roll;
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(box.width * scale);
  canvas.height = Math.round(box.height * scale);
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  pen.font = "12px system-ui, sans-serif";
  pen.textBaseline = "middle";
  const wide = box.width - LEFT,
    tall = box.height - FOOT;
  pen.save();
  pen.beginPath();
  pen.rect(LEFT, 0, wide, tall);
  pen.clip();
  if (roll.picture) ground(pen, roll, wide, tall);
  for (let midi = roll.low; midi <= roll.high; midi++) {
    pen.fillStyle = BLACK.includes(midi % 12) ? "#0005" : "#0000";
    pen.fillRect(LEFT, toY(midi), wide, row);
    pen.fillStyle = "#fff4";
    if (midi % 12 === 0) pen.fillRect(LEFT, toY(midi - 1), wide, 1);
  }
  for (const note of roll.notes) {
    const x = toX(note.onset),
      size = [Math.max(3, toX(note.offset) - x), row];
    pen.fillStyle = note.colour;
    pen.fillRect(x, toY(note.midi), ...size);
    pen.strokeStyle = note.selected ? "#fff" : "#000c";
    pen.lineWidth = note.selected ? 2.5 : 1;
    pen.strokeRect(x, toY(note.midi), ...size);
    if (note.contour?.length) bent(pen, roll, note);
  }
  pen.fillStyle = "#fff";
  pen.fillRect(toX(roll.cursor.time) - 0.5, 0, 1.5, tall);
  pen.strokeStyle = "#fff";
  pen.lineWidth = 1;
  pen.strokeRect(toX(roll.cursor.time) - 4, toY(roll.cursor.midi), 8, row);
  if (roll.frame) {
    const [a, b] = roll.frame;
    pen.fillStyle = "#fff2";
    pen.fillRect(Math.min(a.x, b.x), Math.min(a.y, b.y), Math.abs(a.x - b.x), Math.abs(a.y - b.y));
    pen.strokeRect(
      Math.min(a.x, b.x),
      Math.min(a.y, b.y),
      Math.abs(a.x - b.x),
      Math.abs(a.y - b.y),
    );
  }
  pen.restore();
  edges(pen, roll, tall);
}

// Draw the pitch contour of a note over it.
function bent(pen, { toX, toY, row }, note) {
  const points = note.contour;
  const held = note.offset - note.onset;
  pen.beginPath();
  for (const [time, cents] of [[0, points[0][1]], ...points, [held, points.at(-1)[1]]])
    pen.lineTo(toX(note.onset + Math.min(time, held)), toY(note.midi + cents / 100) + row / 2);
  pen.strokeStyle = "#fff";
  pen.lineWidth = 1;
  pen.stroke();
}

// Draw the visible part of the spectrogram, paler than the notes.
function ground(pen, { picture, axes, start, seconds, low, high }, wide, tall) {
  const top = toMidi(axes.high_hz),
    pitches = top - toMidi(axes.low_hz),
    length = axes.end_s - axes.start_s;
  const across = picture.width / length,
    down = picture.height / pitches;
  pen.globalAlpha = 0.55;
  pen.drawImage(
    picture,
    (start - axes.start_s) * across,
    (top - high - 0.5) * down,
    seconds * across,
    (high - low + 1) * down,
    LEFT,
    0,
    wide,
    tall,
  );
  pen.globalAlpha = 1;
}

function edges(pen, { start, seconds, low, high, toX, toY, row, box }, tall) {
  pen.fillStyle = "#ddd";
  pen.textAlign = "right";
  const every = row >= 13 ? 1 : 12;
  for (let midi = low; midi <= high; midi++) {
    if (every === 1 ? !BLACK.includes(midi % 12) : midi % 12 === 0)
      pen.fillText(noteName(midi), LEFT - 5, toY(midi) + row / 2);
  }
  pen.textAlign = "center";
  const step =
    [0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300].find(
      (tick) => (tick / seconds) * box.width > 60,
    ) ?? 600;
  for (let n = Math.ceil(start / step); n * step <= start + seconds; n++) {
    const x = Math.max(LEFT + 4, Math.min(box.width - 12, toX(n * step)));
    pen.fillRect(toX(n * step), tall, 1, 4);
    pen.fillText(Number((n * step).toFixed(1)), x, tall + 12);
  }
}
