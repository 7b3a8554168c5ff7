"""The states that the loop advances: one block, many blocks, or mini-batches of blocks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from otowake.nmf.loop import CHUNK
from otowake.nmf.objective import Block, Problem, W_penalty, penalised
from otowake.nmf.solvers import Solver, moved_along, step
from otowake.programs import program
from otowake.types import Factors, Floats


class SingleBlock:
    """Runs over a single block, compiled in chunks; several runs are vectorised.

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
        new = new[: -(-count // self.solver.loss_interval)]
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
    """Run `count` iterations, at most :data:`CHUNK`, from a state with the loss `loss`.

    Returns the new state and the loss at each measurement. If the solver has a `restart`, steps
    that raised the loss are rejected, and the previous loss is repeated.
    """

    def body(i: Array, carried: tuple[Any, Array, Array]) -> tuple[Any, Array, Array]:
        state, loss, losses = carried
        steps = jnp.minimum(solver.loss_interval, count - i * solver.loss_interval)
        ahead = jax.lax.fori_loop(
            0, steps, lambda _, state: step(solver, problem, block, *state), state
        )
        W = solver.W(ahead[0])
        reached = penalised(problem, block, W, solver.H(ahead[1])) + W_penalty(problem, W)
        if solver.restart:
            better = reached <= loss
            ahead = jax.tree.map(partial(jnp.where, better), ahead, solver.restart(*state))
            reached = jnp.where(better, reached, loss)
        return ahead, reached, losses.at[i].set(reached)

    start = (state, loss, jnp.zeros(CHUNK // solver.loss_interval, block.V.dtype))
    state, _, losses = jax.lax.fori_loop(0, -(-count // solver.loss_interval), body, start)
    return state, losses


iterate = program(static=("solver",))(_iterate)


@program(static=("solver",))
def iterate_many(
    problem: Problem, block: Block, state: Any, loss: Array, count: int, *, solver: Solver
) -> tuple[Any, Array]:
    """Run :func:`iterate` for several runs; states and losses have a leading axis."""
    go = partial(_iterate, solver=solver)
    return jax.vmap(go, in_axes=(None, None, 0, 0, None))(problem, block, state, loss, count)


class Blocks(Protocol):
    """A matrix in blocks of frames, in memory or on disk."""

    def __len__(self) -> int: ...
    def __getitem__(self, i: int) -> Block: ...


class InBlocks:
    """Runs over a recording in blocks; one block of V is in memory at a time.

    `W` has the shape (run, frequency, component). `H` is a list for each run, of one array of
    shape (component, frame) for each block.
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
        interval = self.solver.loss_interval
        return np.array(
            [self._measured(min(interval, count - i)) for i in range(0, count, interval)]
        )

    def _measured(self, count: int) -> Floats:
        """Run `count` iterations and measure the losses, as `body` in `_iterate` does."""
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
        """Run one iteration; the sums are added in the order of the blocks."""
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
        total = np.array([float(W_penalty(self.problem, self.solver.W(W))) for W, *_ in state])
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
    """Decayed sums of earlier blocks, and the decayed number of their frames."""

    sums: tuple[Any, Any]
    frames: Any


class MiniBatches(InBlocks):
    """Passes over a recording with an update of W after every block.

    The update uses an exponentially decayed sum over the blocks, scaled to all frames. After
    one pass the weight of a block has decayed to the solver's `forget`.
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
            (*run, Memory((nothing, nothing), np.zeros((), W.dtype))) for run in self.state
        ]
        self.decay = (solver.forget or 0.0) ** (1 / len(blocks))

    def _step(self, state: list[Any]) -> list[Any]:
        """Run one pass."""
        moved = [(W, [], memory) for W, _, memory in state]
        before = 0
        for i in range(len(self.blocks)):
            block = self.blocks[i]
            after = min(before + block.V.shape[1], self.n_frames)
            counts = np.array([self.decay, after - before, self.n_frames], block.V.dtype)
            for run, (_, old, _) in enumerate(state):
                W, done, memory = moved[run]
                new, H, memory = _batch(
                    self.problem, block, W, old[i], memory, counts, solver=self.solver
                )
                moved[run] = (new, [*done, H], memory)
            before = after
        return moved


@program(static=("solver",))
def _batch(
    problem: Problem, block: Block, W: Any, H: Any, memory: Memory, counts: Array, *, solver: Solver
) -> tuple[Any, Any, Memory]:
    """Update H of a block, then W; return them and the decayed sums.

    `counts` holds the decay, the number of frames in the block, and in the whole matrix.
    """
    decay, own, total = counts
    H, sums = solver.block(problem, block, W, H)
    sums = jax.tree.map(lambda old, new: decay * old + new, memory.sums, sums)
    frames = decay * memory.frames + own
    new = solver.combine(problem, W, jax.tree.map(lambda half: half * (total / frames), sums))
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
