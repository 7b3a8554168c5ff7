"""A good place to begin: several random starts learn on a thin set of frames, and the best goes on.

A factorisation ends in the minimum that its start leads to, and those of music differ by some percent. Which
minimum it will be shows early, and on few frames: neighbouring frames say nearly the same, and W has to serve all of
them. So `n_starts` random starts are run side by side on `n_frames` evenly spaced frames, the W with the lowest loss
is kept, and H is found for all frames with W held (a convex problem). `docs/en/decisions/0002-audition.md` has the
measurements.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from otowake.nmf import starts
from otowake.nmf.frames import columns
from otowake.nmf.solvers import (
    LOOK,
    Block,
    Problem,
    Solver,
    at_rest,
    extrapolated_H,
    of_W,
    penalised,
    step,
)
from otowake.programs import program
from otowake.types import Factors, Floats, Matrix

LIFT = 10
"""Updates of H alone that bring the winner from the thin set to all frames."""


class Effort(NamedTuple):
    """How much is spent: the audition's size, and the stop rule of what follows.

    `n_starts` starts do `n_iter` iterations on `n_frames` frames; then the winner goes on over all frames until
    the loss falls by less than `tol` of itself in ten iterations, at most `max_iter` iterations.
    """

    n_starts: int
    n_frames: int
    n_iter: int
    tol: float
    max_iter: int


EFFORTS = {
    "normal": Effort(n_starts=4, n_frames=300, n_iter=100, tol=1e-3, max_iter=300),
    "thorough": Effort(n_starts=10, n_frames=300, n_iter=150, tol=1e-4, max_iter=1000),
}


def audition(
    V: Matrix,
    weights: Floats | None,
    problem: Problem,
    solver: Solver,
    effort: Effort,
    rng: np.random.Generator,
    dtype: np.dtype,
    at_level: Callable[[Factors], Factors],
) -> tuple[Factors, Floats, Floats]:
    """Choose a start.

    Parameters
    ----------
    V, weights
        Shape (frequency, frame).
    problem, solver
        What is solved, and how.
    effort
        How many starts, frames and iterations.
    rng
        Each start draws from a generator spawned from it.
    dtype
        That of the computation.
    at_level
        Brings a start for a V of the mean 1 to the level of this one.

    Returns
    -------
    initial
        The random start that won, for all frames.
    W
        What it became, shape (frequency, component).
    losses
        Shape (start, look): the loss of each start after every :data:`LOOK` iterations on the thin set, scaled
        to the number of all frames.
    """
    n_bins, n_frames = V.shape
    n_components = len(problem.held_W)
    places = thin(n_frames, max(effort.n_frames, n_components))
    chances = rng.spawn(effort.n_starts)

    def begun(i: int) -> Factors:
        return at_level(starts.log_normal(n_bins, n_frames, n_components, deepcopy(chances[i])))

    begins = [(start.W, start.H[:, places]) for start in map(begun, range(effort.n_starts))]
    W, losses = _compete(
        problem,
        Block(
            columns(V, places).astype(dtype),
            None if weights is None else weights[:, places].astype(dtype),
        ),
        np.stack([W for W, _ in begins]).astype(dtype),
        np.stack([H for _, H in begins]).astype(dtype),
        n_iter=effort.n_iter,
        solver=solver,
    )
    looks = np.asarray(losses, dtype=np.float64) * (n_frames / len(places))
    best = int(np.argmin(np.where(np.isfinite(looks[:, -1]), looks[:, -1], np.inf)))
    return begun(best), np.asarray(W)[best], looks


def thin(n_frames: int, most: int) -> np.ndarray:
    """The places of `most` evenly spaced frames, or of all where there are hardly more.

    Examples
    --------
    >>> thin(12, 4).tolist(), thin(3, 4).tolist()
    ([1, 4, 7, 10], [0, 1, 2])
    """
    if n_frames <= 1.25 * most:
        return np.arange(n_frames)
    return ((np.arange(most) + 0.5) * n_frames / most).astype(int)


@program(static=("n_iter", "solver"))
def _compete(
    problem: Problem, block: Block, W: Array, H: Array, *, n_iter: int, solver: Solver
) -> tuple[Array, Array]:
    """Run all starts side by side; their W, and their losses after every :data:`LOOK` iterations."""
    onward = jax.vmap(partial(step, solver, problem, block))

    def loss(W: Array, H: Array) -> Array:
        return penalised(problem, block, W, H) + of_W(problem, W)

    def look(state: Any, _: None) -> tuple[Any, Array]:
        state = jax.lax.fori_loop(0, LOOK, lambda _, state: onward(*state), state)
        return state, jax.vmap(loss)(jax.vmap(solver.W)(state[0]), jax.vmap(solver.H)(state[1]))

    state = (jax.vmap(solver.init_W)(W), jax.vmap(solver.init_H)(H))
    state, losses = jax.lax.scan(look, state, length=n_iter // LOOK)
    return jax.vmap(solver.W)(state[0]), losses.T


@program()
def lifted(problem: Problem, block: Block, W: Array) -> Array:
    """H of a block with W held: accelerated updates from one level in each frame.

    Shapes: V (frequency, frame), W (frequency, component), H (component, frame). Frames that are 0 get an H of 0.
    """
    V = block.V if block.weights is None else jnp.where(block.weights > 0, block.V, 0)
    flat = jnp.ones((W.shape[1], 1), V.dtype) * (V.sum(axis=0) / W.sum())

    def body(_: int, H: Any) -> Any:
        return extrapolated_H(problem, block, W, H)

    return jax.lax.fori_loop(0, LIFT, body, at_rest(flat)).now
