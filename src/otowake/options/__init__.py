"""Options, each defined once with its default, bounds and help text in two languages.

The command line, option files and the web form are built from these frozen dataclasses."""

from otowake.options.analysis import (
    EFFORTS,
    GROUPS,
    LOSS_BETA,
    NAMES,
    NEEDED,
    PRECISIONS,
    SOLVERS,
    STAGES,
    STARTS,
    TRANSCRIBERS,
    FitSpec,
    LoadSpec,
    NoteSpec,
    PartSpec,
    RunSpec,
    ScoreSpec,
    StftSpec,
    checked_stages,
    specs_with,
)
from otowake.options.archive import ArchiveSpec, LearnSpec, WorkerSpec
from otowake.options.serve import ServeSpec
from otowake.options.spec import Constraint, Spec, option

__all__ = [
    "EFFORTS",
    "GROUPS",
    "LOSS_BETA",
    "NAMES",
    "NEEDED",
    "PRECISIONS",
    "SOLVERS",
    "STAGES",
    "STARTS",
    "TRANSCRIBERS",
    "ArchiveSpec",
    "Constraint",
    "FitSpec",
    "LearnSpec",
    "LoadSpec",
    "NoteSpec",
    "PartSpec",
    "RunSpec",
    "ScoreSpec",
    "ServeSpec",
    "Spec",
    "StftSpec",
    "WorkerSpec",
    "checked_stages",
    "option",
    "specs_with",
]
