"""Figures and animations of a factorisation, in English or Japanese, without pyplot."""

from otowake.plot.animation import Snapshot, Snapshots, animate, animate_analysis, matching_order
from otowake.plot.colours import part_colours
from otowake.plot.comparison import comparison_figure, number_figure
from otowake.plot.evaluation import evaluation_figure
from otowake.plot.figures import analysis_figure, learning_figure
from otowake.plot.fonts import style
from otowake.plot.live import LearningPicture
from otowake.plot.manual import manual_figure
from otowake.plot.parts import parts_figure, timbre_figure
from otowake.plot.roll import piano_roll

__all__ = [
    "LearningPicture",
    "Snapshot",
    "Snapshots",
    "analysis_figure",
    "animate",
    "animate_analysis",
    "comparison_figure",
    "evaluation_figure",
    "learning_figure",
    "manual_figure",
    "matching_order",
    "number_figure",
    "part_colours",
    "parts_figure",
    "piano_roll",
    "style",
    "timbre_figure",
]
