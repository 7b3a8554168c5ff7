"""Multi-start screening: several random starts learn on a few frames, and the best continues.

A factorisation converges to a local optimum that depends on its start; for music the losses differ
by some percent. The ranking shows early and on few frames, because neighbouring frames are nearly
equal and all frames share W. Therefore `n_starts` random starts run in parallel on `n_frames`
evenly spaced frames, the W with the lowest loss is kept, and H is estimated for all frames with W
fixed (a convex problem). Decision 0002 has the measurements.
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

from otowake.nmf.frames import columns
from otowake.nmf.initialisation import log_normal
from otowake.nmf.objective import Block, Problem, W_penalty, penalised
from otowake.nmf.solvers import LOSS_INTERVAL, Solver, extrapolated_H, step, without_momentum
from otowake.programs import program
from otowake.types import Factors, Floats, Matrix

LIFT_UPDATES = 10
"""Updates of H with W fixed, from the screening frames to all frames."""


class Effort(NamedTuple):
    """The size of the screening, and the stop rule of the fit that follows.

    `n_starts` starts run `n_iter` iterations on `n_frames` frames. The best start continues on all
    frames until the loss falls by less than the fraction `tol` in ten iterations, for at most
    `max_iter` iterations.
    """

    n_starts: int
    n_frames: int
    n_iter: int
    tol: float
    max_iter: int


EFFORT_SETTINGS = {
    "normal": Effort(n_starts=4, n_frames=300, n_iter=100, tol=1e-3, max_iter=300),
    "thorough": Effort(n_starts=10, n_frames=300, n_iter=150, tol=1e-4, max_iter=1000),
}


def screen_starts(
    V: Matrix,
    weights: Floats | None,
    problem: Problem,
    solver: Solver,
    effort: Effort,
    rng: np.random.Generator,
    dtype: np.dtype,
    at_level: Callable[[Factors], Factors],
) -> tuple[Factors, Floats, Floats]:
    """Choose the best of several random starts.

    Parameters
    ----------
    V, weights
        Shape (frequency, frame).
    problem, solver
        The objective and the solver.
    effort
        Number of starts, frames and iterations.
    rng
        Each start draws from a generator spawned from `rng`.
    dtype
        Floating-point type of the computation.
    at_level
        Scales initial factors for a V of mean 1 to the level of this V.

    Returns
    -------
    initial
        The best random start, for all frames.
    W
        Its spectra after the screening, shape (frequency, component).
    losses
        Loss of each start after every :data:`LOSS_INTERVAL` iterations, scaled to all frames;
        shape (start, measurement).
    """
    n_bins, n_frames = V.shape
    n_components = len(problem.held_W)
    indices = thin(n_frames, max(effort.n_frames, n_components))
    rngs = rng.spawn(effort.n_starts)

    def drawn(i: int) -> Factors:
        return at_level(log_normal(n_bins, n_frames, n_components, deepcopy(rngs[i])))

    factors = [(start.W, start.H[:, indices]) for start in map(drawn, range(effort.n_starts))]
    W, losses = _screened(
        problem,
        Block(
            columns(V, indices).astype(dtype),
            None if weights is None else weights[:, indices].astype(dtype),
        ),
        np.stack([W for W, _ in factors]).astype(dtype),
        np.stack([H for _, H in factors]).astype(dtype),
        n_iter=effort.n_iter,
        solver=solver,
    )
    scaled = np.asarray(losses, dtype=np.float64) * (n_frames / len(indices))
    best = int(np.argmin(np.where(np.isfinite(scaled[:, -1]), scaled[:, -1], np.inf)))
    return drawn(best), np.asarray(W)[best], scaled


def thin(n_frames: int, most: int) -> np.ndarray:
    """Return the indices of `most` evenly spaced frames, or of all frames if there are few more.

    Examples
    --------
    >>> thin(12, 4).tolist(), thin(3, 4).tolist()
    ([1, 4, 7, 10], [0, 1, 2])
    """
    if n_frames <= 1.25 * most:
        return np.arange(n_frames)
    return ((np.arange(most) + 0.5) * n_frames / most).astype(int)


@program(static=("n_iter", "solver"))
def _screened(
    problem: Problem, block: Block, W: Array, H: Array, *, n_iter: int, solver: Solver
) -> tuple[Array, Array]:
    """Run all starts in parallel; return W and the losses at every :data:`LOSS_INTERVAL`."""
    onward = jax.vmap(partial(step, solver, problem, block))

    def loss(W: Array, H: Array) -> Array:
        return penalised(problem, block, W, H) + W_penalty(problem, W)

    def measured(state: Any, _: None) -> tuple[Any, Array]:
        state = jax.lax.fori_loop(0, LOSS_INTERVAL, lambda _, state: onward(*state), state)
        return state, jax.vmap(loss)(jax.vmap(solver.W)(state[0]), jax.vmap(solver.H)(state[1]))

    state = (jax.vmap(solver.init_W)(W), jax.vmap(solver.init_H)(H))
    state, losses = jax.lax.scan(measured, state, length=n_iter // LOSS_INTERVAL)
    return jax.vmap(solver.W)(state[0]), losses.T


@program()
def lifted(problem: Problem, block: Block, W: Array) -> Array:
    """Estimate H of a block with W fixed, by accelerated updates from a constant in each frame.

    Shapes: V (frequency, frame), W (frequency, component), H (component, frame). H is 0 in silent
    frames.
    """
    V = block.V if block.weights is None else jnp.where(block.weights > 0, block.V, 0)
    flat = jnp.ones((W.shape[1], 1), V.dtype) * (V.sum(axis=0) / W.sum())

    def body(_: int, H: Any) -> Any:
        return extrapolated_H(problem, block, W, H)

    return jax.lax.fori_loop(0, LIFT_UPDATES, body, without_momentum(flat)).now
