"""Notes of instruments that are built like another, larger or smaller: the other's, played slower or faster."""

import numpy as np

from training.sounds.banks import Bank
from training.sounds.instruments import Instrument
from training.sounds.samples import LEAD, RATE, Take, transposed

COURSES = {"mandolin"}
"""Instruments whose strings come in pairs."""


def takes(bank: Bank, instrument: Instrument, semitones: int) -> list[Take]:
    """Every note of a bank within the instrument's range, moved by some semitones; resonances and times move along."""
    rng = np.random.default_rng([2026, semitones % 128, len(bank.pitches)])
    found = []
    for pitch, layers in zip(bank.pitches.tolist(), bank.notes, strict=True):
        if instrument.low <= pitch + semitones <= instrument.high:
            for velocity, note in zip(bank.velocities.tolist(), layers, strict=True):
                wave = transposed(note.astype(np.float32) / 32768, semitones)
                if instrument.name in COURSES:
                    wave = _paired(rng, wave)
                found.append(Take(wave, pitch + semitones, velocity))
    return found


def _paired(rng: np.random.Generator, wave: np.ndarray) -> np.ndarray:
    """A string and its neighbour, which is a few cents off, struck a few milliseconds later and a little softer."""
    other, late = (
        transposed(wave, float(rng.uniform(0.02, 0.08))),
        int(rng.uniform(0.001, 0.01) * RATE),
    )
    both = wave.copy()
    length = min(len(wave) - late, len(other))
    both[late : late + length] += float(rng.uniform(0.6, 1)) * other[:length]
    both[: LEAD // 2] = wave[: LEAD // 2]
    return both
