"""Match the components of two results by their spectra."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from otowake.nmf.similarity import paired
from otowake.types import Analysis


class Match(NamedTuple):
    """A pair of corresponding components.

    Attributes
    ----------
    first, second
        Index of the component in each result.
    cosine_similarity
        Cosine similarity of the spectra.
    """

    first: int
    second: int
    cosine_similarity: float


def match_components(first: Analysis, second: Analysis) -> list[Match]:
    """Match the components of two results for the largest total similarity.

    The matches follow the order of the first result. If the numbers differ, some components stay
    unmatched (:func:`otowake.nmf.similarity.paired`). Spectra of the second result are interpolated
    to the frequencies of the first.

    Examples
    --------
    >>> import otowake
    >>> audio = otowake.load(otowake.demo_path(), duration=3)
    >>> one, other = (otowake.analyse(audio, n_components=3, seed=seed) for seed in (0, 1))
    >>> [match.first for match in match_components(one, other)]
    [0, 1, 2]
    >>> match_components(one, one)[0].cosine_similarity > 0.999
    True
    """
    interpolated = np.stack(
        [
            np.interp(first.frequencies, second.frequencies, column)
            for column in second.fitted().W.T
        ],
        axis=1,
    )
    pairs = zip(*paired(first.fitted().W, interpolated), strict=True)
    return [Match(int(i), int(j), float(cosine)) for i, j, cosine in pairs]


def mean_similarity(matches: list[Match]) -> float:
    """Average the cosine similarity of the matches, from 0 to 1."""
    return float(np.mean([match.cosine_similarity for match in matches]))
