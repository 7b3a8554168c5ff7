"""What must hold of naming notes by those around them."""

from argparse import Namespace

import numpy as np
import pytest
from attention import WIDTH, notes, random_weights

from otowake.music.players.attention import CORE, in_context, related, told
from otowake.music.players.recognizer import trained
from otowake.music.theory.instruments import INSTRUMENT_NAMES, INSTRUMENTS


def test_probabilities_add_up_to_one_and_no_note_is_none() -> None:
    found = in_context(*notes(CORE + 7), random_weights())
    np.testing.assert_allclose(np.exp(found).sum(axis=1), 1, rtol=1e-6)
    assert in_context(*(column[:0] for column in notes(1)), random_weights()).shape == (
        0,
        len(INSTRUMENTS),
    )


def test_what_adds_nothing_changes_nothing() -> None:
    given = notes(20)
    np.testing.assert_allclose(in_context(*given, random_weights(size=0.0)), given[0], atol=1e-6)


def test_notes_may_come_in_any_order() -> None:
    given, weights = notes(3 * CORE), random_weights()
    order = np.random.default_rng(1).permutation(3 * CORE)
    moved = in_context(*(column[order] for column in given), weights)
    np.testing.assert_allclose(moved, in_context(*given, weights)[order], atol=1e-5)


def test_neighbours_count_and_the_end_of_a_long_piece_does_not() -> None:
    given, weights = notes(6 * CORE), random_weights()
    plain = in_context(*given, weights)
    for changed, counts in ((1, True), (5 * CORE, False)):
        chances = given[0].copy()
        chances[changed] = np.roll(chances[changed], 1)
        apart = np.abs(in_context(chances, *given[1:], weights) - plain)[0].max()
        assert (apart > 1e-4) == counts


def test_the_clock_does_not_matter() -> None:
    chances, onset, offset, midi = notes(30)
    weights = random_weights()
    later = in_context(chances, onset + 1000, offset + 1000, midi, weights)
    np.testing.assert_allclose(later, in_context(chances, onset, offset, midi, weights), atol=1e-4)


def test_relations_say_which_note_is_higher() -> None:
    numbers = related(np.zeros(2), np.ones(2), np.array([60.0, 67.0]))
    np.testing.assert_allclose(numbers[0, 1, [4, 5, 6, 8]], numbers[1, 0, [4, 5, 6, 8]])
    assert numbers[1, 0, 7] > 0.5 and numbers[0, 1, 7] < -0.5


def test_a_note_in_doubt_is_of_those_around_it() -> None:
    """Chords that are a piano's but for some notes that might as well be a harp's."""
    rng = np.random.default_rng(0)
    onset = np.repeat(np.arange(12) * 0.5, 3)
    midi = np.tile([48.0, 64.0, 67.0], 12)
    chances = np.full((36, len(INSTRUMENTS)), -6.0)
    chances[:, INSTRUMENT_NAMES.index("piano")] = -0.4
    doubted = rng.choice(36, 8, replace=False)
    chances[doubted, INSTRUMENT_NAMES.index("piano")] = -1.2
    chances[doubted, INSTRUMENT_NAMES.index("harp")] = -0.7
    chances -= np.logaddexp.reduce(chances, axis=1, keepdims=True)
    weights = trained().context
    assert weights is not None
    found = in_context(chances, onset, onset + 0.45, midi, weights)
    assert {INSTRUMENT_NAMES[i] for i in found[doubted].argmax(axis=1)} == {"piano"}


def test_jax_gives_what_torch_gives() -> None:
    torch = pytest.importorskip("torch")
    network = pytest.importorskip("training.networks.recognizer").ContextNetwork(width=WIDTH)
    torch.manual_seed(0)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, 0, 0.1)
    given = notes(50)
    network.eval()
    with torch.no_grad():
        there = torch.ones(1, 50, dtype=torch.bool)
        x, relations = (
            torch.from_numpy(each)[None] for each in (told(*given), related(*given[1:]))
        )
        expected = given[0] + network(x, relations, there)[0].numpy()
    expected -= np.logaddexp.reduce(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(in_context(*given, network.weights()), expected, atol=1e-4)


def test_a_network_learns_that_a_line_is_of_one_player() -> None:
    """Lines high and low, each on one of four instruments, every note of it heard as another one in three times."""
    pytest.importorskip("torch")
    lessons = pytest.importorskip("training.train.attention")
    rng = np.random.default_rng(0)
    scenes = []
    for _ in range(60):
        chances, onset, offset, _ = notes(24, int(rng.integers(1000)))
        player = np.arange(24) % 2
        midi, label = (
            np.where(player, 45, 75) + rng.integers(0, 5, 24),
            rng.integers(0, 4, 2)[player],
        )
        scores = np.stack([chances - 2] * lessons.VARIANTS)
        said = np.where(rng.random((lessons.VARIANTS, 24)) < 1 / 3, rng.integers(0, 4, 24), label)
        np.put_along_axis(scores, said[..., None], 1.0, axis=2)
        scores -= np.logaddexp.reduce(scores, axis=2, keepdims=True)
        scenes.append(lessons.Scene(scores, onset, offset, midi, label, player))
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
    network = lessons.train(scenes[10:], scenes[:10], Namespace(**options))
    alone, around = [], []
    for scene in scenes[:10]:
        given = scene.chances[0], *(column.astype(float) for column in scene[1:4])
        alone.append(np.mean(given[0].argmax(axis=1) == scene.label))
        around.append(np.mean(in_context(*given, network.weights()).argmax(axis=1) == scene.label))
    assert np.mean(around) > np.mean(alone) + 0.1
