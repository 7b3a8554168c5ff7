"""Tempo, beats and bars from notes, and the places of notes in a score.

The strokes of all notes, weighted by how hard they are, make a curve whose autocorrelation, weighted for the tempi that
people tap, gives the period; beats are the path through the curve that meets strong strokes and keeps that period, by
dynamic programming (Ellis, "Beat tracking by dynamic programming", 2007). A bar begins where low and long notes do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from otowake.types import Floats, Note, Rhythm

STEP = 0.01
"""Seconds from point to point of the curve of strokes."""

WIDTH = 0.02
"""How exactly a stroke is placed, in seconds."""

SLOWEST, FASTEST = 40.0, 220.0
"""Tempi that are looked for, in beats a minute."""

USUAL, SPREAD = 110.0, 0.8
"""The tempo people tap soonest, and how far they go from it, in octaves."""

TIGHTNESS = 30.0
"""How much a beat that is early or late costs, against strokes of mean square 1."""

METRES = (4, 3, 2)
"""Bars that are looked for, the likelier before."""

BEAT_PARTS = (1, 2, 4, 3)
"""Into how many equal parts a beat is divided, the simpler before."""

SIMPLER = 0.02
"""What each further kind of division must gain: mean distance from the grid, in beats."""


def find_rhythm(notes: Sequence[Note]) -> Rhythm | None:
    """Tempo, beats and bars; None where there are fewer than four strokes.

    Parameters
    ----------
    notes
        In any order; drums count too.

    Examples
    --------
    >>> rhythm = find_rhythm([Note(0.5 + 0.6 * i, 1 + 0.6 * i, 60 - 12 * (i % 3 == 0)) for i in range(12)])
    >>> round(rhythm.tempo), rhythm.metre, rhythm.beats[:2].round(1).tolist()
    (100, 3, [0.5, 1.1])
    """
    onsets = np.sort([note.onset for note in notes])
    if np.count_nonzero(np.diff(onsets, prepend=-np.inf) > 0.05) < 4:
        return None
    curve = _strokes(notes)
    period = _period(curve)
    beats = _beats(curve, period, float(onsets[0]), float(onsets[-1]))
    if len(beats) < 2:
        return None
    metre, downbeat = _bars(notes, beats)
    return Rhythm(float(60 / np.median(np.diff(beats))), beats, metre, downbeat)


def _strokes(notes: Sequence[Note]) -> Floats:
    """How strongly notes begin, shape (point,), of mean square 1; it ends a second after the last onset."""
    onsets = np.array([note.onset for note in notes])
    n = int(onsets.max() / STEP) + round(1 / STEP)
    weight = np.array([0.3 + note.velocity for note in notes])
    hits = np.bincount(np.rint(onsets / STEP).astype(int), weight, n)
    at = np.arange(-4 * WIDTH, 4 * WIDTH + STEP / 2, STEP)
    curve = np.sqrt(np.convolve(hits, np.exp(-((at / WIDTH) ** 2) / 2), "same"))
    return curve / np.sqrt(np.mean(curve**2))


def _period(curve: Floats) -> float:
    """Seconds a beat: where the autocorrelation, and that of twice and three or four times as long, is greatest."""
    size = 1 << int(2 * len(curve) - 1).bit_length()
    centred = curve - curve.mean()
    cosine_similarity = np.fft.irfft(np.abs(np.fft.rfft(centred, size)) ** 2)[: len(curve)]
    cosine_similarity = np.pad(
        cosine_similarity / cosine_similarity[0], (0, 4 * round(60 / SLOWEST / STEP))
    )
    lags = np.arange(round(60 / FASTEST / STEP), round(60 / SLOWEST / STEP) + 1)
    comb = np.zeros(len(lags))
    for multiple, weight in ((1, 1.0), (2, 0.5), (3, 0.25), (4, 0.25)):
        near = [cosine_similarity[multiple * lags + off] for off in range(-multiple, multiple + 1)]
        comb += weight * np.max(near, axis=0)
    usual = np.exp(-0.5 * (np.log2(60 / (lags * STEP) / USUAL) / SPREAD) ** 2)
    return float(lags[int(np.argmax(np.maximum(comb, 1e-9) * usual))]) * STEP


def _beats(curve: Floats, period: float, first: float, last: float) -> Floats:
    """The best path of beats, from before the first onset to after the last, in seconds."""
    lag = period / STEP
    back = np.arange(-round(2 * lag), -round(lag / 2) + 1)
    cost = -TIGHTNESS * np.log(-back / lag) ** 2
    lead = -int(back[0])
    curve = np.pad(curve, (lead, 0))
    total, before = curve.copy(), np.full(len(curve), -1)
    for point in range(lead, len(curve)):
        reached = total[point + back] + cost
        best = int(reached.argmax())
        if reached[best] > 0:
            total[point] += reached[best]
            before[point] = point + back[best]
    end = min(lead + int(last / STEP) + round(lag / 2), len(curve) - 1)
    start = max(end - round(lag), 0)
    point = start + int(total[start : end + 1].argmax())
    found = []
    while point >= 0:
        found.append((point - lead) * STEP)
        point = int(before[point])
    beats = np.array(found[::-1])
    early = (
        np.arange(beats[0], first - period, -period)[1:][::-1]
        if beats[0] > first + STEP
        else np.zeros(0)
    )
    late = (
        np.arange(beats[-1], last + 1.5 * period, period)[1:]
        if beats[-1] < last + period
        else np.zeros(0)
    )
    beats = np.concatenate([early, beats, late])
    return beats[beats >= 0]


def _bars(notes: Sequence[Note], beats: Floats) -> tuple[int, int]:
    """The metre, and the place of the first beat of a bar among the first beats."""
    accents = _accents(notes, beats)
    spread = accents.std() or 1.0
    best = (-np.inf, METRES[0], 0)
    for metre in METRES:
        if len(beats) < 2 * metre:
            continue
        means = [accents[phase::metre].mean() for phase in range(metre)]
        phase = int(np.argmax(means))
        others = np.delete(accents, np.arange(phase, len(accents), metre)).mean()
        chance = np.sqrt(metre / len(beats))
        score = (means[phase] - others) / spread - chance - 0.15 * METRES.index(metre)
        best = max(best, (float(score), metre, phase), key=lambda found: found[0])
    return best[1], best[2]


def _accents(notes: Sequence[Note], beats: Floats) -> Floats:
    """How much speaks for the first of a bar, shape (beat,): low, long and loud notes that begin there."""
    middle = float(np.median([note.midi for note in notes]))
    reach = 0.2 * float(np.median(np.diff(beats)))
    found = np.zeros(len(beats))
    for note in notes:
        near = int(np.clip(np.searchsorted(beats, note.onset - reach), 0, len(beats) - 1))
        if abs(beats[near] - note.onset) <= reach:
            low = np.clip((middle - note.midi) / 12, 0, 2)
            length = np.clip((note.offset - note.onset) / (beats[1] - beats[0]), 0, 3)
            found[near] += (0.3 + note.velocity) * (0.5 + low + 0.5 * length)
    return np.sqrt(found)


@dataclass(frozen=True)
class Placed:
    """A note in a score: `start` and `length` in parts of a beat, of which there are :data:`PARTS`, from the first beat
    of the first bar.

    Examples
    --------
    >>> Placed(Note(0, 1, 60), 0, 12).length
    12
    """

    note: Note
    start: int
    length: int


PARTS = 12
"""Parts of a beat: sixteenths and triplets."""


def quantised(notes: Sequence[Note], rhythm: Rhythm) -> list[Placed]:
    """Notes on the grid of the beats, by onset and pitch; of two that fall on one place and pitch, the longer.

    Each beat is divided into 1, 2, 4 or 3 equal parts, the simplest that its onsets fit; where a note ends, into at
    least 2. A note of no length gets the shortest one.

    Examples
    --------
    >>> rhythm = Rhythm(120.0, np.arange(9) / 2)
    >>> [(p.start, p.length) for p in quantised([Note(0.02, 0.49, 60), Note(0.76, 1.0, 62)], rhythm)]
    [(0, 12), (18, 6)]
    """
    if not notes:
        return []
    beats = rhythm.beats
    lead = (-rhythm.downbeat) % rhythm.metre
    onsets = np.array([_place(note.onset, beats) for note in notes]) + lead
    offsets = np.array([_place(note.offset, beats) for note in notes]) + lead
    whole = np.floor(onsets + 1e-6 + 1 / 8).astype(int)
    division = {beat: _division(onsets[whole == beat] - beat) for beat in np.unique(whole).tolist()}
    found: dict[tuple[int, int], Placed] = {}
    for note, onset, offset, beat in zip(
        notes, onsets.tolist(), offsets.tolist(), whole.tolist(), strict=True
    ):
        unit = PARTS // division[beat]
        start = max(beat * PARTS + unit * round((onset - beat) * division[beat]), 0)
        last = int(offset)
        finest = PARTS // max(division.get(last, 2), 2)
        end = last * PARTS + finest * round((offset - last) * PARTS / finest)
        length = end - start if end > start else min(unit, PARTS // 2)
        placed = Placed(note, start, length)
        known = found.get((start, note.midi))
        if known is None or known.length < length:
            found[start, note.midi] = placed
    return sorted(found.values(), key=lambda placed: (placed.start, placed.note.midi))


def _place(time: float, beats: Floats) -> float:
    """A time in beats from the first, going on at the pace of the first and last beats outside them."""
    after = int(np.clip(np.searchsorted(beats, time), 1, len(beats) - 1))
    return after - 1 + (time - beats[after - 1]) / (beats[after] - beats[after - 1])


def _division(places: Floats) -> int:
    """Into how many parts a beat with onsets at these places, in beats, is divided."""
    costs = []
    for rank, parts in enumerate(BEAT_PARTS):
        off = np.abs(places * parts - np.rint(places * parts)) / parts
        costs.append(float(np.sqrt(np.mean(off**2))) + SIMPLER * rank * (1 + (parts == 3)))
    return BEAT_PARTS[int(np.argmin(costs))]
