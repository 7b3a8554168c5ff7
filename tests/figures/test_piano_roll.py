"""The piano roll: names of chords that can all be read."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Annotation

from otowake.plot import piano_roll
from otowake.types import Chord, Note

NAMES = ("C", "Bbm7b5/Abb", "G/D", "F#dim7")


@pytest.mark.parametrize(("seconds", "least"), [(2.0, 4), (0.4, 20), (0.1, 12)])
def test_the_names_of_chords_do_not_overlap_and_few_are_lost(duet, seconds, least):
    starts = np.arange(0, 8, seconds).tolist()
    chords = [Chord(at, at + seconds, NAMES[i % 4]) for i, at in enumerate(starts)]
    piece = {"notes": (Note(0, 8, 60),), "parts": (), "audio": None, "note_factors": None}
    figure = piano_roll(replace(duet, chords=tuple(chords), **piece))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [
        artist.get_window_extent(canvas.get_renderer())
        for axes in figure.axes
        for artist in axes.findobj(Annotation)
    ]
    assert len(boxes) >= least
    assert all(a.x1 <= b.x0 for a, b in pairwise(boxes))
    assert boxes[-1].x1 <= figure.bbox.width
