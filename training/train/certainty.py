"""Fit how certain the name of a part is: :func:`otowake.music.players.parts.name_log_probs`.

    python -m training.train.certainty --cache DIR [--recognizer FILE] [--samples DIR]
                                       [--music N] [--together N] [--accompanied N] [--isolated N]

The examples are the players of scenes on which the recogniser was not trained: single notes, and
the notes of players in music. The scale and the exponent maximise the likelihood of the true names;
the command prints them for :class:`otowake.music.players.config.PartConfig`. Uses torch, which the
package itself does not need.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from otowake.music.players.mean_field import log_likelihood
from otowake.music.players.parts import name_log_probs
from otowake.music.players.recognizer import Recognizer
from otowake.types import Floats
from training.data import mixtures, note_dataset
from training.data.mixtures import SceneKind
from training.data.note_dataset import UNPLAYED
from training.parallel import parallel_map
from training.sounds import banks
from training.train.attention import FIRST_SEED, Scene, context_parser, read_scenes, recognizer_of
from training.train.options import use_threads

FIRST_ISOLATED = SceneKind.ISOLATED.first_seed + 240
"""First scene of isolated notes on which the recogniser was not trained."""


class Named(NamedTuple):
    """The notes of a player: mean log-likelihoods, (instrument,), their number, true class."""

    evidence: Floats
    n_notes: int
    label: int


def players_of(scene: Scene) -> Iterator[Named]:
    """Iterate over the players of a scene."""
    unary = log_likelihood(scene.log_probs[0].astype(float), scene.midi.astype(float))
    for player in np.unique(scene.player[scene.player != UNPLAYED]):
        own = scene.player == player
        yield Named(unary[own].mean(axis=0), int(own.sum()), int(scene.label[own][0]))


def fit(players: Sequence[Named]) -> tuple[float, float]:
    """Return the scale and the exponent of the largest likelihood.

    Examples
    --------
    >>> right, wrong = (np.log([p, 1 - p]) for p in (0.8, 0.2))
    >>> players = [Named(right, n, 0) for n in (1, 16)] * 4 + [Named(wrong, n, 0) for n in (1, 16)]
    >>> [round(float(value), 2) for value in fit(players)]
    [1.0, 0.0]
    """

    def loss(x: Floats) -> float:
        losses = [
            name_log_probs(p.evidence, p.n_notes, float(np.exp(x[0])), float(x[1]))[p.label]
            for p in players
        ]
        return -float(np.mean(losses))

    log_scale, exponent = minimize(loss, [0.0, 0.5], method="Nelder-Mead").x
    return float(np.exp(log_scale)), float(exponent)


def read_players(model: Recognizer, paths: Sequence) -> list[Named]:
    """Read the players of the scenes in files."""
    return [
        player
        for path in paths
        for scene in read_scenes(model, path)
        for player in players_of(scene)
    ]


def main() -> None:
    parser = context_parser(__doc__, steps=0, size=0)
    parser.set_defaults(music=80, together=80, accompanied=80)
    parser.add_argument("--isolated", type=int, default=160, help="scenes of isolated notes")
    options = parser.parse_args()
    use_threads(options.threads)
    banks.build(options.cache, options.samples)
    mixtures.build(options.cache)
    requested = (
        (FIRST_SEED[SceneKind.MUSIC], options.music),
        (FIRST_SEED[SceneKind.SEVERAL], options.together),
        (FIRST_SEED[SceneKind.ACCOMPANIED], options.accompanied),
        (FIRST_ISOLATED, options.isolated),
    )
    firsts = [
        first + i for first, n in requested for i in range(0, n, note_dataset.SCENES_PER_FILE)
    ]
    paths = parallel_map(partial(note_dataset.prepare, options.cache), firsts, options.threads)
    players = read_players(recognizer_of(options), paths)
    scale, exponent = fit(players)
    print(f"{len(players)} players: scale {scale:.3f}, exponent {exponent:.3f}")


if __name__ == "__main__":
    main()
