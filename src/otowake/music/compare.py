"""Which components of two results are the same."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from otowake.types import Analysis, Floats


class Match(NamedTuple):
    """A component of one result and its counterpart in another; `likeness` is the cosine of their spectra."""

    first: int
    second: int
    likeness: float


def matched(first: Analysis, second: Analysis) -> list[Match]:
    """Pair the components of two results so that the sum of the likenesses is largest, in the first one's order.

    Components left over, where the numbers differ, are not paired. Spectra on other frequencies are interpolated.

    Source: Kuhn, "The Hungarian method for the assignment problem" (1955), as SciPy has it.

    Examples
    --------
    >>> import otowake
    >>> audio = otowake.load(otowake.demo_path(), duration=3)
    >>> one, other = (otowake.analyse(audio, n_components=3, seed=seed) for seed in (0, 1))
    >>> [match.first for match in matched(one, other)], matched(one, one)[0].likeness > 0.999
    ([0, 1, 2], True)
    """
    from scipy.optimize import linear_sum_assignment

    theirs = np.stack(
        [np.interp(first.frequencies, second.frequencies, column) for column in second.fitted().W.T], axis=1
    )
    likeness = _unit(first.fitted().W).T @ _unit(theirs)
    rows, columns = linear_sum_assignment(-likeness)
    return [Match(int(i), int(j), float(likeness[i, j])) for i, j in zip(rows, columns, strict=True)]


def agreement(matches: list[Match]) -> float:
    """The mean likeness of the pairs, from 0 to 1."""
    return float(np.mean([match.likeness for match in matches]))


def _unit(W: Floats) -> Floats:
    return W / np.maximum(np.linalg.norm(W, axis=0), 1e-12)
