"""Factors and how they were found."""

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
    """Why a fit ended: `reason` for programs, :meth:`sentence` for people."""

    reason: Literal["converged", "max_iter", "cancelled"]
    template: Text
    facts: dict[str, Any] = field(default_factory=dict)

    def sentence(self, language: Language = "en") -> str:
        return self.template.format(language, **self.facts)

    def __str__(self) -> str:
        return self.sentence()


@dataclass(frozen=True, eq=False)
class Factors:
    """Components and their activations: `W` of shape (frequency, component), `H` of (component, frame).

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
        """W·H, shape (frequency, frame)."""
        return self.W @ self.H

    def permuted(self, order: NDArray[np.integer[Any]]) -> Factors:
        """The same with the components in another order."""
        return Factors(self.W[:, order], self.H[order])


class Curve(NamedTuple):
    """How well each number of components foretells entries of V that were held out.

    `numbers` of shape (number,), `losses` of shape (number, fold), per entry.
    """

    numbers: Floats
    losses: Floats

    def best(self) -> int:
        """The smallest number that is worse than the best by no more than one standard error of the difference.

        The folds differ more than the numbers do, so the difference is taken in each fold.

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
        Components' spectra 基底スペクトル, shape (frequency, component).
    H
        Activations アクティベーション, shape (component, frame).
    losses
        Shape (look,): the loss in nats (`kl`) or its own units, each time that it was measured.
    iterations
        Shape (look,): after how many updates of both factors that was. `mu` and `adam` measure after every
        update, the fast solvers after every tenth: a measurement costs as much as half an update.
    initial
        The factors before learning, in the same order of components.
    stop
        Why it ended.
    spec
        The options that made it.
    restarts
        Shape (run,): the final loss of each of the `n_init` runs, of which this is the best.
    agreement
        Shape (run,): how alike the spectra of each run are to those of the best, from 0 to 1
        (:func:`otowake.nmf.similarity.cosine_similarity`); 1 for the best itself.
    curve
        With ``n_components="auto"``: how well each number foretold held-out entries.
    screening_losses
        Shape (start, look): the loss of each start that was tried on few frames, after every 10 iterations,
        scaled to all frames; empty if none was tried.

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

    @property
    def factors(self) -> Factors:
        return Factors(self.W, self.H)

    @property
    def n_iter(self) -> int:
        """Updates done."""
        return int(self.iterations[-1]) if len(self.iterations) else 0

    @property
    def loss(self) -> float:
        """The final loss."""
        return float(self.losses[-1])

    def permuted(self, order: NDArray[np.integer[Any]]) -> Self:
        """The same fit with its components in another order."""
        now = self.factors.permuted(order)
        return replace(self, W=now.W, H=now.H, initial=self.initial.permuted(order))


@dataclass(frozen=True, eq=False)
class Progress:
    """How far a fit has come: what a watcher is called with between chunks of iterations.

    `losses` are those measured so far, `iterations` after how many updates each; `factors` fetches the present
    factors when called, `state` all the arrays that it takes to go on from here later.

    Examples
    --------
    >>> import otowake
    >>> seen = []
    >>> fit = otowake.factorize(np.eye(3) + 1, n_components=1, max_iter=20, tol=0, watch=lambda now: seen.append(now.iteration))
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
        """Updates done."""
        return int(self.iterations[-1]) if len(self.iterations) else 0


Watcher = Callable[[Progress], bool | None]
"""Called between chunks; returning True asks the fit to stop and keep what it has."""
