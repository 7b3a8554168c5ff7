"""Words in tables that spreadsheets open: none of them is a formula there."""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
"""What a spreadsheet may take for the beginning of a formula, behind any number of apostrophes."""


def cell_of(word: str) -> str:
    """A word as a cell: with an apostrophe before what would be a formula.

    Examples
    --------
    >>> cell_of("=1+1"), cell_of("'=1+1"), cell_of("violin-2"), cell_of("'cello")
    ("'=1+1", "''=1+1", 'violin-2', "'cello")
    """
    return f"'{word}" if _FORMULA.match(word) else word


def word_of(cell: str) -> str:
    """The word of a cell that :func:`cell_of` made, or that somebody else wrote.

    Examples
    --------
    >>> word_of("'=1+1"), word_of("''=1+1"), word_of("'cello"), word_of("=1+1")
    ('=1+1', "'=1+1", "'cello", '=1+1')
    """
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
