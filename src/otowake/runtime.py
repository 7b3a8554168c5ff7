"""What an analysis asks of the process that it runs in: threads, compiled programs, quiet decoders; and what it ran on."""

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
"""The variable that XLA takes the number of its threads from, when it is first used."""

POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""The variables that NumPy's and SciPy's libraries take the number of theirs from, when they are loaded."""


def threads() -> int:
    """How many threads XLA computes with in this process: sums, and so the last bits, depend on it."""
    asked = os.environ.get(THREADS, "")
    if asked.isdigit() and int(asked):
        return int(asked)
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def use_threads(number: int) -> bool:
    """Compute with this many threads; False where it is too late, because this process has computed before."""
    if not _has_computed():
        os.environ[THREADS] = str(number)
        for name in POOLS:
            os.environ.setdefault(name, str(number))
    return threads() == number


def _has_computed() -> bool:
    bridge = sys.modules.get("jax._src.xla_bridge")
    return bridge is not None and bool(getattr(bridge, "_backends", True))


def made_with() -> dict[str, Any]:
    """What the last bits of a result depend on beside its options."""
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
    """Keep what decoding libraries write to standard error away."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


CACHE_BYTES = 256 * 2**20
"""What the compiled programs on disk may take."""


def keep_compiled_programs() -> None:
    """Let JAX keep what it compiles in the user's cache folder: the next run starts a second sooner.

    The programs used longest ago are removed when all of them take more than :data:`CACHE_BYTES`. (JAX's own limit
    needs another package, and fails on files that were written without it.)
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
    """Remove the files of a folder that were read or written longest ago, until the rest takes at most `most` bytes."""
    found = []
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another process sweeps, too
            facts = path.stat()
            found.append((max(facts.st_atime, facts.st_mtime), facts.st_size, path))
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total <= most:
            return
        path.unlink(missing_ok=True)
        total -= size
