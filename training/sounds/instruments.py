"""The instruments of training clips, and the class of the recogniser that each of them has.

The classes are the names in :data:`otowake.music.theory.instruments.INSTRUMENTS`. Banks, presets
of soundfonts and folders of samples name instruments of this table.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Instrument:
    """What the composition and the renderer must know of an instrument.

    Attributes
    ----------
    name
        Part of the names of banks.
    label
        Class of the recogniser; None if the recogniser does not learn from the instrument.
    family
        Group from which clips draw an instrument.
    low, high
        Lowest and highest MIDI pitch in compositions.
    rings
        Whether notes decay by themselves.
    voices
        Concurrent notes, at most.
    damp
        Seconds in which a released note falls by 60 dB.
    vibrato
        Widest vibrato: cents, half of the swing.
    weight
        How often it is drawn within its family.
    label_weight
        How often it is drawn within its class.
    """

    name: str
    label: str | None
    family: str
    low: int
    high: int
    rings: bool = False
    voices: int = 1
    damp: float = 0.15
    vibrato: float = 0.0
    weight: float = 1.0
    label_weight: float = 1.0


# The order numbers the instruments: clips on disk contain the numbers.
INSTRUMENTS: tuple[Instrument, ...] = (
    Instrument("piano", "piano", "piano", 21, 108, rings=True, voices=10, damp=0.25),
    Instrument("electric-piano", "electric-piano", "keys", 28, 103, rings=True, voices=8),
    Instrument("harpsichord", "harpsichord", "keys", 29, 89, rings=True, voices=6, damp=0.2),
    Instrument(
        "clavinet", "harpsichord", "keys", 29, 89, rings=True, voices=6, damp=0.2, label_weight=0.3
    ),
    Instrument("organ", "organ", "organ", 36, 96, voices=8, damp=0.08),
    Instrument("accordion", "accordion", "reed", 41, 93, voices=6, damp=0.08),
    Instrument("harmonica", "harmonica", "reed", 55, 96, voices=4, damp=0.08, vibrato=25),
    Instrument("harmonium", "accordion", "reed", 36, 88, voices=6, damp=0.1, label_weight=0.5),
    Instrument("bandoneon", "accordion", "reed", 36, 88, voices=6, damp=0.1, label_weight=0.7),
    Instrument(
        "guitar-nylon", "guitar-nylon", "guitar", 40, 84, rings=True, voices=6, damp=0.25, vibrato=8
    ),
    Instrument(
        "guitar-steel", "guitar-steel", "guitar", 40, 84, rings=True, voices=6, damp=0.25, vibrato=8
    ),
    Instrument(
        "guitar-electric",
        "electric-guitar",
        "guitar",
        40,
        88,
        rings=True,
        voices=6,
        damp=0.25,
        vibrato=15,
    ),
    Instrument(
        "guitar-overdriven",
        "electric-guitar",
        "guitar",
        40,
        88,
        rings=True,
        voices=3,
        damp=0.2,
        vibrato=20,
        weight=0.7,
        label_weight=0.4,
    ),
    Instrument("banjo", "banjo", "guitar", 45, 86, rings=True, voices=4, damp=0.3, weight=0.4),
    Instrument("koto", None, "guitar", 45, 86, rings=True, voices=4, damp=0.3, weight=0.4),
    Instrument("harp", "harp", "harp", 28, 101, rings=True, voices=6, damp=0.8),
    Instrument("bass-electric", "electric-bass", "bass", 28, 60, rings=True, damp=0.2),
    Instrument(
        "double-bass-pizz", "double-bass", "bass", 28, 60, rings=True, damp=0.2, label_weight=0.5
    ),
    Instrument("violin", "violin", "strings", 55, 100, voices=2, damp=0.3, vibrato=30),
    Instrument("viola", "viola", "strings", 48, 88, voices=2, damp=0.3, vibrato=30),
    Instrument("cello", "cello", "strings", 36, 79, voices=2, damp=0.3, vibrato=28),
    Instrument("double-bass", "double-bass", "strings", 28, 64, damp=0.3, vibrato=18, weight=0.4),
    Instrument(
        "violin-pizz", "violin", "pizzicato", 40, 90, rings=True, damp=0.3, label_weight=0.3
    ),
    Instrument("viola-pizz", "viola", "pizzicato", 40, 90, rings=True, damp=0.3, label_weight=0.3),
    Instrument("cello-pizz", "cello", "pizzicato", 40, 90, rings=True, damp=0.3, label_weight=0.3),
    Instrument("string-section", None, "section", 36, 96, voices=6, damp=0.5),
    Instrument("trumpet", "trumpet", "brass", 54, 86, damp=0.12, vibrato=18),
    Instrument("horn", "french-horn", "brass", 36, 77, damp=0.2, vibrato=6),
    Instrument("trombone", "trombone", "brass", 38, 74, vibrato=12),
    Instrument("tuba", "tuba", "brass", 28, 60, damp=0.2, weight=0.5),
    Instrument("brass-section", None, "section", 40, 84, voices=4, damp=0.2),
    Instrument("flute", "flute", "wind", 60, 96, damp=0.12, vibrato=22),
    Instrument(
        "piccolo", "flute", "wind", 74, 105, damp=0.1, vibrato=15, weight=0.3, label_weight=0.3
    ),
    Instrument(
        "recorder", "flute", "wind", 60, 96, damp=0.08, vibrato=8, weight=0.6, label_weight=0.3
    ),
    Instrument("oboe", "oboe", "wind", 58, 91, damp=0.1, vibrato=18),
    Instrument(
        "english-horn", "oboe", "wind", 52, 81, damp=0.1, vibrato=15, weight=0.4, label_weight=0.8
    ),
    Instrument("clarinet", "clarinet", "wind", 50, 94, damp=0.1, vibrato=5),
    Instrument("bassoon", "bassoon", "wind", 34, 75, damp=0.1, vibrato=10),
    Instrument("saxophone", "saxophone", "wind", 44, 88, damp=0.12, vibrato=22),
    Instrument("pan-flute", "flute", "wind", 60, 96, vibrato=20, weight=0.2, label_weight=0.1),
    Instrument("ocarina", "flute", "wind", 60, 96, vibrato=20, weight=0.2, label_weight=0.1),
    Instrument("choir", "voice", "voice", 43, 84, voices=4, damp=0.3, vibrato=30),
    Instrument("vibraphone", "mallets", "mallets", 45, 89, rings=True, voices=4, damp=0.6),
    Instrument("marimba", "mallets", "mallets", 45, 89, rings=True, voices=4, damp=0.6),
    Instrument("xylophone", "mallets", "mallets", 65, 108, rings=True, voices=3, damp=1.5),
    Instrument(
        "glockenspiel",
        "mallets",
        "mallets",
        65,
        108,
        rings=True,
        voices=3,
        damp=1.5,
        label_weight=0.7,
    ),
    Instrument(
        "celesta", "mallets", "mallets", 60, 96, rings=True, voices=4, damp=1.0, label_weight=0.5
    ),
    Instrument(
        "music-box", "mallets", "mallets", 60, 96, rings=True, voices=4, damp=1.0, label_weight=0.4
    ),
    Instrument(
        "kalimba", "mallets", "mallets", 60, 96, rings=True, voices=4, damp=1.0, label_weight=0.4
    ),
    Instrument(
        "steel-drum", "mallets", "mallets", 60, 96, rings=True, voices=4, damp=1.0, label_weight=0.4
    ),
    Instrument("synth-lead", None, "synth", 40, 96, voices=2, damp=0.08, vibrato=20),
    Instrument("synth-pad", None, "synth", 40, 90, voices=5, damp=0.6),
    Instrument("synth-bass", None, "bass", 28, 55, damp=0.08),
    Instrument("drums", "drums", "drums", 35, 81, rings=True, voices=4, damp=2.0),
    Instrument(
        "mandolin", "mandolin", "guitar", 55, 96, rings=True, voices=4, damp=0.3, weight=0.4
    ),
    Instrument(
        "bass-clarinet",
        "clarinet",
        "wind",
        37,
        77,
        damp=0.12,
        vibrato=5,
        weight=0.4,
        label_weight=0.5,
    ),
    Instrument("contrabassoon", "bassoon", "wind", 22, 53, vibrato=8, weight=0.3, label_weight=0.5),
)

NUMBER: dict[str, int] = {instrument.name: number for number, instrument in enumerate(INSTRUMENTS)}
"""Numbers of the instruments in clips."""

BY_NAME: dict[str, Instrument] = {instrument.name: instrument for instrument in INSTRUMENTS}
"""The instruments by name."""

LABELS: dict[str, tuple[str, float]] = {
    i.name: (i.label, i.label_weight) for i in INSTRUMENTS if i.label is not None
}
"""Class of each instrument, and how often it is drawn within the class."""

TYPICAL: dict[str, str] = {
    i.label: i.name for i in reversed(INSTRUMENTS) if i.label is not None and i.label_weight == 1
}
"""Of each class the instrument that manifests of samples mean by the name of the class."""
