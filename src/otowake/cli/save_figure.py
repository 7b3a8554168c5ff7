"""Figures that a command saves under a name that the user gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from otowake import text
from otowake.errors import BadInput


def check_figure(name: str, *, overwrite: bool = True) -> None:
    """Check that the name of a figure has a known suffix, and is free unless it may be replaced."""
    if Path(name).suffix not in (".png", ".svg", ".pdf"):
        raise BadInput(text.COMPARE_SUFFIX, name=name)
    if not overwrite and Path(name).exists():
        raise BadInput(text.FILE_EXISTS, path=name)


def save_figure(figure: Any, path: str) -> None:
    """Save a figure, or raise :class:`~otowake.errors.BadInput`."""
    try:
        figure.savefig(path)
    except OSError as error:
        raise BadInput(text.CANT_WRITE, path=path, why=text.reason_of(error)) from error
