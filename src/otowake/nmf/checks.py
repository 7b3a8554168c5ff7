"""What a factorisation may be given: each check gives the value that is computed with, or one sentence."""

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
    held = np.zeros(n_components, dtype=bool)
    if isinstance(keep, (bool, np.bool_)):
        held[:] = keep
    else:
        places = np.asarray(keep)
        if (
            places.dtype.kind not in "iu"
            or places.ndim != 1
            or (places >= n_components).any()
            or (places < 0).any()
        ):
            raise BadInput(text.KEEP_INDEX, keep=name, last=n_components - 1, value=keep)
        held[places] = True
    if held.any() and factor is None:
        raise BadInput(text.KEEP_WHAT, keep=name, factor=name[-1])
    return held


def checked_factor(name: str, factor: ArrayLike, shape: tuple[int, int]) -> Floats:
    values = checked_matrix(factor, name, need=shape)
    if values.shape != shape:
        raise BadInput(text.BAD_SHAPE, name=name, need=shape, got=values.shape)
    return values.astype(np.float64)


def checked_weights(
    weights: ArrayLike | Literal["observed"] | None, V: Floats, dtype: np.dtype
) -> Floats | None:
    """How much each entry of V counts: 0 where it is NaN; None where all count alike."""
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
    """`V` as a matrix of floats, or :class:`BadInput`: it must be real, finite, non-negative and not all 0.

    float32 stays what it is, and everything else becomes float64. `nan` says whether NaN will do (None: it would with weights); `silent`, whether all may be 0; `need` is the shape in words.
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
