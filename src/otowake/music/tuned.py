"""Declare tuned constants with their unit, their origin and the range that was tried."""

from __future__ import annotations

from dataclasses import field
from typing import Any


def tuned(value: Any, *, unit: str, origin: str, tried: str = "") -> Any:
    """Declare a constant of a frozen configuration.

    Parameters
    ----------
    value
        The constant.
    unit
        Its unit, such as ``"s"``, ``"dB"``, ``"nats"``; ``""`` for a ratio or a count.
    origin
        A paper, a standard, a derivation, or the material that it was set on.
    tried
        The range of values that were compared, if it is known.

    Examples
    --------
    >>> from dataclasses import dataclass, fields
    >>> @dataclass(frozen=True)
    ... class GateConfig:
    ...     release: float = tuned(0.05, unit="s", origin="set by hand", tried="0.02 to 0.1")
    >>> GateConfig().release, fields(GateConfig)[0].metadata["unit"]
    (0.05, 's')
    """
    return field(default=value, metadata={"unit": unit, "origin": origin, "tried": tried})
