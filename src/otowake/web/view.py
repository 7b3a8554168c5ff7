"""Write a result for the page: parts and components as JSON, the spectrogram as an image."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from otowake import text
from otowake.music.theory.names import note_name
from otowake.plot.colours import PALETTE
from otowake.results.sounds import OTHER, component_file
from otowake.signal import spectrogram
from otowake.summary import theory_facts
from otowake.text import LANGUAGES, Language
from otowake.types import Analysis, Audio, Floats
from otowake.web.draft import COMPONENT_EDITS, PAGE, write_draft

ROWS, COLUMNS = 320, 1600
"""The largest size of the spectrogram's image."""

LOWEST_HZ = 40.0
"""Hertz, where the image's frequency axis starts."""

RANGE_DB = 70.0
"""Decibels from the darkest to the brightest level of the image."""


def write_view(analysis: Analysis, audio: Audio, result: Path) -> None:
    """Write ``view.json``, ``spectrogram.png`` and ``draft.json`` into :data:`PAGE` of a result."""
    page = result / PAGE
    page.mkdir()
    view = view_of(analysis, audio, result)
    view["spectrogram"] = _write_picture(audio, analysis, page / "spectrogram.png")
    (page / "view.json").write_text(json.dumps(view, ensure_ascii=False), encoding="utf-8")
    write_draft(analysis, page)


def view_of(analysis: Analysis, audio: Audio, result: Path) -> dict[str, Any]:
    """Describe parts and components with their sound files; `result` is the folder."""
    return {
        "name": audio.name,
        "seconds": audio.duration,
        "parts": [
            {
                "name": part.name,
                "instrument": part.instrument,
                "notes": len(part.notes),
                "sound": _sound(result, "stems", part.name),
            }
            for part in analysis.parts
        ],
        "other": _sound(result, "stems", OTHER),
        "noted": analysis.note_spec is not None,
        "theory": {language: _theory(analysis, language) for language in LANGUAGES},
        "edits": analysis.edits,
        "reworked": (result / COMPONENT_EDITS).is_file(),
        "palette": PALETTE,
        "components": [
            {
                "index": component.index,
                "name": component.name,
                "pitch": {
                    language: note_name(component.pitch.midi, language, key=analysis.key)
                    for language in LANGUAGES
                }
                if component.pitch
                else None,
                "energy": component.energy,
                "start": component.start,
                "end": component.end,
                "sound": _sound(result, "components", component_file(component)),
            }
            for component in analysis.components
        ],
    }


def _theory(analysis: Analysis, language: Language) -> str:
    """Describe key, tempo, metre and tuning in a line."""
    tuning = text.TUNING.format(language, tuning=f"{analysis.tuning_hz:.1f}")
    return text.BETWEEN.format(language).join([*theory_facts(analysis, language), tuning])


def _sound(result: Path, folder: str, name: str) -> str | None:
    for suffix in (".flac", ".wav"):
        if (result / folder / (name + suffix)).is_file():
            return f"{folder}/{name}{suffix}"
    return None


def _write_picture(audio: Audio, analysis: Analysis, path: Path) -> dict[str, float]:
    """Write the image of the spectrogram over logarithmic frequency; return its axes."""
    from matplotlib import colormaps
    from PIL import Image

    V = spectrogram(audio, analysis.stft)
    top = float(V.frequencies[-1])
    low = min(LOWEST_HZ, top / 4)
    values = _pooled(np.asarray(V.values), V.frequencies, np.geomspace(low, top, ROWS + 1))
    level = np.clip(1 + 20 * np.log10(np.maximum(values, 1e-12) / values.max()) / RANGE_DB, 0, 1)
    rgb = (255 * colormaps["magma"](level[::-1])[..., :3]).astype(np.uint8)
    Image.fromarray(rgb).save(path)
    return {"low_hz": low, "high_hz": top, "start_s": 0.0, "end_s": audio.duration}


def _pooled(values: Floats, frequencies: Floats, edges: Floats) -> Floats:
    """Pool bands and times by the maximum; a band narrower than a bin takes its middle bin."""
    n = values.shape[1]
    starts = np.unique(np.linspace(0, n, min(n, COLUMNS), endpoint=False).astype(int))
    values = np.maximum.reduceat(values, starts, axis=1)
    middles = np.sqrt(edges[:-1] * edges[1:])
    nearest = np.abs(frequencies[None, :] - middles[:, None]).argmin(axis=1)
    first = np.searchsorted(frequencies, edges)
    rows = [
        values[a:b].max(axis=0) if b > a + 1 else values[near]
        for a, b, near in zip(first[:-1], first[1:], nearest, strict=True)
    ]
    return np.stack(rows)
