"""What each note contributes to a recording, as a file: ``stems.npz``.

Its arrays: ``scale``, the mean magnitude that was divided by; ``first`` of shape (piece,), the first frame of each piece of the
recording; and for piece number i ``W<i>``, ``H<i>``, ``D<i>``, ``G<i>`` and ``spans<i>`` as in :class:`otowake.types.Piece`. They are mostly zeros
(a note is silent but where it sounds), so that they are small when compressed. Where drums always sound the same, ``rate<i>``, ``waves<i>``,
``strokes<i>`` and ``gains<i>`` as in :class:`otowake.types.Repeats`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from otowake.music.scored import DETUNINGS, PIECE, STFT
from otowake.music.strokes import LAGS
from otowake.outside import arrays_of
from otowake.types import Explained, Floats, Piece, Repeats

FILE = "stems.npz"
FACTORS = ("W", "H", "D", "G", "spans")


def write_explained(explained: Explained, path: Path) -> None:
    """Write it, compressed."""
    pieces = {
        f"{name}{i}": getattr(holder, name)
        for i, piece in enumerate(explained.pieces)
        for holder, names in ((piece, FACTORS), (piece.repeats, Repeats._fields if piece.repeats else ()))
        for name in names
    }
    first = np.array([piece.first for piece in explained.pieces], np.int64)
    np.savez_compressed(path, allow_pickle=False, scale=np.float64(explained.scale), first=first, **pieces)


def read_explained(path: Path) -> Explained:
    """Read it back.

    Raises
    ------
    ValueError, KeyError, OSError
        If the file is damaged.
    """
    with path.open("rb") as file:
        arrays = arrays_of(file)
    scale = float(arrays["scale"])
    if not 0 < scale < np.inf:
        raise ValueError(f"the scale is {scale}")
    pieces = []
    for i, first in enumerate(arrays["first"].astype(np.int64).tolist()):
        spans = arrays[f"spans{i}"].astype(np.intp)
        W, H, G = (_factor(arrays[f"{name}{i}"], 2) for name in "WHG")
        pieces.append(Piece(first, W, H, _factor(arrays[f"D{i}"], 3), G, spans, _repeats(arrays, i)))
        _check(pieces[-1])
    return Explained(tuple(pieces), scale)


def _repeats(arrays: dict[str, Floats], i: int) -> Repeats | None:
    if f"rate{i}" not in arrays:
        return None
    rate, waves, strokes, gains = (arrays[f"{name}{i}"] for name in Repeats._fields)
    if waves.ndim != 3 or strokes.shape != (len(gains), 3) or rate.shape != ():
        raise ValueError(
            f"waveforms of drums have the shapes {waves.shape}, {strokes.shape} and {rate.shape}"
        )
    if not (np.isfinite(waves).all() and np.isfinite(gains).all()):
        raise ValueError("a waveform of a drum has values that none can have")
    strokes = strokes.astype(np.int64)
    if len(strokes) and not 0 <= strokes[:, 1].min() <= strokes[:, 1].max() < len(waves):
        raise ValueError("a stroke has no waveform")
    return Repeats(int(rate), waves.astype(np.float32), strokes, gains.astype(np.float32))


def _factor(values: Floats, n_axes: int) -> Floats:
    if (
        values.dtype != np.float32
        or values.ndim != n_axes
        or not np.isfinite(values).all()
        or (values < 0).any()
    ):
        raise ValueError(
            f"a factor is of {values.dtype}, of shape {values.shape}, or has values that none can have"
        )
    return values


def _check(piece: Piece) -> None:
    (n, frames), (_, n_drums, n_lags) = piece.H.shape, piece.D.shape
    shapes = [getattr(piece, name).shape for name in "WHDG"]
    right = [(STFT.n_fft // 2 + 1, n), (n, frames), (STFT.n_fft // 2 + 1, n_drums, n_lags), (n_drums, frames)]
    if piece.first < 0 or shapes != right or frames > PIECE or n % len(DETUNINGS) or n_lags != LAGS:
        raise ValueError(f"factors have the shapes {', '.join(map(str, shapes))}")
    spans = piece.spans
    if spans.ndim != 2 or spans.shape[1] != 4:
        raise ValueError(f"spans have the shape {spans.shape}")
    _, row, start, stop = spans.T
    if (row < 0).any() or (row >= n // len(DETUNINGS) + n_drums).any():
        raise ValueError("a note has no spectrum")
    if (start < 0).any() or (start > stop).any() or (stop > frames).any():
        raise ValueError("a note is outside its piece")
