"""The estimator otowake.sklearn.NMF: scikit-learn's checks, agreement with its NMF."""

import subprocess
import sys

import librosa
import numpy as np
import pytest
from scipy import sparse
from sklearn import decomposition
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from otowake.errors import BadInput
from otowake.nmf import factorize
from otowake.sklearn import NMF

LOSSES = ("frobenius", "kullback-leibler", "itakura-saito", 1.5)
SOLVERS = ("accelerated", "mu", "hals", "cd", "adam")
CONVERGED = {"tol": 1e-6, "max_iter": 10_000}


@pytest.fixture(scope="module")
def X(planted):
    """Draw samples of 30 features with full rank."""
    noise = np.random.default_rng(3).gamma(1.0, size=planted.shape)
    return (planted + 0.1 * noise).T.astype(np.float64)


def objective(X, W, H, beta, alpha_W, alpha_H, l1_ratio):
    """Compute the objective in scikit-learn's documentation."""
    model = W @ H
    data = ((X - model) ** 2).sum() / 2 if beta == 2 else (X * np.log(X / model) - X + model).sum()
    return (
        data
        + alpha_W * X.shape[1] * (l1_ratio * W.sum() + (1 - l1_ratio) / 2 * (W**2).sum())
        + alpha_H * X.shape[0] * (l1_ratio * H.sum() + (1 - l1_ratio) / 2 * (H**2).sum())
    )


# Some checks have an exact solution: the loss approaches 0 until max_iter, and the estimator warns,
# as scikit-learn's does.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks([NMF()])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("beta_loss", LOSSES)
def test_the_fit_is_as_good_as_scikit_learns(X, beta_loss):
    solver = "cd" if beta_loss == "frobenius" else "mu"
    options = {"n_components": 4, "beta_loss": beta_loss, "random_state": 0}
    theirs = decomposition.NMF(solver=solver, max_iter=2000, **options).fit(X)
    ours = NMF(**options).fit(X)
    assert ours.reconstruction_err_ <= 1.01 * theirs.reconstruction_err_
    assert ours.components_.shape == theirs.components_.shape
    assert ours.n_components_ == theirs.n_components_
    assert len(ours.losses_) == -(-ours.n_iter_ // 10)


@pytest.mark.parametrize("beta_loss", LOSSES)
def test_a_custom_start_follows_scikit_learns_iterations(X, beta_loss):
    rng = np.random.default_rng(0)
    W, H = rng.uniform(0.1, 1, (len(X), 4)), rng.uniform(0.1, 1, (4, X.shape[1]))
    options = {"init": "custom", "solver": "mu", "beta_loss": beta_loss, "max_iter": 40, "tol": 0}
    options |= {"n_components": 4, "alpha_W": 1e-3, "alpha_H": 2e-3, "l1_ratio": 1.0}
    theirs, ours = decomposition.NMF(**options), NMF(**options)
    expected = theirs.fit_transform(X, W=W.copy(), H=H.copy())
    np.testing.assert_allclose(ours.fit_transform(X, W=W, H=H), expected, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(ours.components_, theirs.components_, rtol=1e-6, atol=1e-9)
    assert ours.reconstruction_err_ == pytest.approx(theirs.reconstruction_err_, rel=1e-7)


@pytest.mark.parametrize("l1_ratio", [0.0, 0.3, 1.0])
@pytest.mark.parametrize(("beta_loss", "beta"), [("frobenius", 2), ("kullback-leibler", 1)])
def test_penalties_have_scikit_learns_weights(X, beta_loss, beta, l1_ratio):
    penalties = {"alpha_W": 0.01, "alpha_H": 0.003, "l1_ratio": l1_ratio}
    options = {"n_components": 4, "beta_loss": beta_loss, "random_state": 0, **penalties}
    theirs = decomposition.NMF(solver="mu", max_iter=2000, tol=1e-6, **options)
    W = theirs.fit_transform(X)
    expected = objective(X, W, theirs.components_, beta, **penalties)
    ours = NMF(**options, **CONVERGED)
    held = {"W": theirs.components_.T, "H": W.T, "keep_W": True, "keep_H": True, "max_iter": 1}
    there = factorize(X.T, spec=ours._spec(X, 4), **held).loss
    half = 2 if beta == 2 else 1
    assert there / half == pytest.approx(expected, rel=1e-9)
    W = ours.fit_transform(X)
    reached = objective(X, W, ours.components_, beta, **penalties)
    assert reached <= 1.01 * expected
    assert ours.losses_[-1] / half == pytest.approx(reached, rel=1e-6)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("penalties", [{}, {"alpha_W": 0.01, "l1_ratio": 0.5}])
def test_new_samples_are_transformed_as_scikit_learn_would(X, solver, penalties):
    theirs = decomposition.NMF(4, random_state=0, tol=1e-10, max_iter=10_000, **penalties).fit(
        X[:30]
    )
    ours = NMF(4, init="custom", solver=solver, max_iter=1, tol=0, **penalties).fit(
        X[:30], H=theirs.components_
    )
    ours.components_ = theirs.components_
    ours.set_params(max_iter=1000)
    np.testing.assert_allclose(
        ours.transform(X[30:]), theirs.transform(X[30:]), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("beta_loss", LOSSES)
def test_a_sample_does_not_depend_on_other_samples(X, beta_loss):
    model = NMF(4, beta_loss=beta_loss, random_state=0).fit(X[:30])
    np.testing.assert_allclose(model.transform(X[30:32]), model.transform(X)[30:32], atol=1e-6)


def test_silence_is_transformed_into_silence(X):
    model = NMF(4, random_state=0).fit(X)
    assert not model.transform(np.zeros_like(X)).any()
    assert not model.transform(np.vstack([X, np.zeros_like(X)]))[len(X) :].any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sparse_input_and_the_precision_are_kept(X, dtype):
    thin = np.where(np.median(X) < X, X, 0).astype(dtype)
    model = NMF(3, random_state=0)
    W = model.fit_transform(sparse.csr_array(thin))
    np.testing.assert_array_equal(W, clone(model).fit_transform(thin))
    assert W.dtype == model.components_.dtype == model.transform(thin).dtype == dtype
    assert W.flags.writeable and model.components_.flags.writeable
    assert model.inverse_transform(W).shape == X.shape


def test_the_estimator_factorises_the_transpose(X):
    fit = factorize(X.T, n_components=3, loss="kl", seed=5, precision="float64")
    model = NMF(3, beta_loss="kl", random_state=5)
    np.testing.assert_array_equal(model.fit_transform(X), fit.H.T)
    np.testing.assert_array_equal(model.components_, fit.W.T)


def test_random_state_is_scikit_learns(X):
    first, second = (
        NMF(3, random_state=np.random.RandomState(1)).fit_transform(X) for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)
    state = np.random.RandomState(1)
    model = NMF(3, random_state=state)
    assert not np.array_equal(model.fit_transform(X), model.fit_transform(X))
    before = state.get_state()[1:3]
    model.transform(X)
    np.testing.assert_equal(state.get_state()[1:3], before)


def test_more_components_than_samples(X):
    with pytest.warns(ConvergenceWarning, match="ran its 5 iterations but has not converged"):
        model = NMF(random_state=0, max_iter=5).fit(X[:5])
    assert model.components_.shape == (30, 30)
    assert model.set_params(n_components=2).transform(X).shape == (len(X), 30)


def test_in_a_pipeline_and_a_grid_search(X):
    pipeline = make_pipeline(MaxAbsScaler(), NMF(random_state=0))
    search = GridSearchCV(pipeline, {"nmf__n_components": [1, 4]}, cv=2).fit(X)
    assert search.best_params_ == {"nmf__n_components": 4}
    assert list(search.best_estimator_.get_feature_names_out()) == ["nmf0", "nmf1", "nmf2", "nmf3"]
    assert search.best_estimator_.transform(X).shape == (len(X), 4)


@pytest.mark.parametrize("beta_loss", ["frobenius", "kullback-leibler"])
def test_the_score_is_the_negative_mean_loss(X, beta_loss):
    model = NMF(4, beta_loss=beta_loss, random_state=0).fit(X)
    W = model.transform(X)
    beta = 2 if beta_loss == "frobenius" else 1
    expected = -objective(X, W, model.components_, beta, 0, 0, 0) / X.size
    np.testing.assert_allclose(model.score(X), expected, rtol=1e-5)
    fewer = NMF(1, beta_loss=beta_loss, random_state=0).fit(X)
    assert fewer.score(X) < model.score(X) < 0


def test_in_librosas_decompose(X):
    model = NMF(4, beta_loss="kl", random_state=0)
    components, activations = librosa.decompose.decompose(X.T, transformer=model, sort=True)
    assert components.shape == (30, 4) and activations.shape == (4, len(X))
    again, same = librosa.decompose.decompose(X.T[:, :10], transformer=model, fit=False)
    np.testing.assert_array_equal(again, model.components_.T)
    np.testing.assert_allclose(again @ same, (components @ activations)[:, :10], atol=0.2)
    stereo, _ = librosa.decompose.decompose(np.stack([X.T, 2 * X.T]), transformer=model)
    assert stereo.shape == (2, 30, 4)


def test_clone_and_parameters():
    model = NMF(3, solver="mu", beta_loss=0.5, alpha_H=0.1, effort="thorough", n_init=2)
    assert clone(model).get_params() == model.get_params()
    assert model.set_params(n_components=5).n_components == 5
    theirs = set(decomposition.NMF().get_params())
    assert theirs - set(NMF().get_params()) == {"shuffle"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"n_components": 0},
            r"n_components must be a whole number from 1 to 1024, or auto; it is 0\.",
        ),
        (
            {"beta_loss": "huber"},
            "beta_loss must be one of frobenius, kullback-leibler, .*; it is 'huber'",
        ),
        ({"solver": "als"}, "solver must be one of accelerated, "),
        ({"alpha_W": -1}, r"alpha_W must be a number of at least 0; it is -1\."),
        ({"l1_ratio": 2}, r"l1_ratio must be a number from 0 to 1; it is 2\."),
        ({"max_iter": 0}, "max_iter must be a whole number"),
        ({"solver": "cd", "beta_loss": 1}, "the solver hals works only with the squared error"),
        ({"init": "custom"}, "init='custom' requires a W or H"),
    ],
)
def test_invalid_parameters_are_errors(X, options, sentence):
    with pytest.raises(BadInput, match=sentence):
        NMF(**options).fit(X)


def test_invalid_starts_are_errors(X):
    with pytest.raises(BadInput, match="requires a W or H"):
        NMF(2).fit(X, H=np.ones((2, 30)))
    with pytest.raises(BadInput, match=r"H must have the shape \(2, 30\); it has \(2, 29\)"):
        NMF(2, init="custom").fit(X, H=np.ones((2, 29)))


def test_the_error_without_scikit_learn_names_the_extra():
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        "from otowake.errors import MissingExtra\n"
        "try: import otowake.sklearn\n"
        "except MissingExtra as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'otowake[sklearn]'" in done.stdout
