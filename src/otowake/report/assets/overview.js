// The overview: the waveform of the whole, its chords in cells, and the range to repeat.

const CHORDS_HIGH = 22; // pixels

/** Return the peaks of a track, from 0 to 1. */
function peaksOf(track) {
  const bytes = bytesOf(track.peaks ?? "");
  return Float32Array.from(bytes, (byte) => (byte / 255) ** 2);
}

/** Draw peaks of the time from `low` to `high` into a rectangle. */
function drawWave(context, peaks, [left, top, width, height], [low, high], colour) {
  const middle = top + height / 2;
  const most = Math.max(0.02, peaks.top ?? (peaks.top = peaks.reduce((a, b) => Math.max(a, b), 0)));
  context.fillStyle = colour;
  for (let x = 0; x < width; x++) {
    const at = (share) =>
      ((low + ((x + share) / width) * (high - low)) / data.length) * peaks.length;
    const [first, last] = [Math.floor(at(0)), Math.max(Math.ceil(at(1)), Math.floor(at(0)) + 1)];
    let peak = 0;
    for (let i = Math.max(0, first); i < Math.min(last, peaks.length); i++)
      peak = Math.max(peak, peaks[i]);
    const half = Math.max(0.5, (peak / most) * (height / 2 - 1));
    context.fillRect(left + x, middle - half, 1, 2 * half);
  }
}

/** Draw the bars of the rhythm as lines, and their numbers where there is room. */
function drawBars(chart, context, top, height) {
  if (!data.rhythm) return;
  const { beats, metre, downbeat } = data.rhythm;
  const bars = beats.map((time, n) => [time, n - downbeat]).filter(([, n]) => n % metre === 0);
  const room = chart.inside.width / Math.max(1, bars.length);
  const every = [1, 2, 4, 8, 16, 32, 64].find((n) => n * room > 30) ?? 128;
  context.textAlign = "left";
  context.textBaseline = "top";
  for (const [time, beat] of bars) {
    const bar = beat / metre;
    if (bar < 0 || bar % every || time > chart.x.high) continue;
    context.fillStyle = ink("bar");
    context.fillRect(chart.xOf(time) - 0.5, top, 1, height);
    context.fillStyle = ink("quiet");
    context.fillText(String(bar + 1), chart.xOf(time) + 4, top + 1);
  }
}

/** Draw each chord in a cell as long as it sounds, its name cut where there is no room. */
function drawChordCells(chart, context, top, height) {
  context.textBaseline = "middle";
  context.textAlign = "left";
  for (const [onset, offset, name] of data.chords) {
    if (offset <= chart.x.low || onset >= chart.x.high) continue;
    const [a, b] = [
      chart.xOf(Math.max(onset, chart.x.low)),
      chart.xOf(Math.min(offset, chart.x.high)),
    ];
    const sounding = player.time >= onset && player.time < offset;
    context.fillStyle = ink(sounding ? "soft" : "shade");
    context.beginPath();
    context.roundRect(a + 0.5, top, Math.max(1, b - a - 1), height, 4);
    context.fill();
    context.save();
    context.clip();
    context.fillStyle = ink(sounding ? "accent" : "ink");
    const wide = context.measureText(name).width;
    if (b - a > 12)
      context.fillText(
        name,
        wide + 8 < b - a ? a + (b - a - wide) / 2 : a + 3,
        top + height / 2 + 0.5,
      );
    context.restore();
  }
}

function makeOverview() {
  const mixture = trackOf("mixture");
  const peaks = mixture ? peaksOf(mixture) : new Float32Array(0);
  const hasChords = data.chords.length > 0;
  $("overview").hidden = !peaks.length && !hasChords;
  if ($("overview").hidden) return;
  $("overview").style.height =
    (peaks.length ? 64 : 0) + (hasChords ? CHORDS_HIGH + 6 : 0) + 22 + "px";
  const bottom = 20 + (hasChords ? CHORDS_HIGH + 6 : 0);
  const chart = new Chart($("overview"), {
    x: new View(0, data.length, data.length),
    y: new View(-1, 1, 2),
    margin: [2, 1, bottom, 1],
    slides: true,
    region: "time",
    selects: true,
    paint(chart, context) {
      const { left, top, width, height } = chart.inside;
      const range = [chart.x.low, chart.x.high];
      drawBars(chart, context, top, height);
      if (peaks.length)
        drawWave(context, peaks, [left, top + 12, width, height - 12], range, ink("wave"));
      const { low, high } = views.time;
      if (high - low < data.length - 0.01) {
        context.fillStyle = ink("accent");
        context.fillRect(chart.xOf(low), top + height - 2, chart.xOf(high) - chart.xOf(low), 2);
      }
    },
    axes(chart, context) {
      const { top, height } = chart.inside;
      if (hasChords) drawChordCells(chart, context, top + height + 4, CHORDS_HIGH);
      timeMarks(chart, context, chart.height - 16);
    },
    label: () => word("overview"),
    describe: (time) => clock(time, 1),
    click: (time) => player.seek(time),
  });
  views.time.listeners.push(() => chart.later());
  let sounding = null;
  on("time", (time) => {
    const now = data.chords.findIndex(([onset, offset]) => time >= onset && time < offset);
    if (now !== sounding) chart.later();
    sounding = now;
  });
}

/** Write times below a chart. */
function timeMarks(chart, context, top) {
  const { left, width } = chart.inside;
  const { low, high } = chart.x;
  const tick = step(high - low, width / 90);
  context.fillStyle = ink("quiet");
  context.textAlign = "center";
  context.textBaseline = "top";
  for (let at = Math.ceil(low / tick) * tick; at <= high + 1e-9; at += tick) {
    const words = clock(at, tick < 1 ? 1 : 0);
    const half = context.measureText(words).width / 2;
    context.fillText(words, clamp(chart.xOf(at), left + half, left + width - half), top);
  }
}
