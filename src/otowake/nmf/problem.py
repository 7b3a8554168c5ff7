"""The options of a fit as a problem, a solver and a stop rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from otowake import text
from otowake.errors import BadInput
from otowake.nmf.multistart import EFFORT_SETTINGS
from otowake.nmf.objective import Problem
from otowake.nmf.penalties import Penalty
from otowake.nmf.scale import Scale
from otowake.nmf.solvers import SOLVER_TABLE, H_only, Solver, solver_named
from otowake.options import FitSpec

MULTISTART_SOLVER = "accelerated"
"""The solver with multi-start screening and the option `effort`."""

MINIBATCH_SOLVER = "minibatch"
"""The solver of mini-batches; the other one screens its starts."""


def problem_of(
    spec: FitSpec,
    held_W: NDArray[np.bool_],
    held_H: NDArray[np.bool_],
    groups: Sequence[int] | None,
    scale: Scale = Scale(),  # noqa: B008 - immutable
) -> Problem:
    """Build the problem of a fit in units of `scale`.

    `held_W` and `held_H`, of shape (component,), mark fixed components. The penalty weights in
    `spec` are in the caller's units.

    Raises
    ------
    BadInput
        If groups are missing, or a penalty weight is too large.
    """
    dtype = np.dtype(spec.precision).type
    weight = {name: _weight(name, spec, scale, dtype) for name in PENALTIES}
    members = None
    if weight["group_H"] is not None:
        if groups is None or len(groups) != len(held_W):
            raise BadInput(text.GROUPS_NEEDED)
        members = (np.unique(groups)[:, None] == np.asarray(groups)).astype(dtype)
    on_W = Penalty(l1=weight["l1_W"], l2=weight["l2_W"], decorrelation=weight["decorrelation_W"])
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
    """Return the weight of a penalty in normalised units; None for no penalty."""
    requested = getattr(spec, name)
    weight = scale.weight(name, requested, spec.beta) if requested else 0.0
    if weight > MAX_PENALTY_WEIGHT:
        raise BadInput(
            text.HEAVY_PENALTY,
            name=name,
            value=requested,
            most=requested * (MAX_PENALTY_WEIGHT / weight),
        )
    return dtype(weight) or None


MAX_PENALTY_WEIGHT = 1e15
"""Largest penalty weight for a V of mean 1; larger ones leave no influence to V."""


def solver_of(spec: FitSpec, problem: Problem, weighted: bool) -> Solver:
    """Choose the solver.

    Raises
    ------
    BadInput
        If the solver does not support the loss, weights or penalties.
    """
    if spec.solver != MULTISTART_SOLVER and spec.effort != "normal":
        raise BadInput(
            text.EFFORT_SOLVER, effort=spec.effort, instead=MULTISTART_SOLVER, solver=spec.solver
        )
    if spec.solver != MINIBATCH_SOLVER and spec.forget is not None:
        raise BadInput(text.FORGET_SOLVER, solver=spec.solver)
    solver = solver_named(spec.solver, problem, weighted)
    if spec.forget is not None:
        solver = solver._replace(forget=spec.forget)
    named = SOLVER_TABLE[spec.solver]
    if named.losses is not None:
        if problem.beta not in named.losses:
            raise BadInput(text.SOLVER_LOSS, solver=spec.solver, loss=spec.loss)
        lacking = [
            name for name in ("smooth_H", "decorrelation_W", "group_H") if getattr(spec, name)
        ]
        if weighted or lacking:
            what = "weights" if weighted else lacking[0]
            raise BadInput(text.SOLVER_LACKS, solver=spec.solver, what=what)
    return H_only(solver) if problem.held_W.all() else solver


def stop_rule(spec: FitSpec, solver: Solver) -> tuple[int, float]:
    """Return `max_iter` and `tol`, by default those of the effort or the solver."""
    own = EFFORT_SETTINGS[spec.effort] if spec.solver == MULTISTART_SOLVER else solver
    return spec.max_iter or own.max_iter, own.tol if spec.tol is None else spec.tol
