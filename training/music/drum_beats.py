"""Beats on the single hits of a drum kit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from otowake.music.theory.instruments import KIT
from training.rng import Rng
from training.sounds.drum_kits import Kit
from training.sounds.samples import LEAD, RATE

LINE_ODDS = {
    "kick": (0.85,),
    "snare": (0.8, 0.15),
    "tom": (0.3, 0.2),
    "hi-hat": (0.7,),
    "cymbal": (0.45, 0.2),
    "percussion": (0.25, 0.1),
}
"""Probability of each line of a drum in a beat."""

GAINS = {"hi-hat": 0.7, "cymbal": 0.7, "percussion": 0.7}
"""Gains of drums that are softer than the kick, at the same peak."""

ROLL_ODDS = 0.12
"""Probability of a roll in a line."""


def beat(
    rng: Rng, kit: Kit, seconds: float, tempo: float | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Make a beat on a kit.

    `tempo` is in beats a minute; without it each line has another tempo.

    Returns
    -------
    The sound, (drum, sample), and rows of (onset in seconds, drum).
    """
    length = int(seconds * RATE)
    waves = np.zeros((len(KIT), length + RATE), np.float32)
    rows: list[tuple[float, int]] = []
    lines = [
        drum
        for drum, name in enumerate(KIT)
        for odds in LINE_ODDS[name]
        if rng.random() < odds and (kit.drum == drum).any()
    ]
    for drum in lines or [int(kit.drum[0])]:
        gain = 10 ** (float(rng.normal(0, 4)) / 20) * GAINS.get(list(KIT)[drum], 1.0)
        onsets, strengths = _times(rng, seconds, tempo)
        if rng.random() < ROLL_ODDS:
            onsets, strengths = _with_roll(rng, onsets, strengths, seconds)
        _play(rng, kit, drum, gain, sorted(zip(onsets, strengths, strict=True)), waves)
        rows += [(onset, drum) for onset in onsets]
    return waves[:, :length], np.array(sorted(rows)).reshape(-1, 2)


def _play(
    rng: Rng,
    kit: Kit,
    drum: int,
    gain: float,
    strikes: list[tuple[float, float]],
    waves: NDArray[np.float32],
) -> None:
    """Add the strikes (onset, strength) of a line to the sound, (drum, sample)."""
    keys = np.unique(kit.key[kit.drum == drum])
    main = int(rng.choice(keys))
    pitch = 2 ** (float(rng.normal(0, 2)) / 12)
    end = 0
    for onset, strength in reversed(strikes):
        key = main if rng.random() < 0.85 else int(rng.choice(keys))
        hits = np.flatnonzero(kit.key == key)
        distance = np.abs(kit.velocity[hits] - 127 * strength)
        nearest = hits[distance <= distance.min() + 8]
        hit = kit.waves[int(rng.choice(nearest))] / np.float32(32768)
        if abs(pitch - 1) > 0.01:
            hit = np.interp(np.arange(int(len(hit) / pitch)) * pitch, np.arange(len(hit)), hit)
        first = int(onset * RATE)
        hit = hit[int(LEAD / pitch) :].copy()
        if list(KIT)[drum] == "hi-hat" and end:
            hit = hit[: max(end - first, 64)]
            hit[-64:] *= np.linspace(1, 0, 64)
        last = min(first + len(hit), waves.shape[1])
        waves[drum, first:last] += (gain * strength**1.5 * hit[: last - first]).astype(np.float32)
        end = first


def _with_roll(
    rng: Rng, onsets: list[float], strengths: list[float], seconds: float
) -> tuple[list[float], list[float]]:
    """Put a roll, which swells or fades, in place of the strikes of its time."""
    n, gap = int(rng.integers(6, 24)), float(rng.uniform(0.06, 0.12))
    start = float(rng.uniform(0.02, max(seconds - 0.2 - n * gap, 0.03)))
    roll = [start + gap * i + float(rng.normal(0, 0.004)) for i in range(n)]
    ramp = np.linspace(*rng.permutation([0.35, 0.9]), n)
    strengths = [s for t, s in zip(onsets, strengths, strict=True) if not start < t < roll[-1]]
    onsets = [t for t in onsets if not start < t < roll[-1]]
    kept = [(t, s) for t, s in zip(roll, ramp.tolist(), strict=True) if 0 <= t < seconds - 0.1]
    return onsets + [t for t, _ in kept], strengths + [s for _, s in kept]


def _times(rng: Rng, seconds: float, tempo: float | None) -> tuple[list[float], list[float]]:
    """Draw onsets and strengths: a bar with variations; without a tempo, sometimes at random."""
    if tempo is None and rng.random() < 0.2:
        n = int(rng.integers(2, 40))
        return np.sort(rng.uniform(0.02, seconds - 0.3, n)).tolist(), rng.uniform(
            0.3, 1, n
        ).tolist()
    beat_s = 60 / (tempo or float(np.clip(rng.lognormal(np.log(105), 0.3), 50, 220)))
    per = int(rng.choice([2, 3, 4]))
    steps = per * int(rng.choice([3, 4, 4, 4]))
    pattern = rng.random(steps) < rng.uniform(0.1, 0.75)
    if rng.random() < 0.3:
        pattern = np.arange(steps) % int(rng.choice([1, 2, per])) == 0
    accent = np.clip(rng.uniform(0.35, 1, steps), 0, 1)
    swing = float(rng.uniform(0, 0.3)) if per == 2 and rng.random() < 0.4 else 0.0
    onsets, strengths = [], []
    for step in range(int(seconds / beat_s * per) + 1):
        position = step % steps
        if pattern[position] ^ (rng.random() < 0.05):
            at = (step + swing * (step % 2)) * beat_s / per + float(rng.normal(0, 0.008))
            if 0 <= at < seconds - 0.1:
                onsets.append(at)
                strengths.append(float(np.clip(accent[position] + rng.normal(0, 0.08), 0.2, 1)))
    return onsets, strengths
