"""Separation of components by soft masks that sum to one.

The mask of component k is M_k = W_k·H_k / Σ_j W_j·H_j (the Wiener-like mask of Févotte, Bertin &
Durrieu, 2009, with magnitudes in place of powers). The masks multiply the STFT of the recording at
its own sampling rate: the components have the rate, channels and length of the recording, and add
up to it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from otowake.options import StftSpec
from otowake.signal.stft import Complexes, OverlapAdd, sizes_at, stft_blocks
from otowake.types import Factors, Floats, Sound

MASK_FLOOR = 1e-10
"""Added to spectra and activations: in silence all components get the same share."""

EXTENSION_BAND = (0.75, 0.9)
"""Part of the analysis band whose mean extends the spectra above the band.

The edge is excluded because resampling attenuates it.
"""


def separate(
    audio: Sound,
    factors: Factors,
    spec: StftSpec,
    only: Sequence[int] | None = None,
    frames_per_block: int = 128,
) -> Iterator[list[Floats]]:
    """Separate components as sound, block by block.

    Parameters
    ----------
    audio
        The recording, at its own rate.
    factors
        W of shape (frequency, component), H of (component, frame).
    spec
        The STFT of W and H.
    only
        Indices of the components to separate; all by default.
    frames_per_block
        Number of frames processed at once.

    Yields
    ------
    A list of one float32 array of shape (channel, sample) for each component. The concatenated
    blocks of a component are as long as the recording; the components add up to the recording, to
    rounding.

    Examples
    --------
    >>> from otowake.types import Audio
    >>> audio = Audio(np.sin(np.arange(8000)), 8000)
    >>> spec = StftSpec(sample_rate=8000, n_fft=256, hop=64)
    >>> halves = Factors(np.ones((129, 2)), np.ones((2, 126)))
    >>> first = np.concatenate([block[0] for block in separate(audio, halves, spec)], axis=1)
    >>> bool(np.allclose(first, audio.samples / 2, atol=1e-6))
    True
    """
    n_fft, hop = sizes_at(audio.rate, spec)
    W = spectra_at(np.arange(n_fft // 2 + 1) * (audio.rate / n_fft), factors.W, spec)
    wanted = range(factors.n_components) if only is None else only
    sounds = {k: OverlapAdd(hop, audio.n_samples) for k in wanted}
    first = 0
    with ThreadPoolExecutor(min(len(sounds), os.cpu_count() or 1)) as pool:
        for mixture in stft_blocks(
            audio.blocks(frames_per_block * hop), n_fft, hop, frames_per_block
        ):
            times = (first + np.arange(mixture.shape[2])) * (hop / audio.rate)
            H = activations_at(times, factors.H, spec)
            shared = np.ascontiguousarray((mixture / (W @ H)).swapaxes(1, 2))

            def sound(k: int, shared=shared, H=H) -> Floats:
                return sounds[k].add((shared * (H[k, :, None] * W[:, k])).swapaxes(1, 2))

            yield list(pool.map(sound, wanted))
            first += mixture.shape[2]
        yield [sounds[k].rest() for k in wanted]


def spectra_at(frequencies: Floats, W: Floats, spec: StftSpec) -> Floats:
    """Interpolate W at other frequencies (Hz), and extend it above the analysis band."""
    step = spec.sample_rate / spec.n_fft
    low, high = (round(edge * (W.shape[0] - 1)) for edge in EXTENSION_BAND)
    known = np.array(W, dtype=np.float32)
    known[high:] = known[low : high + 1].mean(axis=0)
    return interpolated(frequencies / step, known.T).T + np.float32(MASK_FLOOR)


def activations_at(times: Floats, H: Floats, spec: StftSpec) -> Floats:
    """Interpolate H at other times (s); the end values extend beyond its ends."""
    return interpolated(times * (spec.sample_rate / spec.hop), H) + np.float32(MASK_FLOOR)


def interpolated(positions: Floats, values: Floats) -> Floats:
    """Interpolate linearly along the last axis at fractional `positions`, float32.

    Examples
    --------
    >>> interpolated(np.array([0.5, 9.0]), np.array([[1.0, 3.0, 4.0]])).tolist()
    [[2.0, 4.0]]
    """
    last = values.shape[-1] - 1
    positions = np.clip(positions, 0, last)
    lower = np.minimum(positions.astype(int), max(last - 1, 0))
    part = (positions - lower).astype(np.float32)
    upper = np.minimum(lower + 1, last)
    return (values[..., lower] * (1 - part) + values[..., upper] * part).astype(np.float32)


def masked(spectra: Complexes, mask: Floats) -> Complexes:
    """Multiply spectra of channels by one mask, or the middle and side of two by one each.

    Parameters
    ----------
    spectra
        Shape (channel, frequency, frame).
    mask
        Shape (1 or 2, frequency, frame).

    Examples
    --------
    >>> both = np.ones((2, 1, 1), np.complex64)
    >>> masked(both, np.array([0.5, 0.0])[:, None, None]).ravel().real.tolist()
    [0.5, 0.5]
    """
    if len(mask) == 1:
        return spectra * mask
    middle, side = (spectra[0] + spectra[1]) * mask[0], (spectra[0] - spectra[1]) * mask[1]
    return np.asarray(np.stack([middle + side, middle - side]) / 2, spectra.dtype)
