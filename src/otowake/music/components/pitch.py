"""Pitch: names of notes, the pitch of a spectrum, and the tuning that pitches agree on.

A spectrum is compared with one comb for every pitch from A0 to C8. A comb is positive round the
partials, most of all round the first and the prime ones, and negative half-way between them. So
neither the octave below, whose odd partials are missing, nor the octave above, whose troughs meet
partials, fits as well as the pitch itself. This is the idea of SWIPE′ [1]_, with lobes no wider
than those of the analysis window. The partials of the best pitch are then measured, and one
fundamental is fitted to them all, stretched as those of a stiff string are [2]_.

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

from otowake.music.theory.names import hz_to_midi, midi_to_hz
from otowake.types import Floats, Pitch

_CANDIDATES = np.arange(20.5, 108.6, 0.25)  # MIDI
_TOP_HZ = 11025.0  # what lies above says little about pitch
_COMPRESSION = 0.8  # of magnitudes, so that the strongest partial does not decide alone
_PRIMES = (1, 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)
_COMPOSITE = 0.25  # weight of the other partials in a comb
_TROUGH = 0.3  # depth of a comb's troughs
_LEAST_SPACING = 2.3  # bins between partials that a Hann window can tell apart
_SAME_PARTIALS = (
    0,
    12,
    19,
    24,
    28,
    31,
)  # semitones between a pitch and those that share partials with it
_N_PARTIALS = 20  # measured for the fundamental
_MOST_STRETCH = 2e-3
_LEAST_CONFIDENCE = 0.1
_FAITH_IN_440 = 0.03  # its weight before anything is heard; all that is heard weighs at most 1


def find_pitches(W: Floats, frequencies: Floats, tuning_hz: float = 440.0) -> list[Pitch | None]:
    """The pitch of each spectrum; None where there is none, as in drums and noise.

    Parameters
    ----------
    W
        Magnitude spectra, shape (frequency, component), not negative.
    frequencies
        Shape (frequency,): Hz, evenly spaced from 0.
    tuning_hz
        The recording's A4, from which the deviation of a pitch is counted.

    Examples
    --------
    >>> frequencies = np.arange(1025) * 22050 / 2048
    >>> flute = sum(np.exp(-((frequencies / 21.5 - n * 20.5) ** 2)) / n for n in range(1, 6))
    >>> pitch, nothing = find_pitches(np.stack([flute, np.ones(1025)], axis=1), frequencies)
    >>> note_name(pitch.midi), round(pitch.hz), nothing
    ('A4', 441, None)
    """
    hz, confidence = fundamentals(W, frequencies)
    return named(hz, confidence, tuning_hz)


def named(hz: Floats, confidence: Floats, tuning_hz: float = 440.0) -> list[Pitch | None]:
    """Fundamentals as pitches; None where there is no confidence.

    Examples
    --------
    >>> named(np.array([445.0, 0.0]), np.array([0.9, 0.0]), tuning_hz=445.0)
    [Pitch(hz=445.0, midi=69, cents=0.0, confidence=0.9), None]
    """
    pairs = zip(hz.tolist(), confidence.tolist(), strict=True)
    return [_named(f, c, tuning_hz) if c > 0 else None for f, c in pairs]


def _named(hz: float, confidence: float, tuning_hz: float) -> Pitch:
    exact = float(hz_to_midi(hz, tuning_hz))
    return Pitch(hz, round(exact), 100.0 * (exact - round(exact)), confidence)


def tuning_of(hz: Floats, confidence: Floats, energy: Floats) -> float:
    """The frequency of A4 in Hz that fundamentals agree on, within half a semitone of 440.

    It is the circular mean of their places between semitones; 440 where nothing has a pitch.

    Parameters
    ----------
    hz, confidence
        Shape (component,) each, as :func:`fundamentals` gives them.
    energy
        Shape (component,): a fundamental counts by its energy and by its squared confidence.

    Examples
    --------
    >>> round(tuning_of(np.array([445.0, 890.0]), np.ones(2), np.ones(2)), 1)
    444.9
    """
    heard = (confidence > 0) & (energy > 0)
    if not heard.any():
        return 440.0
    weight = energy[heard] / energy[heard].sum() * confidence[heard] ** 2
    turns = np.exp(2j * np.pi * hz_to_midi(hz[heard]))
    semitones = np.angle((weight * turns).sum() + _FAITH_IN_440) / (2 * np.pi)
    return float(440.0 * 2.0 ** (semitones / 12.0))


def fundamentals(W: Floats, frequencies: Floats) -> tuple[Floats, Floats]:
    """The fundamental in Hz of each spectrum, and the confidence in it; both 0 where there is none.

    The confidence, from 0 to 1, is the product of three things: how well the best comb fits, how
    much better it fits than any that does not share its partials (two notes in one spectrum leave
    little), and how much of the spectrum lies on the partials beyond what would by chance. Each
    goes from 0 to 1 between two fixed values. Partials closer than 2.3 bins are not told apart, so
    no pitch below that is found.

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
    >>> hz, confidence = fundamentals(np.zeros((1025, 2)), np.arange(1025) * 22050 / 2048)
    >>> hz.tolist(), confidence.tolist()
    ([0.0, 0.0], [0.0, 0.0])
    """
    bin_hz = float(frequencies[1] - frequencies[0])
    S = _compressed(W[: int(_TOP_HZ / bin_hz) + 1])
    fits = _salience(S, bin_hz)
    best = fits.argmax(axis=0)
    guess = midi_to_hz(_CANDIDATES[best]) / bin_hz
    f0, stretch = _fundamental(S, guess)
    confidence = (
        _ramp(fits.max(axis=0), 0.15, 0.5)
        * _ramp(_lead(fits, best), -0.05, 0.15)
        * _ramp(_on_partials(S, f0, stretch), 0.0, 0.3)
    )
    sure = (confidence >= _LEAST_CONFIDENCE) & (np.abs(np.log2(f0 / guess)) < 1 / 12)
    return np.where(sure, f0 * bin_hz, 0.0), np.where(sure, confidence, 0.0)


def _ramp(x: Floats, low: float, high: float) -> Floats:
    return np.clip((x - low) / (high - low), 0.0, 1.0)


def _compressed(W: Floats) -> Floats:
    loudest = W.max(axis=0)
    return (W / np.where(loudest > 0, loudest, 1)).astype(np.float32) ** _COMPRESSION


def _salience(S: Floats, bin_hz: float) -> Floats:
    """How well each candidate fits each spectrum, shape (candidate, component), at most 1."""
    norm = np.linalg.norm(S, axis=0)
    return _combs(len(S), bin_hz) @ (S / np.where(norm > 0, norm, 1))


@lru_cache(maxsize=2)
def _combs(n_bins: int, bin_hz: float) -> NDArray[np.float32]:
    """One comb a candidate, shape (candidate, frequency), its lobes of norm 1; zeros if it cannot be told."""
    f0 = (midi_to_hz(_CANDIDATES) / bin_hz).astype(np.float32)[:, None]
    bins = np.arange(n_bins, dtype=np.float32)
    place = bins / f0
    partial = place.astype(np.int32)
    fraction = place - partial
    weights = np.zeros(max(int(partial[0, -1]), _PRIMES[-1]) + 2, np.float32)
    weights[1 : _PRIMES[-1]] = _COMPOSITE
    weights[list(_PRIMES)] = 1
    below, above = weights[partial], weights[partial + 1]
    fading = np.maximum(bins, 1) ** np.float32(-0.25)
    off = np.minimum(fraction, 1 - fraction) * f0 / np.minimum(f0 / 4, 3 + np.float32(0.02) * bins)
    lobes = np.where(fraction < 0.5, below, above) * np.cos(np.pi / 2 * np.minimum(off, 1)) * fading
    troughs = (below + above) * np.minimum(np.cos(2 * np.pi * fraction), 0) * fading
    norm = np.linalg.norm(lobes, axis=1, keepdims=True)
    return (lobes + np.float32(_TROUGH) * troughs) / np.where(
        (norm > 0) & (f0 >= _LEAST_SPACING), norm, np.inf
    )


def _lead(fits: Floats, best: NDArray[np.intp]) -> Floats:
    """By how much the best candidate fits better than the best of those that do not share its partials."""
    apart = np.abs(_CANDIDATES[:, None] - _CANDIDATES[best])
    related = np.any([np.abs(apart - interval) < 1 for interval in _SAME_PARTIALS], axis=0)
    return fits.max(axis=0) - np.where(related, -1, fits).max(axis=0)


def _partials(f0: Floats, stretch: Floats, number: Floats) -> Floats:
    """Where partials lie: n·f0·√((1 + B n²)/(1 + B)), with f0 the first and B the stretch."""
    return number * f0 * np.sqrt((1 + stretch * number**2) / (1 + stretch))


def _on_partials(S: Floats, f0: Floats, stretch: Floats) -> Floats:
    """The share of each spectrum within 2 bins of a partial, from 0 (what chance gives) to 1."""
    bins = np.arange(len(S))[:, None]
    nearest = np.clip(np.rint(bins / f0), 1, _N_PARTIALS)
    on = np.abs(bins - _partials(f0, stretch, nearest)) < 2
    chance = on.mean(axis=0)
    total = S.sum(axis=0)
    return ((S * on).sum(axis=0) / np.where(total > 0, total, 1) - chance) / np.maximum(
        1 - chance, 1e-3
    )


def _fundamental(S: Floats, f0: Floats) -> tuple[Floats, Floats]:
    """The first partial in bins, and the stretch, from peaks near the partials of `f0`, low ones first."""
    peaks = _peaks(S)
    stretch = np.zeros_like(f0)
    for top in (2, 5, 10, _N_PARTIALS):
        number = np.arange(1.0, top + 1)
        place, height = _nearby(
            S, peaks, _partials(f0[:, None], stretch[:, None], number), f0[:, None]
        )
        f0, stretch = _fitted(number, place, height, f0, stretch)
    return f0, stretch


def _peaks(S: Floats) -> Floats:
    """Where peaks are, in bins, by a parabola through three log magnitudes; infinite at other bins."""
    L = np.log(S + 1e-9)
    left, middle, right = L[:-2], L[1:-1], L[2:]
    is_peak = (middle > left) & (middle >= right)
    bend = np.where(is_peak, 2 * middle - left - right, 1)
    places = np.full(S.shape, np.inf)
    places[1:-1] = np.where(
        is_peak, np.arange(1, len(S) - 1)[:, None] + (right - left) / (2 * bend), np.inf
    )
    return places


def _nearby(S: Floats, peaks: Floats, expected: Floats, f0: Floats) -> tuple[Floats, Floats]:
    """Place and height of the highest peak near each expected place, shape (component, partial); 0: none."""
    reach = np.minimum(2 + 0.015 * expected, 0.4 * f0)[:, :, None]
    bins = np.clip(np.rint(expected)[:, :, None].astype(int) + np.arange(-5, 6), 0, len(S) - 1)
    column = np.arange(S.shape[1])[:, None, None]
    places = peaks[bins, column]
    heights = np.where(np.abs(places - expected[:, :, None]) <= reach, S[bins, column], 0)
    highest = heights.argmax(axis=2)[:, :, None]
    place, height = (np.take_along_axis(a, highest, axis=2)[:, :, 0] for a in (places, heights))
    return np.where(height > 0, place, expected), height


def _fitted(
    number: Floats, place: Floats, height: Floats, f0: Floats, stretch: Floats
) -> tuple[Floats, Floats]:
    """The line (place/n)² = a + a·B·n² by least squares, weighted by n²·height; as it was without peaks."""
    weight = height * number**2
    total = weight.sum(axis=1)
    found = total > 0
    weight = weight / np.where(found, total, 1)[:, None]
    x, y = number**2, (place / number) ** 2
    x_mean, y_mean = (weight * x).sum(axis=1), (weight * y).sum(axis=1)
    x_off = x - x_mean[:, None]
    spread = (weight * x_off**2).sum(axis=1)
    slope = (weight * x_off * y).sum(axis=1) / np.where(spread > 0, spread, np.inf)
    slope = np.clip(slope, 0, _MOST_STRETCH * y_mean / (1 + _MOST_STRETCH * x_mean))
    a = y_mean - slope * x_mean
    first = np.sqrt(a + slope)
    return np.where(found, first, f0), np.where(found, slope / np.where(found, a, 1), stretch)


LOUDEST = 200
"""Frames that tell the tuning."""


def tuning_of_frames(V: Floats, frequencies: Floats) -> float:
    """The A4 of a recording in Hz, within half a semitone of 440, from its loudest frames; nothing need be learnt yet.

    Parameters
    ----------
    V
        Magnitude spectrogram, shape (frequency, frame).
    frequencies
        Shape (frequency,): Hz, evenly spaced from 0.

    Examples
    --------
    >>> frequencies = np.arange(1025) * 22050 / 2048
    >>> round(tuning_of_frames(harmonic_combs([60, 64, 67], frequencies, tuning_hz=446, tolerance=0), frequencies))
    446
    """
    energy = np.square(V, dtype=float).sum(axis=0)
    loud = np.argsort(-energy, kind="stable")[:LOUDEST]
    return tuning_of(*fundamentals(V[:, loud], frequencies), energy[loud])
