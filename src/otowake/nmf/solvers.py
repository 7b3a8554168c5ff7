"""The table of solvers. A solver knows how to begin and how to do one iteration, and nothing else.

Stopping, the history of the loss, progress and search are the loop's (:mod:`otowake.nmf.loop`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array

from otowake.nmf.divergence import gradient_scale, halves
from otowake.nmf.updates import update_H, update_W


class Problem(NamedTuple):
    """What is factorised: V of shape (frequency, frame), and β."""

    V: Array
    beta: float


class Solver(NamedTuple):
    """A solver as a value.

    Attributes
    ----------
    init
        Factors (W, H) to the solver's state.
    step
        One update of both factors: (problem, state) to state.
    factors
        The state's factors (W, H).
    max_iter
        Iterations it does where nobody says how many.
    tol
        Its stop rule where nobody gives one: the part of itself that the loss must fall by in ten iterations.
    restart
        For a solver whose step may raise the loss: its state without the momentum that did. The loop refuses
        such a step and goes on from there, so that the loss never rises.
    """

    init: Callable[[Array, Array], Any]
    step: Callable[[Problem, Any], Any]
    factors: Callable[[Any], tuple[Array, Array]]
    max_iter: int = 1000
    tol: float = 1e-4
    restart: Callable[[Any], Any] | None = None


def _mu_step(problem: Problem, state: tuple[Array, Array]) -> tuple[Array, Array]:
    W, H = state
    H = update_H(problem.V, W, H, problem.beta)
    return update_W(problem.V, W, H, problem.beta), H


MU = Solver(lambda W, H: (W, H), _mu_step, lambda state: state)
"""Multiplicative updates (Lee & Seung, 2001; Févotte & Idier, 2011): the loss never rises."""


class Extrapolated(NamedTuple):
    """Present and previous factors, and the momentum's t."""

    W: Array
    H: Array
    W_before: Array
    H_before: Array
    t: Array | np.ndarray


def momentum(now: Array, before: Array, t: Array | np.ndarray) -> tuple[Array, Array]:
    """The point ahead of `now` in the direction of what has grown, and Nesterov's next t."""
    following = (1 + jnp.sqrt(1 + 4 * t**2)) / 2
    return now + (t - 1) / following * jnp.maximum(now - before, 0), following


def _extrapolated_init(W: Array, H: Array) -> Extrapolated:
    return Extrapolated(W, H, W, H, np.ones((), W.dtype))


def _extrapolated_step(problem: Problem, s: Extrapolated) -> Extrapolated:
    ahead_H, t = momentum(s.H, s.H_before, s.t)
    ahead_W, _ = momentum(s.W, s.W_before, s.t)
    H = update_H(problem.V, s.W, ahead_H, problem.beta)
    return Extrapolated(update_W(problem.V, ahead_W, H, problem.beta), H, s.W, s.H, t)


ACCELERATED = Solver(
    _extrapolated_init,
    _extrapolated_step,
    lambda s: (s.W, s.H),
    restart=lambda s: _extrapolated_init(s.W, s.H),
)
"""Multiplicative updates from an extrapolated point (Hien, Leplat & Gillis, "Block majorization minimization
with extrapolation and application to β-NMF", 2024), with Nesterov's momentum, dropped when the loss would rise
(O'Donoghue & Candès, "Adaptive restart for accelerated gradient schemes", 2015). It begins with an audition,
whose size, like the stop rule, goes by the effort (:mod:`otowake.nmf.audition`)."""


class AdamState(NamedTuple):
    """Logarithms of the factors, with Adam's moments of each."""

    log_W: Array
    log_H: Array
    moments_W: tuple[Array, Array]
    moments_H: tuple[Array, Array]
    steps: Any


ADAM_RATE = 0.1
ADAM_DECAY = (0.9, 0.999)
ADAM_EPSILON = 1e-7


def _adam_init(W: Array, H: Array) -> AdamState:
    log_W, log_H = jnp.log(W), jnp.log(H)
    none_W, none_H = jnp.zeros_like(W), jnp.zeros_like(H)
    return AdamState(log_W, log_H, (none_W, none_W), (none_H, none_H), np.zeros((), W.dtype))


def _adam_step(problem: Problem, s: AdamState) -> AdamState:
    W, H = jnp.exp(s.log_W), jnp.exp(s.log_H)
    negative, positive = halves(problem.V, W @ H, problem.beta)
    scale = gradient_scale(problem.beta)
    if positive is None:
        slope_W, slope_H = H.sum(axis=1) - negative @ H.T, W.sum(axis=0)[:, None] - W.T @ negative
    else:
        slope = positive - negative
        slope_W, slope_H = slope @ H.T, W.T @ slope
    steps = s.steps + 1
    log_W, moments_W = _adam_move(s.log_W, scale * W * slope_W, s.moments_W, steps)
    log_H, moments_H = _adam_move(s.log_H, scale * H * slope_H, s.moments_H, steps)
    return AdamState(log_W, log_H, moments_W, moments_H, steps)


def _adam_move(
    value: Array, gradient: Array, moments: tuple[Array, Array], steps: Array
) -> tuple[Array, tuple[Array, Array]]:
    fast, slow = ADAM_DECAY
    first = fast * moments[0] + (1 - fast) * gradient
    second = slow * moments[1] + (1 - slow) * gradient**2
    rate = ADAM_RATE * jnp.sqrt(1 - jnp.power(slow, steps)) / (1 - jnp.power(fast, steps))
    return value - rate * first / (jnp.sqrt(second) + ADAM_EPSILON), (first, second)


ADAM = Solver(
    _adam_init,
    _adam_step,
    lambda s: (jnp.exp(s.log_W), jnp.exp(s.log_H)),
    max_iter=10_000,
    tol=0.0,
)
"""The manual's: Adam on the logarithms of both factors, at 0.1 (Kingma & Ba, 2015, in the form that Keras
uses: ε = 1e-7 is added to the root of the second moment, outside the bias correction)."""


TABLE: dict[str, Solver] = {"accelerated": ACCELERATED, "mu": MU, "adam": ADAM}
"""The solvers by name."""
