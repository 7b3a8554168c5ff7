"""The lecture manual's program, recorded by ``benchmarks/manual_tensorflow.py record``."""

from pathlib import Path

import numpy as np
import pytest

from otowake.io import load
from otowake.io.audio import demo_path
from otowake.nmf import loop
from otowake.nmf.objective import Block, Problem
from otowake.nmf.solvers import ADAM
from otowake.nmf.states import SingleBlock
from otowake.signal import spectrogram

GOLDEN = Path(__file__).parent / "manual_adam.npz"


@pytest.mark.parametrize(("loss", "beta"), [("kl", 1.0), ("euclidean", 2.0)])
def test_adam_follows_the_manuals_program_to_five_digits(loss, beta):
    with np.load(GOLDEN, allow_pickle=False) as golden:
        V = spectrogram(load(demo_path())).values
        assert V.shape[1] == int(golden["frames"])
        W, H = np.exp(golden["lh0"].T), np.exp(golden["lw0"].T)
        expected = golden[f"losses_{loss}"]
    problem = Problem.plain(beta, W.shape[1])
    fit = SingleBlock(problem, Block(V), ADAM, W[None], H[None], V.shape[1])
    done = loop.run(fit, max_iter=len(expected), tol=0)
    assert len(expected) == 300
    np.testing.assert_allclose(done.losses[:, 0], expected, rtol=1e-5)
