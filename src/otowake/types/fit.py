"""Factors, and the result and progress of a fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from otowake.options import FitSpec
from otowake.text import Language, Text
from otowake.types.sound import Floats


@dataclass(frozen=True)
class Stop:
    """Why a fit stopped: `reason` as a keyword, :meth:`sentence` in words."""

    reason: Literal["converged", "max_iter", "cancelled"]
    template: Text
    facts: dict[str, Any] = field(default_factory=dict)

    def sentence(self, language: Language = "en") -> str:
        """Describe the reason in one sentence."""
        return self.template.format(language, **self.facts)

    def __str__(self) -> str:
        return self.sentence()


@dataclass(frozen=True, eq=False)
class Factors:
    """The factors of V ≈ W·H.

    Attributes
    ----------
    W
        Spectra, shape (frequency, component).
    H
        Activations, shape (component, frame).

    Examples
    --------
    >>> factors = Factors(np.ones((3, 2)), np.ones((2, 4)))
    >>> factors.n_components, factors.product().shape
    (2, (3, 4))
    """

    W: Floats
    H: Floats

    @property
    def n_components(self) -> int:
        return self.W.shape[1]

    def product(self) -> Floats:
        """Compute W·H, shape (frequency, frame)."""
        return self.W @ self.H

    def permuted(self, order: NDArray[np.integer[Any]]) -> Factors:
        """Reorder the components."""
        return Factors(self.W[:, order], self.H[order])


class Curve(NamedTuple):
    """Cross-validation over the number of components.

    Attributes
    ----------
    numbers
        Numbers of components, shape (number,).
    losses
        Loss per held-out entry, shape (number, fold).
    """

    numbers: Floats
    losses: Floats

    def best(self) -> int:
        """Return the smallest number within one standard error of the best.

        The standard error is that of the paired difference, because losses differ more between
        folds than between numbers.

        Examples
        --------
        >>> Curve(np.array([2, 4, 8]), np.array([[3.0, 3.2], [1.1, 1.3], [1.2, 1.15]])).best()
        4
        """
        worse = self.losses - self.losses[int(np.argmin(self.losses.mean(axis=1)))]
        error = worse.std(axis=1, ddof=1) / np.sqrt(worse.shape[1])
        return int(self.numbers[int(np.argmax(worse.mean(axis=1) <= error))])


@dataclass(frozen=True, eq=False)
class Fit:
    """The result of a factorisation V ≈ W·H.

    Attributes
    ----------
    W
        Spectra 基底スペクトル, shape (frequency, component).
    H
        Activations アクティベーション, shape (component, frame).
    losses
        Measured losses, shape (measurement,); in nats for `kl`.
    iterations
        Number of updates before each measurement, shape (measurement,). `mu` and `adam` measure
        after every update, the fast solvers after every tenth; a measurement costs as much as half
        an update.
    initial
        The initial factors, components in the same order.
    stop
        Why the fit stopped.
    spec
        Parameters of the fit.
    restarts
        Final loss of each of the `n_init` runs, shape (run,); the best run is this fit.
    agreement
        Cosine similarity between the spectra of each run and of the best run, from 0 to 1
        (:func:`otowake.nmf.similarity.cosine_similarity`); shape (run,).
    curve
        Cross-validation over the number of components, with ``n_components="auto"``.
    screening_losses
        Loss of each screened start after every 10 iterations, scaled to all frames, shape
        (start, measurement); empty without multi-start screening.
    positions
        Position of each component in the order in which the factorisation made them, shape
        (component,); empty if it is this order, or unknown.

    Examples
    --------
    >>> import otowake
    >>> fit = otowake.factorize(np.eye(3) + 1, n_components=2, max_iter=7, tol=0)
    >>> fit.n_iter, fit.stop.reason, str(fit.stop), fit.losses.shape
    (7, 'max_iter', 'ran its 7 iterations', (1,))
    """

    W: Floats
    H: Floats
    losses: Floats
    iterations: NDArray[np.int64]
    initial: Factors
    stop: Stop
    spec: FitSpec
    screening_losses: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    restarts: Floats = field(default_factory=lambda: np.zeros(0))
    curve: Curve | None = None
    agreement: Floats = field(default_factory=lambda: np.zeros(0))
    positions: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def factors(self) -> Factors:
        """W and H."""
        return Factors(self.W, self.H)

    @property
    def n_iter(self) -> int:
        """Number of updates."""
        return int(self.iterations[-1]) if len(self.iterations) else 0

    @property
    def loss(self) -> float:
        """The final loss."""
        return float(self.losses[-1])

    def permuted(self, order: NDArray[np.integer[Any]]) -> Self:
        """Reorder the components; their positions in the factorisation's order are kept.

        Examples
        --------
        >>> import otowake
        >>> fit = otowake.factorize(np.eye(3) + 1, n_components=3, max_iter=5)
        >>> changed = fit.permuted(np.array([2, 0, 1])).permuted(np.array([1, 0, 2]))
        >>> changed.positions.tolist()
        [0, 2, 1]
        >>> bool((changed.in_own_order().W == fit.W).all())
        True
        """
        now = self.factors.permuted(order)
        positions = self.positions if len(self.positions) else np.arange(len(order))
        initial = self.initial.permuted(order)
        return replace(self, W=now.W, H=now.H, initial=initial, positions=positions[order])

    def in_own_order(self) -> Self:
        """Return the fit with the components in the order in which the factorisation made them."""
        return self.permuted(np.argsort(self.positions)) if len(self.positions) else self


@dataclass(frozen=True, eq=False)
class Progress:
    """The progress of a fit, passed to a watcher between chunks of iterations.

    Attributes
    ----------
    iterations
        Number of updates before each measurement of the loss.
    max_iter
        Maximum number of iterations.
    losses
        Measured losses.
    factors
        Returns the current factors.
    state
        Returns the arrays that :func:`otowake.factorize` needs to resume the fit.

    Examples
    --------
    >>> import otowake
    >>> seen = []
    >>> def watch(now):
    ...     seen.append(now.iteration)
    >>> fit = otowake.factorize(np.eye(3) + 1, n_components=1, max_iter=20, tol=0, watch=watch)
    >>> seen
    [0, 10, 20]
    """

    iterations: NDArray[np.int64]
    max_iter: int
    losses: Floats
    factors: Callable[[], Factors]
    state: Callable[[], dict[str, Floats]] = dict

    @property
    def iteration(self) -> int:
        """Number of updates."""
        return int(self.iterations[-1]) if len(self.iterations) else 0


Watcher = Callable[[Progress], bool | None]
"""Called between chunks of iterations; True stops the fit, which keeps its current factors."""
