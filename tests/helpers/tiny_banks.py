"""Make banks of synthetic tones."""

import struct

import numpy as np

from training.sounds import (
    banks,
)
from training.sounds.instruments import BY_NAME
from training.sounds.samples import LEAD, RATE


def tone(pitch: float, seconds: float = 1.0, decay: float = np.inf) -> np.ndarray:
    """Make a note of three harmonics with the onset at `LEAD`."""
    time = np.arange(int(seconds * RATE)) / RATE
    base = 440 * 2 ** ((pitch - 69) / 12)
    sound = sum(np.sin(2 * np.pi * base * n * time) / n for n in (1, 2, 3)) * np.exp(-time / decay)
    return np.concatenate([np.zeros(LEAD), 0.5 * sound]).astype(np.float32)


def tiny(name: str, held_out: bool = False, decay: float = np.inf) -> banks.Bank:
    """Make a bank of an instrument's lowest two octaves from tones of 1 s."""
    instrument = BY_NAME[name]
    pitches = np.arange(instrument.low, instrument.low + 25, dtype=np.int16)
    notes = np.stack([[np.rint(tone(p, 1.0, decay) * 32767)] for p in pitches]).astype(np.int16)
    ones = np.ones((len(pitches), 1), np.float32)
    ring = banks.ring_time(tone(60, 1.0, decay)) * ones
    return banks.Bank(
        f"tiny.{name}",
        instrument,
        "tiny",
        held_out,
        notes,
        pitches,
        np.array([80], np.int16),
        ones,
        ring,
    )


def soundfont(path, waves):
    """Write a file with the two tables of samples of a soundfont."""
    ends = np.cumsum([len(wave) for wave in waves])
    rows = [
        struct.pack("<20s5I", b"wave", end - len(wave), end, 0, 0, 22050) + bytes(6)
        for wave, end in zip(waves, ends, strict=True)
    ]
    rows.append(bytes(46))
    data = np.concatenate(waves).astype("<i2").tobytes()
    path.write_bytes(
        b"smpl"
        + struct.pack("<I", len(data))
        + data
        + b"shdr"
        + struct.pack("<I", 46 * len(rows))
        + b"".join(rows)
    )
    return path
