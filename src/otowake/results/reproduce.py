"""Whether an analysis that was made again is the same."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from otowake import text
from otowake.arrays import members_of
from otowake.errors import BadInput
from otowake.io.notes import MOST_BYTES
from otowake.results.folders import FACTORS
from otowake.results.read import MEMBERS
from otowake.text import Language
from otowake.types import Floats
from otowake.untrusted import DAMAGE, content_of, is_there, json_of, reason

TOLERANCE = 1e-3
"""The most that ‖W·H − W'·H'‖ may be of ‖W·H‖ between machines or numbers of threads."""

TABLES = ("components.csv", "notes.csv", "chords.csv")
DERIVED = ("components.csv", "chords.csv")
"""The tables without which a result is still whole."""

NOT_COMPARED = ("input", "made_with", "otowake", "given", "files")
"""What of ``analysis.json`` is about where and with what it was made."""


@dataclass(frozen=True)
class Repetition:
    """How a result differs from the one that it repeats.

    `compared` are the files that were there to compare, `tables` those of them that are not the same to the byte (or, of
    ``factors.npz`` and ``analysis.json``, to the bit of every value), `distance` that of the two W·H as a part of their
    norm, `loss` that of the losses as a part of them.
    """

    compared: tuple[str, ...]
    tables: tuple[str, ...]
    distance: float
    loss: float

    @property
    def same(self) -> bool:
        """Bit for bit."""
        return not self.tables

    @property
    def alike(self) -> bool:
        """Within what is promised between machines: the factors' product, and with it the loss."""
        return self.same or (self.distance <= TOLERANCE and FACTORS in self.compared)

    def sentence(self, language: Language = "en") -> str:
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


def compare(old: Path, new: Path) -> Repetition:
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
                was, now = (members_of(folder / name, MEMBERS) for folder in (old, new))
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
    return Repetition(tuple(compared), tuple(tables), distance, loss)


def _equal(one: Floats, other: Floats) -> bool:
    return (
        one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    )


def _distance(was: dict[str, Floats], now: dict[str, Floats]) -> tuple[float, float]:
    """How far two products and two losses are apart, without making a product: only (component, component) sums."""
    W, H, W2, H2 = (each[name].astype(np.float64) for each in (was, now) for name in ("W", "H"))
    if W.shape[0] != W2.shape[0] or H.shape[1] != H2.shape[1]:
        return np.inf, np.inf
    W3, H3 = np.hstack([W, W2]), np.vstack([H, -H2])
    with np.errstate(
        all="ignore"
    ):  # of products that are 0 or too large the distance is no number, and not alike
        square = np.sum((W3.T @ W3) * (H3 @ H3.T))
        norm = np.sum((W.T @ W) * (H @ H.T))
        distance = float(np.sqrt(np.maximum(square, 0.0) / norm))
    losses = float(was["losses"][-1]), float(now["losses"][-1])
    return distance, abs(losses[0] - losses[1]) / max(abs(losses[0]), 1e-30)


def _facts(path: Path) -> dict[str, Any]:
    facts = json_of(path)
    return {name: value for name, value in facts.items() if name not in NOT_COMPARED}
