"""When a note ends: a small network's opinion of how long each note is held.

Where the probability of sounding falls below a threshold is a good end for a note that is blown, bowed or sung, and a poor one
for a struck or plucked string, which rings on under a pedal after its key was let go. There the notes around tell more: how
soon the next ones begin, and how long those nearby ring. :func:`features` puts this in figures; the network (two dense layers
between, the weights ``ends.*`` in ``data/transcriber.npz``) gives the odds that the note is held as long as it is heard, and
probabilities of lengths; where a note and those nearby rather ring, that length is taken which is most probably right to within the tolerance by
which lengths are judged: 50 ms or a fifth of the note.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from otowake.music.transcription.decoding import SECONDS, Notes
from otowake.signal.vqt import LOWEST

LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Probabilities of sounding whose first undercutting is timed."""

LONGEST = 4.0
"""Seconds beyond which all times are the same."""

AHEAD = ((128, 1), (128, 2), (128, 3), (128, 5), (3, 1), (7, 1), (12, 1), (0, 1))
"""Next onsets whose distance is told: (how many semitones off at most, the how-manieth)."""

APART = 0.03
"""Seconds by which onsets differ that are not one chord."""

NEIGHBOURS = 16
"""Notes nearby whose ringing is looked at."""

COMPANY, REGISTER = 32, 7
"""Notes before and after, and semitones up and down, that are asked whether they are held."""

CHANCES = np.exp(np.linspace(np.log(0.03), np.log(5.0), 61))
"""Edges of the lengths that are told apart, in seconds."""

LENGTHS = np.sqrt(CHANCES[1:] * CHANCES[:-1])
"""Shape (length,): their middles."""

TRIED = np.exp(np.linspace(np.log(0.03), np.log(5.0), 240))
"""Lengths that an end may be put at."""

Weights = dict[str, NDArray[np.float32]]
"""Dense layers ``ends.1``, ``ends.2``, ``ends.3`` of shape (in, out), each with ``.bias`` (out,)."""

LAYERS = ("ends.1", "ends.2", "ends.3")


def features(notes: Notes, sounding: NDArray[np.floating]) -> NDArray[np.float32]:
    """What the network is told of each note: shape (note, feature).

    Parameters
    ----------
    notes
        As they were decoded, in order of onset.
    sounding
        Probabilities of shape (frame, key).
    """
    rings = np.log(_ringing(notes, sounding))
    gaps = np.log(_gaps(notes))
    around = _around(
        np.column_stack([rings[:, [2, 4, 6]], gaps[:, [0]], rings[:, [2]] - gaps[:, [0]]])
    )
    together = _counts(notes.onset, notes.onset, APART)
    busy = _counts(notes.onset, notes.onset, 1.0)
    own = np.column_stack(
        [together, np.log(busy), notes.midi / 12, notes.velocity, notes.confidence]
    )
    return np.column_stack([rings, gaps, around, own]).astype(np.float32)


N_FEATURES = len(LEVELS) + len(AHEAD) + 1 + 5 + 5


def ended(notes: Notes, sounding: NDArray[np.floating], weights: Weights) -> Notes:
    """The notes with the ends that the network thinks likeliest where they ring, none after the same key is struck again.

    Examples
    --------
    >>> from otowake.music.transcription.transcriber import trained
    >>> on, sounds = np.zeros((60, 88)), np.zeros((60, 88))
    >>> nothing = Notes(*(np.zeros(0) for _ in Notes._fields))
    >>> len(ended(nothing, sounds, trained().weights).offset)
    0
    """
    if not len(notes.onset):
        return notes
    said = _forward(features(notes, sounding), weights)
    held = _agreed(said[:, -1], notes.midi) > 0
    offset = np.where(held, notes.offset, notes.onset + likeliest(said[:, :-1]))
    for midi in np.unique(notes.midi):
        at = np.flatnonzero(notes.midi == midi)
        offset[at[:-1]] = np.minimum(offset[at[:-1]], notes.onset[at[1:]])
    return notes._replace(offset=np.maximum(offset, notes.onset + SECONDS))


def likeliest(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """The length in seconds, (note,), that is most probably within the tolerance of the true one; `scores` of shape
    (note, length) are logarithms of probabilities, up to a constant."""
    chances = np.exp(scores.astype(np.float64) - scores.max(axis=1, keepdims=True))
    near = np.abs(TRIED[:, None] - LENGTHS) <= np.maximum(0.05, 0.2 * LENGTHS)
    return TRIED[np.argmax(chances @ near.T, axis=1)]


def _forward(heard: NDArray[np.float32], weights: Weights) -> NDArray[np.float32]:
    """Scores of the lengths, and last the log-odds that the note is held: shape (note, length + 1)."""
    x = heard
    for name in LAYERS[:-1]:
        x = np.maximum(x @ weights[name] + weights[f"{name}.bias"], 0)
    return x @ weights[LAYERS[-1]] + weights[f"{LAYERS[-1]}.bias"]


def _agreed(odds: NDArray[np.floating], midi: NDArray[np.int64]) -> NDArray[np.floating]:
    """The mean over the notes nearby in time and pitch, which mostly are of the same instrument."""
    found = np.empty(len(odds))
    for i in range(len(odds)):
        around = slice(max(0, i - COMPANY), i + COMPANY + 1)
        found[i] = odds[around][np.abs(midi[around] - midi[i]) <= REGISTER].mean()
    return found


def _ringing(notes: Notes, sounding: NDArray[np.floating]) -> NDArray[np.float64]:
    """Seconds from each onset until its key's probability first falls below each level: shape (note, level)."""
    n = len(sounding)
    first = np.minimum(np.rint(notes.onset / SECONDS).astype(int) + 1, n)
    found = np.empty((len(notes.onset), len(LEVELS)))
    for midi in np.unique(notes.midi):
        mine, key = notes.midi == midi, sounding[:, int(midi) - LOWEST].astype(np.float32)
        for place, level in enumerate(LEVELS):
            quiet = np.append(np.where(key < level, np.arange(n), n), n)
            quiet = np.minimum.accumulate(quiet[::-1])[::-1]
            found[mine, place] = (quiet[first[mine]] - first[mine] + 1) * SECONDS
    return np.minimum(found, LONGEST)


def _gaps(notes: Notes) -> NDArray[np.float64]:
    """Seconds from each onset to those of :data:`AHEAD`, and last to the one before: shape (note, gap)."""
    onset, midi = notes.onset, notes.midi
    found = np.full((len(onset), len(AHEAD) + 1), LONGEST)
    for i, (at, pitch) in enumerate(zip(onset.tolist(), midi.tolist(), strict=True)):
        later = slice(
            np.searchsorted(onset, at + APART, "right"), np.searchsorted(onset, at + LONGEST)
        )
        times, off = onset[later] - at, np.abs(midi[later] - pitch)
        for place, (reach, nth) in enumerate(AHEAD):
            near = times[off <= reach] if reach < 128 else times
            if len(near) >= nth:
                found[i, place] = near[nth - 1]
        before = np.searchsorted(onset, at - APART)
        if before:
            found[i, -1] = min(LONGEST, at - onset[before - 1])
    return np.maximum(found, 0.02)


def _counts(
    onset: NDArray[np.float64], at: NDArray[np.float64], reach: float
) -> NDArray[np.float64]:
    """How many onsets lie within `reach` seconds."""
    return (
        np.searchsorted(onset, at + reach, "right") - np.searchsorted(onset, at - reach)
    ).astype(float)


def _around(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Medians over the notes nearby, of shape (note, value)."""
    if not len(values):
        return values
    wide = np.pad(values, ((NEIGHBOURS // 2, NEIGHBOURS // 2), (0, 0)), mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(wide, NEIGHBOURS + 1, axis=0), axis=2)
