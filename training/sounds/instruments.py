"""The instruments that training clips are made of: one table, whose order gives every instrument its number."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Instrument:
    """What the generator and the renderer must know of an instrument.

    `low`, `high`: lowest and highest MIDI pitch written for it. `rings`: struck or plucked, so that it decays by itself.
    `voices`: notes it can play at once. `damp`: seconds in which a stopped note falls by 60 dB. `vibrato`: widest vibrato
    (cents, half of the swing; 0 for instruments that have none). `weight`: how often it is chosen among its family.
    """

    name: str
    family: str
    low: int
    high: int
    rings: bool = False
    voices: int = 1
    damp: float = 0.15
    vibrato: float = 0.0
    weight: float = 1.0


def _row(names, family, low, high, **rest):
    return [Instrument(name, family, low, high, **rest) for name in names.split()]


INSTRUMENTS: tuple[Instrument, ...] = tuple(
    _row("piano", "piano", 21, 108, rings=True, voices=10, damp=0.25)
    + _row("electric-piano", "keys", 28, 103, rings=True, voices=8, damp=0.15)
    + _row("harpsichord clavinet", "keys", 29, 89, rings=True, voices=6, damp=0.2)
    + _row("organ", "organ", 36, 96, voices=8, damp=0.08)
    + _row("accordion", "reed", 41, 93, voices=6, damp=0.08)
    + _row("harmonica", "reed", 55, 96, voices=4, damp=0.08, vibrato=25)
    + _row("harmonium bandoneon", "reed", 36, 88, voices=6, damp=0.1)
    + _row(
        "guitar-nylon guitar-steel", "guitar", 40, 84, rings=True, voices=6, damp=0.25, vibrato=8
    )
    + _row("guitar-electric", "guitar", 40, 88, rings=True, voices=6, damp=0.25, vibrato=15)
    + _row(
        "guitar-overdriven",
        "guitar",
        40,
        88,
        rings=True,
        voices=3,
        damp=0.2,
        vibrato=20,
        weight=0.7,
    )
    + _row("banjo koto", "guitar", 45, 86, rings=True, voices=4, damp=0.3, weight=0.4)
    + _row("harp", "harp", 28, 101, rings=True, voices=6, damp=0.8)
    + _row("bass-electric double-bass-pizz", "bass", 28, 60, rings=True, damp=0.2)
    + _row("violin", "strings", 55, 100, voices=2, damp=0.3, vibrato=30)
    + _row("viola", "strings", 48, 88, voices=2, damp=0.3, vibrato=30)
    + _row("cello", "strings", 36, 79, voices=2, damp=0.3, vibrato=28)
    + _row("double-bass", "strings", 28, 64, damp=0.3, vibrato=18, weight=0.4)
    + _row("violin-pizz viola-pizz cello-pizz", "pizzicato", 40, 90, rings=True, damp=0.3)
    + _row("string-section", "section", 36, 96, voices=6, damp=0.5)
    + _row("trumpet", "brass", 54, 86, damp=0.12, vibrato=18)
    + _row("horn", "brass", 36, 77, damp=0.2, vibrato=6)
    + _row("trombone", "brass", 38, 74, damp=0.15, vibrato=12)
    + _row("tuba", "brass", 28, 60, damp=0.2, weight=0.5)
    + _row("brass-section", "section", 40, 84, voices=4, damp=0.2)
    + _row("flute", "wind", 60, 96, damp=0.12, vibrato=22)
    + _row("piccolo", "wind", 74, 105, damp=0.1, vibrato=15, weight=0.3)
    + _row("recorder", "wind", 60, 96, damp=0.08, vibrato=8, weight=0.6)
    + _row("oboe", "wind", 58, 91, damp=0.1, vibrato=18)
    + _row("english-horn", "wind", 52, 81, damp=0.1, vibrato=15, weight=0.4)
    + _row("clarinet", "wind", 50, 94, damp=0.1, vibrato=5)
    + _row("bassoon", "wind", 34, 75, damp=0.1, vibrato=10)
    + _row("saxophone", "wind", 44, 88, damp=0.12, vibrato=22)
    + _row("pan-flute ocarina", "wind", 60, 96, damp=0.15, vibrato=20, weight=0.2)
    + _row("choir", "voice", 43, 84, voices=4, damp=0.3, vibrato=30)
    + _row("vibraphone marimba", "mallets", 45, 89, rings=True, voices=4, damp=0.6)
    + _row("xylophone glockenspiel", "mallets", 65, 108, rings=True, voices=3, damp=1.5)
    + _row(
        "celesta music-box kalimba steel-drum", "mallets", 60, 96, rings=True, voices=4, damp=1.0
    )
    + _row("synth-lead", "synth", 40, 96, voices=2, damp=0.08, vibrato=20)
    + _row("synth-pad", "synth", 40, 90, voices=5, damp=0.6)
    + _row("synth-bass", "bass", 28, 55, damp=0.08)
    + _row("drums", "drums", 35, 81, rings=True, voices=4, damp=2.0)
    + _row("mandolin", "guitar", 55, 96, rings=True, voices=4, damp=0.3, weight=0.4)
    + _row("bass-clarinet", "wind", 37, 77, damp=0.12, vibrato=5, weight=0.4)
    + _row("contrabassoon", "wind", 22, 53, damp=0.15, vibrato=8, weight=0.3)
)

NUMBER: dict[str, int] = {instrument.name: number for number, instrument in enumerate(INSTRUMENTS)}
BY_NAME: dict[str, Instrument] = {instrument.name: instrument for instrument in INSTRUMENTS}
