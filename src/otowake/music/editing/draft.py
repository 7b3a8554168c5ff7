"""The draft: an analysis while corrections are applied to it."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from otowake import text
from otowake.errors import BadInput
from otowake.music.editing.config import LIMITS
from otowake.music.separation.score_informed import ids_of
from otowake.music.theory.contours import cut_contour, median_of_contour
from otowake.music.theory.instruments import DRUMS, INSTRUMENT_BY_NAME, KIT
from otowake.music.transcription.notes import round_note
from otowake.options.spec import filled
from otowake.text import Text
from otowake.types import Analysis, Component, Contour, Note

PART_NAME = re.compile(r"([a-z][a-z-]*[a-z])(?:-(?:[2-9]|[1-9][0-9]))?")
"""An instrument, and for a second part of the same instrument its number."""


class NoteShare(NamedTuple):
    """A part's share of a note.

    Attributes
    ----------
    part
        The name of the part.
    note_id
        The id of the note.
    share
        The probability that the note belongs to the part.
    """

    part: str
    note_id: int
    share: float


class Player(NamedTuple):
    """The instrument of a part, and the probabilities of instruments."""

    instrument: str
    probabilities: dict[str, float]


@dataclass
class Draft:
    """An analysis while it is corrected.

    Attributes
    ----------
    notes
        Notes by id.
    owner
        The part of each note that has one, by note id.
    players
        Players by part, in order; None if the analysis has no instruments.
    components
        Descriptions of the components.
    length
        Length of the recording, in seconds.
    next_id
        The id of the next note to be added.
    shares
        Shares of parts in notes of other parts, by the id of the share's sound. The shares of a
        note that was assigned manually belong to the part of the note.
    changed
        Stretches of time, in seconds, in which the factors of notes are out of date.
    notes_changed
        Whether a note was added, changed or deleted.
    stated
        Key, tempo, metre and tuning as corrected, by the names of :class:`otowake.TheorySpec`.
    tuning_hz
        The recording's A4.
    """

    notes: dict[int, Note]
    owner: dict[int, str]
    players: dict[str, Player] | None
    components: list[Component]
    length: float
    next_id: int
    shares: dict[int, NoteShare] = field(default_factory=dict)
    changed: list[tuple[float, float]] = field(default_factory=list)
    notes_changed: bool = False
    stated: dict[str, Any] = field(default_factory=dict)
    tuning_hz: float = 440.0

    def note(self, name: str, note_id: int) -> Note:
        """Return the note of an id that the field `name` holds."""
        if note_id not in self.notes:
            raise invalid(name, text.MUST_BE_NOTE, note_id)
        return self.notes[note_id]

    def parts(self) -> dict[str, Player]:
        """Return the players by part, or raise :class:`BadInput` without instruments."""
        if self.players is None:
            raise BadInput(text.NO_STAGE, stage="instruments")
        return self.players

    def part(self, name: str, part: str) -> str:
        """Return the part that the field `name` holds, if there is such a part."""
        if part not in self.parts():
            must = filled(text.MUST_BE_ONE_OF, choices=", ".join(self.parts()) or "–")
            raise invalid(name, must, part)
        return part

    def part_or_new(self, part: str) -> str:
        """Return a part; add it if there is none of that name."""
        parts = self.parts()
        if part not in parts:
            match = PART_NAME.fullmatch(part)
            kind = DRUMS if part in KIT else match[1] if match else ""
            if kind not in INSTRUMENT_BY_NAME:
                must = filled(text.MUST_BE_PART, parts=", ".join(parts) or "–")
                raise invalid("part", must, part)
            if len(parts) >= LIMITS.max_parts:
                raise BadInput(text.TOO_MANY_PARTS, most=LIMITS.max_parts)
            parts[part] = Player(kind, {kind: 1.0})
        return part

    def free_name(self, kind: str) -> str:
        """Return the name of one more part of an instrument."""
        number = 1
        while (name := kind if number == 1 else f"{kind}-{number}") in self.parts():
            number += 1
        return name

    def of_part(self, part: str) -> list[int]:
        """Return the ids of a part's notes."""
        return [note_id for note_id, owner in self.owner.items() if owner == part]

    def settle(self, notes: Sequence[int]) -> None:
        """Give all shares of some notes to the parts of the notes."""
        self.shares |= {
            key: share._replace(part=self.owner.get(share.note_id, ""))
            for key, share in self.shares.items()
            if share.note_id in notes
        }

    def hand_over(self, part: str, to: str, notes: Sequence[int] | None = None) -> None:
        """Give a part's shares, by default in all notes, to another part."""
        for key, share in self.shares.items():
            if share.part == part and (notes is None or share.note_id in notes):
                self.shares[key] = share._replace(part=to)

    def put(self, note_id: int, note: Note, **facts: Any) -> None:
        """Add or replace the note of an id; `facts` override attributes of `note`."""
        onset, offset = (
            round(facts.get(name, getattr(note, name)), 4) for name in ("onset", "offset")
        )
        if offset > max(self.length, note.offset):
            must = filled(text.MUST_BE_UP_TO, high=f"{self.length:.4g}")
            raise invalid("offset_s", must, offset)
        if offset <= onset:
            raise invalid("offset_s", filled(text.MUST_BE_AFTER, low=f"{onset:g}"), offset)
        decay_end = note.decay_end if offset == note.offset else None
        contour: Contour = ()
        if facts.get("midi", note.midi) == note.midi:
            contour = cut_contour(note.contour, onset - note.onset, offset - note.onset)
        if contour:
            facts["cents"] = median_of_contour(contour)
        new = round_note(
            replace(
                note,
                **facts,
                decay_end=decay_end,
                contour=contour,
                id=note_id,
                confidence=1.0,
                render=None,
            )
        )
        before = self.notes.get(note_id)
        if before is None or _extent(before) != _extent(new):
            self.changed += [(n.onset, n.sounding_end) for n in (before, new) if n]
        self.notes[note_id] = new
        self.notes_changed = True


def draft_of(analysis: Analysis) -> Draft:
    """Begin a draft from an analysis without corrections."""
    ids = ids_of(analysis.notes)
    players = {part.name: Player(part.instrument, part.probabilities) for part in analysis.parts}
    audio = analysis.audio
    return Draft(
        notes=dict(zip(ids, analysis.notes, strict=True)),
        owner={ids[index]: part.name for part in analysis.parts for index in part.notes},
        players=players if analysis.part_spec is not None else None,
        components=list(analysis.components),
        length=audio.n_samples / audio.rate
        if audio
        else max([note.offset for note in analysis.notes], default=0.0),
        next_id=max(ids, default=-1) + 1,
        shares={
            share_id: NoteShare(part.name, ids[index], share)
            for part in analysis.parts
            for index, share, share_id in part.shared
        },
        tuning_hz=analysis.tuning_hz,
    )


def invalid(name: str, must: Text, value: Any) -> BadInput:
    """Return the error of a field that has a wrong value."""
    return BadInput(text.OPTION, name=name, must=must, value=reprlib.repr(value))


def _extent(note: Note) -> tuple[float, float, int]:
    return note.onset, note.offset, note.midi
