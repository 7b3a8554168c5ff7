"""Normalised units of a factorisation, and the conversion from and to the caller's units.

Floors, small constants and the range of floats depend on the scale of V. Every fit therefore uses a
V with a mean near 1. All units are powers of two: division by them is exact, and a V of mean 1
remains unchanged. With V = unit_V·V′, W = unit_W·W′ and H = unit_H·H′, the divergence is unit_V^β
times that of the primed matrices. The penalty weights are converted by the degree of each penalty,
so that the penalised loss is that of the caller.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from otowake import text
from otowake.errors import BadInput
from otowake.nmf.frames import BLOCK_FRAMES, InMemory
from otowake.types import Factors, Floats, Matrix

UNIT_TOLERANCE = 2.0**20
"""Largest ratio between the level of a given factor and 1 at which its unit stays 1."""

NEAR_ONE = 1e-5
"""Relative deviation from a power of two below which a mean counts as that power."""

LEVEL_STEP = 2.0**-40
"""Rounding step of the mean of V: the start is independent of the order of summation."""

MAX_EXPONENT = {"float32": 30.0, "float64": 300.0}
"""Largest absolute decimal exponent of the mean of a matrix."""


class Scale(NamedTuple):
    """The units of V and W, and the mean of V in its unit; the unit of H is their quotient."""

    V: float = 1.0
    W: float = 1.0
    level: float = 1.0

    @property
    def H(self) -> float:
        """The unit of H."""
        return self.V / self.W

    @classmethod
    def of(cls, V: Matrix, weights: Floats | None, beta: float, precision: str) -> Scale:
        """Choose the unit of V.

        Raises
        ------
        BadInput
            If powers of V or the results exceed the range of the floats.
        """
        mean = mean_of(V, weights)
        if mean == 0:
            raise BadInput(text.ALL_ZERO, name="V")
        check_range("V", mean, beta, precision)
        unit = power_of_two(mean)
        level = round(mean / unit / LEVEL_STEP) * LEVEL_STEP
        return cls(unit, level=1.0 if abs(level - 1) < NEAR_ONE else level)

    def with_factors(self, W: Floats | None, H: Floats | None, precision: str) -> Scale:
        """Adapt the units to given factors, which are in the caller's units.

        Raises
        ------
        BadInput
            If the factors exceed the range of the floats.
        """
        mean = self.V * self.level
        if W is not None:
            size = mean_of(InMemory(W))
            check_range("W", size, 1, precision)
            check_range("V / W", mean / size, 1, precision)
            return self._replace(W=power_of_two(size, UNIT_TOLERANCE))
        if H is not None:
            size = mean_of(InMemory(H))
            check_range("H", size, 1, precision)
            check_range("V / H", mean / size, 1, precision)
            return self._replace(W=power_of_two(self.V / size, UNIT_TOLERANCE))
        return self

    def loss(self, beta: float) -> float:
        """Return the unit of the loss."""
        return self.V**beta

    def weight(self, name: str, weight: float, beta: float) -> float:
        """Convert the weight of the penalty `name` of :class:`otowake.options.FitSpec`."""
        degree = 1 if name.startswith(("l1", "group")) else 2
        return float(
            converted_weight(weight, degree, self.W if name.endswith("W") else self.H, self.V, beta)
        )

    def restored(self, factors: Factors, dtype: np.dtype) -> Factors:
        """Convert factors to the caller's units."""
        W, H = (
            x if unit == 1 else (np.float64(unit) * x).astype(dtype)
            for x, unit in ((factors.W, self.W), (factors.H, self.H))
        )
        return Factors(W, H)


def converted_weight(
    weight: float, degree: int, unit: float | Floats, unit_V: float | Floats, beta: float
) -> Floats:
    """Convert the weight of a penalty on a factor in units of `unit`, for a V in units of `unit_V`.

    `degree` is the degree of the penalty. The units are powers of two, scalars or one for each
    frame. The result is clipped to the range of the floats.

    Examples
    --------
    >>> [float(converted_weight(3.0, degree, 4.0, 4.0, 2.0)) for degree in (1, 2)]
    [0.75, 3.0]
    """
    power = degree * _log2(unit) - beta * _log2(unit_V)
    return weight * np.exp2(np.clip(power, -1000.0, 1000.0))


def _log2(unit: float | Floats) -> Floats:
    return np.frexp(unit)[1] - 1.0


def check_range(name: str, mean: float, beta: float, precision: str) -> None:
    """Check that the mean of a matrix allows its powers to fit into the floats.

    Raises
    ------
    BadInput
        If the mean is too small or too large.
    """
    most = min(MAX_EXPONENT[precision], MAX_EXPONENT["float64"] / max(abs(beta), 1.0))
    if not -most <= math.log10(mean) <= most:
        raise BadInput(text.OUT_OF_RANGE, name=name, mean=mean, low=10**-most, high=10**most)


def power_of_two(size: float, tolerance: float = 1.0) -> float:
    """Return the power of two nearest to `size`; 1 from 1 / `tolerance` to `tolerance`.

    Examples
    --------
    >>> power_of_two(1.1), power_of_two(1e-3), power_of_two(1e-3, tolerance=2.0**20)
    (1.0, 0.0009765625, 1.0)
    """
    if size == 0 or 1 / tolerance <= size <= tolerance:
        return 1.0
    return 2.0 ** round(math.log2(size))


def mean_of(V: Matrix, weights: Floats | None = None) -> float:
    """Average the entries with a non-zero weight; a matrix on disk is read block by block."""
    if isinstance(V, InMemory):
        return _mean(V.values if weights is None else V.values[weights > 0])
    n_frames = V.shape[1]
    starts = range(0, n_frames, BLOCK_FRAMES)
    blocks = (V.frames(start, min(start + BLOCK_FRAMES, n_frames)) for start in starts)
    return sum(_mean(block) * block.shape[1] / n_frames for block in blocks)


def _mean(values: Floats) -> float:
    """Average values whose sum may exceed the largest float."""
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
    """Divide V by `unit`; a matrix in memory is converted to `dtype`."""
    if not isinstance(V, InMemory):
        return V if unit == 1 else Scaled(V, unit)
    return InMemory(in_units(V.values, unit, dtype))


def in_units(values: Floats, unit: float | Floats, dtype: np.dtype) -> Floats:
    """Divide `values` by `unit` in float64, and convert them to `dtype`."""
    whole = values if np.all(unit == 1) else values / np.asarray(unit, dtype=np.float64)
    return np.asarray(whole, dtype=dtype)
