// The four panels of the factorisation and the spectrogram.

const shown = {}; // the displayed images, by name
let charts = [];

/** Draw the visible part of an image of the range `x`, `y`; its top row has the highest `y`. */
function paintPicture(chart, context, picture, x, y) {
  const { left, top, width, height } = chart.inside;
  context.fillStyle = "#" + data.ramp.slice(0, 6);
  context.fillRect(left, top, width, height);
  if (!picture) return;
  const [a, b] = [chart.xOf(x[0]), chart.xOf(x[1])];
  const [c, d] = [chart.yOf(y[1]), chart.yOf(y[0])];
  context.imageSmoothingEnabled = (b - a) / picture.width < 1.5 && (d - c) / picture.height < 1.5;
  context.imageSmoothingQuality = "high";
  context.drawImage(picture.canvas, a, c, b - a, d - c);
}

/** Return the times at the left and right edge of the image of H, WH or V. */
function seconds(fromRecording) {
  if (!data.frames || fromRecording === "V") return [0, data.length];
  const half = data.length / 2 / Math.max(1, pictures.H.width);
  return [Math.min(0, data.frames[0] - half), Math.max(data.length, data.frames[1])];
}

const cell = (picture, x, y, value, other) => [
  ((value - x[0]) / (x[1] - x[0])) * picture.width,
  (1 - (other - y[0]) / (y[1] - y[0])) * picture.height,
];

const decibels = (level) =>
  (level <= pictures.floor + 0.3 ? "≤ " : "") + level.toFixed(0).replace("-", "−") + " dB";
const hertz = (midi) => `${toHz(midi).toFixed(toHz(midi) < 1000 ? 1 : 0)} Hz · ${noteName(midi)}`;

function componentLabel(number) {
  const { pitch, name } = data.components[number] ?? {};
  return (
    String(number + 1) + (pitch ? " " + noteName(pitch.midi) : "") + (name ? " · " + name : "")
  );
}

const FREQUENCIES = [views.frequency.min, views.frequency.max];
const COUNT = [0, views.component.max];

function overTime(name, host) {
  const chart = new Chart(host, {
    x: views.time,
    y: views.frequency,
    margin: [6, 44, 38, 44],
    slides: true,
    region: "both",
    paint: (chart, context) =>
      paintPicture(chart, context, shown[name], seconds(name), FREQUENCIES),
    axes(chart, context) {
      timeAxis(chart, context);
      frequencyAxis(chart, context);
    },
    label: () => word(name),
    describe(time, midi) {
      const picture = shown[name];
      return (
        `${clock(time, 2)} · ${hertz(midi)}` +
        (picture
          ? " · " +
            decibels(picture.level(...cell(picture, seconds(name), FREQUENCIES, time, midi)))
          : "")
      );
    },
    click: (time) => player.seek(time),
  });
  chart.picture = true;
  charts.push(chart);
  return chart;
}

/** Label the components along an axis, as far as there is room. */
function componentNames(chart, context, across) {
  const { left, top, width, height } = chart.inside;
  const view = across ? chart.x : chart.y;
  const room = (across ? width : height) / (view.high - view.low);
  const every = Math.max(1, Math.ceil((across ? 26 : 13) / room));
  context.fillStyle = ink("quiet");
  context.textAlign = across ? "center" : "right";
  context.textBaseline = across ? "top" : "middle";
  for (let number = 0; number < data.components.length; number += every) {
    const middle = number + 0.5;
    if (middle < view.low || middle > view.high) continue;
    const pitch = data.components[number].pitch;
    const name = pitch ? noteName(pitch.midi) : String(number + 1);
    if (across) context.fillText(name, chart.xOf(middle), top + height + 7);
    else context.fillText(name, left - 7, chart.yOf(middle));
  }
  if (across) {
    context.textAlign = "right";
    context.fillText(word("component"), left + width, top + height + 21);
  }
}

function markComponents(chart, context, across) {
  context.fillStyle = "rgba(255,255,255,.9)";
  const { left, top } = chart.inside;
  for (const number of selection.components) {
    if (across)
      context.fillRect(chart.xOf(number), top, chart.xOf(number + 1) - chart.xOf(number), 3);
    else
      context.fillRect(left, chart.yOf(number + 1), 3, chart.yOf(number) - chart.yOf(number + 1));
  }
}

function chooseComponent(number) {
  if (number < 0 || number >= data.components.length) return;
  select({ components: [number] });
}

function makePanels() {
  $("components").hidden = !data.fit;
  $("spectrum").hidden = Boolean(data.fit) || !pictures.V;
  if (pictures.V) overTime("V", data.fit ? $("V") : $("V-alone"));
  else document.querySelector(".p-v").hidden = true;
  if (data.fit) {
    overTime("WH", $("WH"));
    const activations = new Chart($("H"), {
      x: views.time,
      y: views.component,
      margin: [6, 44, 38, 44],
      slides: true,
      paint(chart, context) {
        paintPicture(chart, context, shown.H, seconds("H"), COUNT);
        markComponents(chart, context, false);
      },
      axes(chart, context) {
        timeAxis(chart, context);
        componentNames(chart, context, false);
      },
      label: () => word("H"),
      describe: (time, y) =>
        `${clock(time, 2)} · ${word("component")} ${componentLabel(Math.floor(y))}` +
        (shown.H
          ? " · " + decibels(shown.H.level(...cell(shown.H, seconds("H"), COUNT, time, y)))
          : ""),
      click(time, y) {
        chooseComponent(Math.floor(y));
        player.seek(time);
      },
    });
    activations.picture = true;
    const spectra = new Chart($("W"), {
      x: views.component,
      y: views.frequency,
      margin: [6, 8, 38, 44],
      paint(chart, context) {
        paintPicture(chart, context, shown.W, COUNT, FREQUENCIES);
        markComponents(chart, context, true);
      },
      axes(chart, context) {
        frequencyAxis(chart, context, false);
        componentNames(chart, context, true);
      },
      label: () => word("W"),
      describe: (x, midi) =>
        `${word("component")} ${componentLabel(Math.floor(x))} · ${hertz(midi)}` +
        (shown.W
          ? " · " + decibels(shown.W.level(...cell(shown.W, COUNT, FREQUENCIES, x, midi)))
          : ""),
      click: (x) => chooseComponent(Math.floor(x)),
    });
    spectra.picture = true;
    charts.push(activations, spectra, lossChart());
    ramp();
    on("language", ramp);
  }
  readPictures();
}

async function readPictures() {
  for (const name of ["V", "WH", "H", "W"]) {
    if (!pictures[name]) continue;
    const picture = await Picture.read(pictures[name]);
    full[name] = name === "H" ? upward(picture) : picture;
    shown[name] = full[name];
    for (const chart of charts) chart.later();
  }
  if (data.fit) {
    drawSparks();
    await makeCourse();
  }
  emit("pictures");
}

const full = {};

/** Flip an image vertically, to show the first component at the bottom. */
function upward({ width, height, grey }) {
  const turned = new Uint8Array(grey.length);
  for (let row = 0; row < height; row++)
    turned.set(grey.subarray((height - 1 - row) * width, (height - row) * width), row * width);
  return new Picture(width, height, turned);
}

// The learning curve: the logarithm of the loss over the logarithm of the iteration.
let reached = Infinity;

function lossChart() {
  const { iterations, losses } = data.fit;
  const point = (n, loss) => [Math.log10(Math.max(n, 1)), Math.log(Math.max(loss, 1e-300))];
  const points = iterations.map((n, i) => point(n, losses[i]));
  const [xs, ys] = [0, 1].map((axis) => points.map((at) => at[axis]));
  const span = (values, least) => {
    const [low, high] = values.length ? [Math.min(...values), Math.max(...values)] : [0, 1];
    const room = Math.max((high - low) * 0.06, least);
    return [low - room, high + room];
  };
  const [x, y] = [new View(...span(xs, 0.02), 0.1), new View(...span(ys, 0.01), 0.005)];
  return new Chart($("loss"), {
    x,
    y,
    margin: [6, 8, 38, 44],
    paint(chart, context) {
      const { left, top, width, height } = chart.inside;
      context.fillStyle = ink("paper");
      context.fillRect(left, top, width, height);
      const line = (curve, colour) => {
        context.beginPath();
        curve.forEach(([a, b], i) => context[i ? "lineTo" : "moveTo"](chart.xOf(a), chart.yOf(b)));
        context.strokeStyle = colour;
        context.lineWidth = colour === ink("bar") ? 1 : 2;
        context.lineJoin = "round";
        context.stroke();
      };
      line(points, ink("bar"));
      const done = points.filter((_, i) => iterations[i] <= reached);
      line(done, ink("accent"));
      const last = done[done.length - 1];
      if (!last) return;
      context.fillStyle = ink("accent");
      context.beginPath();
      context.arc(chart.xOf(last[0]), chart.yOf(last[1]), 4, 0, 7);
      context.fill();
    },
    axes(chart, context) {
      const { left, top, width, height } = chart.inside;
      context.strokeStyle = ink("line");
      context.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
      context.fillStyle = ink("quiet");
      context.textAlign = "center";
      context.textBaseline = "top";
      const decades =
        chart.x.high - chart.x.low > 1
          ? [1, 10, 100, 1000, 1e4, 1e5]
          : [
              1, 2, 3, 5, 7, 10, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 2000, 5000,
              1e4,
            ];
      let free = -Infinity;
      for (const n of decades) {
        const at = chart.xOf(Math.log10(n));
        if (at < left - 1 || at > left + width + 1 || at < free) continue;
        context.fillText(n.toLocaleString("en"), at, top + height + 7);
        free = at + 34;
      }
      context.textAlign = "right";
      context.fillText(word("iteration"), left + width, top + height + 21);
      context.textBaseline = "middle";
      const tick = step(chart.y.high - chart.y.low, height / 40);
      for (let at = Math.ceil(chart.y.low / tick) * tick; at <= chart.y.high; at += tick) {
        context.fillText(
          at.toFixed(clamp(Math.ceil(-Math.log10(tick)), 0, 4)),
          left - 7,
          chart.yOf(at),
        );
      }
    },
    label: () => `${word("loss")}: ${word("lnLoss")}, ${say(data.fit.ended)}`,
    describe(at) {
      const near = points.reduce(
        (best, point, i) => (Math.abs(point[0] - at) < Math.abs(points[best][0] - at) ? i : best),
        0,
      );
      if (!points.length) return "";
      const loss = `${say(data.fit.lossName)} ${losses[near].toPrecision(6)}`;
      return `${word("iteration")} ${before + iterations[near]} · ${loss}`;
    },
  });
}

function ramp() {
  const bar = make("canvas", { width: 256, height: 1, "aria-hidden": "true" });
  const image = new ImageData(256, 1);
  new Uint32Array(image.data.buffer).set(LUT);
  bar.getContext("2d").putImageData(image, 0, 0);
  const ends = [pictures.floor, pictures.floor / 2, 0].map((level) =>
    make("span", {}, String(level).replace("-", "−")),
  );
  $("ramp").replaceChildren(
    bar,
    make("div", {}, ...ends),
    make("p", { className: "help" }, word("level")),
  );
}
