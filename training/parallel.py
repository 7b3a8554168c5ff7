"""Work in several processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def parallel_map(
    function: Callable[[Item], Result], items: Iterable[Item], processes: int
) -> list[Result]:
    """Apply a function to items in several processes."""
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        return list(pool.map(function, items))
