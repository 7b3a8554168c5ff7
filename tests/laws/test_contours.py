"""Laws of pitch contours: moved, cut, joined, edited, and followed by MIDI, JAMS and synthesis."""

import numpy as np
import pytest
from contour_cases import LENGTH, bent, of_notes, wheels
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otowake.io import midi
from otowake.io.midi import read_notes, write_notes
from otowake.io.notes import notes_table
from otowake.music.theory.contours import (
    cut_contour,
    joined_contour,
    median_of_contour,
)
from otowake.music.theory.names import renamed
from otowake.results import load_analysis
from otowake.results.data import write_description
from otowake.types import Note

POINTS = st.lists(
    st.tuples(st.integers(0, 2000), st.integers(-1500, 1500)),
    min_size=2,
    max_size=20,
    unique_by=lambda point: point[0],
).map(lambda points: tuple((ms / 1000, cents / 10) for ms, cents in sorted(points)))


@given(POINTS, st.floats(0, 1.5), st.floats(0.01, 1))
def test_a_cut_contour_is_the_same_curve(contour, start, length):
    cut = cut_contour(contour, start, start + length)
    if cut:
        begin, end = cut[0][0], cut[-1][0]
        assert -1e-9 <= begin < end <= length + 1e-4
        times = np.linspace(begin, end, 50)[1:-1]
        slope = np.abs(np.diff([c for _, c in contour]) / np.diff([t for t, _ in contour])).max()
        was = bent(contour).cents_at(start + times)
        error = np.abs(Note(0, 9, 60, contour=cut).cents_at(times) - was).max()
        assert error <= 0.1 + 1e-4 * slope
    assert cut_contour(contour, 0, LENGTH) == contour
    assert cut_contour((), start, start + length) == ()


@given(POINTS, st.floats(0.1, 1.9))
def test_halves_join_to_the_whole(contour, at):
    at = round(at, 3)
    first, second = cut_contour(contour, 0, at), cut_contour(contour, at, LENGTH)
    if first and second:
        joined = bent(joined_contour(first, second, at))
        known = np.linspace(contour[0][0], contour[-1][0], 99)
        slope = np.abs(np.diff([c for _, c in contour]) / np.diff([t for t, _ in contour])).max()
        error = np.abs(joined.cents_at(known) - bent(contour).cents_at(known)).max()
        assert error <= 0.2 + 2e-4 * slope


@given(POINTS, st.floats(-50, 50), st.integers(-2, 2))
def test_new_names_leave_the_sound(contour, cents, semitones):
    old = bent(contour)
    (new,) = renamed([old], semitones, cents)
    times = np.linspace(0, LENGTH, 30)
    sounds = 100 * (new.midi - old.midi) + new.cents_at(times) - cents
    np.testing.assert_allclose(sounds, old.cents_at(times), atol=0.11)
    assert new.cents == pytest.approx(median_of_contour(new.contour), abs=0.2)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(POINTS)
def test_contours_come_back_from_a_folder(tmp_path, contour):
    analysis = of_notes(Note(0.1, 0.4, 40), bent(contour, confidence=0.9))
    write_description(analysis, tmp_path / "analysis.json")
    (tmp_path / "notes.csv").write_text(notes_table(analysis))
    assert load_analysis(tmp_path).notes == analysis.notes


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(POINTS, POINTS)
def test_the_pitch_wheel_follows_contours_note_by_note(tmp_path, first, second):
    """At any time, the wheel of a note's channel is within a step and an interval of its pitch."""
    notes = [bent(first), bent(second, onset=1.0, pitch=64), Note(2.6, 3.0, 60, cents=12.0)]
    write_notes(notes, tmp_path / "x.mid", bend=True)
    assert [(n.midi, round(n.onset, 2)) for n in read_notes(tmp_path / "x.mid")] == [
        (69, 0.5), (64, 1.0), (60, 2.6),
    ]  # fmt: skip
    for note in notes:
        channel, wheel = wheels(tmp_path / "x.mid", note.midi)
        elapsed = np.arange(0.001, note.offset - note.onset - 0.001, 0.003)
        indices = np.searchsorted(wheel[:, 0], note.onset + elapsed, side="right") - 1
        cents = wheel[indices, 1] / 8192 * midi.BEND_RANGE
        reach = np.array([note.cents_at(elapsed + shift) for shift in (-0.0115, -0.006, 0, 0.001)])
        corners = [c for t, c in note.contour]
        low = np.minimum(reach.min(axis=0), reach.max(axis=0)) - 2.5
        high = reach.max(axis=0) + 2.5
        for t, c in note.contour:
            near = np.abs(elapsed - t) < 0.0125
            low[near], high[near] = np.minimum(low[near], c - 2.5), np.maximum(high[near], c + 2.5)
        assert ((low <= cents) & (cents <= high)).all(), corners
        assert channel != midi.DRUM_CHANNEL
