// Brush strokes on the spectrogram, which add to a component or remove from it.

import { add, corrections } from "./todo.js";
import { $ } from "./words.js";

let axes = null; // axes of the picture: low_hz, high_hz, start_s, end_s
let picture = null;
let drag = null; // the first corner of a stroke

export function showPicture(image, imageAxes) {
  [picture, axes] = [image, imageAxes];
  draw();
}

const toTime = (x) => axes.start_s + x * (axes.end_s - axes.start_s);
const toHertz = (y) => axes.high_hz * (axes.low_hz / axes.high_hz) ** y;
const fromTime = (s) => (s - axes.start_s) / (axes.end_s - axes.start_s);
const fromHertz = (hz) =>
  Math.log(axes.high_hz / Math.max(hz, axes.low_hz)) / Math.log(axes.high_hz / axes.low_hz);

export function draw() {
  const canvas = $("painting"),
    box = canvas.getBoundingClientRect();
  if (!box.width || !picture?.complete) return;
  const scale = window.devicePixelRatio || 1;
  canvas.width = box.width * scale;
  canvas.height = box.height * scale;
  const pen = canvas.getContext("2d");
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  pen.scale(scale, scale);
  pen.font = "12px system-ui, sans-serif";
  for (const hz of [100, 200, 500, 1000, 2000, 5000, 10000].filter(
    (tick) => tick > axes.low_hz && tick < axes.high_hz,
  )) {
    const y = fromHertz(hz) * box.height;
    pen.fillStyle = "#fff9";
    pen.fillRect(0, y, 6, 1);
    pen.fillText(hz >= 1000 ? `${hz / 1000}k` : hz, 9, y + 4);
  }
  const brushStrokes = corrections().filter((edit) => edit.do === "paint");
  for (const stroke of drag?.stroke ? [...brushStrokes, drag.stroke] : brushStrokes) {
    const x = fromTime(stroke.start_s) * box.width,
      y = fromHertz(stroke.high_hz) * box.height;
    const size = [
      fromTime(stroke.end_s) * box.width - x,
      fromHertz(stroke.low_hz) * box.height - y,
    ];
    pen.fillStyle = stroke.belongs ? "#3ddc9755" : "#ff6b6b55";
    pen.strokeStyle = stroke.belongs ? "#3ddc97" : "#ff6b6b";
    pen.lineWidth = 2;
    pen.fillRect(x, y, ...size);
    pen.strokeRect(x, y, ...size);
  }
}

function pointOf(event) {
  const box = $("painting").getBoundingClientRect();
  const within = (value) => Math.max(0, Math.min(1, value));
  return {
    x: within((event.clientX - box.left) / box.width),
    y: within((event.clientY - box.top) / box.height),
  };
}

const belongs = () => document.querySelector("input[name=belongs]:checked").value === "true";
const round = (value, digits) => Number(value.toFixed(digits));

function strokeBetween(a, b) {
  return {
    do: "paint",
    component: Number($("paint-component").value),
    start_s: round(toTime(Math.min(a.x, b.x)), 3),
    end_s: round(toTime(Math.max(a.x, b.x)), 3),
    low_hz: round(toHertz(Math.max(a.y, b.y)), 1),
    high_hz: round(toHertz(Math.min(a.y, b.y)), 1),
    belongs: belongs(),
  };
}

$("painting").addEventListener("pointerdown", (event) => {
  $("painting").setPointerCapture(event.pointerId);
  drag = { from: pointOf(event), stroke: null };
});
$("painting").addEventListener("pointermove", (event) => {
  if (!drag) return;
  drag.stroke = strokeBetween(drag.from, pointOf(event));
  draw();
});
$("painting").addEventListener("pointerup", (event) => {
  const from = drag?.from,
    to = pointOf(event);
  drag = null;
  if (from && Math.abs(from.x - to.x) > 0.003 && Math.abs(from.y - to.y) > 0.005)
    add([strokeBetween(from, to)]);
  else draw();
});
$("painting").addEventListener("pointercancel", () => {
  drag = null;
  draw();
});

$("add-stroke").addEventListener("click", () => {
  const [start_s, end_s, low_hz, high_hz] = ["start_s", "end_s", "low_hz", "high_hz"].map((id) =>
    parseFloat($(id).value),
  );
  if ([start_s, end_s, low_hz, high_hz].some(Number.isNaN) || end_s <= start_s || high_hz <= low_hz)
    return;
  add([
    {
      do: "paint",
      component: Number($("paint-component").value),
      start_s,
      end_s,
      low_hz,
      high_hz,
      belongs: belongs(),
    },
  ]);
});

window.addEventListener("resize", draw);
