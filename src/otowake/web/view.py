"""What the page shows of a result beside its files: parts and components as JSON, the spectrogram as a picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from otowake.music.theory.names import note_name
from otowake.plot.colours import PALETTE
from otowake.results.sounds import OTHER, component_file
from otowake.signal import spectrogram
from otowake.text import LANGUAGES
from otowake.types import Analysis, Audio, Floats
from otowake.web.draft import COMPONENT_EDITS, PAGE, write_draft

ROWS, COLUMNS = 320, 1600
"""The most that the picture of the spectrogram has."""

LOWEST_HZ = 40.0

RANGE_DB = 70.0


def write_view(analysis: Analysis, audio: Audio, result: Path) -> None:
    """Write ``view.json``, ``spectrogram.png`` and ``draft.json`` into :data:`PAGE` of a result whose files are written."""
    page = result / PAGE
    page.mkdir()
    view = view_of(analysis, audio, result)
    view["spectrogram"] = _write_picture(audio, analysis, page / "spectrogram.png")
    (page / "view.json").write_text(json.dumps(view, ensure_ascii=False), encoding="utf-8")
    write_draft(analysis, page)


def view_of(analysis: Analysis, audio: Audio, result: Path) -> dict[str, Any]:
    """Names, times and sound files of what was found; `result` is its folder."""
    return {
        "name": audio.name,
        "seconds": audio.duration,
        "files": sorted(path.name for path in result.iterdir() if path.is_file()),
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
        "edits": analysis.edits,
        "reworked": (result / COMPONENT_EDITS).is_file(),
        "palette": PALETTE,
        "components": [
            {
                "index": component.index,
                "name": component.name,
                "pitch": {each: note_name(component.pitch.midi, each) for each in LANGUAGES}
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


def _sound(result: Path, folder: str, name: str) -> str | None:
    for suffix in (".flac", ".wav"):
        if (result / folder / (name + suffix)).is_file():
            return f"{folder}/{name}{suffix}"
    return None


def _write_picture(audio: Audio, analysis: Analysis, path: Path) -> dict[str, float]:
    """The spectrogram over logarithmic frequency, low at the bottom; gives its axes."""
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
    """The largest value of each band (or its middle, where the bands are finer than V's own) and stretch of time."""
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
