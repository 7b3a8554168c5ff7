"""Write and read ``stems.npz``: the factors of each note, from which stems are synthesised.

Arrays: ``scale``, the mean magnitude by which the spectrogram was divided; ``first`` of shape
(segment,), the first frame of each segment of the recording; and for segment i ``W<i>``, ``H<i>``,
``D<i>``, ``G<i>`` and ``spans<i>`` as in :class:`otowake.types.Segment`. Activations are zero
outside the notes, so compression makes the file small. Segments with drum samples also have
``rate<i>``, ``waves<i>``, ``strokes<i>`` (the hits) and ``gains<i>``, the fields of
:class:`otowake.types.DrumSamples` in this order.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from otowake.arrays import Member, arrays_of, checked, write_arrays
from otowake.io.audio import MOST_HOURS, RATES
from otowake.music.drums.onsets import TEMPLATE_LAGS
from otowake.music.separation.layout import N_DETUNINGS, n_pitches
from otowake.music.separation.score_informed import SEGMENT_FRAMES, STFT
from otowake.types import DrumSamples, Floats, NoteFactors, Segment
from otowake.untrusted import open_regular

NOTE_FACTORS = "stems.npz"
"""The name of the file in a result folder."""

FACTOR_MEMBERS = ("W", "H", "D", "G", "spans")
DRUM_MEMBERS = ("rate", "waves", "strokes", "gains")
"""The arrays of a segment: the fields of Segment, and those of DrumSamples in order."""

MEMBERS = {
    "W": Member((STFT.n_fft // 2 + 1, "spectrum")),
    "H": Member(("spectrum", "frame")),
    "D": Member((STFT.n_fft // 2 + 1, "drum", TEMPLATE_LAGS)),
    "G": Member(("drum", "frame")),
    "spans": Member(("note", 4), "iu", least=None),
    "rate": Member((), "iu", optional=True),
    "waves": Member(("wave", "channel", "sample"), least=None, optional=True),
    "strokes": Member(("hit", 3), "iu", least=None, optional=True),
    "gains": Member(("hit",), least=None, optional=True),
}
"""The arrays of a segment; each name ends in the index of the segment."""

LAST_FRAME = MOST_HOURS * 3600 * STFT.sample_rate // STFT.hop
LAST_SAMPLE = MOST_HOURS * 3600 * RATES.stop
"""The largest frame and sample index of a recording."""


def write_note_factors(note_factors: NoteFactors, path: Path) -> None:
    """Write note factors as a compressed ``.npz`` file."""
    segments: dict[str, Any] = {}
    for i, segment in enumerate(note_factors.segments):
        segments |= {f"{name}{i}": getattr(segment, name) for name in FACTOR_MEMBERS}
        if segment.drum_samples:
            samples = zip(DRUM_MEMBERS, segment.drum_samples, strict=True)
            segments |= {f"{name}{i}": values for name, values in samples}
    first = np.array([segment.first for segment in note_factors.segments], np.int64)
    arrays = {"scale": np.float64(note_factors.scale), "first": first, **segments}
    write_arrays(path, arrays, compressed=True)


def read_note_factors(path: Path) -> NoteFactors:
    """Read the file of :func:`write_note_factors`.

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
    first = checked(arrays, {"first": Member(("segment",), "iu")})["first"]
    if (np.diff(first.astype(float)) <= 0).any() or first.max(initial=0) > LAST_FRAME:
        raise ValueError("the segments are not in order")
    if f"H{len(first)}" in arrays:
        raise ValueError(f"there are more than {len(first)} segments")
    return NoteFactors(
        tuple(_segment(arrays, i, int(frame)) for i, frame in enumerate(first.tolist())), scale
    )


def _segment(arrays: dict[str, Floats], i: int, first: int) -> Segment:
    """Return the segment of index `i`, checking that the axes of the arrays agree."""
    members = checked(arrays, {f"{name}{i}": member for name, member in MEMBERS.items()})
    W, H, D, G = (members[f"{name}{i}"].astype(np.float32, copy=False) for name in "WHDG")
    if not all(np.isfinite(values).all() for values in (W, H, D, G)):
        raise ValueError("a factor has values that are not finite")
    (n, frames), n_drums = H.shape, len(G)
    if not 0 < frames <= SEGMENT_FRAMES or n % N_DETUNINGS:
        raise ValueError(f"H{i} has the shape {H.shape}")
    spans = members[f"spans{i}"].astype(np.intp)
    _, row, start, stop = spans.T
    if (row < 0).any() or (row >= n_pitches(n) + n_drums).any():
        raise ValueError("a note has no spectrum")
    if (start < 0).any() or (start > stop).any() or (stop > frames).any():
        raise ValueError("a note is outside its segment")
    return Segment(first, W, H, D, G, spans, _drum_samples(members, i))


def _drum_samples(members: dict[str, Floats], i: int) -> DrumSamples | None:
    arrays = [members[f"{name}{i}"] for name in DRUM_MEMBERS if f"{name}{i}" in members]
    if not arrays:
        return None
    if len(arrays) < len(DRUM_MEMBERS):
        raise ValueError("an array of the drum samples is missing")
    rate, waves, hits, gains = arrays
    hits = hits.astype(np.int64)
    if len(hits) and not 0 <= hits[:, 1].min() <= hits[:, 1].max() < len(waves):
        raise ValueError("a drum hit has no waveform")
    if np.abs(hits[:, 2].astype(float)).max(initial=0) > LAST_SAMPLE:
        raise ValueError("a drum hit is outside the recording")
    return DrumSamples(int(rate), waves.astype(np.float32), hits, gains.astype(np.float32))
