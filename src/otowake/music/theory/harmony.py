"""Chord names over time and the key, from notes.

A chord is a template: of all that sounds while it lasts, nearly everything is to lie on its tones, equally. How well
a stretch of music fits a template is the log likelihood of its pitch classes; missing tones, and a bass that is not the
root, count against it. Where chords change is found by dynamic programming over all ways to cut the piece where notes
begin, as in Pauws, "Musical key extraction from audio" (2004) and Papadopoulos & Peeters, "Large-scale study of chord
estimation algorithms" (2007) for frames; here the pieces are the time between onsets, so a chord may be held or broken.

The key is the one whose profile correlates best with how long each pitch class sounds (Krumhansl & Schmuckler), with
the profiles of Temperley, "What's key for key?" (1999).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from otowake import text
from otowake.chords import (
    NONE,
    QUALITIES,
    chord_name,
    degree,
    degree_name,
    pitch_class,
    tone_above,
    with_signs,
)
from otowake.text import Language
from otowake.types import Chord, Floats, Key, Note

AGAINST = {
    "5": 0.2,
    "7": 0.25,
    "maj7": 0.25,
    "m7": 0.25,
    "dim": 0.25,
    "m7b5": 0.35,
    "dim7": 0.35,
    "aug": 0.4,
    "sus4": 0.4,
}
"""What speaks against each quality that is rarer than major and minor triads."""

ON_TONES = 0.95
"""The share of what sounds that lies on a chord's tones."""

MISSING, NO_ROOT, ROOT_IN_BASS = 0.5, 0.3, 0.3
"""Against a chord for each tone that is not there, and for its root above that; for it when the root is the lowest."""

THERE = 0.06
"""The share of what sounds from which a tone is there."""

CHANGE, OFF_BEAT = 0.6, 0.2
"""Against every change of chord, and more where it does not fall on a beat, in beats of perfect fit."""

USUAL_BEAT = 0.5
"""Seconds a beat lasts where no rhythm is known."""

LONGEST = 14
"""The most pieces that a chord is looked for in at once; longer ones are joined afterwards."""

TOGETHER = 0.08
"""Onsets closer than this, in seconds, are one stroke."""

BROKEN = 0.9
"""Against a chord for each beat in which one pitch class sounds alone: a chord may be broken, but a scale is none."""

REST = 0.6
"""A chord is held through a rest shorter than this, in beats."""

_TRIAD, _SEVENTH = ("", "6", "64"), ("7", "65", "43", "42")
_ROMAN = {
    "": ("", _TRIAD),
    "m": ("", _TRIAD),
    "5": ("", ("5",)),
    "7": ("", _SEVENTH),
    "maj7": ("M", _SEVENTH),
    "m7": ("", _SEVENTH),
    "dim": ("o", _TRIAD),
    "m7b5": ("ø", _SEVENTH),
    "dim7": ("o", _SEVENTH),
    "aug": ("+", _TRIAD),
    "sus4": ("sus4", ("",)),
}
"""The mark of each quality in Roman numerals, and the figures of its positions, root first."""

_SCALES = {
    ("major", False): (0, 2, 4, 5, 7, 9, 11),
    ("major", True): (0, 2, 4, 5, 7, 9, 11),
    ("minor", False): (0, 2, 3, 5, 7, 8, 10),
    ("minor", True): (0, 2, 3, 5, 7, 9, 11),
}
"""The scale that signs before a numeral refer to, by mode and by whether the third is minor."""

_MAJOR = (5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0)
_MINOR = (5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0)


class _Templates(NamedTuple):
    """Every chord: `tones` of shape (chord, pitch class), `fit` the log likelihood of each class, `roots` and `cost`."""

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
    fit = np.where(tones > 0, np.log(ON_TONES / size), np.log((1 - ON_TONES) / (12 - size)))
    roots = np.eye(12)[[root for root, _ in names]]
    cost = np.array([AGAINST.get(quality, 0.0) for _, quality in names])
    return _Templates(names, tones, fit, roots, cost)


_ALL = _templates()


class _Pieces(NamedTuple):
    """The time between neighbouring edges: `times` of shape (piece + 1,), in seconds; `sound` and `bass` of shape
    (piece, pitch class): how long each class sounds, in seconds times velocity, and is the lowest, in seconds."""

    times: Floats
    sound: Floats
    bass: Floats


def find_chords(
    notes: Sequence[Note], beats: Floats | None = None, key: Key | None = None
) -> list[Chord]:
    """The chords that notes make, one after the other, from the first onset to the last offset.

    Two tones make a chord as well: a third or a sixth is that of the triad whose root and third they are, a fifth or
    a fourth a power chord (``"C5"``). A single voice makes one where it is broken (C E G), none where it is a scale.

    Parameters
    ----------
    notes
        In any order; drums are not heard.
    beats
        Shape (beat,): when the beats fall, in seconds; chords rather change on them.
    key
        Spells the roots: F# or Gb.

    Examples
    --------
    >>> triad = [Note(0, 1, 60), Note(0, 1, 64), Note(0, 1, 67), Note(1, 2, 62), Note(1, 2, 67), Note(1, 2, 71)]
    >>> [chord.name for chord in find_chords(triad)]
    ['C', 'G/D']
    """
    pitched = [note for note in notes if not note.is_drum and note.offset > note.onset]
    if not pitched:
        return []
    pieces = _pieces(pitched)
    beat = float(np.median(np.diff(beats))) if beats is not None and len(beats) > 1 else USUAL_BEAT
    change = np.full(len(pieces.times), CHANGE)
    if beats is not None and len(beats):
        change[np.abs(pieces.times - _nearest(beats, pieces.times)) > TOGETHER] += OFF_BEAT
    chords = [
        Chord(
            float(pieces.times[a]),
            float(pieces.times[b]),
            _name(label, pieces.bass[a:b].sum(axis=0), key),
        )
        for a, b, label in _best_cut(pieces, beat, change)
    ]
    return _joined(chords, REST * beat)


def _nearest(points: Floats, times: Floats) -> Floats:
    """The nearest of some points, in order, to each time."""
    after = np.searchsorted(points, times)
    left, right = points[np.maximum(after - 1, 0)], points[np.minimum(after, len(points) - 1)]
    return np.where(np.abs(times - left) < np.abs(right - times), left, right)


def _edges(notes: Sequence[Note]) -> Floats:
    """Where pieces begin and end: strokes, and where a rest begins."""
    onsets = np.sort([note.onset for note in notes])
    strokes = onsets[np.diff(onsets, prepend=-np.inf) > TOGETHER]
    ends = np.sort([note.offset for note in notes])
    covered = np.maximum.accumulate(
        [note.offset for note in sorted(notes, key=lambda note: note.onset)]
    )
    following = np.append(onsets[1:], np.inf)
    rests = covered[following - covered > TOGETHER]
    edges = np.unique(np.concatenate([strokes, rests, ends[-1:]]))
    return edges[np.diff(edges, prepend=-np.inf) > 1e-3]


def _pieces(notes: Sequence[Note]) -> _Pieces:
    times = _edges(notes)
    if len(times) < 2:
        times = np.array([times[0], times[0] + 1e-3])
    n = len(times) - 1
    sound, bass, lowest = np.zeros((n, 12)), np.zeros((n, 12)), np.full(n, 999)
    onsets = _nearest(times, np.array([note.onset for note in notes])).tolist()
    for note, onset in zip(notes, onsets, strict=True):
        last = int(np.searchsorted(times, note.offset, "left"))
        for piece in range(int(np.searchsorted(times, onset)), min(last, n)):
            length = min(note.offset, times[piece + 1]) - max(onset, times[piece])
            if length <= 0.2 * (times[piece + 1] - times[piece]):
                continue
            sound[piece, note.midi % 12] += length * (0.2 + note.velocity)
            lowest[piece] = min(lowest[piece], note.midi)
    heard = lowest < 999
    bass[np.flatnonzero(heard), lowest[heard] % 12] = np.diff(times)[heard]
    return _Pieces(times, sound, bass)


def _best_cut(pieces: _Pieces, beat: float, change: Floats) -> list[tuple[int, int, int]]:
    """The stretches of the best cut: first piece, piece after the last, and the chord's place in the table (−1: none)."""
    n = len(pieces.sound)
    zero = np.zeros((1, 12))
    sound = np.concatenate([zero, np.cumsum(pieces.sound, axis=0)])
    bass = np.concatenate([zero, np.cumsum(pieces.bass, axis=0)])
    lone = np.where((pieces.sound > 0).sum(axis=1) == 1, pieces.bass.sum(axis=1), 0)
    lone = np.append(0, np.cumsum(lone))
    most = min(LONGEST, n)
    values, labels = np.full((n, most), -np.inf), np.full((n, most), -1)
    for length in range(1, most + 1):
        ends = np.arange(length, n + 1)
        spans = (pieces.times[ends] - pieces.times[ends - length]) / beat
        score, label = _fits(sound[ends] - sound[ends - length], bass[ends] - bass[ends - length])
        heard = (bass[ends] - bass[ends - length]).sum(axis=1) / beat
        against = (spans - heard) + BROKEN * (lone[ends] - lone[ends - length]) / beat
        values[ends - length, length - 1] = heard * score - np.where(label >= 0, against, 0)
        labels[ends - length, length - 1] = label
    best, back = np.full(n + 1, -np.inf), np.zeros(n + 1, int)
    best[0] = 0
    for end in range(1, n + 1):
        lengths = np.arange(1, min(most, end) + 1)
        total = best[end - lengths] + values[end - lengths, lengths - 1] - change[end - lengths]
        back[end] = lengths[int(np.argmax(total))]
        best[end] = total.max()
    found = []
    end = n
    while end > 0:
        length = int(back[end])
        found.append((end - length, end, int(labels[end - length, length - 1])))
        end -= length
    return found[::-1]


_NO_CHORD = float(np.log(1 / 12)) - 0.2
"""How well no chord fits anything."""


def _fits(sound: Floats, bass: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """How well the best chord fits each stretch, shape (stretch,), and which it is; −1 where none fits better."""
    total = sound.sum(axis=1, keepdims=True)
    share = sound / np.maximum(total, 1e-12)
    there = (share > THERE).astype(float)
    lowest = bass / np.maximum(bass.sum(axis=1, keepdims=True), 1e-12)
    missing = _ALL.tones.sum(axis=1) - there @ _ALL.tones.T
    score = (
        share @ _ALL.fit.T
        - MISSING * missing
        - NO_ROOT * (1 - there @ _ALL.roots.T)
        + ROOT_IN_BASS * (lowest @ _ALL.roots.T)
        - _ALL.cost
    )
    label = score.argmax(axis=1)
    best = score.max(axis=1)
    alone = (there.sum(axis=1) < 2) | (total[:, 0] <= 0) | (best < _NO_CHORD)
    return np.where(alone, _NO_CHORD, best), np.where(alone, -1, label)


def _name(label: int, bass: Floats, key: Key | None) -> str:
    if label < 0:
        return NONE
    root, quality = _ALL.names[label]
    lowest = int(bass.argmax())
    is_inverted = (
        lowest != root and _ALL.tones[label, lowest] > 0 and bass[lowest] > 0.5 * bass.sum()
    )
    name = spelled(root, key)
    if not is_inverted:
        return chord_name(name, quality, name)
    tones, steps = QUALITIES[quality]
    above = (lowest - root) % 12
    return chord_name(name, quality, tone_above(name, steps[tones.index(above)], above))


def spelled(pitch_class: int, key: Key | None = None, flats: int = 5) -> str:
    """The name of a pitch class in a key: of its names, the one on the line of fifths (… Bb F C G D …) that lies at
    most `flats` places before the tonic of the major key with that signature.

    Examples
    --------
    >>> spelled(6), spelled(8), spelled(8, flats=3), spelled(10, Key(11, "major", 1.0))
    ('F#', 'Ab', 'G#', 'A#')
    """
    first = (key.fifths if key else 0) - flats
    place = first + (pitch_class * 7 - first) % 12
    return with_signs("FCGDAEB"[(place + 1) % 7], (place + 1) // 7)


def roman_numeral(chord: Chord, key: Key) -> str:
    """The Roman numeral of a chord in a key; empty for no chord.

    Lower case means a minor third. Signs before the numeral refer to the scale of the key; in
    minor that is the natural scale, but ``vi`` and ``vii`` stand on the raised degrees. ``o``,
    ``ø``, ``+`` and ``M`` mean diminished, half-diminished, augmented and major seventh. Figures
    (6, 64; 65, 43, 42) tell the inversion; without such a figure, the bass follows as a degree of
    the major scale on the root.

    Examples
    --------
    >>> minor, names = Key(9, "minor", 1.0), ("Am/C", "E7/D", "G#dim7", "F", "Dm7b5", "G5/D")
    >>> [roman_numeral(Chord(0.0, 1.0, name), minor) for name in names]
    ['i6', 'V42', 'viio7', 'VI', 'ivø7', 'VII5/5']
    """
    if chord.root is None or chord.quality is None or chord.bass is None:
        return ""
    is_small = 3 in QUALITIES[chord.quality].tones
    scale = _SCALES[key.mode, is_small]
    number, signs = degree(spelled(key.tonic, key), chord.root, scale)
    numeral = with_signs("", signs) + ("I", "II", "III", "IV", "V", "VI", "VII")[number - 1]
    mark, figures = _ROMAN[chord.quality]
    above = (pitch_class(chord.bass) - pitch_class(chord.root)) % 12
    tones = QUALITIES[chord.quality].tones
    position = tones.index(above) if above in tones else len(figures)
    if position < len(figures):
        figure = figures[position]
    else:
        figure = f"{figures[0]}/{degree_name(chord.root, chord.bass)}"
    return (numeral.lower() if is_small else numeral) + mark + figure


def _joined(chords: list[Chord], rest: float) -> list[Chord]:
    """Neighbours of one name as one, with short rests closed and longer ones as no chord."""
    found: list[Chord] = []
    for chord in chords:
        if found and chord.name == NONE and chord.offset - chord.onset < rest:
            found[-1] = Chord(found[-1].onset, chord.offset, found[-1].name)
        elif found and found[-1].name == chord.name:
            found[-1] = Chord(found[-1].onset, chord.offset, chord.name)
        else:
            found.append(chord)
    return found


def find_key(notes: Sequence[Note]) -> Key | None:
    """The key of a piece; None without notes.

    Its confidence is the share of its own in the exponentials of ten times all 24 correlations.

    Examples
    --------
    >>> scale = [Note(i, i + 1, midi) for i, midi in enumerate((57, 59, 60, 62, 64, 65, 68, 69))]
    >>> key = find_key(scale)
    >>> key.tonic, key.mode
    (9, 'minor')
    """
    sound = np.zeros(12)
    for note in notes:
        if not note.is_drum:
            sound[note.midi % 12] += (note.offset - note.onset) * (0.2 + note.velocity)
    if not sound.any():
        return None
    profiles = np.array([np.roll(mode, tonic) for mode in (_MAJOR, _MINOR) for tonic in range(12)])
    centred = profiles - profiles.mean(axis=1, keepdims=True)
    off = sound - sound.mean()
    size = np.linalg.norm(centred, axis=1) * np.linalg.norm(off)
    cosine_similarity = centred @ off / np.maximum(size, 1e-12)
    share = np.exp(10 * (cosine_similarity - cosine_similarity.max()))
    best = int(
        cosine_similarity.round(9).argmax()
    )  # of equals the major, however they were rounded
    return Key(best % 12, "major" if best < 12 else "minor", float(share[best] / share.sum()))


def key_name(key: Key, language: Language = "en") -> str:
    """The key in words.

    Examples
    --------
    >>> key_name(Key(6, "minor", 1.0)), key_name(Key(3, "major", 1.0)), key_name(Key(3, "major", 1.0), "ja")
    ('F# minor', 'Eb major', '変ホ長調')
    """
    tonic = spelled(key.tonic, key)
    if language == "ja":
        sign = "嬰" * tonic.count("#") + "変" * tonic[1:].count("b")
        tonic = sign + "ハニホヘトイロ"["CDEFGAB".index(tonic[0])]
    return text.KEYS[key.mode].format(language, tonic=tonic)
