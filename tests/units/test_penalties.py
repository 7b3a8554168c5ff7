"""Examples of penalties, weights, fixed components, blocks, restarts and resumed fits."""

import numpy as np
import pytest

from otowake.errors import BadInput
from otowake.nmf import factorize
from otowake.nmf.frames import BLOCK_FRAMES
from otowake.nmf.objective import Block, Problem
from otowake.nmf.solvers import EXTRAPOLATED, EXTRAPOLATED_HALS, SOLVER_TABLE
from otowake.nmf.states import SingleBlock

BETAS = (-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
PENALTIES = (
    {},
    {"l1_W": 0.2, "l1_H": 0.1},
    {"l2_W": 0.2, "l2_H": 0.5},
    {"smooth_H": 0.5},
    {"decorrelation_W": 0.3},
    {"group_H": 0.4, "groups": [0, 0, 1, 1]},
    {
        "l1_H": 0.1,
        "l2_W": 0.1,
        "smooth_H": 0.1,
        "decorrelation_W": 0.1,
        "group_H": 0.1,
        "groups": [0, 1, 1, 0],
    },
)


def by_name(options):
    return "+".join(name for name in options if name != "groups") or "none"


@pytest.mark.parametrize("penalties", PENALTIES, ids=by_name)
@pytest.mark.parametrize("loss", BETAS)
@pytest.mark.parametrize("solver", ["mu", "accelerated"])
def test_the_penalised_loss_never_rises(planted, solver, loss, penalties):
    fit = factorize(
        planted,
        n_components=4,
        solver=solver,
        loss=loss,
        max_iter=80,
        tol=0,
        precision="float64",
        **penalties,
    )
    assert fit.W.dtype == np.float64
    assert (np.diff(fit.losses) <= 1e-6 * np.abs(fit.losses[:-1])).all()
    if solver == "mu":
        assert fit.losses[-1] < fit.losses[0]


@pytest.mark.parametrize("solver", ["mu", "accelerated", "adam"])
@pytest.mark.parametrize(
    ("name", "weight", "measure"),
    [
        ("l1_H", 3.0, lambda fit: fit.H.sum()),
        ("l2_H", 3.0, lambda fit: np.square(fit.H).sum()),
        ("smooth_H", 30.0, lambda fit: np.square(np.diff(fit.H)).sum()),
        (
            "decorrelation_W",
            30.0,
            lambda fit: np.square(fit.W.sum(axis=1)).sum() - np.square(fit.W).sum(),
        ),
    ],
)
def test_a_penalty_reduces_its_measure(planted, solver, name, weight, measure):
    options = {"n_components": 4, "solver": solver, "max_iter": 300, "tol": 0}
    plain, penalised = (
        factorize(planted, **options),
        factorize(planted, **options, **{name: weight}),
    )
    assert measure(penalised) < 0.9 * measure(plain)


def test_the_penalised_loss_follows_its_formula(planted):
    fit = factorize(
        planted, n_components=3, solver="mu", max_iter=5, l1_H=0.3, l2_W=0.2, smooth_H=0.1, tol=0
    )
    V, X = planted.astype(float), fit.W.astype(float) @ fit.H
    expected = (V * np.log(V / X) - V + X).sum() + 0.3 * fit.H.sum() + 0.1 * np.square(fit.W).sum()
    expected += 0.05 * np.square(np.diff(fit.H)).sum()
    assert fit.loss == pytest.approx(expected, rel=1e-5)


def test_hals_supports_l1_and_l2(planted):
    exact = {
        "n_components": 3,
        "loss": "euclidean",
        "precision": "float64",
        "max_iter": 60,
        "tol": 0,
    }
    fit = factorize(planted, solver="hals", l1_H=0.5, l2_W=0.3, **exact)
    expected = (
        np.square(planted - fit.W @ fit.H).sum() + 0.5 * fit.H.sum() + 0.15 * np.square(fit.W).sum()
    )
    assert fit.loss == pytest.approx(expected, rel=1e-9)
    assert (np.diff(fit.losses) <= 1e-9 * fit.losses[:-1]).all()
    with pytest.raises(
        BadInput, match="the solver hals does not support smooth_H; try the solver mu"
    ):
        factorize(planted, solver="hals", smooth_H=1, **exact)
    with pytest.raises(
        BadInput, match="the solver hals works only with the squared error; the loss is kl"
    ):
        factorize(planted, n_components=3, solver="hals")


def test_the_group_penalty_makes_groups_sparse(planted):
    def norms(fit):
        return np.sqrt(np.square(fit.H).reshape(3, 2, -1).sum(axis=1)).sum()

    options = {"n_components": 6, "solver": "mu", "max_iter": 300, "tol": 0}
    penalised = factorize(planted, group_H=3.0, groups=[0, 0, 1, 1, 2, 2], **options)
    assert norms(penalised) < 0.9 * norms(factorize(planted, **options))
    with pytest.raises(BadInput, match="group_H needs groups"):
        factorize(planted, n_components=6, group_H=1.0)


SOLVERS = [(name, "euclidean" if SOLVER_TABLE[name].losses else "kl") for name in SOLVER_TABLE]


@pytest.mark.parametrize(("solver", "loss"), SOLVERS)
def test_fixed_components_do_not_change(planted, solver, loss):
    rng = np.random.default_rng(0)
    W, H = (
        rng.gamma(1.0, size=(30, 3)).astype(np.float32),
        rng.gamma(1.0, size=(3, 50)).astype(np.float32),
    )
    options = {
        "n_components": 3,
        "solver": solver,
        "loss": loss,
        "max_iter": 30,
        "tol": 0,
        "W": W,
        "H": H,
    }
    all_W = factorize(planted, keep_W=True, **options)
    np.testing.assert_allclose(all_W.W, W, rtol=1e-5)
    assert not np.allclose(all_W.H, H)
    some = factorize(planted, keep_W=[1], keep_H=[0, 2], **options)
    np.testing.assert_allclose(some.W[:, 1], W[:, 1], rtol=1e-5)
    np.testing.assert_allclose(some.H[[0, 2]], H[[0, 2]], rtol=1e-5)
    assert not np.allclose(some.W[:, 0], W[:, 0]) and not np.allclose(some.H[1], H[1])


@pytest.mark.parametrize(("solver", "loss"), SOLVERS)
def test_zeros_stay_zero(planted, solver, loss):
    rng = np.random.default_rng(0)
    W, H = rng.gamma(1.0, size=(30, 3)), rng.gamma(1.0, size=(3, 50))
    W[rng.uniform(size=W.shape) < 0.3] = 0
    H[rng.uniform(size=H.shape) < 0.3] = 0
    fit = factorize(planted, n_components=3, solver=solver, loss=loss, W=W, H=H, max_iter=30)
    np.testing.assert_array_equal(fit.W == 0, W == 0)
    np.testing.assert_array_equal(fit.H == 0, H == 0)


@pytest.mark.parametrize("solver", ["mu", "accelerated", "adam"])
@pytest.mark.parametrize("loss", ["kl", "euclidean", "itakura-saito"])
def test_unobserved_entries_have_no_influence(planted, solver, loss):
    holes = np.random.default_rng(1).uniform(size=planted.shape) < 0.2
    with_nan, with_junk = np.where(holes, np.nan, planted), np.where(holes, 1e3, planted)
    options = {"n_components": 4, "solver": solver, "loss": loss, "max_iter": 150, "tol": 0}
    unseen = factorize(with_nan, weights="observed", **options)
    masked = factorize(with_junk, weights=(~holes).astype(float), **options)
    np.testing.assert_allclose(unseen.losses, masked.losses, rtol=1e-3)
    if solver != "adam" and loss == "kl":
        error = np.abs(unseen.W @ unseen.H - planted)[holes].mean() / planted[holes].mean()
        assert error < 0.5
    with pytest.raises(BadInput, match="give weights='observed' to leave them out"):
        factorize(with_nan, **options)


def test_a_weight_of_two_counts_twice(planted):
    fit = factorize(
        planted,
        n_components=3,
        solver="mu",
        max_iter=10,
        tol=0,
        weights=np.full(planted.shape, 2.0),
    )
    plain = factorize(planted, n_components=3, solver="mu", max_iter=10, tol=0)
    np.testing.assert_allclose(fit.losses, 2 * plain.losses, rtol=1e-4)


@pytest.mark.parametrize(("solver", "loss"), SOLVERS)
def test_blocks_agree_with_the_whole(solver, loss, monkeypatch):
    V = np.random.default_rng(0).gamma(0.5, size=(20, 2 * BLOCK_FRAMES + 300)) + 0.01
    start = np.random.default_rng(1)
    W, H = start.gamma(1.0, size=(20, 4)), start.gamma(1.0, size=(4, V.shape[1]))
    options = {"n_components": 4, "solver": solver, "loss": loss, "W": W, "H": H, "tol": 0}

    class Stored:
        shape = V.shape

        def frames(self, start, stop):
            return V[:, start:stop]

    for n, rtol in ((1, 1e-6), (100, 1e-5)):
        whole, parts = (factorize(matrix, max_iter=n, **options) for matrix in (V, Stored()))
        assert whole.loss == pytest.approx(parts.loss, rel=rtol)
    whole, parts = (
        factorize(matrix, max_iter=100, precision="float64", **options) for matrix in (V, Stored())
    )
    np.testing.assert_allclose(parts.W, whole.W, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(parts.H, whole.H, rtol=1e-8, atol=1e-10)
    with pytest.raises(
        BadInput, match="weights is not possible for recordings processed in blocks"
    ):
        factorize(Stored(), weights=np.ones(V.shape), **options)


def test_long_matrices_learn_in_blocks_after_screening():
    rng = np.random.default_rng(0)
    V = rng.gamma(0.3, size=(40, 3)) @ rng.gamma(0.3, size=(3, 5000))
    fit = factorize(V, n_components=3)
    assert fit.H.shape == (3, 5000) and fit.screening_losses.shape[0] == 4
    assert (np.diff(fit.losses) <= 0).all()
    assert np.abs(fit.W @ fit.H - V).mean() < 0.05 * V.mean()


@pytest.mark.parametrize(("solver", "loss"), SOLVERS)
@pytest.mark.parametrize("frames", [50, 5000])
def test_a_resumed_fit_ends_like_an_uninterrupted_one(solver, loss, frames):
    V = np.random.default_rng(0).gamma(0.5, size=(15, frames)) + 0.01
    options = {"n_components": 3, "solver": solver, "loss": loss, "max_iter": 40, "tol": 0}
    kept = {}

    def stop_at_20(now):
        if now.iteration == 20:
            kept.update(now.state())
        return now.iteration == 20

    unbroken = factorize(V, **options)
    assert factorize(V, watch=stop_at_20, **options).stop.reason == "cancelled"
    resumed = factorize(V, resume=kept, **options)
    np.testing.assert_array_equal(resumed.W, unbroken.W)
    np.testing.assert_array_equal(resumed.H, unbroken.H)
    np.testing.assert_array_equal(resumed.losses, unbroken.losses)
    with pytest.raises(BadInput, match="belongs to another recording or other options"):
        factorize(V, resume=kept, **{**options, "n_components": 4})


@pytest.mark.parametrize(("solver", "loss"), SOLVERS)
def test_parallel_restarts_keep_the_best(planted, solver, loss):
    fit = factorize(
        planted, n_components=4, solver=solver, loss=loss, n_init=5, max_iter=60, seed=3
    )
    assert fit.restarts.shape == (5,) and len(set(fit.restarts)) > 1
    assert fit.loss == fit.restarts.min() == fit.losses[-1]
    assert fit.W.shape == (30, 4) and fit.H.shape == (4, 50)
    assert fit.agreement.shape == (5,) and fit.agreement[fit.restarts.argmin()] == pytest.approx(1)
    assert ((fit.agreement > 0.3) & (fit.agreement <= 1)).all() and len(set(fit.agreement)) > 1


@pytest.mark.parametrize(("solver", "loss"), SOLVERS)
def test_restarts_in_blocks_agree_with_those_of_the_whole(solver, loss):
    V = np.random.default_rng(0).gamma(0.5, size=(12, BLOCK_FRAMES + 300)).astype(
        np.float32
    ) + np.float32(0.01)

    class Stored:
        shape = V.shape

        def frames(self, start, stop):
            return V[:, start:stop]

    options = {
        "n_components": 3,
        "solver": solver,
        "loss": loss,
        "max_iter": 20,
        "tol": 0,
        "n_init": 3,
    }
    whole, parts = (factorize(matrix, **options) for matrix in (V, Stored()))
    np.testing.assert_allclose(parts.restarts, whole.restarts, rtol=1e-3)
    np.testing.assert_allclose(parts.agreement, whole.agreement, atol=0.02)
    assert parts.loss == parts.restarts.min() and parts.agreement.max() == pytest.approx(1)


def test_runs_with_equal_components_agree():
    rng = np.random.default_rng(2)
    V = rng.gamma(0.2, size=(30, 3)) @ rng.gamma(0.2, size=(3, 80))
    alike = factorize(V, n_components=3, n_init=3, effort="thorough", max_iter=400, tol=0)
    noise = factorize(rng.gamma(1.0, size=(30, 80)), n_components=10, n_init=3)
    assert alike.agreement.min() > 0.95 > np.sort(noise.agreement)[-2]
    assert factorize(V, n_components=3, max_iter=5).agreement.tolist() == [1.0]


@pytest.mark.parametrize(
    ("solver", "beta"), [(EXTRAPOLATED, b) for b in BETAS] + [(EXTRAPOLATED_HALS, 2.0)]
)
def test_the_fit_continues_after_rejected_steps(planted, solver, beta):
    """Steps without momentum follow rejected steps; they are finite and reduce the loss."""
    early = factorize(planted, n_components=4, loss=beta, solver="mu", max_iter=30, tol=0)
    fit = SingleBlock(
        Problem.plain(beta, 4), Block(planted), solver, early.W[None], early.H[None], 50
    )
    fit.last = np.zeros(1)  # any step would raise the loss
    assert fit.advance(10) == 0
    fit.last = np.array([early.loss])
    after = [float(fit.advance(10)[0, 0]) for _ in range(20)]
    assert np.isfinite(after).all() and after[0] < early.loss
    assert after[-1] < 0.9 * early.loss


def test_nndsvd_is_a_good_deterministic_start(planted):
    options = {"n_components": 4, "solver": "mu", "init": "nndsvd", "tol": 0}
    first, other = factorize(planted, seed=1, **options), factorize(planted, seed=2, **options)
    np.testing.assert_array_equal(first.W, other.W)
    early = factorize(planted, max_iter=5, **options).loss
    assert early < factorize(planted, max_iter=5, **{**options, "init": "random"}).loss


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"W": np.ones((3, 2))}, r"W must have the shape \(30, 2\); it has \(3, 2\)"),
        ({"H": -np.ones((2, 50))}, "H must not be negative"),
        ({"keep_W": True}, "keep_W needs the W to keep fixed"),
        (
            {"W": np.ones((30, 2)), "keep_W": [5]},
            r"keep_W must be true, false or component indices from 0 to 1",
        ),
        ({"weights": np.ones((2, 2))}, r"weights must have the shape \(30, 50\)"),
        ({"weights": -np.ones((30, 50))}, "weights must not be negative"),
        ({"weights": "some"}, "weights must be an array of real numbers"),
        ({"precision": "float16"}, "precision must be one of float32, float64"),
        ({"init": "magic"}, "init must be one of random, nndsvd"),
    ],
)
def test_bad_input_gets_one_sentence(planted, options, sentence):
    with pytest.raises(BadInput, match=sentence):
        factorize(planted, n_components=2, **options)


@pytest.mark.parametrize("dtype", [np.float16, np.int8, np.int64, np.uint16, np.float64])
def test_other_dtypes_are_accepted_and_not_modified(dtype):
    V = np.random.default_rng(0).integers(1, 50, (10, 12)).astype(dtype)
    kept = V.copy()
    fit = factorize(V, n_components=2)
    assert fit.W.dtype == np.float32
    np.testing.assert_array_equal(V, kept)


def test_rows_and_columns_of_zeros_are_accepted():
    V = np.random.default_rng(0).gamma(1.0, size=(10, 12))
    V[3] = V[:, 5] = 0
    for solver, loss in SOLVERS:
        fit = factorize(V, n_components=2, solver=solver, loss=loss, max_iter=200, tol=0)
        assert np.isfinite(fit.W).all() and np.isfinite(fit.H).all()
        if solver != "adam":
            assert (fit.W @ fit.H)[3].max() < 1e-3


def test_a_negative_beta_refuses_zeros():
    with pytest.raises(
        BadInput, match=r"no entry of V may be 0 if the loss is a beta below 0 \(it is -1\)"
    ):
        factorize(np.eye(4) + np.eye(4)[::-1], n_components=2, loss=-1)


def test_an_exact_fit_converges():
    rng = np.random.default_rng(0)
    fit = factorize(
        rng.uniform(1, 2, (8, 2)) @ rng.uniform(1, 2, (2, 9)),
        n_components=2,
        max_iter=100_000,
        tol=1e-4,
    )
    assert fit.stop.reason == "converged"
