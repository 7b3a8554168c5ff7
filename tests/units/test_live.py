"""Examples of the activations of known components, frame by frame."""

import runpy
from pathlib import Path

import numpy as np
import pytest

import otowake
from otowake.errors import BadInput
from otowake.nmf import Activator, factorize
from otowake.nmf.solvers import SOLVER_TABLE

ROOT = Path(otowake.__file__).parents[2]
SOLVERS = [(name, "euclidean" if SOLVER_TABLE[name].losses else "kl") for name in SOLVER_TABLE]


@pytest.fixture(scope="module")
def W():
    return np.random.default_rng(0).gamma(0.5, size=(30, 4)) + 1e-3


@pytest.mark.parametrize("loss", ["kl", "euclidean", "itakura-saito", 1.5])
def test_activations_agree_with_factorize_for_a_fixed_W(planted, W, loss):
    options = {"loss": loss, "tol": 0, "max_iter": 2000, "precision": "float64"}
    H = Activator(W, **options)(planted)
    fit = factorize(planted, n_components=4, W=W, keep_W=True, **options)
    np.testing.assert_allclose(H, fit.H, rtol=1e-3, atol=1e-3)
    np.testing.assert_array_equal(fit.W, W)


@pytest.mark.parametrize(("solver", "loss"), SOLVERS)
def test_a_frame_does_not_depend_on_other_frames(planted, W, solver, loss):
    activations = Activator(W, solver=solver, loss=loss, max_iter=60, tol=1e-2, precision="float64")
    joint = activations(planted)
    single = np.stack([activations(frame) for frame in planted.T], axis=1)
    assert joint.shape == (4, 50)
    np.testing.assert_allclose(single, joint, rtol=1e-6, atol=1e-9)


def test_each_frame_converges_separately(planted, W):
    """An easy frame stops early next to a hard one; both converge to their tolerance."""
    V = np.stack([W @ [1, 1, 1, 1], planted[:, 0]], axis=1)
    converged, least = (
        Activator(W, max_iter=5000, tol=tol, precision="float64")(V) for tol in (1e-3, 0)
    )

    def loss(H):
        X = W @ H
        return (V * np.log(V / X) - V + X).sum(axis=0)

    assert loss(converged)[1] < 1.02 * loss(least)[1]
    assert not np.array_equal(converged, least)


def test_more_frames_than_a_block_and_a_start(planted, W):
    V = np.tile(planted, 22)  # 1100 frames
    H = Activator(W, max_iter=400, tol=0, precision="float64")(V)
    np.testing.assert_allclose(H[:, 1050:], H[:, :50], rtol=1e-6, atol=1e-9)
    few = Activator(W, max_iter=10, tol=0)
    cold, warm = few(V), few(V, H)
    assert np.abs(warm - H).max() < 0.5 * np.abs(cold - H).max()


def test_a_silent_start_can_grow(planted, W):
    activations = Activator(W, max_iter=500, tol=0)
    np.testing.assert_allclose(
        activations(planted[:, 0], np.zeros(4)), activations(planted[:, 0]), rtol=1e-2, atol=1e-3
    )


def test_silence_has_no_activations(planted, W):
    V = planted.copy()
    V[:, 7] = 0
    activations = Activator(W)
    H = activations(V)
    assert not H[:, 7].any() and H[:, 8].any()
    assert not activations(np.zeros(30), np.ones(4)).any()


def test_penalties_have_an_effect_and_the_input_is_not_modified(planted, W):
    V, start, kept = planted.copy(), np.ones((4, 50)), W.copy()
    plain, sparse = Activator(W, tol=0)(V, start), Activator(W, tol=0, l1_H=3.0)(V, start)
    assert sparse.sum() < 0.9 * plain.sum()
    np.testing.assert_array_equal(V, planted)
    np.testing.assert_array_equal(W, kept)
    np.testing.assert_array_equal(start, 1)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda W: Activator(W[:, 0]),
            r"W must have the shape \(frequency, component\); it has \(30,\)",
        ),
        (lambda W: Activator(-W), "W must not be negative"),
        (lambda W: Activator(0 * W), "W is zero everywhere"),
        (lambda W: Activator(W, smooth_H=1), "smooth_H couples activations over time"),
        (
            lambda W: Activator(W, solver="hals"),
            "the solver hals works only with the squared error",
        ),
        (
            lambda W: Activator(W)(np.ones(29)),
            r"V must have the shape \(30, frame\); it has \(29,\)",
        ),
        (lambda W: Activator(W)(np.ones((30, 0))), r"V must have the shape .*; it has \(30, 0\)"),
        (
            lambda W: Activator(W)(np.full(30, np.nan)),
            r"V: there are NaN or infinite values \(30 of 30\)",
        ),
        (lambda W: Activator(W)(-np.ones(30)), "V must not be negative; its smallest value is -1"),
        (lambda W: Activator(W)(["a"] * 30), "V must be an array of real numbers"),
        (lambda W: Activator(W)(1.0), r"V must have the shape \(30, frame\); it has \(\)"),
        (
            lambda W: Activator(W)(np.ones(30), np.ones(3)),
            r"start must have the shape \(4, frame\)",
        ),
        (
            lambda W: Activator(W)(np.ones(30), np.ones((4, 2))),
            r"start must have the shape \(4, 1\)",
        ),
    ],
)
def test_bad_input_gets_one_sentence(W, call, sentence):
    with pytest.raises(BadInput, match=sentence):
        call(W)


def test_the_example_processes_a_stream(melody):
    """In each of four successive tones, the loudest component has the pitch of the tone."""
    stream = runpy.run_path(str(ROOT / "examples" / "plot_live.py"))["stream"]
    analysis = otowake.analyse(melody, n_components=4, max_iter=200)
    hop = analysis.stft.hop
    sound = melody.mono()
    pieces = [sound[at : at + hop] for at in range(0, len(sound) - hop, hop)]
    H = np.stack(list(stream(pieces, analysis)), axis=1)
    loudest = (H * analysis.fit.W.sum(axis=0)[:, None]).argmax(axis=0)
    # In the middle of each half second the window contains one tone.
    detected = [
        analysis.components[loudest[round(t * 22050 / hop)]].pitch.midi
        for t in (0.3, 0.8, 1.3, 1.8)
    ]
    assert detected == [60, 64, 67, 72]
