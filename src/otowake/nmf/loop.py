"""The one loop that drives every solver: chunks of iterations, history, stop rule, watcher.

It drives a :class:`FitState`: whole clips run in compiled chunks, restarts side by side, long recordings block by
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
from numpy.typing import NDArray

from otowake import text
from otowake.errors import NotConverged
from otowake.nmf.solvers import LOOK, Block, Problem, Solver, moved_along, of_W, penalised, step
from otowake.programs import program
from otowake.types import Factors, Floats, Progress, Stop, Watcher

CHUNK = LOOK
"""Iterations between two looks at the stop rule, and the span over which the rule compares the loss."""


EXACT = 1e-9
"""A loss that falls by less than this part of the first one has come to nothing, however fast it still falls."""


class FitState(Protocol):
    """Factors on their way: `state` is a pytree of arrays, from which alone it can go on.

    `last` has the shape (run,): the loss of each run when it was last measured.
    """

    state: Any
    solver: Solver
    last: Floats

    def advance(self, count: int) -> Floats:
        """Do `count` iterations, at most :data:`CHUNK`; the losses, of shape (look, run)."""
        ...

    def factors(self, run: int) -> Factors:
        """The factors of one of the runs, as NumPy arrays."""
        ...

    def spectra(self) -> Floats:
        """W of all runs, shape (run, frequency, component)."""
        ...


class Run(NamedTuple):
    """How far a loop came: losses of shape (look, run), after how many updates each, and why it stopped."""

    losses: Floats
    iterations: NDArray[np.int64]
    stop: Stop


def run(
    journey: FitState,
    *,
    max_iter: int,
    tol: float,
    watch: Watcher | None = None,
    done: tuple[Floats, NDArray[np.int64]] | None = None,
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
    done
        What has been done already: losses of shape (look, run), and the updates before each.

    Raises
    ------
    NotConverged
        If the loss is no longer a finite number.
    """
    history, looks = ([], []) if done is None else (list(done[0]), list(done[1]))
    while True:
        n = int(looks[-1]) if looks else 0
        if stop := _stopped(history, looks, max_iter, tol):
            return Run(np.array(history), np.array(looks), stop)
        count = min(CHUNK - n % CHUNK, max_iter - n)
        new = journey.advance(count)
        after = [n + min((i + 1) * journey.solver.look, count) for i in range(len(new))]
        if not np.isfinite(new).all():
            at = int(np.argmin(np.isfinite(new).all(axis=1)))
            raise NotConverged(text.DIVERGED, loss=new[at].min(), iteration=after[at])
        history.extend(new)
        looks.extend(after)
        best = int(np.argmin(history[-1]))
        told = Progress(
            np.array(looks),
            max_iter,
            np.array([each[best] for each in history]),
            partial(journey.factors, best),
            lambda: state_arrays(journey.state, np.array(history), np.array(looks)),
        )
        if watch is not None and watch(told):
            return Run(
                np.array(history),
                np.array(looks),
                Stop("cancelled", text.STOP_CANCELLED, {"n": looks[-1]}),
            )


def _stopped(
    history: Sequence[Floats], looks: Sequence[int], max_iter: int, tol: float
) -> Stop | None:
    n = looks[-1] if looks else 0
    if tol > 0 and n % CHUNK == 0 and n - CHUNK in looks:
        before, now = history[looks.index(n - CHUNK)], history[-1]
        if (before - now < tol * np.abs(before) + EXACT * np.abs(history[0])).all():
            return Stop("converged", text.STOP_CONVERGED, {"tol": tol, "window": CHUNK})
    return Stop("max_iter", text.STOP_MAX_ITER, {"n": max_iter}) if n >= max_iter else None


def state_arrays(state: Any, losses: Floats, looks: NDArray[np.int64]) -> dict[str, Floats]:
    """Everything that it takes to go on, as named arrays; see :func:`resumed`."""
    leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(state)]
    return {
        "losses": losses,
        "looks": looks.astype(np.float64),
        **{f"state{i}": leaf for i, leaf in enumerate(leaves)},
    }


def resumed(state: Any, arrays: dict[str, Floats]) -> tuple[Any, tuple[Floats, NDArray[np.int64]]]:
    """A state of the same make as `state` with the values of `arrays`, and what has been done so far.

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
    losses, looks = (arrays.get(name, np.zeros(0)) for name in ("losses", "looks"))
    of_numbers = losses.dtype.kind == looks.dtype.kind == "f"
    if not of_numbers or losses.ndim != 2 or looks.shape != losses.shape[:1] or not losses.size:
        raise ValueError("the checkpoint has no losses")
    if (
        any(np.isnan(each).any() for each in values)
        or not np.isfinite([*looks, *losses.flat]).all()
    ):
        raise ValueError("the checkpoint has values that are not finite")
    return jax.tree.unflatten(make, values), (losses, looks.astype(np.int64))


class Whole:
    """Runs over one block, compiled in chunks; several starts go side by side.

    `W` and `H` have the shapes (run, frequency, component) and (run, component, frame).
    """

    def __init__(
        self, problem: Problem, block: Block, solver: Solver, W: Floats, H: Floats, n_frames: int
    ) -> None:
        self.problem, self.block, self.solver, self.n_frames = problem, block, solver, n_frames
        self.many = len(W) > 1
        given = (W, H) if self.many else (W[0], H[0])
        self.state = tuple(
            jax.vmap(init)(x) if self.many else init(x)
            for init, x in zip((solver.init_W, solver.init_H), jax.device_put(given), strict=True)
        )
        self.last = np.full(len(W), np.inf)

    def advance(self, count: int) -> Floats:
        go = iterate_many if self.many else iterate
        loss = self.last if self.many else self.last[0]
        loss = np.asarray(loss, dtype=self.block.V.dtype)
        self.state, losses = go(
            self.problem, self.block, self.state, loss, count, solver=self.solver
        )
        new = np.asarray(losses, dtype=np.float64).reshape(len(self.last), -1).T
        new = new[: -(-count // self.solver.look)]
        self.last = new[-1]
        return new

    def factors(self, run: int) -> Factors:
        W, H = self.solver.W, self.solver.H
        if self.many:
            chosen = jax.tree.map(lambda leaf: leaf[run], self.state)
            return Factors(np.asarray(W(chosen[0])), np.asarray(H(chosen[1]))[:, : self.n_frames])
        return Factors(
            np.asarray(W(self.state[0])), np.asarray(H(self.state[1]))[:, : self.n_frames]
        )

    def spectra(self) -> Floats:
        W = self.state[0]
        return (
            np.asarray(jax.vmap(self.solver.W)(W))
            if self.many
            else np.asarray(self.solver.W(W))[None]
        )


def _iterate(
    problem: Problem,
    block: Block,
    state: tuple[Any, Any],
    loss: Array,
    count: int,
    *,
    solver: Solver,
) -> tuple[tuple[Any, Any], Array]:
    """`count` iterations, at most :data:`CHUNK`, from a state with the loss `loss`.

    Returns the new state and the loss at each look. Where the solver has a `restart`, steps after which the loss
    has risen are refused: their entry repeats the one before.
    """

    def body(i: Array, carried: tuple[Any, Array, Array]) -> tuple[Any, Array, Array]:
        state, loss, losses = carried
        steps = jnp.minimum(solver.look, count - i * solver.look)
        ahead = jax.lax.fori_loop(
            0, steps, lambda _, state: step(solver, problem, block, *state), state
        )
        W = solver.W(ahead[0])
        reached = penalised(problem, block, W, solver.H(ahead[1])) + of_W(problem, W)
        if solver.restart:
            better = reached <= loss
            ahead = jax.tree.map(partial(jnp.where, better), ahead, solver.restart(*state))
            reached = jnp.where(better, reached, loss)
        return ahead, reached, losses.at[i].set(reached)

    start = (state, loss, jnp.zeros(CHUNK // solver.look, block.V.dtype))
    state, _, losses = jax.lax.fori_loop(0, -(-count // solver.look), body, start)
    return state, losses


iterate = program(static=("solver",))(_iterate)


@program(static=("solver",))
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
    """Runs over a recording in blocks; only one block of V is looked at a time, by all runs in turn.

    `W` has the shape (run, frequency, component); `H` is for each run a list of (component, frame of the block).
    """

    def __init__(
        self,
        problem: Problem,
        blocks: Blocks,
        solver: Solver,
        W: Floats,
        H: Sequence[Sequence[Floats]],
        n_frames: int,
    ) -> None:
        self.problem, self.blocks, self.solver, self.n_frames = problem, blocks, solver, n_frames
        self.state = [
            (solver.init_W(jax.device_put(w)), [solver.init_H(jax.device_put(part)) for part in h])
            for w, h in zip(W, H, strict=True)
        ]
        self.last = np.full(len(W), np.inf)

    def advance(self, count: int) -> Floats:
        look = self.solver.look
        return np.array([self._look(min(look, count - i)) for i in range(0, count, look)])

    def _look(self, count: int) -> Floats:
        """What `body` in `_iterate` does, block by block."""
        before = self.state
        for _ in range(count):
            self.state = self._step(self.state)
        reached = self._losses(self.state)
        if self.solver.restart:
            for run in np.flatnonzero(~(reached <= self.last)):
                rested = [self.solver.restart(before[run][0], h) for h in before[run][1]]
                self.state[run] = (rested[0][0], [h for _, h in rested])
                reached[run] = self.last[run]
        self.last = reached
        return reached

    def _step(self, state: list[Any]) -> list[Any]:
        """One iteration; the sums are added in the order of the blocks."""
        moved, sums = [[] for _ in state], [None for _ in state]
        for i in range(len(self.blocks)):
            block = self.blocks[i]
            for run, (W, H) in enumerate(state):
                ahead, part = _block(self.problem, block, W, H[i], solver=self.solver)
                moved[run].append(ahead)
                sums[run] = part if i == 0 else jax.tree.map(jnp.add, sums[run], part)
        return [
            (_combine(self.problem, W, total, solver=self.solver), H)
            for (W, _), total, H in zip(state, sums, moved, strict=True)
        ]

    def _losses(self, state: list[Any]) -> Floats:
        total = np.array([float(of_W(self.problem, self.solver.W(W))) for W, *_ in state])
        for i in range(len(self.blocks)):
            block = self.blocks[i]
            total += [
                float(_loss(self.problem, block, W, H[i], solver=self.solver)) for W, H, *_ in state
            ]
        return total

    def factors(self, run: int) -> Factors:
        H = np.concatenate([np.asarray(self.solver.H(h)) for h in self.state[run][1]], axis=1)
        return Factors(np.asarray(self.solver.W(self.state[run][0])), H[:, : self.n_frames])

    def spectra(self) -> Floats:
        return np.stack([np.asarray(self.solver.W(W)) for W, *_ in self.state])


class Memory(NamedTuple):
    """What is left of the sums of earlier blocks, and of how many frames they are."""

    sums: tuple[Any, Any]
    frames: Any


class MiniBatches(InBlocks):
    """Passes over a recording in which W moves after every block.

    It moves by the sums of this block and, ever less of them, of those before it, taken for all frames. What is left
    of them after a whole pass is the solver's `forget`.
    """

    def __init__(
        self,
        problem: Problem,
        blocks: Blocks,
        solver: Solver,
        W: Floats,
        H: Sequence[Sequence[Floats]],
        n_frames: int,
    ) -> None:
        super().__init__(problem, blocks, solver, W, H, n_frames)
        nothing = np.zeros(W.shape[1:], W.dtype)
        self.state = [
            (*each, Memory((nothing, nothing), np.zeros((), W.dtype))) for each in self.state
        ]
        self.left = (solver.forget or 0.0) ** (1 / len(blocks))

    def _step(self, state: list[Any]) -> list[Any]:
        """One pass."""
        moved = [(W, [], memory) for W, _, memory in state]
        before = 0
        for i in range(len(self.blocks)):
            block = self.blocks[i]
            after = min(before + block.V.shape[1], self.n_frames)
            facts = np.array([self.left, after - before, self.n_frames], block.V.dtype)
            for run, (_, old, _) in enumerate(state):
                W, done, memory = moved[run]
                new, H, left = _batch(
                    self.problem, block, W, old[i], memory, facts, solver=self.solver
                )
                moved[run] = (new, [*done, H], left)
            before = after
        return moved


@program(static=("solver",))
def _batch(
    problem: Problem, block: Block, W: Any, H: Any, memory: Memory, facts: Array, *, solver: Solver
) -> tuple[Any, Any, Memory]:
    """One block: its H, W moved, and what is remembered. `facts`: what is left, frames of the block, frames in all."""
    left, own, total = facts
    H, sums = solver.block(problem, block, W, H)
    sums = jax.tree.map(lambda old, new: left * old + new, memory.sums, sums)
    frames = left * memory.frames + own
    new = solver.combine(problem, W, jax.tree.map(lambda each: each * (total / frames), sums))
    return new, H, Memory(moved_along(problem, sums, solver.W(W), solver.W(new)), frames)


@program(static=("solver",))
def _block(problem: Problem, block: Block, W: Any, H: Any, *, solver: Solver) -> tuple[Any, Any]:
    return solver.block(problem, block, W, H)


@program(static=("solver",))
def _combine(problem: Problem, W: Any, sums: Any, *, solver: Solver) -> Any:
    return solver.combine(problem, W, sums)


@program(static=("solver",))
def _loss(problem: Problem, block: Block, W: Any, H: Any, *, solver: Solver) -> Array:
    return penalised(problem, block, solver.W(W), solver.H(H))
