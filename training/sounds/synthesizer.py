"""Synthesisers of electronic music: oscillators, a swept filter, saturation and echoes.

A patch is drawn at random (:func:`draw_patch`) and plays the notes of a part (:func:`played`).
Saws and pulses are band-limited by the polynomial step of Välimäki, Pekonen & Nam, "Perceptually
informed synthesis of bandlimited classical waveforms using integrated polynomial interpolation"
(2012); the filter is the low-pass of Bristow-Johnson's "Audio EQ cookbook".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, lfilter, sosfilt

from training.music.performance import Played
from training.rng import Rng
from training.sounds.samples import RATE, Wave

BLOCK = 64
"""Samples for which the filter keeps its coefficients."""

WAVES = ("saw", "pulse", "triangle", "fm")
"""Waveforms of the oscillators."""

Curve = NDArray[np.float64]


@dataclass(frozen=True)
class Patch:
    """The settings of a synthesiser.

    Attributes
    ----------
    wave
        One of :data:`WAVES`.
    detune
        Cents of each oscillator of a note.
    sub
        Gain of a sine an octave below.
    noise
        Gain of white noise.
    width
        Duty cycle of a pulse.
    index, ratio
        Modulation index of FM at an onset, and frequency of the modulator over the carrier's.
    attack, decay, sustain, release
        Envelope of a note: seconds, seconds, gain, seconds.
    cutoff, sweep, sweep_life
        Cutoff in Hz, octaves above it at an onset, and seconds in which these fall to 1/e.
    resonance
        Q of the filter.
    lfo_hz, lfo_octaves
        Rate and depth of the cutoff's periodic change.
    vibrato_hz, vibrato_cents, glide
        Rate and depth of the vibrato, and seconds of the glide to a note; of single lines only.
    drive
        Gain before saturation.
    echo, echo_gain
        Seconds and gain of a repeated echo.
    """

    wave: str
    detune: tuple[float, ...]
    sub: float
    noise: float
    width: float
    index: float
    ratio: float
    attack: float
    decay: float
    sustain: float
    release: float
    cutoff: float
    sweep: float
    sweep_life: float
    resonance: float
    lfo_hz: float
    lfo_octaves: float
    vibrato_hz: float
    vibrato_cents: float
    glide: float
    drive: float
    echo: float
    echo_gain: float


def _log_uniform(rng: Rng, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def draw_patch(rng: Rng, kind: str, beat: float) -> Patch:
    """Draw the settings of a ``bass``, a ``lead`` or ``chords``.

    `beat` is the length of a beat in seconds, to which LFO and echoes keep.

    Examples
    --------
    >>> draw_patch(np.random.default_rng(1), "bass", 0.5).wave in WAVES
    True
    """
    bass, chords = kind == "bass", kind == "chords"
    wave = str(rng.choice(WAVES, p=(0.45, 0.25, 0.1, 0.2)))
    n_oscillators = int(rng.choice((1, 2, 3, 5, 7), p=(0.35, 0.25, 0.15, 0.15, 0.1)))
    spread = _log_uniform(rng, 3, 30)
    detune = rng.uniform(-spread, spread, n_oscillators) if n_oscillators > 1 else [0.0]
    plucked = rng.random() < (0.35 if chords else 0.5)
    pulse = beat / float(rng.choice((0.5, 1, 2, 3, 4)))
    return Patch(
        wave=wave,
        detune=tuple(float(cents) for cents in detune),
        sub=float(rng.uniform(0.2, 1)) if rng.random() < (0.5 if bass else 0.1) else 0.0,
        noise=_log_uniform(rng, 0.003, 0.1) if rng.random() < 0.3 else 0.0,
        width=float(rng.uniform(0.1, 0.5)),
        index=_log_uniform(rng, 0.5, 8),
        ratio=float(rng.choice((0.5, 1, 1, 2, 3, 1.41, 3.5))),
        attack=_log_uniform(rng, 0.002, 0.4 if chords and not plucked else 0.02),
        decay=_log_uniform(rng, 0.08, 0.8),
        sustain=0.0 if plucked else float(rng.uniform(0.4, 1)),
        release=_log_uniform(rng, 0.02, 0.8 if chords else 0.2),
        cutoff=_log_uniform(rng, 80, 2500) if bass else _log_uniform(rng, 300, 9000),
        sweep=float(rng.uniform(0, 4)) if rng.random() < 0.6 else 0.0,
        sweep_life=_log_uniform(rng, 0.03, 0.5),
        resonance=_log_uniform(rng, 0.6, 8),
        lfo_hz=1 / pulse,
        lfo_octaves=float(rng.uniform(0.5, 3)) if rng.random() < 0.3 else 0.0,
        vibrato_hz=float(rng.uniform(4, 7)),
        vibrato_cents=float(rng.uniform(5, 60)) if rng.random() < 0.3 else 0.0,
        glide=_log_uniform(rng, 0.01, 0.2) if rng.random() < 0.4 else 0.0,
        drive=_log_uniform(rng, 1, 15) if rng.random() < 0.5 else 0.0,
        echo=beat * float(rng.choice((0.5, 0.75, 1))),
        echo_gain=float(rng.uniform(0.15, 0.5)) if not bass and rng.random() < 0.4 else 0.0,
    )


def played(
    rng: Rng, patch: Patch, notes: Sequence[Played], n_samples: int, *, single: bool
) -> Wave:
    """Let a patch play notes; return the sound, (sample,) at `RATE`, of any level.

    `single` says that the notes are one line, on which the pitch glides.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> patch = draw_patch(rng, "lead", 0.5)
    >>> played(rng, patch, [Played(0.1, 0.4, 60, 90)], 22050, single=True).shape
    (22050,)
    """
    sound = np.zeros(n_samples)
    inside = sorted(
        (note for note in notes if 0 <= note.start * RATE < n_samples - 1), key=lambda n: n.start
    )
    for number, note in enumerate(inside):
        first, end = int(note.start * RATE), note.end
        if single and number + 1 < len(inside):
            end = min(end, inside[number + 1].start)
        envelope = _envelope(patch, end - note.start)[: n_samples - first]
        start_pitch = inside[number - 1].pitch if single and number else note.pitch
        curve = _pitch_curve(patch, start_pitch, note.pitch, len(envelope), single)
        gain = (note.velocity / 100) ** 1.5
        sound[first : first + len(envelope)] += gain * envelope * _tone(rng, patch, curve)
    onsets = np.array(sorted(int(note.start * RATE) for note in inside))
    sound = _filtered(sound, _cutoff(patch, onsets, n_samples), patch.resonance)
    if patch.drive and sound.any():
        sound = np.tanh(patch.drive * sound / np.abs(sound).max())
    if patch.echo_gain:
        taps = np.zeros(int(patch.echo * RATE) + 1)
        taps[0], taps[-1] = 1, -patch.echo_gain
        sound = lfilter([1.0], taps, sound)
    return sound.astype(np.float32)


def _envelope(patch: Patch, seconds: float) -> Curve:
    """Return a note's gain, from its onset to the end of its release."""
    time = np.arange(int((seconds + 3 * patch.release) * RATE) + 1) / RATE
    fall = np.exp(-np.maximum(time - patch.attack, 0) / patch.decay)
    gain = np.minimum(time / patch.attack, 1) * (patch.sustain + (1 - patch.sustain) * fall)
    return gain * np.exp(-np.maximum(time - seconds, 0) / patch.release)


def _pitch_curve(patch: Patch, start: float, pitch: float, n: int, single: bool) -> Curve:
    """Return a note's frequency in Hz, (sample,)."""
    time = np.arange(n) / RATE
    curve = np.full(n, float(pitch))
    if single and patch.glide:
        curve += (start - pitch) * np.exp(-time / patch.glide)
    if single and patch.vibrato_cents:
        depth = patch.vibrato_cents / 100 * np.minimum(time / 0.3, 1)
        curve += depth * np.sin(2 * np.pi * patch.vibrato_hz * time)
    return 440 * 2 ** ((curve - 69) / 12)


def _tone(rng: Rng, patch: Patch, frequency: Curve) -> Curve:
    """Return the sum of a note's oscillators."""
    tone = np.zeros(len(frequency))
    for cents in patch.detune:
        step = np.minimum(frequency * 2 ** (cents / 1200) / RATE, 0.45)
        phase = (np.cumsum(step) + rng.random()) % 1.0
        tone += _oscillator(patch, phase, step)
    tone /= np.sqrt(len(patch.detune))
    if patch.sub:
        tone += patch.sub * np.sin(np.pi * np.cumsum(frequency) * (1 / RATE))
    if patch.noise:
        tone += patch.noise * rng.standard_normal(len(frequency))
    return tone


def _oscillator(patch: Patch, phase: Curve, step: Curve) -> Curve:
    if patch.wave == "saw":
        return 2 * phase - 1 - _step(phase, step)
    if patch.wave == "pulse":
        later = (phase + 1 - patch.width) % 1.0
        return np.where(phase < patch.width, 1.0, -1.0) + _step(phase, step) - _step(later, step)
    if patch.wave == "triangle":
        return 1 - 4 * np.abs(phase - 0.5)
    time = np.arange(len(phase)) / RATE
    index = patch.index * (0.2 + 0.8 * np.exp(-time / patch.sweep_life))
    modulator = np.sin(2 * np.pi * patch.ratio * np.cumsum(step))
    return np.sin(2 * np.pi * phase + index * modulator)


def _step(phase: Curve, step: Curve) -> Curve:
    """Return the correction of a rise by 2 at phase 0."""
    after, before = phase / step, (phase - 1) / step
    return np.where(
        after < 1,
        2 * after - after**2 - 1,
        np.where(before > -1, before**2 + 2 * before + 1, 0.0),
    )


def _cutoff(patch: Patch, onsets: NDArray[np.int64], n_samples: int) -> Curve:
    """Return the cutoff in Hz of each block."""
    at = np.arange(0, n_samples, BLOCK)
    octaves = patch.lfo_octaves * (np.sin(2 * np.pi * patch.lfo_hz * at / RATE) - 1) / 2
    if len(onsets) and patch.sweep:
        last = np.searchsorted(onsets, at, side="right") - 1
        since = (at - onsets[np.maximum(last, 0)]) / RATE
        octaves += np.where(last >= 0, patch.sweep * np.exp(-since / patch.sweep_life), 0.0)
    return np.clip(patch.cutoff * 2**octaves, 40, 0.45 * RATE)


def _filtered(sound: Curve, cutoff: Curve, resonance: float) -> Curve:
    """Apply a low-pass whose cutoff changes from block to block."""
    out, state = np.empty(len(sound)), np.zeros((1, 2))
    angle = 2 * np.pi * cutoff / RATE
    alpha, cosine = np.sin(angle) / (2 * resonance), np.cos(angle)
    gain = (1 - cosine) / 2
    rows = np.stack([gain, 2 * gain, gain, 1 + alpha, -2 * cosine, 1 - alpha], axis=1)
    rows /= rows[:, 3:4]
    for block, row in enumerate(rows):
        part = slice(block * BLOCK, (block + 1) * BLOCK)
        out[part], state = sosfilt(row[None], sound[part], zi=state)
    return out


def riser(rng: Rng, n_samples: int) -> Wave:
    """Return noise whose band rises or falls and whose level swells, as before a drop."""
    out = np.zeros(n_samples)
    seconds = float(rng.uniform(1, min(6, n_samples / RATE)))
    n = int(seconds * RATE)
    low, high = np.sort(np.exp(rng.uniform(np.log(200), np.log(9000), 2)))
    bands = np.geomspace(low, max(high, 1.5 * low), -(-n // 2048))
    if rng.random() < 0.3:
        bands = bands[::-1]
    noise, state = rng.standard_normal(n), np.zeros((2, 2))
    for block, centre in enumerate(bands):
        edges = [0.7 * centre, min(1.4 * centre, 0.48 * RATE)]
        sos = butter(2, edges, "bandpass", fs=RATE, output="sos")
        part = slice(block * 2048, (block + 1) * 2048)
        noise[part], state = sosfilt(sos, noise[part], zi=state)
    swell = np.linspace(0, 1, n) ** float(rng.uniform(0.5, 2))
    first = int(rng.integers(0, n_samples - n + 1))
    out[first : first + n] = noise * swell
    return (out / (np.abs(out).max() + 1e-9)).astype(np.float32)
