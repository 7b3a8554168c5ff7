"""Where a factorisation begins that knows music: combs for pitches, gates for notes, spectra learnt elsewhere.

What is 0 in a start stays 0. So a comb lets a component sound on the partials of its pitch and
nowhere else, and a gate lets it sound only while its notes may; inside them everything is still
learnt from the recording.

The combs are those of Raczyński, Ono & Sagayama [1]_, the gates those of Ewert & Müller [2]_, as in
section 8.3 of Müller's book [3]_.

References
----------
.. [1] S. A. Raczyński, N. Ono, S. Sagayama, "Multipitch analysis with harmonic nonnegative matrix
approximation",
   ISMIR 2007, 381–386.
.. [2] S. Ewert, M. Müller, "Using score-informed constraints for NMF-based source separation",
ICASSP 2012, 129–132.
.. [3] M. Müller, "Fundamentals of Music Processing", Springer 2015.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from otowake import text
from otowake.errors import BadInput
from otowake.music.theory.names import midi_to_hz
from otowake.types import Factors, Floats, Note

PIANO = range(21, 109)
"""The MIDI pitches of a piano's keys, A0 to C8."""

MAIN_LOBE = 2.0
"""Half the width of the main lobe of a Hann window's spectrum, in bins."""

EARLY, LATE = 0.05, 0.1
"""Seconds that a gate is open before the onset (a window centred there hears the note already) and after the end."""


def as_notes(rows: ArrayLike) -> list[Note]:
    """Notes from a table of shape (note, 3 or 4): onset and end in seconds, MIDI pitch, velocity if known.

    Examples
    --------
    >>> as_notes([[0.5, 1.0, 60], [1.0, 1.5, 62]])[1].midi
    62
    """
    table = np.asarray(rows, dtype=float).tolist()
    return [Note(onset, offset, round(midi), *velocity) for onset, offset, midi, *velocity in table]


def harmonic_combs(
    pitches: ArrayLike,
    frequencies: Floats,
    *,
    tuning_hz: float = 440.0,
    n_partials: int = 30,
    decay: float = 1.5,
    inharmonicity: ArrayLike = 0.0,
    tolerance: float = 30.0,
    lobe: float = MAIN_LOBE,
) -> Floats:
    """Spectra that are 0 but round the partials of a pitch.

    Parameters
    ----------
    pitches
        Shape (pitch,): MIDI numbers, not necessarily whole.
    frequencies
        Shape (frequency,): Hz, evenly spaced.
    tuning_hz
        The recording's A4.
    n_partials
        How many partials a comb has at most; those above the last frequency are left out.
    decay
        Partial n is as high as n to the power of −`decay`.
    inharmonicity
        B of a stiff string, where partial n is at n·f·√((1 + B·n²) / (1 + B)); one for all pitches
        or one for each.
    tolerance
        By how many cents a partial may be off: its lobe is wider by so much on either side.
    lobe
        Half the width of what the window makes of a partial, in bins.

    Returns
    -------
    Shape (frequency, pitch): raised cosines round the partials, 1 at the centre of the first; where
    two meet, the higher.

    Examples
    --------
    >>> W = harmonic_combs([69], np.arange(0, 2000, 10.0), n_partials=3, decay=1)
    >>> W[[0, 44, 66, 88, 132, 176], 0].round(2).tolist()
    [0.0, 1.0, 0.0, 0.5, 0.33, 0.0]
    """
    f = np.asarray(frequencies, dtype=float)[:, None]
    f0 = np.atleast_1d(midi_to_hz(pitches, tuning_hz))
    B = np.asarray(inharmonicity)
    bin_hz = float(frequencies[1] - frequencies[0])
    W = np.zeros((len(f), len(f0)))
    for n in range(1, n_partials + 1):
        partial = n * f0 * np.sqrt((1 + B * n**2) / (1 + B))
        reach = lobe * bin_hz + partial * (2 ** (tolerance / 1200) - 1)
        off = np.abs(f - partial) / reach
        inside = (off < 1) & (partial <= f[-1])
        np.maximum(W, np.where(inside, n**-decay * np.cos(np.pi / 2 * off) ** 2, 0), out=W)
    return W


def comb_start(
    frequencies: Floats, n_frames: int, pitches: Sequence[int] = PIANO, tuning_hz: float = 440.0
) -> Factors:
    """A component for every pitch of a range, which may sound at any time.

    If W is to be learnt too, give the factorisation W alone: it then finds H for the combs as they
    are before anything adapts. From an even H, low combs learn the notes an octave or a twelfth
    above them.

    Parameters
    ----------
    frequencies
        Shape (frequency,): Hz, evenly spaced.
    n_frames
        How many frames the recording has.
    pitches
        MIDI numbers; by default all keys of a piano.
    tuning_hz
        The recording's A4; :func:`tuning_of_frames` finds it.

    Examples
    --------
    >>> start = comb_start(np.arange(1025) * 22050 / 2048, 50)
    >>> start.W.shape, start.H.shape
    ((1025, 88), (88, 50))
    """
    W = harmonic_combs(pitches, frequencies, tuning_hz=tuning_hz)
    return Factors(W, np.ones((W.shape[1], n_frames)))


def score_gates(
    notes: Iterable[Note],
    times: Floats,
    pitches: Sequence[int],
    *,
    early: float = EARLY,
    late: float = LATE,
) -> Floats:
    """When each pitch may sound.

    Parameters
    ----------
    notes
        The score, in the time of the recording. Drums, and pitches that are not asked for, are left
        out.
    times
        Shape (frame,): seconds.
    pitches
        MIDI numbers.
    early, late
        How long before a note's onset and after its end it may sound, in seconds.

    Returns
    -------
    Shape (pitch, frame): 1 where a note of that pitch may sound, 0 elsewhere.

    Examples
    --------
    >>> score_gates([Note(1.0, 2.0, 60)], np.arange(5.0), [60, 62], early=0, late=1).tolist()
    [[0.0, 1.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0]]
    """
    rows = {pitch: row for row, pitch in enumerate(pitches)}
    known = [note for note in notes if not note.is_drum and note.midi in rows]
    return _gates(known, [rows[note.midi] for note in known], len(rows), times, early, late)


def _gates(
    notes: Sequence[Note],
    rows: Sequence[int],
    n_rows: int,
    times: Floats,
    early: float,
    late: float,
) -> Floats:
    H = np.zeros((n_rows, len(times)))
    for note, row in zip(notes, rows, strict=True):
        H[row, (times >= note.onset - early) & (times <= note.offset + late)] = 1
    return H


class ScoreStart(NamedTuple):
    """A start that a score gives.

    Attributes
    ----------
    W, H
        Combs of shape (frequency, component) and gates of shape (component, frame).
    pitches
        Shape (component,): the MIDI pitch of each.
    component_of
        Shape (note,): the component that plays each note of the score; −1 for drums.
    """

    W: Floats
    H: Floats
    pitches: NDArray[np.intp]
    component_of: NDArray[np.intp]


SHARED: dict[str, Callable[[int, Note], tuple[int, ...]]] = {
    "pitch": lambda _, note: (note.midi,),
    "part": lambda _, note: (note.programme, note.midi),
    "note": lambda place, _: (place,),
}
"""What the notes of one component have in common: whole numbers, by which components are ordered."""


def from_score(
    notes: Sequence[Note],
    frequencies: Floats,
    times: Floats,
    tuning_hz: float = 440.0,
    *,
    each: Literal["pitch", "part", "note"] = "pitch",
    early: float = EARLY,
    late: float = LATE,
) -> ScoreStart:
    """A component for each pitch of a score, sounding only while its notes may.

    The loss 0.5 and 20 to 50 iterations separated parts best; many more let components learn each
    other's notes.

    Parameters
    ----------
    notes
        The score, in the time of the recording.
    frequencies, times
        Axes of the spectrogram, shapes (frequency,) in Hz, evenly spaced, and (frame,) in seconds.
    tuning_hz
        The recording's A4.
    each
        One component for each "pitch", for each pitch of each "part" (programme), or for each
        "note".
    early, late
        How long before a note's onset and after its end it may sound, in seconds.

    Raises
    ------
    BadInput
        If there are no notes but drums.

    Examples
    --------
    >>> score = [Note(0.0, 1.0, 60), Note(0.0, 0.5, 64), Note(0.5, 1.0, 64)]
    >>> start = from_score(score, np.arange(1025) * 22050 / 2048, np.arange(40) * 512 / 22050)
    >>> start.W.shape, start.H.shape, start.pitches.tolist(), start.component_of.tolist()
    ((1025, 2), (2, 40), [60, 64], [0, 1, 1])
    """
    places = [place for place, note in enumerate(notes) if not note.is_drum]
    if not places:
        raise BadInput(text.NO_NOTES)
    pitched = [notes[place] for place in places]
    keys = [SHARED[each](place, note) for place, note in zip(places, pitched, strict=True)]
    _, first, rows = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    component_of = np.full(len(notes), -1)
    component_of[places] = rows = rows.ravel()
    pitches = np.array([pitched[place].midi for place in first])
    W = harmonic_combs(pitches, frequencies, tuning_hz=tuning_hz)
    H = _gates(pitched, rows.tolist(), len(first), times, early, late)
    return ScoreStart(W, H, pitches, component_of)


def from_dictionary(
    W: Floats, known: Floats, frequencies: Floats, *, only: Sequence[int] | None = None
) -> Floats:
    """Spectra learnt elsewhere, at the frequencies of another spectrogram.

    Between frequencies they are interpolated; where the new ones lie wider apart, what lies between
    is averaged first, so that no partial is lost. Beyond the top of the old ones their last value
    goes on.

    Parameters
    ----------
    W
        Spectra, shape (known frequency, component).
    known, frequencies
        The old and the new frequencies in Hz, evenly spaced, shapes (known frequency,) and
        (frequency,).
    only
        Which components are wanted, in which order; all if not given.

    Returns
    -------
    Shape (frequency, component).

    Examples
    --------
    >>> W = np.array([[0.0, 1], [2, 1], [4, 1]])
    >>> from_dictionary(W, np.array([0.0, 10, 20]), np.array([0.0, 5, 10, 15]), only=[0]).T.tolist()
    [[0.0, 1.0, 2.0, 3.0]]
    """
    if len(W) != len(known):
        raise BadInput(text.BAD_SHAPE, name="W", need=f"({len(known)}, component)", got=W.shape)
    spectra = (W if only is None else W[:, list(only)]).T
    wider = max(1.0, (frequencies[1] - frequencies[0]) / (known[1] - known[0]))
    reach = int(wider)
    kernel = np.maximum(1 - np.abs(np.arange(-reach, reach + 1)) / wider, 0)
    padded = np.pad(spectra, ((0, 0), (reach, reach)), mode="edge")
    smooth = [np.convolve(row, kernel / kernel.sum(), mode="valid") for row in padded]
    return np.array([np.interp(frequencies, known, row) for row in smooth]).T
