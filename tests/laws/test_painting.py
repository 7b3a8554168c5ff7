"""Laws of painting: a brush stroke moves shares between components."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from otowake.music.editing.painting import BrushStroke, paint
from otowake.types import Factors


def share(factors: Factors, k: int, rows: slice, frames: slice) -> float:
    return float(np.outer(factors.W[rows, k], factors.H[k, frames]).sum())


@given(seed=st.integers(0, 1000), k=st.integers(0, 2), belongs=st.booleans())
def test_a_brush_stroke_moves_the_share_but_not_the_sum(seed, k, belongs):
    rng = np.random.default_rng(seed)
    V = (rng.gamma(0.5, size=(20, 3)) @ rng.gamma(0.5, size=(3, 30)) + 0.01).astype(np.float32)
    start = Factors(rng.random((20, 3)) + 0.1, rng.random((3, 30)) + 0.1)
    rows, frames = slice(0, 20), slice(10, 20)
    free = paint(V, start, [])
    painted = paint(V, start, [BrushStroke(k, 0, 20, 10, 20, belongs)])
    before, after = (share(f, k, rows, frames) for f in (free, painted))
    assert after > before if belongs else after < before
    # Without excluded components, an iteration keeps the sum of every frame.
    assert np.allclose(free.product().sum(), V.sum(), rtol=1e-3)
    again = paint(V, start, [BrushStroke(k, 0, 20, 10, 20, belongs)])
    assert np.array_equal(painted.W, again.W) and np.array_equal(painted.H, again.H)
