"""Name pitches in several styles and convert between MIDI pitches and frequencies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import ArrayLike

from otowake.music.theory.contours import shifted_contour
from otowake.music.theory.harmony import spell
from otowake.options import NoteSpec
from otowake.text import Language
from otowake.types import Analysis, Key, Note

Style = Literal["letters", "solfege", "iroha", "hz"]

_NAMES = {
    "letters": ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"),
    "solfege": ("ド", "ド♯", "レ", "レ♯", "ミ", "ファ", "ファ♯", "ソ", "ソ♯", "ラ", "ラ♯", "シ"),
    "iroha": ("ハ", "嬰ハ", "ニ", "嬰ニ", "ホ", "ヘ", "嬰ヘ", "ト", "嬰ト", "イ", "嬰イ", "ロ"),
}
_FLATS = {
    "letters": {1: "Db", 3: "Eb", 6: "Gb", 8: "Ab", 10: "Bb"},
    "solfege": {1: "レ♭", 3: "ミ♭", 6: "ソ♭", 8: "ラ♭", 10: "シ♭"},
    "iroha": {1: "変ニ", 3: "変ホ", 6: "変ト", 8: "変イ", 10: "変ロ"},
}
_MOST_FLATS = {"major": 3, "minor": 2}  # in addition to the flats of the key


def note_name(
    midi: float, language: Language = "en", style: Style | None = None, key: Key | None = None
) -> str:
    """Name the note nearest to `midi`, with its octave; 60 is C4.

    Without a style, English names are letters in plain ASCII and Japanese names ド レ ミ. The style
    "iroha" gives ハ ニ ホ, the style "hz" the frequency for A4 = 440 Hz. A key decides which black
    keys are flats; without one, all are sharps.

    Examples
    --------
    >>> note_name(60), note_name(66.2), note_name(66, "ja")
    ('C4', 'F#4', 'ファ♯4')
    >>> [note_name(midi, key=Key(2, "minor", 1.0)) for midi in (70, 73)]
    ['Bb4', 'C#5']
    >>> note_name(61, style="iroha"), note_name(60, style="hz")
    ('嬰ハ4', '261.6 Hz')
    """
    if style == "hz":
        return f"{float(midi_to_hz(round(midi))):.1f} Hz"
    octave, step = divmod(round(midi), 12)
    style = style or ("letters" if language == "en" else "solfege")
    flat = key is not None and "b" in spell(step, key, flats=_MOST_FLATS[key.mode])
    name = (flat and _FLATS[style].get(step)) or _NAMES[style][step]
    return f"{name}{octave - 1}"


def style_of(analysis: Analysis) -> Style:
    """Return the style of note names that the options of an analysis select."""
    return cast(Style, (analysis.note_spec or NoteSpec()).names)


def hz_to_midi(hz: ArrayLike, tuning_hz: float = 440.0) -> Any:
    """Convert frequencies above 0 Hz to MIDI pitches, where `tuning_hz` is 69.

    Examples
    --------
    >>> float(hz_to_midi(880.0))
    81.0
    """
    return 69.0 + 12.0 * np.log2(np.asarray(hz) / tuning_hz)


def midi_to_hz(midi: ArrayLike, tuning_hz: float = 440.0) -> Any:
    """Convert MIDI pitches to frequencies in Hz, where 69 is `tuning_hz`.

    Examples
    --------
    >>> float(midi_to_hz(57))
    220.0
    """
    return tuning_hz * 2.0 ** ((np.asarray(midi) - 69.0) / 12.0)


def semitones_above(tuning_hz: float | None) -> int:
    """Return how many semitones the names of notes lie above those at A4 = 440 Hz.

    Examples
    --------
    >>> semitones_above(415.0), semitones_above(442.0), semitones_above(None)
    (1, 0, 0)
    """
    return 0 if tuning_hz is None else round(69 - float(hz_to_midi(tuning_hz)))


def renamed(notes: Sequence[Note], semitones: int, cents: float = 0.0) -> tuple[Note, ...]:
    """Move the names of pitched notes up by semitones and cents; their sound stays.

    `cents` is added to each note's deviation and contour, from which the semitones are taken.

    Examples
    --------
    >>> (note,) = renamed([Note(0, 1, 68, cents=101.0)], 1)
    >>> note.midi, note.cents
    (69, 1.0)
    """
    return tuple(
        note
        if note.is_drum
        else replace(
            note,
            midi=min(max(note.midi + semitones, 0), 127),
            cents=None if note.cents is None else round(note.cents + cents - 100 * semitones, 1),
            contour=shifted_contour(note.contour, cents=cents - 100 * semitones),
        )
        for note in notes
    )
