"""Select the number of components by cross-validation over folds of held-out entries."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from otowake.nmf import held_out_folds
from otowake.nmf.divergence import entries
from otowake.nmf.fitting import fitted
from otowake.nmf.frames import InMemory
from otowake.nmf.inputs import Input
from otowake.nmf.problem import MULTISTART_SOLVER, problem_of
from otowake.options import FitSpec
from otowake.programs import program
from otowake.types import Curve, Floats


def held_out_losses(given: Input, spec: FitSpec) -> Curve:
    """Measure how well each number of components predicts held-out entries."""
    values = held_out_folds.columns_of(given.V)
    folds = held_out_folds.patches(values.shape, np.random.default_rng(spec.seed))
    plain = replace(
        spec,
        n_init=1,
        effort="normal",
        max_iter=held_out_folds.ITERATIONS,
        tol=1e-3,
        group_H=0.0,
        forget=None,
    )

    def predicted(number: int, fold: held_out_folds.Fold) -> Floats:
        """Fit the entries that the fold keeps; return the loss of every entry."""
        seen = Input(InMemory(values), fold.seen.astype(given.dtype), given.dtype, given.scale)
        one = plain.with_options(n_components=number, solver=MULTISTART_SOLVER)
        free = np.zeros(number, dtype=bool)
        fit = fitted(seen, one, None, None, problem_of(one, free, free, None, given.scale))
        return np.asarray(_entries(values, fit.W @ fit.H, beta=spec.beta))

    single = [predicted(1, fold) for fold in folds]
    numbers: list[int] = []
    losses: list[list[float]] = []
    for number in held_out_folds.CANDIDATES:
        since = len(losses) - 1 - int(np.argmin([np.mean(row) for row in losses])) if losses else 0
        if number > min(values.shape) or since > held_out_folds.MAX_WORSE:
            break
        numbers.append(number)
        losses.append(
            [
                held_out_folds.held_out_loss(predicted(number, fold), one, fold)
                for fold, one in zip(folds, single, strict=True)
            ]
        )
    return Curve(np.array(numbers), np.array(losses))


_entries = program(static=("beta",))(entries)
