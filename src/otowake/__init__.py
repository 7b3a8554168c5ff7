"""otowake 音分け: analyse music recordings by non-negative matrix factorisation.

>>> import otowake
>>> audio = otowake.load(otowake.demo_path(), duration=3)
>>> analysis = otowake.analyse(audio, n_components=4, max_iter=100)
>>> len(analysis.components), analysis.components[0].audio().samples.shape
(4, (1, 132300))
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "Activator": "nmf",
    "Analysis": "types",
    "Audio": "types",
    "BadInput": "errors",
    "Chord": "types",
    "Component": "types",
    "Factors": "types",
    "Fit": "types",
    "FitSpec": "options",
    "IncompleteResult": "errors",
    "InputWarning": "errors",
    "Key": "types",
    "LoadSpec": "options",
    "MissingExtra": "errors",
    "NMF": "sklearn",
    "NotConverged": "errors",
    "Note": "types",
    "NoteSpec": "options",
    "OtowakeError": "errors",
    "Part": "types",
    "PartSpec": "options",
    "Pitch": "types",
    "Progress": "types",
    "Rhythm": "types",
    "Spectrogram": "types",
    "StftSpec": "options",
    "TheorySpec": "options",
    "analyse": "music",
    "apply_edits": "music.editing.edits",
    "demo_path": "io.audio",
    "edit_folder": "results.edits",
    "factorize": "nmf",
    "load": "io",
    "load_analysis": "results",
    "note_name": "music.theory.names",
    "progress": "progress_bars",
    "repair_folder": "results.repair",
    "save_analysis": "results",
    "separate_song": "music.song.sounds",
    "spectrogram": "signal",
    "write_report": "results.report",
}
NEEDS_EXTRA = {"NMF"}
"""Names that need an optional dependency; ``from otowake import *`` omits them."""

_ROOMS = ("io", "music", "nmf", "notebook", "plot", "results", "signal")

__all__ = sorted([*(_HOMES.keys() - NEEDS_EXTRA), "__version__", "plot"])  # noqa: PLE0605
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"otowake.{_HOMES[name]}"), name)
    if name in _ROOMS:
        return importlib.import_module(f"otowake.{name}")
    raise AttributeError(f"module 'otowake' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
