"""How well notes agree with a reference, by mir_eval (extra ``score``), and what kinds of mistakes there are.

A note is found where one of its pitch begins within a tolerance; each note counts once. With offsets, it must also end
within the tolerance, or a fifth of its length if that is more (Bay, Ehmann & Downie, "Evaluation of multiple-F0
estimation and tracking systems", 2009).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from otowake import text
from otowake.errors import MissingExtra
from otowake.music.theory.names import midi_to_hz
from otowake.options import ScoreSpec
from otowake.types import Floats, Note

LATE = 0.25
"""Seconds up to which a note of the right pitch counts as badly timed, not as missed and false."""

RELATED = frozenset((12, 19, 24, 28, 31, 36))
"""Semitones between notes that share partials: octaves, twelfths and so on."""

SOFT = 0.35
"""The velocity below which a missed note counts as soft."""

KINDS = ("late", "octave", "repeated", "soft", "other")
"""What a note is called that was missed or is not in the reference."""


@dataclass(frozen=True)
class Evaluation:
    """How notes agree with a reference.

    Attributes
    ----------
    precision, recall, f1
        Of onset and pitch.
    precision_offsets, recall_offsets, f1_offsets
        Of onset, pitch and offset.
    hits
        The notes found that are in the reference.
    missed, false
        Notes of the reference that were not found, and notes found that are not in it, each with its kind: ``"late"``,
        the pitch is there but begins more than the tolerance and at most a quarter of a second away; ``"octave"``, it
        is an octave, a twelfth or so from a note of that time on the other side; ``"repeated"``, its pitch sounds
        already; ``"soft"``, it is softly detect_drums (missed notes only); ``"other"``.
    wrong_offsets
        Hits that end too early or too late.
    """

    precision: float
    recall: float
    f1: float
    precision_offsets: float
    recall_offsets: float
    f1_offsets: float
    hits: tuple[Note, ...]
    missed: tuple[tuple[Note, str], ...]
    false: tuple[tuple[Note, str], ...]
    wrong_offsets: tuple[Note, ...]

    def counts(self) -> dict[str, tuple[int, int]]:
        """Of each kind, how many were missed and how many are false."""
        missed, false = (Counter(kind for _, kind in each) for each in (self.missed, self.false))
        return {kind: (missed[kind], false[kind]) for kind in KINDS}


def evaluate(
    reference: Sequence[Note], found: Sequence[Note], spec: ScoreSpec | None = None
) -> Evaluation:
    """Score notes against a reference.

    Parameters
    ----------
    reference, found
        Notes in any order; drums are left out.
    spec
        The tolerance.

    Raises
    ------
    MissingExtra
        If mir_eval is not there.

    Examples
    --------
    >>> played = [Note(0, 1, 60), Note(1, 2, 64), Note(2, 3, 67)]
    >>> score = evaluate(played, [Note(0.01, 1, 60), Note(1, 2, 76), Note(2.1, 3, 67)])
    >>> round(score.f1, 2), score.counts()["octave"], score.counts()["late"]
    (0.33, (1, 1), (1, 1))
    """
    try:
        from mir_eval import transcription
    except ImportError as error:
        raise MissingExtra(text.NEEDS_SCORE, what="otowake score", package="mir_eval") from error
    tolerance = (spec or ScoreSpec()).tolerance
    true, ours = (
        sorted(
            (note for note in notes if not note.is_drum), key=lambda note: (note.onset, note.midi)
        )
        for notes in (reference, found)
    )
    pairs = _matched(transcription, true, ours, tolerance, None)
    whole = _matched(transcription, true, ours, tolerance, 0.2)
    hit, right = {i for i, _ in pairs}, {j for _, j in pairs}
    ended = {j for _, j in whole}
    left = [note for i, note in enumerate(true) if i not in hit]
    extra = [note for j, note in enumerate(ours) if j not in right]
    return Evaluation(
        *_rates(len(pairs), len(true), len(ours)),
        *_rates(len(whole), len(true), len(ours)),
        hits=tuple(ours[j] for j in sorted(right)),
        missed=tuple(_kinds(left, ours, extra, true, tolerance, soft=SOFT)),
        false=tuple(_kinds(extra, true, left, ours, tolerance, soft=0.0)),
        wrong_offsets=tuple(ours[j] for j in sorted(right - ended)),
    )


def _matched(
    transcription: Any,
    true: Sequence[Note],
    found: Sequence[Note],
    tolerance: float,
    ratio: float | None,
) -> list[tuple[int, int]]:
    if not (true and found):
        return []
    return transcription.match_notes(
        *_arrays(true),
        *_arrays(found),
        onset_tolerance=tolerance,
        pitch_tolerance=50.0,
        offset_ratio=ratio,
        offset_min_tolerance=tolerance,
    )


def _arrays(notes: Sequence[Note]) -> tuple[Floats, Floats]:
    """Intervals of shape (note, 2), none of them empty, and frequencies."""
    intervals = np.array([(note.onset, max(note.offset, note.onset + 0.01)) for note in notes])
    return intervals, np.asarray(midi_to_hz([note.midi for note in notes]))


def _rates(hits: int, true: int, found: int) -> tuple[float, float, float]:
    return hits / max(found, 1), hits / max(true, 1), 2 * hits / max(true + found, 1)


def _kinds(
    wrong: Sequence[Note],
    theirs: Sequence[Note],
    unmatched: Sequence[Note],
    own: Sequence[Note],
    tolerance: float,
    soft: float,
) -> list[tuple[Note, str]]:
    """Each wrong note with its kind; `theirs` are the other side's notes, `own` those of its own side."""
    other, free, mine = (
        np.array([(note.onset, note.offset, note.midi) for note in notes]).reshape(-1, 3)
        for notes in (theirs, unmatched, own)
    )
    found = []
    for note in wrong:
        near = np.abs(other[:, 0] - note.onset) <= 2 * tolerance
        apart = np.abs(other[near, 2] - note.midi)
        before = mine if soft else other
        sounds = (before[:, 2] == note.midi) & (before[:, 0] < note.onset - tolerance)
        late = (free[:, 2] == note.midi) & (np.abs(free[:, 0] - note.onset) <= LATE)
        kinds = {
            "late": late.any(),
            "octave": np.isin(apart, list(RELATED)).any(),
            "repeated": (sounds & (before[:, 1] > note.onset - 2 * tolerance)).any(),
            "soft": note.velocity < soft,
        }
        found.append((note, next((kind for kind, holds in kinds.items() if holds), "other")))
    return found
