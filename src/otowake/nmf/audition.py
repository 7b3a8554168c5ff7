"""A good place to begin: several random starts learn on a thin set of frames, and the best goes on.

A factorisation ends in the minimum that its start leads to, and those of music differ by some percent. Which
minimum it will be shows early, and on few frames: neighbouring frames say nearly the same, and W has to serve all of
them. So `starts` random starts are run side by side on `frames` evenly spaced frames, the W with the lowest loss
is kept, and H is found for all frames with W held (a convex problem). `docs/decisions/0002-audition.md` has the
measurements.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from otowake.nmf import starts
from otowake.nmf.divergence import divergence
from otowake.nmf.solvers import Problem, Solver, momentum
from otowake.nmf.updates import update_H
from otowake.types import Factors, Floats

LOOK = 10
"""Iterations between two looks at the loss of an audition."""

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
    "thorough": Effort(n_starts=10, n_frames=300, n_iter=200, tol=1e-4, max_iter=1000),
}


def audition(
    V: Floats, beta: float, solver: Solver, n_components: int, effort: Effort, rng: np.random.Generator
) -> tuple[Factors, Floats, Floats]:
    """Choose a start.

    Parameters
    ----------
    V
        Shape (frequency, frame).
    beta, solver
        The loss and the solver of the audition.
    n_components
        How many components.
    effort
        How many starts, frames and iterations.
    rng
        Each start draws from a generator spawned from it.

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
    chosen = thin(V.shape[1], max(effort.n_frames, n_components))
    n_bins, n_frames = V.shape
    begun = [starts.log_normal(n_bins, n_frames, n_components, each) for each in rng.spawn(effort.n_starts)]
    W, losses = _compete(
        V[:, chosen],
        np.stack([start.W for start in begun]),
        np.stack([start.H[:, chosen] for start in begun]),
        n_iter=effort.n_iter,
        solver=solver,
        beta=beta,
    )
    looks = np.asarray(losses, dtype=np.float64) * (n_frames / len(chosen))
    best = int(np.argmin(np.where(np.isfinite(looks[:, -1]), looks[:, -1], np.inf)))
    return begun[best], np.asarray(W)[best], looks


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


@partial(jax.jit, static_argnames=("n_iter", "solver", "beta"))
def _compete(
    V: Array, W: Array, H: Array, *, n_iter: int, solver: Solver, beta: float
) -> tuple[Array, Array]:
    """Run all starts side by side; their W, and their losses after every :data:`LOOK` iterations."""
    step = jax.vmap(partial(solver.step, Problem(V, beta)))
    loss = jax.vmap(lambda W, H: divergence(V, W @ H, beta))

    def look(state: Any, _: None) -> tuple[Any, Array]:
        state = jax.lax.fori_loop(0, LOOK, lambda _, state: step(state), state)
        return state, loss(*jax.vmap(solver.factors)(state))

    state, losses = jax.lax.scan(look, jax.vmap(solver.init)(W, H), length=n_iter // LOOK)
    return jax.vmap(solver.factors)(state)[0], losses.T


@partial(jax.jit, static_argnames="beta")
def lifted(V: Array, W: Array, beta: float) -> Array:
    """H for all frames with W held: accelerated updates from one level in each frame.

    Shapes: V (frequency, frame), W (frequency, component), H (component, frame). Frames that are 0 get an H of 0.
    """
    flat = jnp.ones((W.shape[1], 1), V.dtype) * (V.sum(axis=0) / W.sum())

    def body(_: int, carried: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        H, before, t = carried
        ahead, t = momentum(H, before, t)
        return update_H(V, W, ahead, beta), H, t

    return jax.lax.fori_loop(0, LIFT, body, (flat, flat, jnp.ones((), V.dtype)))[0]
