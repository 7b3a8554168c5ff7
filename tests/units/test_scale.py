"""Examples of scale: scaling V scales H and leaves W unchanged."""

import warnings

import numpy as np
import pytest
from scale_cases import PAIRS, SHORT
from sklearn import decomposition

from otowake.errors import BadInput
from otowake.nmf import Activator, factorize
from otowake.nmf.frames import BLOCK_FRAMES
from otowake.options import FitSpec
from otowake.sklearn import NMF


class Stored:
    """A matrix in blocks."""

    def __init__(self, values):
        self.values, self.shape = values, values.shape

    def frames(self, start, stop):
        return self.values[:, start:stop]


@pytest.fixture(scope="module")
def V(planted):
    return planted.astype(np.float64)


@pytest.mark.parametrize(("solver", "beta"), PAIRS)
def test_a_power_of_two_gives_the_same_bits(planted, solver, beta):
    scale = np.float32(2.0**-60 if abs(beta) < 3 else 2.0**-20)
    options = SHORT | {"precision": "float32", "solver": solver, "loss": beta}
    one, other = factorize(planted, **options), factorize(planted * scale, **options)
    np.testing.assert_array_equal(other.W, one.W)
    np.testing.assert_array_equal(other.H, one.H * scale)


@pytest.mark.parametrize("start", ["nndsvd", "random"])
@pytest.mark.parametrize("scale", [1e-25, 1e25])
def test_every_kind_of_factorisation_is_independent_of_scale(V, scale, start):
    weights = np.random.default_rng(0).uniform(size=V.shape)
    W = np.random.default_rng(1).uniform(0.1, 1, (30, 3))
    for more in (
        {"init": start, "solver": "mu"},
        {
            "weights": weights,
            "init": start,
            "solver": "mu",
            "n_init": 2 if start == "random" else 1,
        },
        {"W": W, "keep_W": True},
        {"W": W * scale, "keep_W": True},
    ):
        own = np.max(more.get("W", 1.0)) > 2 or np.max(more.get("W", 1.0)) < 1e-3
        one = factorize(V, **SHORT | more | ({"W": W} if own else {}))
        other = factorize(V * scale, **SHORT | more)
        unit = 1 if own else scale
        np.testing.assert_allclose(other.H, one.H * unit, rtol=1e-5, atol=1e-9 * unit)
        np.testing.assert_allclose(other.losses, one.losses * scale, rtol=1e-5)


def test_fixed_factors_are_returned_unchanged(V):
    H = np.random.default_rng(0).uniform(size=(3, 50)) * 1e-25
    fit = factorize(V * 1e-25, H=H, keep_H=True, **SHORT)
    np.testing.assert_array_equal(fit.H, H)
    W = np.random.default_rng(0).uniform(size=(30, 3)) * 1e200
    fit = factorize(V * 1e-25, W=W, keep_W=True, **SHORT)
    np.testing.assert_array_equal(fit.W, W)
    assert np.linalg.norm(V * 1e-25 - fit.W @ fit.H) < np.linalg.norm(V * 1e-25)


def test_matrices_in_blocks_are_independent_of_scale(V):
    long = np.tile(V, BLOCK_FRAMES // 20)
    one, other = (factorize(Stored(x), **SHORT) for x in (long, long * 1e-25))
    np.testing.assert_allclose(other.H, one.H * 1e-25, rtol=1e-5, atol=1e-34)


@pytest.mark.parametrize("beta", [1.0, 2.0])
@pytest.mark.parametrize(
    ("name", "degree", "of_H"),
    [
        ("l1_H", 1, 1),
        ("l2_H", 2, 1),
        ("smooth_H", 2, 1),
        ("l1_W", 1, 0),
        ("l2_W", 2, 0),
        ("decorrelation_W", 2, 0),
    ],
)
def test_a_penalty_has_its_weight_at_every_scale(V, beta, name, degree, of_H):
    """The penalised loss is that of the caller's V, W and H."""
    scale = 1e-3
    weight = 0.3 * scale ** (beta - degree * of_H)
    one = factorize(V, solver="mu", loss=beta, **SHORT, **{name: 0.3})
    other = factorize(V * scale, solver="mu", loss=beta, **SHORT, **{name: weight})
    np.testing.assert_allclose(other.W, one.W, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(other.losses, one.losses * scale**beta, rtol=1e-5)


def test_a_watcher_sees_the_units_of_the_caller(V):
    seen = []
    fit = factorize(
        V * 1e-25,
        loss="euclidean",
        watch=lambda now: seen.append((now.losses, now.factors())),
        **SHORT,
    )
    np.testing.assert_allclose(seen[-1][0], fit.losses, rtol=1e-12)
    np.testing.assert_array_equal(seen[-1][1].H, fit.H)


def test_cross_validation_is_independent_of_scale(V):
    options = {"n_components": "auto", "max_iter": 10}
    one, other = factorize(V, **options), factorize(V * 1e-25, **options)
    assert one.curve is not None and other.curve is not None
    np.testing.assert_array_equal(one.curve.numbers, other.curve.numbers)
    np.testing.assert_allclose(other.curve.losses, one.curve.losses * 1e-25, rtol=1e-2)


@pytest.mark.parametrize("beta", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("options", [{}, {"l1_H": 0.2}])
@pytest.mark.parametrize("scale", [1e-25, 1e-12, 1e12, 1e25])
def test_activations_are_independent_of_the_scale_of_other_frames(V, beta, options, scale):
    W = np.random.default_rng(0).gamma(0.5, size=(30, 4)) + 1e-3
    shared = {"loss": beta, "precision": "float64", "tol": 0, "max_iter": 20}
    one = Activator(W, **shared, **options)
    own = {name: weight * scale ** (beta - 1) for name, weight in options.items()}
    other = Activator(W, **shared, **own)
    both = other(np.hstack([V * scale, V]))[:, :50]
    np.testing.assert_allclose(both, one(V) * scale, rtol=1e-4, atol=1e-6 * scale)
    wide = Activator(W * scale, **shared)(V * scale)
    np.testing.assert_allclose(wide, Activator(W, **shared)(V), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("scale", [1e-25, 1.0, 1e25])
@pytest.mark.parametrize("loss", ["frobenius", "kullback-leibler"])
def test_the_estimator_is_as_good_as_scikit_learns_at_every_scale(V, scale, loss):
    solver = "cd" if loss == "frobenius" else "mu"
    theirs = decomposition.NMF(4, solver=solver, beta_loss=loss, max_iter=2000, random_state=0).fit(
        V.T
    )
    ours = NMF(4, beta_loss=loss, random_state=0, tol=1e-5, max_iter=2000)
    H = ours.fit_transform(V.T * scale)
    unit = scale if loss == "frobenius" else scale**0.5
    assert ours.reconstruction_err_ <= 1.01 * theirs.reconstruction_err_ * unit
    assert np.linalg.norm(H @ ours.components_ - V.T * scale) < 0.1 * np.linalg.norm(V) * scale
    np.testing.assert_allclose(ours.transform(V.T * scale), H, atol=0.05 * H.max())


def test_the_estimator_matches_scikit_learn_at_1e_minus_25(V):
    theirs = decomposition.NMF(4, solver="cd", max_iter=2000, random_state=0).fit(V.T * 1e-25)
    ours = NMF(4, random_state=0, tol=1e-5, max_iter=2000).fit(V.T * 1e-25)
    assert ours.reconstruction_err_ <= 1.01 * theirs.reconstruction_err_


@pytest.mark.parametrize(
    ("scale", "options", "sentence"),
    [
        (
            1e200,
            {"loss": "euclidean"},
            r"V must have a mean from 1e-150 to 1e\+150 .* it is 9.38e\+199; multiply",
        ),
        (
            1e-200,
            {"loss": "euclidean"},
            r"V must have a mean from 1e-150 to 1e\+150 .* it is \d.*e-20\d",
        ),
        (1e-40, {"precision": "float32"}, r"V must have a mean from 1e-30 to 1e\+30 "),
        (1e40, {"precision": "float32"}, r"V must have a mean from 1e-30 to 1e\+30 "),
        (1e200, {"W": np.full((30, 3), 1e-200)}, r"V / W must have a mean from 1e-300 to 1e\+300 "),
        (
            1e-100,
            {"loss": "euclidean", "l1_W": 1.0},
            r"l1_W must be at most .* for a V of this scale; it is 1",
        ),
    ],
)
def test_values_out_of_range_get_one_sentence_with_the_bounds(V, scale, options, sentence):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(BadInput, match=sentence):
            factorize(V * scale, **SHORT | options)


def test_a_spectrogram_of_mean_one_is_not_rescaled(planted):
    """A mean of 1 to rounding counts as exactly 1."""
    mean = planted.mean(dtype=np.float64)
    V = (planted / mean).astype(np.float32)
    fit = factorize(V, n_components=3, solver="mu", max_iter=1)
    from otowake.nmf import initialisation

    initial = initialisation.log_normal(30, 50, 3, np.random.default_rng(FitSpec.seed))
    np.testing.assert_array_equal(fit.initial.H, initial.H)
    np.testing.assert_array_equal(fit.initial.W, initial.W)
