"""Define the instruments, their families, titles, ranges and General MIDI programmes.

Families follow the orchestra. Free reeds and organs form one family: a keyboard or the mouth
controls wind on reeds or pipes, and their sounds are similar.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from otowake import text
from otowake.errors import BadInput
from otowake.text import Language, Text
from otowake.types import Part

DRUMS = "drums"
"""Name of the drum kit, whose notes are hits without pitch."""

UNKNOWN = "unknown"
"""Name of a part that no instrument fits well enough."""

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
"""Titles of the families by name."""


class Instrument(NamedTuple):
    """Describe an instrument.

    Attributes
    ----------
    name
        Name in files: lower case, with hyphens.
    family
        One of :data:`FAMILIES`.
    title
        Name in the user interface, by language.
    programmes
        General MIDI programmes (from 0) of the instrument; files are written with the first. Drums
        have none, since a channel identifies them.
    low, high
        Lowest and highest playable MIDI pitch.
    voices
        Usual limit of simultaneous notes.
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
        """General MIDI programme to write, 0 if there is none."""
        return self.programmes[0] if self.programmes else 0

    @property
    def is_drum(self) -> bool:
        """Whether its notes are hits on a drum kit, without pitch."""
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


INSTRUMENTS: tuple[Instrument, ...] = (
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
"""Instruments of the recogniser; the index is the row of the recogniser's output."""

INSTRUMENT_NAMES: tuple[str, ...] = tuple(row.name for row in INSTRUMENTS)

INSTRUMENT_BY_NAME: dict[str, Instrument] = {row.name: row for row in INSTRUMENTS} | {
    UNKNOWN: _row(UNKNOWN, UNKNOWN, "unknown", "不明", (), 0, 127, 10)
}
"""Instruments by name, with ``unknown``."""


class Drum(NamedTuple):
    """A drum of a kit.

    Attributes
    ----------
    key
        Its key in General MIDI drum kits.
    title
        Its name in both languages.
    role
        The drum of :data:`DRUM_ROLES` in whose place it plays.
    """

    key: int
    title: Text
    role: str


KIT: dict[str, Drum] = {
    "kick": Drum(36, Text("kick", "キック"), "kick"),
    "snare": Drum(38, Text("snare", "スネア"), "snare"),
    "tom": Drum(45, Text("tom", "タム"), "snare"),
    "hi-hat": Drum(42, Text("hi-hat", "ハイハット"), "hi-hat"),
    "cymbal": Drum(51, Text("cymbal", "シンバル"), "hi-hat"),
    "percussion": Drum(54, Text("percussion", "パーカッション"), "hi-hat"),
}
"""Drums with a part of their own, by name."""

DRUM_ROLES: tuple[str, ...] = tuple(dict.fromkeys(drum.role for drum in KIT.values()))
"""Roles of drums in a beat, by the drum that mostly has them."""

DRUM_KEYS: dict[str, tuple[int, ...]] = {
    "kick": (35, 36),
    "snare": (37, 38, 40),
    "tom": (41, 43, 45, 47, 48, 50),
    "hi-hat": (42, 44, 46),
    "cymbal": (49, 51, 52, 53, 55, 57, 59),
}
"""General MIDI keys of the drums; all other keys are percussion."""

_DRUM_OF_KEY = {key: index for index, name in enumerate(KIT) for key in DRUM_KEYS.get(name, ())}


def drum_of(key: int) -> int:
    """Map a key of General MIDI drum kits to the index of its drum in :data:`KIT`.

    Examples
    --------
    >>> [list(KIT)[drum_of(key)] for key in (35, 40, 49, 63)]
    ['kick', 'snare', 'cymbal', 'percussion']
    """
    return _DRUM_OF_KEY.get(key, len(KIT) - 1)


def drum_role(key: int) -> int:
    """Map a key of General MIDI drum kits to an index into :data:`DRUM_ROLES`.

    Toms have the role of the snare, cymbals and percussion that of the hi-hat.

    Examples
    --------
    >>> [DRUM_ROLES[drum_role(key)] for key in (36, 45, 51, 63)]
    ['kick', 'snare', 'hi-hat', 'hi-hat']
    """
    return DRUM_ROLES.index(list(KIT.values())[drum_of(key)].role)


_BY_WORD = {
    word.casefold(): row for row in INSTRUMENT_BY_NAME.values() for word in (row.name, *row.title)
}
_BY_PROGRAMME = {programme: row for row in reversed(INSTRUMENTS) for programme in row.programmes}


def instrument(name: str) -> Instrument:
    """Look up an instrument by its name or by its title in either language.

    Raises
    ------
    BadInput
        If no instrument has this name.

    Examples
    --------
    >>> instrument("french-horn").title.ja, instrument("ホルン").name
    ('ホルン', 'french-horn')
    >>> instrument("French horn").programme
    60
    """
    if name.casefold() not in _BY_WORD:
        raise BadInput(text.NO_SUCH_INSTRUMENT, name=name, known=", ".join(INSTRUMENT_NAMES))
    return _BY_WORD[name.casefold()]


def titles_of(parts: Sequence[Part], language: Language = "en") -> list[str]:
    """Format the titles of parts: drums, and instruments, with numbers where there are several.

    Examples
    --------
    >>> horns = [Part("french-horn", "french-horn", (0,)), Part("french-horn-2", "french-horn", ())]
    >>> titles_of([*horns, Part("violin", "violin", (1,))])
    ['French horn 1', 'French horn 2', 'violin']
    >>> titles_of([Part("violin-2", "violin", (0,))], "ja")
    ['ヴァイオリン']
    """
    counts = Counter(part.instrument for part in parts if part.name not in KIT)

    def title(part: Part) -> str:
        if part.name in KIT:
            return KIT[part.name].title.format(language)
        name = instrument(part.instrument).title.format(language)
        number = part.name.removeprefix(part.instrument).removeprefix("-") or "1"
        return f"{name} {number}" if counts[part.instrument] > 1 else name

    return [title(part) for part in parts]


def of_programme(programme: int) -> Instrument:
    """Look up the instrument of a General MIDI programme (from 0), ``unknown`` if there is none.

    Examples
    --------
    >>> of_programme(69).name, of_programme(127).name
    ('oboe', 'unknown')
    """
    return _BY_PROGRAMME.get(programme, INSTRUMENT_BY_NAME[UNKNOWN])
