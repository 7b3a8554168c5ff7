"""Spectrogram, spectra, activations and their product as small grey pictures, and the learning as strips of them."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from PIL import Image

from otowake.plot.animation import Snapshots, whole_course
from otowake.plot.scales import (
    FLOOR_DB,
    columns,
    decibels,
    log_rows,
    lowest,
    pooled,
    pooled_product,
)
from otowake.signal.magnitude import axes, magnitudes
from otowake.signal.stft import n_frames
from otowake.types import Analysis, Fit, Floats, Sound

ROWS, COLUMNS = 336, 1800
"""The most that pictures have: about three rows to a semitone, and columns for as far as one can zoom."""

SMALL_ROWS, SMALL_COLUMNS = 96, 320
"""The same of the learning."""


def pictures_of(analysis: Analysis, snapshots: Snapshots | None) -> dict[str, Any]:
    """The pictures of an analysis by name, as PNG, with what their axes need.

    Rows are frequencies of equal musical height, from the highest; a pixel is the loudest of what it stands for. Grey
    255 is each picture's own maximum, 0 is `floor` decibels below it.
    """
    frequencies = analysis.frequencies if len(analysis.frequencies) else axes(analysis.stft, 0)[0]
    found: dict[str, Any] = {
        "floor": FLOOR_DB,
        "low": lowest(frequencies),
        "high": float(frequencies[-1]),
    }
    rows = log_rows(frequencies, ROWS)
    if analysis.audio is not None:
        found["V"] = _picture(_recorded(analysis.audio, analysis, rows)[::-1])
    if analysis.fit is not None:
        cols = columns(len(analysis.times), COLUMNS)
        fit = analysis.fit
        found |= {
            "W": _picture(pooled(fit.W, rows, 0)[::-1]),
            "H": _picture(pooled(fit.H, cols, 1)),
            "WH": _picture(pooled_product(fit.factors, rows, cols)[::-1]),
            "course": _course(analysis, fit, snapshots),
        }
    return found


def _recorded(audio: Sound, analysis: Analysis, rows: Any) -> Floats:
    """The recording's spectrogram pooled to rows and columns, block by block, shape (row, column)."""
    spec = analysis.stft
    whole = max(n_frames(int(audio.n_samples * spec.sample_rate / audio.rate), spec.hop), 1)
    each = -(-whole // COLUMNS)
    blocks, left = [], None
    for block in magnitudes(audio, spec):
        now = pooled(block, rows, 0)
        now = now if left is None else np.hstack([left, now])
        full = now.shape[1] // each * each
        if full:
            blocks.append(now[:, :full].reshape(len(rows), -1, each).max(axis=2))
        left = now[:, full:]
    if left is not None and left.shape[1]:
        blocks.append(left.max(axis=1, keepdims=True))
    return np.hstack(blocks)


def _course(analysis: Analysis, fit: Fit, snapshots: Snapshots | None) -> dict[str, Any]:
    """The factors at some iterations, one above the other, each in decibels of its own maximum."""
    taken = whole_course(snapshots, analysis).frames
    rows = log_rows(analysis.frequencies, SMALL_ROWS)
    return {
        "iterations": [each.iteration for each in taken],
        "W": _stacked([pooled(each.factors.W, rows, 0)[::-1] for each in taken]),
        "H": _stacked(
            [
                pooled(each.factors.H, columns(each.factors.H.shape[1], SMALL_COLUMNS), 1)
                for each in taken
            ]
        ),
    }


def _stacked(arrays: list[Floats]) -> dict[str, Any]:
    return _png(np.vstack([_grey(values) for values in arrays]))


def _picture(values: Floats) -> dict[str, Any]:
    return _png(_grey(values))


def _grey(values: Floats) -> Any:
    return np.rint((decibels(values) / -FLOOR_DB + 1) * 255).astype(np.uint8)


def _png(grey: Any) -> dict[str, Any]:
    out = io.BytesIO()
    Image.fromarray(grey).save(out, "PNG", compress_level=6)
    return {
        "width": grey.shape[1],
        "height": grey.shape[0],
        "png": base64.b64encode(out.getvalue()).decode("ascii"),
    }
