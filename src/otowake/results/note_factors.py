"""What each note contributes to a recording, as a file: ``stems.npz``.

Its arrays: ``scale``, the mean magnitude that was divided by; ``first`` of shape (piece,), the first frame of each piece of the
recording; and for piece number i ``W<i>``, ``H<i>``, ``D<i>``, ``G<i>`` and ``spans<i>`` as in :class:`otowake.types.Piece`. They are mostly zeros
(a note is silent but where it sounds), so that they are small when compressed. Where drums always sound the same, ``rate<i>``, ``waves<i>``,
``strokes<i>`` and ``gains<i>`` as in :class:`otowake.types.DrumSamples`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from otowake.arrays import Member, arrays_of, checked, write_arrays
from otowake.io.audio import MOST_HOURS, RATES
from otowake.music.drums.onsets import LAGS
from otowake.music.separation.score_informed import DETUNINGS, PIECE, STFT
from otowake.types import DrumSamples, Floats, NoteFactors, Segment
from otowake.untrusted import open_regular

FILE = "stems.npz"
FACTORS = ("W", "H", "D", "G", "spans")
SAMPLES = ("rate", "waves", "strokes", "gains")
"""The arrays of :class:`otowake.types.DrumSamples`, in the order of its fields."""

MEMBERS = {
    "W": Member((STFT.n_fft // 2 + 1, "spectrum")),
    "H": Member(("spectrum", "frame")),
    "D": Member((STFT.n_fft // 2 + 1, "drum", LAGS)),
    "G": Member(("drum", "frame")),
    "spans": Member(("note", 4), "iu", least=None),
    "rate": Member((), "iu", optional=True),
    "waves": Member(("wave", "channel", "sample"), least=None, optional=True),
    "strokes": Member(("stroke", 3), "iu", least=None, optional=True),
    "gains": Member(("stroke",), least=None, optional=True),
}
"""The arrays of a piece, whose names end in its number."""

LAST_FRAME = MOST_HOURS * 3600 * STFT.sample_rate // STFT.hop
LAST_SAMPLE = MOST_HOURS * 3600 * RATES.stop
"""No frame and no sample of a recording is later."""


def write_explained(note_factors: NoteFactors, path: Path) -> None:
    """Write it, compressed."""
    pieces = {
        f"{key}{i}": getattr(holder, name)
        for i, piece in enumerate(note_factors.segments)
        for holder, names in (
            (piece, zip(FACTORS, FACTORS, strict=True)),
            (
                piece.drum_samples,
                zip(SAMPLES, DrumSamples._fields, strict=True) if piece.drum_samples else (),
            ),
        )
        for key, name in names
    }
    first = np.array([piece.first for piece in note_factors.segments], np.int64)
    arrays = {"scale": np.float64(note_factors.scale), "first": first, **pieces}
    write_arrays(path, arrays, compressed=True)


def read_explained(path: Path) -> NoteFactors:
    """Read it back.

    Raises
    ------
    ValueError, KeyError, OSError
        If the file is damaged.
    """
    with open_regular(path) as file:
        arrays = arrays_of(file)
    scale = float(checked(arrays, {"scale": Member(())})["scale"])
    if not scale > 0:
        raise ValueError(f"the scale is {scale}")
    first = checked(arrays, {"first": Member(("piece",), "iu")})["first"]
    if (np.diff(first.astype(float)) <= 0).any() or first.max(initial=0) > LAST_FRAME:
        raise ValueError("the pieces are not in order")
    if f"H{len(first)}" in arrays:
        raise ValueError(f"there are more than {len(first)} pieces")
    return NoteFactors(
        tuple(_piece(arrays, i, int(at)) for i, at in enumerate(first.tolist())), scale
    )


def _piece(arrays: dict[str, Floats], i: int, first: int) -> Segment:
    """A piece, of whose arrays the axes agree."""
    found = checked(arrays, {f"{name}{i}": member for name, member in MEMBERS.items()})
    W, H, D, G = (found[f"{name}{i}"].astype(np.float32, copy=False) for name in "WHDG")
    if not all(np.isfinite(values).all() for values in (W, H, D, G)):
        raise ValueError("a factor has values that are not finite")
    (n, frames), n_drums = H.shape, len(G)
    if not 0 < frames <= PIECE or n % len(DETUNINGS):
        raise ValueError(f"H{i} has the shape {H.shape}")
    spans = found[f"spans{i}"].astype(np.intp)
    _, row, start, stop = spans.T
    if (row < 0).any() or (row >= n // len(DETUNINGS) + n_drums).any():
        raise ValueError("a note has no spectrum")
    if (start < 0).any() or (start > stop).any() or (stop > frames).any():
        raise ValueError("a note is outside its piece")
    return Segment(first, W, H, D, G, spans, _repeats(found, i))


def _repeats(found: dict[str, Floats], i: int) -> DrumSamples | None:
    given = [found[f"{name}{i}"] for name in SAMPLES if f"{name}{i}" in found]
    if not given:
        return None
    if len(given) < len(SAMPLES):
        raise ValueError("of the waveforms of drums something is missing")
    rate, waves, strokes, gains = given
    strokes = strokes.astype(np.int64)
    if len(strokes) and not 0 <= strokes[:, 1].min() <= strokes[:, 1].max() < len(waves):
        raise ValueError("a stroke has no waveform")
    if np.abs(strokes[:, 2].astype(float)).max(initial=0) > LAST_SAMPLE:
        raise ValueError("a stroke is outside the recording")
    return DrumSamples(int(rate), waves.astype(np.float32), strokes, gains.astype(np.float32))
