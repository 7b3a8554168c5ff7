"""The options of a whole analysis, and its stages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from otowake import text
from otowake.errors import BadInput
from otowake.options.fit import FitSpec
from otowake.options.music import NoteSpec, PartSpec, TheorySpec
from otowake.options.signal import LoadSpec, StftSpec
from otowake.options.spec import Spec, current_names, filled, option
from otowake.text import Text

STAGES = ("components", "notes", "instruments", "stems", "report")
"""The stages of an analysis, in order."""

STAGE_REQUIREMENTS = {"instruments": ("notes",), "stems": ("notes", "instruments")}
"""The stages that a stage builds on."""


@dataclass(frozen=True)
class RunSpec(Spec):
    """Parameters of a run."""

    checkpoint: float = option(
        60.0,
        Text(
            "interval between checkpoints of a long factorisation, in seconds; an interrupted run "
            "resumes from the last one (0: no checkpoints)",
            "長い学習の途中経過を保存する間隔（秒）。中断しても、最後に保存した時点から"
            "再開します（0 なら保存しません）",
        ),
        low=0,
    )


GROUPS: tuple[tuple[Text, type[Spec]], ...] = (
    (text.HEADING_READING, LoadSpec),
    (text.HEADING_STFT, StftSpec),
    (text.HEADING_FIT, FitSpec),
    (text.HEADING_NOTES, NoteSpec),
    (text.HEADING_THEORY, TheorySpec),
    (text.HEADING_PARTS, PartSpec),
    (text.HEADING_RUN, RunSpec),
)
"""The specs of an analysis with their headings."""


def specs_with(
    chosen: dict[str, Any], groups: Iterable[tuple[Text, type[Spec]]] = GROUPS
) -> dict[type[Spec], Any]:
    """Build the specs of `groups` from options by name.

    Names and words of earlier versions still work, with an
    :class:`~otowake.errors.InputWarning`.

    Raises
    ------
    BadInput
        If an option is unknown, or its constraint forbids the value.

    Examples
    --------
    >>> specs_with({"hop": 256, "n_components": 8})[StftSpec].hop
    256
    """
    groups = tuple(groups)
    chosen = current_names(chosen, [spec for _, spec in groups])
    known = {name: spec for _, spec in groups for name in spec.constraints()}
    for name in chosen:
        if name not in known:
            raise BadInput(text.UNKNOWN_OPTION, name=name, known=", ".join(known))
    return {
        spec: spec().with_options(
            **{name: value for name, value in chosen.items() if known[name] is spec}
        )
        for _, spec in groups
    }


def checked_stages(requested: Iterable[str]) -> tuple[str, ...]:
    """Return the requested stages and their requirements, in processing order.

    Raises
    ------
    BadInput
        If a stage is unknown, or `requested` is empty.

    Examples
    --------
    >>> checked_stages(["notes", "components"]), checked_stages(["instruments"])
    (('components', 'notes'), ('notes', 'instruments'))
    """
    requested = tuple(requested)
    for stage in requested or ("",):
        if stage not in STAGES:
            must = filled(text.MUST_BE_ONE_OF, choices=", ".join(STAGES))
            raise BadInput(text.OPTION, name="stages", must=must, value=repr(stage))
    required = {name for stage in requested for name in STAGE_REQUIREMENTS.get(stage, ())}
    return tuple(stage for stage in STAGES if stage in required.union(requested))
