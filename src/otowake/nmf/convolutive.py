"""Convolutive NMF (NMFD): components whose spectra span several frames.

V[f, t] ≈ X[f, t] = Σ_k Σ_l W[f, k, l]·H[k, t − l]. With W as a (frequency, component · lag) matrix
and S as the stack of shifted rows of H, X = W·S. Each update is two matrix products. The updates of
Févotte & Idier apply unchanged if the halves of the gradient are summed over the lags before the
division, so that the loss never rises.

Sources: Smaragdis, "Non-negative matrix factor deconvolution" (2004); Schmidt & Mørup, "Nonnegative
matrix factor 2-D deconvolution" (2006), for the sum over the lags; Févotte & Idier (2011) for the
exponent. The overlap penalty is specific to otowake.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from otowake.nmf.divergence import TINY, divergence, halves
from otowake.nmf.penalties import exponent
from otowake.nmf.updates import multiplied
from otowake.programs import program


def shifted(H: Array, n_lags: int) -> Array:
    """Stack the shifted rows of H, shape (component, lag, frame): [k, l, t] is H[k, t − l]."""
    n = H.shape[1]
    padded = jnp.pad(H, ((0, 0), (n_lags - 1, 0)))
    return jnp.stack(
        [padded[:, n_lags - 1 - lag : n_lags - 1 - lag + n] for lag in range(n_lags)], axis=1
    )


def gathered(G: Array) -> Array:
    """Apply the adjoint of :func:`shifted`: Σ_l G[k, l, t + l], shape (component, frame)."""
    n_lags, n = G.shape[1:]
    padded = jnp.pad(G, ((0, 0), (0, 0), (0, n_lags - 1)))
    return jnp.stack([padded[:, lag, lag : lag + n] for lag in range(n_lags)]).sum(axis=0)


def reconstructed(W: Array, H: Array) -> Array:
    """Compute the model X from W (frequency, component, lag) and H (component, frame).

    Examples
    --------
    >>> reconstructed(jnp.array([[[3.0, 1.0]]]), jnp.array([[1.0, 0, 2, 0]])).tolist()
    [[3.0, 1.0, 6.0, 2.0]]
    """
    return W.reshape(W.shape[0], -1) @ shifted(H, W.shape[2]).reshape(-1, H.shape[1])


def slopes_H(V: Array, W: Array, H: Array, beta: float) -> tuple[Array, Array]:
    """Compute the negative and the positive half of the divergence's gradient by H."""
    flat, shape = W.reshape(W.shape[0], -1), (*W.shape[1:], H.shape[1])
    negative, positive = halves(V, reconstructed(W, H), beta)
    whole = W.sum(axis=0)[:, :, None] if positive is None else (flat.T @ positive).reshape(shape)
    return gathered((flat.T @ negative).reshape(shape)), gathered(jnp.broadcast_to(whole, shape))


def slopes_W(V: Array, W: Array, H: Array, beta: float) -> tuple[Array, Array]:
    """Compute the negative and the positive half of the divergence's gradient by W."""
    S = shifted(H, W.shape[2]).reshape(-1, H.shape[1])
    negative, positive = halves(V, reconstructed(W, H), beta)
    whole = S.sum(axis=1)[None] if positive is None else positive @ S.T
    return (negative @ S.T).reshape(W.shape), jnp.broadcast_to(
        whole, (W.shape[0], S.shape[0])
    ).reshape(W.shape)


def overlap(W: Array, H: Array) -> Array:
    """Measure how much components share frequencies, in units of V; 0 for disjoint spectra.

    The overlap is Σ_f (s − Σ_k a_k² / s), where a_k is the energy of component k at frequency f
    and s = Σ_k a_k. It is concave in a, so its tangent is an upper bound, and its slope is never
    negative. Added to the positive half, the slope keeps the penalised loss from rising (β ≤ 1).
    """
    a = _energies(W, H)
    return (a - a**2 / a.sum(axis=1, keepdims=True)).sum()


def _energies(W: Array, H: Array) -> Array:
    return W.sum(axis=2) * H.sum(axis=1) + TINY


def _overlap_slope(W: Array, H: Array) -> Array:
    a = _energies(W, H)
    q = a / a.sum(axis=1, keepdims=True)
    return 1 - 2 * q + (q**2).sum(axis=1, keepdims=True)


@program(static=("beta", "n_iter", "hold_H"))
def convolutive(
    V: Array,
    W: Array,
    H: Array,
    *,
    beta: float = 1.0,
    n_iter: int = 40,
    overlap_weight: float = 0.0,
    hold_H: bool = False,
) -> tuple[Array, Array, Array]:
    """Factorise V into convolutive components.

    Parameters
    ----------
    V
        Shape (frequency, frame).
    W, H
        Initial factors, shapes (frequency, component, lag) and (component, frame). Zeros stay zero.
    beta
        β of the divergence.
    n_iter
        Number of iterations.
    overlap_weight
        Weight of the :func:`overlap` penalty (for β ≤ 1).
    hold_H
        Whether to hold H fixed.

    Returns
    -------
    W
        Normalised to a sum of 1 for each component, unless H is fixed.
    H
        Shape (component, frame).
    losses
        The penalised loss after each iteration.

    Examples
    --------
    >>> W, H = jnp.array([[[3.0, 1.0]], [[0.0, 2.0]]]), jnp.array([[1.0, 0, 0, 2, 0, 0]])
    >>> V = reconstructed(W, H)
    >>> W, H, losses = convolutive(V, jnp.ones((2, 1, 2)), jnp.ones((1, 6)), n_iter=500)
    >>> bool(jnp.allclose(reconstructed(W, H), V, atol=0.05)), losses.shape
    (True, (500,))
    """
    power = exponent(beta)
    free = jnp.zeros((), dtype=bool)

    def body(i: Array, carried: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        W, H, losses = carried
        if not hold_H:
            negative, positive = slopes_H(V, W, H, beta)
            penalty = overlap_weight * (W.sum(axis=2) * _overlap_slope(W, H)).sum(axis=0)
            H = multiplied(H, negative, positive + penalty[:, None], power, free)
        negative, positive = slopes_W(V, W, H, beta)
        penalty = overlap_weight * H.sum(axis=1) * _overlap_slope(W, H)
        W = multiplied(W, negative, positive + penalty[:, :, None], power, free)
        if not hold_H:
            scale = W.sum(axis=(0, 2)) + TINY
            W, H = W / scale[None, :, None], H * scale[:, None]
        loss = divergence(V, reconstructed(W, H), beta) + overlap_weight * overlap(W, H)
        return W, H, losses.at[i].set(loss)

    return jax.lax.fori_loop(0, n_iter, body, (W, H, jnp.zeros(n_iter, V.dtype)))
