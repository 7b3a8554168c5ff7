"""Compiled programs, of which a process keeps a limited number.

JAX compiles a function anew for each shape of its arguments and keeps every program for as long as the function lives:
about 5 MiB each, so a process that meets recordings of many lengths grows without end. Here each shape has a compiled
function of its own, and the one that was used longest ago is dropped with its program.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import partial, wraps
from typing import Any, TypeVar

import jax
import numpy as np
from jax.core import Tracer

KEPT = 20
"""Compiled programs that a process keeps: twice what an analysis needs, about 100 MiB."""

R = TypeVar("R")

_kept: OrderedDict[Hashable, Callable[..., Any]] = OrderedDict()
_lock = threading.Lock()


def program(static: tuple[str, ...] = ()) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Compile a function as ``jax.jit`` does, with a bound on the programs that are kept.

    Parameters
    ----------
    static
        The names of keyword arguments that are hashable constants of the program.

    Examples
    --------
    >>> @program(static=("power",))
    ... def raised(x, *, power):
    ...     return x**power
    >>> float(raised(3.0, power=2))
    9.0
    """
    return partial(_bounded, static=static)


def _bounded(function: Callable[..., R], *, static: tuple[str, ...]) -> Callable[..., R]:
    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> R:
        constants = tuple(kwargs.get(name) for name in static)
        leaves, structure = jax.tree.flatten(
            (args, {k: v for k, v in kwargs.items() if k not in static})
        )
        if any(isinstance(leaf, Tracer) for leaf in leaves):
            return function(*args, **kwargs)
        shapes = tuple((np.shape(leaf), getattr(leaf, "dtype", type(leaf))) for leaf in leaves)
        return _compiled(function, static, (function, constants, structure, shapes))(
            *args, **kwargs
        )

    return call


def _compiled(
    function: Callable[..., R], static: tuple[str, ...], key: Hashable
) -> Callable[..., R]:
    """The compiled function for `key`; a function object of its own, because JAX frees the program with it."""
    with _lock:
        if key not in _kept:

            @wraps(function)
            def own(*args: Any, **kwargs: Any) -> R:
                return function(*args, **kwargs)

            _kept[key] = jax.jit(own, static_argnames=static)
        _kept.move_to_end(key)
        if len(_kept) > KEPT:
            while len(_kept) > KEPT:
                _kept.popitem(last=False)
            _give_back()
        return _kept[key]


def _give_back() -> None:
    """Return what is freed to the system, where the C library would keep it (glibc)."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
