"""Laws of scale: scaling V scales H and leaves W unchanged."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scale_cases import PAIRS, SHORT

from otowake.nmf import factorize


def largest(beta):
    """Return the decimal exponent up to which V, its powers and the loss are finite."""
    return 298 / max(abs(beta), 1)


@pytest.fixture(scope="module")
def V(planted):
    return planted.astype(np.float64)


@pytest.fixture(scope="module")
def fit_at_scale_one(V):
    """Return a function that factorises V, once for each solver and loss."""
    return cache(lambda solver, beta: factorize(V, solver=solver, loss=beta, **SHORT))


@pytest.mark.parametrize(("solver", "beta"), PAIRS)
@settings(max_examples=8)
@given(part=st.floats(-1, 1))
def test_any_scale_gives_the_same_factors(V, fit_at_scale_one, solver, beta, part):
    scale = 10.0 ** (part * largest(beta))
    one = fit_at_scale_one(solver, beta)
    other = factorize(V * scale, solver=solver, loss=beta, **SHORT)
    np.testing.assert_allclose(other.W, one.W, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(other.H, one.H * scale, rtol=1e-5, atol=1e-9 * scale)
    np.testing.assert_allclose(other.losses, one.losses * scale**beta, rtol=1e-5)
    np.testing.assert_allclose(
        other.screening_losses, one.screening_losses * scale**beta, rtol=1e-5
    )
    np.testing.assert_allclose(other.initial.H, one.initial.H * scale, rtol=1e-5)
