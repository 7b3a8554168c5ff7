// Charts: shared views, axes, images, and their pointer events.

/** The visible range of an axis, and its limits. */
class View {
  constructor(low, high, least) {
    Object.assign(this, { low, high, min: low, max: high, least });
    this.listeners = [];
  }

  set(low, high) {
    const span = clamp(high - low, Math.min(this.least, this.max - this.min), this.max - this.min);
    this.low = clamp(low, this.min, this.max - span);
    this.high = this.low + span;
    for (const listener of this.listeners) listener();
  }

  zoom(factor, at = (this.low + this.high) / 2) {
    const span = clamp(
      (this.high - this.low) * factor,
      Math.min(this.least, this.max - this.min),
      this.max - this.min,
    );
    const share = (at - this.low) / (this.high - this.low);
    this.set(at - share * span, at - share * span + span);
  }

  move(by) {
    this.set(this.low + by, this.high + by);
  }

  all() {
    this.set(this.min, this.max);
  }
}

const pictures = data.pictures;
const views = {
  time: new View(0, data.length, 0.2),
  pitch: new View(48, 84, 6),
  frequency: new View(toMidi(pictures.low), toMidi(pictures.high), 6),
  component: new View(0, Math.max(1, data.components.length), 1),
};

const LUT = new Uint32Array(256);
for (let i = 0; i < 256; i++) {
  const rgb = parseInt(data.ramp.slice(6 * i, 6 * i + 6), 16);
  LUT[i] = (255 << 24) | ((rgb & 255) << 16) | (rgb & 0xff00) | (rgb >> 16);
}

/** Grey values and their coloured image. */
class Picture {
  constructor(width, height, grey) {
    Object.assign(this, { width, height, grey });
    this.canvas = make("canvas", { width, height });
    const image = new ImageData(width, height);
    new Uint32Array(image.data.buffer).set(Uint32Array.from(grey, (value) => LUT[value]));
    this.canvas.getContext("2d").putImageData(image, 0, 0);
  }

  /** Return the decibels at a column and a row. */
  level(x, y) {
    const grey =
      this.grey[
        clamp(Math.floor(y), 0, this.height - 1) * this.width +
          clamp(Math.floor(x), 0, this.width - 1)
      ];
    return (1 - grey / 255) * pictures.floor;
  }

  static async read({ width, height, png }) {
    const image = new Image();
    image.src = "data:image/png;base64," + png;
    await image.decode();
    const canvas = make("canvas", { width, height });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    const rgba = context.getImageData(0, 0, width, height).data;
    return new Picture(
      width,
      height,
      Uint8Array.from({ length: width * height }, (_, i) => rgba[4 * i]),
    );
  }
}

/** Return a round step that divides `span` into about `n` parts. */
function step(span, n) {
  const raw = span / Math.max(n, 1);
  const power = 10 ** Math.floor(Math.log10(raw));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999);
}

const HERTZ = [50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000];
const brief = (hz) => (hz >= 1000 ? hz / 1000 + "k" : String(hz));

/**
 * A chart on two canvases: the content, and the cursor above it.
 *
 * `x` and `y` are views; `paint(chart, context)` draws the content, `axes(chart, context)` the
 * labels; `describe(x, y)` returns the text for a point, `click(x, y)` handles a click. With
 * `slides` a click sets the playing time, with `selects` dragging selects a region.
 */
class Chart {
  constructor(
    host,
    { x, y, margin, paint, axes, describe, click, slides, label, region, selects },
  ) {
    Object.assign(this, {
      host,
      x,
      y,
      margin,
      paint,
      axes,
      describe,
      click,
      slides,
      label,
      region,
      selects,
    });
    this.back = make("canvas", { "aria-hidden": "true" });
    this.front = make("canvas", { tabIndex: 0 });
    host.append(this.back, this.front);
    for (const view of [x, y]) if (view) view.listeners.push(() => this.later());
    new ResizeObserver(() => this.resize()).observe(host);
    on("language", () => this.later());
    for (const name of ["select-notes", "select-components", "select-region"])
      on(name, () => this.later());
    dark.addEventListener("change", () => this.later());
    this.points();
    if (slides) {
      this.front.setAttribute("role", "slider");
      this.front.setAttribute("aria-valuemin", "0");
      this.front.setAttribute("aria-valuemax", player.length.toFixed(1));
      on("time", () => this.cursor());
    } else this.front.setAttribute("role", "img");
  }

  resize() {
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const { width, height } = this.host.getBoundingClientRect();
    if (!width || !height) return;
    Object.assign(this, { width, height, ratio });
    for (const canvas of [this.back, this.front]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    this.draw();
  }

  get inside() {
    const [top, right, bottom, left] = this.margin;
    return {
      left,
      top,
      width: Math.max(1, this.width - left - right),
      height: Math.max(1, this.height - top - bottom),
    };
  }

  xOf(value) {
    return (
      this.inside.left + ((value - this.x.low) / (this.x.high - this.x.low)) * this.inside.width
    );
  }

  yOf(value) {
    const part = (value - this.y.low) / (this.y.high - this.y.low);
    return this.inside.top + (this.downward ? part : 1 - part) * this.inside.height;
  }

  valueAt(left, top) {
    const { inside, x, y } = this;
    const part = (top - inside.top) / inside.height;
    return [
      x.low + ((left - inside.left) / inside.width) * (x.high - x.low),
      y.low + (this.downward ? part : 1 - part) * (y.high - y.low),
    ];
  }

  later() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      this.draw();
    });
  }

  draw() {
    if (!this.width) return;
    const context = this.back.getContext("2d");
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    context.font = "11px " + ink("font");
    context.save();
    const { left, top, width, height } = this.inside;
    context.beginPath();
    context.rect(left, top, width, height);
    context.clip();
    this.paint(this, context);
    if (this.region && selection.region) this.drawRegion(context, selection.region);
    context.restore();
    this.axes(this, context);
    this.front.setAttribute("aria-label", this.label());
    this.cursor();
  }

  drawRegion(context, { start, end, low, high }) {
    const [a, b] = [this.xOf(start), this.xOf(end)];
    const [c, d] =
      this.region === "time"
        ? [this.inside.top, this.inside.top + this.inside.height]
        : [this.yOf(toMidi(high)), this.yOf(toMidi(low))];
    context.fillStyle = this.region === "time" ? ink("accent") : "#fff";
    context.globalAlpha = 0.14;
    context.strokeStyle = this.region === "time" ? ink("accent") : "#fff";
    context.lineWidth = 1.5;
    context.fillRect(a, c, b - a, d - c);
    context.globalAlpha = 1;
    context.strokeRect(a, c, b - a, d - c);
  }

  cursor() {
    if (!this.width || !this.slides) return;
    const context = this.front.getContext("2d");
    const { left, top, width, height } = this.inside;
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    const at = this.xOf(player.time);
    this.front.setAttribute("aria-valuenow", player.time.toFixed(1));
    this.front.setAttribute(
      "aria-valuetext",
      word("positionOf", { at: clock(player.time), length: clock(player.length) }),
    );
    if (at < left - 1 || at > left + width + 1) return;
    context.fillStyle = this.picture ? "rgba(255,255,255,.92)" : ink("accent");
    context.fillRect(at - 0.75, top, 1.5, height);
  }

  points() {
    const down = new Map();
    let moved = 0;
    let corner = null;
    const pointOf = (event) => {
      const box = this.front.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const regionOf = (from, to) => {
      const [a, b] = [this.valueAt(...from), this.valueAt(...to)];
      const [start, end] = [Math.min(a[0], b[0]), Math.max(a[0], b[0])].map((time) =>
        clamp(time, 0, player.length),
      );
      const hz =
        this.region === "time"
          ? [0, pictures.high]
          : [toHz(Math.min(a[1], b[1])), toHz(Math.max(a[1], b[1]))];
      return { start, end, low: hz[0], high: hz[1] };
    };
    this.front.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      down.set(event.pointerId, pointOf(event));
      moved = 0;
      if ((event.shiftKey || this.selects) && this.region) corner = pointOf(event);
      this.front.setPointerCapture(event.pointerId);
    });
    this.front.addEventListener("pointermove", (event) => {
      const now = pointOf(event);
      const before = down.get(event.pointerId);
      if (!before) return this.hover(event, ...now);
      const [dx, dy] = [now[0] - before[0], now[1] - before[1]];
      moved += Math.abs(dx) + Math.abs(dy);
      if (corner) {
        if (moved > 4) (Object.assign(selection, { region: regionOf(corner, now) }), this.later());
      } else if (down.size === 2) {
        const other = [...down].find(([id]) => id !== event.pointerId)[1];
        const [from, to] = [Math.abs(before[0] - other[0]), Math.abs(now[0] - other[0])];
        if (from > 8 && to > 8) this.x.zoom(from / to, this.valueAt((now[0] + other[0]) / 2, 0)[0]);
      } else if (moved > 4) {
        this.x.move((-dx / this.inside.width) * (this.x.high - this.x.low));
        const way = this.downward ? -1 : 1;
        if (event.pointerType === "mouse")
          this.y.move(((way * dy) / this.inside.height) * (this.y.high - this.y.low));
        $("hover").hidden = true;
      }
      down.set(event.pointerId, now);
    });
    const up = (event) => {
      const at = down.get(event.pointerId);
      down.delete(event.pointerId);
      if (!at || event.type === "pointercancel") return void (corner = null);
      const from = corner;
      corner = null;
      if (from && (moved > 4 || !this.selects)) {
        select({ region: moved > 4 ? regionOf(from, at) : null });
        if (this.selects) player.setLoop(true);
      } else if (moved <= 4 && this.click) this.click(...this.valueAt(...at), event);
    };
    this.front.addEventListener("pointerup", up);
    this.front.addEventListener("pointercancel", up);
    this.front.addEventListener("pointerleave", () => ($("hover").hidden = true));
    this.front.addEventListener(
      "wheel",
      (event) => {
        const [x, y] = this.valueAt(...pointOf(event));
        if (event.ctrlKey || event.metaKey) {
          event.preventDefault();
          const factor = Math.exp(clamp(event.deltaY, -60, 60) * 0.008);
          if (event.shiftKey || event.altKey) this.y.zoom(factor, y);
          else this.x.zoom(factor, x);
        } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
          event.preventDefault();
          this.x.move((event.deltaX / this.inside.width) * (this.x.high - this.x.low));
        }
      },
      { passive: false },
    );
  }

  hover(event, left, top) {
    const { inside } = this;
    const box = $("hover");
    const within =
      left >= inside.left &&
      left <= inside.left + inside.width &&
      top >= inside.top &&
      top <= inside.top + inside.height;
    const words = within && this.describe ? this.describe(...this.valueAt(left, top)) : "";
    box.hidden = !words;
    if (!words) return;
    box.textContent = words;
    const { width } = box.getBoundingClientRect();
    box.style.left = clamp(event.clientX + 14, 4, innerWidth - width - 8) + "px";
    box.style.top = Math.max(4, event.clientY - 34) + "px";
  }
}

/** Draw the time axis below a chart. */
function timeAxis(chart, context, named = true) {
  const { left, top, width, height } = chart.inside;
  const { low, high } = chart.x;
  const tick = step(high - low, width / 80);
  context.fillStyle = ink("quiet");
  context.strokeStyle = ink("line");
  context.textAlign = "center";
  context.textBaseline = "top";
  for (let at = Math.ceil(low / tick) * tick; at <= high + 1e-9; at += tick) {
    const x = chart.xOf(at);
    context.fillRect(x - 0.5, top + height, 1, 4);
    context.fillText(
      tick < 1 ? at.toFixed(tick < 0.1 ? 2 : 1) : String(Math.round(at)),
      x,
      top + height + 7,
    );
  }
  if (named) {
    context.textAlign = "right";
    context.fillText(word("time"), left + width, top + height + 21);
  }
}

/** Draw hertz on the left and note names on the right of a chart. */
function frequencyAxis(chart, context, notes = true) {
  const { left, top, width, height } = chart.inside;
  const { low, high } = chart.y;
  context.fillStyle = ink("quiet");
  context.textBaseline = "middle";
  context.textAlign = "right";
  const octave = height / ((high - low) / 12);
  const marks =
    octave > 150
      ? Array.from({ length: 400 }, (_, i) => toHz(Math.ceil(low) + i)).map(Math.round)
      : HERTZ;
  let free = Infinity;
  for (const hz of marks) {
    const y = chart.yOf(toMidi(hz));
    if (y < top - 1 || y > top + height + 1 || free - y < 13) continue;
    context.fillRect(left - 4, y - 0.5, 4, 1);
    context.fillText(octave > 150 ? hz : brief(hz), left - 7, y);
    free = y;
  }
  if (!notes) return;
  context.textAlign = "left";
  free = Infinity;
  for (let midi = Math.ceil(low); midi <= high; midi++) {
    if (midi % 12 && octave < 170) continue;
    const y = chart.yOf(midi);
    if (free - y < 13 || midi > 127) continue;
    context.fillRect(left + width, y - 0.5, 4, 1);
    context.fillText(noteName(midi), left + width + 7, y);
    free = y;
  }
}
