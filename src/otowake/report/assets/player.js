// The player: all sounds follow one clock. Sounds in the page are Web Audio buffers that start at
// the same time of one context; sounds in the folder are media elements, adjusted to the clock.
//
// Buffers play at `rate` into one bus, and a phase vocoder on the bus (signalsmith-stretch) restores
// their pitch and transposes them: one vocoder for any number of tracks, which stay in step. Media
// elements keep their pitch by themselves and cannot be transposed.

const JUMP_SECONDS = 0.15; // deviation from the clock at which a media element jumps
const DRIFT_SECONDS = 0.015; // deviation at which the playback rate is adjusted
const BLOCK_MS = 120; // of the vocoder at normal speed
const MOST_BLOCK_MS = 480;
const CLICK_AHEAD = 0.25; // seconds that clicks of the metronome are scheduled ahead

const inMix = (kind) => kind === "part" || kind === "other";

const tracks = data.tracks.map((given, number) => ({
  ...given,
  number,
  id:
    given.kind === "part" || given.kind === "component"
      ? given.kind + "-" + given.index
      : given.kind,
  on: inMix(given.kind),
  only: false,
  volume: 1,
  pan: 0,
  buffer: null, // promise of the decoded sound
  sound: null, // the AudioBuffer
  source: null,
  gain: null,
  panner: null,
  element: null,
  missing: false,
}));
const hasStems = tracks.some((track) => track.kind === "part");
const hasBuffers = tracks.some((track) => track.embedded);
const hasElements = tracks.some((track) => !track.embedded);

const trackOf = (id) => tracks.find((track) => track.id === id);

function trackName(track) {
  if (track.kind === "mixture") return word("mixture");
  if (track.kind === "notes") return word("synthesised");
  if (track.kind === "other") return word("other");
  if (track.kind === "component") {
    const { pitch, name } = data.components[track.index];
    return [
      word("componentOf", { n: track.index + 1 }),
      ...(pitch ? [noteName(pitch.midi)] : []),
      ...(name ? [name] : []),
    ].join(" · ");
  }
  const part = data.parts[track.index];
  const same = data.parts.filter((other) => other.title.en === part.title.en);
  return say(part.title) + (same.length > 1 ? " " + (same.indexOf(part) + 1) : "");
}

const player = {
  length: data.length,
  playing: false,
  looping: false,
  original: !hasStems, // the recording in place of the mix of the parts
  rate: 1,
  pitch: 0, // semitones
  metronome: false,
  countIn: false,
  context: null,
  bus: null, // where all buffers play
  stretch: null, // the vocoder between bus and output, if rate or pitch need one
  output: null, // the output node
  volume: 1,
  tracks,
  startedAt: 0, // the context's time when the sound of `origin` is heard
  origin: 0,
  repeated: [0, 0], // the range that the sounds repeat since they started
  at: 0, // the time while paused

  get time() {
    if (!this.playing) return this.at;
    return this.folded(this.unfolded);
  },

  /** The time as if nothing was repeated. */
  get unfolded() {
    return this.origin + Math.max(0, this.context.currentTime - this.startedAt) * this.rate;
  },

  /** The time in the recording, from a time as if nothing was repeated. */
  folded(time) {
    const [from, to] = this.repeated;
    if (this.looping && this.origin < to && time >= to) return from + ((time - from) % (to - from));
    return clamp(time, 0, this.length);
  },

  /** The range to repeat: the selected region, or everything. */
  get range() {
    const region = selection.region;
    return this.looping && region && region.end - region.start > 0.05
      ? [region.start, region.end]
      : [0, this.length];
  },

  audible(track) {
    if (tracks.some((other) => other.only)) return track.only;
    if (this.original) return track.kind === "mixture";
    return track.on && track.kind !== "mixture";
  },

  async play() {
    if (this.playing || !tracks.length) return;
    this.open();
    await this.context.resume();
    await Promise.all([
      this.tune(),
      ...tracks.filter((track) => this.audible(track)).map((track) => this.ready(track)),
    ]);
    if (this.playing) return;
    const [from, to] = this.range;
    if (this.at >= to - 0.05 || this.at < from - 0.05) this.at = from;
    this.playing = true;
    this.start(this.at, 0.05, this.countIn ? this.countSeconds(this.at) : 0);
    this.ticking = setInterval(() => this.tick(), 60);
    emit("player");
    this.announce();
  },

  pause() {
    if (!this.playing) return;
    this.at = this.time;
    this.halt();
    emit("player");
    $("state").textContent = word("paused", { at: clock(this.at) });
  },

  toggle() {
    return this.playing ? this.pause() : this.play();
  },

  seek(time) {
    const [from, to] = this.range;
    this.at = this.looping ? clamp(time, from, to) : clamp(time, 0, this.length);
    if (this.playing) this.start(this.at);
    emit("seek", this.at);
  },

  setLoop(looping) {
    const { time } = this;
    this.looping = looping;
    if (this.playing) this.seek(time);
    emit("player");
  },

  /** Play `region` (start and end in seconds) again and again; null ends it. */
  loop(region) {
    select({ region: region && { low: 0, high: pictures.high, ...region } });
    this.setLoop(Boolean(region));
  },

  /** Change `on`, `only`, `volume` or `pan` of a track. */
  set(track, changes) {
    Object.assign(track, changes);
    for (const other of tracks) this.adjust(other);
    emit("player");
    if (!("volume" in changes || "pan" in changes)) this.announce();
  },

  /** Play the recording (true), or the mix of its parts. */
  setOriginal(original) {
    this.original = original || !hasStems;
    this.set(tracks[0], {});
  },

  /** Play only these tracks; without any, leave solo mode. */
  only(ids) {
    for (const track of tracks) track.only = ids.includes(track.id);
    this.set(tracks[0], {});
  },

  setVolume(volume) {
    this.volume = volume;
    if (this.output) this.output.gain.setTargetAtTime(volume, this.context.currentTime, 0.01);
    for (const track of tracks) this.adjust(track);
  },

  /** Play slower or faster at the same pitch: 0.25 to 2. */
  setRate(rate) {
    return this.retune({ rate: clamp(rate, 0.25, 2) });
  },

  /** Transpose by semitones: −12 to 12. */
  setPitch(semitones) {
    return this.retune({ pitch: clamp(semitones, -12, 12) });
  },

  async retune(changes) {
    const { time } = this;
    Object.assign(this, changes);
    emit("player");
    if (!this.context) return;
    this.tuned = (this.tuned ?? Promise.resolve()).then(() => this.tune());
    await this.tuned;
    if (this.playing) this.start(time);
  },

  /** Connect the bus with the output, by way of the vocoder if needed. */
  async tune() {
    const needed = hasBuffers && (this.rate !== 1 || this.pitch !== 0);
    if (needed && !this.stretch) {
      // A page opened from disk may not load its worklet from a blob.
      SignalsmithStretch.moduleUrl =
        "data:text/javascript;charset=utf-8," + encodeURIComponent($("stretch").textContent);
      this.stretch = await SignalsmithStretch(this.context, {
        numberOfInputs: 1,
        numberOfOutputs: 1,
        outputChannelCount: [2],
      });
      this.stretch.connect(this.output);
    }
    this.bus.disconnect();
    this.delay = 0;
    if (!needed) return void this.bus.connect(this.output);
    const blockMs = clamp(BLOCK_MS / this.rate, BLOCK_MS, MOST_BLOCK_MS);
    await this.stretch.configure({ blockMs, intervalMs: blockMs / 4 });
    await this.stretch.schedule({
      active: true,
      semitones: this.pitch - 12 * Math.log2(this.rate),
      // A shift that undoes the rate holds for all frequencies.
      tonalityHz: this.rate === 1 ? 8000 : this.context.sampleRate / 2,
    });
    this.delay = await this.stretch.latency();
    this.bus.connect(this.stretch);
  },

  open() {
    if (this.context) return;
    this.context = new AudioContext();
    this.output = this.context.createGain();
    this.output.gain.value = this.volume;
    this.output.connect(this.context.destination);
    this.bus = this.context.createGain();
    this.bus.connect(this.output);
    this.delay = 0;
  },

  /** Load a track's sound; it is decoded before its first playback. */
  ready(track) {
    if (track.embedded && !track.buffer) {
      const bytes = bytesOf($("sound-" + track.number).textContent);
      track.gain = this.context.createGain();
      track.gain.gain.value = 0;
      track.panner = this.context.createStereoPanner();
      track.panner.pan.value = track.pan;
      track.gain.connect(track.panner).connect(this.bus);
      track.buffer = this.context
        .decodeAudioData(bytes.buffer)
        .then((sound) => (track.sound = sound));
    } else if (!track.embedded && !track.element) {
      track.element = new Audio(track.link);
      track.element.preload = "auto";
      track.element.preservesPitch = true;
      track.element.addEventListener("error", () => {
        track.missing = true;
        $("state").textContent = word("missing", { name: trackName(track) });
        emit("player");
      });
    }
    return track.buffer;
  },

  /**
   * Start all loaded sounds at `time`, at the same moment, after `counted` seconds of clicks; try
   * again with a longer delay if that moment passed before all sounds were scheduled.
   */
  start(time, delay = 0.05, counted = 0) {
    const when = this.context.currentTime + delay + counted;
    this.repeated = this.range;
    this.startedAt = when + this.delay;
    this.origin = time;
    this.clicked = time - 1e-6;
    for (const track of tracks) {
      this.stopSource(track);
      if (track.sound) this.startSource(track, when, time);
      if (track.element) track.element.currentTime = time;
      this.adjust(track);
    }
    if (this.late(when) && delay < 3) return this.start(time, 3 * delay, counted);
    if (counted) this.count(time);
  },

  late(when) {
    return this.context.currentTime > when - 0.02;
  },

  startSource(track, when, time) {
    const source = this.context.createBufferSource();
    track.source = source;
    source.buffer = track.sound;
    source.playbackRate.value = this.rate;
    if (this.looping) {
      [source.loopStart, source.loopEnd] = this.repeated;
      source.loop = true;
    }
    source.connect(track.gain);
    source.start(when, time);
  },

  stopSource(track) {
    if (!track.source) return;
    track.source.stop();
    track.source.disconnect();
    track.source = null;
  },

  halt() {
    this.playing = false;
    clearInterval(this.ticking);
    for (const track of tracks) {
      this.stopSource(track);
      if (track.element) track.element.pause();
    }
  },

  /** Set whether a track is audible, its volume and its place. */
  adjust(track) {
    const level = this.audible(track) ? track.volume : 0;
    if (level && this.playing && !track.sound && !track.element) {
      Promise.resolve(this.ready(track)).then(() => this.join(track));
      return;
    }
    if (track.gain) {
      track.gain.gain.setTargetAtTime(level, this.context.currentTime, 0.008);
      track.panner.pan.setTargetAtTime(track.pan, this.context.currentTime, 0.008);
    }
    if (track.element) {
      track.element.volume = clamp(level * this.volume, 0, 1);
      if (!this.playing || !level) track.element.pause();
      else if (track.element.paused) this.join(track);
    }
  },

  /** Start a track during playback. */
  join(track) {
    if (!this.playing) return;
    for (let delay = 0.05; track.sound && !track.source && delay < 3; delay *= 3) {
      const when = this.context.currentTime + delay;
      // What enters the vocoder now is heard after its latency.
      const heard = this.origin + (when + this.delay - this.startedAt) * this.rate;
      this.startSource(track, when, this.folded(heard));
      if (this.late(when)) this.stopSource(track);
    }
    const wait = this.startedAt - this.context.currentTime;
    if (track.element && wait > 0.1) setTimeout(() => this.join(track), 1000 * wait);
    else if (track.element) {
      track.element.currentTime = this.time;
      track.element.playbackRate = this.rate;
      track.element.play().catch(() => {});
      track.element.volume = clamp((this.audible(track) ? track.volume : 0) * this.volume, 0, 1);
    } else this.adjust(track);
  },

  /** Handle the end of playback, clicks, and media elements that drift from the clock. */
  tick() {
    const { time } = this;
    this.click();
    if (!this.looping && time >= this.length - 0.005) {
      this.pause();
      return this.seek(this.length);
    }
    for (const track of tracks) {
      const { element } = track;
      if (!element || track.missing || !this.audible(track)) continue;
      if (element.ended) this.join(track); // everything is repeated
      if (element.paused || element.readyState < 3 || element.seeking) continue;
      const ahead = (element.currentTime - time) / this.rate;
      if (Math.abs(ahead) > JUMP_SECONDS) element.currentTime = time + 0.02 * this.rate;
      else {
        const corrected = Math.abs(ahead) > DRIFT_SECONDS ? clamp(1 - ahead, 0.94, 1.06) : 1;
        element.playbackRate = this.rate * corrected;
      }
    }
  },

  // --- the metronome

  setMetronome(on) {
    this.metronome = on;
    if (this.playing) this.clicked = this.unfolded;
    emit("player");
  },

  setCountIn(on) {
    this.countIn = on;
    emit("player");
  },

  /** Seconds of the bar that is counted before the sound begins at `time`. */
  countSeconds(time) {
    const { rhythm } = data;
    return rhythm ? (rhythm.metre * beatAt(time)) / this.rate : 0;
  },

  /** Click a bar before the sound of `time` is heard. */
  count(time) {
    const beat = beatAt(time) / this.rate;
    for (let n = 0; n < data.rhythm.metre; n++)
      this.clickAt(this.startedAt - (data.rhythm.metre - n) * beat, n === 0);
  },

  /** Schedule the clicks of the next moments. */
  click() {
    const { rhythm } = data;
    if (!this.metronome || !rhythm) return;
    const until = this.unfolded + CLICK_AHEAD * this.rate;
    const [from, to] = this.repeated;
    const turns = this.looping ? Math.max(1, Math.ceil((until - from) / (to - from))) : 1;
    for (let turn = 0; turn < turns; turn++) {
      rhythm.beats.forEach((beat, number) => {
        const at = beat + turn * (to - from);
        const inside = !this.looping || (beat < to && (beat >= from || turn === 0));
        if (!inside || at <= this.clicked || at > until) return;
        const accent = (number - rhythm.downbeat) % rhythm.metre === 0;
        this.clickAt(this.startedAt + (at - this.origin) / this.rate, accent);
      });
    }
    this.clicked = until;
  },

  clickAt(when, accent) {
    const { context } = this;
    if (when < context.currentTime) return;
    const [tone, gain] = [context.createOscillator(), context.createGain()];
    tone.frequency.value = accent ? 1760 : 1175;
    gain.gain.setValueAtTime(0.0001, when);
    gain.gain.exponentialRampToValueAtTime(0.35, when + 0.002);
    gain.gain.exponentialRampToValueAtTime(0.0001, when + 0.05);
    tone.connect(gain).connect(this.output);
    tone.start(when);
    tone.stop(when + 0.06);
  },

  description() {
    const names = tracks.filter((track) => this.audible(track) && track.volume > 0).map(trackName);
    return word(this.playing ? "playing" : "selected", {
      names: names.join(" + ") || word("silence"),
    });
  },

  announce() {
    $("state").textContent = this.description();
  },
};

/** Seconds of the beat at a time. */
function beatAt(time) {
  const { beats } = data.rhythm;
  const next = beats.findIndex((beat) => beat > time);
  const last = next > 0 ? next : beats.length - 1;
  return beats.length > 1 ? beats[last] - beats[last - 1] : 0.5;
}

// The mix is remembered where the browser allows it.
const MEMORY = "otowake:" + [data.name, data.length, data.parts.map((part) => part.name)].join(":");

function remember() {
  const mix = tracks
    .filter((track) => track.kind !== "component")
    .map(({ id, on, volume, pan }) => ({ id, on, volume, pan }));
  const { original, rate, pitch, metronome, countIn } = player;
  try {
    localStorage.setItem(
      MEMORY,
      JSON.stringify({ mix, original, rate, pitch, metronome, countIn }),
    );
  } catch {
    /* a browser without memory */
  }
}

function recall() {
  const kept = (target, values, names) => {
    for (const name of names)
      if (typeof values?.[name] === typeof target[name]) target[name] = values[name];
  };
  try {
    const known = JSON.parse(localStorage.getItem(MEMORY)) ?? {};
    kept(player, known, ["original", "rate", "pitch", "metronome", "countIn"]);
    for (const track of tracks)
      kept(
        track,
        known.mix?.find(({ id }) => id === track.id),
        ["on", "volume", "pan"],
      );
  } catch {
    /* nothing to recall */
  }
  if (!hasStems) player.original = true;
}
recall();
on("player", remember);
// Another range while it sounds.
on("select-region", () => player.playing && player.looping && player.seek(player.time));
