"""Write chords as Roman numerals of a key."""

from __future__ import annotations

from otowake.chord_names import QUALITIES, degree, degree_name, pitch_class, with_signs
from otowake.music.theory.harmony import spell
from otowake.types import Chord, Key

_TRIAD, _SEVENTH = ("", "6", "64"), ("7", "65", "43", "42")
_ROMAN = {
    "": ("", _TRIAD),
    "m": ("", _TRIAD),
    "5": ("", ("5",)),
    "7": ("", _SEVENTH),
    "maj7": ("M", _SEVENTH),
    "m7": ("", _SEVENTH),
    "dim": ("o", _TRIAD),
    "m7b5": ("ø", _SEVENTH),
    "dim7": ("o", _SEVENTH),
    "aug": ("+", _TRIAD),
    "sus4": ("sus4", ("",)),
}
"""Mark of each quality in Roman numerals, and figures of the inversions, root position first."""

_SCALES = {
    ("major", False): (0, 2, 4, 5, 7, 9, 11),
    ("major", True): (0, 2, 4, 5, 7, 9, 11),
    ("minor", False): (0, 2, 3, 5, 7, 8, 10),
    ("minor", True): (0, 2, 3, 5, 7, 9, 11),
}
"""Scale that accidentals of a numeral refer to, by mode and by whether the third is minor."""


def roman_numeral(chord: Chord, key: Key) -> str:
    """Format the Roman numeral of a chord in a key; empty for no chord.

    Lower case means a minor third. Signs before the numeral refer to the scale of the key; in
    minor that is the natural scale, but ``vi`` and ``vii`` stand on the raised degrees. ``o``,
    ``ø``, ``+`` and ``M`` mean diminished, half-diminished, augmented and major seventh. Figures
    (6, 64; 65, 43, 42) give the inversion; without such a figure, the bass follows as a degree of
    the major scale on the root.

    Examples
    --------
    >>> minor, names = Key(9, "minor", 1.0), ("Am/C", "E7/D", "G#dim7", "F", "Dm7b5", "G5/D")
    >>> [roman_numeral(Chord(0.0, 1.0, name), minor) for name in names]
    ['i6', 'V42', 'viio7', 'VI', 'ivø7', 'VII5/5']
    """
    if chord.root is None or chord.quality is None or chord.bass is None:
        return ""
    is_small = 3 in QUALITIES[chord.quality].tones
    scale = _SCALES[key.mode, is_small]
    number, signs = degree(spell(key.tonic, key), chord.root, scale)
    numeral = with_signs("", signs) + ("I", "II", "III", "IV", "V", "VI", "VII")[number - 1]
    mark, figures = _ROMAN[chord.quality]
    above = (pitch_class(chord.bass) - pitch_class(chord.root)) % 12
    tones = QUALITIES[chord.quality].tones
    position = tones.index(above) if above in tones else len(figures)
    if position < len(figures):
        figure = figures[position]
    else:
        figure = f"{figures[0]}/{degree_name(chord.root, chord.bass)}"
    return (numeral.lower() if is_small else numeral) + mark + figure
