"""What must hold of the ends of notes, whatever the network was taught."""

import numpy as np
import pytest

from otowake.music.transcription import offsets
from otowake.music.transcription.decoding import FRAME_PERIOD, Notes
from otowake.music.transcription.offsets import (
    LENGTH_CENTRES,
    N_OFFSET_FEATURES,
    OFFSET_LAYERS,
    most_probable_length,
    note_features,
    refine_offsets,
)


def played(rng: np.random.Generator, n: int = 60) -> tuple[Notes, np.ndarray]:
    onset = np.sort(rng.uniform(1, 8, n))
    midi = rng.integers(40, 80, n)
    length = rng.uniform(0.05, 1, n)
    notes = Notes(
        onset, onset + length, midi, rng.uniform(0.2, 1, n), rng.uniform(0.5, 1, n), onset + length
    )
    sounding = np.zeros((round(10 / FRAME_PERIOD), 88))
    for begin, end, key in zip(onset, onset + length, midi - 21, strict=True):
        at = slice(round(begin / FRAME_PERIOD), round(end / FRAME_PERIOD) + 1)
        sounding[at, key] = np.linspace(1, 0.2, len(sounding[at]))
    return notes, sounding


def weights(rng: np.random.Generator, held: float) -> offsets.Weights:
    """Random ones; `held` are the log-odds that every note is held."""
    sizes = (N_OFFSET_FEATURES, 8, 8, len(LENGTH_CENTRES) + 1)
    found = {}
    for name, size, following in zip(OFFSET_LAYERS, sizes, sizes[1:], strict=False):
        found[name] = rng.normal(size=(size, following)).astype(np.float32) / 4
        found[f"{name}.bias"] = np.zeros(following, np.float32)
    found[OFFSET_LAYERS[-1]][:, -1] = 0
    found[f"{OFFSET_LAYERS[-1]}.bias"][-1] = held
    return found


def test_held_notes_keep_their_ends_but_for_the_key_struck_again():
    rng = np.random.default_rng(0)
    notes, sounding = played(rng)
    after = refine_offsets(notes, sounding, weights(rng, 5.0))
    for midi in np.unique(notes.midi):
        at = np.flatnonzero(notes.midi == midi)
        following = np.append(notes.onset[at[1:]], np.inf)
        expected = np.maximum(
            np.minimum(notes.offset[at], following), notes.onset[at] + FRAME_PERIOD
        )
        np.testing.assert_allclose(after.offset[at], expected)


@pytest.mark.parametrize("seed", range(3))
def test_ringing_notes_end_after_they_began_and_before_their_key_is_struck_again(seed):
    rng = np.random.default_rng(seed)
    notes, sounding = played(rng)
    after = refine_offsets(notes, sounding, weights(rng, -5.0))
    assert (after.offset >= notes.onset + FRAME_PERIOD - 1e-9).all()
    assert not np.allclose(after.offset, notes.offset)
    for midi in np.unique(notes.midi):
        at = np.flatnonzero(notes.midi == midi)
        apart = np.maximum(notes.onset[at[1:]], notes.onset[at[:-1]] + FRAME_PERIOD)
        assert (after.offset[at[:-1]] <= apart + 1e-9).all()


def test_what_the_network_is_told_does_not_depend_on_when_the_music_begins():
    notes, sounding = played(np.random.default_rng(1))
    later = np.pad(sounding, ((37, 0), (0, 0)))
    moved = notes._replace(
        onset=notes.onset + 37 * FRAME_PERIOD, offset=notes.offset + 37 * FRAME_PERIOD
    )
    here = note_features(notes, sounding)
    assert here.shape == (len(notes.onset), N_OFFSET_FEATURES)
    np.testing.assert_allclose(here, note_features(moved, later), atol=1e-4)


def test_the_likeliest_length_is_the_one_most_probably_within_tolerance():
    near = np.exp(-0.5 * (np.log(LENGTH_CENTRES / np.array([[0.2], [1.0]])) / 0.05) ** 2)
    spike = np.zeros((2, len(LENGTH_CENTRES)))
    spike[:, 50] = (
        0.02  # more than any single length near the middle, less than all of them together
    )
    found = most_probable_length(np.log(near / near.sum(1, keepdims=True) + spike + 1e-12))
    np.testing.assert_allclose(found, [0.2, 1.0], rtol=0.2)


def test_nothing_in_nothing_out():
    nothing = Notes(*(np.zeros(0) for _ in Notes._fields))
    rng = np.random.default_rng(0)
    assert len(refine_offsets(nothing, np.zeros((10, 88)), weights(rng, 0.0)).onset) == 0
