"""Test offset refinement with random weights."""

import numpy as np
import pytest

from otowake import Audio
from otowake.music.transcription import offsets
from otowake.music.transcription.decoding import FRAME_PERIOD, Notes, Posteriors
from otowake.music.transcription.offsets import (
    LENGTH_CENTRES,
    N_OFFSET_FEATURES,
    OFFSET_LAYERS,
    most_probable_length,
    note_features,
    refine_offsets,
)
from otowake.music.transcription.transcriber import transcribe
from otowake.signal.vqt import RATE


def decoded_notes(rng: np.random.Generator, n: int = 60) -> tuple[Notes, Posteriors]:
    onset = np.sort(rng.uniform(1, 8, n))
    midi = rng.integers(40, 80, n)
    length = rng.uniform(0.05, 1, n)
    notes = Notes(
        onset, onset + length, midi, rng.uniform(0.2, 1, n), rng.uniform(0.5, 1, n), onset + length
    )
    frame = np.zeros((round(10 / FRAME_PERIOD), 88))
    for begin, end, key in zip(onset, onset + length, midi - 21, strict=True):
        at = slice(round(begin / FRAME_PERIOD), round(end / FRAME_PERIOD) + 1)
        frame[at, key] = np.linspace(1, 0.2, len(frame[at]))
    return notes, Posteriors(frame, frame, frame, frame, np.full_like(frame, 0.3))


def random_weights(rng: np.random.Generator, right: float) -> offsets.Weights:
    """Draw random weights; `right` is the log-odds that the decoded offset is right."""
    sizes = (N_OFFSET_FEATURES, 8, 8, len(LENGTH_CENTRES) + 1)
    layers = {}
    for name, size, following in zip(OFFSET_LAYERS, sizes, sizes[1:], strict=False):
        layers[name] = rng.normal(size=(size, following)).astype(np.float32) / 4
        layers[f"{name}.bias"] = np.zeros(following, np.float32)
    layers[OFFSET_LAYERS[-1]][:, -1] = 0
    layers[f"{OFFSET_LAYERS[-1]}.bias"][-1] = right
    return layers


def test_offsets_that_are_surely_right_stay_up_to_the_next_onset():
    rng = np.random.default_rng(0)
    notes, values = decoded_notes(rng)
    after = refine_offsets(notes, values, random_weights(rng, 5.0))
    for midi in np.unique(notes.midi):
        at = np.flatnonzero(notes.midi == midi)
        following = np.append(notes.onset[at[1:]], np.inf)
        expected = np.maximum(
            np.minimum(notes.offset[at], following), notes.onset[at] + FRAME_PERIOD
        )
        np.testing.assert_allclose(after.offset[at], expected)


@pytest.mark.parametrize("seed", range(3))
def test_other_notes_end_between_their_onset_and_the_next(seed):
    rng = np.random.default_rng(seed)
    notes, values = decoded_notes(rng)
    after = refine_offsets(notes, values, random_weights(rng, -5.0))
    assert (after.offset >= notes.onset + FRAME_PERIOD - 1e-9).all()
    assert not np.allclose(after.offset, notes.offset)
    for midi in np.unique(notes.midi):
        at = np.flatnonzero(notes.midi == midi)
        latest = np.maximum(notes.onset[at[1:]], notes.onset[at[:-1]] + FRAME_PERIOD)
        assert (after.offset[at[:-1]] <= latest + 1e-9).all()


def test_features_do_not_depend_on_the_start_time():
    notes, values = decoded_notes(np.random.default_rng(1))
    later = Posteriors(*(np.pad(part, ((37, 0), (0, 0))) for part in values))
    moved = notes._replace(
        onset=notes.onset + 37 * FRAME_PERIOD, offset=notes.offset + 37 * FRAME_PERIOD
    )
    expected = note_features(notes, values)
    assert expected.shape == (len(notes.onset), N_OFFSET_FEATURES)
    np.testing.assert_allclose(expected, note_features(moved, later), atol=1e-4)


def test_the_length_is_the_one_most_probably_within_tolerance():
    peak = np.exp(-0.5 * (np.log(LENGTH_CENTRES / np.array([[0.2], [1.0]])) / 0.05) ** 2)
    spike = np.zeros((2, len(LENGTH_CENTRES)))
    # More than any single length near the peak, less than their sum.
    spike[:, 50] = 0.02
    scores = np.log(peak / peak.sum(1, keepdims=True) + spike + 1e-12)
    wrong, right = (np.column_stack([scores, np.full(2, odds)]) for odds in (-9.0, 9.0))
    decoded = np.array([3.0, 3.0])
    np.testing.assert_allclose(most_probable_length(wrong, decoded), [0.2, 1.0], rtol=0.2)
    np.testing.assert_array_equal(most_probable_length(right, decoded), decoded)


def test_a_length_beyond_the_range_of_the_features_stays():
    scores = np.zeros((1, len(LENGTH_CENTRES) + 1))
    scores[0, -1] = -9
    assert most_probable_length(scores, np.array([12.0]))[0] == 12


def test_a_chord_that_is_held_for_12_s_ends_after_12_s():
    at = np.arange(14 * RATE) / RATE
    hz = 440 * 2 ** ((np.array([48, 55, 64]) - 69) / 12)
    harmonics = np.arange(1, 9)[:, None]
    chord = sum((np.sin(2 * np.pi * f * harmonics * at) / harmonics).sum(axis=0) for f in hz)
    notes = transcribe(Audio(0.05 * chord * ((at > 0.5) & (at < 12.5)), RATE))
    assert sorted(notes.midi.tolist()) == [48, 55, 64]
    np.testing.assert_allclose(notes.onset, 0.5, atol=0.05)
    np.testing.assert_allclose(notes.offset, 12.5, atol=0.1)


def test_no_notes_give_no_notes():
    no_notes = Notes(*(np.zeros(0) for _ in Notes._fields))
    rng, nothing = np.random.default_rng(0), Posteriors(*np.zeros((5, 10, 88)))
    assert len(refine_offsets(no_notes, nothing, random_weights(rng, 0.0)).onset) == 0
