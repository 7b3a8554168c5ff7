"""Corrections by hand: data that is applied, in order, to what was found.

What was found stays as it was, so that leaving a correction out undoes it. Notes are called by their ids
(:attr:`otowake.types.Note.id`), parts by their names, components by their numbers from 1, as in ``components.csv``. What only
says whose a note is regroups what has been learnt of the recording; where notes were added or changed, the pieces of the
recording that they touch are learnt again, and no others.

A kind of correction is an entry of :data:`KINDS`: its fields, which are checked before anything is applied, and what it does
to a :class:`Draft`.
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from otowake import text
from otowake.errors import BadInput
from otowake.music.analyse import with_harmony, with_sound
from otowake.music.separation.drum_samples import with_drum_samples
from otowake.music.separation.score_informed import fit_parts, ids_of
from otowake.music.theory.instruments import DRUMS, INSTRUMENT_BY_NAME, KIT, drum_of, instrument
from otowake.music.transcription.notes import round_note
from otowake.options import Constraint
from otowake.text import Text
from otowake.types import Analysis, Component, Note, Part, SharedNote

VERSION = 1
"""Of the format of the data."""

MOST_EDITS, MOST_PARTS, LONGEST_NAME = 100_000, 64, 60

PART_NAME = re.compile(r"([a-z][a-z-]*[a-z])(?:-(?:[2-9]|[1-9][0-9]))?")
"""An instrument, and from the second of a kind on its number."""


class Claim(NamedTuple):
    """A part's share in a note, the note by its id."""

    part: str
    note: int
    share: float


class Player(NamedTuple):
    """Who plays a part."""

    instrument: str
    probabilities: dict[str, float]


@dataclass
class Draft:
    """An analysis while it is corrected.

    Attributes
    ----------
    notes
        By id.
    owner
        The part of each note that has one.
    players
        By part, in order.
    components
        As they are described.
    length
        Of the recording, in seconds.
    next_id
        What the next note that is added will be called.
    claims
        Of parts in other parts' notes, by the ids of their sounds; one whose note is settled by hand is of the part that has the note.
    changed
        From when to when, in seconds, what was learnt of the notes no longer holds.
    renoted
        Whether the chords, the key and the rhythm have to be found again.
    """

    notes: dict[int, Note]
    owner: dict[int, str]
    players: dict[str, Player] | None
    components: list[Component]
    length: float
    next_id: int
    claims: dict[int, Claim] = field(default_factory=dict)
    changed: list[tuple[float, float]] = field(default_factory=list)
    renoted: bool = False

    def note(self, name: str, its: int) -> Note:
        """The note of an id."""
        if its not in self.notes:
            raise _wrong(name, text.MUST_BE_NOTE, its)
        return self.notes[its]

    def parts(self) -> dict[str, Player]:
        """The parts there are."""
        if self.players is None:
            raise BadInput(text.NO_STAGE, stage="instruments")
        return self.players

    def part(self, name: str, part: str) -> str:
        """A part that there is."""
        if part not in self.parts():
            raise _wrong(
                name, _filled(text.MUST_BE_ONE_OF, choices=", ".join(self.parts()) or "–"), part
            )
        return part

    def part_or_new(self, part: str) -> str:
        """A part, made if there is none of that name."""
        parts = self.parts()
        if part not in parts:
            named = PART_NAME.fullmatch(part)
            kind = DRUMS if part in KIT else named[1] if named else ""
            if kind not in INSTRUMENT_BY_NAME:
                raise _wrong(
                    "part", _filled(text.MUST_BE_PART, parts=", ".join(parts) or "–"), part
                )
            if len(parts) >= MOST_PARTS:
                raise BadInput(text.TOO_MANY_PARTS, most=MOST_PARTS)
            parts[part] = Player(kind, {kind: 1.0})
        return part

    def free_name(self, kind: str) -> str:
        """What one more part of an instrument is called."""
        number = 1
        while (name := kind if number == 1 else f"{kind}-{number}") in self.parts():
            number += 1
        return name

    def of_part(self, part: str) -> list[int]:
        """The ids of a part's notes."""
        return [its for its, owner in self.owner.items() if owner == part]

    def settle(self, notes: Sequence[int]) -> None:
        """Nobody but the part that has them has a share in these notes."""
        its = {key: claim for key, claim in self.claims.items() if claim.note in notes}
        self.claims |= {
            key: claim._replace(part=self.owner.get(claim.note, "")) for key, claim in its.items()
        }

    def hand_over(self, part: str, to: str, notes: Sequence[int] | None = None) -> None:
        """Give a part's claims, or those in some notes, to another."""
        for key, claim in self.claims.items():
            if claim.part == part and (notes is None or claim.note in notes):
                self.claims[key] = claim._replace(part=to)

    def put(self, its: int, note: Note, **facts: Any) -> None:
        """Add a note, or change the one of that id; `facts` are what it has otherwise than `note`."""
        onset, offset = (
            round(facts.get(name, getattr(note, name)), 4) for name in ("onset", "offset")
        )
        if offset > max(self.length, note.offset):
            raise _wrong("offset_s", _filled(text.MUST_BE_UP_TO, high=f"{self.length:.4g}"), offset)
        if offset <= onset:
            raise _wrong("offset_s", _filled(text.MUST_BE_AFTER, low=f"{onset:g}"), offset)
        decay_end = note.decay_end if offset == note.offset else None
        new = round_note(
            replace(note, **facts, decay_end=decay_end, id=its, confidence=1.0, render=None)
        )
        before = self.notes.get(its)
        if before is None or _gate(before) != _gate(new):
            self.changed += [(each.onset, each.sounding_end) for each in (before, new) if each]
        self.notes[its] = new
        self.renoted = True


def _gate(note: Note) -> tuple[float, float, int]:
    return note.onset, note.offset, note.midi


def _filled(sentence: Text, **facts: Any) -> Text:
    return Text(*(sentence.format(language, **facts) for language in text.LANGUAGES))


def _wrong(name: str, must: Text, value: Any) -> BadInput:
    return BadInput(text.OPTION, name=name, must=must, value=reprlib.repr(value))


def _instrument(draft: Draft, part: str, instrument: str) -> None:
    draft.part("part", part)
    if draft.parts()[part].instrument == instrument:
        return
    name = draft.free_name(instrument)
    player = Player(instrument, {instrument: 1.0})
    draft.players = {
        (name if old == part else old): (player if old == part else its)
        for old, its in draft.parts().items()
    }
    draft.owner |= dict.fromkeys(draft.of_part(part), name)
    draft.hand_over(part, name)


def _merge(draft: Draft, parts: list[str]) -> None:
    for part in parts:
        draft.part("parts", part)
    if len(set(parts)) < 2:
        raise _wrong("parts", text.MUST_BE_TWO_PARTS, parts)
    for part in dict.fromkeys(parts[1:]):
        if part != parts[0]:
            draft.owner |= dict.fromkeys(draft.of_part(part), parts[0])
            draft.hand_over(part, parts[0])
            del draft.parts()[part]


def _move(draft: Draft, notes: list[int], part: str) -> None:
    for its in notes:
        draft.note("notes", its)
    draft.owner |= dict.fromkeys(notes, draft.part_or_new(part))
    draft.settle(notes)


def _delete(draft: Draft, notes: list[int]) -> None:
    for its in notes:
        draft.note("notes", its)
    for its in dict.fromkeys(notes):
        del draft.notes[its]
        draft.owner.pop(its, None)
    draft.claims = {key: claim for key, claim in draft.claims.items() if claim.note in draft.notes}
    draft.renoted = True


def _add(draft: Draft, part: str = "", **given: Any) -> None:
    draft.put(draft.next_id, Note(0.0, 0.0, 0), **_facts(given))
    if part or draft.players is not None:
        draft.owner[draft.next_id] = draft.part_or_new(part)
    draft.next_id += 1


def _facts(given: dict[str, Any]) -> dict[str, Any]:
    return {name.removesuffix("_s"): value for name, value in given.items()}


def _change(draft: Draft, note: int, **given: Any) -> None:
    old = draft.note("note", note)
    if not given:
        raise BadInput(text.NOTHING_TO_CHANGE)
    draft.put(
        note,
        old,
        **_facts(given),
        cents=old.cents if given.get("midi", old.midi) == old.midi else None,
    )
    draft.settle([note])


def _split_note(draft: Draft, note: int, at_s: float) -> None:
    whole, at = draft.note("note", note), round(at_s, 4)
    if not whole.onset < at < whole.offset:
        within = _filled(text.MUST_BE_WITHIN, low=f"{whole.onset:g}", high=f"{whole.offset:g}")
        raise _wrong("at_s", within, at_s)
    draft.put(note, whole, offset=at)
    draft.put(draft.next_id, whole, onset=at)
    if note in draft.owner:
        draft.owner[draft.next_id] = draft.owner[note]
    draft.next_id += 1


def _split_part(draft: Draft, part: str, above_midi: int) -> None:
    mine = draft.of_part(draft.part("part", part))
    above = [its for its in mine if draft.notes[its].midi > above_midi]
    if len(above) in (0, len(mine)):
        raise _wrong("above_midi", text.MUST_PART_THE_NOTES, above_midi)
    new = draft.part_or_new(draft.free_name(draft.parts()[part].instrument))
    draft.owner |= dict.fromkeys(above, new)
    draft.hand_over(part, new, [its for its, note in draft.notes.items() if note.midi > above_midi])


def _name(draft: Draft, component: int, name: str) -> None:
    if not draft.components:
        raise BadInput(text.NO_STAGE, stage="components")
    if component > len(draft.components):
        must = Constraint(int, text.COMPONENT, low=1, high=len(draft.components)).must_be()
        raise _wrong("component", must, component)
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise _wrong("name", _filled(text.MUST_BE_SHORT, most=LONGEST_NAME), name)
    draft.components[component - 1] = replace(draft.components[component - 1], name=name)


class Field(NamedTuple):
    """What a field of a correction must be; `many`: a list of such; `optional`: it may be left out."""

    kind: type
    many: bool = False
    optional: bool = False
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    def check(self, name: str, value: Any) -> Any:
        """The value in its proper type, or :class:`BadInput`."""
        each = Constraint(
            self.kind, text.COMPONENT, low=self.low, high=self.high, choices=self.choices
        )
        values = value if self.many and isinstance(value, list) else [value]
        right = isinstance(value, list) == self.many and values
        fits = right and all(isinstance(one, str) == (self.kind is str) for one in values)
        try:
            checked = [each.check(name, one) for one in values] if fits else None
        except BadInput:
            checked = None
        if checked is None:
            must = _filled(text.MUST_BE_LIST, what=each.must_be()) if self.many else each.must_be()
            raise _wrong(name, must, value)
        return checked if self.many else checked[0]


ID = Field(int, low=0)
SECONDS = Field(float, low=0)
MIDI = Field(int, low=0, high=127)
VELOCITY = Field(float, low=0, high=1, optional=True)


class Kind(NamedTuple):
    """A kind of correction: what it is called, its fields by name, and what it does to a draft with them."""

    do: str
    fields: dict[str, Field]
    apply: Callable[..., None]


KINDS: tuple[Kind, ...] = (
    Kind(
        "instrument",
        {"part": Field(str), "instrument": Field(str, choices=tuple(INSTRUMENT_BY_NAME))},
        _instrument,
    ),
    Kind("merge", {"parts": Field(str, many=True)}, _merge),
    Kind("move", {"notes": ID._replace(many=True), "part": Field(str)}, _move),
    Kind("delete", {"notes": ID._replace(many=True)}, _delete),
    Kind(
        "add",
        {
            "onset_s": SECONDS,
            "offset_s": SECONDS,
            "midi": MIDI,
            "velocity": VELOCITY,
            "part": Field(str, optional=True),
        },
        _add,
    ),
    Kind(
        "change",
        {
            "note": ID,
            "onset_s": SECONDS._replace(optional=True),
            "offset_s": SECONDS._replace(optional=True),
            "midi": MIDI._replace(optional=True),
            "velocity": VELOCITY,
        },
        _change,
    ),
    Kind("split", {"note": ID, "at_s": SECONDS}, _split_note),
    Kind("split", {"part": Field(str), "above_midi": MIDI}, _split_part),
    Kind("name", {"component": Field(int, low=1), "name": Field(str)}, _name),
)
"""Every kind of correction. Where two are called the same, their fields tell them apart."""


class Edit(NamedTuple):
    """A correction that has been checked."""

    number: int
    kind: Kind
    given: dict[str, Any]

    def apply(self, draft: Draft) -> None:
        """Do it, or say which one can't be done and why."""
        try:
            self.kind.apply(draft, **self.given)
        except BadInput as error:
            raise _of_edit(self.number, self.kind.do, error) from None

    def plain(self) -> dict[str, Any]:
        """It as data."""
        return {"do": self.kind.do, **self.given}


def parsed(data: Any) -> tuple[Edit, ...]:
    """Corrections from plain data.

    Parameters
    ----------
    data
        ``{"version": 1, "edits": [{"do": …}, …]}`` as in ``edits.json``, or the list alone.

    Raises
    ------
    BadInput
        If it is not that: which correction, and what it must be.

    Examples
    --------
    >>> parsed([{"do": "delete", "notes": 5}])
    Traceback (most recent call last):
    ...
    otowake.errors.BadInput: edit 1 (delete): notes must be a list, each item a whole number of at least 0; it is 5.
    """
    if isinstance(data, Mapping):
        unknown = [name for name in data if name not in ("version", "edits")]
        if unknown or "edits" not in data or data.get("version", VERSION) != VERSION:
            raise BadInput(text.NOT_EDITS, version=VERSION)
        data = data["edits"]
    if isinstance(data, str) or not isinstance(data, Sequence):
        raise BadInput(text.NOT_EDITS, version=VERSION)
    if len(data) > MOST_EDITS:
        raise BadInput(text.TOO_MANY_EDITS, most=MOST_EDITS, value=len(data))
    return tuple(_parsed(number, each) for number, each in enumerate(data, 1))


def _parsed(number: int, data: Any) -> Edit:
    given = dict(data) if isinstance(data, Mapping) else {}
    do = given.pop("do", None)
    named = [kind for kind in KINDS if kind.do == do]
    if not named:
        choices = ", ".join(dict.fromkeys(kind.do for kind in KINDS))
        shown = data if not isinstance(data, Mapping) else do
        raise _of_edit(
            number, "–", _wrong("do", _filled(text.MUST_BE_ONE_OF, choices=choices), shown)
        )
    kind = next((kind for kind in named if given.keys() <= kind.fields.keys()), named[0])
    needed = [name for name, its in kind.fields.items() if not its.optional]
    for wrong in [
        *(name for name in given if name not in kind.fields),
        *(n for n in needed if n not in given),
    ]:
        fields = ", ".join(kind.fields)
        error = BadInput(
            text.EDIT_FIELDS, fields=fields, needed=", ".join(needed), name=reprlib.repr(wrong)
        )
        raise _of_edit(number, kind.do, error)
    try:
        checked = {name: kind.fields[name].check(name, value) for name, value in given.items()}
    except BadInput as error:
        raise _of_edit(number, kind.do, error) from None
    return Edit(number, kind, checked)


def _of_edit(number: int, do: str, error: BadInput) -> BadInput:
    why = Text(*(error.in_language(language) for language in text.LANGUAGES))
    return BadInput(text.IN_EDIT, number=number, do=do, why=why)


def apply_edits(analysis: Analysis, edits: Any) -> Analysis:
    """Correct an analysis by hand.

    Parameters
    ----------
    analysis
        What was found. Corrections that were applied to it before are left out: `edits` are all there are.
    edits
        The corrections in order, ``{"version": 1, "edits": [{"do": …}, …]}`` or the list alone, each one of

        - ``{"do": "instrument", "part": "piano", "instrument": "accordion"}``
        - ``{"do": "merge", "parts": ["piano", "guitar-nylon"]}``: all into the first
        - ``{"do": "move", "notes": [3, 17], "part": "violin-2"}``: a new part if there is none of that name
        - ``{"do": "split", "part": "violin", "above_midi": 72}``: its higher notes into a new part
        - ``{"do": "delete", "notes": [5]}``: what it sounded like goes to the rest
        - ``{"do": "add", "onset_s": 1.0, "offset_s": 1.5, "midi": 60, "velocity": 0.7, "part": "piano"}``
        - ``{"do": "change", "note": 4, "midi": 60}``: or `onset_s`, `offset_s`, `velocity`
        - ``{"do": "split", "note": 4, "at_s": 2.5}``: the later half is a new note
        - ``{"do": "name", "component": 3, "name": "left hand"}``

        Notes are called by their ids (:attr:`Note.id`); new ones get the numbers that follow, in order.

    Returns
    -------
    Analysis
        With chords, key and rhythm that follow from the notes, and with sound.

    Raises
    ------
    BadInput
        If a correction is not what it must be (it says which), or the recording is needed and gone.

    Examples
    --------
    >>> import otowake
    >>> analysis = otowake.analyse(otowake.load(otowake.demo_path(), duration=3), stages=["instruments"])
    >>> edited = apply_edits(analysis, [{"do": "move", "notes": [0, 1], "part": "flute"}])
    >>> [(part.name, len(part.notes)) for part in edited.parts]
    [('accordion', 3), ('flute', 2)]
    """
    checked = parsed(edits)
    found = replace(analysis.unedited or analysis, audio=analysis.audio)
    if checked:
        draft = draft_of(found)
        for edit in checked:
            edit.apply(draft)
        found = _corrected(found, draft, checked)
    return found if found.audio is None else with_sound(found, found.audio)


def draft_of(found: Analysis) -> Draft:
    """What was found, to be corrected."""
    ids = ids_of(found.notes)
    owner = {ids[place]: part.name for part in found.parts for place in part.notes}
    players = {part.name: Player(part.instrument, part.probabilities) for part in found.parts}
    audio = found.audio
    claims = {
        its: Claim(part.name, ids[note], share)
        for part in found.parts
        for note, share, its in part.shared
    }
    return Draft(
        notes=dict(zip(ids, found.notes, strict=True)),
        owner=owner,
        players=players if found.part_spec is not None else None,
        claims=claims,
        components=list(found.components),
        length=audio.n_samples / audio.rate
        if audio
        else max([note.offset for note in found.notes], default=0.0),
        next_id=max(ids, default=-1) + 1,
    )


def _corrected(found: Analysis, draft: Draft, edits: Sequence[Edit]) -> Analysis:
    """What was found, as the draft says."""
    if draft.renoted and found.note_spec is None:
        raise BadInput(text.NO_STAGE, stage="notes")
    players = draft.players or {}
    notes = sorted(
        (
            _played(replace(note, id=its), draft.owner.get(its, ""), players)
            for its, note in draft.notes.items()
        ),
        key=lambda note: (note.onset, note.midi, note.id),
    )
    for note in notes:
        if note.is_drum != draft.notes[note.id or 0].is_drum:
            draft.changed.append((note.onset, note.sounding_end))
            draft.renoted = True
    members: dict[str, list[int]] = {name: [] for name in players}
    places = {its: place for place, its in enumerate(ids_of(notes))}
    for its, place in places.items():
        if its in draft.owner:
            members[draft.owner[its]].append(place)
    shared: dict[str, list[SharedNote]] = {name: [] for name in players}
    for key, claim in draft.claims.items():
        part = claim.part if members.get(claim.part) else draft.owner.get(claim.note)
        if part is not None:
            shared[part].append(SharedNote(places[claim.note], claim.share, key))
    parts = tuple(
        Part(
            name,
            players[name].instrument,
            tuple(mine),
            players[name].probabilities,
            tuple(shared[name]),
        )
        for name, mine in members.items()
        if mine
    )
    edited = replace(
        found,
        components=tuple(draft.components),
        notes=tuple(notes),
        parts=parts,
        unedited=found,
        edits=tuple(edit.plain() for edit in edits),
    )
    if draft.renoted:
        edited = with_harmony(edited, notes)
    return _explained_again(edited, draft.changed)


def _played(note: Note, part: str, players: dict[str, Player]) -> Note:
    """The note as one of a part: a stroke where that is a drum, and of that drum."""
    if part not in players:
        return note
    player = instrument(players[part].instrument)
    key = (
        KIT[part].key if part in KIT and drum_of(note.midi) != list(KIT).index(part) else note.midi
    )
    return replace(
        note,
        instrument=player.name,
        programme=player.programme,
        is_drum=player.is_drum,
        midi=key if player.is_drum else note.midi,
    )


def _explained_again(edited: Analysis, changed: Sequence[tuple[float, float]]) -> Analysis:
    known = edited.note_factors
    if known is None or not changed:
        return edited
    if edited.audio is None:
        raise BadInput(text.SOUND_GONE, path="edits")
    again = fit_parts(
        edited.audio,
        edited.notes,
        edited.parts,
        tuning_hz=edited.tuning_hz,
        known=known,
        changed=changed,
    )
    return replace(edited, note_factors=with_drum_samples(edited.audio, again, edited.notes))
