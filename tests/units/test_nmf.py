"""Examples of the factorisation, for every solver in the table and several losses."""

import jax.numpy as jnp
import numpy as np
import pytest

from otowake.errors import BadInput
from otowake.nmf import factorize
from otowake.nmf.divergence import divergence
from otowake.nmf.solvers import SOLVER_TABLE, without_momentum
from otowake.options import FitSpec
from otowake.signal import spectrogram

LOSSES = ("kl", "euclidean", "itakura-saito", 0.5, 1.5, 3.0)
DESCENDING = ("mu", "accelerated", "hals")


def works(solver, loss):
    return (
        SOLVER_TABLE[solver].losses is None
        or FitSpec(loss=loss).beta in SOLVER_TABLE[solver].losses
    )


def pairs(solvers):
    table = [(solver, loss) for solver in solvers for loss in LOSSES if works(solver, loss)]
    return pytest.mark.parametrize(("solver", "loss"), table)


every_pair = pairs(SOLVER_TABLE)
every_solver = pytest.mark.parametrize(
    ("solver", "loss"), [(s, "kl" if works(s, "kl") else "euclidean") for s in SOLVER_TABLE]
)


def reference_loss(V, fit):
    """Compute the loss of a fit by the textbook formula, in float64."""
    V, X, beta = (
        V.astype(np.float64),
        fit.W.astype(np.float64) @ fit.H.astype(np.float64),
        fit.spec.beta,
    )
    if beta == 2:
        return np.square(V - X).sum()
    if beta == 1:
        return (V * np.log(V / X) - V + X).sum()
    if beta == 0:
        return (V / X - np.log(V / X) - 1).sum()
    return (
        (V**beta + (beta - 1) * X**beta - beta * V * X ** (beta - 1)) / (beta * (beta - 1))
    ).sum()


@every_pair
def test_the_last_loss_is_that_of_the_factors(planted, solver, loss):
    fit = factorize(planted, n_components=3, solver=solver, loss=loss, max_iter=25, tol=0)
    assert fit.n_iter == 25
    assert fit.loss == pytest.approx(reference_loss(planted, fit), rel=1e-4)


@every_solver
def test_each_loss_belongs_to_its_iteration(planted, solver, loss):
    long = factorize(planted, n_components=3, solver=solver, loss=loss, max_iter=13, tol=0)
    looks = [10, 13] if SOLVER_TABLE[solver].loss_interval == 10 else range(1, 14)
    np.testing.assert_array_equal(long.iterations, looks)
    for n, measured in zip(long.iterations[::4], long.losses[::4], strict=True):
        short = factorize(planted, n_components=3, solver=solver, loss=loss, max_iter=int(n), tol=0)
        assert short.n_iter == n
        assert measured == pytest.approx(reference_loss(planted, short), rel=1e-4)


@pairs(DESCENDING)
def test_the_loss_never_rises(planted, solver, loss):
    losses = factorize(
        planted, n_components=4, solver=solver, loss=loss, max_iter=200, tol=0
    ).losses
    assert (np.diff(losses) <= 1e-5 * losses[:-1]).all()
    assert losses[-1] < (0.5 if SOLVER_TABLE[solver].loss_interval == 1 else 1) * losses[0]


@every_pair
def test_factors_are_finite_and_not_negative(planted, solver, loss):
    fit = factorize(planted, n_components=4, solver=solver, loss=loss, max_iter=50)
    for factor in (fit.W, fit.H, fit.initial.W, fit.initial.H):
        assert np.isfinite(factor).all() and (factor >= 0).all()
    assert fit.W.shape == fit.initial.W.shape == (30, 4)
    assert fit.H.shape == fit.initial.H.shape == (4, 50)


@every_solver
def test_the_same_seed_gives_the_same_bits_and_another_seed_does_not(planted, solver, loss):
    first, again, other = (
        factorize(planted, n_components=3, solver=solver, loss=loss, max_iter=20, seed=s)
        for s in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.W, again.W)
    np.testing.assert_array_equal(first.losses, again.losses)
    assert not np.array_equal(first.W, other.W)


@every_solver
def test_the_input_is_not_modified(planted, solver, loss):
    kept = planted.copy()
    factorize(planted, n_components=3, solver=solver, loss=loss, max_iter=5)
    np.testing.assert_array_equal(planted, kept)


@pytest.mark.parametrize("loss", ["kl", "euclidean"])
def test_planted_factors_are_recovered(loss):
    rng = np.random.default_rng(3)
    W, H = rng.gamma(0.3, size=(40, 3)), rng.gamma(0.3, size=(3, 60))
    fit = factorize(W @ H, n_components=3, loss=loss, effort="thorough", tol=0, max_iter=1000)
    cosine = (W / np.linalg.norm(W, axis=0)).T @ (fit.W / np.linalg.norm(fit.W, axis=0))
    assert sorted(cosine.argmax(axis=1)) == [0, 1, 2]
    assert (cosine.max(axis=1) > 0.99).all()


@pytest.mark.parametrize("solver", ("mu", "accelerated"))
def test_the_loss_scales_with_the_input(planted, solver):
    one = factorize(planted, n_components=3, solver=solver, max_iter=60, tol=0)
    ten = factorize(planted * 10, n_components=3, solver=solver, max_iter=60, tol=0)
    assert ten.loss == pytest.approx(10 * one.loss, rel=0.02)


def test_padding_frames_have_no_influence():
    """127 and 128 frames are padded differently; a nearly silent frame has little influence."""
    V = np.random.default_rng(0).gamma(1.0, size=(20, 128)).astype(np.float32)
    V[:, -1] = 1e-10
    with_it = factorize(V, n_components=4, solver="mu", max_iter=1, tol=0)
    without = factorize(V[:, :-1], n_components=4, solver="mu", max_iter=1, tol=0)
    assert with_it.H.shape == (4, 128) and without.H.shape == (4, 127)
    assert without.loss == pytest.approx(reference_loss(V[:, :-1], without), rel=1e-4)


def test_thorough_ends_lower_than_normal(planted):
    V = np.random.default_rng(5).gamma(0.3, size=(60, 400))
    normal, thorough = (
        np.median(
            [factorize(V, n_components=6, effort=effort, seed=seed).loss for seed in range(3)]
        )
        for effort in ("normal", "thorough")
    )
    assert thorough < normal


def test_the_screening_is_recorded_and_the_best_start_continues(planted):
    fit = factorize(planted, n_components=4, effort="thorough")
    assert fit.screening_losses.shape == (10, 15)
    assert (np.diff(fit.screening_losses) <= 0).mean() > 0.9
    assert (
        fit.loss <= 1.01 * fit.screening_losses[:, -1].min()
    )  # the screening uses all of 50 frames
    assert factorize(planted, n_components=4, solver="mu").screening_losses.size == 0


def test_a_fit_stops_by_its_rule_and_records_why(planted):
    fit = factorize(planted, n_components=2, solver="mu", tol=1e-3, max_iter=5000)
    assert fit.stop.reason == "converged" and fit.n_iter < 5000
    assert fit.losses[-11] - fit.losses[-1] < 1e-3 * fit.losses[-11]
    assert fit.losses[-21] - fit.losses[-11] >= 1e-3 * fit.losses[-21]
    assert "less than 0.001" in str(fit.stop) and "収束" in fit.stop.sentence("ja")
    cut = factorize(planted, n_components=2, solver="mu", tol=0, max_iter=7)
    assert cut.stop.reason == "max_iter" and cut.n_iter == 7


def test_a_watcher_sees_the_progress_and_can_stop_the_fit(planted):
    seen = []

    def watch(now):
        seen.append((now.iteration, now.factors()))
        return now.iteration >= 20

    fit = factorize(planted, n_components=3, watch=watch)
    assert [iteration for iteration, _ in seen] == [0, 10, 20]
    assert fit.stop.reason == "cancelled" and fit.n_iter == 20
    np.testing.assert_array_equal(seen[-1][1].W, fit.W)
    np.testing.assert_array_equal(seen[0][1].H, fit.initial.H)


def test_divergences_are_zero_only_for_equal_matrices():
    V = np.array([[1.0, 2.0], [0.5, 3.0]], dtype=np.float32)
    for beta in (-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0):
        assert float(divergence(V, V, beta)) == pytest.approx(0, abs=1e-6)
        assert float(divergence(V, V * 1.5, beta)) > 0.01


@pytest.mark.parametrize(
    ("V", "options", "sentence"),
    [
        ([[1.0, -2.0], [1, 1]], {}, "V must not be negative; its smallest value is -2"),
        (
            [[1.0, np.nan], [1, 1]],
            {},
            r"V: there are NaN values \(1 of 4\); give weights='observed'",
        ),
        ([[np.inf, 1.0], [1, 1]], {}, "NaN or infinite"),
        (np.zeros((3, 3)), {}, "V is zero everywhere"),
        (np.ones(5), {}, r"V must have the shape \(frequency, frame\); it has \(5,\)"),
        (np.ones((0, 4)), {}, r"it has \(0, 4\)"),
        ([["a", "b"]], {}, "V must be an array of real numbers"),
        (
            np.ones((4, 3)),
            {"n_components": 4},
            r"at most the number of frames and of frequency bins \(3\); it is 4",
        ),
        (np.ones((3, 4)), {"n_components": 4}, r"frequency bins \(3\); it is 4"),
        (
            np.ones((4, 4)),
            {"n_components": 0},
            "n_components must be a whole number from 1 to 1024, or auto; it is 0",
        ),
        (
            np.ones((4, 4)),
            {"loss": "hinge"},
            "loss must be one of euclidean, kl, itakura-saito, or a number; it is 'hinge'",
        ),
        (
            np.ones((4, 4)),
            {"solver": "magic"},
            "solver must be one of accelerated, mu, hals, minibatch, adam; it is 'magic'",
        ),
        (np.ones((4, 4)), {"max_iter": 0}, "max_iter must be a whole number from 1"),
        (np.ones((4, 4)), {"components": 3}, "there is no option called components"),
        (
            np.ones((4, 4)),
            {"solver": "adam", "effort": "thorough"},
            "effort thorough is for the solver accelerated",
        ),
    ],
)
def test_bad_input_gets_one_sentence(V, options, sentence):
    with pytest.raises(BadInput, match=sentence):
        factorize(V, **{"n_components": 2, **options})


def test_the_number_of_components_follows_a_given_factor(planted):
    rng = np.random.default_rng(0)
    W, H = rng.random((len(planted), 3)), rng.random((5, planted.shape[1]))
    assert factorize(planted, W=W, max_iter=2).W.shape[1] == 3
    assert factorize(planted, H=H, max_iter=2).H.shape[0] == 5
    assert factorize(planted, max_iter=2).W.shape[1] == 20
    with pytest.raises(BadInput, match="W must have the shape"):
        factorize(planted, 4, W=W)


def test_a_spectrogram_is_factorised_as_its_values(melody):
    V = spectrogram(melody)
    options = {"n_components": 2, "max_iter": 3}
    np.testing.assert_array_equal(factorize(V, **options).W, factorize(V.values, **options).W)


def test_momentum_begins_after_the_given_steps_and_grows():
    state, momentum = without_momentum(jnp.ones(3), steps=2), []
    for _ in range(7):
        momentum.append(float(state.momentum()))
        state = state.to(state.now)
    assert momentum[:3] == [0, 0, 0] and momentum[3] == pytest.approx(0.618 / 2.194, abs=1e-3)
    assert 0 < momentum[3] < momentum[4] < momentum[5] < momentum[6] < 1


def test_adam_runs_all_iterations_of_the_manual_by_default():
    adam = SOLVER_TABLE["adam"]
    assert (adam.max_iter, adam.tol) == (10_000, 0.0)
