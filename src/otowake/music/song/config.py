"""Tuned constants of the song network's use."""

from __future__ import annotations

from dataclasses import dataclass

from otowake.music.tuned import tuned


@dataclass(frozen=True)
class EvidenceConfig:
    """A note's shares of the sources."""

    n_partials: int = tuned(10, unit="", origin="set by hand")
    max_length: float = tuned(2.0, unit="s", origin="set by hand")
    min_share: float = tuned(1e-3, unit="", origin="set by hand, bounds the log-odds")


EVIDENCE = EvidenceConfig()
