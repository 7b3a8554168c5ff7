"""Tuned constants of the score-informed separation."""

from __future__ import annotations

from dataclasses import dataclass

from otowake.music.tuned import tuned

ON_TRIOS = "set on two trios and a duo (docs/en/decisions/0008-shared-notes.md)"
ON_PIECES = "set on two trios and twelve pieces (docs/en/decisions/0012-assignment.md)"
ON_SONGS = "set on 14 generated songs (docs/en/decisions/0020-songs.md)"
ON_LOOPS = "set on generated loops and an 808 loop (docs/en/decisions/0009-drum-onsets.md)"
ON_REPEATS = "set on an 808 loop and 14 others (docs/en/decisions/0013-drum-samples.md)"


@dataclass(frozen=True)
class FitConfig:
    """Score-informed NMF."""

    power: float = tuned(
        1.5, unit="", origin="set on the trios (docs/en/accuracy.md)", tried="0.7 to 2"
    )
    beta: float = tuned(0.4, unit="", origin="set on the trios (docs/en/accuracy.md)")
    tail: float = tuned(2.0, unit="s", origin=ON_TRIOS, tried="0.5 and 2")
    release: float = tuned(0.2, unit="s to 1/e", origin=ON_TRIOS, tried="0.1 to 0.4")
    detunings: tuple[float, ...] = tuned(
        (-36.0, -18.0, 0.0, 18.0, 36.0),
        unit="cents",
        origin="set on the trios (docs/en/accuracy.md)",
    )
    partial_tolerance: float = tuned(8.0, unit="cents", origin="set by hand")
    n_partials: int = tuned(30, unit="", origin="set by hand")
    initial_slope: float = tuned(2.0, unit="power of 1/n", origin="set by hand")
    smoothing: float = tuned(0.5, unit="weight of the mean", origin=ON_PIECES, tried="0 to 0.7")
    smoothing_width: float = tuned(3.0, unit="semitones", origin=ON_PIECES, tried="2 to 6")
    tied_iterations: int = tuned(10, unit="", origin=ON_TRIOS, tried="5 to 30")
    free_iterations: int = tuned(20, unit="", origin=ON_TRIOS, tried="10 to 40")
    drum_lead: float = tuned(1.5, unit="frames", origin=ON_LOOPS, tried="1 and 1.5")
    drum_side_gain: float = tuned(0.3, unit="", origin="set by hand")
    drum_evenness: float = tuned(0.05, unit="", origin=ON_LOOPS, tried="0.03 to 1")


@dataclass(frozen=True)
class MaskConfig:
    """Soft masks of groups of notes."""

    explained: float = tuned(0.1, unit="share of the powered magnitude", origin="set by hand")
    equal_share: float = tuned(1e-3, unit="share of the power", origin="set by hand")
    song_power: float = tuned(0.5, unit="", origin=ON_SONGS, tried="0 to 1")
    song_floor: float = tuned(0.03, unit="share", origin="set by hand")


@dataclass(frozen=True)
class DrumSampleConfig:
    """Waveforms of drums that always sound the same."""

    lead: float = tuned(0.02, unit="s", origin="set by hand")
    max_length: float = tuned(0.6, unit="s", origin="set by hand")
    min_length: float = tuned(0.08, unit="s", origin="set by hand")
    isolation: float = tuned(0.05, unit="s", origin=ON_REPEATS)
    min_isolated: int = tuned(4, unit="hits", origin=ON_REPEATS)
    max_isolated: int = tuned(24, unit="hits", origin="set by hand, bounds time")
    max_shift: float = tuned(0.015, unit="s", origin=ON_REPEATS)
    min_coherent: float = tuned(0.7, unit="share of energy", origin=ON_REPEATS, tried="1/3 to 0.85")
    smoothing: float = tuned(80.0, unit="Hz", origin="set by hand")
    max_isolated_gain: float = tuned(2.0, unit="", origin=ON_REPEATS, tried="1 and 2 if masked")
    fade: float = tuned(0.15, unit="share of the length", origin="set by hand")
    residual_power: int = tuned(2, unit="", origin="set by hand")


@dataclass(frozen=True)
class TimbreConfig:
    """Mean timbre of a part."""

    n_partials: int = tuned(16, unit="", origin="set by hand")
    step: int = tuned(220, unit="samples", origin="set by hand, 10 ms")
    steps_before: int = tuned(5, unit="steps", origin="set by hand, 50 ms")
    steps_after: int = tuned(30, unit="steps", origin="set by hand, 300 ms")
    chord_window: float = tuned(0.05, unit="s", origin="set by hand")
    min_silence: float = tuned(0.1, unit="s", origin="set by hand")
    min_undisturbed: int = tuned(3, unit="notes", origin="set by hand")


FITTING = FitConfig()
MASKING = MaskConfig()
DRUM_SAMPLES = DrumSampleConfig()
TIMBRE = TimbreConfig()
