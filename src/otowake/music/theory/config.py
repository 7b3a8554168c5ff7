"""Tuned constants of chord, key and rhythm estimation."""

from __future__ import annotations

from dataclasses import dataclass

from otowake.music.tuned import tuned


@dataclass(frozen=True)
class HarmonyConfig:
    """Constants of chord recognition and key finding; costs are in nats per beat."""

    quality_costs: tuple[tuple[str, float], ...] = tuned(
        (
            ("5", 0.2),
            ("7", 0.25),
            ("maj7", 0.25),
            ("m7", 0.25),
            ("dim", 0.25),
            ("m7b5", 0.35),
            ("dim7", 0.35),
            ("aug", 0.4),
            ("sus4", 0.4),
        ),
        unit="nats",
        origin="set by hand: qualities rarer than major and minor triads",
    )
    chord_tone_share: float = tuned(
        0.95, unit="", origin="set by hand: share of the sounding energy on chord tones"
    )
    missing_tone_cost: float = tuned(0.5, unit="nats", origin="set by hand")
    missing_root_cost: float = tuned(0.3, unit="nats", origin="set by hand")
    root_in_bass_bonus: float = tuned(0.3, unit="nats", origin="set by hand")
    presence_share: float = tuned(
        0.06, unit="", origin="set by hand: share of the sound that makes a pitch class present"
    )
    change_cost: float = tuned(0.6, unit="beats of perfect fit", origin="set by hand")
    off_beat_cost: float = tuned(0.2, unit="beats of perfect fit", origin="set by hand")
    default_beat: float = tuned(0.5, unit="s", origin="set by hand: 120 beats a minute")
    max_segments: int = tuned(
        14, unit="segments", origin="set by hand: longest chord of the search, before merging"
    )
    chord_onset_gap: float = tuned(
        0.08, unit="s", origin="set by hand: closer onsets start one chord"
    )
    min_segment: float = tuned(1e-3, unit="s", origin="set by hand")
    single_voice_cost: float = tuned(
        0.9, unit="nats", origin="set by hand: allows arpeggios, rejects scales"
    )
    max_rest: float = tuned(
        0.6, unit="beats", origin="set by hand: a chord continues through shorter rests"
    )
    min_coverage: float = tuned(
        0.2, unit="", origin="set by hand: share of a segment that a note must cover"
    )
    velocity_offset: float = tuned(0.2, unit="", origin="set by hand: weight of a silent note")
    no_chord_cost: float = tuned(0.2, unit="nats", origin="set by hand")
    major_profile: tuple[float, ...] = tuned(
        (5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0),
        unit="",
        origin="paper: Temperley, What's key for key? (1999)",
    )
    minor_profile: tuple[float, ...] = tuned(
        (5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0),
        unit="",
        origin="paper: Temperley, What's key for key? (1999)",
    )
    key_sharpness: int = tuned(
        10, unit="", origin="set by hand: factor of the correlations in the softmax of confidence"
    )


@dataclass(frozen=True)
class RhythmConfig:
    """Constants of beat tracking and quantisation."""

    step: float = tuned(0.01, unit="s", origin="set by hand: step of the onset strength curve")
    onset_width: float = tuned(0.02, unit="s", origin="set by hand: precision of onsets")
    min_onset_gap: float = tuned(0.05, unit="s", origin="set by hand: closer onsets count once")
    min_onsets: int = tuned(4, unit="onsets", origin="set by hand")
    velocity_offset: float = tuned(0.3, unit="", origin="set by hand: weight of a silent note")
    min_tempo: float = tuned(40.0, unit="beats/min", origin="set by hand")
    max_tempo: float = tuned(220.0, unit="beats/min", origin="set by hand")
    preferred_tempo: float = tuned(
        110.0, unit="beats/min", origin="set by hand, near Ellis (2007): mode of the tempo prior"
    )
    tempo_spread: float = tuned(
        0.8, unit="octaves", origin="set by hand, near Ellis (2007): width of the tempo prior"
    )
    period_multiples: tuple[tuple[int, float], ...] = tuned(
        ((1, 1.0), (2, 0.5), (3, 0.25), (4, 0.25)),
        unit="(multiple of the period, weight)",
        origin="set by hand",
    )
    tightness: float = tuned(
        30.0, unit="onset strength of mean square 1", origin="set by hand: cost of uneven beats"
    )
    metres: tuple[int, ...] = tuned((4, 3, 2), unit="beats/bar", origin="set by hand")
    metre_penalty: float = tuned(
        0.15, unit="standard deviations", origin="set by hand: cost of each later metre"
    )
    accent_reach: float = tuned(
        0.2, unit="beats", origin="set by hand: distance of an onset from its beat"
    )
    max_octaves_below: int = tuned(
        2, unit="octaves", origin="set by hand: limit of the accent of low notes"
    )
    max_accent_beats: int = tuned(
        3, unit="beats", origin="set by hand: limit of the accent of long notes"
    )
    divisions: tuple[int, ...] = tuned(
        (1, 2, 4, 3), unit="parts/beat", origin="set by hand, simplest first"
    )
    division_penalty: float = tuned(
        0.02, unit="beats", origin="set by hand: gain that each later division must bring"
    )
    early_onset: float = tuned(
        1 / 8, unit="beats", origin="set by hand: an onset this early still belongs to the beat"
    )


HARMONY = HarmonyConfig()
RHYTHM = RhythmConfig()
