"""Compare a reproduced result with the original."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from otowake import text
from otowake.errors import BadInput
from otowake.io.notes import MOST_BYTES
from otowake.results.folders import FACTORS
from otowake.results.read import read_factors
from otowake.text import Language
from otowake.types import Floats
from otowake.untrusted import DAMAGE, content_of, is_there, json_of, reason

TOLERANCE = 1e-3
"""Largest ‖W·H − W'·H'‖ / ‖W·H‖ between machines or numbers of threads."""

TABLES = ("components.csv", "notes.csv", "chords.csv")
DERIVED = ("components.csv", "chords.csv")
"""The tables that a complete result may lack."""

NOT_COMPARED = ("input", "made_with", "otowake", "given", "files")
"""Keys of ``analysis.json`` that depend on the machine and the paths."""


@dataclass(frozen=True)
class Comparison:
    """The differences between a result and its reproduction.

    Attributes
    ----------
    compared
        The compared files.
    tables
        The files that differ in a byte, or for ``factors.npz`` and ``analysis.json`` in a value.
    distance
        The relative distance between the two W·H.
    loss
        The relative difference between the two losses.
    """

    compared: tuple[str, ...]
    tables: tuple[str, ...]
    distance: float
    loss: float

    @property
    def same(self) -> bool:
        """Whether the results are bit-identical."""
        return not self.tables

    @property
    def alike(self) -> bool:
        """Whether the products W·H agree within :data:`TOLERANCE`."""
        return self.same or (self.distance <= TOLERANCE and FACTORS in self.compared)

    def sentence(self, language: Language = "en") -> str:
        """Describe the comparison in one sentence."""
        if self.same:
            return text.AGAIN_SAME.format(language, what=", ".join(self.compared))
        template = text.AGAIN_ALIKE if self.alike else text.AGAIN_DIFFERENT
        return template.format(
            language,
            distance=self.distance,
            most=TOLERANCE,
            loss=self.loss,
            tables=", ".join(self.tables),
        )


def compare(old: Path, new: Path) -> Comparison:
    """Compare two result folders of the same recording and recipe.

    Raises
    ------
    BadInput
        If one of them is damaged.
    """
    compared, tables = [], []
    distance = loss = 0.0
    for name in (FACTORS, *TABLES, "analysis.json"):
        if not is_there(new / name) or (name in DERIVED and not is_there(old / name)):
            continue
        compared.append(name)
        try:
            if name == FACTORS:
                was, now = (read_factors(folder / name) for folder in (old, new))
                same = was.keys() == now.keys() and all(_equal(was[key], now[key]) for key in was)
                distance, loss = (0.0, 0.0) if same else _distance(was, now)
            elif name == "analysis.json":
                same = _facts(old / name) == _facts(new / name)
            else:
                was, now = (content_of(folder / name, MOST_BYTES) for folder in (old, new))
                same = was == now
        except DAMAGE as error:
            raise BadInput(text.NOT_A_RESULT, path=old, why=reason(error)) from error
        if not same:
            tables.append(name)
    return Comparison(tuple(compared), tuple(tables), distance, loss)


def _equal(one: Floats, other: Floats) -> bool:
    return (
        one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    )


def _distance(was: dict[str, Floats], now: dict[str, Floats]) -> tuple[float, float]:
    """Compute the relative differences of W·H and of the loss from (component, component) sums."""
    W, H, W2, H2 = (run[name].astype(np.float64) for run in (was, now) for name in ("W", "H"))
    if W.shape[0] != W2.shape[0] or H.shape[1] != H2.shape[1]:
        return np.inf, np.inf
    W3, H3 = np.hstack([W, W2]), np.vstack([H, -H2])
    with np.errstate(all="ignore"):  # a zero or infinite product gives NaN, which is not alike
        square = np.sum((W3.T @ W3) * (H3 @ H3.T))
        norm = np.sum((W.T @ W) * (H @ H.T))
        distance = float(np.sqrt(np.maximum(square, 0.0) / norm))
    losses = float(was["losses"][-1]), float(now["losses"][-1])
    return distance, abs(losses[0] - losses[1]) / max(abs(losses[0]), 1e-30)


def _facts(path: Path) -> dict[str, Any]:
    facts = json_of(path)
    return {name: value for name, value in facts.items() if name not in NOT_COMPARED}
