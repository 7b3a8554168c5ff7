"""The figures look as they did: pixels against stored pictures, absent ones being a failure.

After a wanted change, look at what this writes and keep it:

    PYTHONPATH=src python tests/figures/test_baselines.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from otowake.plot import learning_figure

FOLDER = Path(__file__).parent / "baselines"
CASES = {
    "after_en": {"language": "en", "title": "a scale.wav"},
    "after_ja": {"language": "ja", "title": "音階.wav"},
    "before_ja": {"language": "ja", "title": "音階.wav", "before": True},
}
TOLERANCE = 4.0  # of 255


def pixels(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].astype(float)


def draw(example, name: str) -> np.ndarray:
    fit, frequencies, times, pitches = example
    return pixels(learning_figure(fit, frequencies, times, pitches=pitches, size=(9, 6), **CASES[name]))


def stored(name: str) -> np.ndarray:
    with Image.open(FOLDER / f"{name}.png") as image:
        return np.asarray(image.convert("RGB")).astype(float)


def rms(a: np.ndarray, b: np.ndarray) -> float:
    """Root mean square difference of 2 x 2 means, in which the edges of letters matter little."""
    halved = [x.reshape(x.shape[0] // 2, 2, x.shape[1] // 2, 2, 3).mean(axis=(1, 3)) for x in (a, b)]
    return float(np.sqrt(np.mean((halved[0] - halved[1]) ** 2)))


@pytest.mark.parametrize("name", CASES)
def test_looks_as_it_did(example, name):
    assert rms(draw(example, name), stored(name)) < TOLERANCE


def test_other_words_and_other_data_are_told_apart():
    assert rms(stored("after_en"), stored("after_ja")) > TOLERANCE
    assert rms(stored("before_ja"), stored("after_ja")) > 5 * TOLERANCE


if __name__ == "__main__":
    from conftest import made_up

    for case in CASES:
        picture = draw(made_up(), case).astype(np.uint8)
        Image.fromarray(picture).save(FOLDER / f"{case}.png", optimize=True)
