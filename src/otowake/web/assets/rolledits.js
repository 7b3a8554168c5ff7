// Corrections that move notes or change their length.

export const MIN_SECONDS = 0.02; // shortest note

export const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
export const round = (value) => Number(value.toFixed(4));

// Move notes by seconds and semitones, all by the same distance, within 0 to `length` seconds.
export function shiftsOf(notes, by, steps, length) {
  const onsets = notes.map((note) => note.onset);
  const offsets = notes.map((note) => note.offset);
  const pitches = notes.map((note) => note.midi);
  by = round(clamp(by, -Math.min(...onsets), length - Math.max(...offsets)));
  steps = clamp(steps, -Math.min(...pitches), 127 - Math.max(...pitches));
  if (!by && !steps) return [];
  return notes.map((note) => ({
    do: "change",
    note: note.id,
    ...(by ? { onset_s: round(note.onset + by), offset_s: round(note.offset + by) } : {}),
    ...(steps ? { midi: note.midi + steps } : {}),
  }));
}

// Move the offsets of notes by seconds.
export function stretchesOf(notes, by, length) {
  return notes.map((note) => {
    const offset_s = round(clamp(note.offset + by, note.onset + MIN_SECONDS, length));
    return { do: "change", note: note.id, onset_s: note.onset, offset_s };
  });
}
