"""The colour of a part: one home, so that a part has the same colour wherever it is shown."""

from __future__ import annotations

from collections.abc import Sequence

from otowake.types import Part

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c564b", "#b7a800")
"""Told apart by people who see few colours too. The first six are those of Okabe & Ito, "Color universal design" (2008),
without yellow and black, which are lost on white and on black; two more of other lightness follow."""

OTHER = "#9a9a9a"
"""Of what belongs to no part."""


def part_colours(parts: Sequence[Part]) -> list[str]:
    """The colour of each part, as ``#rrggbb``, in the parts' order; beyond eight parts the colours come again.

    Examples
    --------
    >>> part_colours([Part("piano", "piano", (0,)), Part("violin", "violin", (1,))])
    ['#0072b2', '#d55e00']
    """
    return [PALETTE[i % len(PALETTE)] for i in range(len(parts))]
