// The page: header, language, keys, the bar of the player, and the public object.

function header() {
  document.documentElement.lang = language;
  document.title = data.name + " – otowake";
  $("name").textContent = data.name;
  $("results").textContent = hasStems ? "" : say(data.results);
  for (const element of document.querySelectorAll("[data-word]"))
    element.textContent = word(element.dataset.word);
  for (const element of document.querySelectorAll("[data-label]"))
    element.setAttribute("aria-label", word(element.dataset.label));
  for (const button of document.querySelectorAll("[data-language]"))
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  const facts = [["length", clock(data.length)]];
  if (data.key) facts.push(["key", say(data.key), data.keyConfidence]);
  if (data.rhythm) {
    const { tempo, signature, tempoConfidence, metreConfidence } = data.rhythm;
    facts.push(["tempo", say(tempo), tempoConfidence], ["metre", signature, metreConfidence]);
  }
  facts.push(["tuning", word("a4", { hz: data.tuning.toFixed(1) })]);
  $("facts").replaceChildren(
    ...facts.map(([name, value, confidence]) =>
      make(
        "div",
        {},
        make("dt", {}, word(name)),
        make("dd", {}, value, confidence ? make("small", {}, " " + percent(confidence)) : null),
      ),
    ),
  );
  const sections = [...document.querySelectorAll("main > section")].filter(
    (section) => !section.hidden,
  );
  $("sections").replaceChildren(
    ...sections.map((section) =>
      make("a", { href: "#" + section.id }, section.querySelector("h2").textContent),
    ),
  );
}

function setLanguage(wanted) {
  language = wanted === "ja" ? "ja" : "en";
  header();
  emit("language", language);
}

/** Make the zoom buttons of the charts. */
function zoomButtons() {
  for (const host of document.querySelectorAll(".zoom")) {
    const wanted = host.dataset.view.split(" ").map((name) => views[name]);
    const actions = [
      ["−", "zoomOut", () => views.time.zoom(1.5, player.time)],
      ["+", "zoomIn", () => views.time.zoom(1 / 1.5, player.time)],
      ["⤢", "showAll", () => wanted.forEach((view) => view.all())],
    ];
    const buttons = actions.map(([sign, name, act]) => [
      name,
      make("button", { type: "button", onclick: act }, sign),
    ]);
    const words = () => {
      for (const [name, button] of buttons) {
        button.setAttribute("aria-label", word(name));
        button.title = word(name);
      }
    };
    host.append(...buttons.map(([, button]) => button));
    on("language", words);
    words();
  }
}

function playerBar() {
  $("player").hidden = !tracks.length;
  document.body.classList.toggle("quietly", !tracks.length);
  const seek = $("seek");
  seek.max = player.length;
  $("play").addEventListener("click", () => player.toggle());
  $("loop").addEventListener("click", () => player.setLoop(!player.looping));
  $("metronome").addEventListener("click", () => player.setMetronome(!player.metronome));
  $("count-in").addEventListener("click", () => player.setCountIn(!player.countIn));
  $("rate").addEventListener("change", () => player.setRate(Number($("rate").value) / 100));
  $("transpose").addEventListener("change", () => player.setPitch(Number($("transpose").value)));
  for (const name of ["rate", "transpose"]) $(name).addEventListener("input", () => amounts());
  $("source").hidden = !hasStems;
  for (const button of $("source").children)
    button.addEventListener("click", () =>
      player.setOriginal(button.dataset.source === "original"),
    );
  $("reset").addEventListener("click", () => {
    for (const track of tracks)
      Object.assign(track, { only: false, on: inMix(track.kind), volume: 1, pan: 0 });
    player.retune({ rate: 1, pitch: 0 });
    player.setOriginal(false);
  });
  const loud = () => {
    player.setVolume(Number($("master").value));
    $("master").style.setProperty("--done", 100 * player.volume + "%");
  };
  $("master").addEventListener("input", loud);
  loud();
  seek.addEventListener("input", () => player.seek(Number(seek.value)));
  const time = () => {
    $("clock").textContent = clock(player.time) + " / " + clock(player.length);
    if (document.activeElement !== seek || player.playing) seek.value = player.time;
    seek.style.setProperty("--done", (100 * player.time) / player.length + "%");
    seek.setAttribute(
      "aria-valuetext",
      word("positionOf", { at: clock(player.time), length: clock(player.length) }),
    );
  };
  /** Show the amounts of the sliders for speed and transposition. */
  const amounts = () => {
    for (const [name, words] of [
      ["rate", $("rate").value + " %"],
      ["transpose", signed(Number($("transpose").value))],
    ]) {
      $(name).nextElementSibling.textContent = words;
      $(name).setAttribute("aria-valuetext", words);
    }
  };
  const state = () => {
    $("play").textContent = player.playing ? "❚❚" : "▶";
    $("play").setAttribute("aria-label", word(player.playing ? "pause" : "play"));
    for (const [name, pressed, help] of [
      ["loop", player.looping, "loopHelp"],
      ["metronome", player.metronome, "metronomeHelp"],
      ["count-in", player.countIn, "countInHelp"],
    ]) {
      $(name).setAttribute("aria-pressed", String(pressed));
      $(name).title = word(help);
    }
    for (const name of ["metronome", "count-in"]) $(name).hidden = !data.rhythm;
    if (document.activeElement !== $("rate")) $("rate").value = Math.round(100 * player.rate);
    if (document.activeElement !== $("transpose")) $("transpose").value = player.pitch;
    $("transpose").disabled = !hasBuffers;
    $("transpose").parentElement.title = hasElements ? word("transposeLimit") : "";
    amounts();
    seek.setAttribute("aria-label", word("position"));
    for (const button of $("source").children)
      button.setAttribute(
        "aria-pressed",
        String((button.dataset.source === "original") === player.original),
      );
    $("reset").hidden = !tracks.some(
      (track) =>
        track.only || track.on !== inMix(track.kind) || track.volume !== 1 || track.pan !== 0,
    );
    if (player.playing) requestAnimationFrame(frame);
  };
  let drawing = false;
  const frame = () => {
    if (drawing) return;
    drawing = true;
    requestAnimationFrame(() => {
      drawing = false;
      follow();
      emit("time", player.time);
      if (player.playing) frame();
    });
  };
  /** Move the zoomed view forward when the cursor leaves it. */
  const follow = () => {
    const { low, high } = views.time;
    if (player.playing && player.time > high && player.time - high < 0.5)
      views.time.move((high - low) * 0.95);
  };
  on("seek", () => emit("time", player.time));
  on("time", time);
  on("player", state);
  on("language", () => {
    time();
    state();
  });
  time();
  state();
}

/** Return the region from A to B, of which one may be missing. */
function mark(start = 0, end = player.length) {
  return start < end ? { start, end } : { start: Math.min(start, end), end: player.length };
}

function keys() {
  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const typing = target.matches("input:not([type=range]), textarea, select, [contenteditable]");
    const pressing = target.matches("button, a, summary");
    const sliding = target.matches("input[type=range]");
    if (typing) return;
    const step = event.shiftKey ? 5 : 1;
    const actions = {
      " ": pressing ? null : () => player.toggle(),
      ArrowLeft: sliding ? null : () => player.seek(player.time - step),
      ArrowRight: sliding ? null : () => player.seek(player.time + step),
      Home: sliding || !target.matches("canvas, body") ? null : () => player.seek(0),
      "+": () => views.time.zoom(1 / 1.5, player.time),
      "-": () => views.time.zoom(1.5, player.time),
      0: () => Object.values(views).forEach((view) => view.all()),
      l: () => player.setLoop(!player.looping),
      a: () => player.loop(mark(player.time, selection.region?.end)),
      b: () => player.loop(mark(selection.region?.start, player.time)),
      m: () => player.setMetronome(!player.metronome),
      o: () => player.setOriginal(!player.original),
      Escape: () => select({ notes: [], components: [], region: null }),
    };
    const action = actions[key.length === 1 ? key.toLowerCase() : key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}

for (const button of document.querySelectorAll("[data-language]"))
  button.addEventListener("click", () => setLanguage(button.dataset.language));
makeMixer();
makeOverview();
makeRoll();
makeScore();
makePanels();
makeComponentTable();
makeOptions();
makeFiles();
zoomButtons();
playerBar();
keys();
header();

/**
 * The public object, for programs that build on the page:
 *
 * data       the content of the page; notes, parts and components have their indices in it
 * selection  { notes: [index], components: [index],
 *              region: null | { start, end (s), low, high (Hz) } }
 * select     changes the selection, for example select({ notes: [3] })
 * events     an EventTarget; the value of an event is its `detail`: "select-notes",
 *            "select-components", "select-region", "seek" (s), "time" (s, during playback),
 *            "player" (the state changed), "language" ("en" or "ja"),
 *            "pictures" (all images are drawn)
 * player     play(), pause(), toggle(), seek(s), set(track, { on, only, volume, pan }), only([id]),
 *            setOriginal(bool), setLoop(bool), loop({ start, end } or null), setRate(0.25 to 2),
 *            setPitch(semitones), setMetronome(bool), setCountIn(bool), time, playing, length,
 *            tracks (id: "mixture", "notes", "part-0", "other", "component-0"), and, after the
 *            first playback, `context` and the output node `output`
 * views      time, pitch, frequency, component: set(low, high), zoom(factor, at), all()
 * language, setLanguage
 */
window.otowake = {
  data,
  selection,
  select,
  events,
  player,
  views,
  setLanguage,
  get language() {
    return language;
  },
};
