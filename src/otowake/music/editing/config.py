"""Limits of corrections, and tuned constants of painting."""

from __future__ import annotations

from dataclasses import dataclass

from otowake.music.tuned import tuned


@dataclass(frozen=True)
class EditLimits:
    """The most edits, parts and characters that corrections may have: they bound time and files."""

    max_edits: int = 100_000
    max_component_edits: int = 200
    max_parts: int = 64
    max_name_length: int = 60


@dataclass(frozen=True)
class PaintingConfig:
    """Constrained NMF after painting on the spectrogram."""

    strength: float = tuned(6.0, unit="λ, nats", origin="set by hand: leaves 0.25 % of a share")
    iterations: int = tuned(60, unit="", origin="set by hand")


LIMITS = EditLimits()
PAINTING = PaintingConfig()
