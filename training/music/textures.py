"""Textures: notes in beats that fill a harmony.

A :data:`Texture` is a function `(rng, harmony, low, high, density)` that fills a harmony with notes
between two MIDI pitches, about `density` notes a beat. All randomness comes from `rng`.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from training.music.harmony import Harmony, ladder
from training.rng import Rng


class Beat(NamedTuple):
    """A written note: start and length in beats, MIDI pitch, weight in units of velocity."""

    start: float
    length: float
    pitch: int
    weight: float = 0.0


Texture = Callable[[Rng, Harmony, int, int, float], list[Beat]]


def _rhythm(rng: Rng, beats: float, density: float) -> list[tuple[float, float]]:
    """Draw (start, length) of notes that fill some beats, in figures that tend to repeat."""
    values = np.array([4, 3, 2, 1.5, 1, 0.75, 2 / 3, 0.5, 1 / 3, 0.25])
    weights = np.exp(-2.2 * np.abs(np.log2(values * density)))
    figure = rng.choice(values, int(rng.integers(1, 7)), p=weights / weights.sum())
    rests = rng.random() < 0.3
    notes, clock, index = [], 0.0, 0
    while clock < beats - 1e-6:
        length = min(float(figure[index % len(figure)]), beats - clock)
        if not (rests and rng.random() < 0.15):
            notes.append((clock, length))
        clock += length
        index += 1
        if rng.random() < 0.03:
            figure = rng.choice(values, int(rng.integers(1, 7)), p=weights / weights.sum())
    return notes


def _voicing(rng: Rng, classes: tuple[int, ...], low: int, high: int, size: int) -> list[int]:
    """Draw `size` chord tones close together, sometimes with the outer ones doubled in octaves."""
    rungs = ladder(classes, low, high)
    size = min(size, len(rungs))
    begin = int(rng.integers(0, len(rungs) - size + 1))
    if rng.random() < 0.3 and len(rungs) > size:
        return sorted(int(p) for p in rng.choice(rungs, size, replace=False))
    chosen = rungs[begin : begin + size]
    if rng.random() < 0.25:
        chosen = sorted(
            {*chosen, *(p for p in (chosen[0] - 12, chosen[-1] + 12) if low <= p <= high)}
        )
    return chosen


def block_chords(
    rng: Rng, ground: Harmony, low: int, high: int, density: float, most: int = 6
) -> list[Beat]:
    """Write block chords, often in a repeated rhythm."""
    notes = []
    size = int(rng.integers(2, most + 1))
    for chord in ground.chords:
        pitches = _voicing(rng, chord.classes, low, high, max(2, size + int(rng.integers(-1, 2))))
        for start, length in _rhythm(rng, chord.length, density * 0.6):
            if rng.random() < 0.2:
                pitches = _voicing(rng, chord.classes, low, high, size)
            notes += [
                Beat(chord.start + start, length, p, 6.0 if p == pitches[-1] else -3.0)
                for p in pitches
            ]
    return notes


def dense_chords(rng: Rng, ground: Harmony, low: int, high: int, density: float) -> list[Beat]:
    """Write full chords of up to ten notes, with octaves in both hands."""
    return block_chords(rng, ground, low, high, density, most=10)


def arpeggio(rng: Rng, ground: Harmony, low: int, high: int, density: float) -> list[Beat]:
    """Write broken chords: up, down, both, Alberti's pattern or at random."""
    step = float(rng.choice([0.25, 1 / 3, 0.5, 0.5])) / max(0.5, density / 2)
    pattern = str(rng.choice(["up", "down", "wave", "alberti", "random"]))
    hold = float(rng.choice([1, 1, 1.5, 4]))
    size = int(rng.integers(3, 9))
    notes = []
    for chord in ground.chords:
        pitches = _voicing(rng, chord.classes, low, high, 3 if pattern == "alberti" else size)
        order = {
            "up": pitches,
            "down": pitches[::-1],
            "wave": pitches + pitches[-2:0:-1],
            "alberti": [pitches[i % len(pitches)] for i in (0, 2, 1, 2)],
            "random": list(rng.permutation(pitches)),
        }[pattern]
        for index in range(max(1, int(chord.length / step))):
            weight = 5.0 if index % len(order) == 0 else -2.0
            notes.append(
                Beat(
                    chord.start + index * step, step * hold, int(order[index % len(order)]), weight
                )
            )
    return notes


def melody(rng: Rng, ground: Harmony, low: int, high: int, density: float) -> list[Beat]:
    """Write a line of steps and some leaps, with chord tones on strong beats."""
    rungs = ladder(ground.scale, low, high)
    index = int(rng.integers(len(rungs)))
    leaps = float(rng.choice([0.1, 0.25, 0.6]))
    notes = []
    for start, length in _rhythm(rng, ground.beats, density):
        chord = next(
            (c for c in reversed(ground.chords) if c.start <= start + 1e-6), ground.chords[0]
        )
        if rng.random() < leaps:
            index += int(rng.integers(-7, 8))
        else:
            index += int(rng.choice([-2, -1, -1, 0, 1, 1, 2]))
        if not 0 <= index < len(rungs):
            index = int(
                np.clip(
                    len(rungs) - abs(index - len(rungs)) if index > 0 else -index, 0, len(rungs) - 1
                )
            )
        pitch = rungs[index]
        if start % 1 == 0 and rng.random() < 0.5:
            pitch = min(ladder(chord.classes, low, high), key=lambda p: abs(p - rungs[index]))
        if rng.random() < 0.04:
            pitch = int(np.clip(pitch + rng.choice([-1, 1]), low, high))
        notes.append(Beat(start, length, pitch, 4.0 if start % 2 == 0 else 0.0))
    return notes


def octaves(rng: Rng, ground: Harmony, low: int, high: int, density: float) -> list[Beat]:
    """Write a melody in parallel octaves, thirds, sixths or tenths."""
    interval = int(rng.choice([12, 12, 12, 3, 4, 8, 9, 16, 7, 24]))
    line = melody(rng, ground, low, max(low + 5, high - interval), density)
    return line + [
        note._replace(pitch=note.pitch + interval, weight=-2.0)
        for note in line
        if note.pitch + interval <= high
    ]


def scale_run(rng: Rng, ground: Harmony, low: int, high: int, density: float) -> list[Beat]:
    """Write fast scales up and down, diatonic or chromatic."""
    rungs = ladder(tuple(range(12)) if rng.random() < 0.2 else ground.scale, low, high)
    step = float(rng.choice([0.25, 0.25, 0.5, 1 / 3])) / max(0.5, density / 2)
    index, way = int(rng.integers(len(rungs))), int(rng.choice([-1, 1]))
    notes, clock = [], 0.0
    while clock < ground.beats:
        if not 0 <= index + way < len(rungs) or rng.random() < 0.07:
            way = -way
        index = int(np.clip(index + way, 0, len(rungs) - 1))
        notes.append(Beat(clock, step, rungs[index], 4.0 if clock % 1 == 0 else 0.0))
        clock += step * (1 if rng.random() > 0.04 else int(rng.integers(2, 6)))
    return notes


def repeated(rng: Rng, ground: Harmony, low: int, high: int, density: float) -> list[Beat]:
    """Write repetitions of a note or chord, up to about ten a second."""
    step = float(rng.choice([0.25, 0.25, 0.5, 1 / 3, 1])) / max(0.5, density / 2)
    size = int(rng.choice([1, 1, 1, 2, 3, 4]))
    length = step * float(rng.choice([0.5, 0.9, 1.0]))
    notes = []
    for chord in ground.chords:
        pitches = _voicing(rng, chord.classes, low, high, size)
        for index in range(max(1, int(chord.length / step))):
            notes += [
                Beat(chord.start + index * step, length, p, 5.0 if index % 4 == 0 else -3.0)
                for p in pitches
            ]
            if rng.random() < 0.06:
                pitches = _voicing(rng, chord.classes, low, high, size)
    return notes


def trill(rng: Rng, ground: Harmony, low: int, high: int, density: float) -> list[Beat]:
    """Write trills and tremolos with longer notes between them."""
    notes, clock = [], 0.0
    while clock < ground.beats:
        pitch = int(rng.choice(ladder(ground.scale, low, high)))
        if rng.random() < 0.5:
            other = min(high, pitch + int(rng.choice([1, 2, 2, 3, 7, 12])))
            step = float(rng.choice([0.125, 1 / 6, 0.25]))
            count = int(rng.integers(4, 17))
            notes += [Beat(clock + i * step, step, (pitch, other)[i % 2]) for i in range(count)]
            clock += count * step
        length = float(rng.choice([0.5, 1, 2]))
        notes.append(Beat(clock, length, pitch, 3.0))
        clock += length
    return notes


def clusters(rng: Rng, ground: Harmony, low: int, high: int, density: float) -> list[Beat]:
    """Write notes and clusters without a key, loud and soft, near and far."""
    notes = []
    for start, length in _rhythm(rng, ground.beats, density):
        size = int(rng.choice([1, 1, 2, 3, 4, 5]))
        middle = int(rng.integers(low, high + 1))
        reach = int(rng.choice([4, 12, 30]))
        near = np.arange(max(low, middle - reach), min(high, middle + reach) + 1)
        for pitch in rng.choice(near, min(size, len(near)), replace=False):
            notes.append(
                Beat(
                    start,
                    length * float(rng.uniform(0.3, 2)),
                    int(pitch),
                    float(rng.uniform(-25, 15)),
                )
            )
    return notes


def leaps(rng: Rng, ground: Harmony, low: int, high: int, density: float) -> list[Beat]:
    """Write bass notes and higher chords in turn, as in a stride or a waltz."""
    meter = int(rng.choice([2, 3, 4]))
    split = low + (high - low) // 3
    notes = []
    for chord in ground.chords:
        tones = _voicing(rng, chord.classes, split, high, int(rng.integers(2, 5)))
        for beat in range(max(1, int(chord.length))):
            if beat % meter == 0:
                bass = int(rng.choice(ladder(chord.classes[:1], low, split)))
                notes.append(Beat(chord.start + beat, 1, bass, 5.0))
            else:
                notes += [
                    Beat(chord.start + beat, float(rng.choice([0.5, 1])), p, -6.0) for p in tones
                ]
    return notes


def held(rng: Rng, ground: Harmony, low: int, high: int, density: float) -> list[Beat]:
    """Write long chords that change with the harmony; common tones are repeated or tied."""
    size = int(rng.integers(1, 5))
    tied = rng.random() < 0.5
    sounding: dict[int, tuple[float, float]] = {}
    notes = []
    for chord in ground.chords:
        wanted = _voicing(rng, chord.classes, low, high, size)
        end = chord.start + chord.length
        kept = {p: sounding.pop(p)[0] for p in wanted if tied and p in sounding}
        notes += [Beat(start, stop - start, p) for p, (start, stop) in sounding.items()]
        sounding = {p: (kept.get(p, chord.start), end) for p in wanted}
    return notes + [Beat(start, stop - start, p) for p, (start, stop) in sounding.items()]


def pedal_point(rng: Rng, ground: Harmony, low: int, high: int, density: float) -> list[Beat]:
    """Hold one to three notes, as a drone or bagpipe does, mostly below a moving line."""
    base = ladder(ground.chords[0].classes[:1], low, high)[0]
    held_up = rng.random() < 0.2
    over = [p for p in (base, base + 7, base + 12) if p <= high]
    kept = over[: int(rng.integers(1, 4))]
    if held_up:
        kept = [ladder(ground.chords[0].classes, low, high)[-1]]
    notes = [Beat(0.0, ground.beats, p, -4.0) for p in kept]
    if rng.random() < 0.8:
        line = melody if rng.random() < 0.6 else block_chords
        bounds = (low, kept[0] - 1) if held_up else (kept[-1] + 1, high)
        if bounds[1] - bounds[0] >= 5:
            notes += line(rng, ground, *bounds, density)
    return notes


def chorale(rng: Rng, ground: Harmony, low: int, high: int, density: float) -> list[Beat]:
    """Write three to five slow voices, some of which stay while others move."""
    count = int(rng.integers(3, 6))
    edges = np.linspace(low, high, count + 1).astype(int)
    unit = float(rng.choice([1, 2, 2, 4]))
    notes: list[Beat] = []
    for bottom, top in pairwise(edges):
        clock, pitch = 0.0, int((bottom + top) // 2)
        while clock < ground.beats - 1e-6:
            length = min(unit * float(rng.choice([1, 1, 2, 3, 4])), ground.beats - clock)
            chord = next(c for c in reversed(ground.chords) if c.start <= clock + 1e-6)
            rungs = ladder(chord.classes, max(low, int(bottom) - 2), min(high, int(top) + 2))
            pitch = min(rungs, key=lambda p, near=pitch: abs(p - near) + 3 * float(rng.random()))
            if rng.random() > 0.05:
                notes.append(Beat(clock, length, pitch))
            clock += length
    return notes


def tolling(rng: Rng, ground: Harmony, low: int, high: int, density: float) -> list[Beat]:
    """Write soft notes that ring for long, mostly low, some repeated."""
    notes, clock = [], 0.0
    while clock < ground.beats:
        chord = next(c for c in reversed(ground.chords) if c.start <= clock + 1e-6)
        rungs = ladder(chord.classes, low, high)
        pitch = rungs[int(len(rungs) * rng.random() ** 2)]
        length = float(rng.choice([4, 6, 8, 12]))
        for repeat in range(int(rng.choice([1, 1, 1, 2, 4]))):
            gap = float(rng.choice([0.5, 1, 2]))
            notes.append(Beat(clock + repeat * gap, length, pitch, float(rng.uniform(-30, 0))))
        clock += float(rng.choice([1, 2, 3, 4]))
    return notes


def reed_chords(rng: Rng, ground: Harmony, low: int, high: int, density: float) -> list[Beat]:
    """Write two to four neighbours of a chord, as on a harmonica, and single notes."""
    notes = []
    for chord in ground.chords:
        rungs = ladder(chord.classes[:3], low, high)
        index = int(rng.integers(len(rungs)))
        for start, length in _rhythm(rng, chord.length, density * 0.7):
            index = int(np.clip(index + rng.integers(-2, 3), 0, len(rungs) - 1))
            size = int(rng.choice([1, 2, 3, 3, 4]))
            notes += [Beat(chord.start + start, length, p) for p in rungs[index : index + size]]
    return notes


def bass_line(rng: Rng, ground: Harmony, low: int, high: int, density: float) -> list[Beat]:
    """Write roots, fifths and steps between them."""
    notes = []
    for chord in ground.chords:
        roots = ladder(chord.classes[:1], low, high)
        tones = ladder((*chord.classes[:3], *ground.scale[:2]), low, high)
        for start, length in _rhythm(rng, chord.length, density * 0.7):
            pitch = int(rng.choice(roots if start == 0 or rng.random() < 0.4 else tones))
            notes.append(Beat(chord.start + start, length, pitch, 4.0 if start == 0 else 0.0))
    return notes


def voices(rng: Rng, ground: Harmony, low: int, high: int, density: float) -> list[Beat]:
    """Write two to four independent lines in separate registers."""
    count = int(rng.integers(2, 5))
    edges = np.linspace(low, high, count + 1).astype(int)
    notes = []
    for bottom, top in pairwise(edges):
        line = melody(
            rng,
            ground,
            max(low, int(bottom) - 3),
            min(high, int(top) + 3),
            density * float(rng.uniform(0.4, 1.1)),
        )
        weight = float(rng.uniform(-12, 6))
        notes += [note._replace(weight=note.weight + weight) for note in line]
    return notes


def silence(rng: Rng, ground: Harmony, low: int, high: int, density: float) -> list[Beat]:
    """Write no notes."""
    return []
