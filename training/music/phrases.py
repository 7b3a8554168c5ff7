"""Phrases: continuous pitch and level of a monophonic part, as singers, bows and winds make them.

A phrase holds glides, vibrato, scoops, drift, soft attacks and swells, and the notes as a person
would mark them. `training.sounds` synthesises phrases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.music.performance import Played
from training.rng import Rng
from training.sounds.samples import ONSET_DB

STEP = 0.005
"""Seconds between the frames of a phrase."""

AUDIBLE = 10 ** (ONSET_DB / 20)
"""Level of a note's onset relative to the steady level."""

MAX_GAP = 0.05
"""Seconds of silence between written notes that may be played legato, at most."""

Curve = NDArray[Any]


@dataclass(frozen=True)
class SungNote:
    """A note of a phrase; times in seconds.

    Attributes
    ----------
    onset_s
        Where a note with an attack becomes audible (`ONSET_DB` below its steady level), and where
        the pitch of a legato note passes the middle of the interval.
    offset_s
        Start of the release, or the onset of the next legato note.
    pitch
        Median of the pitch between onset and offset, fractional MIDI pitch.
    velocity
        Velocity, 1–127.
    legato
        Whether no gap precedes the note.
    """

    onset_s: float
    offset_s: float
    pitch: float
    velocity: int
    legato: bool


@dataclass(frozen=True)
class Phrase:
    """A monophonic part with a frame every `STEP` seconds.

    Attributes
    ----------
    pitch
        Shape (frame,): continuous MIDI pitch; it glides through rests.
    level
        Shape (frame,): amplitude from 0 to 1, 0 in rests.
    notes
        The notes, in order.
    """

    pitch: NDArray[np.float64]
    level: NDArray[np.float32]
    notes: tuple[SungNote, ...]


@dataclass(frozen=True)
class Style:
    """How a part is played: times in seconds, pitches in semitones, the rest shares from 0 to 1."""

    legato: float
    glide: float
    overshoot: float
    vibrato: float
    rate: float
    delay: float
    tremolo: float
    scoops: float
    scoop: float
    falls: float
    drift: float
    intonation: float
    jitter: float
    attack: float
    release: float
    swells: float
    touch: float


def _log_uniform(rng: Rng, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def style(rng: Rng, freedom: float) -> Style:
    """Draw a style; `freedom` from 0 (keyed winds) to 1 (voices) allows glides and scoops."""
    wide = rng.random() < 0.12
    vibrato = float(rng.uniform(0.7, 1.5) if wide else rng.triangular(0.1, 0.3, 0.75))
    soft = rng.random() < 0.35
    return Style(
        legato=float(rng.choice([0.0, 0.4, 0.8, 1.0], p=[0.1, 0.2, 0.35, 0.35])),
        glide=_log_uniform(rng, 0.02, 0.05 + 0.2 * freedom),
        overshoot=float(rng.uniform(0, 0.4)) * freedom,
        vibrato=vibrato * (0.4 + 0.6 * freedom) if rng.random() < 0.5 + 0.3 * freedom else 0.0,
        rate=float(rng.triangular(3.5, 5.6, 8)),
        delay=float(rng.choice([0.0, 0.15, 0.4, 0.8])),
        tremolo=float(rng.choice([0, 0.1, 0.25, 0.4])),
        scoops=float(rng.choice([0, 0.1, 0.35, 0.8])) * freedom,
        scoop=float(rng.triangular(0.3, 0.8, 3)),
        falls=float(rng.choice([0, 0, 0.1, 0.4])) * freedom,
        drift=float(rng.choice([0, 0.05, 0.12, 0.2])) * (0.4 + 0.6 * freedom),
        intonation=float(rng.uniform(0, 0.25)) * (0.3 + 0.7 * freedom),
        jitter=float(rng.uniform(0, 0.06)) * (0.2 + 0.8 * freedom),
        attack=_log_uniform(rng, 0.08, 0.4) if soft else _log_uniform(rng, 0.005, 0.08),
        release=_log_uniform(rng, 0.03, 0.3),
        swells=float(rng.choice([0, 0.3, 0.8])),
        touch=float(rng.uniform(0.8, 1.8)),
    )


def smooth_step(x: Curve) -> Curve:
    """Rise from 0 to 1 for `x` from 0 to 1."""
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)


_AUDIBLE_AT = 0.2206
"""Where :func:`smooth_step` is `AUDIBLE`."""


def _walk(rng: Rng, frames: int, seconds: float) -> Curve:
    """Draw a smooth curve of standard deviation 1 that changes over about so many seconds."""
    points = max(2, int(np.ceil(frames * STEP / seconds)) + 1)
    knots = rng.standard_normal(points + 3)
    position = np.arange(frames) * STEP / seconds
    whole = position.astype(int)
    t = smooth_step(position - whole)
    return (1 - t) * knots[whole] + t * knots[whole + 1]


def monophonic(played: Sequence[Played], shortest: float = 0.05) -> list[Played]:
    """Return the notes without overlap: a note ends where the next one starts."""
    notes: list[Played] = []
    for note in sorted(played, key=lambda n: (n.start, -n.pitch)):
        if notes and note.start - notes[-1].start < shortest:
            continue
        if notes and notes[-1].end > note.start:
            notes[-1] = replace(notes[-1], end=note.start)
        notes.append(note)
    return [note for note in notes if note.end - note.start >= shortest]


def phrase(rng: Rng, played: Sequence[Played], how: Style) -> Phrase:
    """Perform a part as one continuous line.

    Raises
    ------
    ValueError
        If there are no notes.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> line = phrase(rng, [Played(0.1, 0.6, 60, 80), Played(0.6, 1.2, 62, 80)], style(rng, 1.0))
    >>> [note.onset_s for note in line.notes]
    [0.1, 0.6]
    """
    notes = monophonic(played)
    if not notes:
        raise ValueError("a phrase needs notes")
    starts = np.array([n.start for n in notes])
    ends = np.array([n.end for n in notes])
    gaps = np.concatenate([[np.inf], starts[1:] - ends[:-1]])
    steps = np.diff([n.pitch for n in notes], prepend=notes[0].pitch)
    legato = (gaps < MAX_GAP) & (steps != 0) & (rng.random(len(notes)) < how.legato)
    ends[:-1] = np.where(legato[1:], starts[1:], ends[:-1])
    for k in np.flatnonzero(~legato[1:] & (gaps[1:] < MAX_GAP)):  # room to articulate the next note
        room = max(float(gaps[k + 1]), float(rng.uniform(0.02, 0.08)))
        ends[k] = max(starts[k + 1] - room, starts[k] + 0.6 * (starts[k + 1] - starts[k]))
    frames = int(np.ceil((ends[-1] + 2 * how.release + 0.05) / STEP)) + 1
    time = np.arange(frames) * STEP
    pitch = _pitch(rng, how, notes, starts, ends, legato, time)
    level = _level(rng, how, notes, starts, ends, legato, time)
    pitch, level = _vibrato(rng, how, starts, ends, legato, time, pitch, level)
    sung = [
        SungNote(
            float(starts[k]),
            float(ends[k]),
            _median(pitch, starts[k], ends[k]),
            note.velocity,
            bool(legato[k]),
        )
        for k, note in enumerate(notes)
    ]
    return Phrase(pitch, np.clip(level, 0, 1).astype(np.float32), tuple(joined(sung, pitch)))


def _median(pitch: Curve, start: float, end: float) -> float:
    first = int(np.ceil(start / STEP))
    return float(np.median(pitch[first : max(first + 1, int(end / STEP))]))


def joined(notes: Sequence[SungNote], pitch: Curve) -> list[SungNote]:
    """Join legato notes that are out of tune to the same semitone."""
    out: list[SungNote] = []
    for note in notes:
        if out and note.legato and round(note.pitch) == round(out[-1].pitch):
            start, end = out[-1].onset_s, note.offset_s
            out[-1] = replace(out[-1], offset_s=end, pitch=_median(pitch, start, end))
        else:
            out.append(note)
    return out


def _pitch(
    rng: Rng,
    how: Style,
    notes: Sequence[Played],
    starts: Curve,
    ends: Curve,
    legato: NDArray[np.bool_],
    time: Curve,
) -> Curve:
    """Draw the pitch without vibrato: glides, overshoot, scoops, falls, drift and jitter."""
    error = np.clip(how.intonation * rng.standard_normal(len(notes)), -0.4, 0.4)
    target = np.array([n.pitch for n in notes]) + error
    lengths = ends - starts
    pitch = np.full(len(time), target[0])
    for k in range(len(notes)):
        step = target[k] - target[k - 1] if k else 0.0
        if k and legato[k]:
            glide = min(
                how.glide * float(rng.uniform(0.6, 1.5)), 0.6 * lengths[k], 0.6 * lengths[k - 1]
            )
            pitch += step * smooth_step((time - starts[k]) / glide + 0.5)
            over = how.overshoot * float(rng.random()) * np.sign(step)
            since = (time - starts[k] - glide / 2) / 0.12
            pitch += over * np.where((since > 0) & (since < 1), np.sin(np.pi * since) ** 2, 0)
        elif k:
            glide = np.clip(starts[k] - ends[k - 1], STEP, 0.12)
            pitch += step * smooth_step((time - starts[k]) / glide + 1)
        if not legato[k] and rng.random() < how.scoops:
            over = min(_log_uniform(rng, 0.04, 0.25), 0.35 * lengths[k])
            depth = min(how.scoop * float(rng.uniform(0.4, 1.3)), 3.0)
            since = time - starts[k]
            before = smooth_step(since / 0.03 + 2)  # the scoop starts before the note
            pitch -= depth * before * (1 - smooth_step(since / over))
        ending = k + 1 == len(notes) or not legato[k + 1]
        if ending and lengths[k] > 0.25 and rng.random() < how.falls:
            fall = min(float(rng.uniform(0.06, 0.25)), 0.25 * lengths[k])
            since = time - ends[k]
            again = starts[k + 1] if k + 1 < len(notes) else np.inf
            back = time < max(again - 0.02, ends[k])
            pitch -= float(rng.uniform(0.3, 2.5)) * smooth_step(since / fall + 0.7) * back
    pitch += np.clip(how.drift * _walk(rng, len(time), 2.5), -0.3, 0.3)
    return pitch + how.jitter * _walk(rng, len(time), 0.04)


def _level(
    rng: Rng,
    how: Style,
    notes: Sequence[Played],
    starts: Curve,
    ends: Curve,
    legato: NDArray[np.bool_],
    time: Curve,
) -> Curve:
    """Draw the amplitude without vibrato: attacks, releases, swells and the velocities."""
    strength = np.array([(n.velocity / 127) ** how.touch for n in notes])
    firsts = np.flatnonzero(~legato)
    level = np.zeros(len(time))
    for first, after in zip(firsts, [*firsts[1:], len(notes)], strict=True):
        last = after - 1
        length = ends[last] - starts[first]
        attack = min(how.attack * float(rng.uniform(0.6, 1.6)), 0.4, 0.7 * length)
        if first and starts[first] - ends[first - 1] < 0.1:
            attack = min(attack, 0.06)
        rise = smooth_step((time - starts[first]) / max(attack, STEP) + _AUDIBLE_AT)
        release = min(how.release * float(rng.uniform(0.6, 1.5)), 0.5)
        if after < len(notes):
            release = min(release, max(0.02, starts[after] - ends[last]))
        fall = np.exp(-5 * np.maximum(time - ends[last], 0) / release)
        fall *= 1 - smooth_step((time - ends[last]) / release - 0.5)
        shape = np.full(len(time), strength[first])
        for k in range(first, after):
            if k > first:
                shape += (strength[k] - strength[k - 1]) * smooth_step(
                    (time - starts[k]) / 0.06 + 0.5
                )
        for k in range(first, after):
            since = (time - starts[k]) / max(ends[k] - starts[k], STEP)
            inside = (since >= 0) & (since <= 1)
            if ends[k] - starts[k] > 0.35 and rng.random() < how.swells:
                shape[inside] *= _swell(rng, since[inside])
            elif k > first and rng.random() < 0.5:
                dip = float(rng.uniform(0, 0.5))
                shape *= 1 - dip * np.exp(-(((time - starts[k]) / 0.025) ** 2))
        begins = starts[first] - attack * _AUDIBLE_AT
        if first and starts[first] - ends[first - 1] < 0.08:  # bow or tongue: a dip, no silence
            level *= 1 - smooth_step((time - begins) / 0.02 + 1)
            floor = float(rng.choice([0.0, 0.1, 0.2])) * strength[first]
            dip = smooth_step((time - ends[first - 1]) / 0.02) * (time < starts[first])
            level = np.maximum(level, floor * dip)
        level = np.maximum(level, shape * rise * fall)
    return level * np.exp(0.08 * _walk(rng, len(time), 0.25))


def _swell(rng: Rng, since: Curve) -> Curve:
    """Draw a swell, messa di voce or decrescendo over a note; `since` goes from 0 to 1."""
    kind, depth = int(rng.integers(4)), float(rng.uniform(0.2, 0.8))
    shape = (
        1 - depth * np.cos(np.pi * since) ** 2,  # messa di voce
        1 - depth * smooth_step(since),
        1 - depth * (1 - smooth_step(since)),
        1 - depth * (1 - np.exp(-since / 0.12)),  # forte-piano
    )[kind]
    return shape


def _vibrato(
    rng: Rng,
    how: Style,
    starts: Curve,
    ends: Curve,
    legato: NDArray[np.bool_],
    time: Curve,
    pitch: Curve,
    level: Curve,
) -> tuple[Curve, Curve]:
    """Add vibrato of pitch and level; the phase runs on, depth and rate are irregular."""
    if not how.vibrato and not how.tremolo:
        return pitch, level
    depth = np.zeros(len(time))
    always = rng.random() < 0.3
    for k in range(len(starts)):
        late = 0.0 if always else how.delay * float(rng.uniform(0.5, 1.5))
        if ends[k] - starts[k] < (0.12 if always else 0.3):
            continue
        rise = smooth_step((time - starts[k] - late) / 0.25 + (1 if always and legato[k] else 0))
        amount = float(rng.uniform(0.5, 1.2)) if rng.random() < 0.85 else 0.0
        inside = (time >= starts[k]) & (time < ends[k] + how.release)
        depth[inside] = (amount * rise)[inside]
    depth = np.convolve(depth, np.hanning(15) / np.hanning(15).sum(), "same")
    rate = how.rate * np.exp(0.08 * _walk(rng, len(time), 0.6))
    phase = 2 * np.pi * np.cumsum(rate) * STEP + float(rng.uniform(0, 2 * np.pi))
    depth *= np.clip(1 + 0.2 * _walk(rng, len(time), 0.4), 0.4, 1.6)
    shift = float(rng.uniform(0, 2 * np.pi))
    pitch = pitch + np.clip(how.vibrato * depth, 0, 1.5) * np.sin(phase)
    beat = 0.5 + 0.5 * np.sin(phase + shift)
    return pitch, level * (1 - how.tremolo * np.clip(depth, 0, 1) * beat)
