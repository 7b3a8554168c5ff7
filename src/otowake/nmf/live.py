"""Activations of known components in new frames, for live use and for dictionaries.

With W fixed, each frame is an independent problem, convex for 1 ≤ β ≤ 2. The updates are those of
the solvers. The stop rule of the loop applies to each frame separately, so that the activations of
a frame do not depend on the other frames in the call.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import ArrayLike

from otowake import text
from otowake.errors import BadInput
from otowake.nmf.checks import checked_matrix
from otowake.nmf.frames import BLOCK_FRAMES, InMemory
from otowake.nmf.loop import CHUNK, LOSS_RESOLUTION
from otowake.nmf.objective import Block, Problem, penalised
from otowake.nmf.penalties import Penalty
from otowake.nmf.problem import MAX_PENALTY_WEIGHT, problem_of, solver_of, stop_rule
from otowake.nmf.scale import (
    UNIT_TOLERANCE,
    check_range,
    converted_weight,
    in_units,
    mean_of,
    power_of_two,
)
from otowake.nmf.solvers import Solver
from otowake.options import FitSpec
from otowake.programs import program
from otowake.types import Floats

START_LIFT = 1e-2
"""Fraction of the frame's level, added to a given start so that silent components can grow."""


class Activator:
    """Estimate the activations of known components, frame by frame or for many frames at once.

    The constructor prepares everything that depends on W. The first call for each number of frames
    (rounded up to a power of two) compiles a program. After that, a frame of 1,025 frequencies and
    88 components takes one to two milliseconds.

    Parameters
    ----------
    W
        Spectra of the components, shape (frequency, component), non-negative.
    spec, **options
        The options of :class:`otowake.options.FitSpec`, together or one by one: ``loss="kl"``,
        ``max_iter``, ``tol``, ``l1_H``, ``l2_H``, ``solver``, ``precision``. Options of W have no
        effect.

    Raises
    ------
    BadInput
        If W or an option is invalid. `smooth_H` and `group_H` do not work frame by frame.

    References
    ----------
    Févotte & Idier, "Algorithms for nonnegative matrix factorization with the β-divergence"
    (2011); Dessein, Cont & Lemaitre, "Real-time polyphonic music transcription with non-negative
    matrix factorization and beta-divergence" (2010).

    Examples
    --------
    >>> W = np.array([[1.0, 0], [0, 1], [1, 1]])
    >>> activations = Activator(W, tol=0)
    >>> activations(W @ [2.0, 5.0]).round(2).tolist()
    [2.0, 5.0]
    >>> activations(np.zeros((3, 4))).shape
    (2, 4)
    """

    def __init__(self, W: ArrayLike, *, spec: FitSpec | None = None, **options: Any) -> None:
        spec = (spec or FitSpec()).with_options(**options)
        for name in ("smooth_H", "group_H"):
            if getattr(spec, name):
                raise BadInput(text.NOT_LIVE, what=name)
        self.dtype = np.dtype(spec.precision)
        W = checked_matrix(W, "W", need="(frequency, component)")
        self.spec, self.shape = spec, W.shape
        level = mean_of(InMemory(W))
        check_range("W", level, 1, spec.precision)
        self.unit = power_of_two(level, UNIT_TOLERANCE)
        free = np.zeros(W.shape[1], dtype=bool)
        plain = spec.with_options(l1_H=0.0, l2_H=0.0)  # the weights differ between frames
        self.problem = problem_of(plain, ~free, free, None)
        self.solver = solver_of(spec, self.problem, weighted=False)
        self.max_iter, tol = stop_rule(spec, self.solver)
        self.tol = self.dtype.type(tol)
        self.wide = spec.precision == "float64"
        with self._precision():
            self.W = jax.device_put(in_units(W, self.unit, self.dtype))

    def __call__(self, V: ArrayLike, start: ArrayLike | None = None) -> Floats:
        """Estimate activations.

        Parameters
        ----------
        V
            One frame of shape (frequency,), or several of shape (frequency, frame); non-negative.
        start
            Initial activations in the shape of the result, such as those of the previous frame
            (warm start). By default all components start equal.

        Returns
        -------
        Shape (component,) or (component, frame); 0 in silent frames.

        Raises
        ------
        BadInput
            If V or `start` is invalid.
        """
        n_bins, K = self.shape
        values = self._checked("V", V, n_bins)
        initial = None if start is None else self._checked("start", start, K)
        n_frames = values.shape[1]
        if initial is not None and initial.shape[1] != n_frames:
            raise BadInput(text.BAD_SHAPE, name="start", need=(K, n_frames), got=initial.shape)
        units = self._units(values)
        with self._precision():
            parts = [
                self._activations(values, initial, units, at)
                for at in range(0, n_frames, BLOCK_FRAMES)
            ]
        H = np.concatenate(parts, axis=1)
        return H[:, 0] if np.ndim(V) == 1 else H

    def _units(self, V: Floats) -> Floats:
        """Choose the unit of each frame from its own level, shape (frame,)."""
        peaks = V.max(axis=0)
        check_range("V", max(float(peaks.max()), 1.0), 1, self.spec.precision)
        return np.array([power_of_two(float(peak), UNIT_TOLERANCE) for peak in peaks])

    def _checked(self, name: str, given: ArrayLike, length: int) -> Floats:
        values = np.asarray(given)
        if values.ndim not in (1, 2) or len(values) != length or not values.size:
            raise BadInput(text.BAD_SHAPE, name=name, need=f"({length}, frame)", got=values.shape)
        columns = values[:, None] if values.ndim == 1 else values
        return checked_matrix(columns, name, silent=True)

    def _activations(self, V: Floats, start: Floats | None, units: Floats, at: int) -> Floats:
        n = min(V.shape[1] - at, BLOCK_FRAMES)
        spare = (1 << (n - 1).bit_length()) - n
        own = units[at : at + n]
        H_units = own / self.unit

        def part(values: Floats, unit: Floats) -> Floats:
            block = in_units(values[..., at : at + n], unit, self.dtype)
            return np.pad(block, ((0, 0), (0, spare))) if spare else block

        initial = None if start is None else part(start, H_units)
        problem = replace(
            self.problem, on_H=self._penalty(np.pad(own, (0, spare), constant_values=1))
        )
        H = activated(
            problem, self.W, part(V, own), initial, self.tol, self.max_iter, solver=self.solver
        )
        values = np.asarray(H)[:, :n]
        return values if (H_units == 1).all() else (values * H_units).astype(self.dtype)

    def _penalty(self, units: Floats) -> Penalty:
        """Return the penalties on H, with weights of shape (frame,) for frames in these units."""

        def weight(requested: float, degree: int) -> Any:
            weights = converted_weight(requested, degree, units / self.unit, units, self.spec.beta)
            return np.minimum(weights, MAX_PENALTY_WEIGHT).astype(self.dtype) if requested else None

        return Penalty(l1=weight(self.spec.l1_H, 1), l2=weight(self.spec.l2_H, 2))

    def _precision(self) -> contextlib.AbstractContextManager[Any]:
        return jax.enable_x64(True) if self.wide else contextlib.nullcontext()


@program(static=("solver",))
def activated(
    problem: Problem,
    W: Array,
    V: Array,
    H: Array | None,
    tol: Array,
    max_iter: int,
    *,
    solver: Solver,
) -> Array:
    """Estimate H with W fixed; each frame iterates until its own loss converges.

    Shapes: W (frequency, component), V (frequency, frame), H (component, frame), weights of the
    penalties on H (frame,). A frame converges when its loss falls by less than the fraction `tol`
    in ten iterations.
    """
    n_frames = V.shape[1]
    level = V.sum(axis=0) / W.sum()
    H = (
        jnp.ones((W.shape[1], 1), V.dtype) * level
        if H is None
        else jnp.where(level > 0, H + START_LIFT * level, 0)
    )
    kept = solver.init_W(W)

    def per_frame(state: Any) -> Any:
        """Broadcast every leaf of a state to the shape (…, frame)."""
        return jax.tree.map(
            lambda leaf: jnp.broadcast_to(leaf, (*leaf.shape[:-1], n_frames)), state
        )

    def losses(H: Array) -> Array:
        def one(v: Array, h: Array, penalty: Penalty) -> Array:
            return penalised(replace(problem, on_H=penalty), Block(v[:, None]), W, h[:, None])

        return jax.vmap(one, in_axes=(1, 1, 0))(V, H, problem.on_H)

    def chunk(carried: tuple[Array, Any, Array, Array]) -> tuple[Array, Any, Array, Array]:
        n, state, before, converged = carried
        count = jnp.minimum(CHUNK, max_iter - n)
        ahead = jax.lax.fori_loop(
            0,
            count,
            lambda _, state: per_frame(solver.block(problem, Block(V), kept, state)[0]),
            state,
        )
        now = losses(solver.H(ahead))
        worse = (now > before) if solver.restart else jnp.zeros(n_frames, bool)
        if solver.restart:
            ahead = jax.tree.map(
                partial(jnp.where, worse), per_frame(solver.restart(kept, state)[1]), ahead
            )
            now = jnp.where(worse, before, now)
        state = jax.tree.map(partial(jnp.where, converged), state, ahead)
        done = ~worse & (before - now < tol * jnp.abs(before) + LOSS_RESOLUTION * first) & (tol > 0)
        return n + count, state, jnp.where(converged, before, now), converged | done

    first = losses(H)
    initial = (jnp.zeros((), int), per_frame(solver.init_H(H)), first, level == 0)
    state = jax.lax.while_loop(lambda c: (c[0] < max_iter) & ~c[3].all(), chunk, initial)[1]
    return solver.H(state)
