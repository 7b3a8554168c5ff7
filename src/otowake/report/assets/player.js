// The player: all sounds follow one clock. Sounds in the page are Web Audio buffers that start at
// the same time of one context; sounds in the folder are media elements, adjusted to the clock.

const JUMP_SECONDS = 0.15; // deviation from the clock at which a media element jumps
const DRIFT_SECONDS = 0.015; // deviation at which the playback rate is adjusted

const tracks = data.tracks.map((given, number) => ({
  ...given,
  number,
  id:
    given.kind === "part" || given.kind === "component"
      ? given.kind + "-" + given.index
      : given.kind,
  on: given.kind === "mixture",
  only: false,
  volume: 1,
  buffer: null, // promise of the decoded sound
  sound: null, // the AudioBuffer
  source: null,
  gain: null,
  element: null,
  missing: false,
}));

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
  context: null,
  output: null, // the output node
  volume: 1,
  tracks,
  startedAt: 0, // the context's time at the start of the recording
  at: 0, // the time while paused

  get time() {
    if (!this.playing) return this.at;
    return clamp(this.context.currentTime - this.startedAt, 0, this.length);
  },

  /** The range to repeat: the selected region, or everything. */
  get range() {
    const region = selection.region;
    return this.looping && region ? [region.start, region.end] : [0, this.length];
  },

  audible(track) {
    return tracks.some((other) => other.only) ? track.only : track.on;
  },

  async play() {
    if (this.playing || !tracks.length) return;
    this.open();
    await this.context.resume();
    await Promise.all(
      tracks.filter((track) => this.audible(track)).map((track) => this.ready(track)),
    );
    if (this.playing) return;
    const [from, to] = this.range;
    if (this.at >= to - 0.05 || this.at < from - 0.05) this.at = from;
    this.playing = true;
    this.start(this.at);
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
    this.at = clamp(time, 0, this.length);
    if (this.playing) this.start(this.at);
    emit("seek", this.at);
  },

  setLoop(looping) {
    this.looping = looping;
    emit("player");
  },

  /** Change `on`, `only` or `volume` of a track. */
  set(track, changes) {
    Object.assign(track, changes);
    for (const other of tracks) this.adjust(other);
    emit("player");
    if (!("volume" in changes)) this.announce();
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

  open() {
    if (this.context) return;
    this.context = new AudioContext();
    this.output = this.context.createGain();
    this.output.gain.value = this.volume;
    this.output.connect(this.context.destination);
  },

  /** Load a track's sound; it is decoded before its first playback. */
  ready(track) {
    if (track.embedded && !track.buffer) {
      const bytes = bytesOf($("sound-" + track.number).textContent);
      track.gain = this.context.createGain();
      track.gain.gain.value = 0;
      track.gain.connect(this.output);
      track.buffer = this.context
        .decodeAudioData(bytes.buffer)
        .then((sound) => (track.sound = sound));
    } else if (!track.embedded && !track.element) {
      track.element = new Audio(track.link);
      track.element.preload = "auto";
      track.element.addEventListener("error", () => {
        track.missing = true;
        $("state").textContent = word("missing", { name: trackName(track) });
        emit("player");
      });
    }
    return track.buffer;
  },

  /**
   * Start all loaded sounds at `time`, at the same moment; try again with a longer delay if that
   * moment passed before all sounds were scheduled.
   */
  start(time, delay = 0.05) {
    const when = this.context.currentTime + delay;
    this.startedAt = when - time;
    for (const track of tracks) {
      this.stopSource(track);
      if (track.sound) this.startSource(track, when, time);
      if (track.element) track.element.currentTime = time;
      this.adjust(track);
    }
    if (this.late(when) && delay < 3) this.start(time, 3 * delay);
  },

  late(when) {
    return this.context.currentTime > when - 0.02;
  },

  startSource(track, when, time) {
    track.source = this.context.createBufferSource();
    track.source.buffer = track.sound;
    track.source.connect(track.gain);
    track.source.start(when, time);
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

  /** Set whether a track is audible, and its volume. */
  adjust(track) {
    const level = this.audible(track) ? track.volume : 0;
    if (level && this.playing && !track.sound && !track.element) {
      Promise.resolve(this.ready(track)).then(() => this.join(track));
      return;
    }
    if (track.gain) track.gain.gain.setTargetAtTime(level, this.context.currentTime, 0.008);
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
      this.startSource(track, when, clamp(when - this.startedAt, 0, this.length));
      if (this.late(when)) this.stopSource(track);
    }
    if (track.element) {
      track.element.currentTime = this.time;
      track.element.play().catch(() => {});
      track.element.volume = clamp((this.audible(track) ? track.volume : 0) * this.volume, 0, 1);
    } else this.adjust(track);
  },

  /** Handle the end of playback, and media elements that drift from the clock. */
  tick() {
    const time = this.time;
    const [from, to] = this.range;
    if (time >= to - 0.005) {
      if (this.looping) return this.seek(from);
      this.pause();
      return this.seek(this.length);
    }
    for (const { element } of tracks) {
      if (!element || element.paused || element.readyState < 3 || element.seeking) continue;
      const ahead = element.currentTime - time;
      if (Math.abs(ahead) > JUMP_SECONDS) element.currentTime = time + 0.02;
      else
        element.playbackRate = Math.abs(ahead) > DRIFT_SECONDS ? clamp(1 - ahead, 0.94, 1.06) : 1;
    }
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
