"""Spectrograms too long for memory, kept in a file that is gone with the process."""

from __future__ import annotations

import os
import tempfile
from typing import IO

import numpy as np

from otowake import text
from otowake.errors import BadInput
from otowake.options import StftSpec
from otowake.signal import axes, magnitudes
from otowake.signal.magnitude import MAGNITUDE_FLOOR
from otowake.types import Floats, Sound, Spectrogram


class Spooled:
    """A spectrogram of shape (frequency, frame) in an unnamed file, one frame after the other, float32."""

    def __init__(self, file: IO[bytes], n_bins: int, n_frames: int, scale: float) -> None:
        self.file, self.scale = file, np.float32(scale)
        self.shape = (n_bins, n_frames)

    def frames(self, start: int, stop: int) -> Floats:
        """The frames from `start` to `stop`, normalised, shape (frequency, stop − start)."""
        n_bins = self.shape[0]
        size = (stop - start) * n_bins * 4
        read = os.pread(self.file.fileno(), size, start * n_bins * 4)
        return np.frombuffer(read, dtype=np.float32).reshape(
            -1, n_bins
        ).T / self.scale + np.float32(MAGNITUDE_FLOOR)


def spooled_spectrogram(
    audio: Sound, spec: StftSpec, folder: os.PathLike[str] | str
) -> Spectrogram:
    """The same as :func:`otowake.spectrogram`, its values on the disk of `folder`.

    Raises
    ------
    BadInput
        If the recording is shorter than one window, or silent.
    """
    file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - it lives as long as the spectrogram
    total, n_frames = 0.0, 0
    for block in magnitudes(audio, spec):
        file.write(np.ascontiguousarray(block.T).tobytes())
        total += float(block.sum(dtype=np.float64))
        n_frames += block.shape[1]
    file.flush()
    n_bins = spec.n_fft // 2 + 1
    scale = total / (n_bins * n_frames)
    if scale < np.finfo(np.float32).tiny:
        raise BadInput(text.SILENT, name=audio.name)
    values = Spooled(file, n_bins, n_frames, scale)
    return Spectrogram(values, *axes(spec, n_frames), scale=scale, spec=spec)
