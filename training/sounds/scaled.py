"""Notes of larger or smaller instruments, made by resampling."""

import numpy as np

from training.sounds.banks import Bank
from training.sounds.instruments import Instrument
from training.sounds.samples import LEAD, RATE, Take, transposed

COURSES = {"mandolin"}
"""Instruments with paired strings."""


def takes(bank: Bank, instrument: Instrument, semitones: int) -> list[Take]:
    """Transpose the notes of a bank within the instrument's range, with resonances and times."""
    rng = np.random.default_rng([2026, semitones % 128, len(bank.pitches)])
    shifted = []
    for pitch, layers in zip(bank.pitches.tolist(), bank.notes, strict=True):
        if instrument.low <= pitch + semitones <= instrument.high:
            for velocity, note in zip(bank.velocities.tolist(), layers, strict=True):
                wave = transposed(note.astype(np.float32) / 32768, semitones)
                if instrument.name in COURSES:
                    wave = _paired(rng, wave)
                shifted.append(Take(wave, pitch + semitones, velocity))
    return shifted


def _paired(rng: np.random.Generator, wave: np.ndarray) -> np.ndarray:
    """Add a second string: a few cents higher, a few milliseconds later, a little softer."""
    other = transposed(wave, float(rng.uniform(0.02, 0.08)))
    late = int(rng.uniform(0.001, 0.01) * RATE)
    both = wave.copy()
    length = min(len(wave) - late, len(other))
    both[late : late + length] += float(rng.uniform(0.6, 1)) * other[:length]
    both[: LEAD // 2] = wave[: LEAD // 2]
    return both
