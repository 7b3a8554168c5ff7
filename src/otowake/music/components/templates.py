"""Build musically informed starts: harmonic combs for pitches, gates for notes, known spectra.

Zeros of a start stay zero. A comb restricts a component to the partials of its pitch, a gate
restricts a component to the times of its notes; the factorisation learns the rest from the
recording.

The combs follow Raczyński, Ono & Sagayama [1]_, the gates Ewert & Müller [2]_, as in section 8.3 of
Müller's book [3]_.

References
----------
.. [1] S. A. Raczyński, N. Ono, S. Sagayama, "Multipitch analysis with harmonic nonnegative matrix
   approximation", ISMIR 2007, 381–386.
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
from otowake.music.components.config import COMBS, GATES
from otowake.music.theory.names import midi_to_hz
from otowake.types import Factors, Floats, Note

PIANO_PITCHES = range(21, 109)
"""MIDI pitches of the keys of a piano, A0 to C8."""

MAIN_LOBE = 2.0
"""Bins, half the width of the main lobe of a Hann window's spectrum."""


def as_notes(rows: ArrayLike) -> list[Note]:
    """Convert a table of shape (note, 3 or 4) to notes.

    The columns are onset and offset in seconds, MIDI pitch, and velocity if known.

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
    n_partials: int = COMBS.n_partials,
    decay: float = COMBS.decay,
    inharmonicity: ArrayLike = 0.0,
    tolerance: float = COMBS.tolerance,
    lobe: float = MAIN_LOBE,
) -> Floats:
    """Build spectra that are 0 except around the partials of a pitch.

    Parameters
    ----------
    pitches
        Shape (pitch,): MIDI numbers, not necessarily whole.
    frequencies
        Shape (frequency,): Hz, evenly spaced.
    tuning_hz
        The recording's A4.
    n_partials
        Maximum number of partials of a comb; partials above the last frequency are left out.
    decay
        Partial n has height n to the power of −`decay`.
    inharmonicity
        B of a stiff string, where partial n is at n·f·√((1 + B·n²) / (1 + B)); one value for all
        pitches, or one per pitch.
    tolerance
        Cents by which a partial may deviate; this widens both sides of its lobe.
    lobe
        Half the width of the window's main lobe, in bins.

    Returns
    -------
    Shape (frequency, pitch): raised cosines around the partials, 1 at the centre of the first;
    where two partials overlap, the higher value.

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
        distance = np.abs(f - partial) / reach
        inside = (distance < 1) & (partial <= f[-1])
        np.maximum(W, np.where(inside, n**-decay * np.cos(np.pi / 2 * distance) ** 2, 0), out=W)
    return W


def comb_start(
    frequencies: Floats,
    n_frames: int,
    pitches: Sequence[int] = PIANO_PITCHES,
    tuning_hz: float = 440.0,
) -> Factors:
    """Build a start with a component for every pitch of a range, active at any time.

    To learn W as well, give the factorisation W without H: the solver first finds H for the fixed
    combs. From a constant H, low combs adapt to notes an octave or a twelfth above.

    Parameters
    ----------
    frequencies
        Shape (frequency,): Hz, evenly spaced.
    n_frames
        Number of frames of the recording.
    pitches
        MIDI numbers; by default all keys of a piano.
    tuning_hz
        The recording's A4; :func:`tuning_of_frames` estimates it.

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
    early: float = GATES.lead,
    late: float = GATES.tail,
) -> Floats:
    """Compute when each pitch may sound.

    Parameters
    ----------
    notes
        The score, in the time of the recording. Drums and other pitches are left out.
    times
        Shape (frame,): seconds.
    pitches
        MIDI numbers.
    early, late
        Seconds by which a gate opens before an onset and closes after an offset.

    Returns
    -------
    Shape (pitch, frame): 1 where a note of the pitch may sound, 0 elsewhere.

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
    """A start from a score.

    Attributes
    ----------
    W, H
        Combs of shape (frequency, component) and gates of shape (component, frame).
    pitches
        Shape (component,): MIDI pitches.
    component_of
        Shape (note,): index of the component of each note of the score; −1 for drums.
    """

    W: Floats
    H: Floats
    pitches: NDArray[np.intp]
    component_of: NDArray[np.intp]


COMPONENT_KEYS: dict[str, Callable[[int, Note], tuple[int, ...]]] = {
    "pitch": lambda _, note: (note.midi,),
    "part": lambda _, note: (note.programme, note.midi),
    "note": lambda index, _: (index,),
}
"""Key that the notes of one component share; the keys order the components."""


def from_score(
    notes: Sequence[Note],
    frequencies: Floats,
    times: Floats,
    tuning_hz: float = 440.0,
    *,
    component_per: Literal["pitch", "part", "note"] = "pitch",
    early: float = GATES.lead,
    late: float = GATES.tail,
) -> ScoreStart:
    """Build a component for each pitch of a score, active only while its notes may sound.

    A loss of β = 0.5 and 20 to 50 iterations separated parts best; with many more iterations,
    components learn notes of other components.

    Parameters
    ----------
    notes
        The score, in the time of the recording.
    frequencies, times
        Axes of the spectrogram, shapes (frequency,) in Hz, evenly spaced, and (frame,) in seconds.
    tuning_hz
        The recording's A4.
    component_per
        One component for each "pitch", for each pitch of each "part" (programme), or for each
        "note".
    early, late
        Seconds by which a gate opens before an onset and closes after an offset.

    Raises
    ------
    BadInput
        If there are no pitched notes.

    Examples
    --------
    >>> score = [Note(0.0, 1.0, 60), Note(0.0, 0.5, 64), Note(0.5, 1.0, 64)]
    >>> start = from_score(score, np.arange(1025) * 22050 / 2048, np.arange(40) * 512 / 22050)
    >>> start.W.shape, start.H.shape, start.pitches.tolist(), start.component_of.tolist()
    ((1025, 2), (2, 40), [60, 64], [0, 1, 1])
    """
    indices = [index for index, note in enumerate(notes) if not note.is_drum]
    if not indices:
        raise BadInput(text.NO_NOTES)
    pitched = [notes[index] for index in indices]
    keys = [
        COMPONENT_KEYS[component_per](index, note)
        for index, note in zip(indices, pitched, strict=True)
    ]
    _, first, rows = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    component_of = np.full(len(notes), -1)
    component_of[indices] = rows = rows.ravel()
    pitches = np.array([pitched[index].midi for index in first])
    W = harmonic_combs(pitches, frequencies, tuning_hz=tuning_hz)
    H = _gates(pitched, rows.tolist(), len(first), times, early, late)
    return ScoreStart(W, H, pitches, component_of)


def from_dictionary(
    W: Floats, known: Floats, frequencies: Floats, *, only: Sequence[int] | None = None
) -> Floats:
    """Resample known spectra to the frequencies of another spectrogram.

    Values are interpolated linearly. If the new frequencies are further apart, a triangular average
    comes first, which keeps all partials. Above the highest known frequency the last value
    continues.

    Parameters
    ----------
    W
        Spectra, shape (known frequency, component).
    known, frequencies
        Old and new frequencies in Hz, evenly spaced, shapes (known frequency,) and (frequency,).
    only
        Indices of the components to resample, in this order; all by default.

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
