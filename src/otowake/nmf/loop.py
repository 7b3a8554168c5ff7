"""The one loop that drives every solver: chunks of iterations, history, stop rule, watcher.

It drives a :class:`Journey`: whole clips run in compiled chunks, restarts side by side, long recordings block by
block. They differ in how they advance and in nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from otowake import text
from otowake.errors import NotConverged
from otowake.nmf.solvers import Block, Problem, Solver, of_W, penalised, step
from otowake.types import Factors, Floats, Progress, Stop, Watcher

CHUNK = 10
"""Iterations between two looks at the stop rule, and the span over which the rule compares the loss."""


EXACT = 1e-9
"""A loss that falls by less than this part of the first one has come to nothing, however fast it still falls."""


class Journey(Protocol):
    """Factors on their way: `state` is a pytree of arrays, from which alone it can go on."""

    state: Any

    def advance(self, count: int) -> Floats:
        """Do `count` iterations, at most :data:`CHUNK`; the losses, of shape (iteration, run)."""
        ...

    def factors(self, run: int) -> Factors:
        """The factors of one of the runs, as NumPy arrays."""
        ...


class Run(NamedTuple):
    """How far a loop came: the loss after each update, of shape (iteration, run), and why it stopped."""

    losses: Floats
    stop: Stop


def run(
    journey: Journey,
    *,
    max_iter: int,
    tol: float,
    watch: Watcher | None = None,
    losses: Floats | None = None,
) -> Run:
    """Iterate until the loss falls by less than `tol` of itself in ten iterations, or `max_iter` is reached.

    Parameters
    ----------
    journey
        What advances.
    max_iter, tol
        The stop rule; ``tol=0`` means never before `max_iter`. Of several runs, all must have come to rest.
    watch
        Called after each chunk; True stops the run, which keeps what it has.
    losses
        What has been done already, of shape (iteration, run).

    Raises
    ------
    NotConverged
        If the loss is no longer a finite number.
    """
    history = [] if losses is None else list(losses)
    while True:
        if stop := _stopped(history, max_iter, tol):
            return Run(np.array(history), stop)
        new = journey.advance(min(CHUNK - len(history) % CHUNK, max_iter - len(history)))
        if not np.isfinite(new).all():
            at = int(np.argmin(np.isfinite(new).all(axis=1)))
            raise NotConverged(text.DIVERGED, loss=new[at].min(), iteration=len(history) + at + 1)
        history.extend(new)
        best = int(np.argmin(history[-1]))
        told = Progress(
            len(history),
            max_iter,
            np.array([each[best] for each in history]),
            partial(journey.factors, best),
            lambda: state_arrays(journey.state, np.array(history)),
        )
        if watch is not None and watch(told):
            return Run(np.array(history), Stop("cancelled", text.STOP_CANCELLED, {"n": len(history)}))


def _stopped(history: Sequence[Floats], max_iter: int, tol: float) -> Stop | None:
    n = len(history)
    if tol > 0 and n > CHUNK and n % CHUNK == 0:
        before, now = history[-1 - CHUNK], history[-1]
        if (before - now < tol * np.abs(before) + EXACT * np.abs(history[0])).all():
            return Stop("converged", text.STOP_CONVERGED, {"tol": tol, "window": CHUNK})
    return Stop("max_iter", text.STOP_MAX_ITER, {"n": max_iter}) if n >= max_iter else None


def state_arrays(state: Any, losses: Floats) -> dict[str, Floats]:
    """Everything that it takes to go on, as named arrays; see :func:`resumed`."""
    leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(state)]
    return {"losses": losses, **{f"state{i}": leaf for i, leaf in enumerate(leaves)}}


def resumed(state: Any, arrays: dict[str, Floats]) -> tuple[Any, Floats]:
    """A state of the same make as `state` with the values of `arrays`, and the losses so far.

    Raises
    ------
    ValueError
        If the arrays are not those of such a state.
    """
    leaves, make = jax.tree.flatten(state)
    values = [arrays.get(f"state{i}", np.zeros(0)) for i in range(len(leaves))]
    for old, new in zip(leaves, values, strict=True):
        if np.shape(old) != new.shape or np.dtype(old.dtype) != new.dtype:
            raise ValueError("the checkpoint belongs to another factorisation")
    return jax.tree.unflatten(make, values), arrays["losses"]


class Whole:
    """Runs over one block, compiled in chunks; several starts go side by side.

    `W` and `H` have the shapes (run, frequency, component) and (run, component, frame).
    """

    def __init__(
        self, problem: Problem, block: Block, solver: Solver, W: Floats, H: Floats, n_frames: int
    ) -> None:
        self.problem, self.block, self.solver, self.n_frames = problem, block, solver, n_frames
        self.many = len(W) > 1
        begin = (lambda f, x: jax.vmap(f)(x)) if self.many else (lambda f, x: f(x[0]))
        self.state = (begin(solver.init_W, jax.device_put(W)), begin(solver.init_H, jax.device_put(H)))
        self.last = np.full(len(W), np.inf)

    def advance(self, count: int) -> Floats:
        go = iterate_many if self.many else iterate
        loss = self.last if self.many else self.last[0]
        loss = np.asarray(loss, dtype=self.block.V.dtype)
        self.state, losses = go(self.problem, self.block, self.state, loss, count, solver=self.solver)
        new = np.asarray(losses, dtype=np.float64).reshape(-1, CHUNK)[:, :count].T
        self.last = new[-1]
        return new

    def factors(self, run: int) -> Factors:
        W, H = self.solver.W, self.solver.H
        if self.many:
            chosen = jax.tree.map(lambda leaf: leaf[run], self.state)
            return Factors(np.asarray(W(chosen[0])), np.asarray(H(chosen[1]))[:, : self.n_frames])
        return Factors(np.asarray(W(self.state[0])), np.asarray(H(self.state[1]))[:, : self.n_frames])


def _iterate(
    problem: Problem, block: Block, state: tuple[Any, Any], loss: Array, count: int, *, solver: Solver
) -> tuple[tuple[Any, Any], Array]:
    """`count` iterations, at most :data:`CHUNK`, from a state with the loss `loss`.

    Returns the new state and the loss after each. Where the solver has a `restart`, a step that would raise the
    loss is refused: its entry repeats the one before.
    """

    def body(i: Array, carried: tuple[Any, Array, Array]) -> tuple[Any, Array, Array]:
        state, loss, losses = carried
        ahead = step(solver, problem, block, *state)
        W = solver.W(ahead[0])
        reached = penalised(problem, block, W, solver.H(ahead[1])) + of_W(problem, W)
        if solver.restart:
            better = ~(reached > loss)
            ahead = jax.tree.map(partial(jnp.where, better), ahead, solver.restart(*state))
            reached = jnp.where(better, reached, loss)
        return ahead, reached, losses.at[i].set(reached)

    start = (state, loss, jnp.zeros(CHUNK, block.V.dtype))
    state, _, losses = jax.lax.fori_loop(0, count, body, start)
    return state, losses


iterate = jax.jit(_iterate, static_argnames="solver")


@partial(jax.jit, static_argnames="solver")
def iterate_many(
    problem: Problem, block: Block, state: Any, loss: Array, count: int, *, solver: Solver
) -> tuple[Any, Array]:
    """:func:`iterate` for several runs; states and losses have a leading axis."""
    go = partial(_iterate, solver=solver)
    return jax.vmap(go, in_axes=(None, None, 0, 0, None))(problem, block, state, loss, count)


class Blocks(Protocol):
    """A matrix that comes in blocks of frames, in memory or from a disk."""

    def __len__(self) -> int: ...
    def __getitem__(self, i: int) -> Block: ...


class InBlocks:
    """One run over a recording in blocks; only one block of V is looked at a time."""

    def __init__(
        self, problem: Problem, blocks: Blocks, solver: Solver, W: Floats, H: Sequence[Floats], n_frames: int
    ) -> None:
        self.problem, self.blocks, self.solver, self.n_frames = problem, blocks, solver, n_frames
        self.state = (solver.init_W(jax.device_put(W)), [solver.init_H(jax.device_put(h)) for h in H])
        self.last = np.inf

    def advance(self, count: int) -> Floats:
        losses = np.array([[self._one()] for _ in range(count)])
        return losses

    def _one(self) -> float:
        """One iteration: what `_iterate` does, block by block, the sums added in the order of the blocks."""
        W, H = self.state
        moved, sums = [], None
        for i, h in enumerate(H):
            ahead, part = _block(self.problem, self.blocks[i], W, h, solver=self.solver)
            moved.append(ahead)
            sums = part if sums is None else jax.tree.map(jnp.add, sums, part)
        ahead = _combine(self.problem, W, sums, solver=self.solver)
        reached = self._loss(ahead, moved)
        if self.solver.restart and reached > self.last:
            rested = [self.solver.restart(W, h) for h in H]
            self.state = (rested[0][0], [h for _, h in rested])
            return float(self.last)
        self.state, self.last = (ahead, moved), reached
        return reached

    def _loss(self, W: Any, H: list[Any]) -> float:
        parts = (_loss(self.problem, self.blocks[i], W, h, solver=self.solver) for i, h in enumerate(H))
        return sum(float(part) for part in parts) + float(of_W(self.problem, self.solver.W(W)))

    def factors(self, run: int) -> Factors:
        H = np.concatenate([np.asarray(self.solver.H(h)) for h in self.state[1]], axis=1)
        return Factors(np.asarray(self.solver.W(self.state[0])), H[:, : self.n_frames])


@partial(jax.jit, static_argnames="solver")
def _block(problem: Problem, block: Block, W: Any, H: Any, *, solver: Solver) -> tuple[Any, Any]:
    return solver.block(problem, block, W, H)


@partial(jax.jit, static_argnames="solver")
def _combine(problem: Problem, W: Any, sums: Any, *, solver: Solver) -> Any:
    return solver.combine(problem, W, sums)


@partial(jax.jit, static_argnames="solver")
def _loss(problem: Problem, block: Block, W: Any, H: Any, *, solver: Solver) -> Array:
    return penalised(problem, block, solver.W(W), solver.H(H))
