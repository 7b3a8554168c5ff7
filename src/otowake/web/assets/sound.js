// Sound: the microphone, formats that the server can't read, and the tone of a note.

const MEDIA = /\.(m4a|aac|mp4|webm|wma|mka|mov)$/i;

// Convert a file to WAV if only the browser can decode it.
export async function readable(file, serverKnowsMedia) {
  if (serverKnowsMedia || !MEDIA.test(file.name)) return file;
  try {
    return await asWav(file, file.name.replace(MEDIA, ".wav"));
  } catch {
    return file; // the server reports the error
  }
}

export async function asWav(blob, name) {
  const context = new OfflineAudioContext(1, 1, 44100);
  const sound = await context.decodeAudioData(await blob.arrayBuffer());
  const channels = Array.from({ length: sound.numberOfChannels }, (_, i) =>
    sound.getChannelData(i),
  );
  const size = sound.length * channels.length * 2;
  const view = new DataView(new ArrayBuffer(44 + size));
  const write = (at, letters) =>
    [...letters].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  write(0, "RIFF");
  view.setUint32(4, 36 + size, true);
  write(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, channels.length, true);
  view.setUint32(24, sound.sampleRate, true);
  view.setUint32(28, sound.sampleRate * channels.length * 2, true);
  view.setUint16(32, channels.length * 2, true);
  view.setUint16(34, 16, true);
  write(36, "data");
  view.setUint32(40, size, true);
  let at = 44;
  for (let i = 0; i < sound.length; i++) {
    for (const channel of channels) {
      view.setInt16(at, Math.max(-1, Math.min(1, channel[i])) * 32767, true);
      at += 2;
    }
  }
  return new File([view], name, { type: "audio/wav" });
}

// Start recording; return a function that stops it and resolves to the file.
export async function record(name) {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
  });
  const recorder = new MediaRecorder(stream);
  const pieces = [];
  recorder.ondataavailable = (event) => pieces.push(event.data);
  recorder.start(1000);
  return () =>
    new Promise((resolve, reject) => {
      recorder.onstop = () => {
        stream.getTracks().forEach((track) => track.stop());
        asWav(new Blob(pieces, { type: recorder.mimeType }), name).then(resolve, reject);
      };
      recorder.stop();
    });
}

let tones = null;

// Play a short tone, for a note that is selected or moved.
export function tone(midi) {
  tones ??= new AudioContext();
  const now = tones.currentTime,
    wave = tones.createOscillator(),
    volume = tones.createGain();
  Object.assign(wave, { type: "triangle" }).frequency.value = 440 * 2 ** ((midi - 69) / 12);
  volume.gain.setValueAtTime(0.15, now);
  volume.gain.exponentialRampToValueAtTime(0.001, now + 0.4);
  wave.connect(volume).connect(tones.destination);
  wave.start(now);
  wave.stop(now + 0.4);
}
