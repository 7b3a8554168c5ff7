"""Estimate the key of a piece from notes, with learnt profiles.

Each of the 24 keys gets the sum of learnt weights over pitch classes relative to its tonic: of how
long they sound, how often they are in the bass, begin or end the notes, resolve upwards by a
semitone or downwards by a fifth in the bass, and carry triads. A softmax gives probabilities.

``python -m training.train.theory`` learns the weights in ``data/theory.npz``.

Related work: Krumhansl, "Cognitive Foundations of Musical Pitch" (1990); Temperley, "What's key for
key?" (1999); Albrecht & Shanahan, "The use of large corpora to train a new type of key-finding
algorithm" (2013).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from otowake.arrays import arrays_of, packaged
from otowake.music.theory.beats import events_of
from otowake.music.theory.config import KEYS
from otowake.types import Floats, Key, Note

PROFILES: tuple[str, ...] = (
    *("sound", "presence", "bass", "first-bass", "last-bass", "last"),
    *("leading", "fifth", "major-triad", "minor-triad"),
)
"""Properties of pitch classes that the weights refer to."""


@lru_cache
def load_pretrained() -> Floats:
    """Load the weights that come with the package, shape (mode, profile, pitch class)."""
    content = packaged("theory.npz")
    return arrays_of(io.BytesIO(content))["keys"].astype(float)


def find_key(notes: Sequence[Note]) -> Key | None:
    """Estimate the key of a piece; None without pitched notes.

    Examples
    --------
    >>> scale = [Note(i, i + 1, midi) for i, midi in enumerate((57, 59, 60, 62, 64, 65, 68, 69))]
    >>> key = find_key(scale)
    >>> key.tonic, key.mode
    (9, 'minor')
    """
    profiles = profiles_of(notes)
    if profiles is None:
        return None
    share = probabilities(profiles, load_pretrained())
    mode, tonic = np.unravel_index(int(share.round(9).argmax()), share.shape)
    return Key(int(tonic), "minor" if mode else "major", float(share[mode, tonic]))


def probabilities(profiles: Floats, weights: Floats) -> Floats:
    """Return the probability of each key, shape (mode, tonic)."""
    scores = np.stack(
        [(weights * np.roll(profiles, -tonic, axis=1)).sum(axis=(1, 2)) for tonic in range(12)],
        axis=1,
    )
    share = np.exp(scores - scores.max())
    return share / share.sum()


def profiles_of(notes: Sequence[Note]) -> Floats | None:
    """Describe the pitch classes of notes, shape (profile, pitch class); None without pitches."""
    pitched = [note for note in notes if not note.is_drum]
    if not pitched:
        return None
    events = events_of(pitched)
    sound = np.zeros(12)
    for note in pitched:
        length = min(max(note.offset - note.onset, KEYS.min_length), KEYS.max_length)
        sound[note.midi % 12] += length * (KEYS.velocity_offset + note.velocity)
    low = events.lowest.astype(int) % 12
    gaps = np.clip(
        np.diff(events.times, append=events.times[-1] + events.length[-1]),
        KEYS.min_length,
        KEYS.max_length,
    )
    ordered = sorted(pitched, key=lambda note: (note.offset, -note.midi))
    final = [note for note in pitched if note.offset > ordered[-1].offset - KEYS.ending]
    pitches = events.pitches.astype(float)
    leading, fifth = np.zeros(12), np.zeros(12)
    for before, after in pairwise(pitches):
        leading += np.roll(before, 1) * after * (1 - before)
    np.add.at(fifth, low[1:], (low[:-1] - low[1:]) % 12 == 7)
    triads = [
        (gaps[:, None] * pitches * np.roll(pitches, -third, 1) * np.roll(pitches, -7, 1)).sum(0)
        for third in (4, 3)
    ]
    rows = [
        _share(sound),
        np.sqrt(_share(sound)),
        _share(np.bincount(low, gaps, 12)),
        np.eye(12)[low[0]],
        np.eye(12)[min(note.midi for note in final) % 12],
        _share(np.bincount([note.midi % 12 for note in final], np.ones(len(final)), 12)),
        _share(leading),
        _share(fifth),
        *(triad / max(float(np.sum(triads)), 1e-9) for triad in triads),
    ]
    return np.array(rows)


def _share(values: NDArray[Any]) -> Floats:
    return values / max(float(values.sum()), 1e-9)
