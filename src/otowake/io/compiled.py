"""Programs that JAX compiles, kept for the next process."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import jax
import platformdirs


def keep_compiled_programs() -> None:
    """Let JAX keep what it compiles in the user's cache folder: the next run starts a second sooner."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", message=".*compilation cache")
    folder = Path(platformdirs.user_cache_dir("otowake"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
