"""Checks of the arguments of a factorisation; each returns the converted value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from otowake import text
from otowake.errors import BadInput
from otowake.types import Floats


def checked_keep(
    name: str, keep: bool | Sequence[int], factor: ArrayLike | None, n_components: int
) -> NDArray[np.bool_]:
    """Return which components to hold fixed, shape (component,)."""
    held = np.zeros(n_components, dtype=bool)
    if isinstance(keep, (bool, np.bool_)):
        held[:] = keep
    else:
        indices = np.asarray(keep)
        if (
            indices.dtype.kind not in "iu"
            or indices.ndim != 1
            or (indices >= n_components).any()
            or (indices < 0).any()
        ):
            raise BadInput(text.KEEP_INDEX, keep=name, last=n_components - 1, value=keep)
        held[indices] = True
    if held.any() and factor is None:
        raise BadInput(text.KEEP_WHAT, keep=name, factor=name[-1])
    return held


def checked_factor(name: str, factor: ArrayLike, shape: tuple[int, int]) -> Floats:
    """Return initial values of W or H as float64."""
    values = checked_matrix(factor, name, need=shape)
    if values.shape != shape:
        raise BadInput(text.BAD_SHAPE, name=name, need=shape, got=values.shape)
    return values.astype(np.float64)


def checked_weights(
    weights: ArrayLike | Literal["observed"] | None, V: Floats, dtype: np.dtype
) -> Floats | None:
    """Return the weight of each entry of V, 0 where V is NaN; None if all weights are 1."""
    if weights is None:
        return None
    observed = ~np.isnan(V)
    if isinstance(weights, str):
        if weights != "observed":
            raise BadInput(text.NOT_NUMBERS, name="weights", got=repr(weights))
        return observed.astype(dtype)
    counts = checked_matrix(weights, "weights")
    if counts.shape != V.shape:
        raise BadInput(text.BAD_SHAPE, name="weights", need=V.shape, got=counts.shape)
    return counts.astype(dtype) * observed


def checked_matrix(
    V: ArrayLike,
    name: str,
    *,
    nan: bool | None = False,
    silent: bool = False,
    need: object = "(frequency, frame)",
) -> Floats:
    """Return `V` as a matrix of floats: float32 if it is float32, otherwise float64.

    Parameters
    ----------
    V
        Real, finite, non-negative and not all 0.
    name
        Name of the matrix in messages.
    nan
        Whether NaN is allowed; None if it is allowed together with weights only.
    silent
        Whether all values may be 0.
    need
        The required shape, in words.

    Raises
    ------
    BadInput
        If the matrix is invalid.
    """
    values = np.asarray(V)
    if values.dtype.kind not in "fiu":
        raise BadInput(text.NOT_NUMBERS, name=name, got=values.dtype)
    if values.ndim != 2 or 0 in values.shape:
        raise BadInput(text.BAD_SHAPE, name=name, need=need, got=values.shape)
    with np.errstate(over="ignore"):  # of a longdouble
        values = np.asarray(values, dtype=np.float32 if values.dtype == np.float32 else np.float64)
    least, most = values.min(), values.max()
    if not np.isfinite(most - least):
        missing, infinite = np.count_nonzero(np.isnan(values)), np.count_nonzero(np.isinf(values))
        if missing and nan is None:
            raise BadInput(text.NAN_WITHOUT_WEIGHTS, name=name, count=missing, total=values.size)
        if infinite or (missing and not nan):
            raise BadInput(text.NOT_FINITE, name=name, count=missing + infinite, total=values.size)
        if missing == values.size:
            raise BadInput(text.ALL_ZERO, name=name)
        least, most = np.nanmin(values), np.nanmax(values)
    if least < 0:
        raise BadInput(text.NEGATIVE, name=name, value=f"{least:g}")
    if most == 0 and not silent:
        raise BadInput(text.ALL_ZERO, name=name)
    return values
