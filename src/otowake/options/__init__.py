"""Options, each defined once with its default, bounds and help text in two languages.

The command line, option files and the web form are built from these frozen dataclasses.
"""

from otowake.options.analysis import (
    GROUPS,
    STAGE_REQUIREMENTS,
    STAGES,
    RunSpec,
    checked_stages,
    specs_with,
)
from otowake.options.archive import ArchiveSpec, LearnSpec, WorkerSpec
from otowake.options.fit import EFFORTS, INITS, LOSS_BETA, PRECISIONS, SOLVERS, FitSpec
from otowake.options.music import (
    METRES,
    NOTE_NAMES,
    TRANSCRIBERS,
    EvaluationSpec,
    NoteSpec,
    PartSpec,
    TheorySpec,
)
from otowake.options.serve import ServeSpec
from otowake.options.signal import LoadSpec, StftSpec
from otowake.options.spec import Constraint, Spec, current_names, option

__all__ = [
    "EFFORTS",
    "GROUPS",
    "INITS",
    "LOSS_BETA",
    "METRES",
    "NOTE_NAMES",
    "PRECISIONS",
    "SOLVERS",
    "STAGES",
    "STAGE_REQUIREMENTS",
    "TRANSCRIBERS",
    "ArchiveSpec",
    "Constraint",
    "EvaluationSpec",
    "FitSpec",
    "LearnSpec",
    "LoadSpec",
    "NoteSpec",
    "PartSpec",
    "RunSpec",
    "ServeSpec",
    "Spec",
    "StftSpec",
    "TheorySpec",
    "WorkerSpec",
    "checked_stages",
    "current_names",
    "option",
    "specs_with",
]
