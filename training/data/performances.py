"""Performances of scores with known beats: other metres, drums, accompaniment, tempo and mistakes.

Scores have few metres. Bars are therefore also stretched and joined (3/4 with a longer last beat
becomes 7/8, 4/4 with one more beat 5/4, pairs of 6/8 become 12/8), and eighth notes swung.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from otowake.types import Floats, Note
from training.data.corpus import Piece
from training.rng import Rng

TRIADS = ((0, 4, 7), (5, 9, 12), (7, 11, 14), (9, 12, 16), (2, 5, 9), (4, 7, 11))
"""Chords of an accompaniment, semitones above the tonic of the major key."""

KICK, SNARE, HAT = 36, 38, 42


class Written(NamedTuple):
    """Written music on a grid of beats.

    Attributes
    ----------
    rows
        Onset and duration in beats and MIDI number, shape (note, 3); beat 0 is a downbeat.
    signature, division
        As in :class:`otowake.music.theory.time_signatures.Metre`.
    beats_in_bar
        Beats of a bar.
    """

    rows: NDArray[np.float64]
    signature: tuple[int, int]
    division: str
    beats_in_bar: int


class Performance(NamedTuple):
    """Notes in seconds, with the truth.

    Attributes
    ----------
    notes
        The notes.
    written
        The music.
    beats
        Seconds, times of the beats.
    downbeats
        Whether each is a downbeat.
    """

    notes: list[Note]
    written: Written
    beats: Floats
    downbeats: NDArray[np.bool_]


def written(piece: Piece) -> Written | None:
    """Return a piece in beats; None in a metre that the model does not know."""
    top, bottom = piece.metre
    if top in (6, 9, 12) and bottom in (4, 8):
        quarters, division, bar = 12 / bottom, "compound", top // 3
    elif bottom in (2, 4, 8) and top in (2, 3, 4):
        quarters, division, bar = 4 / bottom, "simple", top
        if (top, bottom) in ((2, 2), (4, 2)) or (
            (top, bottom) == (2, 4) and np.median(piece.notes[:, 1]) <= 0.25
        ):  # cut time and reels: the same music is written in 4/4
            quarters, bar = quarters / 2, 4
    else:
        return None
    signature = (3 * bar, 8) if division == "compound" else (bar, 4)
    rows = piece.notes.copy()
    rows[:, 0] = (rows[:, 0] - piece.pick_up) / quarters
    rows[:, 1] /= quarters
    rows[:, 0] += bar * (rows[0, 0] < -1e-9) * np.ceil(-rows[0, 0] / bar)
    return Written(rows, signature, division, bar)


def excerpt(rng: Rng, music: Written, beats: float) -> Written:
    """Cut an excerpt that begins with the piece or, half the time, at a bar inside it."""
    rows = music.rows
    last = rows[:, 0].max()
    start = 0.0
    if rng.random() < 0.5 and last > beats:
        bar = music.beats_in_bar
        start = bar * float(rng.integers(0, max(int((last - beats) / bar), 1)))
        start += float(rng.choice([0, 0, 0, bar - 1])) if start else 0
    inside = (rows[:, 0] >= start - 1e-6) & (rows[:, 0] < start + beats)
    kept = rows[inside].copy()
    kept[:, 0] -= music.beats_in_bar * np.floor(start / music.beats_in_bar)
    return music._replace(rows=kept)


def _warped(
    rows: NDArray[np.float64], bar: float, points: Floats, moved: Floats
) -> NDArray[np.float64]:
    """Move positions within bars by a piecewise linear map, which may change a bar's length."""

    def at(x: Floats) -> Floats:
        whole = np.floor(x / bar + 1e-9)
        return whole * moved[-1] + np.interp(x - whole * bar, points, moved)

    new = rows.copy()
    new[:, 0] = at(rows[:, 0])
    new[:, 1] = np.maximum(at(rows[:, 0] + rows[:, 1]) - new[:, 0], 0.05)
    return new


def seven(rng: Rng, music: Written) -> Written | None:
    """Return 3/4 as 7/8, beats of an eighth note: one beat gets one eighth note more."""
    if music.signature != (3, 4):
        return None
    longer = int(rng.choice([0, 1, 2, 2, 0]))
    points, moved = [0.0], [0.0]
    for beat in range(3):
        step = 3 if beat == longer else 2
        inner = [(0.5, 1.0)] if step == 2 else [(0.5, 1.0), (0.75, 2.0)]
        base = moved[-1]
        for part, eighths in inner:
            points.append(beat + part)
            moved.append(base + eighths)
        points.append(beat + 1.0)
        moved.append(base + step)
    rows = _warped(music.rows, 3.0, np.array(points), np.array(moved))
    return Written(rows, (7, 8), "eighths", 7)


def five(rng: Rng, music: Written) -> Written | None:
    """Return 4/4 as 5/4: the second or the fourth beat is twice as long."""
    if music.signature != (4, 4):
        return None
    longer = int(rng.choice([1, 3]))
    points = np.arange(9) / 2
    moved, at = [], 0.0
    for step in range(9):
        moved.append(at)
        at += 1.0 if step // 2 == longer else 0.5
    return Written(_warped(music.rows, 4.0, points, np.array(moved)), (5, 4), "simple", 5)


def twelve(rng: Rng, music: Written) -> Written | None:
    """Return 6/8 as 12/8, from the first bar on, or swung 4/4 written as 12/8."""
    if music.signature != (6, 8):
        return None
    return music._replace(signature=(12, 8), beats_in_bar=4)


def swung(rng: Rng, music: Written) -> Written | None:
    """Return 4/4 or 3/4 with late second eighth notes."""
    if music.division != "simple" or music.beats_in_bar not in (3, 4):
        return None
    halves = np.abs(music.rows[:, 0] % 1 - 0.5) < 1e-6
    quarters = np.abs(music.rows[:, 0] % 0.5 - 0.25) < 1e-6
    if halves.mean() < 0.15 or quarters.mean() > 0.03:
        return None
    late = float(rng.uniform(0.62, 0.69))
    rows = _warped(music.rows, 1.0, np.array([0, 0.5, 1]), np.array([0, late, 1]))
    return Written(rows, music.signature, "swing", music.beats_in_bar)


CHANGES: dict[str, Callable[[Rng, Written], Written | None]] = {
    "seven": seven,
    "five": five,
    "twelve": twelve,
    "swung": swung,
}


def strong_beats(music: Written) -> list[int]:
    """Return beats of a bar that an accompaniment stresses besides the downbeat."""
    if music.signature == (7, 8):
        onsets = np.round(music.rows[:, 0] % 7).astype(int)
        counts = np.bincount(onsets % 7, minlength=7)
        groups = max(((2, 4), (3, 5), (2, 5)), key=lambda pair: sum(counts[list(pair)]))
        return list(groups)
    if music.beats_in_bar == 5:
        counts = np.bincount(np.round(music.rows[:, 0] % 5).astype(int) % 5, minlength=5)
        return [3 if counts[3] >= counts[2] else 2]
    return [2] if music.beats_in_bar == 4 else []


def accompanied(rng: Rng, music: Written, solo: bool = False) -> Written:
    """Add a bass on strong beats, with chords on the others or without, below a single line.

    If `solo`, return only what is added.
    """
    rows, bar = music.rows, music.beats_in_bar
    tonic = int(rng.integers(0, 12))
    histogram = np.bincount(rows[:, 2].astype(int) % 12, rows[:, 1], 12)
    fits = [sum(histogram[(t + s) % 12] for s in (0, 2, 4, 5, 7, 9, 11)) for t in range(12)]
    tonic = int(np.argmax(fits))
    strong, added = strong_beats(music), []
    after_beats = rng.random() < 0.65
    on_strong = rng.random() < 0.7
    n_bars = int(rows[:, 0].max() // bar) + 1
    held = rng.random() < 0.2
    group = {0, *strong}
    for number in range(n_bars):
        inside = rows[(rows[:, 0] >= bar * number) & (rows[:, 0] < bar * (number + 1))]
        if not len(inside):
            continue
        weights = np.bincount(inside[:, 2].astype(int) % 12, inside[:, 1], 12)
        scores = [
            sum(weights[(tonic + t) % 12] for t in triad) - 0.02 * rank
            for rank, triad in enumerate(TRIADS)
        ]
        chord = TRIADS[int(np.argmax(scores))]
        root = 36 + (tonic + chord[0]) % 12
        starts = [0, *(strong if on_strong else [])]
        ends = [*starts[1:], bar]
        for order, (start, end) in enumerate(zip(starts, ends, strict=True)):
            pitch = root + (7 if order % 2 and rng.random() < 0.6 else 0)
            length = (end - start) if held or not after_beats else min(1.0, end - start)
            added.append((bar * number + start, 0.9 * length, pitch))
            if not after_beats:
                for t in chord[1:]:
                    added.append((bar * number + start, 0.9 * length, 48 + (tonic + t) % 12))
        if after_beats:
            step = [b for b in range(bar) if b not in group or (not on_strong and b)]
            added += [(bar * number + b, 0.6, 48 + (tonic + t) % 12) for b in step for t in chord]
    line = [] if solo else list(map(tuple, rows))
    return music._replace(rows=np.array(sorted([*line, *added])))


def drummed(rng: Rng, music: Written, end: float) -> list[tuple[float, int, float]]:
    """Compose drums: onset in beats, key and velocity."""
    bar = music.beats_in_bar
    strong, eighths = strong_beats(music), music.division == "eighths"
    parts = {
        "simple": (0.0, 0.5),
        "swing": (0.0, 2 / 3),
        "compound": (0.0, 1 / 3, 2 / 3),
        "eighths": (0.0,),
    }[music.division]
    if rng.random() < 0.3:
        parts = parts[:1]
    backbeat = {
        (4, "simple"): [1, 3],
        (4, "swing"): [1, 3],
        (2, "compound"): [1],
        (4, "compound"): [1, 3],
        (2, "simple"): [1],
        (3, "simple"): [1, 2],
        (3, "swing"): [1, 2],
        (3, "compound"): [2],
    }.get((bar, music.division), strong)
    kicks = [0, *([2] if bar == 4 and rng.random() < 0.7 else [])]
    if bar == 4 and rng.random() < 0.3:
        kicks = [0, 2.5 if music.division == "simple" else 2]
    if bar == 4 and rng.random() < 0.15:
        kicks = [0, 1, 2, 3]
    if eighths and rng.random() < 0.5:
        kicks = [0, strong[-1]]
        backbeat = strong[:1]
    hits = []
    for number in range(int(end // bar) + 1):
        at = bar * number
        hits += [(at + k, KICK, 0.85) for k in kicks]
        hits += [(at + b, SNARE, 0.8) for b in backbeat]
        hits += [(at + b + p, HAT, 0.5) for b in range(bar) for p in parts]
    return [hit for hit in hits if hit[0] <= end]


def perform(
    rng: Rng,
    music: Written,
    tempo: float,
    *,
    drums: bool = False,
    drift: str = "",
    jitter: float | None = None,
    accent: float | None = None,
    mistakes: float | None = None,
) -> Performance:
    """Perform written music.

    Parameters
    ----------
    tempo
        Beats per minute, at the beginning with a drift.
    drift
        ``"accelerando"`` (to 1.6 times the tempo), ``"ritardando"``, ``"rubato"``, or empty: steady
        within a few percent.
    jitter
        Seconds, standard deviation of onsets; drawn by default.
    accent
        Share by which downbeats are louder; drawn by default.
    mistakes
        Share of notes that are missed, and added; drawn by default.
    """
    rows = music.rows[np.argsort(music.rows[:, 0], kind="stable")]
    end = float((rows[:, 0] + rows[:, 1]).max()) + 1
    grid = np.arange(0, end + 2, 0.25)
    walk = np.convolve(rng.standard_normal(len(grid) + 24), np.hanning(25), "valid")[: len(grid)]
    walk /= np.std(walk) + 1e-9
    sway = float(rng.choice([0.0, 0.01, 0.03])) if drift != "rubato" else 0.09
    pace = np.exp(sway * walk)
    if drift in ("accelerando", "ritardando"):
        change = np.linspace(0, np.log(1.6), len(grid))
        pace *= np.exp(change if drift == "ritardando" else -change)
    lead = float(rng.uniform(0, 1.2))
    clock = lead + np.concatenate([[0], np.cumsum(60 / tempo * 0.25 * pace[:-1])])
    clock -= np.interp(rows[0, 0], grid, clock) - lead

    def at(beat: Any) -> Any:
        return np.interp(beat, grid, clock)

    jitter = float(rng.choice([0.0, 0.006, 0.012, 0.02])) if jitter is None else jitter
    accent = float(rng.choice([0.0, 0.0, 0.1, 0.25])) if accent is None else accent
    mistakes = float(rng.choice([0.0, 0.03, 0.1])) if mistakes is None else mistakes
    touch = float(rng.choice([0.5, 0.8, 0.95, 1.05]))
    bar = music.beats_in_bar
    notes = []
    for onset, length, midi in rows.tolist():
        if rng.random() < mistakes:
            continue
        start = float(at(onset)) + jitter * float(rng.standard_normal())
        stop = float(at(onset) + touch * (at(onset + length) - at(onset)))
        position = round(onset, 3) % bar
        stress = 1 if position == 0 else 0.5 if position == round(position) else 0
        loud = float(np.clip(0.55 + accent * stress + 0.07 * rng.standard_normal(), 0.05, 1))
        start = max(start, 0.0)
        notes.append(Note(start, max(stop, start + 0.04), int(midi), loud))
        if rng.random() < mistakes / 2:
            other = int(np.clip(midi + rng.choice([12, 19, -12, 1]), 21, 108))
            notes.append(Note(start, max(stop, start + 0.04), other, 0.3))
    if drums:
        for onset, key, velocity in drummed(rng, music, rows[:, 0].max()):
            if rng.random() >= mistakes and onset >= rows[0, 0]:
                start = max(float(at(onset)) + 0.5 * jitter * float(rng.standard_normal()), 0.0)
                notes.append(Note(start, start + 0.05, key, velocity, is_drum=True))
    numbers = np.arange(np.ceil(rows[0, 0] - 1e-6), np.floor(rows[:, 0].max() + 1e-6) + 1)
    return Performance(
        sorted(notes, key=lambda note: note.onset),
        music,
        np.asarray(at(numbers)),
        np.isclose(numbers % bar, 0),
    )
