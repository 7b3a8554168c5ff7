"""Compare figures with stored baselines; a missing baseline is a failure.

After an intended change, write new baselines and look at them:

    PYTHONPATH=src python tests/figures/test_baselines.py

Each baseline records the version of Matplotlib that drew it. Other versions round positions to
pixels and shape letters differently, so their comparison is coarser.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image, PngImagePlugin

from otowake.plot import learning_figure, parts_figure, piano_roll, timbre_figure

FOLDER = Path(__file__).parent / "baselines"
CASES = {
    "after_en": {"language": "en", "title": "a scale.wav"},
    "after_ja": {"language": "ja", "title": "音階.wav"},
    "before_ja": {"language": "ja", "title": "音階.wav", "before": True},
}
DUET = {
    "parts_ja": lambda duet: parts_figure(duet, language="ja", size=(9, 5)),
    "timbre_en": lambda duet: timbre_figure(duet, size=(9, 4)),
    "timbre_ja": lambda duet: timbre_figure(duet, language="ja", size=(9, 4)),
    "roll_ja": lambda duet: piano_roll(duet, language="ja"),
}
SAME, OTHER = (
    (2, 1.0),
    (10, 4.0),
)  # side of the squares that are averaged, difference allowed of 255


def pixels(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].astype(float)


def draw(example, name: str) -> np.ndarray:
    fit, frequencies, times, pitches = example
    return pixels(
        learning_figure(fit, frequencies, times, pitches=pitches, size=(9, 6), **CASES[name])
    )


def stored(name: str) -> tuple[np.ndarray, str]:
    """Read a baseline and the version of Matplotlib that drew it."""
    with Image.open(FOLDER / f"{name}.png") as image:
        return np.asarray(image.convert("RGB")).astype(float), image.info["Software"]


def rms(a: np.ndarray, b: np.ndarray, side: int) -> float:
    """Return the root mean square difference of the means of squares."""
    rows, cols = (n // side for n in a.shape[:2])
    difference = (a - b)[: rows * side, : cols * side].reshape(rows, side, cols, side, 3)
    return float(np.sqrt(np.mean(difference.mean(axis=(1, 3)) ** 2)))


@pytest.mark.parametrize("name", CASES)
def test_learning_figures_match_their_baselines(example, name):
    before, version = stored(name)
    side, allowed = SAME if version == mpl.__version__ else OTHER
    assert rms(draw(example, name), before, side) < allowed


@pytest.mark.parametrize("name", DUET)
def test_part_figures_match_their_baselines(duet, name):
    before, version = stored(name)
    side, allowed = SAME if version == mpl.__version__ else OTHER
    assert rms(pixels(DUET[name](duet)), before, side) < allowed


@pytest.mark.parametrize(("side", "allowed"), [SAME, OTHER])
def test_changed_labels_of_parts_are_detected(side, allowed):
    assert rms(stored("timbre_en")[0], stored("timbre_ja")[0], side) > allowed


@pytest.mark.parametrize(("side", "allowed"), [SAME, OTHER])
@pytest.mark.parametrize("name", ["after_en", "before_ja"])
def test_changed_labels_and_data_are_detected(side, allowed, name):
    assert rms(stored(name)[0], stored("after_ja")[0], side) > allowed


if __name__ == "__main__":
    from conftest import in_parts, made_up

    note = PngImagePlugin.PngInfo()
    note.add_text("Software", mpl.__version__)
    duet_ = in_parts()
    pictures = {case: draw(made_up(), case) for case in CASES} | {
        case: pixels(drawn(duet_)) for case, drawn in DUET.items()
    }
    for case, picture in pictures.items():
        image = Image.fromarray(picture.astype(np.uint8))
        image.save(FOLDER / f"{case}.png", pnginfo=note, optimize=True)
