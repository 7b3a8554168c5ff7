"""A fit in normalised units: initial factors, the loop, and the result."""

from __future__ import annotations

import contextlib

import jax
import numpy as np

from otowake import text
from otowake.errors import BadInput
from otowake.nmf import loop
from otowake.nmf.frames import BLOCK_FRAMES, PaddedBlocks, in_blocks
from otowake.nmf.inputs import Input
from otowake.nmf.objective import Problem
from otowake.nmf.problem import solver_of, stop_rule
from otowake.nmf.similarity import cosine_similarity
from otowake.nmf.solvers import Solver
from otowake.nmf.starts import Start, start_of
from otowake.nmf.states import InBlocks, MiniBatches, SingleBlock
from otowake.options import FitSpec
from otowake.types import Fit, Floats, Progress, Watcher


def fitted(
    given: Input,
    spec: FitSpec,
    W: Floats | None,
    H: Floats | None,
    problem: Problem,
    watch: Watcher | None = None,
    resume: dict[str, Floats] | None = None,
) -> Fit:
    """Run a factorisation; arguments and result are in normalised units.

    The arguments are those of :func:`otowake.nmf.factorize`.
    """
    solver = solver_of(spec, problem, given.weights is not None)
    wide = spec.precision == "float64"
    with jax.enable_x64(True) if wide else contextlib.nullcontext():
        # The smoothness penalty must not include padding frames.
        kind = (
            {"step": 1}
            if spec.smooth_H
            else {"long": BLOCK_FRAMES}
            if solver.forget is not None
            else {}
        )
        blocks = in_blocks(given.V, given.weights, given.dtype, **kind)
        start = start_of(given, spec, problem, solver, blocks, W, H)
        return _run(given, spec, problem, solver, blocks, start, watch, resume)


def _run(
    given: Input,
    spec: FitSpec,
    problem: Problem,
    solver: Solver,
    blocks: PaddedBlocks,
    start: Start,
    watch: Watcher | None,
    resume: dict[str, Floats] | None,
) -> Fit:
    n_frames = given.V.shape[1]
    max_iter, tol = stop_rule(spec, solver)
    W, H = start.W.astype(given.dtype), [blocks.split(h) for h in start.H]
    if solver.forget is not None:
        fit = MiniBatches(problem, blocks, solver, W, H, n_frames)
    elif len(blocks) == 1:
        fit = SingleBlock(problem, blocks[0], solver, W, np.stack([h for (h,) in H]), n_frames)
    else:
        fit = InBlocks(problem, blocks, solver, W, H, n_frames)
    before = None
    if resume is not None:
        try:
            fit.state, before = loop.restored_state(fit.state, resume)
        except ValueError as error:
            raise BadInput(text.NOT_THE_CHECKPOINT) from error
        fit.last = before[0][-1]
    elif watch is not None:
        watch(Progress(np.zeros(0, int), max_iter, np.zeros(0), lambda: start.initial[0]))
    done = loop.run(fit, max_iter=max_iter, tol=tol, watch=watch, done=before)
    best = int(np.argmin(done.losses[-1]))
    factors = fit.factors(best)
    agreement = np.ones(len(start.W))
    if len(start.W) > 1:
        agreement[:] = [cosine_similarity(factors.W, W) for W in fit.spectra()]
    return Fit(
        factors.W,
        factors.H,
        done.losses[:, best],
        done.iterations,
        start.initial[best],
        done.stop,
        spec,
        start.screening_losses,
        restarts=done.losses[-1],
        agreement=agreement,
    )
