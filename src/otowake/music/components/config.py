"""Tuned constants for the pitch, the description and the templates of components."""

from __future__ import annotations

from dataclasses import dataclass

from otowake.music.tuned import tuned


@dataclass(frozen=True)
class PitchConfig:
    """Constants of pitch estimation from a spectrum."""

    candidate_step: float = tuned(0.25, unit="semitones", origin="set by hand")
    max_frequency: float = tuned(
        11025.0, unit="Hz", origin="set by hand: higher bins say little about pitch"
    )
    compression: float = tuned(
        0.8, unit="", origin="set by hand: exponent of magnitudes, against single strong partials"
    )
    primes: tuple[int, ...] = tuned(
        (1, 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37),
        unit="partials",
        origin="paper: Camacho & Harris (2008), SWIPE′",
    )
    composite_weight: float = tuned(0.25, unit="", origin="set by hand: weight of other partials")
    trough_depth: float = tuned(0.3, unit="", origin="set by hand: depth of a comb's troughs")
    comb_slope: float = tuned(-0.25, unit="", origin="set by hand: exponent of the bin")
    lobe_base: int = tuned(3, unit="bins", origin="set by hand: half-width of a comb's lobe")
    lobe_growth: float = tuned(0.02, unit="", origin="set by hand: half-width per bin")
    lobe_share: int = tuned(4, unit="", origin="set by hand: a lobe reaches at most f0 / 4")
    min_spacing: float = tuned(
        2.3, unit="bins", origin="set by hand: closest partials that a Hann window resolves"
    )
    shared_intervals: tuple[int, ...] = tuned(
        (0, 12, 19, 24, 28, 31),
        unit="semitones",
        origin="derived: intervals of pitches that share partials",
    )
    n_partials: int = tuned(20, unit="partials", origin="set by hand")
    refinement: tuple[int, ...] = tuned(
        (2, 5, 10), unit="partials", origin="set by hand: partials of each pass before the last"
    )
    max_stretch: float = tuned(
        2e-3, unit="", origin="set by hand: largest inharmonicity of the fit"
    )
    min_confidence: float = tuned(0.1, unit="", origin="set by hand")
    prior_weight: float = tuned(
        0.03, unit="", origin="set by hand: weight of 440 Hz against pitches of total weight 1"
    )
    fit_range: tuple[float, float] = tuned((0.15, 0.5), unit="cosine", origin="set by hand")
    lead_range: tuple[float, float] = tuned((-0.05, 0.15), unit="cosine", origin="set by hand")
    partial_share_range: tuple[float, float] = tuned((0.0, 0.3), unit="", origin="set by hand")
    partial_width: int = tuned(2, unit="bins", origin="derived: half-width of a Hann main lobe")
    peak_reach: int = tuned(2, unit="bins", origin="set by hand")
    peak_growth: float = tuned(0.015, unit="", origin="set by hand: reach per bin")
    peak_share: float = tuned(0.4, unit="f0", origin="set by hand: largest reach")
    peak_bins: int = tuned(5, unit="bins", origin="set by hand: search range of a peak")
    n_tuning_frames: int = tuned(
        200, unit="frames", origin="set by hand: loudest frames that give the tuning"
    )


@dataclass(frozen=True)
class DescriptionConfig:
    """Constants of the description of components."""

    active_level: float = tuned(
        10 ** (-30 / 20), unit="amplitude of the loudest frame", origin="set by hand: -30 dB"
    )
    min_energy_share: float = tuned(
        1e-12, unit="", origin="set by hand: a component with less energy is dead"
    )


@dataclass(frozen=True)
class GateConfig:
    """Constants of the gates that a score opens."""

    lead: float = tuned(
        0.05, unit="s", origin="set by hand: a window before the onset contains the note already"
    )
    tail: float = tuned(0.1, unit="s", origin="set by hand: time open after the offset")


@dataclass(frozen=True)
class CombConfig:
    """Constants of harmonic combs."""

    n_partials: int = tuned(30, unit="partials", origin="set by hand")
    decay: float = tuned(1.5, unit="", origin="set by hand: exponent of the partial number")
    tolerance: float = tuned(30.0, unit="cents", origin="set by hand")


PITCH = PitchConfig()
DESCRIPTION = DescriptionConfig()
GATES = GateConfig()
COMBS = CombConfig()
