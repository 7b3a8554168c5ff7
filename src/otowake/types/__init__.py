"""Values passed between the stages, as frozen dataclasses."""

from otowake.types.analysis import Analysis, DrumSamples, NoteFactors, Segment
from otowake.types.fit import Curve, Factors, Fit, Progress, Stop, Watcher
from otowake.types.music import (
    Chord,
    Component,
    Contour,
    Key,
    Note,
    Part,
    Pitch,
    Rhythm,
    SharedNote,
)
from otowake.types.sound import Audio, Floats, Matrix, Sound, Source, Spectrogram

__all__ = [
    "Analysis",
    "Audio",
    "Chord",
    "Component",
    "Contour",
    "Curve",
    "DrumSamples",
    "Factors",
    "Fit",
    "Floats",
    "Key",
    "Matrix",
    "Note",
    "NoteFactors",
    "Part",
    "Pitch",
    "Progress",
    "Rhythm",
    "Segment",
    "SharedNote",
    "Sound",
    "Source",
    "Spectrogram",
    "Stop",
    "Watcher",
]
