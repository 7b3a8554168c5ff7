"""Evaluate notes against a reference with mir_eval (extra ``score``), and classify the errors.

An estimated note matches a reference note of the same pitch with an onset within a tolerance; the
matching is one to one. Metrics with offsets also require an offset within the tolerance, or within
a fifth of the length if that is larger (Bay, Ehmann & Downie, "Evaluation of multiple-F0 estimation
and tracking systems", 2009).
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
from otowake.music.transcription.config import EVALUATION
from otowake.options import EvaluationSpec
from otowake.types import Floats, Note

ERROR_KINDS = ("late", "octave", "repeated", "soft", "other")
"""Kinds of missed notes and false positives."""


@dataclass(frozen=True)
class Evaluation:
    """Agreement of notes with a reference.

    Attributes
    ----------
    precision, recall, f1
        Of onset and pitch.
    precision_offsets, recall_offsets, f1_offsets
        Of onset, pitch and offset.
    matched
        Estimated notes that match a reference note.
    missed
        Reference notes without a match, each with its kind.
    false_positives
        Estimated notes without a match, each with its kind.
    wrong_offsets
        Matched notes with an offset outside the tolerance.

    Notes
    -----
    The kinds are: ``"late"``, the pitch exists on the other side with an onset at most a quarter of
    a second away; ``"octave"``, the other side has a note at this time that is an octave, a twelfth
    or another interval of shared partials away; ``"repeated"``, the pitch sounds already;
    ``"soft"``, the velocity is low (missed notes only); ``"other"``.
    """

    precision: float
    recall: float
    f1: float
    precision_offsets: float
    recall_offsets: float
    f1_offsets: float
    matched: tuple[Note, ...]
    missed: tuple[tuple[Note, str], ...]
    false_positives: tuple[tuple[Note, str], ...]
    wrong_offsets: tuple[Note, ...]

    def counts(self) -> dict[str, tuple[int, int]]:
        """Count missed notes and false positives by kind."""
        missed, false_positives = (
            Counter(kind for _, kind in errors) for errors in (self.missed, self.false_positives)
        )
        return {kind: (missed[kind], false_positives[kind]) for kind in ERROR_KINDS}


def frame_f1(reference: Floats, estimated: Floats) -> float:
    """Compute the F1 of 10-ms frames by pitch: is what sounds found for as long as it sounds.

    Parameters
    ----------
    reference, estimated
        Onset and offset in seconds, and MIDI pitch, in the first columns: shape (note, 3 or more).

    Examples
    --------
    >>> round(frame_f1(np.array([[0, 1, 60.0]]), np.array([[0, 0.5, 60.0]])), 3)
    0.667
    """
    expected, sounding = _frames(reference), _frames(estimated)
    return 2 * len(expected & sounding) / max(len(expected) + len(sounding), 1)


def _frames(notes: Floats) -> set[tuple[int, int]]:
    """List the frames of each pitch that sound, at least one per note."""
    edges = np.rint(notes[:, :2] / EVALUATION.frame).astype(int)
    return {
        (frame, midi)
        for (first, last), midi in zip(edges.tolist(), np.rint(notes[:, 2]).tolist(), strict=True)
        for frame in range(first, max(last, first + 1))
    }


def evaluate(
    reference: Sequence[Note], estimated: Sequence[Note], spec: EvaluationSpec | None = None
) -> Evaluation:
    """Evaluate notes against a reference.

    Parameters
    ----------
    reference, estimated
        Notes in any order; drums are left out.
    spec
        The tolerance.

    Raises
    ------
    MissingExtra
        If mir_eval is not installed.

    Examples
    --------
    >>> reference = [Note(0, 1, 60), Note(1, 2, 64), Note(2, 3, 67)]
    >>> score = evaluate(reference, [Note(0.01, 1, 60), Note(1, 2, 76), Note(2.1, 3, 67)])
    >>> round(score.f1, 2), score.counts()["octave"], score.counts()["late"]
    (0.33, (1, 1), (1, 1))
    """
    try:
        from mir_eval import transcription
    except ImportError as error:
        raise MissingExtra(text.NEEDS_SCORE, what="otowake evaluate", package="mir_eval") from error
    tolerance = (spec or EvaluationSpec()).tolerance
    reference_notes, estimated_notes = (
        sorted(
            (note for note in notes if not note.is_drum), key=lambda note: (note.onset, note.midi)
        )
        for notes in (reference, estimated)
    )
    pairs = _match(transcription, reference_notes, estimated_notes, tolerance, None)
    pairs_with_offsets = _match(
        transcription, reference_notes, estimated_notes, tolerance, EVALUATION.offset_ratio
    )
    matched_reference, matched_estimated = {i for i, _ in pairs}, {j for _, j in pairs}
    right_offsets = {j for _, j in pairs_with_offsets}
    missed = [note for i, note in enumerate(reference_notes) if i not in matched_reference]
    false_positives = [note for j, note in enumerate(estimated_notes) if j not in matched_estimated]
    return Evaluation(
        *_rates(len(pairs), len(reference_notes), len(estimated_notes)),
        *_rates(len(pairs_with_offsets), len(reference_notes), len(estimated_notes)),
        matched=tuple(estimated_notes[j] for j in sorted(matched_estimated)),
        missed=tuple(
            _classify(
                missed,
                estimated_notes,
                false_positives,
                reference_notes,
                tolerance,
                soft=EVALUATION.soft_velocity,
            )
        ),
        false_positives=tuple(
            _classify(
                false_positives, reference_notes, missed, estimated_notes, tolerance, soft=0.0
            )
        ),
        wrong_offsets=tuple(estimated_notes[j] for j in sorted(matched_estimated - right_offsets)),
    )


def _match(
    transcription: Any,
    reference: Sequence[Note],
    estimated: Sequence[Note],
    tolerance: float,
    ratio: float | None,
) -> list[tuple[int, int]]:
    if not (reference and estimated):
        return []
    return transcription.match_notes(
        *_arrays(reference),
        *_arrays(estimated),
        onset_tolerance=tolerance,
        pitch_tolerance=EVALUATION.pitch_tolerance,
        offset_ratio=ratio,
        offset_min_tolerance=tolerance,
    )


def _arrays(notes: Sequence[Note]) -> tuple[Floats, Floats]:
    """Convert notes to non-empty intervals of shape (note, 2) and frequencies."""
    intervals = np.array(
        [(note.onset, max(note.offset, note.onset + EVALUATION.min_duration)) for note in notes]
    )
    return intervals, np.asarray(midi_to_hz([note.midi for note in notes]))


def _rates(n_matched: int, n_reference: int, n_estimated: int) -> tuple[float, float, float]:
    return (
        n_matched / max(n_estimated, 1),
        n_matched / max(n_reference, 1),
        2 * n_matched / max(n_reference + n_estimated, 1),
    )


def _classify(
    errors: Sequence[Note],
    others: Sequence[Note],
    unmatched: Sequence[Note],
    own: Sequence[Note],
    tolerance: float,
    soft: float,
) -> list[tuple[Note, str]]:
    """Classify notes without a match.

    `others` are all notes of the other side, `unmatched` those without a match, `own` all notes of
    the same side.
    """
    other, free, same = (
        np.array([(note.onset, note.offset, note.midi) for note in notes]).reshape(-1, 3)
        for notes in (others, unmatched, own)
    )
    kinds_of_notes = []
    for note in errors:
        near = np.abs(other[:, 0] - note.onset) <= 2 * tolerance
        intervals = np.abs(other[near, 2] - note.midi)
        before = same if soft else other
        earlier = (before[:, 2] == note.midi) & (before[:, 0] < note.onset - tolerance)
        late = (free[:, 2] == note.midi) & (
            np.abs(free[:, 0] - note.onset) <= EVALUATION.late_tolerance
        )
        kinds = {
            "late": late.any(),
            "octave": np.isin(intervals, list(EVALUATION.related_intervals)).any(),
            "repeated": (earlier & (before[:, 1] > note.onset - 2 * tolerance)).any(),
            "soft": note.velocity < soft,
        }
        kinds_of_notes.append(
            (note, next((kind for kind, holds in kinds.items() if holds), "other"))
        )
    return kinds_of_notes
