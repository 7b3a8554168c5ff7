"""The one loop that drives every solver: compiled chunks of iterations, history, stop rule, watcher."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from otowake import text
from otowake.errors import NotConverged
from otowake.nmf.divergence import divergence
from otowake.nmf.solvers import Problem, Solver
from otowake.types import Factors, Progress, Stop, Watcher

CHUNK = 10
"""Iterations between two looks at the stop rule, and the span over which the rule compares the loss."""


class Run(NamedTuple):
    """Where a loop has come to: the solver's state, the loss after each update, and why it stopped."""

    state: Any
    losses: list[float]
    stop: Stop


def run(
    problem: Problem,
    solver: Solver,
    state: Any,
    *,
    max_iter: int,
    tol: float,
    watch: Watcher | None = None,
    n_frames: int | None = None,
) -> Run:
    """Iterate until the loss falls by less than `tol` of itself in ten iterations, or `max_iter` is reached.

    Parameters
    ----------
    problem, solver, state
        What is solved, how, and from where.
    max_iter, tol
        The stop rule; ``tol=0`` means never before `max_iter`.
    watch
        Called after each chunk; True stops the run, which keeps what it has.
    n_frames
        How many frames of H a watcher is shown (the rest only pad).

    Raises
    ------
    NotConverged
        If the loss is no longer a finite number.
    """
    losses: list[float] = []

    def factors() -> Factors:
        W, H = solver.factors(state)
        return Factors(np.asarray(W), np.asarray(H)[:, :n_frames])

    while True:
        count = min(CHUNK, max_iter - len(losses))
        loss = losses[-1] if losses else np.inf
        state, latest = iterate(problem.V, state, loss, count, solver=solver, beta=problem.beta)
        new = np.asarray(latest, dtype=np.float64)[:count]
        if not np.isfinite(new).all():
            at = int(np.argmin(np.isfinite(new)))
            raise NotConverged(text.DIVERGED, loss=new[at], iteration=len(losses) + at + 1)
        losses.extend(new.tolist())
        if watch is not None and watch(Progress(len(losses), max_iter, np.array(losses), factors)):
            return Run(state, losses, Stop("cancelled", text.STOP_CANCELLED, {"n": len(losses)}))
        if len(losses) > CHUNK and losses[-1 - CHUNK] - losses[-1] < tol * losses[-1 - CHUNK]:
            facts = {"tol": tol, "window": CHUNK}
            return Run(state, losses, Stop("converged", text.STOP_CONVERGED, facts))
        if len(losses) >= max_iter:
            return Run(state, losses, Stop("max_iter", text.STOP_MAX_ITER, {"n": max_iter}))


@partial(jax.jit, static_argnames=("solver", "beta"))
def iterate(
    V: Array, state: Any, loss: float, count: int, *, solver: Solver, beta: float
) -> tuple[Any, Array]:
    """`count` iterations, at most :data:`CHUNK`, from a state with the loss `loss`.

    Returns the new state and the loss after each. Where the solver has a `restart`, a step that would raise the
    loss is refused: its entry repeats the one before.
    """
    problem = Problem(V, beta)

    def body(i: Array, carried: tuple[Any, Array, Array]) -> tuple[Any, Array, Array]:
        state, loss, losses = carried
        ahead = solver.step(problem, state)
        W, H = solver.factors(ahead)
        reached = divergence(V, W @ H, beta)
        if solver.restart:
            better = ~(reached > loss)
            ahead = jax.tree.map(partial(jnp.where, better), ahead, solver.restart(state))
            reached = jnp.where(better, reached, loss)
        return ahead, reached, losses.at[i].set(reached)

    start = (state, jnp.asarray(loss, V.dtype), jnp.zeros(CHUNK, V.dtype))
    state, _, losses = jax.lax.fori_loop(0, count, body, start)
    return state, losses
