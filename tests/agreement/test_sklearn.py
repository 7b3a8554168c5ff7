"""Agreement with scikit-learn's multiplicative updates from the same start.

scikit-learn updates W first, otowake H; therefore scikit-learn gets the transposed problem.
"""

import numpy as np
import pytest
from sklearn.decomposition import non_negative_factorization

from otowake.nmf import factorize, initialisation


@pytest.mark.filterwarnings("ignore:Maximum number of iterations")
@pytest.mark.parametrize("beta", [0.5, 1.0, 1.5, 2.0, 3.0])
def test_mu_is_scikit_learns(planted, beta):
    start = initialisation.log_normal(*planted.shape, 3, np.random.default_rng(0))
    fit = factorize(
        planted, n_components=3, solver="mu", loss=beta, W=start.W, H=start.H, max_iter=40, tol=0
    )
    theirs_H, theirs_W, _ = non_negative_factorization(
        planted.T.astype(np.float64),
        W=start.H.T.astype(np.float64),
        H=start.W.T.astype(np.float64),
        n_components=3,
        init="custom",
        solver="mu",
        beta_loss=beta,
        max_iter=40,
        tol=0,
    )
    np.testing.assert_allclose(fit.W @ fit.H, (theirs_H @ theirs_W).T, rtol=2e-3)
