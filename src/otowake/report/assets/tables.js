// The tables: sounds, components, options and files.

/** Make the controls of a track: mute, solo, volume, place and save; of a component less. */
function controls(track) {
  const inMixer = track.kind !== "component";
  const button = (name, act) =>
    make("button", { type: "button", className: name, onclick: () => player.set(track, act()) });
  const slider = (name, min, step) =>
    make("input", {
      type: "range",
      className: name,
      min,
      max: 1,
      step,
      value: track[name],
      oninput: (event) => player.set(track, { [name]: Number(event.target.value) }),
    });
  const mute = button("mute", () => ({ on: !track.on }));
  const only = button("only", () => ({ only: !track.only }));
  const volume = slider("volume", 0, 0.01);
  const pan = slider("pan", -1, 0.05);
  pan.addEventListener("dblclick", () => player.set(track, { pan: 0 }));
  const keep =
    track.original || track.embedded
      ? make("a", { className: "save", href: track.original || "#" }, "↓")
      : null;
  if (keep && track.original) keep.download = "";
  if (keep && track.embedded)
    keep.addEventListener("click", (event) => {
      event.preventDefault();
      saveSound(track);
    });
  function state() {
    const name = trackName(track);
    mute.textContent = inMixer ? "M" : "+";
    only.textContent = "S";
    for (const [button, words, pressed] of [
      [mute, inMixer ? "muteOf" : "addOf", inMixer ? !track.on : track.on],
      [only, "onlyOf", track.only],
    ]) {
      button.setAttribute("aria-pressed", String(pressed));
      button.setAttribute("aria-label", word(words, { name }));
      button.title = word(words, { name });
    }
    volume.setAttribute("aria-label", word("volumeOf", { name }));
    volume.title = volume.ariaLabel;
    volume.value = track.volume;
    volume.style.setProperty("--done", 100 * track.volume + "%");
    pan.setAttribute("aria-label", word("panOf", { name }));
    pan.title = pan.ariaLabel;
    pan.value = track.pan;
    if (keep) {
      keep.setAttribute("aria-label", word("saveOf", { name }));
      keep.title = keep.getAttribute("aria-label");
    }
    box.classList.toggle("silent", !player.audible(track));
    box.closest(".track")?.classList.toggle("silent", !player.audible(track));
  }
  const isMixture = track.kind === "mixture";
  const box = make(
    "div",
    { className: "controls", "data-track": track.id },
    ...(isMixture ? [] : [mute, only]),
    volume,
    inMixer && track.embedded ? pan : null,
    keep,
  );
  on("player", state);
  on("language", state);
  state();
  return box;
}

/**
 * Save the file of a track, or its sound in the page if the folder was left behind. A page that was
 * opened from disk can't save other files.
 */
function saveSound(track) {
  const embedded = () => save(track.id + ".flac", bytesOf($("sound-" + track.number).textContent));
  if (!track.original || location.protocol === "file:") return embedded();
  const file = new Audio();
  file.preload = "metadata";
  file.onloadedmetadata = () => make("a", { href: track.original, download: "" }).click();
  file.onerror = embedded;
  file.src = track.original;
}

function makeMixer() {
  $("listen").hidden = !tracks.length && !data.parts.length;
  const rows = tracks
    .filter(({ kind }) => kind !== "component" && (kind !== "mixture" || !hasStems))
    .map((track) => [track, track.kind === "part" ? track.index : null]);
  data.parts.forEach((_, index) => {
    if (!rows.some(([, part]) => part === index)) rows.push([null, index]);
  });
  const order = { part: 0, other: 1, notes: 2, mixture: 3 };
  rows.sort(([a], [b]) => (order[a?.kind] ?? 0) - (order[b?.kind] ?? 0));
  const waves = [];
  const boxes = rows.map(([track, index]) => [track, index, track ? controls(track) : null]);
  function all() {
    waves.length = 0;
    $("mixer").replaceChildren(
      ...boxes.map(([track, index, box]) => {
        const part = index === null ? null : data.parts[index];
        const swatch = make("i", { "aria-hidden": "true" });
        swatch.style.background = part ? colourOf(index) : "transparent";
        const facts = part
          ? part.probabilities
              .map(([name, probability]) => `${say(name)} ${percent(probability)}`)
              .join(word("comma"))
          : "";
        const count = part ? word("nNotes", { n: part.notes }) : "";
        const wave = track ? waveOf(track, index) : null;
        if (wave) waves.push(wave);
        return make(
          "div",
          {
            className: "track" + (track && player.audible(track) ? "" : " silent"),
            role: "group",
            "aria-label": track ? trackName(track) : say(part.title),
          },
          swatch,
          make(
            "div",
            { className: "title" },
            make("b", {}, track ? trackName(track) : say(part.title)),
            make("small", { title: facts }, [count, facts].filter(Boolean).join(" · ")),
          ),
          box ?? "",
          wave?.host ?? "",
        );
      }),
    );
    if (!tracks.length) $("mixer").append(make("p", { className: "help" }, word("noSound")));
    for (const wave of waves) wave.draw();
  }
  on("language", all);
  on("time", () => waves.forEach((wave) => wave.cursor()));
  dark.addEventListener("change", all);
  new ResizeObserver(() => waves.forEach((wave) => wave.draw())).observe($("mixer"));
  all();
}

/** Make the waveform of a track, with a cursor; a click moves the cursor. */
function waveOf(track, part) {
  const peaks = peaksOf(track);
  if (!peaks.length) return null;
  const canvas = make("canvas", { "aria-hidden": "true" });
  const line = make("span", { className: "cursor" });
  const host = make("div", { className: "wave" }, canvas, line);
  host.addEventListener("click", (event) => {
    const box = host.getBoundingClientRect();
    player.seek(((event.clientX - box.left) / box.width) * data.length);
  });
  const cursor = () => (line.style.left = (100 * player.time) / data.length + "%");
  function draw() {
    const { width, height } = host.getBoundingClientRect();
    if (!width) return;
    const ratio = Math.min(devicePixelRatio || 1, 2);
    Object.assign(canvas, { width: width * ratio, height: height * ratio });
    const context = canvas.getContext("2d");
    const colour = part === null ? ink("wave") : colourOf(part);
    const room = [0, 0, canvas.width, canvas.height];
    drawWave(context, peaks, room, [0, data.length], colour);
    cursor();
  }
  return { host, draw, cursor };
}

const named = data.components.some((component) => component.name);
const HEADS = [
  "number",
  ...(named ? ["name"] : []),
  "pitch",
  "sound",
  "activation",
  "spectrum",
  "hz",
  "cents",
  "confidence",
  "energy",
  "when",
];
const sparks = data.components.map(() => [
  make("canvas", { className: "spark" }),
  make("canvas", { className: "spark wide" }),
]);

function makeComponentTable() {
  if (!data.fit) return;
  const table = $("component-table");
  const boxes = data.components
    .map((_, index) => trackOf("component-" + index))
    .map((track) => track && controls(track));
  function all() {
    const rows = data.components.map(({ pitch, energy, start, end, name }, index) => {
      const cells = [
        pitch ? noteName(pitch.midi) : "–",
        pitch ? pitch.hz.toFixed(1) : "",
        pitch ? signed(pitch.cents) : "",
        pitch ? percent(pitch.confidence) : "",
        percent(energy),
        `${start.toFixed(1)}–${end.toFixed(1)}`,
      ].map((text, i) => make("td", { className: i ? "number" : "" }, text));
      const choose = make(
        "button",
        {
          type: "button",
          className: "link",
          onclick: () => {
            select({ components: [index] });
            player.seek(start);
          },
        },
        String(index + 1),
      );
      const [spectrum, activation] = sparks[index];
      return make(
        "tr",
        { "aria-selected": String(selection.components.includes(index)) },
        make("th", { scope: "row" }, choose),
        ...(named ? [make("td", {}, name)] : []),
        cells[0],
        make("td", {}, boxes[index] ?? ""),
        make("td", {}, activation),
        make("td", {}, spectrum),
        ...cells.slice(1),
      );
    });
    table.replaceChildren(
      make(
        "thead",
        {},
        make("tr", {}, ...HEADS.map((name) => make("th", { scope: "col" }, word(name)))),
      ),
      make("tbody", {}, ...rows),
    );
  }
  on("language", all);
  on("select-components", all);
  all();
}

/** Draw small curves of the spectra and activations in the table. */
function drawSparks() {
  const curve = (canvas, levels) => {
    const [width, height] = [canvas.classList.contains("wide") ? 180 : 90, 26];
    Object.assign(canvas, { width: 2 * width, height: 2 * height });
    const context = canvas.getContext("2d");
    context.scale(2, 2);
    context.beginPath();
    context.moveTo(0, height);
    for (let x = 0; x < width; x++) {
      const [from, to] = [
        Math.floor((x / width) * levels.length),
        Math.max(Math.ceil(((x + 1) / width) * levels.length), 1),
      ];
      let top = 0;
      for (let i = from; i < to && i < levels.length; i++) top = Math.max(top, levels[i]);
      context.lineTo(x, height - 1 - (top / 255) ** 1.6 * (height - 3));
    }
    context.lineTo(width, height);
    context.fillStyle = ink("accent");
    context.globalAlpha = 0.75;
    context.fill();
  };
  sparks.forEach(([spectrum, activation], index) => {
    const { width, height, grey } = full.W;
    curve(
      spectrum,
      Uint8Array.from({ length: height }, (_, row) => grey[(height - 1 - row) * width + index]),
    );
    const H = full.H;
    curve(
      activation,
      H.grey.subarray((H.height - 1 - index) * H.width, (H.height - index) * H.width),
    );
  });
}

function makeOptions() {
  function all() {
    $("ended").textContent = data.fit ? say(data.fit.ended) : "";
    $("program").textContent = word("program", { version: data.version });
    $("options").replaceChildren(
      ...data.options.map(({ title, options }) => {
        const rows = options.map(({ name, value, help, changed }) =>
          make(
            "tr",
            { className: changed ? "changed" : "" },
            make("th", { scope: "row" }, make("code", {}, name)),
            make(
              "td",
              {},
              value,
              changed ? make("span", { className: "unseen" }, ` (${word("changed")})`) : null,
            ),
            make("td", {}, say(help)),
          ),
        );
        const heads = ["option", "value", "meaning"].map((head) =>
          make("th", { scope: "col" }, word(head)),
        );
        return make(
          "details",
          {},
          make("summary", {}, say(title) + changes(options)),
          make(
            "div",
            { className: "wide", tabIndex: 0, role: "region", "aria-label": say(title) },
            make(
              "table",
              {},
              make("thead", {}, make("tr", {}, ...heads)),
              make("tbody", {}, ...rows),
            ),
          ),
        );
      }),
    );
  }
  const changes = (options) =>
    options
      .filter((option) => option.changed)
      .map((option) => ` · ${option.name} ${option.value}`)
      .join("");
  on("language", all);
  all();
}

function makeFiles() {
  $("downloads").hidden = !data.files.length;
  function all() {
    $("files").replaceChildren(
      ...data.files.map((file) => {
        const link = make(
          "a",
          { href: file.link ?? "#", download: file.name },
          make("b", {}, file.name),
          make("small", {}, say(file.what) + (file.data !== null ? "" : " · " + word("linked"))),
        );
        if (file.data !== null)
          link.addEventListener("click", (event) => {
            event.preventDefault();
            save(file.name, bytesOf(file.data));
          });
        return make("li", {}, link);
      }),
    );
  }
  on("language", all);
  all();
}
