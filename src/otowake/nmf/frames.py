"""The matrix to factorise, in memory or on disk, in blocks of frames."""

from __future__ import annotations

import jax
import numpy as np
from numpy.typing import DTypeLike, NDArray

from otowake.nmf.objective import Block
from otowake.types import Floats, Matrix

FRAME_STEP = 128
"""Frames are padded to a multiple of this; recordings of many lengths share compiled programs."""

LONG_FRAMES = 4096
"""Number of frames from which a matrix is processed in blocks."""

BLOCK_FRAMES = 1024
"""Frames in a block."""


class InMemory:
    """An array as a :class:`otowake.types.Matrix`."""

    def __init__(self, values: Floats) -> None:
        self.values = values

    @property
    def shape(self) -> tuple[int, int]:
        n_bins, n_frames = self.values.shape
        return n_bins, n_frames

    def frames(self, start: int, stop: int) -> Floats:
        return self.values[:, start:stop]


def columns(V: Matrix, indices: NDArray[np.integer]) -> Floats:
    """Read single frames, shape (frequency, index)."""
    if isinstance(V, InMemory):
        return V.values[:, indices]
    return np.concatenate([V.frames(int(i), int(i) + 1) for i in indices], axis=1)


class PaddedBlocks:
    """A matrix in blocks of equal length, the last one padded with zeros.

    A matrix in memory is copied to the device once; other matrices are read on each access.
    """

    def __init__(
        self, V: Matrix, length: int, weights: Floats | None = None, dtype: DTypeLike = np.float32
    ) -> None:
        self.V, self.length, self.weights, self.dtype = V, length, weights, dtype
        self.n_frames = V.shape[1]
        self.count = -(-self.n_frames // length)
        self.cached = (
            [self._made(i) for i in range(self.count)] if isinstance(V, InMemory) else None
        )

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, i: int) -> Block:
        return self.cached[i] if self.cached else self._made(i)

    def _made(self, i: int) -> Block:
        start, stop = i * self.length, min((i + 1) * self.length, self.n_frames)
        weights = None if self.weights is None else self._filled(self.weights[:, start:stop])
        return Block(self._filled(self.V.frames(start, stop)), weights)

    def _filled(self, values: Floats) -> jax.Array:
        spare = self.length - values.shape[1]
        return jax.device_put(np.pad(np.asarray(values, self.dtype), ((0, 0), (0, spare))))

    def split(self, H: Floats) -> list[Floats]:
        """Split H of shape (component, frame) into the same blocks, padded with zeros."""
        spare = len(self) * self.length - H.shape[1]
        return np.split(np.pad(np.asarray(H, self.dtype), ((0, 0), (0, spare))), len(self), axis=1)


def in_blocks(
    V: Matrix,
    weights: Floats | None = None,
    dtype: DTypeLike = np.float32,
    step: int = FRAME_STEP,
    long: int = LONG_FRAMES,
) -> PaddedBlocks:
    """Split a matrix into blocks of :data:`BLOCK_FRAMES` frames.

    A matrix in memory with fewer than `long` frames becomes a single block, padded to a multiple
    of `step` frames.
    """
    n_frames = V.shape[1]
    whole = n_frames < long and isinstance(V, InMemory)
    length = n_frames + -n_frames % step if whole else BLOCK_FRAMES
    return PaddedBlocks(V, length, weights, dtype)
