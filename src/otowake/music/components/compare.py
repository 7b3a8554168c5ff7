"""Which components of two results are the same."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from otowake.nmf.similarity import paired
from otowake.types import Analysis


class Match(NamedTuple):
    """A component of one result and its counterpart in another; `cosine_similarity` is the cosine of their spectra."""

    first: int
    second: int
    cosine_similarity: float


def matched(first: Analysis, second: Analysis) -> list[Match]:
    """Pair the components of two results so that the sum of the likenesses is largest, in the first one's order.

    Components left over, where the numbers differ, are not paired (:func:`otowake.nmf.similarity.paired`). Spectra on
    other frequencies are interpolated.

    Examples
    --------
    >>> import otowake
    >>> audio = otowake.load(otowake.demo_path(), duration=3)
    >>> one, other = (otowake.analyse(audio, n_components=3, seed=seed) for seed in (0, 1))
    >>> [match.first for match in matched(one, other)], matched(one, one)[0].cosine_similarity > 0.999
    ([0, 1, 2], True)
    """
    theirs = np.stack(
        [
            np.interp(first.frequencies, second.frequencies, column)
            for column in second.fitted().W.T
        ],
        axis=1,
    )
    pairs = zip(*paired(first.fitted().W, theirs), strict=True)
    return [Match(int(i), int(j), float(cosine)) for i, j, cosine in pairs]


def agreement(matches: list[Match]) -> float:
    """The mean likeness of the pairs, from 0 to 1."""
    return float(np.mean([match.cosine_similarity for match in matches]))
