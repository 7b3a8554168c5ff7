"""Preview corrections of a result before they are applied: notes, parts and names, no sound.

The process of the analysis writes ``draft.json``. Another process reads it, applies the page's
corrections to it as :func:`otowake.apply_edits` would, and answers with the outcome, or with the
reason why a correction is not possible. `drafts` starts, limits and ends this process.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from otowake import text
from otowake.errors import BadInput, InputWarning, OtowakeError
from otowake.music.editing.component_edits import is_component_edit
from otowake.music.editing.config import LIMITS
from otowake.music.editing.edits import Draft, Player, draft_of, parsed
from otowake.text import LANGUAGES, Language
from otowake.types import Analysis, Component, Note
from otowake.untrusted import DAMAGE, json_of, number, reason, whole
from otowake.web.processes import limit

FILE = "draft.json"

PAGE = ".page"
"""The folder in a result with the page's data; downloads leave it out."""

READY = "ready"
"""The first line that the process writes."""

COMPONENT_EDITS = "component-edits.json"
"""Corrections of components, a round for each application to the result before it."""

RESTORE = {"do": "restore"}
"""The correction that restores all components from before the first round, without names."""

MAX_CORRECTIONS = 20_000
"""Corrections in a request; painting has its own limit for components and brush strokes."""


def check_amount(edits: Sequence[Any]) -> None:
    """Check the number of corrections.

    Raises
    ------
    BadInput
        If there are too many.

    Examples
    --------
    >>> check_amount([{"do": "split", "component": 1}] * 201)
    Traceback (most recent call last):
    ...
    otowake.errors.BadInput: there may be at most 200 corrections; there are 201.
    """
    of_components = sum(map(is_component_edit, edits))
    for amount, most in (
        (len(edits), MAX_CORRECTIONS),
        (of_components, LIMITS.max_component_edits),
    ):
        if amount > most:
            raise BadInput(text.TOO_MANY_EDITS, most=most, value=amount)


def write_draft(analysis: Analysis, folder: Path) -> None:
    """Write the result before any correction, for :func:`drafted`."""
    draft = draft_of(replace(analysis.detected or analysis, audio=analysis.audio))
    facts = {
        "notes": [
            [note_id, note.onset, note.offset, note.midi, note.is_drum, note.contour]
            for note_id, note in draft.notes.items()
        ],
        "owner": list(draft.owner.items()),
        "players": None
        if draft.players is None
        else {name: player.instrument for name, player in draft.players.items()},
        "names": [component.name for component in draft.components],
        "length": draft.length,
        "next_id": draft.next_id,
        "tuning_hz": draft.tuning_hz,
    }
    (folder / FILE).write_text(json.dumps(facts), encoding="utf-8")


def of_notes(edits: Sequence[Any]) -> list[Any]:
    """Select the corrections of notes, parts and names."""
    return [edit for edit in edits if edit != RESTORE and not is_component_edit(edit)]


def names_component(edit: Any) -> bool:
    """Tell whether a correction names a component."""
    return isinstance(edit, dict) and edit.get("do") == "name"


def drafted(folder: Path, edits: Sequence[Any]) -> dict[str, Any]:
    """Apply corrections of notes, parts and names to a draft; return the outcome as JSON.

    Raises
    ------
    BadInput
        If a correction is not possible.
    """
    draft = read_draft(folder)
    first_id = draft.next_id
    for edit in parsed(of_notes(edits)):
        edit.apply(draft)
    count = Counter(draft.owner.values())
    return {
        "notes": [
            {
                "id": note_id,
                "onset": note.onset,
                "offset": note.offset,
                "midi": note.midi,
                "part": draft.owner.get(note_id),
                "contour": note.contour,
            }
            for note_id, note in sorted(
                draft.notes.items(), key=lambda item: (item[1].onset, item[1].midi)
            )
        ],
        "parts": [
            {"name": name, "instrument": player.instrument, "notes": count[name]}
            for name, player in (draft.players or {}).items()
        ],
        "names": [component.name for component in draft.components],
        "first_id": first_id,
    }


def read_draft(folder: Path) -> Draft:
    """Read the file of :func:`write_draft`.

    Raises
    ------
    BadInput
        If the file is damaged.
    """
    try:
        facts = json_of(folder / FILE)
        players, owner = facts["players"], dict(map(tuple, facts["owner"]))
        if not all(isinstance(name, str) for name in (*owner.values(), *facts["names"])):
            raise ValueError("an owner or a name is not text")
        return Draft(
            notes={row[0]: _note(*row) for row in facts["notes"]},
            owner=owner,
            players=None
            if players is None
            else {name: Player(kind, {}) for name, kind in players.items()},
            components=[
                Component(i, None, 0.0, 0.0, 0.0, name) for i, name in enumerate(facts["names"])
            ],
            length=number(facts, "length", 0),
            next_id=whole(facts, "next_id"),
            tuning_hz=number({"tuning_hz": 440.0} | facts, "tuning_hz", 1),
        )
    except DAMAGE as error:
        raise BadInput(text.NOT_A_RESULT, path=folder, why=reason(error)) from error


def _note(
    note_id: int,
    onset: float,
    offset: float,
    midi: int,
    is_drum: bool = False,
    contour: Sequence[Sequence[float]] = (),
) -> Note:
    """Build a note from a row of the file; rows of earlier versions are shorter."""
    points = tuple((time, cents) for time, cents in contour)
    return Note(onset, offset, midi, is_drum=is_drum is True, contour=points, id=note_id)


def main() -> None:
    """Answer each line of standard input with a line: a status and JSON."""
    seconds, gib = map(float, sys.argv[1:3])
    limit({resource.RLIMIT_AS: gib * 2**30, resource.RLIMIT_CORE: 0})
    out, sys.stdout = sys.stdout, sys.stderr
    print(READY, file=out, flush=True)
    for line in sys.stdin.buffer:
        signal.alarm(int(seconds) + 1)  # ends the process even after the server has died
        status, answer = _answered(json.loads(line))
        print(status, json.dumps(answer), file=out, flush=True)
        signal.alarm(0)


def _answered(order: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    try:
        return 200, drafted(Path(order["folder"]), order["edits"])
    except OtowakeError as error:
        return 422, {"message": in_both(error, order["name"])}
    except MemoryError:
        too_much = text.WEB_DRAFT_TOO_MUCH
        return 422, {"message": {language: too_much.format(language) for language in LANGUAGES}}


def in_both(message: OtowakeError | InputWarning, name: str) -> dict[Language, str]:
    """Format a message in both languages, with the file's original name."""
    facts = {**message.facts, **({"path": name} if "path" in message.facts else {})}
    return {language: message.sentence.format(language, **facts) for language in LANGUAGES}


if __name__ == "__main__":
    main()
