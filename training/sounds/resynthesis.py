"""Continuous playing of recorded notes: harmonics and noise of a bank's notes along a phrase.

Analysis takes the amplitudes of the harmonics over time and the noise between them, as in
sinusoidal modelling (Serra and Smith, "Spectral modeling synthesis", 1990). Synthesis follows the
pitch and level of a phrase, so glides and vibrato move the harmonics below the recorded spectral
envelope.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.music.phrases import STEP, Phrase, SungNote, smooth_step
from training.rng import Rng
from training.sounds.banks import Bank
from training.sounds.samples import LEAD, RATE, Wave

FAMILIES = frozenset({"strings", "brass", "wind", "voice"})
"""Families of instruments that can play one continuous line."""

HOP = 220
"""Samples between the frames of an analysis."""

SECONDS = 3
"""Seconds of a note that are analysed."""

STEADY = 0.3
"""Seconds after the onset at which a note is steady."""

TOP = 10_500.0
"""Highest frequency of a harmonic, Hz."""

MAX_HARMONICS = 100
"""Harmonics of a note, at most."""

FLOOR_DB = -90.0
"""Level of a harmonic that is absent."""

N_BANDS = 32
"""Frequencies at which the noise is known, from 0 to half the sampling rate."""

BLOCK = 128
"""Control frames that are synthesised at once."""

CONTROL = 110
"""Samples between control frames."""

_QUANTILE = 0.2
_QUANTILE_OF_POWER = -np.log(1 - _QUANTILE)

Values = NDArray[Any]


@dataclass(frozen=True)
class Spectra:
    """The spectrum of a recorded note over time, at a level of 0 dB.

    Attributes
    ----------
    pitch
        MIDI pitch.
    harmonics
        Shape (frame, harmonic): amplitudes in dB; the first frame is the onset.
    envelope
        Shape (harmonic,): smooth spectral envelope at the harmonics, in dB.
    noise
        Shape (band,): density of the noise, as the amplitude of white noise.
    """

    pitch: float
    harmonics: NDArray[np.float16]
    envelope: NDArray[np.float32]
    noise: NDArray[np.float32]


def frequency(pitch: Any) -> Any:
    """Return the frequency of a MIDI pitch or of an array of them, Hz."""
    return 440 * 2 ** ((pitch - 69) / 12)


def analysed(wave: Wave, pitch: float) -> Spectra:
    """Analyse a note (onset at `LEAD`) of a known pitch."""
    base = float(frequency(pitch))
    size = int(2 ** np.ceil(np.log2(np.clip(6 * RATE / base, 1024, 2 * LEAD - 2))))
    size = min(size, 4096)
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    padded = np.pad(wave, (size, size))
    begin = LEAD + size // 2
    frames = np.lib.stride_tricks.sliding_window_view(
        padded[begin : begin + SECONDS * RATE + size], size
    )
    spectrum = np.fft.rfft(frames[::HOP] * window)
    power = (np.abs(spectrum) / (window.sum() / 2)) ** 2
    count = int(np.clip(TOP / base, 1, MAX_HARMONICS))
    number = np.arange(1, count + 1)
    bins = base * size / RATE
    sums = np.cumsum(np.pad(power, ((0, 0), (1, 0))), axis=1)
    low = np.rint((number - 0.36) * bins).astype(int)
    high = np.minimum(np.rint((number + 0.36) * bins).astype(int) + 1, sums.shape[1] - 1)
    between = np.minimum(np.rint((np.arange(count) + 0.5) * bins).astype(int), size // 2)
    energy = (sums[:, high] - sums[:, low]) / 1.5
    total = energy.sum(axis=1)
    loud = total > 1e-4 * total.max()
    first = int(np.argmax(loud))
    energy, total, power = energy[first:], total[first:], power[first:]
    loud = loud[first:]
    energy /= np.maximum(total, 1e-12)[:, None] / 2
    quiet = np.flatnonzero(~loud)
    if len(quiet):  # a note that dies away: repeat the last loud frame
        last = np.maximum.accumulate(np.where(loud, np.arange(len(loud)), 0))
        energy = energy[last]
    decibels = np.maximum(10 * np.log10(energy + 1e-12), FLOOR_DB)
    kernel = np.array([1, 2, 3, 2, 1]) / 9
    steady = np.median(decibels[int(STEADY * RATE / HOP) :], axis=0)
    envelope = np.convolve(np.pad(steady, 2, mode="edge"), kernel, "valid")
    relative = power[loud][:, between] / (np.maximum(total[loud], 1e-12)[:, None] / 2)
    density = np.quantile(relative, _QUANTILE, axis=0) / _QUANTILE_OF_POWER * size / 6
    at = np.linspace(0, RATE / 2, N_BANDS)
    noise = np.sqrt(np.interp(at, (np.arange(count) + 0.5) * base, density))
    return Spectra(
        pitch, decibels.astype(np.float16), envelope.astype(np.float32), noise.astype(np.float32)
    )


def play(rng: Rng, bank: Bank, line: Phrase) -> Wave:
    """Play a phrase on a bank; sample i sounds at i / `RATE` seconds of the phrase."""
    frames = len(line.pitch)
    base = frequency(line.pitch)
    spectra = _recorded(bank, line.notes)
    count = max(note.harmonics.shape[1] for note in spectra)
    decibels = np.full((frames, count), FLOOR_DB, np.float32)
    noise = np.zeros((frames, N_BANDS), np.float32)
    stretch = float(rng.uniform(0.7, 1.2))
    steady = int(STEADY * RATE / HOP)
    for k, (note, recorded) in enumerate(zip(line.notes, spectra, strict=True)):
        blend = float(rng.uniform(0.04, 0.1)) if note.legato else 0.0
        begin = note.onset_s - (blend / 2 if note.legato else 0.1)
        first = min(max(0, int(begin / STEP)), frames - 1)
        last = frames
        if k + 1 < len(line.notes):
            last = min(frames, int((line.notes[k + 1].onset_s + 0.05) / STEP) + 1)
        since = np.arange(last - first) * STEP
        length = len(recorded.harmonics)
        if note.legato:
            index = steady + float(rng.uniform(0, max(1, length - steady)))
        else:
            index = -0.1 * RATE / HOP
        moved = index + since * RATE / HOP * stretch
        values = _values(recorded, moved, base[first:last])
        part = decibels[first:last, : values.shape[1]]
        if k and note.legato:
            weight = smooth_step(since / blend)[:, None].astype(np.float32)
            decibels[first:last, values.shape[1] :] -= 60 * weight
            part += weight * (values - part)
            noise[first:last] += weight * (recorded.noise - noise[first:last])
        else:
            decibels[first:last] = FLOOR_DB
            part[:] = values
            noise[first:last] = recorded.noise
    brightness = float(rng.uniform(0, 0.35))
    loud = 20 * np.log10(np.maximum(line.level, 1e-4))
    loud -= np.median(loud[line.level > 0.01]) if (line.level > 0.01).any() else 0.0
    number = np.arange(1, count + 1)
    octaves = np.clip(np.log2(np.maximum(number * base[:, None], 1) / 500), 0, 3)
    decibels += (brightness * np.clip(loud, -30, 10))[:, None] * octaves
    amplitude = 10 ** (decibels / 20) * line.level[:, None]
    amplitude *= (number * base[:, None] < TOP) & (decibels > FLOOR_DB + 10)
    breath = float(np.exp(rng.uniform(np.log(0.5), np.log(2.5))))
    wave = _harmonics(base, amplitude) + breath * _noise(rng, noise * line.level[:, None])
    return wave.astype(np.float32)


def _recorded(bank: Bank, notes: tuple[SungNote, ...]) -> list[Spectra]:
    """Analyse the recorded notes nearest to the notes of a phrase."""
    known: dict[tuple[int, int], Spectra] = {}
    spectra = []
    for note in notes:
        row = int(np.clip(round(note.pitch) - int(bank.pitches[0]), 0, len(bank.pitches) - 1))
        layer = int(np.argmin(np.abs(bank.velocities - note.velocity)))
        if (row, layer) not in known:
            wave = bank.notes[row, layer].astype(np.float32) / 32768
            known[row, layer] = analysed(wave, float(bank.pitches[row]))
        spectra.append(known[row, layer])
    return spectra


def _values(recorded: Spectra, moved: Values, base: Values) -> NDArray[np.float32]:
    """Return the harmonics in dB at frames of an analysis, moved to another fundamental.

    Frames after the end go back and forth through the steady part.
    """
    length, count = recorded.harmonics.shape
    steady = min(int(STEADY * RATE / HOP), length // 2)
    span = max(length - 1 - steady, 1)
    index = np.maximum(moved, 0)
    over = (index - steady) % (2 * span)
    index = np.where(index > steady, steady + np.where(over > span, 2 * span - over, over), index)
    whole = np.minimum(index.astype(int), length - 2) if length > 1 else np.zeros(len(index), int)
    t = (index - whole).astype(np.float32)[:, None]
    harmonics = recorded.harmonics.astype(np.float32)
    following = np.minimum(whole + 1, length - 1)
    values = (1 - t) * harmonics[whole] + t * harmonics[following]
    ratio = np.clip(base / frequency(recorded.pitch), 0.75, 1.33)[:, None]
    at = np.clip(np.arange(1, count + 1) * ratio - 1, 0, count - 1)
    near = np.minimum(at.astype(int), max(count - 2, 0))
    envelope = recorded.envelope
    part = at - near
    shifted = (1 - part) * envelope[near] + part * envelope[np.minimum(near + 1, count - 1)]
    return (values + shifted - envelope).astype(np.float32)


def _harmonics(base: Values, amplitude: Values) -> Wave:
    """Add up harmonics of a fundamental (frame,) with amplitudes (frame, harmonic)."""
    samples = int(len(base) * STEP * RATE)
    controls = -(-samples // (CONTROL * BLOCK)) * BLOCK
    at = np.minimum(np.arange(controls + 1) * CONTROL / RATE / STEP, len(base) - 1)
    whole = np.minimum(at.astype(int), len(base) - 2)
    t = (at - whole)[:, None]
    levels = ((1 - t) * amplitude[whole] + t * amplitude[whole + 1]).astype(np.float32)
    pitch = np.interp(np.arange(controls * CONTROL) / RATE / STEP, np.arange(len(base)), base)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    ramp = np.arange(CONTROL, dtype=np.float32) / CONTROL
    sound = np.zeros(controls * CONTROL, np.float32)
    for start in range(0, controls, BLOCK):
        block = slice(start * CONTROL, (start + BLOCK) * CONTROL)
        level = levels[start : start + BLOCK + 1]
        highest = np.flatnonzero(level.max(axis=0) > 1e-4)
        if not len(highest):
            continue
        twice = 2 * np.cos(phase[block])
        before, now = np.zeros_like(twice), np.sin(phase[block])
        for h in range(int(highest[-1]) + 1):
            curve = level[:-1, h, None] + (level[1:, h] - level[:-1, h])[:, None] * ramp
            sound[block] += curve.ravel() * now
            before, now = now, twice * now - before
    return sound[:samples]


def _noise(rng: Rng, density: Values) -> Wave:
    """Make noise of a density (frame, band) as the amplitude of white noise."""
    samples, size = int(len(density) * STEP * RATE), 512
    hops = samples // (size // 2) + 2
    at = np.minimum((np.arange(hops) * (size // 2) / RATE / STEP).astype(int), len(density) - 1)
    bins = np.linspace(0, N_BANDS - 1, size // 2 + 1)
    near = np.minimum(bins.astype(int), N_BANDS - 2)
    t = (bins - near).astype(np.float32)
    curve = (1 - t) * density[at][:, near] + t * density[at][:, near + 1]
    spectrum = rng.standard_normal((2, *curve.shape), dtype=np.float32)
    window = np.sqrt(np.hanning(size + 1)[:-1]).astype(np.float32)
    waves = np.fft.irfft(curve * (spectrum[0] + 1j * spectrum[1])) * window
    waves *= np.sqrt(size / 2)
    sound = np.zeros((hops + 1) * (size // 2), np.float32)
    sound[: hops * (size // 2)] += waves[:, : size // 2].ravel()
    sound[size // 2 :] += waves[:, size // 2 :].ravel()
    return sound[size // 2 :][:samples]
