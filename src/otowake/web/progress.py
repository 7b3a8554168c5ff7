"""How far a job is: the shares of its stages in the time, as measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

PACE: dict[str, tuple[float, float]] = {
    "reading": (0.5, 0.005),
    "components": (0.5, 0.03),
    "notes": (0.5, 0.07),
    "instruments": (0.5, 0.11),
    "stems": (0.3, 0.06),
    "report": (0.0, 0.0),
    "writing": (1.0, 0.2),
}
"""Seconds of each stage, and seconds for each second of sound: a clip of 30 s on two cores.

Only their ratios matter for finished stages. A slower machine moves more slowly within a stage.
"""

TYPICAL_SECONDS = 30.0
"""Length of a recording that is not known yet."""


def fraction_of(
    stages: Sequence[str],
    seconds: Mapping[str, float],
    stage: str,
    elapsed: float,
    *,
    length: float = TYPICAL_SECONDS,
    inner: float = 0.0,
) -> float:
    """Estimate the finished share of a job, which never falls and reaches 1 at the end only.

    Parameters
    ----------
    stages
        All stages of the job.
    seconds
        The finished stages.
    stage, elapsed
        The current stage, and its seconds until now.
    length
        Seconds of the recording.
    inner
        The finished share of the current stage, as far as it is known.

    Examples
    --------
    >>> stages = ("reading", "components", "writing")
    >>> [round(fraction_of(stages, {"reading": 1}, "components", t), 2) for t in (0, 1, 60)]
    [0.07, 0.15, 0.23]
    """
    expected = {name: sum(_terms(name, length)) for name in stages}
    total = sum(expected.values())
    if stage not in expected or not total:
        return 0.0
    done = sum(expected[name] for name in seconds if name in expected)
    by_time = 1 - math.exp(-elapsed / max(expected[stage], 1e-3))
    return (done + expected[stage] * max(inner, by_time)) / total


def _terms(name: str, length: float) -> tuple[float, float]:
    fixed, per_second = PACE[name]
    return fixed, per_second * length
