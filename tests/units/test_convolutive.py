"""Laws of convolutive NMF, and the separation of a drum loop."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest

from otowake.errors import BadInput
from otowake.music.drums.loops import find_drums, split_drums
from otowake.nmf.convolutive import convolutive, gathered, overlap, reconstructed, shifted
from otowake.types import Audio


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


def loop(rate=22050, seed=0):
    """Synthesise kick, snare and hi-hat of two bars, shape (drum, sample)."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(0.4 * rate)) / rate
    kick = np.sin(2 * np.pi * (50 * t + 8 * (1 - np.exp(-t * 30)))) * np.exp(-t * 12)
    noise = rng.standard_normal(len(t))
    snare = (0.5 * np.sin(2 * np.pi * 185 * t) + 0.5 * noise) * np.exp(-t * 18)
    bright = np.diff(np.diff(noise, prepend=0), prepend=0)
    hat = 0.15 * bright * np.exp(-t * 60)
    n = int(4.5 * rate)
    stems = np.zeros((3, n))
    for beat in range(32):
        at = int(beat * 0.13 * rate)
        for k, (drum, plays) in enumerate(
            ((kick, beat % 8 in (0, 3)), (snare, beat % 8 == 4), (hat, beat % 2 == 1))
        ):
            if plays:
                stems[k, at : at + len(t)] += drum[: n - at] * rng.uniform(0.7, 1.0)
    return stems


def sdr(truth, guess):
    scale = truth @ guess / max(guess @ guess, 1e-12)
    return 10 * np.log10(truth @ truth / np.square(truth - scale * guess).sum())


@pytest.mark.parametrize("rate", [22050, 44100])
def test_a_drum_loop_is_separated(rate):
    stems = loop(rate)
    mixture = stems.sum(axis=0)
    drums = split_drums(Audio(mixture, rate))
    np.testing.assert_allclose(sum(drum.samples[0] for drum in drums), mixture, atol=1e-5)
    gains = [
        np.mean(
            [
                sdr(s, drums[k].samples[0]) - sdr(s, mixture)
                for s, k in zip(stems, order, strict=True)
            ]
        )
        for order in itertools.permutations(range(3))
    ]
    assert max(gains) > 8


def test_too_few_onsets_are_an_error():
    with pytest.raises(BadInput, match="too few for 3 drums"):
        find_drums(np.ones((65, 50)), np.linspace(0, 4000, 65))
