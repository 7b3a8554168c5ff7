"""From written notes (beats) to performed notes (seconds): tempo, touch, dynamics, pedal."""

from dataclasses import dataclass, replace

import numpy as np

from training.music.textures import Beat
from training.rng import Rng


@dataclass(frozen=True)
class Played:
    """A performed note; times in seconds.

    `end` is the release by finger or pedal, whichever is later; `released` is the release of the
    key if the pedal holds the note for longer.
    """

    start: float
    end: float
    pitch: int
    velocity: int
    released: float = np.inf


@dataclass(frozen=True)
class Clock:
    """Times of beats: `seconds` (point,) at `beats` (point,)."""

    beats: np.ndarray
    seconds: np.ndarray

    @property
    def tempo(self) -> float:
        """Mean tempo in beats a minute."""
        return 60 * float(self.beats[-1] / self.seconds[-1])

    def at(self, beat: float) -> float:
        """Return the time of a beat in seconds."""
        return float(np.interp(beat, self.beats, self.seconds))


def clock(rng: Rng, beats: float, tempo: float) -> Clock:
    """Draw a steady or variable tempo with a mean of `tempo` beats a minute."""
    grid = np.arange(0, beats + 8, 0.25)
    sway = float(rng.choice([0, 0.02, 0.06, 0.15]))
    walk = np.convolve(rng.standard_normal(len(grid) + 16), np.hanning(17), mode="valid")[
        : len(grid)
    ]
    pace = np.exp(sway * walk / (np.std(walk) + 1e-9))
    seconds = np.concatenate([[0], np.cumsum(60 / tempo * 0.25 * pace[:-1])])
    return Clock(grid, seconds)


def articulate(rng: Rng, notes: list[Beat]) -> list[Beat]:
    """Shorten or lengthen notes: staccato to legato with overlap, with changes."""
    touch, out, until = 0.9, [], -1.0
    for note in sorted(notes):
        if note.start > until:
            touch = float(rng.choice([0.25, 0.5, 0.8, 0.9, 0.95, 1.0, 1.05, 1.15]))
            until = note.start + float(rng.integers(4, 17))
        out.append(note._replace(length=note.length * touch * float(rng.uniform(0.92, 1.05))))
    return out


def dynamics(rng: Rng, notes: list[Beat], level: float, span: float) -> list[tuple[Beat, int]]:
    """Draw a velocity for every note: a level that varies by `span`, the weight, and chance."""
    period, phase = float(rng.uniform(4, 24)), float(rng.uniform(0, 2 * np.pi))
    weight, chance = float(rng.uniform(0.3, 1.8)), float(rng.choice([2, 5, 10, 16]))
    accents = float(rng.choice([0, 0.03, 0.1]))
    pairs = []
    for note in notes:
        velocity = (
            level + span * np.sin(2 * np.pi * note.start / period + phase) + weight * note.weight
        )
        velocity += chance * rng.standard_normal() + (25 if rng.random() < accents else 0)
        pairs.append((note, int(np.clip(np.rint(velocity), 8, 127))))
    return pairs


def perform(rng: Rng, notes: list[Beat], time: Clock, level: float, span: float) -> list[Played]:
    """Time notes in seconds with jitter, and spread chords from the bottom up."""
    jitter = float(rng.choice([0.0, 0.004, 0.01, 0.02]))
    spread = float(rng.choice([0.0, 0.0, 0.004, 0.012, 0.03])) if rng.random() < 0.95 else 0.07
    played = []
    ranks: dict[float, int] = {}
    for note, velocity in dynamics(rng, sorted(notes), level, span):
        rank = ranks.get(note.start, 0)
        ranks[note.start] = rank + 1
        start = (
            time.at(note.start)
            + rank * spread * float(rng.uniform(0.5, 1))
            + jitter * rng.standard_normal()
        )
        end = time.at(note.start + note.length) + 0.5 * jitter * rng.standard_normal()
        start = max(0.0, start)
        played.append(Played(start, max(start + 0.04, end), note.pitch, velocity))
    return played


def pedalled(rng: Rng, notes: list[Played], changes: list[float]) -> list[Played]:
    """Extend notes to the next pedal change.

    The pedal is up for a moment at each of `changes` (seconds), and sometimes not in use.
    """
    late = float(rng.uniform(0.03, 0.15))
    lifts = np.array(sorted(change + late for change in changes if rng.random() > 0.1))
    up = rng.random(len(lifts) + 1) < 0.15  # after this lift the pedal stays up
    out = []
    for note in notes:
        span = int(np.searchsorted(lifts, note.end))
        held = span < len(lifts) and not up[span]
        out.append(
            replace(note, end=max(note.end, float(lifts[span])), released=note.end)
            if held
            else note
        )
    return out


def untangled(notes: list[Played], shortest: float = 0.03) -> list[Played]:
    """Remove overlaps of equal pitches.

    A note ends at the next note of the same pitch; of two notes within `shortest` seconds the
    louder one stays.
    """
    last: dict[int, Played] = {}
    out = []
    for note in sorted(notes, key=lambda n: (n.start, -n.velocity)):
        before = last.get(note.pitch)
        if before is not None and note.start - before.start < shortest:
            continue
        if before is not None and before.end > note.start:
            last[note.pitch] = replace(before, end=note.start)
        if before is not None:
            out.append(last.pop(note.pitch))
        last[note.pitch] = note
    return sorted([*out, *last.values()], key=lambda n: (n.start, n.pitch))


def at_most(notes: list[Played], voices: int) -> list[Played]:
    """Limit the concurrent notes to `voices`: one more note ends the oldest."""
    sounding: list[int] = []
    out = list(notes)
    for index, note in enumerate(out):
        sounding = [i for i in sounding if out[i].end > note.start]
        while len(sounding) >= voices:
            oldest = sounding.pop(0)
            out[oldest] = replace(out[oldest], end=note.start)
        sounding.append(index)
    return [note for note in out if note.end - note.start >= 0.03]
