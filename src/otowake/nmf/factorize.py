"""The door of this room: checks what is given, chooses a start, runs the loop."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple, cast

import jax
import numpy as np
from numpy.typing import ArrayLike

from otowake import text
from otowake.errors import BadInput
from otowake.nmf import loop, rank, starts
from otowake.nmf.checks import checked_factor, checked_keep, checked_matrix, checked_weights
from otowake.nmf.divergence import entries
from otowake.nmf.frames import BLOCK, LONG, InMemory, PaddedBlocks, in_blocks
from otowake.nmf.multistart import EFFORTS, audition, lifted
from otowake.nmf.problem import AUDITIONED, BATCHED, problem_of, solver_of, stop_rule
from otowake.nmf.scale import Scale, divided
from otowake.nmf.similarity import cosine_similarity
from otowake.nmf.solvers import Problem, Solver, chosen
from otowake.options import FitSpec
from otowake.programs import program
from otowake.types import Curve, Factors, Fit, Floats, Matrix, Progress, Watcher

Keep = bool | Sequence[int]


def factorize(
    V: ArrayLike | Matrix,
    n_components: int | str | None = None,
    *,
    spec: FitSpec | None = None,
    W: ArrayLike | None = None,
    H: ArrayLike | None = None,
    keep_W: Keep = False,
    keep_H: Keep = False,
    weights: ArrayLike | Literal["observed"] | None = None,
    groups: Sequence[int] | None = None,
    watch: Watcher | None = None,
    resume: dict[str, Floats] | None = None,
    **options: Any,
) -> Fit:
    """Factorise a non-negative matrix, V ≈ W·H.

    Parameters
    ----------
    V
        Shape (frequency, frame), non-negative and finite, of any scale whose powers fit into the floats (the mean from
        1e-30 to 1e30 in float32; from 1e-300 to 1e300 in float64, for β = 2 from 1e-150 to 1e150): V·c gives the same
        W and c·H. It is not changed. Long recordings are taken in blocks
        of frames; instead of an array, anything with ``shape`` and ``frames(start, stop)`` will do.
    n_components
        How many components, or ``"auto"``; 20 if not given.
    spec, **options
        The other options, together or one by one: ``loss="kl"``, ``solver="accelerated"``, ``effort="normal"``,
        ``max_iter``, ``tol``, ``seed`` and those of :class:`otowake.options.FitSpec`.
    W, H
        Where to begin: shapes (frequency, component) and (component, frame). What is 0 in them stays 0, so that a
        comb in W or a piano roll in H is a gate. With W alone, H is found from it.
    keep_W, keep_H
        Whether the given W or H is kept as it is: True, or the places of the components that are.
    weights
        Shape (frequency, frame), non-negative: how much each entry counts. ``"observed"`` means 1, but 0 where V
        is NaN.
    groups
        For the penalty `group_H`: the number of each component's set.
    watch
        Called before learning and after each chunk of iterations, with an :class:`otowake.types.Progress`; if
        it returns True after a chunk, the fit stops and keeps what it has.
    resume
        What an earlier ``Progress.state()`` gave for the same V and options: it goes on from there, and ends with
        the result of an unbroken run.

    Returns
    -------
    Fit
        With ``W`` of shape (frequency, component), ``H`` of shape (component, frame), and the penalised loss as it
        went.

    Raises
    ------
    BadInput
        If V or an option is not what it must be.
    NotConverged
        If the loss is no longer a finite number.

    References
    ----------
    Lee & Seung, "Algorithms for non-negative matrix factorization" (2001); Févotte & Idier, "Algorithms for
    nonnegative matrix factorization with the β-divergence" (2011); Hien, Leplat & Gillis, "Block majorization
    minimization with extrapolation and application to β-NMF" (2024).

    Examples
    --------
    >>> W, H = np.array([[1.0, 0], [0, 1], [1, 1]]), np.array([[1.0, 2, 0, 1], [0, 1, 3, 1]])
    >>> fit = factorize(W @ H, n_components=2, max_iter=500, tol=0)
    >>> fit.W.shape, fit.H.shape, fit.n_iter
    ((3, 2), (2, 4), 500)
    >>> bool(np.allclose(fit.W @ fit.H, W @ H, atol=0.01))
    True

    With W kept, this finds the activations of new frames:

    >>> activations = factorize(W @ [[2.0], [5.0]], n_components=2, W=W, keep_W=True, tol=0).H
    >>> activations.round(1).tolist()
    [[2.0], [5.0]]
    """
    if n_components is not None:
        options["n_components"] = n_components
    spec = (spec or FitSpec()).with_options(**options)
    given = _normalised(_checked(V, weights, spec), spec)
    curve = None
    if isinstance(spec.n_components, str):
        curve = unseen_losses(given, spec)
        spec = spec.with_options(n_components=curve.best())
    number = int(spec.n_components)
    held = checked_keep("keep_W", keep_W, W, number), checked_keep("keep_H", keep_H, H, number)
    n_bins, n_frames = given.V.shape
    if W is None and H is None and number > min(n_bins, n_frames):
        raise BadInput(text.TOO_MANY_COMPONENTS, most=min(n_bins, n_frames), value=number)
    W = None if W is None else checked_factor("W", W, (n_bins, number))
    H = None if H is None else checked_factor("H", H, (number, n_frames))
    scale = given.scale.beside(W, H, spec.precision)
    fit = _fitted(
        given._replace(scale=scale),
        spec,
        None if W is None else W / scale.W,
        None if H is None else H / scale.H,
        problem_of(spec, *held, groups, scale),
        _in_units(watch, scale, spec.beta, given.dtype),
        resume,
    )
    loss = scale.loss(spec.beta)
    found, initial = scale.given(fit.factors, given.dtype), scale.given(fit.initial, given.dtype)
    if curve is not None:
        curve = curve._replace(losses=curve.losses * loss)
    return replace(
        fit,
        W=found.W,
        H=found.H,
        losses=fit.losses * loss,
        initial=initial,
        restarts=fit.restarts * loss,
        screening_losses=fit.screening_losses * loss,
        curve=curve,
    )


def _in_units(watch: Watcher | None, scale: Scale, beta: float, dtype: np.dtype) -> Watcher | None:
    """The watcher, to be called with progress in normalised units."""
    if watch is None or scale == Scale(level=scale.level):
        return watch

    def told(now: Progress) -> bool | None:
        return watch(
            replace(
                now,
                losses=now.losses * scale.loss(beta),
                factors=lambda: scale.given(now.factors(), dtype),
            )
        )

    return told


def _fitted(
    given: Given,
    spec: FitSpec,
    W: Floats | None,
    H: Floats | None,
    problem: Problem,
    watch: Watcher | None = None,
    resume: dict[str, Floats] | None = None,
) -> Fit:
    """The fit, all in normalised units."""
    solver = solver_of(spec, problem, given.weights is not None)
    wide = spec.precision == "float64"
    with jax.enable_x64(True) if wide else contextlib.nullcontext():
        # The smoothness of H must not see frames that only pad.
        kind = (
            {"step": 1} if spec.smooth_H else {"long": BLOCK} if solver.forget is not None else {}
        )
        blocks = in_blocks(given.V, given.weights, given.dtype, **kind)
        start = _start(given, spec, problem, solver, blocks, W, H)
        return _run(given, spec, problem, solver, blocks, start, watch, resume)


def unseen_losses(given: Given, spec: FitSpec) -> Curve:
    """How well each number of components foretells held-out entries (:mod:`otowake.nmf.rank`)."""
    values = rank.columns_of(given.V)
    folds = rank.patches(values.shape, np.random.default_rng(spec.seed))
    plain = replace(
        spec,
        n_init=1,
        effort="normal",
        max_iter=rank.ITERATIONS,
        tol=1e-3,
        group_H=0.0,
        forget=None,
    )

    def foretold(number: int, fold: rank.Fold) -> Floats:
        seen = Given(InMemory(values), fold.seen.astype(given.dtype), given.dtype, given.scale)
        one = plain.with_options(n_components=number, solver=AUDITIONED)
        free = np.zeros(number, dtype=bool)
        fit = _fitted(seen, one, None, None, problem_of(one, free, free, None, given.scale))
        return np.asarray(_entries(values, fit.W @ fit.H, beta=spec.beta))

    alone = [foretold(1, fold) for fold in folds]
    numbers: list[int] = []
    losses: list[list[float]] = []
    for number in rank.NUMBERS:
        since = (
            len(losses) - 1 - int(np.argmin([np.mean(each) for each in losses])) if losses else 0
        )
        if number > min(values.shape) or since > rank.PATIENCE:
            break
        numbers.append(number)
        losses.append(
            [
                rank.judged(foretold(number, fold), one, fold)
                for fold, one in zip(folds, alone, strict=True)
            ]
        )
    return Curve(np.array(numbers), np.array(losses))


_entries = program(static=("beta",))(entries)


class Given(NamedTuple):
    """What is factorised, checked; in units of `scale`."""

    V: Matrix
    weights: Floats | None
    dtype: np.dtype
    scale: Scale = Scale()

    def at_level(self, start: Factors) -> Factors:
        """A start for a V of the mean 1, brought to the level of this one."""
        level = self.scale.level
        return (
            start
            if level == 1
            else Factors(start.W, start.H.astype(self.dtype) * self.dtype.type(level))
        )


class Start(NamedTuple):
    """Where the loop begins: before learning, W and H of each run, and how auditions went."""

    initial: list[Factors]
    W: Floats
    H: list[Floats]
    screening_losses: Floats


def _run(
    given: Given,
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
        journey = loop.MiniBatches(problem, blocks, solver, W, H, n_frames)
    elif len(blocks) == 1:
        journey = loop.Whole(problem, blocks[0], solver, W, np.stack([h for (h,) in H]), n_frames)
    else:
        journey = loop.InBlocks(problem, blocks, solver, W, H, n_frames)
    before = None
    if resume is not None:
        try:
            journey.state, before = loop.resumed(journey.state, resume)
        except ValueError as error:
            raise BadInput(text.NOT_THE_CHECKPOINT) from error
        journey.last = before[0][-1]
    elif watch is not None:
        watch(Progress(np.zeros(0, int), max_iter, np.zeros(0), lambda: start.initial[0]))
    done = loop.run(journey, max_iter=max_iter, tol=tol, watch=watch, done=before)
    best = int(np.argmin(done.losses[-1]))
    found = journey.factors(best)
    agreement = np.ones(len(start.W))
    if len(start.W) > 1:
        agreement[:] = [cosine_similarity(found.W, W) for W in journey.spectra()]
    return Fit(
        found.W,
        found.H,
        done.losses[:, best],
        done.iterations,
        start.initial[best],
        done.stop,
        spec,
        start.screening_losses,
        restarts=done.losses[-1],
        agreement=agreement,
    )


def _start(
    given: Given,
    spec: FitSpec,
    problem: Problem,
    solver: Solver,
    blocks: PaddedBlocks,
    W: Floats | None,
    H: Floats | None,
) -> Start:
    n_bins, n_frames = given.V.shape
    K = int(spec.n_components)
    none = np.zeros((0, 0))
    rng = np.random.default_rng(spec.seed)
    if W is not None and H is None:
        H = _lift(problem, blocks, W, n_frames, given.dtype)
    if W is None and H is None and spec.init == "random" and spec.solver in (AUDITIONED, BATCHED):
        quick = chosen(AUDITIONED, problem, given.weights is not None)
        return _auditioned(given, spec, problem, quick, blocks, rng)
    if W is None and H is None and spec.init == "nndsvd":
        begun = [given.at_level(starts.nndsvd(_in_memory(given) / given.scale.level, K))]
    else:
        generators = [rng] if spec.n_init == 1 else rng.spawn(spec.n_init)
        drawn = [
            given.at_level(starts.log_normal(n_bins, n_frames, K, each)) for each in generators
        ]
        begun = [Factors(d.W if W is None else W, d.H if H is None else H) for d in drawn]
    return Start(begun, np.stack([each.W for each in begun]), [each.H for each in begun], none)


def _auditioned(
    given: Given,
    spec: FitSpec,
    problem: Problem,
    solver: Solver,
    blocks: PaddedBlocks,
    rng: np.random.Generator,
) -> Start:
    """A start for each run, each with an audition of its own."""
    effort = EFFORTS[spec.effort]
    generators = [rng] if spec.n_init == 1 else rng.spawn(spec.n_init)
    tried = [
        audition(given.V, given.weights, problem, solver, effort, each, given.dtype, given.at_level)
        for each in generators
    ]
    H = [_lift(problem, blocks, W, given.V.shape[1], given.dtype) for _, W, _ in tried]
    return Start(
        [initial for initial, _, _ in tried],
        np.stack([W for _, W, _ in tried]),
        H,
        np.concatenate([looks for _, _, looks in tried]),
    )


def _lift(
    problem: Problem, blocks: PaddedBlocks, W: Floats, n_frames: int, dtype: np.dtype
) -> Floats:
    W = np.asarray(W, dtype=dtype)
    parts = [np.asarray(lifted(problem, blocks[i], W)) for i in range(len(blocks))]
    return np.concatenate(parts, axis=1)[:, :n_frames]


def _in_memory(given: Given) -> Floats:
    if not isinstance(given.V, InMemory):
        raise BadInput(text.NOT_IN_BLOCKS, what="init=nndsvd")
    values = given.V.values
    return values if given.weights is None else np.where(given.weights > 0, values, 0)


def _checked(
    V: ArrayLike | Matrix, weights: ArrayLike | Literal["observed"] | None, spec: FitSpec
) -> Given:
    dtype = np.dtype(spec.precision)
    if hasattr(V, "frames") and hasattr(V, "shape"):
        for what, asked in (
            ("weights", weights is not None),
            ("smooth_H", spec.smooth_H),
        ):
            if asked:
                raise BadInput(text.NOT_IN_BLOCKS, what=what)
        return Given(cast(Matrix, V), None, dtype)
    values = checked_matrix(cast(ArrayLike, V), "V", nan=None if weights is None else True)
    counts = checked_weights(weights, values, dtype)
    values = np.where(np.isnan(values), 0, values) if counts is not None else values
    if spec.smooth_H and values.shape[1] >= (BLOCK if spec.solver == BATCHED else LONG):
        raise BadInput(text.NOT_IN_BLOCKS, what="smooth_H")
    return Given(InMemory(values), counts, dtype)


def _normalised(given: Given, spec: FitSpec) -> Given:
    """V in a unit in which its mean is near 1."""
    scale = Scale.of(given.V, given.weights, spec.beta, spec.precision)
    V = divided(given.V, scale.V, given.dtype)
    if spec.beta < 0 and isinstance(V, InMemory) and not V.values.all():
        raise BadInput(text.ZEROS, value=spec.beta)
    return given._replace(V=V, scale=scale)
