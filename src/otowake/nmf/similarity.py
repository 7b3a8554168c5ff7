"""How alike the components of two results are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from otowake.types import Floats


def paired(W: Floats, other: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Pair the columns of two matrices so that the sum of the cosines is largest.

    Parameters
    ----------
    W, other
        Spectra on the same frequencies, shapes (frequency, component); the numbers of components may differ.

    Returns
    -------
    The places in `W`, those in `other`, and the cosines of the pairs, each of shape (pair,), in the order of `W`.
    Components left over, where the numbers differ, are not paired.

    Source: Kuhn, "The Hungarian method for the assignment problem" (1955), as SciPy has it.

    Examples
    --------
    >>> own, other, cosines = paired(np.eye(3), np.eye(3)[:, [2, 0]])
    >>> own.tolist(), other.tolist(), cosines.tolist()
    ([0, 2], [1, 0], [1.0, 1.0])
    """
    from scipy.optimize import linear_sum_assignment

    cosines = _unit(W).T @ _unit(other)
    own, others = linear_sum_assignment(-cosines)
    return own, others, cosines[own, others]


def cosine_similarity(W: Floats, other: Floats) -> float:
    """How alike the spectra are, whatever their order and level: the mean cosine of the pairs, from 0 to 1.

    Examples
    --------
    >>> cosine_similarity(np.eye(3), 5 * np.eye(3)[::-1]), cosine_similarity(np.eye(2), np.ones((2, 2))).__round__(3)
    (1.0, 0.707)
    """
    return float(min(np.mean(paired(W, other)[2]), 1))


def _unit(W: Floats) -> Floats:
    W = np.asarray(W, dtype=np.float64)
    return W / np.maximum(np.linalg.norm(W, axis=0), 1e-30)
