"""The initial factors of each run of a factorisation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from otowake.nmf.frames import PaddedBlocks
from otowake.nmf.initialisation import log_normal, nndsvd
from otowake.nmf.inputs import Input
from otowake.nmf.multistart import EFFORT_SETTINGS, lifted, screen_starts
from otowake.nmf.objective import Problem
from otowake.nmf.problem import MINIBATCH_SOLVER, MULTISTART_SOLVER
from otowake.nmf.solvers import Solver, solver_named
from otowake.options import FitSpec
from otowake.types import Factors, Floats


class Start(NamedTuple):
    """Where the runs begin.

    Attributes
    ----------
    initial
        The factors of each run before learning.
    W
        Spectra from which each run continues, shape (run, frequency, component).
    H
        Activations from which each run continues.
    screening_losses
        Losses of the screened starts, shape (start, measurement).
    """

    initial: list[Factors]
    W: Floats
    H: list[Floats]
    screening_losses: Floats


def start_of(
    given: Input,
    spec: FitSpec,
    problem: Problem,
    solver: Solver,
    blocks: PaddedBlocks,
    W: Floats | None,
    H: Floats | None,
) -> Start:
    """Choose the initial factors of each run; `W` and `H` take precedence over `spec.init`."""
    n_bins, n_frames = given.V.shape
    K = int(spec.n_components)
    none = np.zeros((0, 0))
    rng = np.random.default_rng(spec.seed)
    if W is not None and H is None:
        H = _lift(problem, blocks, W, n_frames, given.dtype)
    screens = spec.init == "random" and spec.solver in (MULTISTART_SOLVER, MINIBATCH_SOLVER)
    if W is None and H is None and screens:
        quick = solver_named(MULTISTART_SOLVER, problem, given.weights is not None)
        return _screened(given, spec, problem, quick, blocks, rng)
    if W is None and H is None and spec.init == "nndsvd":
        initial = [given.at_level(nndsvd(given.in_memory() / given.scale.level, K))]
    else:
        rngs = [rng] if spec.n_init == 1 else rng.spawn(spec.n_init)
        drawn = [given.at_level(log_normal(n_bins, n_frames, K, run)) for run in rngs]
        initial = [Factors(d.W if W is None else W, d.H if H is None else H) for d in drawn]
    return Start(
        initial, np.stack([factors.W for factors in initial]), [f.H for f in initial], none
    )


def _screened(
    given: Input,
    spec: FitSpec,
    problem: Problem,
    solver: Solver,
    blocks: PaddedBlocks,
    rng: np.random.Generator,
) -> Start:
    """Screen random starts for each run separately."""
    effort = EFFORT_SETTINGS[spec.effort]
    rngs = [rng] if spec.n_init == 1 else rng.spawn(spec.n_init)
    screened = [
        screen_starts(
            given.V, given.weights, problem, solver, effort, run, given.dtype, given.at_level
        )
        for run in rngs
    ]
    H = [_lift(problem, blocks, W, given.V.shape[1], given.dtype) for _, W, _ in screened]
    return Start(
        [initial for initial, _, _ in screened],
        np.stack([W for _, W, _ in screened]),
        H,
        np.concatenate([losses for _, _, losses in screened]),
    )


def _lift(
    problem: Problem, blocks: PaddedBlocks, W: Floats, n_frames: int, dtype: np.dtype
) -> Floats:
    W = np.asarray(W, dtype=dtype)
    parts = [np.asarray(lifted(problem, blocks[i], W)) for i in range(len(blocks))]
    return np.concatenate(parts, axis=1)[:, :n_frames]
