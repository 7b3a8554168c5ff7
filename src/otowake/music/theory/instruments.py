"""The instruments that notes and parts are named by: one table.

Families are those of the orchestra, with the free reeds and the organ together, since both are wind on reeds or pipes
that a keyboard or the mouth lets through, and their sounds are alike.
"""

from __future__ import annotations

from typing import NamedTuple

from otowake import text
from otowake.errors import BadInput
from otowake.text import Language, Text
from otowake.types import Part

DRUMS = "drums"
"""The name of the drum kit, whose notes are strokes."""

UNKNOWN = "unknown"
"""The name of what no instrument of the table fits well enough."""

FAMILIES: dict[str, Text] = {
    "keyboard": Text("keyboards", "鍵盤楽器"),
    "wind-keyboard": Text("organs and free reeds", "オルガン・リード楽器"),
    "plucked": Text("plucked strings", "撥弦楽器"),
    "bowed": Text("bowed strings", "擦弦楽器"),
    "woodwind": Text("woodwinds", "木管楽器"),
    "brass": Text("brass", "金管楽器"),
    "voice": Text("voices", "声"),
    "percussion": Text("percussion", "打楽器"),
    UNKNOWN: Text("unknown", "不明"),
}
"""Families by name, and what people call them."""


class Instrument(NamedTuple):
    """An instrument.

    Attributes
    ----------
    name
        As in files: lower case, with hyphens.
    family
        One of :data:`FAMILIES`.
    title
        What people call it.
    programmes
        The General MIDI programmes (from 0) that mean it, the first of which is written; none for drums, which have a
        channel instead.
    low, high
        The lowest and the highest MIDI pitch that it can play.
    voices
        How many notes it usually plays at once, at most.
    """

    name: str
    family: str
    title: Text
    programmes: tuple[int, ...]
    low: int
    high: int
    voices: int

    @property
    def programme(self) -> int:
        """The General MIDI programme to write, 0 where there is none."""
        return self.programmes[0] if self.programmes else 0

    @property
    def is_drum(self) -> bool:
        """Whether its notes are strokes on a drum kit, not pitches."""
        return self.name == DRUMS


def _row(
    name: str,
    family: str,
    en: str,
    ja: str,
    programmes: tuple[int, ...],
    low: int,
    high: int,
    voices: int,
) -> Instrument:
    return Instrument(name, family, Text(en, ja), programmes, low, high, voices)


TABLE: tuple[Instrument, ...] = (
    _row("piano", "keyboard", "piano", "ピアノ", (0, 1, 2, 3), 21, 108, 10),
    _row(
        "electric-piano", "keyboard", "electric piano", "エレクトリックピアノ", (4, 5), 28, 103, 10
    ),
    _row("harpsichord", "keyboard", "harpsichord", "チェンバロ", (6, 7), 29, 89, 10),
    _row("organ", "wind-keyboard", "organ", "オルガン", (19, 16, 17, 18), 24, 108, 10),
    _row("accordion", "wind-keyboard", "accordion", "アコーディオン", (21, 20, 23), 28, 101, 10),
    _row("harmonica", "wind-keyboard", "harmonica", "ハーモニカ", (22,), 48, 98, 4),
    _row("guitar-nylon", "plucked", "classical guitar", "クラシックギター", (24,), 38, 88, 6),
    _row("guitar-steel", "plucked", "acoustic guitar", "アコースティックギター", (25,), 38, 88, 6),
    _row(
        "electric-guitar",
        "plucked",
        "electric guitar",
        "エレキギター",
        (27, 26, 28, 29, 30, 31),
        38,
        90,
        6,
    ),
    _row("banjo", "plucked", "banjo", "バンジョー", (105,), 45, 88, 5),
    _row("mandolin", "plucked", "mandolin", "マンドリン", (25,), 55, 96, 4),
    _row("harp", "plucked", "harp", "ハープ", (46,), 23, 104, 8),
    _row(
        "electric-bass",
        "plucked",
        "electric bass",
        "エレキベース",
        (33, 34, 35, 36, 37, 38, 39),
        23,
        67,
        1,
    ),
    _row("violin", "bowed", "violin", "ヴァイオリン", (40, 110, 45), 55, 103, 2),
    _row("viola", "bowed", "viola", "ヴィオラ", (41,), 48, 91, 2),
    _row("cello", "bowed", "cello", "チェロ", (42,), 36, 81, 2),
    _row("double-bass", "bowed", "double bass", "コントラバス", (43, 32), 23, 67, 1),
    _row("flute", "woodwind", "flute", "フルート", (73, 72, 74, 75, 78, 79), 59, 108, 1),
    _row("oboe", "woodwind", "oboe", "オーボエ", (68, 69), 52, 93, 1),
    _row("clarinet", "woodwind", "clarinet", "クラリネット", (71,), 37, 96, 1),
    _row("bassoon", "woodwind", "bassoon", "ファゴット", (70,), 22, 77, 1),
    _row("saxophone", "woodwind", "saxophone", "サクソフォン", (65, 64, 66, 67), 36, 92, 1),
    _row("trumpet", "brass", "trumpet", "トランペット", (56, 59), 52, 88, 1),
    _row("french-horn", "brass", "French horn", "ホルン", (60,), 34, 79, 1),
    _row("trombone", "brass", "trombone", "トロンボーン", (57,), 33, 77, 1),
    _row("tuba", "brass", "tuba", "チューバ", (58,), 24, 67, 1),
    _row("voice", "voice", "voice", "歌声", (52, 53, 54), 36, 88, 4),
    _row(
        "mallets",
        "percussion",
        "mallet percussion",
        "鍵盤打楽器",
        (12, 8, 9, 10, 11, 13, 108, 114),
        41,
        108,
        4,
    ),
    _row(DRUMS, "percussion", "drums", "ドラム", (), 0, 127, 10),
)
"""Every instrument that is recognised; its place is its number in the recogniser's output."""

NAMES: tuple[str, ...] = tuple(row.name for row in TABLE)

BY_NAME: dict[str, Instrument] = {row.name: row for row in TABLE} | {
    UNKNOWN: _row(UNKNOWN, UNKNOWN, "unknown", "不明", (), 0, 127, 10)
}
"""The table by name, and ``unknown`` besides."""


class Drum(NamedTuple):
    """A drum of a kit: the key of General MIDI's drum kits that stands for it, and what people call it."""

    key: int
    title: Text


KIT: dict[str, Drum] = {
    "kick": Drum(36, Text("kick", "キック")),
    "snare": Drum(38, Text("snare", "スネア")),
    "hi-hat": Drum(42, Text("hi-hat", "ハイハット")),
}
"""The drums that are told apart, each a part of its own."""

KICKS, METAL = (35, 36), (42, 44, 46, 49, 51, 52, 53, 54, 55, 57, 59, 69, 70)
"""The keys that are kicks, and that are hi-hats, cymbals or shaken; all others are taken for snares."""


def drum_of(key: int) -> int:
    """Which drum of :data:`KIT`, by its place, a key of General MIDI's drum kits is.

    Examples
    --------
    >>> [drum_of(key) for key in (35, 40, 49)]
    [0, 1, 2]
    """
    return 0 if key in KICKS else 2 if key in METAL else 1


_BY_WORD = {word.casefold(): row for row in BY_NAME.values() for word in (row.name, *row.title)}
_BY_PROGRAMME = {programme: row for row in reversed(TABLE) for programme in row.programmes}


def instrument(name: str) -> Instrument:
    """The row of a name, or of what people call it in either language.

    Raises
    ------
    BadInput
        If there is no such instrument.

    Examples
    --------
    >>> instrument("french-horn").title.ja, instrument("ホルン").name, instrument("French horn").programme
    ('ホルン', 'french-horn', 60)
    """
    if name.casefold() not in _BY_WORD:
        raise BadInput(text.NO_SUCH_INSTRUMENT, name=name, known=", ".join(NAMES))
    return _BY_WORD[name.casefold()]


def title_of(part: Part, language: Language = "en") -> str:
    """What people call a part: its instrument, from the second of a kind on with its number, or its drum.

    Examples
    --------
    >>> title_of(Part("french-horn-2", "french-horn", (0,))), title_of(Part("violin", "violin", (0,)), "ja")
    ('French horn 2', 'ヴァイオリン')
    """
    if part.name in KIT:
        return KIT[part.name].title.format(language)
    number = part.name.removeprefix(part.instrument).removeprefix("-")
    return f"{instrument(part.instrument).title.format(language)} {number}".rstrip()


def of_programme(programme: int) -> Instrument:
    """The instrument of a General MIDI programme, from 0; ``unknown`` if it is none of the table.

    Examples
    --------
    >>> of_programme(69).name, of_programme(127).name
    ('oboe', 'unknown')
    """
    return _BY_PROGRAMME.get(programme, BY_NAME[UNKNOWN])
