"""Initial factors."""

from __future__ import annotations

import numpy as np

from otowake.types import Factors, Floats


def log_normal(n_bins: int, n_frames: int, n_components: int, rng: np.random.Generator) -> Factors:
    """Draw log-normal factors, the logarithms from N(0, 1), as in the lecture manual; float32.

    Examples
    --------
    >>> start = log_normal(4, 6, 2, np.random.default_rng(0))
    >>> start.W.shape, start.H.shape
    ((4, 2), (2, 6))
    """
    W = np.exp(rng.standard_normal((n_bins, n_components), dtype=np.float32))
    H = np.exp(rng.standard_normal((n_components, n_frames), dtype=np.float32))
    return Factors(W, H)


def nndsvd(V: Floats, n_components: int) -> Factors:
    """Compute the non-negative double SVD, with zeros raised to a small positive value.

    Each singular pair is split into its positive and negative parts, and the larger pair of parts
    is kept. Multiplicative updates cannot change zeros; they are raised so that their product is
    mean(V) / 100 / n_components. The result is deterministic.

    References
    ----------
    Boutsidis & Gallopoulos, "SVD based initialization: A head start for nonnegative matrix
    factorization" (2008), variant "a".

    Examples
    --------
    >>> start = nndsvd(np.array([[4.0, 0, 2], [0, 3, 1]]), 2)
    >>> bool((start.W > 0).all()), start.H.shape
    (True, (2, 3))
    """
    U, S, Vt = _svd(np.asarray(V, dtype=np.float64), n_components)
    W, H = np.zeros((V.shape[0], n_components)), np.zeros((n_components, V.shape[1]))
    for k in range(len(S)):
        parts = [(np.maximum(s * U[:, k], 0), np.maximum(s * Vt[k], 0)) for s in (1, -1)]
        sizes = [np.linalg.norm(u) * np.linalg.norm(v) for u, v in parts]
        u, v = parts[int(np.argmax(sizes))]
        size = max(sizes)
        if size > 0:
            root = np.sqrt(S[k] * size)
            W[:, k], H[k] = root * u / np.linalg.norm(u), root * v / np.linalg.norm(v)
    least = np.sqrt(max(V.mean(), 1e-12) / n_components) / 10
    return Factors(np.maximum(W, least).astype(np.float32), np.maximum(H, least).astype(np.float32))


def _svd(V: Floats, n_components: int) -> tuple[Floats, Floats, Floats]:
    """Compute the largest singular triplets from the smaller Gram matrix."""
    wide = V.shape[0] <= V.shape[1]
    gram = V @ V.T if wide else V.T @ V
    values, vectors = np.linalg.eigh(gram)
    order = np.argsort(values)[::-1][: min(n_components, len(values))]
    S = np.sqrt(np.maximum(values[order], 0))
    near = vectors[:, order]
    far = (V.T @ near if wide else V @ near) / np.maximum(S, 1e-12)
    return (near, S, far.T) if wide else (far, S, near.T)
