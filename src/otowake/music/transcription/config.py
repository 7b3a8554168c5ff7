"""Tuned constants of note detection, alignment, evaluation and synthesis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from otowake.music.tuned import tuned


class CleaningRule(NamedTuple):
    """Limits of one cleaning level.

    Attributes
    ----------
    min_duration
        Seconds; shorter notes are removed.
    min_confidence
        Notes of less confidence are removed.
    max_gap
        Seconds between two notes of one pitch that still merge.
    merge_confidence
        The second of two notes merges only with less confidence than this.
    """

    min_duration: float
    min_confidence: float
    max_gap: float
    merge_confidence: float


@dataclass(frozen=True)
class CleaningConfig:
    """Constants of the option ``clean``."""

    rules: tuple[CleaningRule, ...] = tuned(
        (
            CleaningRule(0.0, 0.0, -1.0, 0.0),
            CleaningRule(0.04, 0.0, 0.03, 0.0),
            CleaningRule(0.06, 0.5, 0.03, 0.5),
            CleaningRule(0.1, 0.65, 0.05, 0.65),
        ),
        unit="one rule per level",
        origin="set by hand",
    )


@dataclass(frozen=True)
class CentsConfig:
    """Constants of the deviation of a note from its pitch."""

    min_duration: float = tuned(0.12, unit="s", origin="set by hand: shortest note to measure")
    max_window: int = tuned(8192, unit="samples at 22,050 Hz", origin="set by hand")
    n_partials: int = tuned(8, unit="partials", origin="set by hand")
    peak_prominence: float = tuned(
        4.0, unit="median of the surroundings", origin="set by hand: least height of a peak"
    )
    near_reach: float = tuned(45.0, unit="cents", origin="set by hand: usual reach of a peak")
    far_reach: float = tuned(
        60.0, unit="cents", origin="set by hand: reach for quarter tones, if the partials agree"
    )
    max_spread: float = tuned(
        12.0, unit="cents", origin="set by hand: largest mean difference between partials"
    )
    settling_time: float = tuned(0.05, unit="s", origin="set by hand: length of the attack")
    settling_share: float = tuned(
        0.3, unit="", origin="set by hand: limit of the attack as a share of the note"
    )
    min_overlap: float = tuned(
        0.05, unit="s", origin="set by hand: a shorter overlap with another note does not count"
    )
    min_periods: int = tuned(6, unit="periods", origin="set by hand: least length of the window")
    max_frequency: float = tuned(0.45, unit="sampling rate", origin="set by hand")
    other_partials: int = tuned(
        3, unit="", origin="set by hand: partials of other notes, in multiples of n_partials"
    )
    surroundings: int = tuned(6, unit="lobes", origin="set by hand: reach of the surroundings")


@dataclass(frozen=True)
class ContourConfig:
    """Constants of the pitch contours of notes."""

    hop: int = tuned(220, unit="samples at 22,050 Hz", origin="set by hand: about 10 ms")
    windows: tuple[int, ...] = tuned(
        (1024, 2048, 4096),
        unit="samples at 22,050 Hz",
        origin="set by hand: the shortest that separates the partials; vibrato needs short ones",
    )
    padding: int = tuned(2, unit="window", origin="set by hand: length of the FFT")
    min_periods: int = tuned(5, unit="periods", origin="set by hand: least length of a window")
    margin: float = tuned(
        0.4, unit="window", origin="set by hand: frames nearer to a neighbouring note are left out"
    )
    min_duration: float = tuned(0.12, unit="s", origin="set by hand: shortest note to measure")
    max_duration: float = tuned(120.0, unit="s", origin="set by hand: for memory")
    min_frames: int = tuned(6, unit="frames", origin="set by hand: shortest contour")
    n_partials: int = tuned(10, unit="partials", origin="set by hand")
    other_partials: int = tuned(24, unit="partials", origin="set by hand: partials of other notes")
    max_frequency: float = tuned(0.45, unit="sampling rate", origin="set by hand")
    min_overlap: float = tuned(
        0.05, unit="s", origin="set by hand: a shorter overlap with another note does not count"
    )
    separation: float = tuned(
        2.5, unit="1/window", origin="derived: half a main lobe of the Hann window is 2"
    )
    min_disturbance: float = tuned(
        0.25,
        unit="amplitude of the partial",
        origin="set by hand: weaker partials of other notes are ignored",
        tried="0 to 0.5",
    )
    min_free: int = tuned(
        2, unit="partials", origin="set by hand: needed apart from those of other notes"
    )
    peak_prominence: float = tuned(
        4.0, unit="geometric mean of the surroundings", origin="set by hand: least height of a peak"
    )
    surroundings: int = tuned(12, unit="1/window", origin="set by hand: reach of the surroundings")
    reach: float = tuned(150.0, unit="cents", origin="set by hand: largest deviation")
    step: float = tuned(5.0, unit="cents", origin="set by hand: distance of states of the path")
    peak_width: float = tuned(
        12.0, unit="cents", origin="set by hand: standard deviation of a peak in the salience"
    )
    max_slope: float = tuned(
        4000.0, unit="cents/s", origin="set by hand: vibrato of 100 cents at 6 Hz"
    )
    slope_cost: float = tuned(0.5, unit="salience", origin="set by hand: cost of the largest slope")
    refinements: int = tuned(2, unit="iterations", origin="set by hand")
    near: float = tuned(35.0, unit="cents", origin="set by hand: partials that belong to a path")
    min_share: float = tuned(
        0.5, unit="weight of the peaks of a frame", origin="set by hand: least share of the path"
    )
    min_level: float = tuned(
        0.05, unit="largest weight of a frame", origin="set by hand: the note has ended below"
    )
    min_voiced: float = tuned(0.6, unit="frames", origin="set by hand: least share with a pitch")
    max_spread: float = tuned(
        10.0, unit="cents", origin="set by hand: largest mean distance of partials from the path"
    )
    min_rest: float = tuned(
        0.1, unit="weight of a frame", origin="set by hand: least weight of the other partials"
    )
    min_agreement: float = tuned(
        0.5, unit="", origin="set by hand: least variance that the partials confirm"
    )
    flat_range: float = tuned(
        15.0, unit="cents", origin="set by hand: a contour of less range is constant"
    )
    tolerance: float = tuned(4.0, unit="cents", origin="set by hand: error of the breakpoints")
    max_breakpoints: int = tuned(
        400_000, unit="", origin="set by hand: for the size of results; hours of vibrato"
    )
    block_seconds: float = tuned(60.0, unit="s", origin="set by hand: for memory")
    block_frames: int = tuned(256, unit="frames", origin="set by hand: for memory")


@dataclass(frozen=True)
class TranscriberConfig:
    """Constants of running the transcription network."""

    block_frames: int = tuned(
        768, unit="frames", origin="set by hand: 18 s, for memory and speed; results do not depend"
    )


@dataclass(frozen=True)
class DecodingConfig:
    """Constants of the evidence that the decoder weighs; its weights are trained."""

    min_posterior: float = tuned(
        0.05, unit="posterior", origin="set by hand: keys that stay below have no notes"
    )
    block_frames: int = tuned(
        4096, unit="frames", origin="set by hand: for memory; results do not depend"
    )
    max_logit: float = tuned(7.0, unit="nepers", origin="set by hand: float16 is no finer")
    slope_frames: int = tuned(
        4, unit="frames", origin="set by hand: reach of the mean before and after a slope"
    )
    mass_frames: int = tuned(
        3, unit="frames", origin="set by hand: reach of the sum of the onset posterior"
    )
    min_mass: float = tuned(0.02, unit="", origin="set by hand: keeps the logarithm finite")
    confidence_frames: int = tuned(
        3, unit="frames", origin="set by hand: a soft beginning spreads over so many on either side"
    )
    onset_shift: float = tuned(
        -0.008,
        unit="s",
        origin="set on the tuning half of all recordings: annotations lead the audible onset",
        tried="0",
    )


@dataclass(frozen=True)
class OffsetConfig:
    """Constants of the features and the decision of the offset network, fixed by its weights."""

    levels: tuple[float, ...] = tuned(
        (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
        unit="frame posterior",
        origin="set by hand: thresholds with a timed first undercut",
    )
    max_time: float = tuned(4.0, unit="s", origin="set by hand: limit of all times")
    next_onsets: tuple[tuple[int, int], ...] = tuned(
        ((128, 1), (128, 2), (128, 3), (128, 5), (3, 1), (7, 1), (12, 1), (0, 1)),
        unit="(most semitones away, rank)",
        origin="set by hand: following onsets with a timed distance",
    )
    chord_onset_gap: float = tuned(
        0.03, unit="s", origin="set by hand: closer onsets form one chord"
    )
    density_window: float = tuned(
        1.0, unit="s", origin="set by hand: reach of the count of nearby onsets"
    )
    min_gap: float = tuned(0.02, unit="s", origin="set by hand: least distance of onsets")
    n_neighbours: int = tuned(
        16, unit="notes", origin="set by hand: neighbours of the median features"
    )
    min_length: float = tuned(0.03, unit="s", origin="set by hand: shortest length class")
    max_length: float = tuned(5.0, unit="s", origin="set by hand: longest length class")
    n_length_edges: int = tuned(61, unit="", origin="set by hand: edges of the length classes")
    n_candidates: int = tuned(240, unit="", origin="set by hand: lengths that are compared")
    tolerance: float = tuned(0.05, unit="s", origin="standard: mir_eval, minimum tolerance")
    tolerance_ratio: float = tuned(0.2, unit="length", origin="standard: mir_eval, offset_ratio")


@dataclass(frozen=True)
class TemplateNmfConfig:
    """Constants of transcription by templates."""

    power: float = tuned(
        0.5,
        unit="",
        origin="set on the tuning half of the Disklavier pianos: exponent of magnitudes",
        tried="0.4 to 0.85",
    )
    timbres: tuple[tuple[float, float], ...] = tuned(
        ((0.7, 0.0), (1.3, 0.0), (2.2, 0.0), (1.3, 3e-4)),
        unit="(exponent of the partial number, inharmonicity)",
        origin="set on the tuning half of the Disklavier pianos",
        tried="4 and 6 timbres",
    )
    n_partials: int = tuned(30, unit="partials", origin="set by hand")
    max_frequency: int = tuned(10000, unit="Hz", origin="set by hand: limit of the partials")
    fixed_iterations: int = tuned(
        30,
        unit="iterations",
        origin="set on the tuning half of the Disklavier pianos: templates fixed",
        tried="30 and 80",
    )
    adapted_iterations: int = tuned(
        5,
        unit="iterations",
        origin="set on the tuning half of the Disklavier pianos: templates adapt",
        tried="0 to 12",
    )
    segment_frames: int = tuned(
        1536,
        unit="half frames",
        origin="set by hand: 18 s; templates adapt to each segment separately",
    )
    reference_percentile: int = tuned(90, unit="%", origin="set by hand: level of loud activations")
    frames_after: int = tuned(3, unit="half frames", origin="set by hand: mean after an onset")
    frames_before: int = tuned(6, unit="half frames", origin="set by hand: minimum before an onset")
    min_distance: int = tuned(
        6, unit="half frames", origin="set by hand: least distance of onsets of one key"
    )
    peak_reach: int = tuned(4, unit="half frames", origin="set by hand: an onset is a local peak")
    min_rise: float = tuned(
        0.27,
        unit="activation of loud notes",
        origin="set on the tuning half of the Disklavier pianos",
        tried="0.24 to 0.32",
    )
    offset_level: float = tuned(
        0.08, unit="activation of loud notes", origin="set by hand: a note ends below"
    )
    onset_delay: float = tuned(
        0.058,
        unit="s",
        origin="set on the tuning half of the Disklavier pianos: rise before the true onset",
        tried="0.035 to 0.075",
    )


@dataclass(frozen=True)
class AlignmentConfig:
    """Constants of the alignment of a score to a recording."""

    onset_decay: int = tuned(10, unit="frames", origin="set by hand: decay of an onset feature")
    onset_fall: float = tuned(0.02, unit="", origin="set by hand: linear decay per frame")
    onset_limit: float = tuned(1.5, unit="", origin="set by hand: largest onset feature")
    onset_quantile: float = tuned(0.98, unit="", origin="set by hand: reference of the onsets")
    onset_lag: int = tuned(2, unit="frames", origin="set by hand: distance of the difference")
    loud_quantile: float = tuned(0.95, unit="", origin="set by hand: reference of the loudness")
    compression: int = tuned(100, unit="", origin="set by hand: factor inside the logarithm")
    norm_floor: float = tuned(
        0.3, unit="median norm", origin="set by hand: keeps quiet frames from noise"
    )
    partials: tuple[tuple[int, float], ...] = tuned(
        ((0, 1.0), (12, 0.5), (19, 0.3), (24, 0.2)),
        unit="(semitones, strength)",
        origin="set by hand: partials of a note of the score",
    )
    note_decay: int = tuned(40, unit="frames", origin="set by hand: decay of a note of the score")
    max_coarse_frames: int = tuned(
        1500, unit="frames", origin="set by hand: longest sequence without a band"
    )
    refinement: int = tuned(
        4, unit="", origin="set by hand: resolution of a level over the coarser level"
    )
    band_reach: int = tuned(
        24, unit="frames", origin="set by hand: reach of the band on either side"
    )
    band_slope: int = tuned(
        4, unit="frames", origin="set by hand: widening of the band per unit of slope"
    )
    snap_distance: float = tuned(
        0.2, unit="s", origin="set by hand: a detected onset this near replaces the warped one"
    )
    onset_tolerance: float = tuned(0.05, unit="s", origin="standard: tolerance of mir_eval")
    min_fit: float = tuned(
        0.8,
        unit="",
        origin="set by hand: a score with this share of the warped score's fit stays unchanged",
    )


@dataclass(frozen=True)
class EvaluationConfig:
    """Constants of the evaluation against a reference."""

    late_tolerance: float = tuned(
        0.25, unit="s", origin="set by hand: a note this near counts as badly timed"
    )
    related_intervals: frozenset[int] = tuned(
        frozenset((12, 19, 24, 28, 31, 36)),
        unit="semitones",
        origin="derived: intervals of notes that share partials",
    )
    soft_velocity: float = tuned(
        0.35, unit="velocity", origin="set by hand: a missed note below counts as soft"
    )
    pitch_tolerance: float = tuned(50.0, unit="cents", origin="standard: mir_eval")
    offset_ratio: float = tuned(0.2, unit="length", origin="standard: mir_eval")
    min_duration: float = tuned(0.01, unit="s", origin="set by hand: mir_eval needs a length")
    frame: float = tuned(0.01, unit="s", origin="standard: frames of mir_eval.multipitch")


@dataclass(frozen=True)
class SynthConfig:
    """Constants of the synthesiser."""

    attack: float = tuned(0.008, unit="s", origin="set by hand")
    release: float = tuned(0.06, unit="s", origin="set by hand")
    decay: float = tuned(1.5, unit="nepers/s", origin="set by hand: decay of a held note")
    min_level: float = tuned(0.25, unit="initial level", origin="set by hand: end of the decay")
    table_size: int = tuned(2048, unit="samples", origin="set by hand: one period of the wave")
    n_partials: int = tuned(8, unit="partials", origin="set by hand")
    partial_decay: float = tuned(
        1.5, unit="", origin="set by hand: exponent of the partial number, 9 dB per octave"
    )
    loudness: float = tuned(0.12, unit="amplitude", origin="set by hand: a note of velocity 1")
    min_loudness: float = tuned(0.2, unit="loudness", origin="set by hand: a note of velocity 0")
    velocity_range: float = tuned(0.8, unit="loudness", origin="set by hand")
    max_frequency: float = tuned(0.45, unit="sampling rate", origin="set by hand")
    block_seconds: int = tuned(10, unit="s", origin="set by hand: for memory")


CLEANING = CleaningConfig()
CENTS = CentsConfig()
CONTOURS = ContourConfig()
TRANSCRIBER = TranscriberConfig()
DECODING = DecodingConfig()
OFFSETS = OffsetConfig()
TEMPLATE_NMF = TemplateNmfConfig()
ALIGNMENT = AlignmentConfig()
EVALUATION = EvaluationConfig()
SYNTH = SynthConfig()
