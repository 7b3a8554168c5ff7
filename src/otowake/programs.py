"""A bounded cache of compiled programs.

JAX compiles a function for each shape of its arguments and keeps every program as long as the
function lives, at about 5 MiB each. The memory of a process that analyses recordings of many
lengths would grow without limit. Here each shape has its own compiled function, and the least
recently used function is dropped together with its program.
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

MAX_PROGRAMS = 20
"""Compiled programs in the cache: twice as many as an analysis needs, about 100 MiB."""

R = TypeVar("R")

_cache: OrderedDict[Hashable, Callable[..., Any]] = OrderedDict()
_lock = threading.Lock()


def program(static: tuple[str, ...] = ()) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Compile a function as ``jax.jit`` does, with a bounded number of cached programs.

    Parameters
    ----------
    static
        Names of keyword arguments that are hashable constants of the program.

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
    """Return the compiled function for `key`.

    Each key has its own function object, because JAX frees a program together with its function.
    """
    with _lock:
        if key not in _cache:

            @wraps(function)
            def own(*args: Any, **kwargs: Any) -> R:
                return function(*args, **kwargs)

            _cache[key] = jax.jit(own, static_argnames=static)
        _cache.move_to_end(key)
        if len(_cache) > MAX_PROGRAMS:
            while len(_cache) > MAX_PROGRAMS:
                _cache.popitem(last=False)
            _trim_memory()
        return _cache[key]


def _trim_memory() -> None:
    """Return freed memory to the system; glibc would keep it."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
