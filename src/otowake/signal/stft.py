"""The short-time Fourier transform, whole and in blocks, and its inverse.

All functions work on blocks, so that memory does not grow with the recording; the whole-clip
functions join the blocks. Frame i is centred on sample i · hop; the signal is zero outside its ends
(librosa's ``center=True``, ``pad_mode="constant"``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from otowake.options import StftSpec
from otowake.types import Floats

Complexes = NDArray[np.complexfloating]


def hann(n_fft: int) -> Floats:
    """Return the periodic Hann window, shape (n_fft,), float32.

    Examples
    --------
    >>> hann(4).tolist()
    [0.0, 0.5, 1.0, 0.5]
    """
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)).astype(np.float32)


def n_frames(n_samples: int, hop: int) -> int:
    """Return the number of frames of a centred STFT."""
    return 1 + n_samples // hop


def sizes_at(rate: int, spec: StftSpec) -> tuple[int, int]:
    """Return window and hop length in samples at another rate, of the same duration.

    Examples
    --------
    >>> sizes_at(44100, StftSpec(sample_rate=22050, n_fft=2048, hop=512))
    (4096, 1024)
    """
    ratio = rate / spec.sample_rate
    n_fft = max(2, 2 * round(spec.n_fft * ratio / 2))
    return n_fft, max(1, min(round(spec.hop * ratio), n_fft // 2))


def stft_blocks(
    blocks: Iterable[Floats], n_fft: int, hop: int, frames_per_block: int = 512
) -> Iterator[Complexes]:
    """Compute the centred STFT of a sound in pieces.

    Parameters
    ----------
    blocks
        Pieces of shape (channel, sample), of any length, in order.
    n_fft, hop
        Window and hop length, in samples; `n_fft` even, `hop` at most half of it.
    frames_per_block
        Frames in each yielded block except the last.

    Yields
    ------
    complex64 arrays of shape (channel, frequency = n_fft // 2 + 1, frame).
    """
    window = hann(n_fft)
    span = (frames_per_block - 1) * hop + n_fft
    held: Floats | None = None
    for block in blocks:
        piece = np.asarray(block, dtype=np.float32)
        if held is None:
            held = np.zeros((piece.shape[0], n_fft // 2), dtype=np.float32)
        held = np.concatenate([held, piece], axis=1)
        while held.shape[1] >= span:
            yield _transform(held[:, :span], window, hop)
            held = held[:, frames_per_block * hop :]
    if held is None:
        return
    held = np.pad(held, ((0, 0), (0, n_fft // 2)))
    while held.shape[1] >= n_fft:
        yield _transform(held[:, :span], window, hop)
        held = held[:, frames_per_block * hop :]


def _transform(samples: Floats, window: Floats, hop: int) -> Complexes:
    frames = np.lib.stride_tricks.sliding_window_view(samples, len(window), axis=1)[:, ::hop]
    return np.fft.rfft(frames * window, axis=2).swapaxes(1, 2)


def istft(transform: Complexes, hop: int, n_samples: int) -> Floats:
    """Invert :func:`stft`.

    Parameters
    ----------
    transform
        Shape (frequency, frame) or (channel, frequency, frame).
    hop
        Hop length, in samples.
    n_samples
        Length of the sound, in samples.

    Returns
    -------
    float32 array of shape (sample,) or (channel, sample).

    Examples
    --------
    >>> x = np.sin(np.arange(5000.0))
    >>> bool(np.allclose(istft(stft(x), 512, len(x)), x, atol=1e-6))
    True
    """
    overlap = OverlapAdd(hop, n_samples)
    block = transform[None] if transform.ndim == 2 else transform
    samples = np.concatenate([overlap.add(block), overlap.rest()], axis=1)
    return samples[0] if transform.ndim == 2 else samples


class OverlapAdd:
    """Invert an STFT block by block: windowed overlap-add, divided by the summed squared windows.

    This is the least-squares inverse of Griffin & Lim, "Signal estimation from modified short-time
    Fourier transform" (1984), eq. 6; it reconstructs the signal from an unmodified STFT.

    Parameters
    ----------
    hop
        Hop length, in samples.
    n_samples
        Length of the sound, in samples.
    """

    def __init__(self, hop: int, n_samples: int) -> None:
        self.hop = hop
        self.left = n_samples
        self.early = 0
        self.tail: Floats | None = None
        self.weight = np.zeros(0, dtype=np.float32)

    def add(self, block: Complexes) -> Floats:
        """Add a block of shape (channel, frequency, frame); return the completed samples."""
        channels, bins, frames = block.shape
        n_fft = 2 * (bins - 1)
        window = hann(n_fft)
        if self.tail is None:
            self.early = n_fft // 2
            self.tail = np.zeros((channels, n_fft - self.hop), dtype=np.float32)
            self.weight = np.zeros(n_fft - self.hop, dtype=np.float32)
        pieces = np.fft.irfft(block.swapaxes(1, 2), n=n_fft, axis=2) * window
        length = (frames - 1) * self.hop + n_fft
        total = np.zeros((channels, length), dtype=np.float32)
        weight = _squared_windows(n_fft, self.hop, frames).copy()
        total[:, : n_fft - self.hop] = self.tail
        weight[: n_fft - self.hop] += self.weight
        _overlap(total, pieces, self.hop)
        done = frames * self.hop
        self.tail, self.weight = total[:, done:], weight[done:]
        out = total[:, :done] / np.maximum(weight[:done], 1e-8)
        return self._cut(out)

    def rest(self) -> Floats:
        """Return the samples after the hop of the last frame."""
        if self.tail is None:
            return np.zeros((1, 0), dtype=np.float32)
        return self._cut(self.tail / np.maximum(self.weight, 1e-8))

    def _cut(self, out: Floats) -> Floats:
        """Remove samples before the start and after the end of the recording."""
        early = min(self.early, out.shape[1])
        self.early -= early
        out = out[:, early : early + self.left]
        self.left -= out.shape[1]
        return out


@lru_cache(maxsize=8)
def _squared_windows(n_fft: int, hop: int, frames: int) -> Floats:
    """Sum squared windows at intervals of `hop`, shape (sample,)."""
    total = np.zeros((1, (frames - 1) * hop + n_fft), dtype=np.float32)
    _overlap(total, np.broadcast_to(hann(n_fft) ** 2, (1, frames, n_fft)), hop)
    return total[0]


def _overlap(total: Floats, pieces: Floats, hop: int) -> None:
    """Add pieces of shape (channel, frame, n_fft) to `total` at intervals of `hop`."""
    frames, n_fft = pieces.shape[1:]
    for start in range(0, n_fft, hop):
        part = pieces[:, :, start : start + hop]
        width = part.shape[2]
        view = np.lib.stride_tricks.sliding_window_view(
            total[:, start:], width, axis=1, writeable=True
        )
        view[:, ::hop][:, :frames] += part


def stft(samples: Floats, n_fft: int = 2048, hop: int = 512) -> Complexes:
    """Compute the centred STFT with a Hann window, equal to ``librosa.stft``.

    Parameters
    ----------
    samples
        Shape (sample,) or (channel, sample).
    n_fft, hop
        Window and hop length, in samples.

    Returns
    -------
    complex64 array of shape (frequency, frame) or (channel, frequency, frame).

    Examples
    --------
    >>> stft(np.ones(22050)).shape
    (1025, 44)
    """
    whole = np.concatenate(list(stft_blocks([np.atleast_2d(samples)], n_fft, hop)), axis=2)
    return whole[0] if np.ndim(samples) == 1 else whole
