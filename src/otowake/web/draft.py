"""What corrections make of a result, told before they are applied: notes, parts and names, without any sound.

The process that analyses keeps what was found as ``draft.json``. Another process reads it,
applies the page's corrections to it as :func:`otowake.apply_edits` would, and says what there is
then, or why a correction can't be done. `drafts` starts, limits and ends it.
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
from otowake.music.editing.edits import Draft, Player, draft_of, parsed
from otowake.music.editing.painting import MOST_EDITS, is_of_components
from otowake.text import LANGUAGES, Language
from otowake.types import Analysis, Component, Note
from otowake.untrusted import DAMAGE, json_of, number, reason, whole
from otowake.web.processes import limit

FILE = "draft.json"

PAGE = ".page"
"""The folder in a result with what the page shows of it: the two are replaced as one. No visitor is given it to keep."""

READY = "ready"
"""What the process says first."""

COMPONENT_EDITS = "component-edits.json"
"""Corrections of components, a round for each time that they were applied; each round speaks of the result before it."""

RESTORE = {"do": "restore"}
"""The correction by which all components become what they were before the first round, without their names."""


MOST_CORRECTIONS = 20_000
"""The most corrections at once; for those of components, strokes included, painting has its own."""


def check_amount(edits: Sequence[Any]) -> None:
    """Check how many corrections there are.

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
    of_components = sum(map(is_of_components, edits))
    for amount, most in ((len(edits), MOST_CORRECTIONS), (of_components, MOST_EDITS)):
        if amount > most:
            raise BadInput(text.TOO_MANY_EDITS, most=most, value=amount)


def write_draft(analysis: Analysis, folder: Path) -> None:
    """Keep what was found, before any correction, for :func:`drafted`."""
    draft = draft_of(replace(analysis.unedited or analysis, audio=analysis.audio))
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
            for its, note in sorted(
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
    """What :func:`write_draft` has kept.

    Raises
    ------
    BadInput
        If it is damaged.
    """
    try:
        facts = json_of(folder / FILE)
        players, owner = facts["players"], dict(map(tuple, facts["owner"]))
        if not all(isinstance(name, str) for name in (*owner.values(), *facts["names"])):
            raise ValueError("an owner or a name is no text")
        return Draft(
            notes={
                its: Note(onset, offset, midi, id=its)
                for its, onset, offset, midi in facts["notes"]
            },
            owner=owner,
            players=None
            if players is None
            else {name: Player(kind, {}) for name, kind in players.items()},
            components=[
                Component(i, None, 0.0, 0.0, 0.0, name) for i, name in enumerate(facts["names"])
            ],
            length=number(facts, "length", 0),
            next_id=whole(facts, "next_id"),
        )
    except DAMAGE as error:
        raise BadInput(text.NOT_A_RESULT, path=folder, why=reason(error)) from error


def main() -> None:
    """Draft what each line of standard input asks for; answer with a line: a status and JSON."""
    seconds, gib = map(float, sys.argv[1:3])
    limit({resource.RLIMIT_AS: gib * 2**30, resource.RLIMIT_CORE: 0})
    out, sys.stdout = sys.stdout, sys.stderr
    print(READY, file=out, flush=True)
    for line in sys.stdin.buffer:
        signal.alarm(int(seconds) + 1)  # ends the process even if there is no server any more
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
        return 422, {"message": {each: too_much.format(each) for each in LANGUAGES}}


def in_both(message: OtowakeError | InputWarning, name: str) -> dict[Language, str]:
    """A message in both languages, with the name that the file has for people."""
    facts = {**message.facts, **({"path": name} if "path" in message.facts else {})}
    return {each: message.sentence.format(each, **facts) for each in LANGUAGES}


if __name__ == "__main__":
    main()
