"""Notes, bars, metre and key of the tunes of an ABC file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from training.data.scores import STEPS, Row, Score

_TOKEN = re.compile(
    r"""(?P<skip>"[^"]*"|\{[^}]*\}|![^!]*!|\[[A-Z]:[^]]*\]|%.*)
    |(?P<tuplet>\((?P<size>[2-9]))
    |(?P<bar>:*\|[|\]:]*|::)
    |(?P<broken>[<>]+)
    |(?P<open>\[(?![1-9]))|(?P<close>\](?P<chord>[0-9/]*))
    |(?P<sign>\^{1,2}|_{1,2}|=)?(?P<letter>[A-Ga-gzx])(?P<octave>[,']*)
    (?P<length>[0-9/]*)(?P<tie>-?)
    """,
    re.VERBOSE,
)
_TUPLETS = {2: 3 / 2, 3: 2 / 3, 4: 3 / 4, 5: 2 / 5, 6: 1 / 3, 7: 2 / 7, 8: 3 / 8, 9: 2 / 9}
_MODES = {"": "major", "maj": "major", "m": "minor", "min": "minor"}
_FIFTHS = {"dor": -2, "mix": -1, "phr": -4, "lyd": 1, "loc": -5, "aeo": -3}
_ORDER = "FCGDAEB"
"""Letters in the order in which key signatures sharpen them."""


def read(path: Path) -> Iterator[Score]:
    """Read the tunes of a file: notes, tuplets, broken rhythm, chords and ties.

    Tunes without a metre or key, and tunes that change metre, unit or key, are left out.
    """
    content = path.read_text(encoding="utf-8", errors="replace")
    for tune in re.split(r"(?m)^X:", content)[1:]:
        score = _score(tune)
        if score is not None:
            yield score


def _score(tune: str) -> Score | None:
    fields = dict(re.findall(r"(?m)^([A-Z]):\s*(.*?)\s*(?:%.*)?$", tune)[::-1])
    metre = str(fields.get("M", ""))
    metre = {"C": "4/4", "C|": "2/2"}.get(metre, metre)
    key = re.match(r"([A-G])([#b]?)\s*([A-Za-z]*)", fields.get("K", ""))
    if not re.fullmatch(r"\d+/\d+", metre) or key is None:
        return None
    body = tune[tune.index("K:") :].split("\n", 1)[-1]
    if re.search(r"(?m)^[MLK]:|\[[MLK]:", body):
        return None
    top, bottom = (int(number) for number in metre.split("/"))
    unit = str(fields.get("L", "1/8" if top / bottom >= 0.75 else "1/16"))
    first, second = (int(number) for number in [*unit.split("/"), "1"][:2])
    fifths, stated = _key(*key.groups())
    reader = _Reader(4 * first / second, _signature(fifths))
    lines = [line for line in body.split("\n") if not re.match(r"[A-Za-z%]:|%", line)]
    for token in _TOKEN.finditer(" ".join(lines)):
        reader.take(token)
    return Score(reader.rows, reader.bars, [(0.0, top, bottom)], None, stated)


def _key(letter: str, sign: str, word: str) -> tuple[int, tuple[int, str]]:
    """Return sharps, tonic and mode of a key; the mode is empty if neither major nor minor."""
    name = word.lower()[:3]
    tonic = (STEPS[letter] + {"#": 1, "b": -1, "": 0}[sign]) % 12
    mode = _MODES.get(name, "")
    fifths = (tonic * 7 + 5) % 12 - 5 + (_FIFTHS.get(name, 0) - 3 * (mode == "minor"))
    return fifths, (tonic, mode) if mode else (0, "")


def _signature(fifths: int) -> dict[str, int]:
    """Return the semitones by which a key signature moves letters."""
    sharp = dict.fromkeys(_ORDER[: max(fifths, 0)], 1)
    return sharp | dict.fromkeys(_ORDER[::-1][: max(-fifths, 0)], -1)


def _relative_length(words: str) -> float:
    """Read a length such as 3, /2, // or 3/2, in units."""
    if not words:
        return 1.0
    upper, *lower = words.split("/")
    value = float(upper or 1)
    for number in lower:
        value /= float(number or 2)
    return value


@dataclass
class _Reader:
    """Reader of the tokens of a tune: the notes and the starts of bars so far, and its state.

    Attributes
    ----------
    unit
        Quarter notes of a length of 1.
    signature
        Semitones by which the key signature moves letters.
    signs
        The same with the accidentals of the bar.
    tuplet, ratio
        Notes left in a tuplet, and the factor of their lengths.
    broken
        Factor of the next length, after a broken rhythm.
    in_chord, longest
        Whether a chord is open, and its longest note.
    tied
        Index in `rows` of a note that is tied, by MIDI number.
    """

    unit: float
    signature: dict[str, int]
    rows: list[Row] = field(default_factory=list)
    bars: list[float] = field(default_factory=lambda: [0.0])
    now: float = 0.0
    signs: dict[str, int] = field(init=False)
    tuplet: int = 0
    ratio: float = 1.0
    broken: float = 1.0
    in_chord: bool = False
    longest: float = 0.0
    tied: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.signs = dict(self.signature)

    def take(self, token: re.Match[str]) -> None:
        """Read the next token."""
        if token["tuplet"]:
            self.tuplet = int(token["size"])
            self.ratio = _TUPLETS[self.tuplet]
        elif token["bar"]:
            self._begin_bar()
        elif token["broken"] and self.rows:
            self._break_rhythm(token["broken"])
        elif token["open"]:
            self.in_chord, self.longest = True, 0.0
        elif token["close"]:
            self.in_chord = False
            self.now += self.longest
        elif token["letter"]:
            self._note(token)

    def _begin_bar(self) -> None:
        if self.now > self.bars[-1] + 1e-9:
            self.bars.append(self.now)
        self.signs = dict(self.signature)

    def _break_rhythm(self, mark: str) -> None:
        """Lengthen (>) or shorten (<) the last note, and the next one the other way."""
        part, longer = 0.5 ** len(mark), mark[0] == ">"
        onset, length, midi = self.rows[-1]
        change = length * ((1 - part) if longer else (part - 1))
        self.rows[-1] = (onset, length + change, midi)
        self.now += change
        self.broken = part if longer else 2 - part

    def _note(self, token: re.Match[str]) -> None:
        """Read a note or rest."""
        ratio = self.ratio if self.tuplet else 1.0
        length = self.unit * _relative_length(token["length"]) * self.broken * ratio
        if token["letter"] in "zx":
            self.tied = {}
        else:
            self._sound(self._midi(token), length, bool(token["tie"]))
        if self.in_chord:
            self.longest = max(self.longest, length)
            return
        self.now, self.broken = self.now + length, 1.0
        if self.tuplet:
            self.tuplet -= 1

    def _midi(self, token: re.Match[str]) -> int:
        """Return the MIDI number of a note; its accidental holds for the bar."""
        upper = token["letter"].upper()
        if token["sign"]:
            self.signs[upper] = token["sign"].count("^") - token["sign"].count("_")
        height = token["octave"].count("'") - token["octave"].count(",")
        octave = (6 if token["letter"].islower() else 5) + height
        return 12 * octave + STEPS[upper] + self.signs.get(upper, 0)

    def _sound(self, midi: int, length: float, is_tied: bool) -> None:
        """Append a note, or lengthen the one that is tied to it."""
        if midi in self.tied:
            index = self.tied[midi]
            onset, before, _ = self.rows[index]
            self.rows[index] = (onset, before + length, float(midi))
        else:
            index = len(self.rows)
            self.rows.append((self.now, length, float(midi)))
        self.tied = {midi: index} if is_tied else {}
