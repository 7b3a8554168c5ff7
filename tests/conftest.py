"""Shared fixtures: small sounds and spectrograms with known contents."""

from __future__ import annotations

import os
import signal
import tempfile

import hypothesis
import numpy as np
import pytest

from otowake import programs, runtime
from otowake.options import StftSpec
from otowake.types import Audio

hypothesis.settings.register_profile("suite", deadline=None, max_examples=25, derandomize=True)
hypothesis.settings.load_profile("suite")

if hasattr(signal, "SIGHUP"):  # ignored under nohup, and inherited by every process of a test
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

programs.MAX_PROGRAMS = 400  # the tests reuse many small shapes

QUICK = (
    "tests/laws",
    "tests/units",
    "tests/doors/test_csv_cells.py",
    "tests/doors/test_untrusted.py",
)
"""Tests of the daily round, except for the modules in `LONG`."""

LONG = {
    "test_alignment",
    "test_assignment",
    "test_attention",
    "test_choices",
    "test_component_edits",
    "test_drum_loops",
    "test_drum_onsets",
    "test_drum_parts",
    "test_drum_samples",
    "test_edits",
    "test_live",
    "test_minibatch",
    "test_mono",
    "test_nmf",
    "test_painting",
    "test_parts",
    "test_penalties",
    "test_programs",
    "test_recognizer",
    "test_scale",
    "test_score_informed",
    "test_song",
    "test_steadiness",
    "test_template_nmf",
    "test_templates",
    "test_timbre",
    "test_transcriber",
}
"""Modules in the folders of the daily round that analyse recordings or compile many shapes."""


def pytest_configure(config: pytest.Config) -> None:
    """Share compiled programs among workers, processes of tests, and later runs."""
    if config.pluginmanager.hasplugin("cacheprovider"):
        home = str(config.cache.mkdir("home"))
    else:
        temporary = tempfile.TemporaryDirectory(prefix="otowake-tests-")
        config.add_cleanup(temporary.cleanup)
        home = temporary.name
    os.environ["XDG_CACHE_HOME"] = home
    runtime.keep_compiled_programs()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all other tests as slow."""
    for item in items:
        path = item.path.relative_to(item.config.rootpath).as_posix()
        if not path.startswith(QUICK) or item.path.stem in LONG:
            item.add_marker("slow")


SMALL = StftSpec(sample_rate=8000, n_fft=256, hop=64)


def tone(hz: float, seconds: float, rate: int = 22050, partials: int = 6) -> np.ndarray:
    """Synthesise a decaying harmonic tone."""
    t = np.arange(round(seconds * rate)) / rate
    return (
        np.exp(-2 * t) * sum(np.sin(2 * np.pi * hz * n * t) / n for n in range(1, partials + 1)) / 3
    )


@pytest.fixture(scope="session")
def melody() -> Audio:
    """Synthesise C4 E4 G4 C5, half a second each, at 22,050 Hz, one channel."""
    pitches = (261.63, 329.63, 392.0, 523.25)
    return Audio(
        np.concatenate([tone(hz, 0.5) for hz in pitches]).astype(np.float32), 22050, "melody"
    )


@pytest.fixture(scope="session")
def planted() -> np.ndarray:
    """Multiply non-negative factors of rank 4, plus 0.01; shape (30, 50)."""
    rng = np.random.default_rng(7)
    W, H = rng.gamma(0.5, size=(30, 4)), rng.gamma(0.5, size=(4, 50))
    return (W @ H + 0.01).astype(np.float32)
