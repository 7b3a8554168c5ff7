"""The door of this room: checks what is given, pads it to few compiled shapes, runs the loop."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from numpy.typing import ArrayLike

from otowake import text
from otowake.errors import BadInput
from otowake.nmf import loop, starts
from otowake.nmf.audition import EFFORTS, audition, lifted
from otowake.nmf.solvers import TABLE, Problem
from otowake.options import FitSpec
from otowake.types import Fit, Floats, Progress, Watcher

FRAME_STEP = 128
"""Frames are padded to a multiple of this, so that recordings of many lengths share few compiled programs."""

AUDITIONED = "accelerated"
"""The solver that begins with an audition."""


def factorize(
    V: ArrayLike, spec: FitSpec | None = None, *, watch: Watcher | None = None, **options: Any
) -> Fit:
    """Factorise a non-negative matrix, V ≈ W·H.

    Parameters
    ----------
    V
        Shape (frequency, frame), non-negative and finite. It is not changed.
    spec
        The options; single ones can be given by name instead: ``n_components``, ``loss``, ``solver``,
        ``effort``, ``max_iter``, ``tol``, ``seed`` (see :class:`otowake.options.FitSpec`).
    watch
        Called before learning and after each chunk of iterations, with an :class:`otowake.types.Progress`; if
        it returns True after a chunk, the fit stops and keeps what it has.

    Returns
    -------
    Fit
        With ``W`` of shape (frequency, component), ``H`` of shape (component, frame), and the loss after each
        update.

    Raises
    ------
    BadInput
        If V or an option is not what it must be.
    NotConverged
        If the loss is no longer a finite number.

    References
    ----------
    Lee & Seung, "Algorithms for non-negative matrix factorization" (2001); Hien, Leplat & Gillis, "Block
    majorization minimization with extrapolation and application to β-NMF" (2024).

    Examples
    --------
    >>> W, H = np.array([[1.0, 0], [0, 1], [1, 1]]), np.array([[1.0, 2, 0, 1], [0, 1, 3, 1]])
    >>> fit = factorize(W @ H, n_components=2, max_iter=500, tol=0)
    >>> fit.W.shape, fit.H.shape, fit.n_iter
    ((3, 2), (2, 4), 500)
    >>> bool(np.allclose(fit.W @ fit.H, W @ H, atol=0.01))
    True
    """
    spec = (spec or FitSpec()).with_options(**options)
    values = checked_matrix(V, "V")
    if spec.n_components > min(values.shape):
        raise BadInput(text.TOO_MANY_COMPONENTS, most=min(values.shape), value=spec.n_components)
    if spec.solver != AUDITIONED and spec.effort != "normal":
        raise BadInput(text.EFFORT_SOLVER, effort=spec.effort, instead=AUDITIONED, solver=spec.solver)
    solver = TABLE[spec.solver]
    n_bins, n_frames = values.shape
    rng = np.random.default_rng(spec.seed)
    spare = ((0, 0), (0, -n_frames % FRAME_STEP))
    padded = jax.device_put(np.pad(values, spare))
    if spec.solver == AUDITIONED:
        effort = EFFORTS[spec.effort]
        initial, W, auditions = audition(values, spec.beta, solver, spec.n_components, effort, rng)
        H = lifted(padded, W, spec.beta)
        max_iter, tol = effort.max_iter, effort.tol
    else:
        initial, auditions = starts.log_normal(n_bins, n_frames, spec.n_components, rng), np.zeros((0, 0))
        W, H = initial.W, np.pad(initial.H, spare)
        max_iter, tol = solver.max_iter, solver.tol
    most = spec.max_iter or max_iter
    if watch is not None:
        watch(Progress(0, most, np.zeros(0), lambda: initial))
    done = loop.run(
        Problem(padded, spec.beta),
        solver,
        solver.init(jax.device_put(W), jax.device_put(H)),
        max_iter=most,
        tol=tol if spec.tol is None else spec.tol,
        watch=watch,
        n_frames=n_frames,
    )
    W, H = solver.factors(done.state)
    return Fit(
        np.asarray(W), np.asarray(H)[:, :n_frames], np.array(done.losses), initial, done.stop, spec, auditions
    )


def checked_matrix(V: ArrayLike, name: str) -> Floats:
    """`V` as a float32 matrix, or :class:`BadInput`: it must be real, finite, non-negative and not all 0."""
    values = np.asarray(V)
    if values.dtype.kind not in "fiu":
        raise BadInput(text.NOT_NUMBERS, name=name, got=values.dtype)
    if values.ndim != 2 or 0 in values.shape:
        raise BadInput(text.BAD_SHAPE, name=name, need="(frequency, frame)", got=values.shape)
    values = np.asarray(values, dtype=np.float32)
    bad = values.size - np.count_nonzero(np.isfinite(values))
    if bad:
        raise BadInput(text.NOT_FINITE, name=name, count=bad, total=values.size)
    if values.min() < 0:
        raise BadInput(text.NEGATIVE, name=name, value=f"{values.min():g}")
    if values.max() == 0:
        raise BadInput(text.ALL_ZERO, name=name)
    return values
