"""The table of solvers. A solver defines the initial state and one iteration.

An iteration consists of two functions: `block` updates H of a block of frames and returns the sums
over its frames that the update of W needs; `combine` computes the new W from the sums. H of a frame
depends on no other frame, so that one block or many, on one machine or on several, use the same two
functions. The loop handles stopping, the history of the loss and progress
(:mod:`otowake.nmf.loop`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from otowake.nmf.divergence import gradient_scale
from otowake.nmf.objective import Block, Problem
from otowake.nmf.penalties import Penalty, exponent, powers
from otowake.nmf.updates import multiplied, slopes_H, slopes_W, swept, with_penalty


class Solver(NamedTuple):
    """A solver as a value.

    Attributes
    ----------
    init_W, init_H
        Maps a factor to the solver's state of the factor.
    block
        Maps (problem, block, state of W, state of the block's H) to the new state of H and the
        sums for W.
    combine
        Maps (problem, state of W, sums) to the new state of W.
    W, H
        Maps a state to its factor.
    max_iter
        Default maximum number of iterations.
    tol
        Default stop rule: minimum relative decrease of the loss in ten iterations.
    loss_interval
        Iterations between two measurements of the loss. A measurement costs as much as half an
        iteration.
    restart
        For a solver whose steps can raise the loss: maps both states to states whose next
        `loss_interval` steps cannot. The loop rejects steps that raised the loss and continues
        from the restarted states, so that the loss never rises.
    losses
        Supported values of β; None for all.
    forget
        For a solver that updates W after every block: the default weight of the sums of earlier
        blocks after one pass over the recording, from 0 to 1. None for other solvers.
    """

    init_W: Callable[[Array], Any]
    init_H: Callable[[Array], Any]
    block: Callable[[Problem, Block, Any, Any], tuple[Any, Any]]
    combine: Callable[[Problem, Any, Any], Any]
    W: Callable[[Any], Array]
    H: Callable[[Any], Array]
    max_iter: int = 1000
    tol: float = 1e-4
    loss_interval: int = 1
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
"""Multiplicative updates (Lee & Seung, 2001; Févotte & Idier, 2011); the loss never rises."""


class Extrapolation(NamedTuple):
    """A factor, its previous value, and t of Nesterov's momentum.

    t < 1 counts the remaining steps without momentum.
    """

    now: Array
    before: Array
    t: Array | np.ndarray

    def momentum(self) -> Array:
        """Return the momentum, from 0 towards 1."""
        return jnp.maximum(self.t - 1, 0) / jnp.maximum(_following(self.t), 1)

    def ahead(self) -> Array:
        """Extrapolate the entries that have grown."""
        return self.now + self.momentum() * jnp.maximum(self.now - self.before, 0)

    def to(self, new: Array) -> Extrapolation:
        """Advance to a new value."""
        return Extrapolation(new, self.now, _following(self.t))


def _following(t: Array | np.ndarray) -> Array:
    return jnp.where(t < 1, t + 1, (1 + jnp.sqrt(1 + 4 * t**2)) / 2)


def without_momentum(factor: Array, steps: int = 0) -> Extrapolation:
    """Start a factor without momentum, and keep it so for `steps` more steps."""
    return Extrapolation(factor, factor, jnp.full((), 1 - steps, factor.dtype))


def extrapolated_H(problem: Problem, block: Block, W: Array, H: Extrapolation) -> Extrapolation:
    """Run one extrapolated update of H with W fixed."""
    return H.to(_moved_H(problem, block, W, H.ahead()))


def _extrapolated_block(
    problem: Problem, block: Block, W: Extrapolation, H: Extrapolation
) -> tuple[Extrapolation, tuple[Array, Array]]:
    H = H.to(_moved_H(problem, block, W.now, H.ahead(), H.momentum()))
    return H, slopes_W(block.V, W.ahead(), H.now, problem.beta, block.weights)


LOSS_INTERVAL = 10
"""Iterations of a fast solver between two measurements of the loss."""

EXTRAPOLATED = Solver(
    without_momentum,
    without_momentum,
    _extrapolated_block,
    lambda problem, W, sums: W.to(_moved_W(problem, W.ahead(), sums, W.momentum())),
    lambda W: W.now,
    lambda H: H.now,
    loss_interval=LOSS_INTERVAL,
    restart=lambda W, H: (
        without_momentum(W.now, LOSS_INTERVAL),
        without_momentum(H.now, LOSS_INTERVAL),
    ),
)
"""Multiplicative updates from an extrapolated point (Hien, Leplat & Gillis, "Block majorization
minimization with extrapolation and application to β-NMF", 2024), with Nesterov's momentum, a
restart when the loss would rise (O'Donoghue & Candès, "Adaptive restart for accelerated gradient
schemes", 2015), and over-relaxation by the momentum (:func:`otowake.nmf.updates.multiplied`)."""

SWEEPS = 2
"""Sweeps of HALS over the components in each update of a factor."""


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


HALS = Solver(
    _same,
    _same,
    _hals_block,
    _hals_combine,
    _same,
    _same,
    loss_interval=LOSS_INTERVAL,
    losses=(2.0,),
)
"""Hierarchical alternating least squares (Cichocki, Zdunek & Amari, 2007) with two sweeps per
factor (Gillis & Glineur, "Accelerated multiplicative updates and hierarchical ALS algorithms",
2012), for the squared error only; the loss never rises."""


def _extrapolated_hals_block(
    problem: Problem, block: Block, W: Extrapolation, H: Extrapolation
) -> tuple[Extrapolation, tuple[Array, Array]]:
    new, sums = _hals_block(problem, block, W.now, H.ahead())
    return H.to(new), sums


EXTRAPOLATED_HALS = EXTRAPOLATED._replace(
    block=_extrapolated_hals_block,
    combine=lambda problem, W, sums: W.to(_hals_combine(problem, W.ahead(), sums)),
    losses=HALS.losses,
)
"""HALS from an extrapolated point (Ang & Gillis, "Accelerating nonnegative matrix factorization
algorithms using extrapolation", 2019), with the momentum and restarts of :data:`EXTRAPOLATED`."""


BATCH_UPDATES = 5
"""Updates of a block's H before each update of W in mini-batches."""


def _batch_block(
    problem: Problem, block: Block, W: Array, H: Array
) -> tuple[Array, tuple[Array, Array]]:
    H = jax.lax.fori_loop(
        0, BATCH_UPDATES, lambda _, H: extrapolated_H(problem, block, W, H), without_momentum(H)
    ).now
    return H, slopes_W(block.V, W, H, problem.beta, block.weights)


def moved_along(
    problem: Problem, sums: tuple[Array, Array], W: Array, new: Array
) -> tuple[Array, Array]:
    """Transfer sums that were computed at `W` to `new`; both of shape (frequency, component).

    The sums represent a majoriser: the gradient of its positive half scales with the highest
    power, that of its negative half with the lowest (:func:`otowake.nmf.penalties.powers`). An
    update from `new` with the result leads to the same point as one from `W` with `sums`.
    """
    ratio = jnp.where(W > 0, new / jnp.where(W > 0, W, 1), 1)
    highest, lowest = powers(problem.beta, problem.on_W)
    return sums[0] * ratio ** (lowest - 1), jnp.broadcast_to(sums[1], W.shape) * ratio ** (
        highest - 1
    )


MINIBATCH = Solver(
    _same, _same, _batch_block, _moved_W, _same, _same, max_iter=2, tol=0.0, forget=0.7
)
"""Mini-batches: W is updated after every block of frames, from the sums of the block and the
decayed sums of earlier blocks (Lefèvre, Bach & Févotte, "Online algorithms for nonnegative matrix
factorization with the Itakura-Saito divergence", 2011; here for every β). An iteration is one pass
over the recording; the loss can rise."""


class AdamState(NamedTuple):
    """The logarithm of a factor, Adam's two moments, and the number of steps."""

    logarithm: Array
    first: Array
    second: Array
    steps: Any


ADAM_RATE = 0.1
"""Learning rate of Adam, from the lecture manual."""

ADAM_DECAY = (0.9, 0.999)
"""Decay of Adam's first and second moment, the defaults of Keras."""

ADAM_EPSILON = 1e-7
"""Added to the root of the second moment, the default of Keras."""


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
"""The lecture manual's method: Adam on the logarithms of both factors (Kingma & Ba, 2015), in the
form of Keras: ε is added to the root of the second moment, outside the bias correction."""

SOLVER_TABLE: dict[str, Solver] = {
    "accelerated": EXTRAPOLATED,
    "mu": MU,
    "hals": HALS,
    "minibatch": MINIBATCH,
    "adam": ADAM,
}
"""The solvers by name."""


def solver_named(name: str, problem: Problem, weighted: bool) -> Solver:
    """Return a solver by name; `accelerated` uses HALS for the squared error where possible."""
    penalties = (problem.on_W, problem.on_H)
    plain = all(p.smooth is None and p.decorrelation is None and p.group is None for p in penalties)
    if name == "accelerated" and problem.beta == 2 and plain and not weighted:
        return EXTRAPOLATED_HALS
    return SOLVER_TABLE[name]


@cache
def H_only(solver: Solver) -> Solver:
    """Derive a solver for a fixed W, without the sums for W."""

    def block(problem: Problem, block: Block, W: Any, H: Any) -> tuple[Any, Any]:
        return solver.block(problem, block, W, H)[0], ()

    return solver._replace(block=block, combine=lambda problem, W, sums: W, forget=None)


def step(solver: Solver, problem: Problem, block: Block, W: Any, H: Any) -> tuple[Any, Any]:
    """Run one iteration over a single block."""
    H, sums = solver.block(problem, block, W, H)
    return solver.combine(problem, W, sums), H
