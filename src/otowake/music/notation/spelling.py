"""Spell notes: which of C sharp and D flat.

Meredith's ps13s1 ("The ps13 pitch spelling algorithm", Journal of New Music Research, 2006): every
pitch class near a note, as a tonic, supports the name that the note has in its chromatic scale,
with as much weight as it has notes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from otowake.chord_names import signs_of, tone_above
from otowake.music.notation.config import NOTATION
from otowake.music.theory.harmony import spell
from otowake.types import Key

STEPS = (0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6)
"""Scale steps of the semitones above a tonic: its harmonic chromatic scale."""


def spell_notes(pitches: Sequence[int], key: Key | None = None) -> list[str]:
    """Spell notes, ordered by onset, as pitch classes such as ``"F#"``.

    Parameters
    ----------
    pitches
        MIDI pitches in the order of the onsets.
    key
        The key of the piece: the tonics are spelled in it.

    Examples
    --------
    >>> spell_notes([57, 59, 60, 62, 64, 65, 68, 69])
    ['A', 'B', 'C', 'D', 'E', 'F', 'G#', 'A']
    >>> spell_notes([60, 63, 67, 68, 67, 65, 63, 62, 60])
    ['C', 'Eb', 'G', 'Ab', 'G', 'F', 'Eb', 'D', 'C']
    """
    classes = np.asarray(pitches, dtype=int) % 12
    tonics = [spell(tonic, key) for tonic in range(12)]
    names = [
        [
            tone_above(tonics[tonic], STEPS[above := (tone - tonic) % 12], above)
            for tone in range(12)
        ]
        for tonic in range(12)
    ]
    counts = np.concatenate([np.zeros((1, 12)), np.cumsum(np.eye(12)[classes], axis=0)])
    at = np.arange(len(classes))
    first = np.maximum(at - NOTATION.context_before, 0)
    last = np.minimum(at + NOTATION.context_after, len(classes))
    weights = counts[last] - counts[first]
    if key:
        weights[:, key.tonic] += NOTATION.key_weight
    spelled = np.empty(len(classes), dtype="U3")
    for tone in range(12):
        own = classes == tone
        options = sorted(
            {names[tonic][tone] for tonic in range(12)}, key=lambda n: abs(signs_of(n))
        )
        supports = [[names[tonic][tone] == name for name in options] for tonic in range(12)]
        spelled[own] = np.array(options)[(weights[own] @ np.array(supports)).argmax(axis=1)]
    return spelled.tolist()


def octave_of(midi: int, name: str) -> int:
    """Return the octave of a spelled note; 4 begins at middle C.

    Examples
    --------
    >>> octave_of(60, "B#"), octave_of(60, "C")
    (3, 4)
    """
    return (midi - signs_of(name)) // 12 - 1
