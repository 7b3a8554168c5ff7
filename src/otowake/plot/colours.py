"""The colours of parts, the same in all figures and pages."""

from __future__ import annotations

from collections.abc import Sequence

from otowake.types import Part

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c564b", "#b7a800")
"""Colours that people with colour vision deficiency can distinguish.

The first six are from Okabe & Ito, "Color universal design" (2008), without yellow and black, which
are invisible on white and on black; two colours of other lightness follow."""

OTHER = "#9a9a9a"
"""The colour of notes and sound without a part."""


def part_colours(parts: Sequence[Part]) -> list[str]:
    """Return the colour of each part as ``#rrggbb``; after eight parts the colours repeat.

    Examples
    --------
    >>> part_colours([Part("piano", "piano", (0,)), Part("violin", "violin", (1,))])
    ['#0072b2', '#d55e00']
    """
    return [PALETTE[i % len(PALETTE)] for i in range(len(parts))]
