"""Scores for the tests of notation."""

import numpy as np

from otowake.music.notation.metre import Metre
from otowake.music.notation.notate import notate
from otowake.types import Note, Rhythm

METRES = [Metre(2), Metre(3), Metre(4), Metre(5), Metre(2, 16), Metre(4, 16), Metre(7, 48)]


QUARTERS = {24: 1.0, 16: 1.5, 48: 0.5}


def beats_of(bpm, n=100):
    return np.arange(n) * 60 / bpm


def score_of(notes, metre=METRES[2], key=None, *, bpm=100, programme=0, **facts):
    rhythm = Rhythm(
        bpm, beats_of(bpm), metre.n_beats, beat_quarters=QUARTERS[metre.quarter], **facts
    )
    notes = [
        Note(onset * 60 / bpm, (onset + length) * 60 / bpm, midi, programme=programme)
        for onset, length, midi in notes
    ]
    return notate([("", notes)], rhythm, key)
