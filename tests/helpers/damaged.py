"""Damage arrays in various ways."""

from __future__ import annotations

import numpy as np


def damage(values: np.ndarray, how: str) -> np.ndarray:
    """Return a damaged copy of an array."""
    match how:
        case "empty":
            return np.zeros((0,) * max(values.ndim, 1), values.dtype)
        case "one more axis":
            return values[..., None]
        case "words":
            return np.full(values.shape, "a")
        case "complex" | "bool" | "float16" | "longdouble":
            return values.astype(how)
        case "longer":
            return np.concatenate([values, values[:1]])
        case _:
            values = values.astype(float)
            values.flat[-1] = float(how)
            return values
