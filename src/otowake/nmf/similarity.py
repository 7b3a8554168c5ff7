"""Similarity of the components of two results."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from otowake.types import Floats


def paired(W: Floats, other: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Pair the columns of two matrices to maximise the sum of their cosine similarities.

    Parameters
    ----------
    W, other
        Spectra on the same frequencies, shapes (frequency, component). The numbers of components
        can differ; surplus components stay unpaired.

    Returns
    -------
    Indices in `W`, indices in `other`, and cosine similarities, each of shape (pair,), in the order
    of `W`.

    References
    ----------
    Kuhn, "The Hungarian method for the assignment problem" (1955), in SciPy's implementation.

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
    """Average the cosine similarity of paired spectra, from 0 to 1, for any order and level.

    Examples
    --------
    >>> cosine_similarity(np.eye(3), 5 * np.eye(3)[::-1])
    1.0
    >>> round(cosine_similarity(np.eye(2), np.ones((2, 2))), 3)
    0.707
    """
    return float(min(np.mean(paired(W, other)[2]), 1))


def _unit(W: Floats) -> Floats:
    W = np.asarray(W, dtype=np.float64)
    return W / np.maximum(np.linalg.norm(W, axis=0), 1e-30)
