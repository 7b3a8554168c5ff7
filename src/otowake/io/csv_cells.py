"""Escape words in tables so that spreadsheets do not read them as formulas."""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
"""The beginning of a formula in a spreadsheet, after any number of apostrophes."""


def cell_of(word: str) -> str:
    """Escape a word for a cell: put an apostrophe before a formula.

    Examples
    --------
    >>> cell_of("=1+1"), cell_of("'=1+1"), cell_of("violin-2"), cell_of("'cello")
    ("'=1+1", "''=1+1", 'violin-2', "'cello")
    """
    return f"'{word}" if _FORMULA.match(word) else word


def word_of(cell: str) -> str:
    """Return the word in a cell, with or without the escape of :func:`cell_of`.

    Examples
    --------
    >>> word_of("'=1+1"), word_of("''=1+1"), word_of("'cello"), word_of("=1+1")
    ('=1+1', "'=1+1", "'cello", '=1+1')
    """
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
