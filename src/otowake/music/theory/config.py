"""Tuned constants of chord, key and rhythm estimation."""

from __future__ import annotations

from dataclasses import dataclass

from otowake.music.tuned import tuned


@dataclass(frozen=True)
class HarmonyConfig:
    """Constants of chord recognition; costs are in nats per beat."""

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


@dataclass(frozen=True)
class RhythmConfig:
    """Constants of tempo, beats and bars."""

    min_onsets: int = tuned(4, unit="onsets", origin="set by hand")
    tempo_reach: float = tuned(
        0.3, unit="octaves", origin="set by hand: distance of the tempo from a stated one"
    )
    same_tempo: float = tuned(
        0.08, unit="octaves", origin="set by hand: tempi that count as one in the confidence"
    )
    same_beat: float = tuned(
        0.25, unit="beats", origin="set by hand: downbeats that count as one in the confidence"
    )


@dataclass(frozen=True)
class BeatConfig:
    """Constants of candidate sequences of beats."""

    event_gap: float = tuned(0.05, unit="s", origin="set by hand: closer onsets form one event")
    velocity_offset: float = tuned(0.3, unit="", origin="set by hand: weight of a silent note")
    frame: float = tuned(0.02, unit="s", origin="set by hand: beats are moved to events later")
    onset_width: float = tuned(0.025, unit="s", origin="set by hand: precision of onsets")
    lead: float = tuned(1.8, unit="s", origin="set by hand: more than a beat at 40 a minute")
    min_period: float = tuned(0.14, unit="s", origin="eighths of 7/8 at 215 quarters a minute")
    max_period: float = tuned(1.6, unit="s", origin="40 beats a minute, and a little slower")
    n_bands: int = tuned(9, unit="bands", origin="a factor of 1.36 apart: no two levels in one")
    band_reach: float = tuned(
        1.6, unit="", origin="set by hand: periods in a band, from its centre"
    )
    n_periods: int = tuned(40, unit="periods", origin="steps of 2.4 %")
    n_changes: int = tuned(3, unit="periods", origin="7 % from beat to beat")
    band_cost: float = tuned(1.5, unit="per squared octave", origin="set by hand")
    given_cost: float = tuned(30.0, unit="per squared octave", origin="set by hand")
    change_costs: tuple[float, ...] = tuned(
        (20.0, 200.0),
        unit="per squared octave",
        origin="free: beats met in performances of the training half; steady: set by hand",
        tried="20 to 150 alone",
    )
    positions: tuple[tuple[float, float], ...] = tuned(
        ((0.0, 1.0), (1 / 2, 0.8), (1 / 4, 0.55), (3 / 4, 0.55), (1 / 3, 0.6), (2 / 3, 0.6)),
        unit="(part of a beat, gain of an event)",
        origin="set by hand",
    )
    floor: float = tuned(0.65, unit="gain", origin="set by hand: cost of an event off the grid")
    snap_reach: float = tuned(0.06, unit="s", origin="set by hand")
    snap_share: float = tuned(0.12, unit="beats", origin="set by hand")


@dataclass(frozen=True)
class MetreConfig:
    """Constants of the choice of metre, tempo and downbeats."""

    surroundings: int = tuned(
        10, unit="events", origin="set by hand: events on each side that marks refer to"
    )
    min_length: float = tuned(0.05, unit="s", origin="set by hand: limit of short notes")
    max_length: float = tuned(4.0, unit="s", origin="set by hand: limit of long notes")
    low_levels: tuple[float, float, float] = tuned(
        (-6, -2, 2), unit="semitones from the median", origin="set by hand"
    )
    lowest_share: float = tuned(0.1, unit="", origin="set by hand: share of lower events")
    length_levels: tuple[float, ...] = tuned(
        (-0.4, 0.4, 1.2), unit="octaves from the median", origin="set by hand"
    )
    count_levels: tuple[float, ...] = tuned(
        (-0.3, 0.7), unit="notes from the mean", origin="set by hand"
    )
    harmony_levels: tuple[float, ...] = tuned(
        (0.3, 0.75), unit="share of new pitch classes", origin="set by hand"
    )
    velocity_levels: tuple[float, ...] = tuned(
        (-0.4, 0.5), unit="standard deviations", origin="set by hand"
    )
    velocity_floor: float = tuned(0.05, unit="", origin="set by hand: added to the deviation")
    onset_width: float = tuned(0.018, unit="s", origin="set by hand: precision of onsets")
    beat_width: float = tuned(0.025, unit="beats", origin="set by hand: evenness of playing")
    off_grid: float = tuned(0.05, unit="", origin="set by hand: share of events off the grid")
    max_deviation: float = tuned(3.5, unit="standard deviations", origin="set by hand")
    tempi: tuple[float, float] = tuned(
        (34.0, 300.0), unit="beats/min", origin="40 to 240, and a little more"
    )
    tempo: float = tuned(
        100.0, unit="beats/min", origin="set by hand; the cost of other tempi is learnt"
    )
    saturation: float = tuned(
        60.0, unit="events", origin="set by hand: more events add little confidence"
    )
    max_lag: int = tuned(14, unit="beats", origin="two bars of 7/8 with eighths as beats")


@dataclass(frozen=True)
class KeyConfig:
    """Constants of key finding."""

    min_length: float = tuned(0.05, unit="s", origin="set by hand")
    max_length: float = tuned(2.0, unit="s", origin="set by hand: longer notes count no more")
    velocity_offset: float = tuned(0.3, unit="", origin="set by hand: weight of a silent note")
    ending: float = tuned(0.25, unit="s", origin="set by hand: notes that end together")


BEATS = BeatConfig()
KEYS = KeyConfig()
METRE = MetreConfig()
HARMONY = HarmonyConfig()
RHYTHM = RhythmConfig()
