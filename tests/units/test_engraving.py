"""The engraved score: notes in their places at their times."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest

from otowake.io.musicxml import score_of
from otowake.results import engraving
from otowake.types import Note, Rhythm

BEATS = np.cumsum(np.append(0.35, np.linspace(0.45, 0.6, 40)))
"""Beats of a slowing tempo."""


def pages_of(version):
    return json.loads(gzip.decompress(version.pages))


def played(n=30):
    """Make notes on the beats from the fourth on."""
    starts, stops = BEATS[3 : 3 + n], BEATS[4 : 4 + n]
    return [
        Note(a, b - 0.02, 60 + i % 12)
        for i, (a, b) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True))
    ]


@pytest.mark.parametrize(("metre", "downbeat"), [(3, 0), (4, 1), (4, 3)])
def test_the_times_are_those_of_the_recording(metre, downbeat):
    notes = played()
    rhythm = Rhythm(110.0, BEATS, metre, downbeat)
    score, used = score_of(notes, rhythm=rhythm, parts=[("Flute", range(len(notes)))])
    (page, *more) = pages_of(engraving.engraved(score, used)[0])
    times = np.array([note[2:] for one in (page, *more) for note in one["notes"]])
    np.testing.assert_allclose(times[:, 0], [note.onset for note in notes], atol=0.03)
    np.testing.assert_allclose(times[:, 1], [note.offset for note in notes], atol=0.05)
    assert all(0 < x < 1 and 0 < y < 1 for x, y, *_ in page["notes"])


def test_a_clarinet_reads_a_tone_higher_and_each_part_stands_alone():
    notes = played(8)
    parts = [("Clarinet", range(4)), ("Cello", range(4, 8))]
    score, rhythm = score_of(notes, rhythm=Rhythm(110.0, BEATS, 4), parts=parts)
    versions = engraving.engraved(score, rhythm)
    kinds = {(version.player, version.interval) for version in versions}
    assert (-1, "") in kinds and {(i, "M2") for i in (0, 1)} <= kinds
    first = {
        interval: pages_of(version)[0]["notes"][0][1]
        for interval in ("", "M2")
        for version in versions
        if (version.player, version.interval) == (0, interval)
    }
    assert first["M2"] != first[""]


def test_a_score_is_engraved_the_same_every_time():
    score, rhythm = score_of(played(8), rhythm=Rhythm(110.0, BEATS, 4))
    assert engraving.engraved(score, rhythm) == engraving.engraved(score, rhythm)


def test_the_largest_scores_keep_the_full_score_only(monkeypatch):
    notes = played(8)
    parts = [("Flute", range(4)), ("Cello", range(4, 8))]
    score, rhythm = score_of(notes, rhythm=Rhythm(110.0, BEATS, 4), parts=parts)
    whole = len(engraving.engraved(score, rhythm)[0].pages)
    monkeypatch.setattr(engraving, "LARGEST", whole + 10)
    assert [version.player for version in engraving.engraved(score, rhythm)] == [-1]
