"""What is solved, and how: the options of a fit as a problem, a solver and a stop rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from otowake import text
from otowake.errors import BadInput
from otowake.nmf.multistart import EFFORTS
from otowake.nmf.penalties import Penalty
from otowake.nmf.scale import Scale
from otowake.nmf.solvers import TABLE, H_alone, Problem, Solver, chosen
from otowake.options import FitSpec

AUDITIONED = "accelerated"
"""The solver whose starts are auditioned, and whose `effort` says how long."""

BATCHED = "minibatch"
"""The solver that begins with an audition by the other, and then moves W after every block."""


def problem_of(
    spec: FitSpec,
    held_W: NDArray[np.bool_],
    held_H: NDArray[np.bool_],
    groups: Sequence[int] | None,
    scale: Scale = Scale(),  # noqa: B008 - it is a value
) -> Problem:
    """What is solved with these options; `held_W` and `held_H`, of shape (component,), say what is kept.

    The penalties' weights are for the caller's units, the problem is in those of `scale`.
    """
    dtype = np.dtype(spec.precision).type
    weight = {name: _weight(name, spec, scale, dtype) for name in PENALTIES}
    members = None
    if weight["group_H"] is not None:
        if groups is None or len(groups) != len(held_W):
            raise BadInput(text.GROUPS_NEEDED)
        members = (np.unique(groups)[:, None] == np.asarray(groups)).astype(dtype)
    on_W = Penalty(l1=weight["l1_W"], l2=weight["l2_W"], apart=weight["decorrelation_W"])
    on_H = Penalty(
        l1=weight["l1_H"],
        l2=weight["l2_H"],
        smooth=weight["smooth_H"],
        group=weight["group_H"],
        members=members,
    )
    return Problem(spec.beta, held_W, held_H, on_W, on_H)


PENALTIES = ("l1_W", "l1_H", "l2_W", "l2_H", "smooth_H", "decorrelation_W", "group_H")


def _weight(name: str, spec: FitSpec, scale: Scale, dtype: Any) -> Any:
    """The weight of a penalty in normalised units, or None where there is none."""
    asked = getattr(spec, name)
    weight = scale.weight(name, asked, spec.beta) if asked else 0.0
    if weight > HEAVIEST:
        raise BadInput(text.HEAVY_PENALTY, name=name, value=asked, most=asked * (HEAVIEST / weight))
    return dtype(weight) or None


HEAVIEST = 1e15
"""The largest weight of a penalty where V has the mean 1: beside it V would count for nothing."""


def solver_of(spec: FitSpec, problem: Problem, weighted: bool) -> Solver:
    """How it is solved, or :class:`BadInput` where that solver can't."""
    if spec.solver != AUDITIONED and spec.effort != "normal":
        raise BadInput(
            text.EFFORT_SOLVER, effort=spec.effort, instead=AUDITIONED, solver=spec.solver
        )
    if spec.solver != BATCHED and spec.forget is not None:
        raise BadInput(text.FORGET_SOLVER, solver=spec.solver)
    solver = chosen(spec.solver, problem, weighted)
    if spec.forget is not None:
        solver = solver._replace(forget=spec.forget)
    named = TABLE[spec.solver]
    if named.losses is not None:
        if problem.beta not in named.losses:
            raise BadInput(text.SOLVER_LOSS, solver=spec.solver, loss=spec.loss)
        lacking = [
            name for name in ("smooth_H", "decorrelation_W", "group_H") if getattr(spec, name)
        ]
        if weighted or lacking:
            what = "weights" if weighted else lacking[0]
            raise BadInput(text.SOLVER_LACKS, solver=spec.solver, what=what)
    return H_alone(solver) if problem.held_W.all() else solver


def stop_rule(spec: FitSpec, solver: Solver) -> tuple[int, float]:
    """`max_iter` and `tol`: as given, else those of the effort or the solver."""
    own = EFFORTS[spec.effort] if spec.solver == AUDITIONED else solver
    return spec.max_iter or own.max_iter, own.tol if spec.tol is None else spec.tol
