"""Synthesised hits of drums, like a drum machine's: swept sines, square waves, filtered noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from training.rng import Rng
from training.sounds.samples import LEAD, RATE

HIT_SECONDS = 2.5
"""Length of a hit."""

VELOCITIES = (60, 110)
"""Velocities of each sound; they differ in level alone."""


def hits(rng: Rng) -> list[tuple[NDArray[np.float32], int, int]]:
    """Synthesise the hits of a kit: waves with the onset at index LEAD, keys and velocities."""
    made = []
    for make, keys in _MAKERS.items():
        for key in keys:
            sound = np.concatenate([np.zeros(LEAD), make(rng, key)])
            made += [
                ((sound * min(1.0, velocity / 100)).astype(np.float32), key, velocity)
                for velocity in VELOCITIES
            ]
    return made


_TIME = np.arange(int(HIT_SECONDS * RATE)) / RATE


def _falling(life: float) -> NDArray[np.float64]:
    return np.exp(-_TIME / life)


def _noise(rng: Rng, low: float, high: float) -> NDArray[np.float64]:
    sos = butter(2, [low, min(high, 0.49 * RATE)], "bandpass", fs=RATE, output="sos")
    return sosfilt(sos, rng.standard_normal(len(_TIME)))


def _swept(rng: Rng, low: float, high: float, sweep: float, life: float) -> NDArray[np.float64]:
    frequency = low + (high - low) * np.exp(-_TIME / sweep)
    return np.sin(2 * np.pi * np.cumsum(frequency) / RATE + rng.uniform(0, 1)) * _falling(life)


def _between(rng: Rng, low: float, high: float) -> float:
    """Draw from a log-uniform distribution."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _kick(rng: Rng, _: int) -> NDArray[np.float64]:
    base = _between(rng, 38, 75)
    body = _swept(
        rng, base, base * rng.uniform(1.5, 6), _between(rng, 0.008, 0.06), _between(rng, 0.06, 0.5)
    )
    click = (
        rng.uniform(0, 0.4)
        * _noise(rng, 800, _between(rng, 2000, 8000))
        * _falling(_between(rng, 0.002, 0.012))
    )
    return np.tanh(rng.uniform(0.8, 3) * body) + click


def _snare(rng: Rng, key: int) -> NDArray[np.float64]:
    base = _between(rng, 140, 280)
    skin = _swept(rng, base, base * 1.4, 0.01, _between(rng, 0.03, 0.15))
    skin += 0.6 * _swept(
        rng, base * rng.uniform(1.5, 1.9), base * 2, 0.01, _between(rng, 0.02, 0.1)
    )
    wires = _noise(rng, _between(rng, 300, 2000), 10500) * _falling(_between(rng, 0.04, 0.25))
    if key == 39:  # hand claps
        bursts = sum(
            np.roll(_falling(0.006), int(at * RATE))
            for at in np.cumsum(rng.uniform(0.006, 0.014, 3))
        )
        return _noise(rng, 700, _between(rng, 2500, 6000)) * (
            bursts + 0.5 * _falling(_between(rng, 0.05, 0.2))
        )
    return rng.uniform(0.1, 1) * skin + rng.uniform(0.3, 1) * wires


def _tom(rng: Rng, _: int) -> NDArray[np.float64]:
    base = _between(rng, 70, 400)
    body = _swept(
        rng, base, base * rng.uniform(1.05, 1.8), _between(rng, 0.02, 0.1), _between(rng, 0.08, 0.4)
    )
    return body + rng.uniform(0, 0.3) * _noise(rng, 300, 6000) * _falling(0.01)


def _metal(rng: Rng) -> NDArray[np.float64]:
    """Make detuned square waves and noise."""
    base = _between(rng, 200, 600)
    waves = sum(
        np.sign(np.sin(2 * np.pi * base * ratio * _TIME + rng.uniform(0, 6)))
        for ratio in rng.uniform(1, 4, 6)
    )
    return rng.uniform(0, 1) * waves / 6 + rng.uniform(0.2, 1) * rng.standard_normal(len(_TIME))


def _high(rng: Rng, wave: NDArray[np.float64], low: float) -> NDArray[np.float64]:
    return sosfilt(butter(int(rng.choice([2, 4])), low, "highpass", fs=RATE, output="sos"), wave)


def _hat(rng: Rng, key: int) -> NDArray[np.float64]:
    life = _between(rng, 0.1, 0.5) if key == 46 else _between(rng, 0.012, 0.08)
    return _high(rng, _metal(rng), _between(rng, 3000, 8000)) * _falling(life)


def _cymbal(rng: Rng, _: int) -> NDArray[np.float64]:
    wave = _high(rng, _metal(rng), _between(rng, 1000, 5000))
    return wave * (_falling(_between(rng, 0.2, 1.0)) + rng.uniform(0, 2) * _falling(0.03))


def _shaken(rng: Rng, _: int) -> NDArray[np.float64]:
    rise = np.minimum(_TIME / _between(rng, 0.002, 0.03), 1)
    return (
        _high(rng, rng.standard_normal(len(_TIME)), _between(rng, 2500, 7000))
        * rise
        * _falling(_between(rng, 0.02, 0.1))
    )


def _bell(rng: Rng, key: int) -> NDArray[np.float64]:
    """Make a cowbell (two square waves), or claves or a wood block (a short sine)."""
    if key == 56:
        base = _between(rng, 400, 900)
        waves = sum(np.sign(np.sin(2 * np.pi * base * ratio * _TIME)) for ratio in (1, 1.48))
        return _high(rng, waves, base) * _falling(_between(rng, 0.03, 0.15))
    base = _between(rng, 700, 3000)
    return _swept(rng, base, base * rng.uniform(1, 1.1), 0.01, _between(rng, 0.01, 0.05))


_MAKERS = {
    _kick: (35, 36),
    _snare: (38, 39, 40),
    _tom: (45, 50, 62, 64),
    _hat: (42, 46),
    _cymbal: (49, 51),
    _shaken: (54, 70),
    _bell: (56, 75, 76),
}
