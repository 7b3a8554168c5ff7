"""The factorisation as a scikit-learn estimator, a replacement for sklearn.decomposition.NMF.

The rows of scikit-learn's X are samples, so X is V transposed: a sample is a frame, a feature a
frequency. scikit-learn's W, of shape (sample, component), is H transposed, and its H
(``components_``) is W transposed. No other module transposes.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from numbers import Integral
from typing import Any, Self

import jax
import numpy as np
from numpy.typing import ArrayLike

from otowake import text
from otowake.errors import BadInput, MissingExtra
from otowake.nmf import Activator, factorize, initialisation
from otowake.nmf.checks import checked_matrix
from otowake.nmf.divergence import divergence, gradient_scale
from otowake.nmf.frames import InMemory
from otowake.nmf.scale import mean_of, power_of_two
from otowake.nmf.solvers import SOLVER_TABLE
from otowake.options import LOSS_BETA, Constraint, FitSpec
from otowake.programs import program
from otowake.progress_bars import progress
from otowake.text import Text
from otowake.types import Floats

try:
    from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.utils import check_array, check_random_state, gen_batches
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise MissingExtra(text.NEEDS_SKLEARN) from error

INITS = {
    None: FitSpec.init,
    "random": "random",
    "nndsvd": "nndsvd",
    "nndsvda": "nndsvd",
    "custom": FitSpec.init,
}
"""Our names of scikit-learn's initialisations; our `nndsvd` is variant "a", without zeros."""

LOSSES: dict[Any, Any] = {"frobenius": "euclidean", "kullback-leibler": "kl"}
SOLVERS: dict[Any, Any] = {"cd": "hals"}
"""Our names of scikit-learn's solvers. Its coordinate descent is HALS (Cichocki & Phan, 2009)."""

PRECISIONS: Any = [np.float64, np.float32]
"""Accepted types of X; other types are converted to the first."""

_SILENT = Text("", "")
PARAMETERS = {
    "n_components": Constraint(
        int, _SILENT, optional=True, choices=("auto",), or_number=True, low=1, high=1024
    ),
    "init": Constraint(str, _SILENT, optional=True, choices=tuple(filter(None, INITS))),
    "solver": Constraint(str, _SILENT, choices=(*SOLVER_TABLE, *SOLVERS)),
    "beta_loss": Constraint(
        float, _SILENT, choices=(*LOSSES, *LOSS_BETA), or_number=True, low=-4, high=4
    ),
    "alpha_W": Constraint(float, _SILENT, low=0),
    "alpha_H": Constraint(float, _SILENT, choices=("same",), or_number=True, low=0),
    "l1_ratio": Constraint(float, _SILENT, low=0, high=1),
}
"""Constraints of scikit-learn's parameters; :class:`otowake.FitSpec` has the others."""


class NMF(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Non-negative matrix factorisation X ≈ W·H, as :class:`sklearn.decomposition.NMF`.

    The estimator minimises scikit-learn's objective; D is ½‖X − W·H‖² for ``frobenius``::

        D(X, W·H) + alpha_W · n_features · (l1_ratio · ΣW + (1 − l1_ratio)/2 · ΣW²)
                  + alpha_H · n_samples  · (l1_ratio · ΣH + (1 − l1_ratio)/2 · ΣH²)

    Parameters
    ----------
    n_components
        Number of components. ``"auto"`` (or None) means that of a given W or H, or else the number
        of features.
    init
        Initial factors: None (chosen by the solver), ``"random"``, ``"nndsvd"`` (or ``"nndsvda"``,
        the same variant without zeros), or ``"custom"``: the W and H passed to :meth:`fit`.
    solver
        ``"accelerated"``, ``"mu"``, ``"hals"`` (or ``"cd"``) or ``"adam"``.
    beta_loss
        ``"frobenius"`` (or ``"euclidean"``), ``"kullback-leibler"`` (or ``"kl"``),
        ``"itakura-saito"``, or β.
    tol
        Stop when the loss falls by less than this fraction in 10 iterations; 0: never; None: the
        solver's default.
    max_iter
        Maximum number of iterations; None: the solver's default. Reaching it raises a
        ``ConvergenceWarning`` unless ``tol=0``.
    random_state
        Random seed; None means a different one each time.
    alpha_W, alpha_H, l1_ratio
        Weights of the penalties, as above; ``alpha_H="same"`` means ``alpha_W``.
    verbose
        Whether to show a progress bar in a terminal.
    effort
        ``"normal"`` or ``"thorough"``, for the solver ``"accelerated"``.
    n_init
        Number of runs from different random starts; the run with the lowest loss is kept.

    Attributes
    ----------
    components_
        H, shape (n_components, n_features).
    n_components_
        Number of components.
    reconstruction_err_
        √(2·D) of the training data, the norm ‖X − W·H‖ for ``frobenius``.
    losses_
        The measured objective, without the ½ for ``frobenius`` (``losses`` of
        :class:`otowake.Fit`).
    n_iter_
        Number of iterations.
    n_features_in_, feature_names_in_
        Number of features, and their names if X has names.

    See Also
    --------
    otowake.factorize : The function, with weights, masks, fixed components and more penalties.

    Notes
    -----
    A sparse X is converted to a dense array. float32 is computed in float32, other types in
    float64.

    References
    ----------
    Févotte & Idier, "Algorithms for nonnegative matrix factorization with the β-divergence"
    (2011); Cichocki & Phan, "Fast local algorithms for large scale nonnegative matrix and tensor
    factorizations" (2009); Pedregosa et al., "Scikit-learn: machine learning in Python" (2011), for
    the objective and the names (version 1.9).

    Examples
    --------
    >>> X = np.array([[1.0, 1.0], [2.0, 1.0], [3.0, 1.2], [4.0, 1.0], [5.0, 0.8], [6.0, 1.0]])
    >>> model = NMF(n_components=2, random_state=0)
    >>> W = model.fit_transform(X)
    >>> W.shape, model.components_.shape, bool(np.allclose(W @ model.components_, X, atol=0.1))
    ((6, 2), (2, 2), True)
    >>> model.transform([[7.0, 2.2]]).shape
    (1, 2)
    """

    components_: Floats
    n_components_: int
    reconstruction_err_: float
    losses_: Floats
    n_iter_: int

    def __init__(
        self,
        n_components: int | str | None = "auto",
        *,
        init: str | None = None,
        solver: str = FitSpec.solver,
        beta_loss: str | float = "frobenius",
        tol: float | None = FitSpec.tol,
        max_iter: int | None = FitSpec.max_iter,
        random_state: int | np.random.RandomState | None = None,
        alpha_W: float = 0.0,
        alpha_H: float | str = "same",
        l1_ratio: float = 0.0,
        verbose: int = 0,
        effort: str = FitSpec.effort,
        n_init: int = FitSpec.n_init,
    ) -> None:
        self.n_components = n_components
        self.init = init
        self.solver = solver
        self.beta_loss = beta_loss
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state
        self.alpha_W = alpha_W
        self.alpha_H = alpha_H
        self.l1_ratio = l1_ratio
        self.verbose = verbose
        self.effort = effort
        self.n_init = n_init

    def fit(
        self, X: ArrayLike, y: object = None, W: ArrayLike | None = None, H: ArrayLike | None = None
    ) -> Self:
        """Learn components from X; see :meth:`fit_transform`."""
        self.fit_transform(X, W=W, H=H)
        return self

    def fit_transform(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, X: ArrayLike, y: object = None, W: ArrayLike | None = None, H: ArrayLike | None = None
    ) -> Floats:
        """Learn components from X and return their activations.

        Parameters
        ----------
        X
            Shape (n_samples, n_features), array or sparse matrix, non-negative.
        y
            Not used.
        W, H
            Initial factors for ``init="custom"``, shapes (n_samples, n_components) and
            (n_components, n_features). Zeros stay zero. If only H is given, W is estimated from it.

        Returns
        -------
        W
            Shape (n_samples, n_components).

        Raises
        ------
        BadInput
            If X or a parameter is invalid; it is a ``ValueError``.
        """
        X = self._dense(X, reset=True)
        if (self.init == "custom") == (W is None and H is None):
            raise BadInput(text.CUSTOM_START, init=repr(self.init))
        W, H = _start("W", W), _start("H", H)
        spec = self._spec(
            X, W.shape[1] if W is not None else H.shape[0] if H is not None else X.shape[1]
        )
        K = int(spec.n_components)
        _has_shape("W", W, (len(X), K))
        _has_shape("H", H, (K, X.shape[1]))
        seed = self._seed()
        if W is None and H is None and min(X.shape) < K and spec.init == "random":
            H = initialisation.log_normal(X.shape[1], 1, K, np.random.default_rng(seed)).W.T
        fit = factorize(
            X.T,
            spec=spec,
            W=None if H is None else H.T,
            H=None if W is None else W.T,
            seed=seed,
            watch=progress() if self.verbose else None,
        )
        if fit.stop.reason == "max_iter" and (
            SOLVER_TABLE[spec.solver].tol if spec.tol is None else spec.tol
        ):
            warnings.warn(text.NOT_AT_REST.format(stop=fit.stop), ConvergenceWarning, stacklevel=3)
        W = np.array(fit.H.T, order="C")
        self.components_ = np.array(fit.W.T, order="C")
        self.n_components_ = K
        self.reconstruction_err_ = _root_of_loss(X, W, self.components_, spec.beta)
        self.losses_ = fit.losses
        self.n_iter_ = fit.n_iter
        return W

    def transform(self, X: ArrayLike) -> Floats:
        """Estimate the activations of the learnt components in X.

        The solver is always ``"accelerated"``, and every sample gets the same number of iterations,
        regardless of `tol`. The result for a sample is independent of the other samples.

        Parameters
        ----------
        X
            Shape (n_samples, n_features), array or sparse matrix, non-negative.

        Returns
        -------
        W
            Shape (n_samples, n_components).
        """
        check_is_fitted(self)
        X = self._dense(X, reset=False)
        spec = self._spec(X, self.n_components_).with_options(solver=FitSpec.solver, tol=0)
        return np.array(Activator(self.components_.T, spec=spec)(X.T).T, order="C")

    def inverse_transform(self, X: ArrayLike) -> Floats:
        """Compute W·H, shape (n_samples, n_features)."""
        check_is_fitted(self)
        W: Any = check_array(X, accept_sparse=True, dtype=PRECISIONS)
        return W @ self.components_

    def score(self, X: ArrayLike, y: object = None) -> float:
        """Return minus the mean of D over the entries of X, so that a higher score is better.

        The activations are those of :meth:`transform`. Model selection, such as
        :class:`sklearn.model_selection.GridSearchCV`, uses this score for held-out samples.

        Parameters
        ----------
        X
            Shape (n_samples, n_features), array or sparse matrix, non-negative.
        y
            Ignored.

        Examples
        --------
        >>> X = np.random.default_rng(0).gamma(1.0, size=(40, 12))
        >>> one, four = (NMF(k, beta_loss="kl", random_state=0).fit(X) for k in (1, 4))
        >>> one.score(X) < four.score(X) < 0
        True
        """
        W = self.transform(X)
        X = self._dense(X, reset=False)
        beta = self._spec(X, self.n_components_).beta
        return -(_root_of_loss(X, W, self.components_, beta) ** 2) / 2 / X.size

    @property
    def _n_features_out(self) -> int:
        return self.n_components_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _dense(self, X: Any, reset: bool) -> Floats:
        X = validate_data(
            self,
            X,
            reset=reset,
            accept_sparse=("csr", "csc"),
            dtype=PRECISIONS,
            ensure_non_negative=True,
        )
        return X if isinstance(X, np.ndarray) else X.toarray()

    def _seed(self) -> int:
        state = self.random_state
        return (
            int(state) if isinstance(state, Integral) else check_random_state(state).randint(2**31)
        )

    def _spec(self, X: Floats, n_components: int) -> FitSpec:
        """Build the options for X; `n_components` is the default of the parameter."""
        given: dict[str, Any] = {
            name: must.check(name, getattr(self, name)) for name, must in PARAMETERS.items()
        }
        n_samples, n_features = X.shape
        spec = FitSpec(
            n_components=n_components
            if given["n_components"] in (None, "auto")
            else given["n_components"],
            loss=LOSSES.get(given["beta_loss"], given["beta_loss"]),
            solver=SOLVERS.get(given["solver"], given["solver"]),
            effort=self.effort,
            max_iter=self.max_iter,
            tol=self.tol,
            init=INITS[given["init"]],
            n_init=self.n_init,
            precision=X.dtype.name,
        )
        alpha_W, l1 = given["alpha_W"], given["l1_ratio"]
        alpha_H = alpha_W if given["alpha_H"] == "same" else given["alpha_H"]
        scale = gradient_scale(spec.beta)
        on_frames, on_bins = scale * n_features * alpha_W, scale * n_samples * alpha_H
        return spec.with_options(
            l1_H=on_frames * l1,
            l2_H=on_frames * (1 - l1),
            l1_W=on_bins * l1,
            l2_W=on_bins * (1 - l1),
        )


def _start(name: str, factor: ArrayLike | None) -> Floats | None:
    return None if factor is None else checked_matrix(factor, name).astype(np.float64)


def _has_shape(name: str, factor: Floats | None, shape: tuple[int, int]) -> None:
    if factor is not None and factor.shape != shape:
        raise BadInput(text.BAD_SHAPE, name=name, need=shape, got=factor.shape)


def _root_of_loss(X: Floats, W: Floats, H: Floats, beta: float) -> float:
    """Compute √(2·D) with scikit-learn's loss D, summed in float64."""
    unit = power_of_two(mean_of(InMemory(X)))

    def parts() -> Iterable[float]:
        for rows in gen_batches(len(X), 1024):
            V, model = X[rows].astype(np.float64), W[rows].astype(np.float64) @ H.astype(np.float64)
            yield float(_divergence(V / unit, model / unit, beta=beta))

    with jax.enable_x64(True):
        total = sum(parts())
    return float(np.sqrt(2 * max(total, 0) / gradient_scale(beta)) * unit ** (beta / 2))


_divergence = program(static=("beta",))(divergence)
