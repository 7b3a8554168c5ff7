"""Recognise chords from notes, and name chords and keys.

A chord is a template over pitch classes. The fit of a segment to a template is the log-likelihood
of its pitch classes, less costs of missing tones and inversions. Dynamic programming over the
onsets finds the segmentation, as Pauws, "Musical key extraction from audio" (2004) and Papadopoulos
& Peeters, "Large-scale study of chord estimation algorithms" (2007) do over frames. Segments
between onsets allow both held and broken chords.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from otowake import text
from otowake.chord_names import (
    NONE,
    QUALITIES,
    chord_name,
    pitch_class,
    tone_above,
    with_signs,
)
from otowake.music.theory.config import HARMONY
from otowake.options.keys import key_form
from otowake.text import Language
from otowake.types import Chord, Floats, Key, Note

QUALITY_COSTS = dict(HARMONY.quality_costs)
"""Nats, cost of each quality that is rarer than major and minor triads."""

NO_BASS = 999
"""Pitch above all MIDI pitches: no note sounds."""


class _Templates(NamedTuple):
    """All chords.

    Attributes
    ----------
    names
        Root and quality of each chord.
    tones
        Shape (chord, pitch class): 1 on chord tones.
    fit
        Shape (chord, pitch class): log-likelihood of each pitch class.
    roots
        Shape (chord, pitch class): 1 on the root.
    cost
        Shape (chord,), in nats.
    """

    names: tuple[tuple[int, str], ...]
    tones: Floats
    fit: Floats
    roots: Floats
    cost: Floats


def _templates() -> _Templates:
    names = tuple((root, quality) for root in range(12) for quality in QUALITIES)
    tones = np.zeros((len(names), 12))
    for row, (root, quality) in enumerate(names):
        tones[row, [(root + step) % 12 for step in QUALITIES[quality].tones]] = 1
    size = tones.sum(axis=1, keepdims=True)
    fit = np.where(
        tones > 0,
        np.log(HARMONY.chord_tone_share / size),
        np.log((1 - HARMONY.chord_tone_share) / (12 - size)),
    )
    roots = np.eye(12)[[root for root, _ in names]]
    cost = np.array([QUALITY_COSTS.get(quality, 0.0) for _, quality in names])
    return _Templates(names, tones, fit, roots, cost)


_TEMPLATES = _templates()


class _Segments(NamedTuple):
    """Segments between neighbouring boundaries.

    Attributes
    ----------
    times
        Shape (segment + 1,), in seconds.
    sound
        Shape (segment, pitch class): duration of each class in seconds, weighted by velocity.
    bass
        Shape (segment, pitch class): seconds in which each class is the lowest.
    """

    times: Floats
    sound: Floats
    bass: Floats


def find_chords(
    notes: Sequence[Note], beats: Floats | None = None, key: Key | None = None
) -> list[Chord]:
    """Recognise the chords of notes, from the first onset to the last offset without gaps.

    Two tones suffice: a third or sixth implies the triad with this root and third, a fifth or
    fourth a power chord (``"C5"``). A single voice forms a chord as an arpeggio (C E G), none as a
    scale.

    Parameters
    ----------
    notes
        In any order; drums are ignored.
    beats
        Shape (beat,), in seconds; chords change preferably on beats.
    key
        Decides the spelling of the roots: F# or Gb.

    Examples
    --------
    >>> c_major = [Note(0, 1, 60), Note(0, 1, 64), Note(0, 1, 67)]
    >>> g_major = [Note(1, 2, 62), Note(1, 2, 67), Note(1, 2, 71)]
    >>> [chord.name for chord in find_chords(c_major + g_major)]
    ['C', 'G/D']
    """
    pitched = [note for note in notes if not note.is_drum and note.offset > note.onset]
    if not pitched:
        return []
    segments = _segments(pitched)
    beat = (
        float(np.median(np.diff(beats)))
        if beats is not None and len(beats) > 1
        else HARMONY.default_beat
    )
    change = np.full(len(segments.times), HARMONY.change_cost)
    if beats is not None and len(beats):
        change[
            np.abs(segments.times - _nearest(beats, segments.times)) > HARMONY.chord_onset_gap
        ] += HARMONY.off_beat_cost
    chords = [
        Chord(
            float(segments.times[a]),
            float(segments.times[b]),
            _name(label, segments.bass[a:b].sum(axis=0), key),
        )
        for a, b, label in _best_segmentation(segments, beat, change)
    ]
    return _merged(chords, HARMONY.max_rest * beat)


def _nearest(points: Floats, times: Floats) -> Floats:
    """Find the nearest of some sorted points to each time."""
    after = np.searchsorted(points, times)
    left, right = points[np.maximum(after - 1, 0)], points[np.minimum(after, len(points) - 1)]
    return np.where(np.abs(times - left) < np.abs(right - times), left, right)


def _edges(notes: Sequence[Note]) -> Floats:
    """Find segment boundaries: onsets of chords, and starts of rests."""
    onsets = np.sort([note.onset for note in notes])
    chord_onsets = onsets[np.diff(onsets, prepend=-np.inf) > HARMONY.chord_onset_gap]
    offsets = np.sort([note.offset for note in notes])
    covered = np.maximum.accumulate(
        [note.offset for note in sorted(notes, key=lambda note: note.onset)]
    )
    following = np.append(onsets[1:], np.inf)
    rests = covered[following - covered > HARMONY.chord_onset_gap]
    edges = np.unique(np.concatenate([chord_onsets, rests, offsets[-1:]]))
    return edges[np.diff(edges, prepend=-np.inf) > HARMONY.min_segment]


def _segments(notes: Sequence[Note]) -> _Segments:
    times = _edges(notes)
    if len(times) < 2:
        times = np.array([times[0], times[0] + HARMONY.min_segment])
    n = len(times) - 1
    sound, bass, lowest = np.zeros((n, 12)), np.zeros((n, 12)), np.full(n, NO_BASS)
    onsets = _nearest(times, np.array([note.onset for note in notes])).tolist()
    for note, onset in zip(notes, onsets, strict=True):
        last = int(np.searchsorted(times, note.offset, "left"))
        for segment in range(int(np.searchsorted(times, onset)), min(last, n)):
            length = min(note.offset, times[segment + 1]) - max(onset, times[segment])
            if length <= HARMONY.min_coverage * (times[segment + 1] - times[segment]):
                continue
            sound[segment, note.midi % 12] += length * (HARMONY.velocity_offset + note.velocity)
            lowest[segment] = min(lowest[segment], note.midi)
    voiced = lowest < NO_BASS
    bass[np.flatnonzero(voiced), lowest[voiced] % 12] = np.diff(times)[voiced]
    return _Segments(times, sound, bass)


def _best_segmentation(
    segments: _Segments, beat: float, change: Floats
) -> list[tuple[int, int, int]]:
    """Find the best segmentation by dynamic programming.

    Each chord is (first segment, segment after the last, index of the chord or −1).
    """
    n = len(segments.sound)
    zero = np.zeros((1, 12))
    sound = np.concatenate([zero, np.cumsum(segments.sound, axis=0)])
    bass = np.concatenate([zero, np.cumsum(segments.bass, axis=0)])
    single = np.where((segments.sound > 0).sum(axis=1) == 1, segments.bass.sum(axis=1), 0)
    single = np.append(0, np.cumsum(single))
    max_length = min(HARMONY.max_segments, n)
    values, labels = np.full((n, max_length), -np.inf), np.full((n, max_length), -1)
    for length in range(1, max_length + 1):
        ends = np.arange(length, n + 1)
        durations = (segments.times[ends] - segments.times[ends - length]) / beat
        score, label = _best_chords(
            sound[ends] - sound[ends - length], bass[ends] - bass[ends - length]
        )
        sounding = (bass[ends] - bass[ends - length]).sum(axis=1) / beat
        cost = (durations - sounding) + HARMONY.single_voice_cost * (
            single[ends] - single[ends - length]
        ) / beat
        values[ends - length, length - 1] = sounding * score - np.where(label >= 0, cost, 0)
        labels[ends - length, length - 1] = label
    best, back = np.full(n + 1, -np.inf), np.zeros(n + 1, int)
    best[0] = 0
    for end in range(1, n + 1):
        lengths = np.arange(1, min(max_length, end) + 1)
        total = best[end - lengths] + values[end - lengths, lengths - 1] - change[end - lengths]
        back[end] = lengths[int(np.argmax(total))]
        best[end] = total.max()
    cut = []
    end = n
    while end > 0:
        length = int(back[end])
        cut.append((end - length, end, int(labels[end - length, length - 1])))
        end -= length
    return cut[::-1]


_NO_CHORD = float(np.log(1 / 12)) - HARMONY.no_chord_cost
"""Nats, score of no chord for any segment."""


def _best_chords(sound: Floats, bass: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """Find score and index of the best chord of each segment, shape (segment,); −1 for no chord."""
    total = sound.sum(axis=1, keepdims=True)
    share = sound / np.maximum(total, 1e-12)
    present = (share > HARMONY.presence_share).astype(float)
    lowest = bass / np.maximum(bass.sum(axis=1, keepdims=True), 1e-12)
    missing = _TEMPLATES.tones.sum(axis=1) - present @ _TEMPLATES.tones.T
    score = (
        share @ _TEMPLATES.fit.T
        - HARMONY.missing_tone_cost * missing
        - HARMONY.missing_root_cost * (1 - present @ _TEMPLATES.roots.T)
        + HARMONY.root_in_bass_bonus * (lowest @ _TEMPLATES.roots.T)
        - _TEMPLATES.cost
    )
    label = score.argmax(axis=1)
    best = score.max(axis=1)
    no_chord = (present.sum(axis=1) < 2) | (total[:, 0] <= 0) | (best < _NO_CHORD)
    return np.where(no_chord, _NO_CHORD, best), np.where(no_chord, -1, label)


def _name(label: int, bass: Floats, key: Key | None) -> str:
    if label < 0:
        return NONE
    root, quality = _TEMPLATES.names[label]
    lowest = int(bass.argmax())
    is_inverted = (
        lowest != root and _TEMPLATES.tones[label, lowest] > 0 and bass[lowest] > 0.5 * bass.sum()
    )
    name = spell(root, key)
    if not is_inverted:
        return chord_name(name, quality, name)
    tones, steps = QUALITIES[quality]
    above = (lowest - root) % 12
    return chord_name(name, quality, tone_above(name, steps[tones.index(above)], above))


def spell(pitch_class: int, key: Key | None = None, flats: int = 5) -> str:
    """Spell a pitch class in a key.

    The name lies on the line of fifths (… Bb F C G D …), at most `flats` steps before the tonic of
    the major key with the same signature.

    Examples
    --------
    >>> spell(6), spell(8), spell(8, flats=3), spell(10, Key(11, "major", 1.0))
    ('F#', 'Ab', 'G#', 'A#')
    """
    first = (key.fifths if key else 0) - flats
    fifths = first + (pitch_class * 7 - first) % 12
    return with_signs("FCGDAEB"[(fifths + 1) % 7], (fifths + 1) // 7)


def _merged(chords: list[Chord], rest: float) -> list[Chord]:
    """Merge neighbours of one name, extend chords over short rests, keep long rests as no chord."""
    merged: list[Chord] = []
    for chord in chords:
        if merged and chord.name == NONE and chord.offset - chord.onset < rest:
            merged[-1] = Chord(merged[-1].onset, chord.offset, merged[-1].name)
        elif merged and merged[-1].name == chord.name:
            merged[-1] = Chord(merged[-1].onset, chord.offset, chord.name)
        else:
            merged.append(chord)
    return merged


def key_named(words: str) -> Key:
    """Return a stated key, of confidence 1.

    Examples
    --------
    >>> key_named("Bb minor")
    Key(tonic=10, mode='minor', confidence=1.0)
    """
    tonic, mode = key_form(words).split()
    return Key(pitch_class(tonic), "minor" if mode == "minor" else "major", 1.0)


def respelled(chords: Sequence[Chord], key: Key | None) -> tuple[Chord, ...]:
    """Spell the same chords in another key.

    Examples
    --------
    >>> [c.name for c in respelled([Chord(0, 1, "C#/F")], Key(5, "minor", 1.0))]
    ['Db/F']
    """
    return tuple(replace(chord, name=_respelled(chord, key)) for chord in chords)


def _respelled(chord: Chord, key: Key | None) -> str:
    if chord.root is None or chord.bass is None or chord.quality is None:
        return chord.name
    root = spell(pitch_class(chord.root), key)
    tones, steps = QUALITIES[chord.quality]
    above = (pitch_class(chord.bass) - pitch_class(chord.root)) % 12
    if above not in tones:
        return chord_name(root, chord.quality, spell(pitch_class(chord.bass), key))
    return chord_name(root, chord.quality, tone_above(root, steps[tones.index(above)], above))


def key_name(key: Key, language: Language = "en") -> str:
    """Format the key in words.

    Examples
    --------
    >>> key_name(Key(6, "minor", 1.0)), key_name(Key(3, "major", 1.0))
    ('F# minor', 'Eb major')
    >>> key_name(Key(3, "major", 1.0), "ja")
    '変ホ長調'
    """
    tonic = spell(key.tonic, key)
    if language == "ja":
        sign = "嬰" * tonic.count("#") + "変" * tonic[1:].count("b")
        tonic = sign + "ハニホヘトイロ"["CDEFGAB".index(tonic[0])]
    return text.KEYS[key.mode].format(language, tonic=tonic)
