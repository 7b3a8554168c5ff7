"""Estimate tempo, beats and bars from notes.

:mod:`otowake.music.theory.beats` proposes sequences of beats, and
:mod:`otowake.music.theory.metre` chooses among them, the metres and the downbeats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from otowake import text
from otowake.music.theory.beats import beat_tracks, events_of
from otowake.music.theory.config import RHYTHM
from otowake.music.theory.metre import Hypothesis, hypotheses, load_pretrained
from otowake.music.theory.time_signatures import METRES, signature_of
from otowake.text import Language
from otowake.types import Floats, Note, Rhythm


def find_rhythm(
    notes: Sequence[Note],
    *,
    tempo: float | None = None,
    metre: str | None = None,
    beats: Floats | None = None,
) -> Rhythm | None:
    """Estimate tempo, beats and bars; None if the notes have fewer than four distinct onsets.

    Parameters
    ----------
    notes
        In any order; drums count too.
    tempo
        Beats per minute, if known. The beats still follow the notes.
    metre
        The time signature, if known: one of
        :data:`otowake.music.theory.time_signatures.SIGNATURES`.
    beats
        Times of the beats, if known.

    Examples
    --------
    >>> notes = [Note(0.5 + 0.6 * i, 1 + 0.6 * i, 60 - 12 * (i % 3 == 0)) for i in range(12)]
    >>> rhythm = find_rhythm(notes)
    >>> round(rhythm.tempo), rhythm.metre, rhythm.beats[:2].round(1).tolist()
    (100, 3, [0.5, 1.1])
    """
    events = events_of(notes)
    if len(events.times) < RHYTHM.min_onsets:
        return None
    signature = None if metre is None else signature_of(metre)
    tracks = beat_tracks(events, tempo) if beats is None else [beats]
    candidates = [
        hypothesis
        for hypothesis in hypotheses(
            *(events, tracks, load_pretrained(), signature),
            any_tempo=tempo is not None,
            may_shift=beats is None,
        )
        if tempo is None or abs(np.log2(_tempo(hypothesis.beats) / tempo)) < RHYTHM.tempo_reach
    ]
    if not candidates:
        return None
    scores = (
        np.array([hypothesis.features for hypothesis in candidates]) @ load_pretrained().weights
    )
    share = np.exp(scores - scores.max())
    share /= share.sum()
    best = candidates[int(share.argmax())]
    same_tempo = np.array([_has_tempo_of(best, other) for other in candidates])
    same_bars = same_tempo & np.array([_has_bars_of(best, other) for other in candidates])
    added, extended = _extended(best.beats, events.times)
    m = len(best.metre.beats)
    return Rhythm(
        _tempo(best.beats),
        extended,
        m,
        (best.downbeat + added) % m,
        best.metre.beat_quarters,
        best.metre.division == "swing",
        1.0 if tempo is not None or beats is not None else float(share[same_tempo].sum()),
        1.0 if metre is not None else float(share[same_bars].sum()),
    )


def stated_rhythm(
    notes: Sequence[Note],
    tempo: float | None = None,
    metre: str | None = None,
    beats: Floats | None = None,
) -> Rhythm | None:
    """Estimate the rhythm; with a stated tempo or metre also if the notes have none.

    The parameters are those of :func:`find_rhythm`.

    Examples
    --------
    >>> stated_rhythm([Note(0.5, 2, 60)]), stated_rhythm([Note(0.5, 2, 60)], tempo=60).tempo
    (None, 60)
    """
    rhythm = find_rhythm(notes, tempo=tempo, metre=metre, beats=beats)
    if rhythm is None and notes and (tempo or metre):
        plain = plain_rhythm(notes, tempo or 120.0, metre or "4/4")
        return plain if beats is None else replace(plain, tempo=_tempo(beats), beats=beats)
    return rhythm


def plain_rhythm(notes: Sequence[Note], tempo: float = 120.0, metre: str = "4/4") -> Rhythm:
    """Return steady beats from the first onset on.

    Examples
    --------
    >>> plain_rhythm([Note(0.5, 2, 60)], metre="3/4").beats.tolist()
    [0.5, 1.0, 1.5, 2.0, 2.5]
    """
    first = min((note.onset for note in notes), default=0.0)
    last = max((note.offset for note in notes), default=1.0)
    period, signature = 60 / tempo, signature_of(metre)
    kind = next(kind for kind in METRES if kind.signature == signature)
    beats = np.arange(first, last + 1.5 * period, period)
    return Rhythm(tempo, beats, len(kind.beats), 0, kind.beat_quarters)


def rhythm_name(rhythm: Rhythm, language: Language = "en") -> str:
    """Format tempo and metre in words.

    Examples
    --------
    >>> rhythm_name(Rhythm(90.0, np.arange(9) * 2 / 3, 2, beat_quarters=1.5))
    '♩. = 90, 6/8'
    """
    metre = "/".join(map(str, rhythm.signature))
    words = text.TEMPO.format(language, note=beat_sign(rhythm), tempo=rhythm.tempo, metre=metre)
    return text.SWING.format(language, rhythm=words) if rhythm.swing else words


def beat_sign(rhythm: Rhythm) -> str:
    """Return the note value of a beat as a sign: ♪, ♩ or ♩. (dotted)."""
    return {0.5: "♪", 1.5: "♩."}.get(rhythm.beat_quarters, "♩")


def _tempo(beats: Floats) -> float:
    return float(60 / np.median(np.diff(beats)))


def _has_tempo_of(one: Hypothesis, other: Hypothesis) -> bool:
    return abs(np.log2(_tempo(one.beats) / _tempo(other.beats))) < RHYTHM.same_tempo


def _has_bars_of(one: Hypothesis, other: Hypothesis) -> bool:
    """Decide whether two hypotheses agree in the metre and most downbeats."""
    if one.metre.signature != other.metre.signature:
        return False
    ours = one.beats[one.downbeat :: len(one.metre.beats)]
    theirs = other.beats[other.downbeat :: len(other.metre.beats)]
    near = np.abs(ours[:, None] - theirs).min(axis=1)
    return bool(np.mean(near < RHYTHM.same_beat * np.median(np.diff(one.beats))) > 0.5)


def _extended(beats: Floats, times: Floats) -> tuple[int, Floats]:
    """Add beats until they enclose all onsets; return how many come first, and all."""
    before, after = beats[1] - beats[0], beats[-1] - beats[-2]
    n_before = max(int(np.ceil((beats[0] - times[0]) / before - 1e-6)), 0)
    n_before = min(n_before, int(beats[0] / before))
    n_after = max(int(np.ceil((times[-1] - beats[-1]) / after)) + 1, 0)
    early = beats[0] - before * np.arange(n_before, 0, -1)
    late = beats[-1] + after * np.arange(1, n_after + 1)
    return n_before, np.concatenate([early, beats, late])
