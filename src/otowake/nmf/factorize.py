"""Factorise a matrix: check the input, convert units, run the fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from otowake import text
from otowake.errors import BadInput
from otowake.nmf.checks import checked_factor, checked_keep
from otowake.nmf.fitting import fitted
from otowake.nmf.inputs import checked_input
from otowake.nmf.problem import problem_of
from otowake.nmf.scale import Scale
from otowake.nmf.selection import held_out_losses
from otowake.options import FitSpec
from otowake.types import Fit, Floats, Matrix, Progress, Spectrogram, Watcher

Keep = bool | Sequence[int]


def factorize(
    V: ArrayLike | Matrix | Spectrogram,
    n_components: int | str | None = None,
    *,
    spec: FitSpec | None = None,
    W: ArrayLike | None = None,
    H: ArrayLike | None = None,
    keep_W: Keep = False,
    keep_H: Keep = False,
    weights: ArrayLike | Literal["observed"] | None = None,
    groups: Sequence[int] | None = None,
    watch: Watcher | None = None,
    resume: dict[str, Floats] | None = None,
    **options: Any,
) -> Fit:
    """Factorise a non-negative matrix, V ≈ W·H.

    Parameters
    ----------
    V
        Shape (frequency, frame), non-negative and finite. V·c gives the same W and c·H, at any
        scale whose powers fit into the floats: the mean must lie between 1e-30 and 1e30 in
        float32, 1e-300 and 1e300 in float64 (1e-150 and 1e150 for β = 2). V is not modified.
        Long recordings are processed in blocks of frames. Instead of an array, V can be the
        result of :func:`otowake.spectrogram`, or any object with ``shape`` and
        ``frames(start, stop)``.
    n_components
        Number of components, or ``"auto"``; by default the number in W or H if one is given,
        otherwise 20.
    spec, **options
        The other options, together or one by one: ``loss="kl"``, ``solver="accelerated"``,
        ``effort="normal"``, ``max_iter``, ``tol``, ``seed`` and the other fields of
        :class:`otowake.options.FitSpec`.
    W, H
        Initial factors, shapes (frequency, component) and (component, frame). Zeros stay zero:
        a harmonic comb in W or a piano roll in H acts as a gate. If only W is given, H is
        estimated from it.
    keep_W, keep_H
        Whether to hold the given W or H fixed: True, or the indices of the fixed components.
    weights
        Shape (frequency, frame), non-negative: weight of each entry in the loss. ``"observed"``
        means 1, but 0 where V is NaN.
    groups
        Group of each component, for the penalty `group_H`.
    watch
        Called before the first iteration and after each chunk of iterations with an
        :class:`otowake.types.Progress`. If it returns True after a chunk, the fit stops and
        returns the current factors.
    resume
        The result of ``Progress.state()`` from an earlier fit with the same V and options. The
        fit continues from there and ends with the result of an uninterrupted fit.

    Returns
    -------
    Fit
        ``W`` of shape (frequency, component), ``H`` of shape (component, frame), and the
        history of the penalised loss.

    Raises
    ------
    BadInput
        If V or an option is invalid.
    NotConverged
        If the loss becomes infinite or NaN.

    References
    ----------
    Lee & Seung, "Algorithms for non-negative matrix factorization" (2001); Févotte & Idier,
    "Algorithms for nonnegative matrix factorization with the β-divergence" (2011); Hien,
    Leplat & Gillis, "Block majorization minimization with extrapolation and application to
    β-NMF" (2024).

    Examples
    --------
    >>> W, H = np.array([[1.0, 0], [0, 1], [1, 1]]), np.array([[1.0, 2, 0, 1], [0, 1, 3, 1]])
    >>> fit = factorize(W @ H, n_components=2, max_iter=500, tol=0)
    >>> fit.W.shape, fit.H.shape, fit.n_iter
    ((3, 2), (2, 4), 500)
    >>> bool(np.allclose(fit.W @ fit.H, W @ H, atol=0.01))
    True

    With W fixed, the result is the activations of new frames:

    >>> activations = factorize(W @ [[2.0], [5.0]], W=W, keep_W=True, tol=0).H
    >>> activations.round(1).tolist()
    [[2.0], [5.0]]
    """
    values: ArrayLike | Matrix = V.values if isinstance(V, Spectrogram) else V
    if n_components is None and spec is None:
        n_components = _number_in(W, H)
    if n_components is not None:
        options["n_components"] = n_components
    spec = (spec or FitSpec()).with_options(**options)
    given = checked_input(values, weights, spec)
    curve = None
    if isinstance(spec.n_components, str):
        curve = held_out_losses(given, spec)
        spec = spec.with_options(n_components=curve.best())
    number = int(spec.n_components)
    held = checked_keep("keep_W", keep_W, W, number), checked_keep("keep_H", keep_H, H, number)
    n_bins, n_frames = given.V.shape
    if W is None and H is None and number > min(n_bins, n_frames):
        raise BadInput(text.TOO_MANY_COMPONENTS, most=min(n_bins, n_frames), value=number)
    W = None if W is None else checked_factor("W", W, (n_bins, number))
    H = None if H is None else checked_factor("H", H, (number, n_frames))
    scale = given.scale.with_factors(W, H, spec.precision)
    fit = fitted(
        given._replace(scale=scale),
        spec,
        None if W is None else W / scale.W,
        None if H is None else H / scale.H,
        problem_of(spec, *held, groups, scale),
        _in_units(watch, scale, spec.beta, given.dtype),
        resume,
    )
    loss = scale.loss(spec.beta)
    factors = scale.restored(fit.factors, given.dtype)
    initial = scale.restored(fit.initial, given.dtype)
    if curve is not None:
        curve = curve._replace(losses=curve.losses * loss)
    return replace(
        fit,
        W=factors.W,
        H=factors.H,
        losses=fit.losses * loss,
        initial=initial,
        restarts=fit.restarts * loss,
        screening_losses=fit.screening_losses * loss,
        curve=curve,
    )


def _number_in(W: ArrayLike | None, H: ArrayLike | None) -> int | None:
    """Return the number of components of the given factors, if they have one."""
    for factor, axis in ((W, 1), (H, 0)):
        shape = np.shape(factor) if factor is not None else ()
        if len(shape) > axis:
            return shape[axis]
    return None


def _in_units(watch: Watcher | None, scale: Scale, beta: float, dtype: np.dtype) -> Watcher | None:
    """Wrap a watcher of progress in the caller's units for progress in normalised units."""
    if watch is None or scale == Scale(level=scale.level):
        return watch

    def rescaled(now: Progress) -> bool | None:
        return watch(
            replace(
                now,
                losses=now.losses * scale.loss(beta),
                factors=lambda: scale.restored(now.factors(), dtype),
            )
        )

    return rescaled
