"""From recordings of single notes to notes that start where they say and sound the pitch they say."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

RATE = 22_050
"""Sampling rate of all training audio, Hz."""
LEAD = int(0.1 * RATE)
"""Samples kept before a note's onset: the note's onset is at this index."""
ONSET_DB = -18.0
"""A note begins where its level first comes this close to the peak of its attack."""

Wave = NDArray[np.float32]


@dataclass(frozen=True)
class Take:
    """One sound of one note: `wave` (sample,) with its onset at index `LEAD`, at `pitch` (MIDI, fractional)."""

    wave: Wave
    pitch: float
    velocity: int = 0


def read(path: Path) -> Wave:
    """An audio file as one channel at `RATE`."""
    wave, rate = sf.read(path, dtype="float32", always_2d=True)
    return soxr.resample(wave.mean(axis=1), rate, RATE).astype(np.float32)


def envelope(wave: Wave, seconds: float = 0.005) -> Wave:
    """Root mean square of `wave` over a centred window, (sample,)."""
    power = uniform_filter1d(
        wave.astype(np.float64) ** 2, max(1, int(seconds * RATE)), mode="constant"
    )
    return np.sqrt(np.maximum(power, 0)).astype(np.float32)


def onset(wave: Wave) -> int:
    """Index where a note begins: where its envelope first comes within `ONSET_DB` of the peak of its attack.

    The attack is the 0.3 s after the envelope first comes within 34 dB of its maximum. For slow attacks this is where
    the note becomes clearly audible; for struck and plucked notes it is the blow.
    """
    level = envelope(wave)
    start = int(np.argmax(level >= level.max() * 10 ** (-34 / 20)))
    peak = level[start : start + int(0.3 * RATE)].max()
    return start + int(np.argmax(level[start:] >= peak * 10 ** (ONSET_DB / 20)))


def from_onset(wave: Wave, length: int) -> Wave:
    """`length` samples after the onset with `LEAD` samples before it, padded with silence, (LEAD + length,)."""
    begin = onset(wave) - LEAD
    lead = wave[max(begin, 0) : begin + LEAD].copy()
    fade = min(len(lead), int(0.01 * RATE))
    lead[:fade] *= np.linspace(0, 1, fade, dtype=np.float32) if begin > 0 else 1
    body = wave[begin + LEAD : begin + LEAD + length]
    return np.concatenate(
        [
            np.zeros(LEAD - len(lead), np.float32),
            lead,
            body,
            np.zeros(length - len(body), np.float32),
        ]
    )


def pitch_error(wave: Wave, pitch: float) -> float:
    """Semitones by which a note (onset at `LEAD`) differs from `pitch`, octaves aside: within −6 … 6.

    The difference whose harmonic comb gathers the most of the spectrum's compressed magnitude wins.
    """
    part = wave[LEAD + int(0.08 * RATE) :][: int(1.2 * RATE)]
    size = 1 << 17
    magnitude = np.abs(np.fft.rfft(part * np.hanning(len(part)), size)) ** 0.5
    shifts = np.arange(-6, 6.001, 0.02)
    base = 440 * 2 ** ((pitch + shifts - 69) / 12)
    harmonics = np.arange(1, 9)[:, None]
    bins = np.minimum(np.rint(base * harmonics * size / RATE).astype(int), size // 2)
    heard = (base * harmonics < RATE / 2) / harmonics**0.5
    return float(shifts[np.argmax((magnitude[bins] * heard).sum(axis=0))])


def checked(takes: Iterable[Take], steady: bool) -> tuple[list[Take], int]:
    """The takes that sound the pitch they say (to 0.6 semitones, octaves aside) with their pitch corrected, and how
    many were dropped.

    A sustained instrument's takes (`steady`) are corrected one by one; a struck or plucked one's (whose partials are
    stretched) by the median error of them all.
    """
    heard = [(take, pitch_error(take.wave, take.pitch)) for take in takes]
    good = [(take, error) for take, error in heard if abs(error) <= 0.6]
    middle = float(np.median([error for _, error in good])) if good else 0.0
    kept = [
        Take(take.wave, take.pitch + (error if steady else middle), take.velocity)
        for take, error in good
    ]
    return kept, len(heard) - len(good)


def transposed(wave: Wave, semitones: float) -> Wave:
    """A take moved by some semitones by playing it faster or slower; its onset stays at `LEAD`."""
    if abs(semitones) < 0.02:
        return wave
    ratio = 2 ** (semitones / 12)
    moved = soxr.resample(wave, RATE * ratio, RATE)
    start = round(LEAD / ratio)
    lead = moved[max(0, start - LEAD) : start]
    return np.concatenate([np.zeros(LEAD - len(lead), np.float32), lead, moved[start:]]).astype(
        np.float32
    )


def steady_end(wave: Wave) -> int:
    """Index where a sustained note (onset at `LEAD`) begins to fade: 80 ms before it is last near its full level."""
    level = envelope(wave, 0.05)
    steady = level[LEAD:] > 0.4 * level.max()
    return LEAD + len(steady) - int(np.argmax(steady[::-1])) - int(0.08 * RATE)


def sustained(wave: Wave, length: int) -> Wave:
    """A sustained note made to last: LEAD + `length` samples.

    The steady part of the recording (from a quarter of it to where it begins to fade) is repeated, each time joined where it
    resembles itself most, over a cross-fade of 60 ms.
    """
    end = steady_end(wave)
    if end >= LEAD + length:
        return wave[: LEAD + length]
    start = LEAD + max(int(0.15 * RATE), (end - LEAD) // 4)
    fade = int(0.06 * RATE)
    if end - start < 3 * fade:
        return np.pad(wave[: LEAD + length], (0, max(0, LEAD + length - len(wave))))
    tail = wave[end - fade : end]
    search = wave[start : start + min((end - start) // 2, int(0.3 * RATE)) + fade]
    cosine_similarity = np.correlate(search, tail, mode="valid")
    start += int(np.argmax(cosine_similarity))
    loop = wave[start:end].copy()
    ramp = np.sin(np.linspace(0, np.pi / 2, fade, dtype=np.float32)) ** 2
    joined = tail * (1 - ramp) + loop[:fade] * ramp
    period = np.concatenate([joined, loop[fade : len(loop) - fade]])
    missing = LEAD + length - (end - fade)
    return np.concatenate(
        [wave[: end - fade], np.tile(period, missing // len(period) + 1)[:missing]]
    )
