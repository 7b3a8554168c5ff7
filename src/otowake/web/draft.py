"""What corrections make of a result, told before they are applied: notes, parts and names, without any sound.

The process that analyses keeps what was found as ``draft.json``; the server reads it, applies the page's corrections to it
as :func:`otowake.apply_edits` would, and says what there is then, or why a correction can't be done.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from otowake import text
from otowake.errors import BadInput
from otowake.music.edits import Draft, Player, draft_of, parsed
from otowake.music.painting import is_of_components
from otowake.outside import DAMAGE, json_of, number, reason, whole
from otowake.types import Analysis, Component, Note

FILE = "draft.json"

COMPONENT_EDITS = "component-edits.json"
"""Corrections of components, a round for each time that they were applied; each round speaks of the result before it."""

RESTORE = {"do": "restore"}
"""The correction by which all components become what they were before the first round, without their names."""


def write_draft(analysis: Analysis, folder: Path) -> None:
    """Keep what was found, before any correction, for :func:`drafted`."""
    draft = draft_of(replace(analysis.found or analysis, audio=analysis.audio))
    facts = {
        "notes": [[its, note.onset, note.offset, note.midi] for its, note in draft.notes.items()],
        "owner": list(draft.owner.items()),
        "players": None
        if draft.players is None
        else {name: player.instrument for name, player in draft.players.items()},
        "names": [component.name for component in draft.components],
        "length": draft.length,
        "next_id": draft.next_id,
    }
    (folder / FILE).write_text(json.dumps(facts), encoding="utf-8")


def of_notes(edits: Sequence[Any]) -> list[Any]:
    """The corrections that are not of components alone."""
    return [edit for edit in edits if edit != RESTORE and not is_of_components(edit)]


def names_component(edit: Any) -> bool:
    """Whether a correction gives a component a name."""
    return isinstance(edit, dict) and edit.get("do") == "name"


def drafted(folder: Path, edits: Sequence[Any]) -> dict[str, Any]:
    """What there is after these corrections, as JSON; those of components by painting's rules are left out.

    Raises
    ------
    BadInput
        If a correction can't be done.
    """
    draft = read_draft(folder)
    first_id = draft.next_id
    for edit in parsed(of_notes(edits)):
        edit.apply(draft)
    count = Counter(draft.owner.values())
    return {
        "notes": [
            {
                "id": its,
                "onset": note.onset,
                "offset": note.offset,
                "midi": note.midi,
                "part": draft.owner.get(its),
            }
            for its, note in sorted(draft.notes.items(), key=lambda item: (item[1].onset, item[1].midi))
        ],
        "parts": [
            {"name": name, "instrument": player.instrument, "notes": count[name]}
            for name, player in (draft.players or {}).items()
        ],
        "names": [component.name for component in draft.components],
        "first_id": first_id,
    }


def read_draft(folder: Path) -> Draft:
    """What :func:`write_draft` has kept.

    Raises
    ------
    BadInput
        If it is damaged.
    """
    try:
        facts = json_of(folder / FILE)
        players = facts["players"]
        return Draft(
            notes={its: Note(onset, offset, midi, id=its) for its, onset, offset, midi in facts["notes"]},
            owner=dict(map(tuple, facts["owner"])),
            players=None if players is None else {name: Player(kind, {}) for name, kind in players.items()},
            components=[Component(i, None, 0.0, 0.0, 0.0, name) for i, name in enumerate(facts["names"])],
            length=number(facts, "length", 0),
            next_id=whole(facts, "next_id"),
        )
    except DAMAGE as error:
        raise BadInput(text.NOT_A_RESULT, path=folder, why=reason(error)) from error
