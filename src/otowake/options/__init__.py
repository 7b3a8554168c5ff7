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
    "ArchiveSpec",
    "Constraint",
    "WorkerSpec",
    "EFFORTS",
    "FitSpec",
    "GROUPS",
    "LOSS_BETA",
    "LearnSpec",
    "LoadSpec",
    "NAMES",
    "NEEDED",
    "NoteSpec",
    "PRECISIONS",
    "PartSpec",
    "RunSpec",
    "SOLVERS",
    "STAGES",
    "STARTS",
    "ScoreSpec",
    "ServeSpec",
    "Spec",
    "StftSpec",
    "TRANSCRIBERS",
    "checked_stages",
    "option",
    "specs_with",
]
