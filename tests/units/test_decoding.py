"""Test the decoder: the best segmentation, against all segmentations, and by example."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from otowake.music.transcription import decoding
from otowake.music.transcription.config import DECODING
from otowake.music.transcription.decoding import (
    FRAME_PERIOD,
    DecoderWeights,
    Posteriors,
    Scores,
    best_path,
    decode,
    onset_probability,
)
from otowake.signal.vqt import LOWEST

WEIGHTS = DecoderWeights(
    np.array([0.0, 1.0]),
    np.array([-3.0, 1.0, 0.0, 0.0, 0.0]),
    np.array([-3.0, 1.0, 0.0, 0.0, 0.0]),
    np.array([-1.0, 0.0, 0.0]),
)
"""A note begins and restarts by its onset posterior or sounds long enough."""


def silence(frames: int = 60) -> Posteriors:
    return Posteriors(*np.zeros((len(Posteriors._fields), frames, 88)))


def score_of(labels: tuple[str, ...], scores: Scores, key: int) -> float:
    """Score a sequence of rests (O), beginnings (B) and continuations (I); -inf if impossible."""
    total, before = 0.0, "O"
    for t, label in enumerate(labels):
        if label == "I" and before == "O":
            return -np.inf
        if label == "B":
            total += (scores.start if before == "O" else scores.restart)[t, key]
        if label == "O" and before != "O":
            total += scores.stop[t, key]
        if label != "O":
            total += scores.inside[t, key]
        before = label
    return total


@pytest.mark.parametrize("seed", range(4))
def test_the_path_and_the_probabilities_are_those_of_all_segmentations(seed: int) -> None:
    scores = Scores(*np.random.default_rng(seed).normal(size=(4, 6, 2)))
    sounds, begins = best_path(scores)
    probability = onset_probability(scores)
    for key in range(2):
        ways = list(itertools.product("OBI", repeat=6))
        values = np.array([score_of(way, scores, key) for way in ways])
        best = ways[int(values.argmax())]
        assert sounds[:, key].tolist() == [label != "O" for label in best]
        assert begins[:, key].tolist() == [label == "B" for label in best]
        shares = np.exp(values) / np.exp(values).sum()
        expected = [sum(shares[[way[t] == "B" for way in ways]]) for t in range(6)]
        np.testing.assert_allclose(probability[:, key], expected, rtol=1e-5)


@pytest.mark.parametrize("shift", [-0.4, 0.0, 0.3])
def test_onsets_fall_between_frames(shift: float) -> None:
    values = silence()
    values.onset[:, 30] = np.maximum(0, 1 - np.abs(np.arange(60) - 20 - shift) / 2)
    values.frame[20:30, 30] = 1
    notes = decode(values, WEIGHTS)
    expected = (20 + shift) * FRAME_PERIOD + DECODING.onset_shift
    np.testing.assert_allclose(notes.onset, [expected], rtol=1e-5)
    assert notes.midi.tolist() == [30 + LOWEST]


def test_a_note_ends_at_the_next_onset_of_its_key() -> None:
    values = silence()
    values.onset[[10, 20], 0], values.frame[10:35, 0] = 0.99, 1
    notes = decode(values, WEIGHTS)
    assert notes.offset[0] == notes.onset[1]
    assert notes.offset[1] > 33 * FRAME_PERIOD


def test_a_loud_held_note_needs_no_onset_peak() -> None:
    values = silence()
    values.frame[12:50, 40], values.onset[12:14, 40] = 0.9, 0.2
    notes = decode(values, WEIGHTS)
    assert notes.midi.tolist() == [40 + LOWEST]
    assert abs(notes.onset[0] - 12 * FRAME_PERIOD) < 2 * FRAME_PERIOD
    assert abs(notes.offset[0] - 49.5 * FRAME_PERIOD) < 2 * FRAME_PERIOD


def test_a_flicker_of_the_frame_posterior_is_no_note() -> None:
    values = silence()
    values.frame[12:14, 40] = 0.6
    assert len(decode(values, WEIGHTS).onset) == 0


def test_a_short_dip_does_not_cut_a_note() -> None:
    values = silence()
    values.onset[10, 5], values.frame[10:50, 5] = 0.99, 0.95
    values.frame[30, 5] = 0.3
    assert len(decode(values, WEIGHTS).onset) == 1


def test_confidence_is_the_probability_of_the_beginning() -> None:
    clear, vague = silence(), silence()
    clear.onset[10, 5], clear.frame[10:40, 5] = 0.99, 0.99
    vague.onset[10, 5], vague.frame[10:16, 5] = 0.5, 0.8
    sure, unsure = (decode(values, WEIGHTS).confidence[0] for values in (clear, vague))
    assert 0 < unsure < sure <= 1


def test_notes_are_in_order_of_onset_then_of_pitch() -> None:
    values = silence()
    for start, key in ((30, 3), (5, 60), (5, 20)):
        values.onset[start, key], values.frame[start : start + 9, key] = 0.99, 1
    notes = decode(values, WEIGHTS)
    assert (notes.midi - LOWEST).tolist() == [20, 60, 3]
    assert len(decoding.decode(silence(), WEIGHTS).onset) == 0


def test_blocks_do_not_change_the_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    values = Posteriors(*np.random.default_rng(0).random((5, 300, 4)).astype(np.float32))
    keys = np.arange(4)
    whole = decoding.all_scores(values, keys, WEIGHTS)
    monkeypatch.setattr(decoding, "DECODING", replace(DECODING, block_frames=37))
    for a, b in zip(whole, decoding.all_scores(values, keys, WEIGHTS), strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_hour_of_scores_stays_finite() -> None:
    scores = Scores(*np.tile(np.random.default_rng(1).normal(size=(4, 50, 1)), (1, 400, 1)))
    probability = onset_probability(scores)
    assert np.isfinite(probability).all()
    np.testing.assert_allclose(probability[500:550], probability[10500:10550], rtol=1e-3)


def test_a_key_that_flickers_next_to_a_sounding_semitone_is_less_likely() -> None:
    wary = WEIGHTS._replace(start=np.array([-17.0, 1.0, 0.0, 0.0, -2.0]))
    values = silence()
    values.onset[10, 40], values.frame[10:50, 40] = 0.99, 0.95
    values.onset[20, 41], values.frame[20:24, 41] = 0.9, 0.9
    assert decode(values, WEIGHTS).midi.tolist() == [40 + LOWEST, 41 + LOWEST]
    assert decode(values, wary).midi.tolist() == [40 + LOWEST]
    values.frame[20:50, 40] = 0
    assert decode(values, wary).midi.tolist() == [40 + LOWEST, 41 + LOWEST]
