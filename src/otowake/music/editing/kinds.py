"""The kinds of corrections: their fields and what they do to a draft."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from otowake import text
from otowake.errors import BadInput
from otowake.music.editing.config import LIMITS
from otowake.music.editing.draft import Draft, Player, invalid
from otowake.music.theory.instruments import INSTRUMENT_BY_NAME
from otowake.music.theory.names import hz_to_midi, renamed
from otowake.options import Constraint, TheorySpec
from otowake.options.spec import filled
from otowake.text import Text
from otowake.types import Note


def _set_instrument(draft: Draft, part: str, instrument: str) -> None:
    draft.part("part", part)
    if draft.parts()[part].instrument == instrument:
        return
    name = draft.free_name(instrument)
    player = Player(instrument, {instrument: 1.0})
    draft.players = {
        (name if old == part else old): (player if old == part else unchanged)
        for old, unchanged in draft.parts().items()
    }
    draft.owner |= dict.fromkeys(draft.of_part(part), name)
    draft.hand_over(part, name)


def _merge_parts(draft: Draft, parts: list[str]) -> None:
    for part in parts:
        draft.part("parts", part)
    if len(set(parts)) < 2:
        raise invalid("parts", text.MUST_BE_TWO_PARTS, parts)
    for part in dict.fromkeys(parts[1:]):
        if part != parts[0]:
            draft.owner |= dict.fromkeys(draft.of_part(part), parts[0])
            draft.hand_over(part, parts[0])
            del draft.parts()[part]


def _move_notes(draft: Draft, notes: list[int], part: str) -> None:
    for note_id in notes:
        draft.note("notes", note_id)
    draft.owner |= dict.fromkeys(notes, draft.part_or_new(part))
    draft.settle(notes)


def _delete_notes(draft: Draft, notes: list[int]) -> None:
    for note_id in notes:
        draft.note("notes", note_id)
    for note_id in dict.fromkeys(notes):
        del draft.notes[note_id]
        draft.owner.pop(note_id, None)
    draft.shares = {
        key: share for key, share in draft.shares.items() if share.note_id in draft.notes
    }
    draft.notes_changed = True


def _add_note(draft: Draft, part: str = "", **given: Any) -> None:
    draft.put(draft.next_id, Note(0.0, 0.0, 0), **_attributes(given))
    if part or draft.players is not None:
        draft.owner[draft.next_id] = draft.part_or_new(part)
    draft.next_id += 1


def _change_note(draft: Draft, note: int, **given: Any) -> None:
    old = draft.note("note", note)
    if not given:
        raise BadInput(text.NOTHING_TO_CHANGE)
    cents = old.cents if given.get("midi", old.midi) == old.midi else None
    draft.put(note, old, **_attributes(given), cents=cents)
    draft.settle([note])


def _split_note(draft: Draft, note: int, at_s: float) -> None:
    whole, at = draft.note("note", note), round(at_s, 4)
    if not whole.onset < at < whole.offset:
        must = filled(text.MUST_BE_WITHIN, low=f"{whole.onset:g}", high=f"{whole.offset:g}")
        raise invalid("at_s", must, at_s)
    draft.put(note, whole, offset=at)
    draft.put(draft.next_id, whole, onset=at)
    if note in draft.owner:
        draft.owner[draft.next_id] = draft.owner[note]
    draft.next_id += 1


def _split_part(draft: Draft, part: str, above_midi: int) -> None:
    ids = draft.of_part(draft.part("part", part))
    above = [note_id for note_id in ids if draft.notes[note_id].midi > above_midi]
    if len(above) in (0, len(ids)):
        raise invalid("above_midi", text.MUST_PART_THE_NOTES, above_midi)
    new = draft.part_or_new(draft.free_name(draft.parts()[part].instrument))
    draft.owner |= dict.fromkeys(above, new)
    higher = [note_id for note_id, note in draft.notes.items() if note.midi > above_midi]
    draft.hand_over(part, new, higher)


def _name_component(draft: Draft, component: int, name: str) -> None:
    if not draft.components:
        raise BadInput(text.NO_STAGE, stage="components")
    if component > len(draft.components):
        must = Constraint(int, text.COMPONENT, low=1, high=len(draft.components)).must_be()
        raise invalid("component", must, component)
    if len(name) > LIMITS.max_name_length or not name.isprintable():
        raise invalid("name", filled(text.MUST_BE_SHORT, most=LIMITS.max_name_length), name)
    draft.components[component - 1] = replace(draft.components[component - 1], name=name)


def _state(draft: Draft, **given: Any) -> None:
    draft.stated |= given


def _set_tuning(draft: Draft, tuning: float) -> None:
    cents = 100 * float(hz_to_midi(draft.tuning_hz) - hz_to_midi(tuning))
    ids, notes = list(draft.notes), renamed(tuple(draft.notes.values()), round(cents / 100), cents)
    draft.notes = dict(zip(ids, notes, strict=True))
    draft.tuning_hz = tuning
    draft.stated["tuning"] = tuning


def _attributes(given: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of a note that fields such as `onset_s` stand for."""
    return {name.removesuffix("_s"): value for name, value in given.items()}


class Field(NamedTuple):
    """A field of a correction.

    Attributes
    ----------
    kind, low, high, choices, form, described
        As in :class:`otowake.options.Constraint`.
    many
        Whether the field is a list of such values.
    optional
        Whether the field may be absent.
    """

    kind: type
    many: bool = False
    optional: bool = False
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    form: Callable[[str], str] | None = None
    described: Text | None = None

    def check(self, name: str, value: Any) -> Any:
        """Return the value in its proper type, or raise :class:`BadInput`."""
        facts = {
            name: getattr(self, name) for name in ("low", "high", "choices", "form", "described")
        }
        constraint = Constraint(self.kind, text.COMPONENT, **facts)
        values = value if self.many and isinstance(value, list) else [value]
        right = isinstance(value, list) == self.many and values
        fits = right and all(isinstance(one, str) == (self.kind is str) for one in values)
        try:
            checked = [constraint.check(name, one) for one in values] if fits else None
        except BadInput:
            checked = None
        if checked is None:
            must = constraint.must_be()
            raise invalid(name, filled(text.MUST_BE_LIST, what=must) if self.many else must, value)
        return checked if self.many else checked[0]


NOTE_ID = Field(int, low=0)
TIME = Field(float, low=0)
MIDI = Field(int, low=0, high=127)
VELOCITY = Field(float, low=0, high=1, optional=True)


def _stated(name: str) -> Field:
    """Make the field of an option of :class:`otowake.TheorySpec`."""
    constraint = TheorySpec.constraints()[name]
    facts = ("low", "high", "choices", "form", "described")
    return Field(constraint.kind, **{fact: getattr(constraint, fact) for fact in facts})


class Kind(NamedTuple):
    """A kind of correction.

    Attributes
    ----------
    do
        The name of the kind.
    fields
        Fields by name.
    apply
        Applies the correction to a draft, with the fields as keyword arguments.
    """

    do: str
    fields: dict[str, Field]
    apply: Callable[..., None]


KINDS: tuple[Kind, ...] = (
    Kind(
        "instrument",
        {"part": Field(str), "instrument": Field(str, choices=tuple(INSTRUMENT_BY_NAME))},
        _set_instrument,
    ),
    Kind("merge", {"parts": Field(str, many=True)}, _merge_parts),
    Kind("move", {"notes": NOTE_ID._replace(many=True), "part": Field(str)}, _move_notes),
    Kind("delete", {"notes": NOTE_ID._replace(many=True)}, _delete_notes),
    Kind(
        "add",
        {
            "onset_s": TIME,
            "offset_s": TIME,
            "midi": MIDI,
            "velocity": VELOCITY,
            "part": Field(str, optional=True),
        },
        _add_note,
    ),
    Kind(
        "change",
        {
            "note": NOTE_ID,
            "onset_s": TIME._replace(optional=True),
            "offset_s": TIME._replace(optional=True),
            "midi": MIDI._replace(optional=True),
            "velocity": VELOCITY,
        },
        _change_note,
    ),
    Kind("split", {"note": NOTE_ID, "at_s": TIME}, _split_note),
    Kind("split", {"part": Field(str), "above_midi": MIDI}, _split_part),
    Kind("key", {"key": _stated("key")}, _state),
    Kind("tempo", {"tempo": _stated("tempo")}, _state),
    Kind("metre", {"metre": _stated("metre")}, _state),
    Kind("tuning", {"tuning": _stated("tuning")}, _set_tuning),
    Kind("name", {"component": Field(int, low=1), "name": Field(str)}, _name_component),
)
"""Every kind of correction. The fields distinguish kinds of the same name."""
