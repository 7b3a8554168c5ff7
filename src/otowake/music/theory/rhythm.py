"""Estimate tempo, beats and bars from notes, and quantise notes to the grid of beats.

The onset strength curve weights onsets by velocity. Its autocorrelation, weighted by a log-normal
tempo prior, gives the period. Dynamic programming finds the beats that meet strong onsets and keep
the period (Ellis, "Beat tracking by dynamic programming", 2007). Low and long notes mark the first
beat of a bar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from otowake.music.theory.config import RHYTHM
from otowake.types import Floats, Note, Rhythm


def find_rhythm(notes: Sequence[Note]) -> Rhythm | None:
    """Estimate tempo, beats and bars; None if the notes have fewer than four distinct onsets.

    Parameters
    ----------
    notes
        In any order; drums count too.

    Examples
    --------
    >>> notes = [Note(0.5 + 0.6 * i, 1 + 0.6 * i, 60 - 12 * (i % 3 == 0)) for i in range(12)]
    >>> rhythm = find_rhythm(notes)
    >>> round(rhythm.tempo), rhythm.metre, rhythm.beats[:2].round(1).tolist()
    (100, 3, [0.5, 1.1])
    """
    onsets = np.sort([note.onset for note in notes])
    if (
        np.count_nonzero(np.diff(onsets, prepend=-np.inf) > RHYTHM.min_onset_gap)
        < RHYTHM.min_onsets
    ):
        return None
    curve = _onset_strength(notes)
    period = _period(curve)
    beats = _beats(curve, period, float(onsets[0]), float(onsets[-1]))
    if len(beats) < 2:
        return None
    metre, downbeat = _bars(notes, beats)
    return Rhythm(float(60 / np.median(np.diff(beats))), beats, metre, downbeat)


def _onset_strength(notes: Sequence[Note]) -> Floats:
    """Compute the onset strength curve, shape (point,), of mean square 1.

    The curve ends a second after the last onset.
    """
    onsets = np.array([note.onset for note in notes])
    n = int(onsets.max() / RHYTHM.step) + round(1 / RHYTHM.step)
    weight = np.array([RHYTHM.velocity_offset + note.velocity for note in notes])
    impulses = np.bincount(np.rint(onsets / RHYTHM.step).astype(int), weight, n)
    at = np.arange(-4 * RHYTHM.onset_width, 4 * RHYTHM.onset_width + RHYTHM.step / 2, RHYTHM.step)
    curve = np.sqrt(np.convolve(impulses, np.exp(-((at / RHYTHM.onset_width) ** 2) / 2), "same"))
    return curve / np.sqrt(np.mean(curve**2))


def _period(curve: Floats) -> float:
    """Estimate the period of the beat in seconds.

    The score of a period sums the autocorrelation at the period and at two to four times the
    period.
    """
    size = 1 << int(2 * len(curve) - 1).bit_length()
    centred = curve - curve.mean()
    correlation = np.fft.irfft(np.abs(np.fft.rfft(centred, size)) ** 2)[: len(curve)]
    correlation = np.pad(
        correlation / correlation[0], (0, 4 * round(60 / RHYTHM.min_tempo / RHYTHM.step))
    )
    lags = np.arange(
        round(60 / RHYTHM.max_tempo / RHYTHM.step), round(60 / RHYTHM.min_tempo / RHYTHM.step) + 1
    )
    comb = np.zeros(len(lags))
    for multiple, weight in RHYTHM.period_multiples:
        near = [correlation[multiple * lags + off] for off in range(-multiple, multiple + 1)]
        comb += weight * np.max(near, axis=0)
    prior = np.exp(
        -0.5
        * (np.log2(60 / (lags * RHYTHM.step) / RHYTHM.preferred_tempo) / RHYTHM.tempo_spread) ** 2
    )
    return float(lags[int(np.argmax(np.maximum(comb, 1e-9) * prior))]) * RHYTHM.step


def _beats(curve: Floats, period: float, first: float, last: float) -> Floats:
    """Find the best path of beats in seconds, from before the first onset to after the last."""
    lag = period / RHYTHM.step
    back = np.arange(-round(2 * lag), -round(lag / 2) + 1)
    cost = -RHYTHM.tightness * np.log(-back / lag) ** 2
    lead = -int(back[0])
    curve = np.pad(curve, (lead, 0))
    total, before = curve.copy(), np.full(len(curve), -1)
    for point in range(lead, len(curve)):
        reached = total[point + back] + cost
        best = int(reached.argmax())
        if reached[best] > 0:
            total[point] += reached[best]
            before[point] = point + back[best]
    end = min(lead + int(last / RHYTHM.step) + round(lag / 2), len(curve) - 1)
    start = max(end - round(lag), 0)
    point = start + int(total[start : end + 1].argmax())
    points = []
    while point >= 0:
        points.append((point - lead) * RHYTHM.step)
        point = int(before[point])
    beats = np.array(points[::-1])
    early = (
        np.arange(beats[0], first - period, -period)[1:][::-1]
        if beats[0] > first + RHYTHM.step
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
    """Estimate the metre and the index of the first downbeat."""
    accents = _accents(notes, beats)
    spread = accents.std() or 1.0
    best = (-np.inf, RHYTHM.metres[0], 0)
    for metre in RHYTHM.metres:
        if len(beats) < 2 * metre:
            continue
        means = [accents[phase::metre].mean() for phase in range(metre)]
        phase = int(np.argmax(means))
        others = np.delete(accents, np.arange(phase, len(accents), metre)).mean()
        noise = np.sqrt(metre / len(beats))
        score = (
            (means[phase] - others) / spread
            - noise
            - RHYTHM.metre_penalty * RHYTHM.metres.index(metre)
        )
        best = max(best, (float(score), metre, phase), key=lambda candidate: candidate[0])
    return best[1], best[2]


def _accents(notes: Sequence[Note], beats: Floats) -> Floats:
    """Score each beat as a downbeat, shape (beat,): low, long and loud notes begin there."""
    middle = float(np.median([note.midi for note in notes]))
    reach = RHYTHM.accent_reach * float(np.median(np.diff(beats)))
    accents = np.zeros(len(beats))
    for note in notes:
        index = int(np.clip(np.searchsorted(beats, note.onset - reach), 0, len(beats) - 1))
        if abs(beats[index] - note.onset) <= reach:
            low = np.clip((middle - note.midi) / 12, 0, RHYTHM.max_octaves_below)
            length = np.clip(
                (note.offset - note.onset) / (beats[1] - beats[0]), 0, RHYTHM.max_accent_beats
            )
            accents[index] += (RHYTHM.velocity_offset + note.velocity) * (0.5 + low + 0.5 * length)
    return np.sqrt(accents)


@dataclass(frozen=True)
class QuantisedNote:
    """A note on the grid of a score.

    Attributes
    ----------
    note
        The note.
    start, length
        In ticks (:data:`TICKS_PER_BEAT` to a beat) from the first beat of the first bar.

    Examples
    --------
    >>> QuantisedNote(Note(0, 1, 60), 0, 12).length
    12
    """

    note: Note
    start: int
    length: int


TICKS_PER_BEAT = 12
"""Ticks per beat: enough for sixteenths and triplets."""


def quantise(notes: Sequence[Note], rhythm: Rhythm) -> list[QuantisedNote]:
    """Quantise notes to the grid of the beats, ordered by onset and pitch.

    A beat divides into 1, 2, 4 or 3 equal parts, the simplest division that fits its onsets, and
    into at least 2 for offsets. A note of no length gets the shortest one. Of several notes with
    one start and pitch, the longest remains.

    Examples
    --------
    >>> rhythm = Rhythm(120.0, np.arange(9) / 2)
    >>> notes = [Note(0.02, 0.49, 60), Note(0.76, 1.0, 62)]
    >>> [(quantised.start, quantised.length) for quantised in quantise(notes, rhythm)]
    [(0, 12), (18, 6)]
    """
    if not notes:
        return []
    beats = rhythm.beats
    lead = (-rhythm.downbeat) % rhythm.metre
    onsets = np.array([_beat_position(note.onset, beats) for note in notes]) + lead
    offsets = np.array([_beat_position(note.offset, beats) for note in notes]) + lead
    whole = np.floor(onsets + 1e-6 + RHYTHM.early_onset).astype(int)
    division = {beat: _division(onsets[whole == beat] - beat) for beat in np.unique(whole).tolist()}
    by_position: dict[tuple[int, int], QuantisedNote] = {}
    for note, onset, offset, beat in zip(
        notes, onsets.tolist(), offsets.tolist(), whole.tolist(), strict=True
    ):
        unit = TICKS_PER_BEAT // division[beat]
        start = max(beat * TICKS_PER_BEAT + unit * round((onset - beat) * division[beat]), 0)
        last = int(offset)
        finest = TICKS_PER_BEAT // max(division.get(last, 2), 2)
        end = last * TICKS_PER_BEAT + finest * round((offset - last) * TICKS_PER_BEAT / finest)
        length = end - start if end > start else min(unit, TICKS_PER_BEAT // 2)
        candidate = QuantisedNote(note, start, length)
        rival = by_position.get((start, note.midi))
        if rival is None or rival.length < length:
            by_position[start, note.midi] = candidate
    return sorted(
        by_position.values(), key=lambda candidate: (candidate.start, candidate.note.midi)
    )


def _beat_position(time: float, beats: Floats) -> float:
    """Convert a time to beats from the first, extrapolating the pace of the first and last beat."""
    after = int(np.clip(np.searchsorted(beats, time), 1, len(beats) - 1))
    return after - 1 + (time - beats[after - 1]) / (beats[after] - beats[after - 1])


def _division(positions: Floats) -> int:
    """Choose the number of equal parts of a beat that fits onsets at these beat positions."""
    costs = []
    for rank, division in enumerate(RHYTHM.divisions):
        error = np.abs(positions * division - np.rint(positions * division)) / division
        costs.append(
            float(np.sqrt(np.mean(error**2)))
            + RHYTHM.division_penalty * rank * (1 + (division == 3))
        )
    return RHYTHM.divisions[int(np.argmin(costs))]
