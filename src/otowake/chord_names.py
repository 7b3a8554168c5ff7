"""Represent chords as data: a spelled root, a quality and a spelled bass.

Every notation derives from these three: Harte's in :mod:`otowake.io.jams`, MusicXML's in
:mod:`otowake.io.musicxml`, Roman numerals in :mod:`otowake.music.theory.numerals`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from otowake import text
from otowake.errors import BadInput

NONE = "N"
"""Name of no chord: silence, a single voice, or pitch classes that form no known chord."""


class Quality(NamedTuple):
    """Tones of a chord: semitones above the root, and the scale steps that spell them."""

    tones: tuple[int, ...]
    steps: tuple[int, ...]


QUALITIES: dict[str, Quality] = {
    "": Quality((0, 4, 7), (0, 2, 4)),
    "m": Quality((0, 3, 7), (0, 2, 4)),
    "5": Quality((0, 7), (0, 4)),
    "7": Quality((0, 4, 7, 10), (0, 2, 4, 6)),
    "maj7": Quality((0, 4, 7, 11), (0, 2, 4, 6)),
    "m7": Quality((0, 3, 7, 10), (0, 2, 4, 6)),
    "dim": Quality((0, 3, 6), (0, 2, 4)),
    "m7b5": Quality((0, 3, 6, 10), (0, 2, 4, 6)),
    "dim7": Quality((0, 3, 6, 9), (0, 2, 4, 6)),
    "aug": Quality((0, 4, 8), (0, 2, 4)),
    "sus4": Quality((0, 5, 7), (0, 3, 4)),
}
"""Qualities by the suffix that follows the root in a name; the major triad has none."""

MOST_SIGNS = 2
"""Maximum number of accidentals; a strict spelling with three moves to the neighbouring letter."""

_LETTERS = "CDEFGAB"
_NATURAL = (0, 2, 4, 5, 7, 9, 11)
_TONE = r"[A-G](?:#{0,3}|b{0,3})"
_NAME = re.compile(rf"({_TONE})({'|'.join(map(re.escape, QUALITIES))})(?:/({_TONE}))?")


def chord_name(root: str, quality: str, bass: str) -> str:
    """Format the name of a chord, with its bass unless the bass is the root.

    Examples
    --------
    >>> chord_name("Bbb", "m7b5", "Bbb"), chord_name("G", "", "D")
    ('Bbbm7b5', 'G/D')
    """
    return f"{root}{quality}" + (f"/{bass}" if bass != root else "")


def chord_parts(name: str) -> tuple[str, str, str] | tuple[None, None, None]:
    """Parse a chord name into root, quality and bass; no chord gives three times None.

    Raises
    ------
    BadInput
        If no chord has this name.

    Examples
    --------
    >>> chord_parts("Bbbm7b5"), chord_parts("G/D"), chord_parts("N")
    (('Bbb', 'm7b5', 'Bbb'), ('G', '', 'D'), (None, None, None))
    """
    if name == NONE:
        return None, None, None
    match = _NAME.fullmatch(name)
    if match is None:
        raise BadInput(text.NOT_A_CHORD, value=name, qualities=", ".join(filter(None, QUALITIES)))
    root, quality, bass = match.groups()
    return root, quality, bass or root


def pitch_class(tone: str) -> int:
    """Return the pitch class of a spelled tone, from 0 (C) to 11.

    Examples
    --------
    >>> pitch_class("Bbb"), pitch_class("B#")
    (9, 0)
    """
    return (_NATURAL[_LETTERS.index(tone[0])] + signs_of(tone)) % 12


def signs_of(tone: str) -> int:
    """Count the sharps of a spelled tone; flats count negative.

    Examples
    --------
    >>> signs_of("F##"), signs_of("Bb"), signs_of("B")
    (2, -1, 0)
    """
    return tone.count("#") - tone[1:].count("b")


def with_signs(letter: str, signs: int) -> str:
    """Append sharps to a letter, or flats for a negative count."""
    return letter + ("#" * signs if signs > 0 else "b" * -signs)


def tone_above(root: str, steps: int, semitones: int) -> str:
    """Spell the tone at an interval of scale steps and semitones: the third of D is F#, not Gb.

    Examples
    --------
    >>> tone_above("D", 2, 4), tone_above("Ebb", 6, 9)
    ('F#', 'Cb')
    """
    letter_index = _LETTERS.index(root[0]) + steps
    wanted = (pitch_class(root) + semitones) % 12
    while abs(signs := (wanted - _NATURAL[letter_index % 7] + 6) % 12 - 6) > MOST_SIGNS:
        letter_index += 1 if signs > 0 else -1
    return with_signs(_LETTERS[letter_index % 7], signs)


def degree(root: str, tone: str, scale: tuple[int, ...] = _NATURAL) -> tuple[int, int]:
    """Return the degree of a tone in the scale on `root`, from 1, and its sharps (flats negative).

    Examples
    --------
    >>> degree("C", "Bb"), degree("A", "G#", (0, 2, 3, 5, 7, 8, 10))
    ((7, -1), (7, 1))
    """
    steps = (_LETTERS.index(tone[0]) - _LETTERS.index(root[0])) % 7
    return steps + 1, (pitch_class(tone) - pitch_class(root) - scale[steps] + 6) % 12 - 6


def degree_name(root: str, tone: str) -> str:
    """Format a degree of the major scale on `root`, accidentals before the number.

    Examples
    --------
    >>> degree_name("Bb", "Ab"), degree_name("C", "Bbb"), degree_name("C", "G#")
    ('b7', 'bb7', '#5')
    """
    number, signs = degree(root, tone)
    return with_signs("", signs) + str(number)


def typeset(name: str) -> str:
    """Replace ASCII accidentals in the name of a tone, chord or key by typographic ones.

    Examples
    --------
    >>> typeset("Bbbm7b5/Abb"), typeset("F#4"), typeset("Bb minor")
    ('B♭♭m7♭5/A♭♭', 'F♯4', 'B♭ minor')
    """
    signs = re.compile(r"(?<=[A-G])(?:#+|b+)|b(?=5)")
    return signs.sub(lambda match: match.group().replace("#", "♯").replace("b", "♭"), name)
