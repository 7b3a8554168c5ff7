"""Examples of the mini-batches: decayed sums, final loss, matrices in memory and on disk."""

import numpy as np
import pytest

from otowake.errors import BadInput
from otowake.nmf import factorize
from otowake.nmf.frames import BLOCK_FRAMES, InMemory, PaddedBlocks
from otowake.nmf.objective import Problem
from otowake.nmf.solvers import MINIBATCH, moved_along
from otowake.nmf.states import InBlocks, MiniBatches

BETAS = (-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0)


class Stored:
    """A matrix in blocks."""

    def __init__(self, values):
        self.values, self.shape = values, values.shape

    def frames(self, start, stop):
        return self.values[:, start:stop]


@pytest.fixture(scope="module")
def long():
    rng = np.random.default_rng(0)
    W, H = rng.gamma(0.5, size=(24, 4)), rng.gamma(0.5, size=(4, 3 * BLOCK_FRAMES + 200))
    return (rng.poisson(30 * W @ H) / 30 + 0.01).astype(np.float32)


@pytest.mark.parametrize("beta", BETAS)
def test_one_batch_without_memory_is_a_plain_update(planted, beta):
    rng = np.random.default_rng(0)
    W, H = (
        rng.gamma(1.0, size=(1, 30, 3)).astype(np.float32),
        rng.gamma(1.0, size=(3, 50)).astype(np.float32),
    )
    solver = MINIBATCH._replace(forget=0.0)
    plain, batched = (
        kind(
            Problem.plain(beta, 3),
            PaddedBlocks(InMemory(planted), 64),
            solver,
            W,
            [[np.pad(H, ((0, 0), (0, 14)))]],
            50,
        )
        for kind in (InBlocks, MiniBatches)
    )
    np.testing.assert_allclose(batched.advance(4), plain.advance(4), rtol=1e-5)
    np.testing.assert_allclose(batched.factors(0).W, plain.factors(0).W, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("beta", BETAS)
def test_transferred_sums_lead_to_the_same_point(beta):
    """Sums transferred to the point that they lead to have this point as a fixed point."""
    rng = np.random.default_rng(0)
    W, negative, positive = rng.gamma(2.0, size=(3, 20, 4)).astype(np.float32)
    problem = Problem.plain(beta, 4)
    new = MINIBATCH.combine(problem, W, (negative, positive))
    again = MINIBATCH.combine(problem, new, moved_along(problem, (negative, positive), W, new))
    assert not np.allclose(new, W, rtol=0.05)
    np.testing.assert_allclose(again, new, rtol=1e-4)


@pytest.mark.parametrize("loss", ["kl", "euclidean", "itakura-saito", 0.5])
def test_two_passes_end_near_many_iterations(long, loss):
    options = {"n_components": 4, "loss": loss}
    passes = factorize(long, solver="minibatch", **options)
    assert passes.n_iter == 2 and passes.losses.shape == (2,)
    assert passes.loss < 1.1 * factorize(long, max_iter=100, tol=0, **options).loss


def test_the_option_forget_has_an_effect(long):
    losses = {
        forget: factorize(long, n_components=3, solver="minibatch", forget=forget).loss
        for forget in (0, 1)
    }
    assert losses[0] != losses[1]
    with pytest.raises(BadInput, match="forget is for the solver minibatch; the solver is mu"):
        factorize(long, n_components=3, solver="mu", forget=0.5)
    with pytest.raises(BadInput, match="forget must be a number from 0 to 1; it is 2"):
        factorize(long, n_components=3, solver="minibatch", forget=2)


@pytest.mark.parametrize("n_init", [1, 2])
def test_matrices_in_memory_and_on_disk_give_the_same_bits(long, n_init):
    options = {"n_components": 3, "solver": "minibatch", "n_init": n_init}
    memory, disk = (factorize(V, **options) for V in (long, Stored(long)))
    np.testing.assert_array_equal(memory.W, disk.W)
    np.testing.assert_array_equal(memory.H, disk.H)
    np.testing.assert_array_equal(memory.restarts, disk.restarts)
    assert memory.restarts.shape == (n_init,)


def test_passes_with_a_fixed_W_estimate_the_activations(long):
    W = np.random.default_rng(0).gamma(0.5, size=(24, 4)) + 1e-3
    kept = factorize(long, n_components=4, solver="minibatch", W=W, keep_W=True, max_iter=20)
    full = factorize(long, n_components=4, W=W, keep_W=True, max_iter=200, tol=0)
    np.testing.assert_allclose(kept.W, W, rtol=1e-5)
    assert kept.loss == pytest.approx(full.loss, rel=0.01)


def test_smoothness_in_time_is_not_for_batches(long):
    with pytest.raises(
        BadInput, match="smooth_H is not possible for recordings processed in blocks"
    ):
        factorize(long, n_components=3, solver="minibatch", smooth_H=1.0)
