// The player: every sound runs on one clock. Sounds in the page are Web Audio buffers started at the same time of one
// context; sounds in the folder are media elements that are kept to the clock.

const LATE = 0.15; // seconds off the clock from which a media element is set right at once
const OFF = 0.015; // and from which it is made a little faster or slower

const tracks = data.tracks.map((given, number) => ({
  ...given,
  number,
  id: given.kind === "part" || given.kind === "component" ? given.kind + "-" + given.place : given.kind,
  on: given.kind === "mixture",
  only: false,
  volume: 1,
  buffer: null, // a promise, then what is decoded
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
    const { pitch, name } = data.components[track.place];
    return [word("componentOf", { n: track.place + 1 }), ...(pitch ? [noteName(pitch.midi)] : []), ...(name ? [name] : [])].join(" · ");
  }
  const part = data.parts[track.place];
  const same = data.parts.filter((other) => other.title.en === part.title.en);
  return say(part.title) + (same.length > 1 ? " " + (same.indexOf(part) + 1) : "");
}

const player = {
  length: data.length,
  playing: false,
  looping: false,
  context: null,
  output: null, // the node that everything is heard through
  volume: 1,
  tracks,
  startedAt: 0, // the context's time at which the recording's 0 would have been
  at: 0, // where it stands when it doesn't play

  get time() {
    if (!this.playing) return this.at;
    return clamp(this.context.currentTime - this.startedAt, 0, this.length);
  },

  /** From where to where it repeats: the selected region, or everything. */
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
    await Promise.all(tracks.filter((track) => this.audible(track)).map((track) => this.ready(track)));
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
    for (const each of tracks) this.adjust(each);
    emit("player");
    if (!("volume" in changes)) this.announce();
  },

  /** Hear these tracks alone, or, without any, what was heard first. */
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

  /** Have a track's sound at hand; it is decoded the first time that it is to be heard. */
  ready(track) {
    if (track.embedded && !track.buffer) {
      const bytes = bytesOf($("sound-" + track.number).textContent);
      track.gain = this.context.createGain();
      track.gain.gain.value = 0;
      track.gain.connect(this.output);
      track.buffer = this.context.decodeAudioData(bytes.buffer).then((sound) => (track.sound = sound));
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
   * Let everything that is at hand run from `time` on, all from the same moment; again, with more notice, where that
   * moment had come before all were told.
   */
  start(time, notice = 0.05) {
    const when = this.context.currentTime + notice;
    this.startedAt = when - time;
    for (const track of tracks) {
      this.stopSource(track);
      if (track.sound) this.startSource(track, when, time);
      if (track.element) track.element.currentTime = time;
      this.adjust(track);
    }
    if (this.late(when) && notice < 3) this.start(time, 3 * notice);
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

  /** Bring a track to what it should be: heard or not, and how loud. */
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

  /** Let a track step in while the others run. */
  join(track) {
    if (!this.playing) return;
    for (let notice = 0.05; track.sound && !track.source && notice < 3; notice *= 3) {
      const when = this.context.currentTime + notice;
      this.startSource(track, when, clamp(when - this.startedAt, 0, this.length));
      if (this.late(when)) this.stopSource(track);
    }
    if (track.element) {
      track.element.currentTime = this.time;
      track.element.play().catch(() => {});
      track.element.volume = clamp((this.audible(track) ? track.volume : 0) * this.volume, 0, 1);
    } else this.adjust(track);
  },

  /** What has to be looked after while it plays: the end, and media elements that stray from the clock. */
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
      if (Math.abs(ahead) > LATE) element.currentTime = time + 0.02;
      else element.playbackRate = Math.abs(ahead) > OFF ? clamp(1 - ahead, 0.94, 1.06) : 1;
    }
  },

  heard() {
    const names = tracks.filter((track) => this.audible(track) && track.volume > 0).map(trackName);
    return word("heard", { names: names.join(" + ") || word("silence") });
  },

  announce() {
    $("state").textContent = this.playing ? word("playing", { heard: this.heard() }) : this.heard();
  },
};
