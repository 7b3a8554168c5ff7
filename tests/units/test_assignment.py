"""Examples of note-to-player assignment from context."""

import importlib
from argparse import Namespace

import numpy as np
import pytest
from attention import WIDTH, random_notes, random_weights

from otowake.music.network_weights import Weights
from otowake.music.players.assignment import assignment_scores, player_features
from otowake.music.players.attention import pair_features
from otowake.music.players.mean_field import log_likelihood
from otowake.music.players.parts import assign_parts
from otowake.music.players.recognizer import pretrained_recognizer
from otowake.music.theory.instruments import INSTRUMENT_NAMES, INSTRUMENTS

PLAYERS = [INSTRUMENT_NAMES.index(name) for name in ("piano", "violin", "french-horn")]


def assignment_weights(seed: int = 0) -> Weights:
    n_features = player_features(0, PLAYERS, *random_notes(1)).shape[1]
    return random_weights(seed, n_features=n_features, outputs=1)


def test_every_note_and_player_has_a_score() -> None:
    weights, no_notes = assignment_weights(), (column[:0] for column in random_notes(1))
    assert assignment_scores(weights, *random_notes(70), PLAYERS).shape == (70, 3)
    assert assignment_scores(weights, *no_notes, PLAYERS).shape == (0, 3)


def test_players_and_notes_may_come_in_any_order() -> None:
    notes, weights = random_notes(100), assignment_weights()
    plain = assignment_scores(weights, *notes, PLAYERS)
    reversed_players = assignment_scores(weights, *notes, PLAYERS[::-1])
    np.testing.assert_allclose(reversed_players, plain[:, ::-1], atol=1e-5)
    order = np.random.default_rng(1).permutation(100)
    shuffled = assignment_scores(weights, *(column[order] for column in notes), PLAYERS)
    np.testing.assert_allclose(shuffled, plain[order], atol=1e-5)


def test_two_players_of_an_instrument_have_the_same_scores() -> None:
    players = [PLAYERS[1], PLAYERS[0], PLAYERS[1]]
    scores = assignment_scores(assignment_weights(), *random_notes(20), players)
    np.testing.assert_allclose(scores[:, 0], scores[:, 2], atol=1e-6)


def test_parts_follow_the_assignment_scores() -> None:
    log_probs, onset, offset, midi = random_notes(40)
    midi = midi + 12
    names = ["violin", "flute"]

    def prefer_flute(players):
        return np.where(np.array(players) == INSTRUMENT_NAMES.index("flute"), 50.0, 0.0) * np.ones(
            (40, 1)
        )

    notes = onset, offset, midi, log_probs
    (part,) = assign_parts(*notes, assignment=prefer_flute, instruments=names)
    assert part.instrument == "flute"
    assert len(assign_parts(*notes, instruments=names)) == 2


def test_a_partial_is_assigned_to_the_player_of_its_fundamental() -> None:
    """A horn's long low notes below a violin's line, with false notes a twelfth above the horn's.

    The false notes resemble the violin a little more.
    """
    horn, violin = INSTRUMENT_NAMES.index("french-horn"), INSTRUMENT_NAMES.index("violin")
    low = np.arange(20.0)
    high = np.arange(0.25, 20, 0.5)
    onset = np.concatenate([low, high, low[::4]])
    offset = np.concatenate([low + 0.95, high + 0.45, low[::4] + 0.95])
    line = 84 + np.array([0, 2, 4, 5, 7, 5, 4, 2])[np.arange(40) % 8]
    midi = np.concatenate([np.full(20, 55.0), line, np.full(5, 55.0 + 19)])
    log_probs = np.full((65, len(INSTRUMENTS)), -5.0)
    log_probs[:20, horn] = log_probs[20:60, violin] = -0.3
    log_probs[60:, horn], log_probs[60:, violin] = -1.2, -0.9
    log_probs -= np.logaddexp.reduce(log_probs, axis=1, keepdims=True)
    weights = pretrained_recognizer().assignment
    assert weights is not None
    unary = log_likelihood(log_probs, midi)[:, [horn, violin]]
    assert unary[60:].argmax(axis=1).tolist() == [1] * 5
    scores = assignment_scores(weights, log_probs, onset, offset, midi, [horn, violin])
    assigned = (unary + scores).argmax(axis=1)
    assert assigned[:20].tolist() == [0] * 20 and assigned[20:60].tolist() == [1] * 40
    assert assigned[60:].tolist() == [0] * 5


def test_jax_agrees_with_torch() -> None:
    torch = pytest.importorskip("torch")
    networks = importlib.import_module("training.networks.recognizer")
    notes = random_notes(50)
    features = [player_features(k, PLAYERS, *notes) for k in range(3)]
    network = networks.ContextNetwork(features[0].shape[1], 1, width=WIDTH)
    torch.manual_seed(0)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, 0, 0.1)
    network.eval()
    with torch.no_grad():
        relations = torch.from_numpy(pair_features(*notes[1:]))[None]
        valid = torch.ones(1, 50, dtype=torch.bool)
        inputs = [torch.from_numpy(x)[None] for x in features]
        outputs = [network(x, relations, valid)[0, :, 0].numpy() for x in inputs]
    scores = assignment_scores(network.weights(), *notes, PLAYERS)
    np.testing.assert_allclose(scores, np.stack(outputs, axis=1), atol=1e-4)


def test_an_unplayed_note_is_labelled_with_the_note_whose_partial_it_is() -> None:
    pytest.importorskip("torch")
    training = importlib.import_module("training.train.assignment")
    label = np.array([3, 5, -1, -1, -1])
    onset, offset = np.array([0, 0, 0.1, 0.1, 4.0]), np.array([1, 1, 0.9, 0.9, 5.0])
    midi = np.array([48, 52, 60, 61, 60])
    scene = training.Scene(np.zeros((1, 5, len(INSTRUMENTS))), onset, offset, midi, label, label)
    assert training.label_notes(scene).tolist() == [3, 5, 3, -1, -1]


def test_a_network_learns_which_player_rests() -> None:
    """A high and a low line that sound alike; a third of the notes is classified at random."""
    pytest.importorskip("torch")
    training, attention = (
        importlib.import_module(f"training.train.{name}") for name in ("assignment", "attention")
    )
    rng, examples = np.random.default_rng(0), []
    flute, oboe = INSTRUMENT_NAMES.index("flute"), INSTRUMENT_NAMES.index("oboe")
    for _ in range(60):
        log_probs, onset, offset, _ = random_notes(24, int(rng.integers(1000)))
        player = np.arange(24) % 2
        midi = np.where(player, 62, 74) + rng.integers(0, 5, 24)
        label = rng.permutation([flute, oboe])[player]
        other = np.where(label == oboe, flute, oboe)
        scores = np.stack([log_probs - 3] * attention.VARIANTS)
        wrong = rng.random((attention.VARIANTS, 24)) < 1 / 3
        np.put_along_axis(scores, np.where(wrong, other, label)[..., None], 1.0, axis=2)
        scores -= np.logaddexp.reduce(scores, axis=2, keepdims=True)
        scene = attention.Scene(scores, onset, offset, midi, label, player.astype(np.int16))
        examples.append(training.Example(scene, label))
    options = Namespace(
        seed=0, blocks=1, width=32, drop=0.0, steps=500, size=6, rate=5e-3, every=500
    )
    network = training.train(examples[10:], examples[:10], options)
    before, after = training.evaluate(network, examples[:10]).values()
    assert before < 0.75 and after > before + 0.1
