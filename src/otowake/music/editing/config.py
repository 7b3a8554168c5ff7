"""Limits of corrections, and tuned constants of painting."""

from __future__ import annotations

from dataclasses import dataclass

from otowake.music.tuned import tuned


@dataclass(frozen=True)
class EditLimits:
    """The most that corrections may ask for."""

    max_edits: int = tuned(100_000, unit="edits", origin="set by hand, bounds time")
    max_component_edits: int = tuned(200, unit="edits", origin="set by hand, bounds time")
    max_parts: int = tuned(64, unit="parts", origin="set by hand, bounds the number of stems")
    max_name_length: int = tuned(60, unit="characters", origin="set by hand")


@dataclass(frozen=True)
class PaintingConfig:
    """Constrained NMF after painting on the spectrogram."""

    strength: float = tuned(6.0, unit="λ, nats", origin="set by hand: leaves 0.25 % of a share")
    iterations: int = tuned(60, unit="", origin="set by hand")


LIMITS = EditLimits()
PAINTING = PaintingConfig()
