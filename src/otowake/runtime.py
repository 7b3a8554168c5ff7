"""The process of an analysis: threads, compilation cache, decoder output, environment."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

THREADS = "NPROC"
"""Environment variable with the number of XLA's threads, read at the first use."""

POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Environment variables with the number of BLAS threads, read when NumPy and SciPy load."""


def threads() -> int:
    """Return the number of XLA's threads; the last bits of sums depend on it."""
    requested = os.environ.get(THREADS, "")
    if requested.isdigit() and int(requested):
        return int(requested)
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def use_threads(number: int) -> bool:
    """Set the number of threads; return False if this process has already computed."""
    if not _has_computed():
        os.environ[THREADS] = str(number)
        for name in POOLS:
            os.environ.setdefault(name, str(number))
    return threads() == number


def _has_computed() -> bool:
    bridge = sys.modules.get("jax._src.xla_bridge")
    return bridge is not None and bool(getattr(bridge, "_backends", True))


def made_with() -> dict[str, Any]:
    """Describe the environment on which the last bits of a result depend."""
    packages = ("jax", "jaxlib", "numpy", "scipy", "soundfile", "soxr")
    return {
        "threads": threads(),
        "processor": _processor(),
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in packages},
    }


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


@contextlib.contextmanager
def quiet_decoders() -> Iterator[None]:
    """Discard what decoding libraries write to standard error."""
    stderr = os.dup(2)
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(null)


CACHE_BYTES = 256 * 2**20
"""Bytes, maximum size of the compilation cache on disk."""


def keep_compiled_programs() -> None:
    """Enable JAX's compilation cache in the user's cache folder; it saves a second per run.

    The least recently used programs are removed when the cache exceeds :data:`CACHE_BYTES`. (JAX's
    own limit needs another package, and fails on files written without it.)
    """
    import logging

    import jax
    import platformdirs

    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", message=".*compilation cache")
    folder = Path(platformdirs.user_cache_dir("otowake"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder, CACHE_BYTES)
    except OSError:
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def sweep(folder: Path, most: int) -> None:
    """Remove the least recently used files of a folder until it takes at most `most` bytes."""
    files = []
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another process sweeps as well
            facts = path.stat()
            files.append((max(facts.st_atime, facts.st_mtime), facts.st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= most:
            return
        path.unlink(missing_ok=True)
        total -= size
