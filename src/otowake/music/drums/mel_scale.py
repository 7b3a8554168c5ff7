"""The mel scale (O'Shaughnessy, "Speech communication: human and machine", 1987)."""

from __future__ import annotations

import numpy as np

from otowake.types import Floats

LOWEST_BAND_HZ = 30.0
"""Lower edge of the first mel band, Hz."""


def hz_to_mel(hz: float | Floats) -> Floats:
    """Convert frequencies in Hz to mel.

    Examples
    --------
    >>> float(hz_to_mel(1000.0).round())
    1000.0
    """
    return 2595 * np.log10(1 + hz / 700)


def mel_to_hz(mel: Floats) -> Floats:
    """Convert mel to frequencies in Hz.

    Examples
    --------
    >>> float(round(mel_to_hz(hz_to_mel(440.0))))
    440.0
    """
    return 700 * (10 ** (mel / 2595) - 1)
