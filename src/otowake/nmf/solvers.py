"""The table of solvers. A solver knows how to begin and how to do one iteration, and nothing else.

An iteration is two functions: `block` brings a block of frames up to date and gives the sums over its frames that W
needs; `combine` makes the new W from the sums. A frame's H needs that frame alone, so one block or many, on one
machine or on several, are the same two functions. Stopping, the history of the loss, progress and the choice of a
start are the loop's (:mod:`otowake.nmf.loop`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from otowake.nmf.divergence import divergence, gradient_scale
from otowake.nmf.penalties import NONE, Penalty, exponent, penalty_loss, powers
from otowake.nmf.updates import multiplied, slopes_H, slopes_W, swept, with_penalty


class Block(NamedTuple):
    """A block of frames: V of shape (frequency, frame), and the weight of each entry (None: all 1)."""

    V: Any
    weights: Any = None


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["held_W", "held_H", "on_W", "on_H"],
    meta_fields=["beta"],
)
@dataclass(frozen=True)
class Problem:
    """What is the same for all blocks.

    `beta` names the divergence; `on_W` and `on_H` are the penalties; `held_W` and `held_H`, of shape (component,),
    say which components' spectra and activations are given and kept.
    """

    beta: float
    held_W: Any
    held_H: Any
    on_W: Penalty = NONE
    on_H: Penalty = NONE

    @classmethod
    def plain(cls, beta: float, n_components: int) -> Problem:
        """Nothing held, no penalties."""
        free = np.zeros(n_components, dtype=bool)
        return cls(beta, free, free)


class Solver(NamedTuple):
    """A solver as a value.

    Attributes
    ----------
    init_W, init_H
        A factor to the solver's state of it.
    block
        (problem, block, state of W, state of the block's H) to the new state of H and the sums for W.
    combine
        (problem, state of W, sums) to the new state of W.
    W, H
        A state's factor.
    max_iter
        Iterations it does where nobody says how many.
    tol
        Its stop rule where nobody gives one: the part of itself that the loss must fall by in ten iterations.
    look
        Iterations from one measurement of the loss to the next. A measurement costs as much as half an iteration.
    restart
        For a solver whose steps may raise the loss: both states with `look` steps ahead of them that can't. The
        loop refuses steps after which the loss has risen and goes on from there, so that it never rises.
    losses
        The β that it works for; None for all.
    forget
        For a solver that moves W after every block: how much of the sums of earlier blocks is left after a whole pass
        over the recording, from 0 to 1, where nobody says how much. None for solvers that move W once an iteration.
    """

    init_W: Callable[[Array], Any]
    init_H: Callable[[Array], Any]
    block: Callable[[Problem, Block, Any, Any], tuple[Any, Any]]
    combine: Callable[[Problem, Any, Any], Any]
    W: Callable[[Any], Array]
    H: Callable[[Any], Array]
    max_iter: int = 1000
    tol: float = 1e-4
    look: int = 1
    restart: Callable[[Any, Any], tuple[Any, Any]] | None = None
    losses: tuple[float, ...] | None = None
    forget: float | None = None


def _same(factor: Array) -> Array:
    return factor


def _moved_H(
    problem: Problem, block: Block, W: Array, H: Array, over: Array | float = 0.0
) -> Array:
    slopes = slopes_H(block.V, W, H, problem.beta, block.weights)
    negative, positive = with_penalty(*slopes, problem.on_H, H, gradient_scale(problem.beta))
    power = exponent(problem.beta, problem.on_H)
    return multiplied(H, negative, positive, power, problem.held_H[:, None], over)


def _moved_W(
    problem: Problem, W: Array, sums: tuple[Array, Array], over: Array | float = 0.0
) -> Array:
    negative, positive = sums[0].T, jnp.broadcast_to(sums[1], W.shape).T
    halves = with_penalty(negative, positive, problem.on_W, W.T, gradient_scale(problem.beta))
    power = exponent(problem.beta, problem.on_W)
    return multiplied(W.T, *halves, power, problem.held_W[:, None], over).T


def _mu_block(
    problem: Problem, block: Block, W: Array, H: Array
) -> tuple[Array, tuple[Array, Array]]:
    H = _moved_H(problem, block, W, H)
    return H, slopes_W(block.V, W, H, problem.beta, block.weights)


MU = Solver(_same, _same, _mu_block, _moved_W, _same, _same)
"""Multiplicative updates (Lee & Seung, 2001; Févotte & Idier, 2011): the penalised loss never rises."""


class Moving(NamedTuple):
    """A factor, what it was before, and the t of the momentum; below 1, steps without any until it begins."""

    now: Array
    before: Array
    t: Array | np.ndarray

    def momentum(self) -> Array:
        """From 0 at rest towards 1."""
        return jnp.maximum(self.t - 1, 0) / jnp.maximum(_following(self.t), 1)

    def ahead(self) -> Array:
        """The point ahead, in the direction of what has grown."""
        return self.now + self.momentum() * jnp.maximum(self.now - self.before, 0)

    def to(self, new: Array) -> Moving:
        return Moving(new, self.now, _following(self.t))


def _following(t: Array | np.ndarray) -> Array:
    return jnp.where(t < 1, t + 1, (1 + jnp.sqrt(1 + 4 * t**2)) / 2)


def at_rest(factor: Array, steps: int = 0) -> Moving:
    """A factor without momentum, nor will it gain any in so many steps."""
    return Moving(factor, factor, jnp.full((), 1 - steps, factor.dtype))


def extrapolated_H(problem: Problem, block: Block, W: Array, H: Moving) -> Moving:
    """One extrapolated update of H with W as it is."""
    return H.to(_moved_H(problem, block, W, H.ahead()))


def _extrapolated_block(
    problem: Problem, block: Block, W: Moving, H: Moving
) -> tuple[Moving, tuple[Array, Array]]:
    H = H.to(_moved_H(problem, block, W.now, H.ahead(), H.momentum()))
    return H, slopes_W(block.V, W.ahead(), H.now, problem.beta, block.weights)


LOOK = 10
"""Iterations of a fast solver between two measurements of its loss."""

EXTRAPOLATED = Solver(
    at_rest,
    at_rest,
    _extrapolated_block,
    lambda problem, W, sums: W.to(_moved_W(problem, W.ahead(), sums, W.momentum())),
    lambda W: W.now,
    lambda H: H.now,
    look=LOOK,
    restart=lambda W, H: (at_rest(W.now, LOOK), at_rest(H.now, LOOK)),
)
"""Multiplicative updates from an extrapolated point (Hien, Leplat & Gillis, "Block majorization minimization
with extrapolation and application to β-NMF", 2024), with Nesterov's momentum, dropped when the loss would rise
(O'Donoghue & Candès, "Adaptive restart for accelerated gradient schemes", 2015), and over-relaxed as far as the
momentum goes (:func:`otowake.nmf.updates.multiplied`)."""

SWEEPS = 2
"""Sweeps over the components in each update of a factor by HALS."""


def _sweeps(X: Array, A: Array, G: Array, penalty: Penalty, held: Array) -> Array:
    l1, l2 = (0.0 if weight is None else weight / 2 for weight in (penalty.l1, penalty.l2))
    return jax.lax.fori_loop(0, SWEEPS, lambda _, X: swept(X, A, G, l1, l2, held), X)


def _hals_block(
    problem: Problem, block: Block, W: Array, H: Array
) -> tuple[Array, tuple[Array, Array]]:
    H = _sweeps(H, W.T @ block.V, W.T @ W, problem.on_H, problem.held_H)
    return H, (block.V @ H.T, H @ H.T)


def _hals_combine(problem: Problem, W: Array, sums: tuple[Array, Array]) -> Array:
    return _sweeps(W.T, sums[0].T, sums[1], problem.on_W, problem.held_W).T


HALS = Solver(_same, _same, _hals_block, _hals_combine, _same, _same, look=LOOK, losses=(2.0,))
"""Hierarchical alternating least squares (Cichocki, Zdunek & Amari, 2007), two sweeps a factor (Gillis & Glineur,
"Accelerated multiplicative updates and hierarchical ALS algorithms", 2012): for the squared error alone; the loss
never rises."""


def _extrapolated_hals_block(
    problem: Problem, block: Block, W: Moving, H: Moving
) -> tuple[Moving, tuple[Array, Array]]:
    new, sums = _hals_block(problem, block, W.now, H.ahead())
    return H.to(new), sums


EXTRAPOLATED_HALS = EXTRAPOLATED._replace(
    block=_extrapolated_hals_block,
    combine=lambda problem, W, sums: W.to(_hals_combine(problem, W.ahead(), sums)),
    losses=HALS.losses,
)
"""HALS from an extrapolated point (Ang & Gillis, "Accelerating nonnegative matrix factorization algorithms using
extrapolation", 2019), with the momentum and the refused steps of :data:`EXTRAPOLATED`."""


BATCH_UPDATES = 5
"""Updates of a block's H before W moves, for the solver of mini-batches."""


def _batch_block(
    problem: Problem, block: Block, W: Array, H: Array
) -> tuple[Array, tuple[Array, Array]]:
    H = jax.lax.fori_loop(
        0, BATCH_UPDATES, lambda _, H: extrapolated_H(problem, block, W, H), at_rest(H)
    ).now
    return H, slopes_W(block.V, W, H, problem.beta, block.weights)


def moved_along(
    problem: Problem, sums: tuple[Array, Array], W: Array, new: Array
) -> tuple[Array, Array]:
    """Sums for W that were found at `W`, as they count at `new`; both of shape (frequency, component).

    The sums stand for a majoriser: the gradient of its positive half goes with the highest power that there is, that
    of its negative half with the lowest (:func:`otowake.nmf.penalties.powers`). From `new` they lead to where they
    led from `W`.
    """
    ratio = jnp.where(W > 0, new / jnp.where(W > 0, W, 1), 1)
    highest, lowest = powers(problem.beta, problem.on_W)
    return sums[0] * ratio ** (lowest - 1), jnp.broadcast_to(sums[1], W.shape) * ratio ** (
        highest - 1
    )


MINIBATCH = Solver(
    _same, _same, _batch_block, _moved_W, _same, _same, max_iter=2, tol=0.0, forget=0.7
)
"""Mini-batches: a pass over the recording in which W moves after every block of frames, by the block's sums and what is
left of the earlier ones (Lefèvre, Bach & Févotte, "Online algorithms for nonnegative matrix factorization with the
Itakura-Saito divergence", 2011; here for every β). An iteration is a pass; nothing is promised of the loss."""


class AdamState(NamedTuple):
    """The logarithm of a factor, with Adam's two moments and the steps done."""

    logarithm: Array
    first: Array
    second: Array
    steps: Any


ADAM_RATE = 0.1
ADAM_DECAY = (0.9, 0.999)
ADAM_EPSILON = 1e-7


def _adam_init(factor: Array) -> AdamState:
    nothing = jnp.zeros_like(factor)
    return AdamState(jnp.log(factor), nothing, nothing, np.zeros((), factor.dtype))


def _adam_block(
    problem: Problem, block: Block, W: AdamState, H: AdamState
) -> tuple[AdamState, tuple[Array, Array]]:
    now_W, now_H = jnp.exp(W.logarithm), jnp.exp(H.logarithm)
    scale = gradient_scale(problem.beta)
    negative, positive = with_penalty(
        *slopes_H(block.V, now_W, now_H, problem.beta, block.weights), problem.on_H, now_H, scale
    )
    gradient = jnp.where(problem.held_H[:, None], 0, scale * now_H * (positive - negative))
    return _adam_move(H, gradient), slopes_W(block.V, now_W, now_H, problem.beta, block.weights)


def _adam_combine(problem: Problem, W: AdamState, sums: tuple[Array, Array]) -> AdamState:
    now = jnp.exp(W.logarithm)
    scale = gradient_scale(problem.beta)
    halves = sums[0].T, jnp.broadcast_to(sums[1], now.shape).T
    negative, positive = with_penalty(*halves, problem.on_W, now.T, scale)
    return _adam_move(W, jnp.where(problem.held_W, 0, scale * now * (positive - negative).T))


def _adam_move(state: AdamState, gradient: Array) -> AdamState:
    fast, slow = ADAM_DECAY
    steps = state.steps + 1
    first = fast * state.first + (1 - fast) * gradient
    second = slow * state.second + (1 - slow) * gradient**2
    rate = ADAM_RATE * jnp.sqrt(1 - jnp.power(slow, steps)) / (1 - jnp.power(fast, steps))
    return AdamState(
        state.logarithm - rate * first / (jnp.sqrt(second) + ADAM_EPSILON), first, second, steps
    )


def _exponential(state: AdamState) -> Array:
    return jnp.exp(state.logarithm)


ADAM = Solver(
    _adam_init,
    _adam_init,
    _adam_block,
    _adam_combine,
    _exponential,
    _exponential,
    max_iter=10_000,
    tol=0.0,
)
"""The manual's: Adam on the logarithms of both factors, at 0.1 (Kingma & Ba, 2015, in the form that Keras
uses: ε = 1e-7 is added to the root of the second moment, outside the bias correction)."""

TABLE: dict[str, Solver] = {
    "accelerated": EXTRAPOLATED,
    "mu": MU,
    "hals": HALS,
    "minibatch": MINIBATCH,
    "adam": ADAM,
}
"""The solvers by name."""


def chosen(name: str, problem: Problem, weighted: bool) -> Solver:
    """The solver of that name; `accelerated` is by HALS where that works: for the plain squared error."""
    penalties = (problem.on_W, problem.on_H)
    plain = all(p.smooth is None and p.apart is None and p.group is None for p in penalties)
    if name == "accelerated" and problem.beta == 2 and plain and not weighted:
        return EXTRAPOLATED_HALS
    return TABLE[name]


@cache
def H_alone(solver: Solver) -> Solver:
    """The solver for a W that is kept whole: it spares the sums that W would need."""

    def block(problem: Problem, block: Block, W: Any, H: Any) -> tuple[Any, Any]:
        return solver.block(problem, block, W, H)[0], ()

    return solver._replace(block=block, combine=lambda problem, W, sums: W, forget=None)


def step(solver: Solver, problem: Problem, block: Block, W: Any, H: Any) -> tuple[Any, Any]:
    """One iteration over a problem of one block."""
    H, sums = solver.block(problem, block, W, H)
    return solver.combine(problem, W, sums), H


def penalised(problem: Problem, block: Block, W: Array, H: Array) -> Array:
    """The loss of a block, with the penalty on its H; that on W is :func:`of_W`."""
    data = divergence(block.V, W @ H, problem.beta, block.weights)
    return data + penalty_loss(problem.on_H, H)


def of_W(problem: Problem, W: Array) -> Array | float:
    """The penalty on W."""
    return penalty_loss(problem.on_W, W.T)
