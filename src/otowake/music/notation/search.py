"""Search the cheapest sequence of choices."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, TypeVar

Step = TypeVar("Step")
State = TypeVar("State", bound=Hashable)
Choice = TypeVar("Choice")


def cheapest_path(
    steps: Iterable[Step],
    initial: State,
    expand: Callable[[State, Step], Iterator[tuple[float, State, Choice]]],
    width: int,
) -> list[Choice]:
    """Return one choice per step, at the least total cost found by a beam search.

    Parameters
    ----------
    steps
        What a choice is made about, in order.
    initial
        The state before the first step.
    expand
        Yields the cost, the new state and the choice for each possibility of a step.
    width
        Number of states kept after a step, the cheapest; of equal states the cheapest one remains.

    Examples
    --------
    >>> def expand(last, wanted):
    ...     for value in (0, 5):
    ...         yield abs(value - wanted) + abs(value - last) / 2, value, value
    >>> cheapest_path([1, 1, 4, 4, 1, 4], 0, expand, width=2)
    [0, 0, 5, 5, 5, 5]
    """
    paths: list[tuple[float, Any, Any]] = [(0.0, initial, None)]
    for step in steps:
        reached: dict[Any, tuple[float, Any, Any]] = {}
        for total, state, trail in paths:
            for cost, new_state, choice in expand(state, step):
                rival = reached.get(new_state)
                if rival is None or total + cost < rival[0]:
                    reached[new_state] = (total + cost, new_state, (choice, trail))
        paths = sorted(reached.values(), key=lambda path: path[0])[:width]
    choices = []
    trail = paths[0][2]
    while trail is not None:
        choice, trail = trail
        choices.append(choice)
    return choices[::-1]
