"""Convolutive NMF."""

import jax.numpy as jnp
import numpy as np
import pytest

from otowake.nmf.convolutive import convolutive, gathered, overlap, reconstructed, shifted


def random(*shape, seed=0):
    return jnp.asarray(np.random.default_rng(seed).gamma(1.0, size=shape), jnp.float32)


def test_the_model_is_a_convolution():
    W, H = random(5, 2, 4), random(2, 9, seed=1)
    expected = sum(
        np.convolve(H[k], W[f, k])[:9] * np.eye(5)[:, f : f + 1] for f in range(5) for k in range(2)
    )
    np.testing.assert_allclose(reconstructed(W, H), expected, rtol=1e-5)


def test_gathered_is_the_adjoint_of_shifted():
    H, G = random(2, 9), random(2, 4, 9, seed=1)
    assert float((shifted(H, 4) * G).sum()) == pytest.approx(
        float((H * gathered(G)).sum()), rel=1e-5
    )


@pytest.mark.parametrize("beta", [-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0])
def test_the_loss_never_rises(beta):
    V = random(12, 40)
    _, _, losses = convolutive(
        V, random(12, 3, 5, seed=1), random(3, 40, seed=2), beta=beta, n_iter=100
    )
    assert (np.diff(losses) <= 1e-5 * np.abs(losses[:-1])).all() and losses[-1] < losses[0]


@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0])
def test_the_overlap_penalty_never_raises_the_loss_and_reduces_overlap(beta):
    V, W, H = random(12, 40), random(12, 3, 5, seed=1), random(3, 40, seed=2)
    free = convolutive(V, W, H, beta=beta, n_iter=200)
    penalised = convolutive(V, W, H, beta=beta, n_iter=200, overlap_weight=0.3)
    assert (np.diff(penalised[2]) <= 1e-5 * np.abs(penalised[2][:-1])).all()
    assert overlap(*penalised[:2]) < 0.7 * overlap(*free[:2])


def test_zeros_stay_zero_and_h_can_be_fixed():
    V, W, H = random(12, 40), random(12, 3, 5, seed=1), random(3, 40, seed=2)
    gated = jnp.where(jnp.arange(40) % 4 == 0, H, 0)
    _, gated_H, _ = convolutive(V, W, gated, n_iter=20)
    np.testing.assert_array_equal(gated_H == 0, gated == 0)
    np.testing.assert_array_equal(convolutive(V, W, H, n_iter=5, hold_H=True)[1], H)
