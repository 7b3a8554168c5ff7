"""The loop that drives every solver: chunks of iterations, loss history, stop rule, watcher.

The loop advances a :class:`FitState`; see :mod:`otowake.nmf.states` for the implementations.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

import jax
import numpy as np
from numpy.typing import NDArray

from otowake import text
from otowake.errors import NotConverged
from otowake.nmf.solvers import LOSS_INTERVAL, Solver
from otowake.options.fit import MOST_ITERATIONS
from otowake.types import Factors, Floats, Progress, Stop, Watcher

CHUNK = LOSS_INTERVAL
"""Iterations between two checks of the stop rule, and the span over which it compares losses."""

LOSS_RESOLUTION = 1e-9
"""Fraction of the first loss; a smaller decrease counts as convergence."""


class FitState(Protocol):
    """The state of a fit that the loop advances.

    Attributes
    ----------
    state
        Pytree of arrays from which the fit can resume.
    last
        Loss of each run at its last measurement, shape (run,).
    """

    state: Any
    solver: Solver
    last: Floats

    def advance(self, count: int) -> Floats:
        """Run at most :data:`CHUNK` iterations; return losses of shape (measurement, run)."""
        ...

    def factors(self, run: int) -> Factors:
        """Return the factors of one run as NumPy arrays."""
        ...

    def spectra(self) -> Floats:
        """Return W of all runs, shape (run, frequency, component)."""
        ...


class Run(NamedTuple):
    """The history of a loop.

    Attributes
    ----------
    losses
        Shape (measurement, run).
    iterations
        Number of updates before each measurement.
    stop
        Why the loop stopped.
    """

    losses: Floats
    iterations: NDArray[np.int64]
    stop: Stop


def run(
    fit: FitState,
    *,
    max_iter: int,
    tol: float,
    watch: Watcher | None = None,
    done: tuple[Floats, NDArray[np.int64]] | None = None,
) -> Run:
    """Iterate until the relative decrease of the loss in ten iterations falls below `tol`.

    Parameters
    ----------
    fit
        The state to advance.
    max_iter
        Maximum number of iterations.
    tol
        Threshold of the stop rule; 0 disables it. With several runs, all must have converged.
    watch
        Called after each chunk; True stops the loop.
    done
        Losses of shape (measurement, run) and iteration numbers of an interrupted loop.

    Raises
    ------
    NotConverged
        If the loss becomes infinite or NaN.
    """
    history, iterations = ([], []) if done is None else (list(done[0]), list(done[1]))
    while True:
        n = int(iterations[-1]) if iterations else 0
        if stop := _stopped(history, iterations, max_iter, tol):
            return Run(np.array(history), np.array(iterations), stop)
        count = min(CHUNK - n % CHUNK, max_iter - n)
        new = fit.advance(count)
        after = [n + min((i + 1) * fit.solver.loss_interval, count) for i in range(len(new))]
        if not np.isfinite(new).all():
            at = int(np.argmin(np.isfinite(new).all(axis=1)))
            raise NotConverged(text.DIVERGED, loss=new[at].min(), iteration=after[at])
        history.extend(new)
        iterations.extend(after)
        best = int(np.argmin(history[-1]))
        progress = Progress(
            np.array(iterations),
            max_iter,
            np.array([losses[best] for losses in history]),
            partial(fit.factors, best),
            lambda: state_arrays(fit.state, np.array(history), np.array(iterations)),
        )
        if watch is not None and watch(progress):
            return Run(
                np.array(history),
                np.array(iterations),
                Stop("cancelled", text.STOP_CANCELLED, {"n": iterations[-1]}),
            )


def _stopped(
    history: Sequence[Floats], iterations: Sequence[int], max_iter: int, tol: float
) -> Stop | None:
    n = iterations[-1] if iterations else 0
    if tol > 0 and n % CHUNK == 0 and n - CHUNK in iterations:
        before, now = history[iterations.index(n - CHUNK)], history[-1]
        if (before - now < tol * np.abs(before) + LOSS_RESOLUTION * np.abs(history[0])).all():
            return Stop("converged", text.STOP_CONVERGED, {"tol": tol, "window": CHUNK})
    return Stop("max_iter", text.STOP_MAX_ITER, {"n": max_iter}) if n >= max_iter else None


def state_arrays(state: Any, losses: Floats, iterations: NDArray[np.int64]) -> dict[str, Floats]:
    """Collect the arrays from which :func:`restored_state` resumes a fit."""
    leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(state)]
    return {
        "losses": losses,
        "iterations": iterations.astype(np.float64),
        **{f"state{i}": leaf for i, leaf in enumerate(leaves)},
    }


def restored_state(
    state: Any, arrays: dict[str, Floats]
) -> tuple[Any, tuple[Floats, NDArray[np.int64]]]:
    """Return a state with the structure of `state` and the values of `arrays`, and the history.

    Raises
    ------
    ValueError
        If the arrays belong to another factorisation, or are damaged.
    """
    leaves, structure = jax.tree.flatten(state)
    values = [arrays.get(f"state{i}", np.zeros(0)) for i in range(len(leaves))]
    for old, new in zip(leaves, values, strict=True):
        if np.shape(old) != new.shape or np.dtype(old.dtype) != new.dtype:
            raise ValueError("the checkpoint belongs to another factorisation")
    losses = arrays.get("losses", np.zeros(0))
    iterations = arrays.get("iterations", arrays.get("looks", np.zeros(0)))  # the former name
    are_floats = losses.dtype.kind == iterations.dtype.kind == "f"
    matching = losses.ndim == 2 and iterations.shape == losses.shape[:1]
    if not are_floats or not matching or not losses.size:
        raise ValueError("the checkpoint has no losses")
    if (
        any(np.isnan(leaf).any() for leaf in values)
        or not np.isfinite([*iterations, *losses.flat]).all()
    ):
        raise ValueError("the checkpoint has values that are not finite")
    whole = (iterations == np.rint(iterations)).all() and (np.diff(iterations) > 0).all()
    if not whole or iterations[0] < 1 or iterations[-1] > MOST_ITERATIONS:
        raise ValueError("the checkpoint has no numbers of iterations")
    return jax.tree.unflatten(structure, values), (losses, iterations.astype(np.int64))
