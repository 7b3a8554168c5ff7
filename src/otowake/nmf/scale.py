"""The units in which a factorisation is computed, and the way back to those of the caller.

Floors, tiny constants and the range of the floats make small and large numbers differ; so everything is computed with
a V whose mean is near 1. All units are powers of two: dividing by them is exact, and a V with the mean 1 is taken as it
is. With V = unit_V·V′, W = unit_W·W′ and H = unit_H·H′ the divergence is unit_V^β times that of the primed
matrices, and each penalty has a power of its own, so the penalised loss is the caller's.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from otowake import text
from otowake.errors import BadInput
from otowake.nmf.frames import BLOCK, InMemory
from otowake.types import Factors, Floats, Matrix

ORDINARY = 2.0**20
"""A given factor is taken as it is unless its level differs from that of its surroundings by more than this."""

NEAR_ONE = 1e-5
"""A mean that differs from a power of two by less than this part of itself is taken to be that power."""

LEVEL_STEP = 2.0**-40
"""The mean of V in its unit is rounded to this: in whatever order the entries are added, the start is the same."""

LARGEST = {"float32": 30.0, "float64": 300.0}
"""The decimal exponent up to which the mean of a matrix may go, and as far down."""


class Scale(NamedTuple):
    """The units of V and W (that of H is their quotient), and the mean of V in its unit."""

    V: float = 1.0
    W: float = 1.0
    level: float = 1.0

    @property
    def H(self) -> float:
        """The unit of H."""
        return self.V / self.W

    @classmethod
    def of(cls, V: Matrix, weights: Floats | None, beta: float, precision: str) -> Scale:
        """The unit of V, or :class:`BadInput` where its powers or the results don't fit."""
        mean = mean_of(V, weights)
        if mean == 0:
            raise BadInput(text.ALL_ZERO, name="V")
        check_range("V", mean, beta, precision)
        unit = power_of_two(mean)
        level = round(mean / unit / LEVEL_STEP) * LEVEL_STEP
        return cls(unit, level=1.0 if abs(level - 1) < NEAR_ONE else level)

    def beside(self, W: Floats | None, H: Floats | None, precision: str) -> Scale:
        """The units for these factors, in the caller's; :class:`BadInput` where they don't fit."""
        mean = self.V * self.level
        if W is not None:
            size = mean_of(InMemory(W))
            check_range("W", size, 1, precision)
            check_range("V / W", mean / size, 1, precision)
            return self._replace(W=power_of_two(size, ORDINARY))
        if H is not None:
            size = mean_of(InMemory(H))
            check_range("H", size, 1, precision)
            check_range("V / H", mean / size, 1, precision)
            return self._replace(W=power_of_two(self.V / size, ORDINARY))
        return self

    def loss(self, beta: float) -> float:
        """The unit of the loss."""
        return self.V**beta

    def weight(self, name: str, weight: float, beta: float) -> float:
        """A penalty's weight, by its name in :class:`otowake.options.FitSpec`, for factors in these units."""
        degree = 1 if name.startswith(("l1", "group")) else 2
        return float(
            converted(weight, degree, self.W if name.endswith("W") else self.H, self.V, beta)
        )

    def given(self, factors: Factors, dtype: np.dtype) -> Factors:
        """The factors in the caller's units."""
        W, H = (
            x if unit == 1 else (np.float64(unit) * x).astype(dtype)
            for x, unit in ((factors.W, self.W), (factors.H, self.H))
        )
        return Factors(W, H)


def converted(
    weight: float, degree: int, unit: float | Floats, unit_V: float | Floats, beta: float
) -> Floats:
    """The weight of a penalty of this degree on a factor in units of `unit`, beside a V in units of `unit_V`.

    Both are powers of two, single or one for each frame; what would be too large for a float is cut off.

    Examples
    --------
    >>> float(converted(3.0, 1, 4.0, 4.0, 2.0)), float(converted(3.0, 2, 4.0, 4.0, 2.0))
    (0.75, 3.0)
    """
    power = degree * _log2(unit) - beta * _log2(unit_V)
    return weight * np.exp2(np.clip(power, -1000.0, 1000.0))


def _log2(unit: float | Floats) -> Floats:
    return np.frexp(unit)[1] - 1.0


def check_range(name: str, mean: float, beta: float, precision: str) -> None:
    """Refuse a matrix whose mean is out of the range in which powers and results fit, by :class:`BadInput`."""
    most = min(LARGEST[precision], LARGEST["float64"] / max(abs(beta), 1.0))
    if not -most <= math.log10(mean) <= most:
        raise BadInput(text.OUT_OF_RANGE, name=name, mean=mean, low=10**-most, high=10**most)


def power_of_two(size: float, ordinary: float = 1.0) -> float:
    """The power of two that is nearest to `size`, or 1 where `size` is from 1 / `ordinary` to `ordinary`.

    Examples
    --------
    >>> power_of_two(1.1), power_of_two(1e-3), power_of_two(1e-3, ordinary=2.0**20), power_of_two(0.0)
    (1.0, 0.0009765625, 1.0, 1.0)
    """
    if size == 0 or 1 / ordinary <= size <= ordinary:
        return 1.0
    return 2.0 ** round(math.log2(size))


def mean_of(V: Matrix, weights: Floats | None = None) -> float:
    """The mean of the entries whose weight is not 0; blocks that are not in memory are read one by one."""
    if isinstance(V, InMemory):
        return _mean(V.values if weights is None else V.values[weights > 0])
    n_frames = V.shape[1]
    starts = range(0, n_frames, BLOCK)
    blocks = (V.frames(start, min(start + BLOCK, n_frames)) for start in starts)
    return sum(_mean(block) * block.shape[1] / n_frames for block in blocks)


def _mean(values: Floats) -> float:
    """The mean of values of any size: their sum may be larger than any float."""
    peak = float(values.max(initial=0))
    if peak == 0:
        return 0.0
    unit = 2.0 ** (math.frexp(peak)[1] - 1)
    return float((values / values.dtype.type(unit)).mean(dtype=np.float64)) * unit


class Scaled:
    """A matrix in another unit."""

    def __init__(self, V: Matrix, unit: float) -> None:
        self.V, self.unit, self.shape = V, unit, V.shape

    def frames(self, start: int, stop: int) -> Floats:
        return self.V.frames(start, stop) / np.float64(self.unit)


def divided(V: Matrix, unit: float, dtype: np.dtype) -> Matrix:
    """V in units of `unit`; in memory in the type `dtype`."""
    if not isinstance(V, InMemory):
        return V if unit == 1 else Scaled(V, unit)
    return InMemory(in_units(V.values, unit, dtype))


def in_units(values: Floats, unit: float | Floats, dtype: np.dtype) -> Floats:
    """`values` in units of `unit`, of the type `dtype`; they are divided as float64."""
    whole = values if np.all(unit == 1) else values / np.asarray(unit, dtype=np.float64)
    return np.asarray(whole, dtype=dtype)
