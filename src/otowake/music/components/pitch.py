"""Estimate the pitch of a spectrum, and the tuning of a recording from pitches.

Every pitch from A0 to C8 has a comb. A comb is positive around partials, especially around the
first and the prime partials, and negative half-way between partials. Neither the octave below,
where odd partials are missing, nor the octave above, where troughs meet partials, fits as well as
the true pitch. The principle is that of SWIPE′ [1]_, with lobes no wider than those of the analysis
window. The partials of the best pitch are then measured, and one fundamental is fitted to all of
them, with the inharmonicity of a stiff string [2]_.

References
----------
.. [1] A. Camacho, J. G. Harris, "A sawtooth waveform inspired pitch estimator for speech and
music",
   J. Acoust. Soc. Am. 124 (2008), 1638–1652.
.. [2] H. Fletcher, "Normal vibration frequencies of a stiff piano string",
   J. Acoust. Soc. Am. 36 (1964), 203–209.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from otowake.music.components.config import PITCH
from otowake.music.theory.names import hz_to_midi, midi_to_hz
from otowake.types import Floats, Pitch

CANDIDATES = np.arange(20.5, 108.6, PITCH.candidate_step)
"""Candidate MIDI pitches, from below A0 to above C8."""


def find_pitches(W: Floats, frequencies: Floats, tuning_hz: float = 440.0) -> list[Pitch | None]:
    """Estimate the pitch of each spectrum; None for unpitched spectra such as drums and noise.

    Parameters
    ----------
    W
        Magnitude spectra, shape (frequency, component), not negative.
    frequencies
        Shape (frequency,): Hz, evenly spaced from 0.
    tuning_hz
        The recording's A4, the reference of the deviation in cents.

    Examples
    --------
    >>> frequencies = np.arange(1025) * 22050 / 2048
    >>> flute = sum(np.exp(-((frequencies / 21.5 - n * 20.5) ** 2)) / n for n in range(1, 6))
    >>> W = np.stack([flute, np.ones(1025)], axis=1)
    >>> pitch, none = find_pitches(W, frequencies)
    >>> pitch.midi, round(pitch.hz), none
    (69, 441, None)
    """
    hz, confidence = estimate_f0(W, frequencies)
    return as_pitches(hz, confidence, tuning_hz)


def as_pitches(hz: Floats, confidence: Floats, tuning_hz: float = 440.0) -> list[Pitch | None]:
    """Convert fundamentals to pitches; None without confidence.

    Examples
    --------
    >>> as_pitches(np.array([445.0, 0.0]), np.array([0.9, 0.0]), tuning_hz=445.0)
    [Pitch(hz=445.0, midi=69, cents=0.0, confidence=0.9), None]
    """
    pairs = zip(hz.tolist(), confidence.tolist(), strict=True)
    return [_as_pitch(f, c, tuning_hz) if c > 0 else None for f, c in pairs]


def as_pitch(pitch: Pitch, tuning_hz: float) -> Pitch:
    """Return a pitch with its name and deviation in another tuning.

    Examples
    --------
    >>> as_pitch(Pitch(415.0, 68, -1.3, 0.9), 415.0)
    Pitch(hz=415.0, midi=69, cents=0.0, confidence=0.9)
    """
    return _as_pitch(pitch.hz, pitch.confidence, tuning_hz)


def _as_pitch(hz: float, confidence: float, tuning_hz: float) -> Pitch:
    exact = float(hz_to_midi(hz, tuning_hz))
    return Pitch(hz, round(exact), 100.0 * (exact - round(exact)), confidence)


def tuning_of(hz: Floats, confidence: Floats, energy: Floats) -> float:
    """Estimate the frequency of A4 in Hz from fundamentals, within half a semitone of 440.

    The estimate is the circular mean of the deviations from whole semitones; 440 without pitches.

    Parameters
    ----------
    hz, confidence
        Shape (component,) each, from :func:`estimate_f0`.
    energy
        Shape (component,): weights, together with the squared confidence.

    Examples
    --------
    >>> round(tuning_of(np.array([445.0, 890.0]), np.ones(2), np.ones(2)), 1)
    444.9
    """
    pitched = (confidence > 0) & (energy > 0)
    if not pitched.any():
        return 440.0
    weight = energy[pitched] / energy[pitched].sum() * confidence[pitched] ** 2
    turns = np.exp(2j * np.pi * hz_to_midi(hz[pitched]))
    semitones = np.angle((weight * turns).sum() + PITCH.prior_weight) / (2 * np.pi)
    return float(440.0 * 2.0 ** (semitones / 12.0))


def estimate_f0(W: Floats, frequencies: Floats) -> tuple[Floats, Floats]:
    """Estimate the fundamental in Hz of each spectrum and its confidence; both 0 without a pitch.

    The confidence, from 0 to 1, is the product of three scores: the fit of the best comb, its lead
    over the combs that share no partials with it (two notes in one spectrum leave little lead), and
    the share of the spectrum on the partials above chance. Each score rises from 0 to 1
    between two fixed values. A window does not resolve partials closer than 2.3 bins, so lower
    pitches are never reported.

    Parameters
    ----------
    W
        Magnitude spectra, shape (frequency, component), not negative.
    frequencies
        Shape (frequency,): Hz, evenly spaced from 0.

    Returns
    -------
    hz, confidence
        Shape (component,) each.

    Examples
    --------
    >>> hz, confidence = estimate_f0(np.zeros((1025, 2)), np.arange(1025) * 22050 / 2048)
    >>> hz.tolist(), confidence.tolist()
    ([0.0, 0.0], [0.0, 0.0])
    """
    bin_hz = float(frequencies[1] - frequencies[0])
    S = _compressed(W[: int(PITCH.max_frequency / bin_hz) + 1])
    fits = _salience(S, bin_hz)
    best = fits.argmax(axis=0)
    guess = midi_to_hz(CANDIDATES[best]) / bin_hz
    f0, stretch = _refine_f0(S, guess)
    confidence = (
        _ramp(fits.max(axis=0), *PITCH.fit_range)
        * _ramp(_lead(fits, best), *PITCH.lead_range)
        * _ramp(_on_partials(S, f0, stretch), *PITCH.partial_share_range)
    )
    sure = (confidence >= PITCH.min_confidence) & (np.abs(np.log2(f0 / guess)) < 1 / 12)
    return np.where(sure, f0 * bin_hz, 0.0), np.where(sure, confidence, 0.0)


def _ramp(x: Floats, low: float, high: float) -> Floats:
    return np.clip((x - low) / (high - low), 0.0, 1.0)


def _compressed(W: Floats) -> Floats:
    loudest = W.max(axis=0)
    return (W / np.where(loudest > 0, loudest, 1)).astype(np.float32) ** PITCH.compression


def _salience(S: Floats, bin_hz: float) -> Floats:
    """Score each candidate for each spectrum, shape (candidate, component), at most 1."""
    norm = np.linalg.norm(S, axis=0)
    return _combs(len(S), bin_hz) @ (S / np.where(norm > 0, norm, 1))


@lru_cache(maxsize=2)
def _combs(n_bins: int, bin_hz: float) -> NDArray[np.float32]:
    """Build one comb per candidate, shape (candidate, frequency), with lobes of norm 1.

    Combs of unresolved pitches are 0.
    """
    f0 = (midi_to_hz(CANDIDATES) / bin_hz).astype(np.float32)[:, None]
    bins = np.arange(n_bins, dtype=np.float32)
    position = bins / f0
    partial = position.astype(np.int32)
    fraction = position - partial
    weights = np.zeros(max(int(partial[0, -1]), PITCH.primes[-1]) + 2, np.float32)
    weights[1 : PITCH.primes[-1]] = PITCH.composite_weight
    weights[list(PITCH.primes)] = 1
    below, above = weights[partial], weights[partial + 1]
    slope = np.maximum(bins, 1) ** np.float32(PITCH.comb_slope)
    half_width = np.minimum(
        f0 / PITCH.lobe_share, PITCH.lobe_base + np.float32(PITCH.lobe_growth) * bins
    )
    off = np.minimum(fraction, 1 - fraction) * f0 / half_width
    lobes = np.where(fraction < 0.5, below, above) * np.cos(np.pi / 2 * np.minimum(off, 1)) * slope
    troughs = (below + above) * np.minimum(np.cos(2 * np.pi * fraction), 0) * slope
    norm = np.linalg.norm(lobes, axis=1, keepdims=True)
    return (lobes + np.float32(PITCH.trough_depth) * troughs) / np.where(
        (norm > 0) & (f0 >= PITCH.min_spacing), norm, np.inf
    )


def _lead(fits: Floats, best: NDArray[np.intp]) -> Floats:
    """Measure the lead of the best candidate over all candidates that share no partials with it."""
    distance = np.abs(CANDIDATES[:, None] - CANDIDATES[best])
    related = np.any(
        [np.abs(distance - interval) < 1 for interval in PITCH.shared_intervals], axis=0
    )
    return fits.max(axis=0) - np.where(related, -1, fits).max(axis=0)


def _partials(f0: Floats, stretch: Floats, number: Floats) -> Floats:
    """Compute partials n·f0·√((1 + B n²)/(1 + B)), with f0 the first and B the stretch."""
    return number * f0 * np.sqrt((1 + stretch * number**2) / (1 + stretch))


def _on_partials(S: Floats, f0: Floats, stretch: Floats) -> Floats:
    """Measure the share of each spectrum within 2 bins of a partial; 0 is chance, 1 the maximum."""
    bins = np.arange(len(S))[:, None]
    nearest = np.clip(np.rint(bins / f0), 1, PITCH.n_partials)
    on = np.abs(bins - _partials(f0, stretch, nearest)) < PITCH.partial_width
    chance = on.mean(axis=0)
    total = S.sum(axis=0)
    return ((S * on).sum(axis=0) / np.where(total > 0, total, 1) - chance) / np.maximum(
        1 - chance, 1e-3
    )


def _refine_f0(S: Floats, f0: Floats) -> tuple[Floats, Floats]:
    """Fit the first partial in bins, and the stretch, to peaks near partials, low ones first."""
    peaks = _peaks(S)
    stretch = np.zeros_like(f0)
    for top in (*PITCH.refinement, PITCH.n_partials):
        number = np.arange(1.0, top + 1)
        position, height = _nearest_peaks(
            S, peaks, _partials(f0[:, None], stretch[:, None], number), f0[:, None]
        )
        f0, stretch = _fit_stretch(number, position, height, f0, stretch)
    return f0, stretch


def _peaks(S: Floats) -> Floats:
    """Locate peaks in bins by a parabola through three log magnitudes; infinite at other bins."""
    L = np.log(S + 1e-9)
    left, middle, right = L[:-2], L[1:-1], L[2:]
    is_peak = (middle > left) & (middle >= right)
    bend = np.where(is_peak, 2 * middle - left - right, 1)
    positions = np.full(S.shape, np.inf)
    positions[1:-1] = np.where(
        is_peak, np.arange(1, len(S) - 1)[:, None] + (right - left) / (2 * bend), np.inf
    )
    return positions


def _nearest_peaks(S: Floats, peaks: Floats, expected: Floats, f0: Floats) -> tuple[Floats, Floats]:
    """Find the highest peak near each expected position: position and height.

    Both have shape (component, partial); the height is 0 without a peak.
    """
    reach = np.minimum(PITCH.peak_reach + PITCH.peak_growth * expected, PITCH.peak_share * f0)[
        :, :, None
    ]
    bins = np.clip(
        np.rint(expected)[:, :, None].astype(int)
        + np.arange(-PITCH.peak_bins, PITCH.peak_bins + 1),
        0,
        len(S) - 1,
    )
    column = np.arange(S.shape[1])[:, None, None]
    positions = peaks[bins, column]
    heights = np.where(np.abs(positions - expected[:, :, None]) <= reach, S[bins, column], 0)
    highest = heights.argmax(axis=2)[:, :, None]
    position, height = (
        np.take_along_axis(a, highest, axis=2)[:, :, 0] for a in (positions, heights)
    )
    return np.where(height > 0, position, expected), height


def _fit_stretch(
    number: Floats, position: Floats, height: Floats, f0: Floats, stretch: Floats
) -> tuple[Floats, Floats]:
    """Fit the line (position/n)² = a + a·B·n² by least squares, weighted by n²·height.

    Without peaks the estimates stay unchanged.
    """
    weight = height * number**2
    total = weight.sum(axis=1)
    has_peaks = total > 0
    weight = weight / np.where(has_peaks, total, 1)[:, None]
    x, y = number**2, (position / number) ** 2
    x_mean, y_mean = (weight * x).sum(axis=1), (weight * y).sum(axis=1)
    x_off = x - x_mean[:, None]
    spread = (weight * x_off**2).sum(axis=1)
    slope = (weight * x_off * y).sum(axis=1) / np.where(spread > 0, spread, np.inf)
    slope = np.clip(slope, 0, PITCH.max_stretch * y_mean / (1 + PITCH.max_stretch * x_mean))
    a = y_mean - slope * x_mean
    first = np.sqrt(a + slope)
    return np.where(has_peaks, first, f0), np.where(
        has_peaks, slope / np.where(has_peaks, a, 1), stretch
    )


def tuning_of_frames(V: Floats, frequencies: Floats) -> float:
    """Estimate the A4 of a recording in Hz, within half a semitone of 440, from its loudest frames.

    Parameters
    ----------
    V
        Magnitude spectrogram, shape (frequency, frame).
    frequencies
        Shape (frequency,): Hz, evenly spaced from 0.

    Examples
    --------
    >>> from otowake.music.components.templates import harmonic_combs
    >>> frequencies = np.arange(1025) * 22050 / 2048
    >>> V = harmonic_combs([60, 64, 67], frequencies, tuning_hz=446, tolerance=0)
    >>> round(tuning_of_frames(V, frequencies))
    446
    """
    energy = np.square(V, dtype=float).sum(axis=0)
    loud = np.argsort(-energy, kind="stable")[: PITCH.n_tuning_frames]
    return tuning_of(*estimate_f0(V[:, loud], frequencies), energy[loud])
