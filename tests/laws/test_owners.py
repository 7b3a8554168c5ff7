"""What must hold of giving notes to players by the notes around them."""

from argparse import Namespace

import numpy as np
import pytest
from attention import WIDTH, notes, random_weights

from otowake.music.players.assignment import assignment_scores, told_of
from otowake.music.players.attention import Weights, related
from otowake.music.players.parts import gather, votes_of
from otowake.music.players.recognizer import trained
from otowake.music.theory.instruments import INSTRUMENT_NAMES, INSTRUMENTS

PLAYERS = [INSTRUMENT_NAMES.index(name) for name in ("piano", "violin", "french-horn")]


def weights(seed: int = 0) -> Weights:
    numbers = told_of(0, PLAYERS, *notes(1)).shape[1]
    return random_weights(seed, told_numbers=numbers, outputs=1)


def test_a_number_for_every_note_and_player() -> None:
    assert assignment_scores(weights(), *notes(70), PLAYERS).shape == (70, 3)
    assert assignment_scores(weights(), *(column[:0] for column in notes(1)), PLAYERS).shape == (
        0,
        3,
    )


def test_players_and_notes_may_come_in_any_order() -> None:
    given = notes(100)
    plain = assignment_scores(weights(), *given, PLAYERS)
    np.testing.assert_allclose(
        assignment_scores(weights(), *given, PLAYERS[::-1]), plain[:, ::-1], atol=1e-5
    )
    order = np.random.default_rng(1).permutation(100)
    moved = assignment_scores(weights(), *(column[order] for column in given), PLAYERS)
    np.testing.assert_allclose(moved, plain[order], atol=1e-5)


def test_two_players_of_an_instrument_are_told_the_same() -> None:
    found = assignment_scores(weights(), *notes(20), [PLAYERS[1], PLAYERS[0], PLAYERS[1]])
    np.testing.assert_allclose(found[:, 0], found[:, 2], atol=1e-6)


def test_parts_follow_what_the_notes_around_say() -> None:
    chances, onset, offset, midi = notes(40)
    midi = midi + 12
    names = ["violin", "flute"]

    def owners(players):
        return np.where(np.array(players) == INSTRUMENT_NAMES.index("flute"), 50.0, 0.0) * np.ones(
            (40, 1)
        )

    (part,) = gather(onset, offset, midi, chances, owners=owners, instruments=names)
    assert part.instrument == "flute"
    assert len(gather(onset, offset, midi, chances, instruments=names)) == 2


def test_a_partial_is_given_to_whom_the_note_belongs() -> None:
    """A horn's long notes low down and a violin's line above; now and then a twelfth over the horn's is heard that sounds somewhat more
    like the violin."""
    horn, violin = INSTRUMENT_NAMES.index("french-horn"), INSTRUMENT_NAMES.index("violin")
    low = np.arange(20.0)
    high = np.arange(0.25, 20, 0.5)
    onset = np.concatenate([low, high, low[::4]])
    offset = np.concatenate([low + 0.95, high + 0.45, low[::4] + 0.95])
    line = 84 + np.array([0, 2, 4, 5, 7, 5, 4, 2])[np.arange(40) % 8]
    midi = np.concatenate([np.full(20, 55.0), line, np.full(5, 55.0 + 19)])
    chances = np.full((65, len(INSTRUMENTS)), -5.0)
    chances[:20, horn] = chances[20:60, violin] = -0.3
    chances[60:, horn], chances[60:, violin] = -1.2, -0.9
    chances -= np.logaddexp.reduce(chances, axis=1, keepdims=True)
    mine = trained().owners
    assert mine is not None
    votes = votes_of(chances, midi)[:, [horn, violin]]
    assert votes[60:].argmax(axis=1).tolist() == [1] * 5
    owner = (votes + assignment_scores(mine, chances, onset, offset, midi, [horn, violin])).argmax(
        axis=1
    )
    assert owner[:20].tolist() == [0] * 20 and owner[20:60].tolist() == [1] * 40
    assert owner[60:].tolist() == [0] * 5


def test_jax_gives_what_torch_gives() -> None:
    torch = pytest.importorskip("torch")
    recognizing = pytest.importorskip("training.networks.recognizer")
    network = recognizing.ContextNetwork(recognizing.OWNERS_TOLD, 1, width=WIDTH)
    torch.manual_seed(0)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, 0, 0.1)
    given = notes(50)
    network.eval()
    with torch.no_grad():
        relations, there = (
            torch.from_numpy(related(*given[1:]))[None],
            torch.ones(1, 50, dtype=torch.bool),
        )
        x = [torch.from_numpy(told_of(k, PLAYERS, *given))[None] for k in range(3)]
        expected = np.stack(
            [network(each, relations, there)[0, :, 0].numpy() for each in x], axis=1
        )
    np.testing.assert_allclose(
        assignment_scores(network.weights(), *given, PLAYERS), expected, atol=1e-4
    )


def test_what_nobody_plays_belongs_to_the_note_whose_partial_it_is() -> None:
    pytest.importorskip("torch")
    owners, context = (pytest.importorskip(f"training.{name}") for name in ("owners", "context"))
    label = np.array([3, 5, -1, -1, -1])
    onset, offset = np.array([0, 0, 0.1, 0.1, 4.0]), np.array([1, 1, 0.9, 0.9, 5.0])
    midi = np.array([48, 52, 60, 61, 60])
    scene = context.Scene(np.zeros((1, 5, len(INSTRUMENTS))), onset, offset, midi, label, label)
    assert owners.adopted(scene).tolist() == [3, 5, 3, -1, -1]


def test_a_network_learns_who_is_at_rest() -> None:
    """Two lines of notes that sound alike, one high and one low: what a note is taken for is chance in one of three."""
    pytest.importorskip("torch")
    owners, context = (pytest.importorskip(f"training.{name}") for name in ("owners", "context"))
    rng, lessons = np.random.default_rng(0), []
    for _ in range(60):
        chances, onset, offset, _ = notes(24, int(rng.integers(1000)))
        player = np.arange(24) % 2
        midi = np.where(player, 62, 74) + rng.integers(0, 5, 24)
        label = rng.permutation([INSTRUMENT_NAMES.index("flute"), INSTRUMENT_NAMES.index("oboe")])[
            player
        ]
        other = np.where(
            label == INSTRUMENT_NAMES.index("oboe"),
            INSTRUMENT_NAMES.index("flute"),
            INSTRUMENT_NAMES.index("oboe"),
        )
        scores = np.stack([chances - 3] * context.VARIANTS)
        said = np.where(rng.random((context.VARIANTS, 24)) < 1 / 3, other, label)
        np.put_along_axis(scores, said[..., None], 1.0, axis=2)
        scores -= np.logaddexp.reduce(scores, axis=2, keepdims=True)
        lessons.append(
            owners.Lesson(
                context.Scene(scores, onset, offset, midi, label, player.astype(np.int16)), label
            )
        )
    options = Namespace(
        seed=0, blocks=1, width=32, drop=0.0, steps=500, size=6, rate=5e-3, every=500
    )
    network = owners.train(lessons[10:], lessons[:10], options)
    before, after = map(
        float, owners.judged(network, lessons[:10]).removeprefix("right ").split(" -> ")
    )
    assert before < 0.75 and after > before + 0.1
