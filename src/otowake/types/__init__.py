"""Values that travel between the stages, as frozen dataclasses."""

from otowake.types.analysis import Analysis, Explained, Piece, Repeats
from otowake.types.fit import Curve, Factors, Fit, Progress, Stop, Watcher
from otowake.types.music import Chord, Component, Key, Note, Part, Pitch, Rhythm, Share
from otowake.types.sound import Audio, Floats, Matrix, Sound, Source, Spectrogram

__all__ = [
    "Analysis",
    "Audio",
    "Chord",
    "Component",
    "Curve",
    "Explained",
    "Factors",
    "Fit",
    "Floats",
    "Key",
    "Matrix",
    "Note",
    "Part",
    "Piece",
    "Pitch",
    "Progress",
    "Repeats",
    "Rhythm",
    "Share",
    "Sound",
    "Source",
    "Spectrogram",
    "Stop",
    "Watcher",
]
