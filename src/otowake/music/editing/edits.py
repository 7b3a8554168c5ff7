"""Manual corrections: data that is applied, in order, to an analysis.

The original analysis stays unchanged, so leaving a correction out undoes it. Corrections refer to
notes by id (:attr:`otowake.types.Note.id`), to parts by name and to components by number from 1, as
in ``components.csv``. A correction of the assignment of notes regroups the learnt factors. Where
notes are added or changed, only the segments of the recording that they touch are learnt again.

A kind of correction is an entry of :data:`otowake.music.editing.kinds.KINDS`. Its fields are
checked before any correction is applied. Corrections of components, which continue the
factorisation, are in :mod:`otowake.music.editing.component_edits`.
"""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from otowake import text
from otowake.errors import BadInput
from otowake.music.analyse import with_harmony, with_sound
from otowake.music.components.measure import in_tuning
from otowake.music.editing.config import LIMITS
from otowake.music.editing.draft import Draft, Player, draft_of, invalid
from otowake.music.editing.kinds import KINDS, Kind
from otowake.music.separation.drum_samples import with_drum_samples
from otowake.music.separation.score_informed import fit_parts, ids_of
from otowake.music.theory.harmony import key_named, respelled
from otowake.music.theory.instruments import KIT, drum_of, instrument
from otowake.music.theory.rhythm import stated_rhythm
from otowake.music.theory.time_signatures import beat_quarters_of
from otowake.options.spec import filled
from otowake.types import Analysis, Note, Part, Rhythm, SharedNote

VERSION = 1
"""Version of the format of corrections."""


class Edit(NamedTuple):
    """A correction that has been checked.

    Attributes
    ----------
    number
        Its number among all corrections, from 1.
    kind
        Its kind.
    given
        The values of its fields.
    """

    number: int
    kind: Kind
    given: dict[str, Any]

    def apply(self, draft: Draft) -> None:
        """Apply the correction; the error says which correction is impossible, and why."""
        try:
            self.kind.apply(draft, **self.given)
        except BadInput as error:
            raise _in_edit(self.number, self.kind.do, error) from None

    def plain(self) -> dict[str, Any]:
        """Return the correction as data."""
        return {"do": self.kind.do, **self.given}


def parsed(data: Any) -> tuple[Edit, ...]:
    """Check corrections given as plain data.

    Parameters
    ----------
    data
        ``{"version": 1, "edits": [{"do": …}, …]}`` as in ``edits.json``, or the list by itself.

    Raises
    ------
    BadInput
        If the data is something else; the message says which correction is wrong.

    Examples
    --------
    >>> parsed([{"do": "delete", "notes": 5}])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    otowake.errors.BadInput: edit 1 (delete): notes must be a list, each item ...; it is 5.
    """
    if isinstance(data, Mapping):
        unknown = [name for name in data if name not in ("version", "edits")]
        if unknown or "edits" not in data or data.get("version", VERSION) != VERSION:
            raise BadInput(text.NOT_EDITS, version=VERSION)
        data = data["edits"]
    if isinstance(data, str) or not isinstance(data, Sequence):
        raise BadInput(text.NOT_EDITS, version=VERSION)
    if len(data) > LIMITS.max_edits:
        raise BadInput(text.TOO_MANY_EDITS, most=LIMITS.max_edits, value=len(data))
    return tuple(_parsed(number, edit) for number, edit in enumerate(data, 1))


def _parsed(number: int, data: Any) -> Edit:
    given = dict(data) if isinstance(data, Mapping) else {}
    do = given.pop("do", None)
    named = [kind for kind in KINDS if kind.do == do]
    if not named:
        must = filled(text.MUST_BE_ONE_OF, choices=", ".join(dict.fromkeys(k.do for k in KINDS)))
        shown = data if not isinstance(data, Mapping) else do
        raise _in_edit(number, "–", invalid("do", must, shown))
    kind = next((kind for kind in named if given.keys() <= kind.fields.keys()), named[0])
    needed = [name for name, field in kind.fields.items() if not field.optional]
    wrong = [
        *(name for name in given if name not in kind.fields),
        *(name for name in needed if name not in given),
    ]
    if wrong:
        fields, shown = ", ".join(kind.fields), reprlib.repr(wrong[0])
        error = BadInput(text.EDIT_FIELDS, fields=fields, needed=", ".join(needed), name=shown)
        raise _in_edit(number, kind.do, error)
    try:
        checked = {name: kind.fields[name].check(name, value) for name, value in given.items()}
    except BadInput as error:
        raise _in_edit(number, kind.do, error) from None
    return Edit(number, kind, checked)


def _in_edit(number: int, do: str, error: BadInput) -> BadInput:
    why = filled(error.sentence, **error.facts)
    return BadInput(text.IN_EDIT, number=number, do=do, why=why)


def apply_edits(analysis: Analysis, edits: Any) -> Analysis:
    """Apply manual corrections to an analysis.

    Parameters
    ----------
    analysis
        The analysis. Earlier corrections are dropped: `edits` is the complete list.
    edits
        The corrections in order, ``{"version": 1, "edits": [{"do": …}, …]}`` or the list by itself.
        Kinds of corrections:

        - ``{"do": "instrument", "part": "piano", "instrument": "accordion"}``
        - ``{"do": "merge", "parts": ["piano", "guitar-nylon"]}``: all into the first
        - ``{"do": "move", "notes": [3, 17], "part": "violin-2"}``: to that part, new if need be
        - ``{"do": "split", "part": "violin", "above_midi": 72}``: higher notes into a new part
        - ``{"do": "delete", "notes": [5]}``: their sound goes to the rest
        - ``{"do": "add", "onset_s": 1.0, "offset_s": 1.5, "midi": 60, "velocity": 0.7,
          "part": "piano"}``
        - ``{"do": "change", "note": 4, "midi": 60}``: or `onset_s`, `offset_s`, `velocity`
        - ``{"do": "split", "note": 4, "at_s": 2.5}``: the later half is a new note
        - ``{"do": "name", "component": 3, "name": "left hand"}``
        - ``{"do": "key", "key": "A minor"}``: chords are spelled in it
        - ``{"do": "tempo", "tempo": 90}``, ``{"do": "metre", "metre": "6/8"}``: beats and bars
        - ``{"do": "tuning", "tuning": 415}``: names of notes refer to it; sounds stay

        Corrections refer to notes by id (:attr:`Note.id`); new notes get the next ids in order.

    Returns
    -------
    Analysis
        With sound. Chords, key and rhythm are those of the first analysis unless a correction
        states others: other corrections never change them.

    Raises
    ------
    BadInput
        If a correction is invalid (the message says which), or the recording is needed and gone.

    Examples
    --------
    >>> import otowake
    >>> audio = otowake.load(otowake.demo_path(), duration=3)
    >>> analysis = otowake.analyse(audio, stages=["instruments"])
    >>> edited = apply_edits(analysis, [{"do": "move", "notes": [0, 1], "part": "flute"}])
    >>> [(part.name, len(part.notes)) for part in edited.parts]
    [('accordion', 3), ('flute', 2)]
    """
    checked = parsed(edits)
    edited = replace(analysis.detected or analysis, audio=analysis.audio)
    if checked:
        draft = draft_of(edited)
        for edit in checked:
            edit.apply(draft)
        edited = _corrected(edited, draft, checked)
    return edited if edited.audio is None else with_sound(edited, edited.audio)


def _corrected(original: Analysis, draft: Draft, edits: Sequence[Edit]) -> Analysis:
    """Turn a draft into an analysis."""
    if draft.notes_changed and original.note_spec is None:
        raise BadInput(text.NO_STAGE, stage="notes")
    players = draft.players or {}
    before = draft_of(original)
    notes = sorted(
        (
            replace(note, id=note_id)
            if _is_untouched(note_id, draft, before)
            else _of_player(replace(note, id=note_id), draft.owner.get(note_id, ""), players)
            for note_id, note in draft.notes.items()
        ),
        key=lambda note: (note.onset, note.midi, note.id),
    )
    for note in notes:
        if note.is_drum != draft.notes[note.id or 0].is_drum:
            draft.changed.append((note.onset, note.sounding_end))
            draft.notes_changed = True
    edited = replace(
        original,
        components=tuple(draft.components),
        notes=tuple(notes),
        parts=_parts(draft, notes),
        detected=original,
        edits=tuple(edit.plain() for edit in edits),
    )
    return _with_factors(_with_theory(edited, original, draft), draft.changed)


def _with_theory(edited: Analysis, original: Analysis, draft: Draft) -> Analysis:
    """Set what is stated; estimate only what the first analysis, without notes, lacks."""
    stated = draft.stated
    if stated and original.note_spec is None and stated.keys() != {"tuning"}:
        raise BadInput(text.NO_STAGE, stage="notes")
    if draft.notes_changed and not original.notes:
        edited = with_harmony(edited, edited.notes)
    if "tuning" in stated:
        components = in_tuning(edited.components, draft.tuning_hz)
        edited = replace(edited, components=components, tuning_hz=draft.tuning_hz)
    if "key" in stated:
        key = key_named(stated["key"])
        edited = replace(edited, key=key, chords=respelled(edited.chords, key))
    if "tempo" in stated or "metre" in stated:
        notes = original.notes or edited.notes
        edited = replace(edited, rhythm=_restated(original.rhythm, notes, stated))
    return edited


def _restated(
    rhythm: Rhythm | None, notes: Sequence[Note], stated: dict[str, Any]
) -> Rhythm | None:
    """Return the rhythm of the first analysis with a stated tempo or metre.

    A metre with beats of the same length keeps the beats, and a tempo keeps the metre.
    """
    metre, tempo = stated.get("metre"), stated.get("tempo")
    if rhythm is None:
        return stated_rhythm(notes, tempo, metre)
    if metre is not None and tempo is None and beat_quarters_of(metre) == rhythm.beat_quarters:
        restated = stated_rhythm(notes, metre=metre, beats=rhythm.beats)
        return restated and replace(restated, tempo_confidence=rhythm.tempo_confidence)
    if metre is None:
        metre = "/".join(map(str, rhythm.signature))
        restated = stated_rhythm(notes, tempo, metre)
        return restated and replace(restated, metre_confidence=rhythm.metre_confidence)
    return stated_rhythm(notes, tempo, metre)


def _is_untouched(note_id: int, draft: Draft, before: Draft) -> bool:
    """Return whether a note is as before, in the same part, of the same instrument."""
    part = draft.owner.get(note_id, "")
    return (
        draft.notes[note_id] == before.notes.get(note_id)
        and part == before.owner.get(note_id, "")
        and (draft.players or {}).get(part) == (before.players or {}).get(part)
    )


def _of_player(note: Note, part: str, players: dict[str, Player]) -> Note:
    """Give a note the instrument of its part; a note of a drum's part is a hit on that drum."""
    if part not in players:
        return note
    player = instrument(players[part].instrument)
    is_other_drum = part in KIT and drum_of(note.midi) != list(KIT).index(part)
    key = KIT[part].key if is_other_drum else note.midi
    return replace(
        note,
        instrument=player.name,
        programme=player.programme,
        is_drum=player.is_drum,
        midi=key if player.is_drum else note.midi,
    )


def _parts(draft: Draft, notes: Sequence[Note]) -> tuple[Part, ...]:
    """Return the parts of a draft that have notes."""
    players = draft.players or {}
    members: dict[str, list[int]] = {name: [] for name in players}
    index_of = {note_id: index for index, note_id in enumerate(ids_of(notes))}
    for note_id, index in index_of.items():
        if note_id in draft.owner:
            members[draft.owner[note_id]].append(index)
    shared: dict[str, list[SharedNote]] = {name: [] for name in players}
    for share_id, (part, note_id, share) in draft.shares.items():
        receiver = part if members.get(part) else draft.owner.get(note_id)
        if receiver is not None:
            shared[receiver].append(SharedNote(index_of[note_id], share, share_id))
    return tuple(
        Part(
            name,
            players[name].instrument,
            tuple(indices),
            players[name].probabilities,
            tuple(shared[name]),
        )
        for name, indices in members.items()
        if indices
    )


def _with_factors(edited: Analysis, changed: Sequence[tuple[float, float]]) -> Analysis:
    """Learn the segments again in which notes have changed."""
    known = edited.note_factors
    if known is None or not changed:
        return edited
    if edited.audio is None:
        raise BadInput(text.SOUND_GONE, path="edits")
    note_factors = fit_parts(
        edited.audio,
        edited.notes,
        edited.parts,
        tuning_hz=edited.tuning_hz,
        known=known,
        changed=changed,
    )
    return replace(edited, note_factors=with_drum_samples(edited.audio, note_factors, edited.notes))
