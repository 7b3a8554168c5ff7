"""Recordings of single notes: aligned to the onset, checked for pitch, transposed, sustained."""

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
"""Samples before a note's onset, so the index of the onset."""

ONSET_DB = -18.0
"""Level of the onset relative to the peak of the attack, in dB."""

Wave = NDArray[np.float32]


@dataclass(frozen=True)
class Take:
    """A note: `wave` (sample,) with the onset at index `LEAD`, and `pitch` (MIDI, fractional)."""

    wave: Wave
    pitch: float
    velocity: int = 0


def read(path: Path) -> Wave:
    """Read an audio file as one channel at `RATE`."""
    wave, rate = sf.read(path, dtype="float32", always_2d=True)
    return soxr.resample(wave.mean(axis=1), rate, RATE).astype(np.float32)


def envelope(wave: Wave, seconds: float = 0.005) -> Wave:
    """Compute the root mean square of `wave` over a centred window, (sample,)."""
    power = uniform_filter1d(
        wave.astype(np.float64) ** 2, max(1, int(seconds * RATE)), mode="constant"
    )
    return np.sqrt(np.maximum(power, 0)).astype(np.float32)


def onset(wave: Wave) -> int:
    """Return the index of a note's onset: the first within `ONSET_DB` of the peak of the attack.

    The attack is the 0.3 s after the envelope comes within 34 dB of the maximum. For slow attacks
    the onset is where the note becomes clearly audible, for struck and plucked notes the blow.
    """
    level = envelope(wave)
    start = int(np.argmax(level >= level.max() * 10 ** (-34 / 20)))
    peak = level[start : start + int(0.3 * RATE)].max()
    return start + int(np.argmax(level[start:] >= peak * 10 ** (ONSET_DB / 20)))


def from_onset(wave: Wave, length: int) -> Wave:
    """Cut a note to `LEAD` samples before the onset and `length` after it, padded with silence."""
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
    """Return the semitones by which a note differs from `pitch`, regardless of octaves: −6 … 6.

    The harmonic comb with the largest sum of the compressed magnitude spectrum decides.
    """
    part = wave[LEAD + int(0.08 * RATE) :][: int(1.2 * RATE)]
    size = 1 << 17
    magnitude = np.abs(np.fft.rfft(part * np.hanning(len(part)), size)) ** 0.5
    shifts = np.arange(-6, 6.001, 0.02)
    base = 440 * 2 ** ((pitch + shifts - 69) / 12)
    harmonics = np.arange(1, 9)[:, None]
    bins = np.minimum(np.rint(base * harmonics * size / RATE).astype(int), size // 2)
    weight = (base * harmonics < RATE / 2) / harmonics**0.5
    return float(shifts[np.argmax((magnitude[bins] * weight).sum(axis=0))])


def checked(takes: Iterable[Take], steady: bool) -> tuple[list[Take], int]:
    """Correct the pitch of takes; return them and how many were dropped.

    Takes that differ by more than 0.6 semitones, regardless of octaves, are dropped. Takes of a
    sustained instrument (`steady`) are corrected one by one, takes of a struck or plucked
    instrument, with stretched partials, by the median error.
    """
    errors = [(take, pitch_error(take.wave, take.pitch)) for take in takes]
    good = [(take, error) for take, error in errors if abs(error) <= 0.6]
    middle = float(np.median([error for _, error in good])) if good else 0.0
    kept = [
        Take(take.wave, take.pitch + (error if steady else middle), take.velocity)
        for take, error in good
    ]
    return kept, len(errors) - len(good)


def transposed(wave: Wave, semitones: float) -> Wave:
    """Transpose a take by resampling; the onset stays at `LEAD`."""
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
    """Return where a sustained note begins to fade: 80 ms before it is last near full level."""
    level = envelope(wave, 0.05)
    steady = level[LEAD:] > 0.4 * level.max()
    return LEAD + len(steady) - int(np.argmax(steady[::-1])) - int(0.08 * RATE)


def sustained(wave: Wave, length: int) -> Wave:
    """Extend a sustained note to LEAD + `length` samples.

    The steady part of the recording, from a quarter of it to where it begins to fade, repeats, with
    cross-fades of 60 ms at the best correlation.
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
