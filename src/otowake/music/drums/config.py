"""Tuned constants of drum detection and of the separation of drum loops."""

from __future__ import annotations

from dataclasses import dataclass

from otowake.music.tuned import tuned

ON_LOOPS = "set on 11 drum loops (docs/en/decisions/0003-drums.md)"


@dataclass(frozen=True)
class OnsetPeakConfig:
    """Onsets of a drum loop as peaks of spectral flux."""

    log_gain: int = tuned(10, unit="", origin="set by hand")
    peak_reach: int = tuned(3, unit="frames", origin=ON_LOOPS)
    median_reach: int = tuned(8, unit="frames", origin=ON_LOOPS)
    min_height: float = tuned(0.1, unit="share of the highest peak", origin=ON_LOOPS)
    median_ratio: float = tuned(1.3, unit="", origin=ON_LOOPS)


@dataclass(frozen=True)
class LoopConfig:
    """Convolutive NMF of a drum loop."""

    n_lags: int = tuned(32, unit="frames", origin=ON_LOOPS, tried="0.56 s and 0.74 s")
    n_bands: int = tuned(96, unit="", origin=ON_LOOPS)
    n_starts: int = tuned(32, unit="", origin=ON_LOOPS)
    start_noise: float = tuned(0.05, unit="", origin="set by hand")
    attack_frames: int = tuned(3, unit="frames", origin=ON_LOOPS)
    attack_lookback: int = tuned(3, unit="frames", origin=ON_LOOPS)
    attack_decorrelation: float = tuned(0.03, unit="", origin=ON_LOOPS)
    joint_decorrelation: float = tuned(0.01, unit="", origin=ON_LOOPS)
    attack_iterations: int = tuned(200, unit="", origin=ON_LOOPS)
    template_iterations: int = tuned(15, unit="", origin=ON_LOOPS)
    joint_iterations: int = tuned(40, unit="", origin=ON_LOOPS, tried="40 and 150")
    full_iterations: int = tuned(20, unit="", origin=ON_LOOPS)
    initial_decay: float = tuned(6.0, unit="frames to 1/e", origin=ON_LOOPS)
    initial_leak: float = tuned(1e-2, unit="share of every band", origin="set by hand")
    containment_quantile: float = tuned(0.25, unit="", origin=ON_LOOPS)
    gate_before: int = tuned(2, unit="frames", origin=ON_LOOPS)
    gate_after: int = tuned(1, unit="frames", origin=ON_LOOPS)
    mask_power: float = tuned(2.0, unit="", origin=ON_LOOPS)


@dataclass(frozen=True)
class DrumDetectionConfig:
    """Drum hits from the probabilities of the detection network, and where there is a kit."""

    evidence_window: float = tuned(10.0, unit="s", origin="length of the training clips")
    evidence_power: float = tuned(
        3.0,
        unit="",
        origin="set on generated clips (docs/en/decisions/0019-drum-kit.md)",
        tried="1 to 4",
    )
    min_distance: int = tuned(3, unit="half-frames", origin="set by hand")
    level_rows: tuple[slice, ...] = tuned(
        (
            slice(0, 34),
            slice(34, 79),
            slice(15, 55),
            slice(79, 100),
            slice(79, 100),
            slice(34, 100),
        ),
        unit="VQT rows of each drum",
        origin="set by hand",
    )
    level_half_frames: int = tuned(4, unit="half-frames", origin="set by hand")
    median_velocity: float = tuned(0.75, unit="velocity", origin="set by hand")
    velocity_slope: float = tuned(0.5, unit="velocity per 20 dB", origin="set by hand")
    min_velocity: float = tuned(0.05, unit="velocity", origin="set by hand")
    alignment_reach: float = tuned(0.1, unit="s", origin="set by hand")
    note_length: float = tuned(0.1, unit="s", origin="set by hand")


ONSET_PEAKS = OnsetPeakConfig()
LOOPS = LoopConfig()
DETECTION = DrumDetectionConfig()
