"""Spectrogram, spectra, activations and their product as grey images, also during learning."""

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
"""The largest size of an image: about three rows per semitone, and enough columns to zoom in."""

SMALL_ROWS, SMALL_COLUMNS = 96, 320
"""The largest size of an image of the learning."""


def pictures_of(analysis: Analysis, snapshots: Snapshots | None) -> dict[str, Any]:
    """Make the images of an analysis by name, as PNG, with the ranges of their axes.

    Rows are logarithmic in frequency, from the highest; a pixel shows the loudest value that it
    covers. Grey 255 is the maximum of an image, 0 is `floor` decibels below it.
    """
    frequencies = analysis.frequencies if len(analysis.frequencies) else axes(analysis.stft, 0)[0]
    images: dict[str, Any] = {
        "floor": FLOOR_DB,
        "low": lowest(frequencies),
        "high": float(frequencies[-1]),
    }
    rows = log_rows(frequencies, ROWS)
    if analysis.audio is not None:
        images["V"] = _picture(_recorded(analysis.audio, analysis, rows)[::-1])
    if analysis.fit is not None:
        cols = columns(len(analysis.times), COLUMNS)
        fit = analysis.fit
        images |= {
            "W": _picture(pooled(fit.W, rows, 0)[::-1]),
            "H": _picture(pooled(fit.H, cols, 1)),
            "WH": _picture(pooled_product(fit.factors, rows, cols)[::-1]),
            "course": _course(analysis, fit, snapshots),
        }
    return images


def _recorded(audio: Sound, analysis: Analysis, rows: Any) -> Floats:
    """Pool the spectrogram of a recording to shape (row, column), block by block."""
    spec = analysis.stft
    whole = max(n_frames(int(audio.n_samples * spec.sample_rate / audio.rate), spec.hop), 1)
    width = -(-whole // COLUMNS)
    blocks, left = [], None
    for block in magnitudes(audio, spec):
        now = pooled(block, rows, 0)
        now = now if left is None else np.hstack([left, now])
        full = now.shape[1] // width * width
        if full:
            blocks.append(now[:, :full].reshape(len(rows), -1, width).max(axis=2))
        left = now[:, full:]
    if left is not None and left.shape[1]:
        blocks.append(left.max(axis=1, keepdims=True))
    return np.hstack(blocks)


def _course(analysis: Analysis, fit: Fit, snapshots: Snapshots | None) -> dict[str, Any]:
    """Stack the factors at some iterations, each in decibels relative to its maximum."""
    course = whole_course(snapshots, analysis).frames
    rows = log_rows(analysis.frequencies, SMALL_ROWS)
    return {
        "iterations": [snapshot.iteration for snapshot in course],
        "W": _stacked([pooled(snapshot.factors.W, rows, 0)[::-1] for snapshot in course]),
        "H": _stacked(
            [
                pooled(H, columns(H.shape[1], SMALL_COLUMNS), 1)
                for H in (snapshot.factors.H for snapshot in course)
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
