"""Choose among sequences of beats, metres and downbeats, with learnt metrical profiles.

A hypothesis is a sequence of beats, a metre and the beat that begins a bar. Each event falls on a
kind of metrical position (:data:`otowake.music.theory.time_signatures.KINDS`). From the notes of
scores, the model knows how many events a position of each kind has, and how often its events are
low, long, full, loud, begin a harmony or hold drums. The mean log-likelihood ratios, the tempo, the
repetition of bars and the first and last event are the features of a hypothesis. The weights of the
features come from conditional logistic regression, so a softmax over all hypotheses gives their
probabilities.

``python -m training.train.theory`` learns the profiles and the weights in ``data/theory.npz``.

Related work: Temperley, "Music and Probability" (2007), for notes given metrical positions.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from otowake.arrays import arrays_of, packaged
from otowake.music.theory.beats import Events
from otowake.music.theory.config import METRE
from otowake.music.theory.time_signatures import (
    GRIDS,
    METRES,
    OFF_GRID,
    SHIFTS,
    Grid,
    Metre,
)
from otowake.types import Floats

MARKS: dict[str, int] = {"low": 4, "length": 4, "count": 3, "harmony": 3, "velocity": 3, "drums": 5}
"""Properties of events, with the number of their values."""

FEATURES: tuple[str, ...] = (
    *("timing", "position", *MARKS),
    *("begins-on-downbeat", "long-pick-up", "ends-on-strong"),
    *(
        "repetition",
        "longer-repetition",
        "slow",
        "fast",
        "slow-compound",
        "fast-compound",
        "slow-eighths",
    ),
    *("fast-eighths", "beats-met"),
    *(f"{m.signature[0]}/{m.signature[1]} {m.division}" for m in METRES),
)
"""Features of a hypothesis."""


class Model(NamedTuple):
    """The learnt model.

    Attributes
    ----------
    rates
        Events per position of each kind, shape (kind,).
    marks
        Log-likelihood ratio of each value of each mark, by kind: shape (kind + 1, value).
    weights
        Weights of :data:`FEATURES`.
    """

    rates: Floats
    marks: dict[str, Floats]
    weights: Floats


class Hypothesis(NamedTuple):
    """A sequence of beats with a metre and a downbeat.

    Attributes
    ----------
    beats
        Seconds.
    metre
        The metre.
    downbeat
        Index of the first downbeat.
    features
        Values of :data:`FEATURES`.
    """

    beats: Floats
    metre: Metre
    downbeat: int
    features: Floats


@lru_cache
def load_pretrained() -> Model:
    """Load the model that comes with the package."""
    content = packaged("theory.npz")
    arrays = arrays_of(io.BytesIO(content))
    marks = {mark: arrays[f"marks.{mark}"].astype(float) for mark in MARKS}
    return Model(arrays["rates"].astype(float), marks, arrays["weights"].astype(float))


def marks_of(events: Events) -> dict[str, NDArray[np.intp]]:
    """Compute the value of each mark of each event, relative to the events around it."""
    lengths = np.where(
        np.isfinite(events.lowest),
        np.clip(events.length, METRE.min_length, METRE.max_length),
        np.clip(np.diff(events.times, append=np.inf), METRE.min_length, METRE.max_length),
    )
    lowest, log_lengths, counts, velocities = (
        _neighbours(values)
        for values in (events.lowest, np.log2(lengths), events.n_notes, events.velocity)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # no pitched event around
        level = events.lowest - np.nanmedian(lowest, axis=1)
        below = np.nanmean(lowest < events.lowest[:, None] - 0.5, axis=1)
    low = np.where(level < METRE.low_levels[1], 1, 2)
    low[(below < METRE.lowest_share) & (level < METRE.low_levels[0])] = 0
    low[~(level < METRE.low_levels[2])] = 3
    length = np.log2(lengths) - np.nanmedian(log_lengths, axis=1)
    count = events.n_notes - np.nanmean(counts, axis=1)
    spread = np.nanstd(velocities, axis=1) + METRE.velocity_floor
    loud = (events.velocity - np.nanmean(velocities, axis=1)) / spread
    before = np.vstack([np.zeros((1, 12), bool), events.pitches[:-1]])
    new = (events.pitches & ~before).sum(axis=1) / np.maximum(events.pitches.sum(axis=1), 1)
    kick, snare, hat = events.drums.T
    return {
        "low": low,
        "length": np.digitize(length, METRE.length_levels),
        "count": np.digitize(count, METRE.count_levels),
        "harmony": np.digitize(new, METRE.harmony_levels),
        "velocity": np.digitize(loud, METRE.velocity_levels),
        "drums": np.where(kick | snare, kick + 2 * snare, 4 * hat),
    }


def _neighbours(values: Floats) -> Floats:
    """Return the values of the events around each, NaN outside: shape (event, neighbour)."""
    reach = METRE.surroundings
    padded = np.pad(np.asarray(values, float), reach, constant_values=np.nan)
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)


class Placed(NamedTuple):
    """Events on the grid of a sequence of beats.

    Attributes
    ----------
    beat
        Index of the beat of each event; −1 for an event before the first or after the last.
    kind
        Kind of the position as if no beat were accented, or `OFF_GRID`.
    density
        Log of the density of the deviation from it, relative to a uniform one.
    """

    beat: NDArray[np.intp]
    kind: NDArray[np.intp]
    density: Floats


def align(times: Floats, beats: Floats, grid: Grid, rates: Floats) -> Placed:
    """Assign events to the positions of a grid.

    Examples
    --------
    >>> from otowake.music.theory.time_signatures import KINDS
    >>> rates = np.ones(len(KINDS))
    >>> placed = align(np.array([0.0, 0.76, 1.0]), np.arange(4) / 2, GRIDS["simple"], rates)
    >>> placed.beat.tolist(), [KINDS[kind] for kind in placed.kind]
    ([0, 1, 2], ['beat', 'half', 'beat'])
    """
    index = np.clip(np.searchsorted(beats, times, "right") - 1, 0, len(beats) - 2)
    period = beats[index + 1] - beats[index]
    phase = (times - beats[index]) / period
    parts = np.append(grid.parts, 1.0)
    kinds = np.append(grid.kinds, grid.kinds[0])
    width = np.hypot(METRE.onset_width, METRE.beat_width * period)
    off = (phase[:, None] - parts) * period[:, None] / width[:, None]
    likelihood = np.log(rates[kinds]) - 0.5 * off**2
    best = likelihood.argmax(axis=1)
    sharp = -0.5 * off[np.arange(len(times)), best] ** 2
    sharp -= np.log(np.sqrt(2 * np.pi) * width / period)
    density = np.logaddexp(np.log(1 - METRE.off_grid) + sharp, np.log(METRE.off_grid))
    on_grid = np.abs(off[np.arange(len(times)), best]) < METRE.max_deviation
    is_next = best == len(parts) - 1
    beat = index + is_next
    inside = (phase > -0.5) & (phase < 1.5)
    return Placed(np.where(inside, beat, -1), np.where(on_grid, kinds[best], OFF_GRID), density)


def shifted(beats: Floats, part: float) -> Floats:
    """Move beats by a part of a beat.

    Examples
    --------
    >>> shifted(np.array([1.0, 2.0, 3.0, 4.0]), 0.5).tolist()
    [0.5, 1.5, 2.5, 3.5, 4.5]
    """
    if not part:
        return beats
    steps = np.append(np.diff(beats), beats[-1] - beats[-2])
    moved = beats + part * steps
    early = moved[0] - steps[0]
    return np.append(early, moved) if early >= 0 else moved


def hypotheses(
    events: Events,
    tracks: Sequence[Floats],
    model: Model,
    signature: tuple[int, int] | None = None,
    *,
    any_tempo: bool = False,
    may_shift: bool = True,
) -> Iterator[Hypothesis]:
    """Yield every hypothesis about sequences of beats.

    Parameters
    ----------
    events, tracks, model
        The events, sequences of beats in seconds, and the model.
    signature
        The time signature, if it is known.
    any_tempo
        Whether the tempo may be out of :attr:`MetreConfig.tempi`.
    may_shift
        Whether sequences may be moved by a part of a beat.
    """
    marks = marks_of(events)
    for division, parts in SHIFTS.items():
        metres = [
            metre
            for metre in METRES
            if metre.division == division and signature in (None, metre.signature)
        ]
        for track in tracks if metres else ():
            quarter = _quarter(track, division)
            if any_tempo or METRE.tempi[0] <= quarter <= METRE.tempi[1]:
                for part in parts if may_shift else parts[:1]:
                    yield from _of_division(events, marks, shifted(track, part), metres, model)


def _quarter(beats: Floats, division: str) -> float:
    """Return the quarter notes per minute, or in compound metres the dotted ones."""
    return 60 / float(np.median(np.diff(beats))) * (0.5 if division == "eighths" else 1.0)


def _of_division(
    events: Events,
    marks: dict[str, NDArray[np.intp]],
    beats: Floats,
    metres: Sequence[Metre],
    model: Model,
) -> Iterator[Hypothesis]:
    """Yield the hypotheses that share the division of a sequence of beats."""
    division, grid = metres[0].division, GRIDS[metres[0].division]
    placed = align(events.times, beats, grid, model.rates)
    n, n_beats = len(events.times), len(beats)
    on_beat = (placed.kind == grid.kinds[0]) & (placed.beat >= 0) & (placed.beat < n_beats)
    at = placed.beat[on_beat]
    if not len(at):
        return
    # Sums over the events of each beat, for each kind that the beat may have.
    kinds = sorted({kind for metre in metres for kind in metre.beats})
    sums = np.zeros((2 + len(MARKS), len(kinds), n_beats))
    base = np.zeros(2 + len(MARKS))
    base[0] = placed.density.sum()
    base[1] = np.log(np.append(model.rates, METRE.off_grid))[placed.kind].sum()
    sums[1] = np.bincount(at, minlength=n_beats) * np.log(
        model.rates[kinds] / model.rates[grid.kinds[0]]
    ).reshape(-1, 1)
    for row, (mark, table) in enumerate(model.marks.items(), 2):
        base[row] = table[placed.kind[~on_beat], marks[mark][~on_beat]].sum()
        for column, kind in enumerate(kinds):
            sums[row, column] = np.bincount(at, table[kind, marks[mark][on_beat]], n_beats)
    similarity = _similarity(events, placed, n_beats)
    met = len(np.unique(at)) / n_beats
    inner = model.rates[list(grid.kinds[1:])].sum()
    first, last = int(placed.beat[placed.beat >= 0].min(initial=n_beats)), int(at[-1])
    octaves = float(np.log2(_quarter(beats, division) / METRE.tempo))
    scale = 1 / (1 + n / METRE.saturation)
    for metre in metres:
        m = len(metre.beats)
        if n_beats < 2 * m:
            continue
        columns = np.array([kinds.index(kind) for kind in metre.beats])
        folded = np.stack([sums[:, :, r::m].sum(axis=2) for r in range(m)], axis=2)
        mean_rate = model.rates[list(metre.beats)].mean() + inner
        facts = _facts(metre, octaves, similarity, met)
        for downbeat in range(m):
            total = base + folded[:, columns[(np.arange(m) - downbeat) % m], np.arange(m)].sum(1)
            total[1] -= n * np.log(mean_rate)
            begin = (first - downbeat) % m
            end = metre.beats[(last - downbeat) % m]
            bars = (begin == 0, 0 < begin < (m + 1) / 2, end != metre.beats[1])
            features = np.concatenate([total * scale, np.array(bars, float), facts])
            yield Hypothesis(beats, metre, downbeat, features)


def _facts(metre: Metre, octaves: float, similarity: Floats, met: float) -> Floats:
    """Compute the features of a hypothesis that do not depend on the downbeat."""
    m, compound, eighths = (
        len(metre.beats),
        metre.division == "compound",
        metre.division == "eighths",
    )
    slow, fast = min(octaves, 0.0) ** 2, max(octaves, 0.0) ** 2
    own = similarity[m] if m < len(similarity) else 0.0
    return np.array(
        [
            own - similarity[1:].mean(),
            similarity[2 * m] - own if 2 * m < len(similarity) else 0.0,
            *(slow, fast, slow * compound, fast * compound, slow * eighths, fast * eighths),
            met,
            *(metre is other for other in METRES),
        ],
        float,
    )


def _similarity(events: Events, placed: Placed, n_beats: int) -> Floats:
    """Compute the mean similarity of beats at each lag up to :attr:`MetreConfig.max_lag`.

    A beat is described by the events at each of its positions: number, salience, height, length and
    drums.
    """
    pitched = np.isfinite(events.lowest)
    middle = float(np.median(events.lowest[pitched])) if pitched.any() else 0.0
    level = np.where(pitched, np.nan_to_num(events.lowest) - middle, 0.0) / 12
    values = np.stack(
        [
            np.ones(len(level)),
            events.weights / events.weights.mean(),
            np.minimum(level, 0.0),
            np.maximum(level, 0.0),
            np.log2(np.clip(events.length, 0.05, 4)) / 2,
            *(2.0 * events.drums.T),
        ]
    )
    inside = (placed.beat >= 0) & (placed.beat < n_beats)
    used, kind = np.unique(placed.kind[inside], return_inverse=True)
    cells, n_cells = kind * n_beats + placed.beat[inside], len(used) * n_beats
    x = np.stack([np.bincount(cells, row, n_cells) for row in values[:, inside]])
    x = x.reshape(-1, n_beats)
    x -= x.mean(axis=1, keepdims=True)
    power = (x**2).sum(axis=0)
    similarity = np.zeros(METRE.max_lag + 1)
    for lag in range(1, min(METRE.max_lag, n_beats - 2) + 1):
        norm = np.sqrt(power[:-lag].sum() * power[lag:].sum())
        similarity[lag] = (x[:, :-lag] * x[:, lag:]).sum() / (norm + 1e-9)
    return similarity
