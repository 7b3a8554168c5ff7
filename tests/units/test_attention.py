"""Examples of instrument recognition in context."""

import importlib
from argparse import Namespace

import numpy as np
import pytest
from attention import WIDTH, random_notes, random_weights

from otowake.music.players.attention import (
    WINDOW_STEP,
    contextual_log_probs,
    note_features,
    pair_features,
)
from otowake.music.players.recognizer import pretrained_recognizer
from otowake.music.theory.instruments import INSTRUMENT_NAMES, INSTRUMENTS


def test_probabilities_add_up_to_one_and_no_notes_have_no_rows() -> None:
    log_probs = contextual_log_probs(*random_notes(WINDOW_STEP + 7), random_weights())
    np.testing.assert_allclose(np.exp(log_probs).sum(axis=1), 1, rtol=1e-6)
    no_notes = (column[:0] for column in random_notes(1))
    assert contextual_log_probs(*no_notes, random_weights()).shape == (0, len(INSTRUMENTS))


def test_zero_weights_change_nothing() -> None:
    notes = random_notes(20)
    log_probs = contextual_log_probs(*notes, random_weights(size=0.0))
    np.testing.assert_allclose(log_probs, notes[0], atol=1e-6)


def test_notes_may_come_in_any_order() -> None:
    notes, weights = random_notes(3 * WINDOW_STEP), random_weights()
    order = np.random.default_rng(1).permutation(3 * WINDOW_STEP)
    shuffled = contextual_log_probs(*(column[order] for column in notes), weights)
    np.testing.assert_allclose(shuffled, contextual_log_probs(*notes, weights)[order], atol=1e-5)


def test_neighbours_count_and_the_end_of_a_long_piece_does_not() -> None:
    notes, weights = random_notes(6 * WINDOW_STEP), random_weights()
    plain = contextual_log_probs(*notes, weights)
    for changed, counts in ((1, True), (5 * WINDOW_STEP, False)):
        log_probs = notes[0].copy()
        log_probs[changed] = np.roll(log_probs[changed], 1)
        difference = np.abs(contextual_log_probs(log_probs, *notes[1:], weights) - plain)[0].max()
        assert (difference > 1e-4) == counts


def test_the_time_of_the_first_note_does_not_matter() -> None:
    log_probs, onset, offset, midi = random_notes(30)
    weights = random_weights()
    later = contextual_log_probs(log_probs, onset + 1000, offset + 1000, midi, weights)
    plain = contextual_log_probs(log_probs, onset, offset, midi, weights)
    np.testing.assert_allclose(later, plain, atol=1e-4)


def test_pair_features_tell_which_note_is_higher() -> None:
    features = pair_features(np.zeros(2), np.ones(2), np.array([60.0, 67.0]))
    np.testing.assert_allclose(features[0, 1, [4, 5, 6, 8]], features[1, 0, [4, 5, 6, 8]])
    assert features[1, 0, 7] > 0.5 and features[0, 1, 7] < -0.5


def test_an_ambiguous_note_takes_the_instrument_of_its_neighbours() -> None:
    """Chords of a piano with some notes that resemble a harp."""
    rng = np.random.default_rng(0)
    onset = np.repeat(np.arange(12) * 0.5, 3)
    midi = np.tile([48.0, 64.0, 67.0], 12)
    log_probs = np.full((36, len(INSTRUMENTS)), -6.0)
    log_probs[:, INSTRUMENT_NAMES.index("piano")] = -0.4
    ambiguous = rng.choice(36, 8, replace=False)
    log_probs[ambiguous, INSTRUMENT_NAMES.index("piano")] = -1.2
    log_probs[ambiguous, INSTRUMENT_NAMES.index("harp")] = -0.7
    log_probs -= np.logaddexp.reduce(log_probs, axis=1, keepdims=True)
    weights = pretrained_recognizer().attention
    assert weights is not None
    refined = contextual_log_probs(log_probs, onset, onset + 0.45, midi, weights)
    assert {INSTRUMENT_NAMES[i] for i in refined[ambiguous].argmax(axis=1)} == {"piano"}


def test_jax_agrees_with_torch() -> None:
    torch = pytest.importorskip("torch")
    network = importlib.import_module("training.networks.recognizer").ContextNetwork(width=WIDTH)
    torch.manual_seed(0)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, 0, 0.1)
    notes = random_notes(50)
    network.eval()
    with torch.no_grad():
        valid = torch.ones(1, 50, dtype=torch.bool)
        x = torch.from_numpy(note_features(*notes))[None]
        relations = torch.from_numpy(pair_features(*notes[1:]))[None]
        expected = notes[0] + network(x, relations, valid)[0].numpy()
    expected -= np.logaddexp.reduce(expected, axis=1, keepdims=True)
    log_probs = contextual_log_probs(*notes, network.weights())
    np.testing.assert_allclose(log_probs, expected, atol=1e-4)


def test_a_network_learns_that_a_line_has_one_player() -> None:
    """A high and a low line, each on one of four instruments; a third of the notes is wrong."""
    pytest.importorskip("torch")
    training = importlib.import_module("training.train.attention")
    rng = np.random.default_rng(0)
    scenes = []
    for _ in range(60):
        log_probs, onset, offset, _ = random_notes(24, int(rng.integers(1000)))
        player = np.arange(24) % 2
        midi = np.where(player, 45, 75) + rng.integers(0, 5, 24)
        label = rng.integers(0, 4, 2)[player]
        scores = np.stack([log_probs - 2] * training.VARIANTS)
        wrong = rng.random((training.VARIANTS, 24)) < 1 / 3
        predicted = np.where(wrong, rng.integers(0, 4, 24), label)
        np.put_along_axis(scores, predicted[..., None], 1.0, axis=2)
        scores -= np.logaddexp.reduce(scores, axis=2, keepdims=True)
        scenes.append(training.Scene(scores, onset, offset, midi, label, player))
    options = {
        "seed": 0,
        "blocks": 1,
        "width": 32,
        "drop": 0.0,
        "rate": 1e-2,
        "size": 8,
        "steps": 300,
        "every": 100,
    }
    network = training.train(scenes[10:], scenes[:10], Namespace(**options))
    unary_accuracy, contextual_accuracy = [], []
    for scene in scenes[:10]:
        notes = scene[0][0], *(column.astype(float) for column in scene[1:4])
        refined = contextual_log_probs(*notes, network.weights())
        unary_accuracy.append(np.mean(notes[0].argmax(axis=1) == scene.label))
        contextual_accuracy.append(np.mean(refined.argmax(axis=1) == scene.label))
    assert np.mean(contextual_accuracy) > np.mean(unary_accuracy) + 0.1
