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
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from otowake.music.players.mean_field import log_likelihood
from otowake.music.players.parts import name_log_probs
from otowake.types import Floats
from training.data.mixtures import SceneKind
from training.data.note_dataset import UNPLAYED
from training.train.attention import (
    Scene,
    recognizer_of,
    requested_music,
    scene_parser,
    scenes_by_kind,
)
from training.train.options import use_threads


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
    >>> [round(abs(value), 2) for value in fit(players)]
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


def main() -> None:
    parser = scene_parser(__doc__, 80)
    parser.add_argument("--isolated", type=int, default=160, help="scenes of isolated notes")
    options = parser.parse_args()
    use_threads(options.threads)
    requested = {SceneKind.ISOLATED: options.isolated} | requested_music(options)
    scenes = scenes_by_kind(options, recognizer_of(options), requested)
    players = [player for scene in scenes for player in players_of(scene)]
    scale, exponent = fit(players)
    print(f"{len(players)} players: scale {scale:.3f}, exponent {exponent:.3f}")


if __name__ == "__main__":
    main()
