"""Tuned constants of the recogniser, of instrument selection and of note assignment.

Constants that define a network's input have the origin :data:`INPUT`: the shipped weights were
trained with them, so a change needs new weights.
"""

from __future__ import annotations

from dataclasses import dataclass

from otowake.music.tuned import tuned

INPUT = "set before training; the shipped weights depend on it"


@dataclass(frozen=True)
class PatchConfig:
    """Patches of the spectrogram around an onset, and their features."""

    dynamic_range: float = tuned(3.0, unit="20 dB", origin=INPUT)
    """Range below the strongest partial within which levels count."""
    max_detuning: int = tuned(2, unit="1/3 semitone", origin=INPUT)
    """Largest shift of a patch towards the partials that were played."""
    detuning_frames: tuple[int, int] = tuned((2, 14), unit="frames from the onset", origin=INPUT)
    """Frames over which the detuning is estimated."""
    detuning_partials: int = tuned(8, unit="partials", origin=INPUT)
    """Partials from which the detuning is estimated."""
    reference_frames: int = tuned(12, unit="frames from the onset", origin=INPUT)
    """Frames in which the strongest partial is looked up."""
    reference_partials: int = tuned(10, unit="partials", origin=INPUT)
    """Partials among which the strongest is looked up."""
    batch_size: int = tuned(64, unit="notes", origin="set by hand: memory against overhead")
    """Notes per call of the network."""


@dataclass(frozen=True)
class EnvelopeConfig:
    """Amplitude envelopes of notes, from score-informed NMF."""

    dynamic_range: float = tuned(40.0, unit="dB", origin=INPUT)
    """Range below the peak of the envelope."""
    partial_range: float = tuned(60.0, unit="dB", origin=INPUT)
    """Range below the strongest partial."""
    attack: float = tuned(0.08, unit="s", origin=INPUT)
    """Stretch from the onset whose peak is the reference of the later quarters."""
    min_attack_frames: int = tuned(3, unit="frames", origin=INPUT)
    """Fewest frames of that stretch."""
    quarter_limits: tuple[int, int] = tuned((-2, 1), unit="half dynamic ranges", origin=INPUT)
    """Limits of the quarters' levels."""
    length_scale: int = tuned(4, unit="octaves of frames", origin=INPUT)
    """Divisor of the logarithmic length."""
    pitch_deviation_scale: int = tuned(20, unit="cents", origin=INPUT)
    """Divisor of the standard deviation of pitch."""
    ripple_scale: int = tuned(3, unit="dB", origin=INPUT)
    """Divisor of the standard deviation of the envelope's second difference."""


@dataclass(frozen=True)
class AttentionConfig:
    """Inputs of the attention networks."""

    min_log_prob: float = tuned(-8.0, unit="nats", origin=INPUT)
    """Floor of log-probabilities."""
    log_prob_scale: int = tuned(3, unit="nats", origin=INPUT)
    """Divisor of log-probabilities and of the logarithmic number of notes."""
    prob_gain: int = tuned(3, unit="", origin=INPUT)
    """Factor of probabilities."""
    min_duration: float = tuned(0.03, unit="s", origin=INPUT)
    """Floor of a note's duration."""
    max_duration: int = tuned(3, unit="s", origin=INPUT)
    """Ceiling of a note's duration, where it enters linearly."""
    time_scales: tuple[float, ...] = tuned((0.05, 0.3, 1.2, 5), unit="s", origin=INPUT)
    """Decay constants of proximity in time."""
    pitch_scales: tuple[float, ...] = tuned((1.5, 4, 12), unit="semitones", origin=INPUT)
    """Decay constants of proximity in pitch."""
    min_overlap_duration: float = tuned(0.05, unit="s", origin=INPUT)
    """Floor of the shorter duration, by which overlaps are divided."""
    legato_scale: float = tuned(0.1, unit="s", origin=INPUT)
    """Decay constant of the gap or the overlap of two notes."""
    min_weight: float = tuned(1e-3, unit="notes", origin=INPUT)
    """Added to the total probability by which a player's mean is divided."""
    players_scale: int = tuned(4, unit="players", origin=INPUT)
    """Divisor of the number of players."""


@dataclass(frozen=True)
class PoolingConfig:
    """Pooling of unary and contextual predictions."""

    contextual_weight: float = tuned(
        0.35, unit="", origin="set on generated pieces, real trios and solos; decision 11",
        tried="0 to 1",
    )  # fmt: skip
    """Largest weight of the contextual prediction in the geometric mean."""
    half_weight_notes: int = tuned(
        10, unit="notes", origin="set on recordings of single notes; decision 11"
    )
    """Number of notes at which the contextual prediction has half of that weight."""


@dataclass(frozen=True)
class LikelihoodConfig:
    """Unary potentials and priors."""

    min_log_prob: float = tuned(
        -5.0, unit="nats", origin="set on generated pieces", tried="-5 and -3"
    )
    """Floor of a note's log-likelihood: bounds the influence of one misclassified note."""
    out_of_range: float = tuned(-3.0, unit="nats", origin="set by hand")
    """Penalty for a note outside an instrument's range."""
    drum_log_prior: float = tuned(-10.0, unit="nats", origin="set by hand")
    """Log-prior against drums: breath and key noise are otherwise classified as drums."""


@dataclass(frozen=True)
class GraphConfig:
    """Edges between notes."""

    time_scale: float = tuned(0.6, unit="s", origin="set on generated pieces")
    """Distance in time at which the coupling of two notes falls to 1/e."""
    pitch_scale: float = tuned(3.0, unit="semitones", origin="set on generated pieces")
    """Distance in pitch at which the coupling of two notes falls to 1/e."""
    reach: float = tuned(2.0, unit="s", origin="set by hand")
    """Least distance between onsets up to which notes have an edge."""
    reach_scales: int = tuned(4, unit="time scales", origin="set by hand")
    """The same distance, as a multiple of `time_scale`; the larger one counts."""
    max_neighbours: int = tuned(24, unit="notes", origin="set by hand: bounds the cost")
    """Upper bound of neighbours on either side, exclusive."""
    min_duration: float = tuned(0.05, unit="s", origin="set by hand")
    """Floor of the shorter duration, by which overlaps are divided."""


@dataclass(frozen=True)
class MeanFieldConfig:
    """Pairwise potentials and mean-field inference."""

    coupling: float = tuned(
        0.5, unit="nats", origin="set on generated pieces; decision 10", tried="0 to 1.2"
    )
    """Attraction of neighbours to the same player."""
    repulsion: float = tuned(
        1.0, unit="nats", origin="set on generated pieces", tried="0.5 and 1, or twice the value"
    )
    """Repulsion of simultaneous notes from a monophonic player."""
    iterations: int = tuned(12, unit="", origin="set by hand")
    """Mean-field rounds, and EM rounds for the players' shares."""
    min_share_gain: float = tuned(1e-3, unit="", origin="set by hand")
    """Smallest factor by which an EM round changes a share."""


@dataclass(frozen=True)
class SimilarityConfig:
    """Student's t-distributions of the notes of a part."""

    student_weight: float = tuned(
        0.6, unit="", origin="set on generated duos and trios; decision 10", tried="0 to 1.5"
    )
    """Weight of the timbre similarity among the unary potentials."""
    student_dof: float = tuned(5.0, unit="", origin="set on generated duos and trios")
    """Degrees of freedom of the distribution."""
    student_dim: int = tuned(8, unit="", origin="set by hand")
    """Effective number of independent dimensions of the features."""
    shrinkage: float = tuned(15.0, unit="notes", origin="set on generated duos and trios")
    """Weight of the mean over all notes in the mean of a part."""
    iterations: int = tuned(8, unit="", origin="set by hand")
    """EM rounds."""
    log_likelihood_scale: float = tuned(2.5, unit="nats", origin="set by hand")
    """Divisor of log-likelihoods; pitches are divided by an octave."""
    min_variance: float = tuned(0.05, unit="", origin="set by hand")
    """Added to the variance of every feature."""
    initial_weight: float = tuned(0.8, unit="", origin="set by hand")
    """Initial responsibility of the most probable player."""
    initial_smoothing: float = tuned(0.2, unit="", origin="derived from initial_weight")
    """Initial responsibility that all players share."""


@dataclass(frozen=True)
class SelectionConfig:
    """Penalised likelihood for the set of instruments (as in the BIC)."""

    similar_gain_discount: float = tuned(
        0.3, unit="", origin="set on real solos; decisions 10 and 11", tried="0.25 to 1"
    )
    """Discount on the likelihood gain of an instrument similar to one already selected."""
    confident: float = tuned(0.8, unit="", origin="set on real solos, trios and a duo")
    """Probability from which a note is confidently decaying, or confidently sustained."""
    min_confident_share: float = tuned(
        0.05, unit="", origin="set on real solos; decision 10", tried="0 to 0.125"
    )
    """Share of confident notes that a kind of instrument needs to be considered."""
    bic_const: float = tuned(2.0, unit="nats", origin="set by hand")
    """Constant cost of a second instrument."""
    bic_log: float = tuned(1.5, unit="nats", origin="set by hand")
    """Cost of a second instrument for each unit of the natural logarithm of the note count."""
    extra_discount: float = tuned(
        0.5, unit="", origin="set on generated scenes and real trios; decision 11"
    )
    """Factor of the cost for every instrument after the second."""
    max_parts: int = tuned(12, unit="", origin="set by hand")
    """Largest number of parts."""


@dataclass(frozen=True)
class PartConfig:
    """Parts from marginals."""

    min_part_share: float = tuned(0.05, unit="", origin="set on real solos; docs/en/accuracy.md")
    """Share of the notes below which a part that was not requested is dropped."""
    certainty_scale: float = tuned(
        1.43, unit="", origin="fitted on generated scenes (training.train.certainty)"
    )
    """Factor of the mean log-likelihoods from which the probabilities of names follow."""
    certainty_exponent: float = tuned(
        0.26, unit="", origin="fitted on generated scenes (training.train.certainty)"
    )
    """Exponent of the number of notes: 1 for independent errors, 0 if all notes err alike."""
    min_probability: float = tuned(
        0.1, unit="", origin="set on generated pieces; decision 10", tried="0.1 and 0.25"
    )
    """Probability of the instrument below which a part is ``unknown``."""
    shared_threshold: float = tuned(0.1, unit="", origin="set by hand; decision 8")
    """Marginal from which a note of another part is shared."""
    register_width: int = tuned(6, unit="semitones", origin="set by hand")
    """Standard deviation of the register of a player among others of the same instrument."""
    n_candidates: int = tuned(5, unit="", origin="set by hand")
    """Instruments listed for a part."""


PATCH = PatchConfig()
ENVELOPE = EnvelopeConfig()
ATTENTION = AttentionConfig()
POOLING = PoolingConfig()
LIKELIHOOD = LikelihoodConfig()
GRAPH = GraphConfig()
MEAN_FIELD = MeanFieldConfig()
SIMILARITY = SimilarityConfig()
SELECTION = SelectionConfig()
PART = PartConfig()
