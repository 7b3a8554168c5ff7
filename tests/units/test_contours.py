"""Examples of pitch contours: moved, cut, joined, edited, followed by MIDI, JAMS and synthesis."""

import json
from dataclasses import replace

import numpy as np
import pytest
from contour_cases import LENGTH, bent, of_notes, wheels
from matplotlib.collections import LineCollection

from otowake.errors import BadInput
from otowake.io.jams import jams_of
from otowake.io.midi import write_notes
from otowake.music.editing.edits import apply_edits
from otowake.music.theory.contours import (
    shifted_contour,
)
from otowake.music.transcription.notes import clean_notes
from otowake.music.transcription.pitch_contours import measure_contours
from otowake.music.transcription.synth import synthesise
from otowake.plot import piano_roll
from otowake.report.content import content_of
from otowake.signal.vqt import RATE
from otowake.types import Note
from otowake.web.draft import drafted, write_draft


def vibrato(depth=60.0, rate=6.0):
    times = np.arange(0, LENGTH + 1e-9, 0.02)
    values = depth * np.sin(2 * np.pi * rate * times)
    return tuple(
        (round(t, 3), round(c, 1)) for t, c in zip(times.tolist(), values.tolist(), strict=True)
    )


@pytest.mark.parametrize(
    "contour",
    [
        ((0.2, 0.0), (0.1, 0.0)),
        ((0.1, 0.0), (0.1, 1.0)),
        ((-0.1, 0.0), (0.1, 0.0)),
        ((0.0, np.nan), (0.1, 0.0)),
        ((0.0, 0.0), (np.inf, 0.0)),
    ],
)
def test_points_that_are_no_contour(contour):
    with pytest.raises(BadInput):
        Note(0, 1, 60, contour=contour)


def test_the_wheel_stays_in_its_range_and_moves_only_on_request(tmp_path):
    wide = bent(((0.0, -900.0), (1.0, 900.0)))
    write_notes([wide], tmp_path / "x.mid", bend=True)
    positions = wheels(tmp_path / "x.mid", 69)[1][:, 1]
    assert positions.min() == -8192 and positions.max() > 8191 - 82
    write_notes([wide], tmp_path / "x.mid")
    assert len(wheels(tmp_path / "x.mid", 69)[1]) == 1
    steady = Note(0.5, 2.5, 69, cents=20.0)
    write_notes([steady], tmp_path / "x.mid", bend=True)
    assert len(wheels(tmp_path / "x.mid", 69)[1]) == 2


def test_jams_have_the_contours():
    contour = ((0.1, -50.0), (0.4, 0.0), (1.8, 20.0))
    jams = json.loads(jams_of(of_notes(Note(0, 1, 60), bent(contour, onset=1.0))))
    (annotation,) = (a for a in jams["annotations"] if a["namespace"] == "pitch_contour")
    data = annotation["data"]
    assert set(data) == {"time", "duration", "value", "confidence"}
    assert data["time"] == [1.0, 1.1, 1.4, 2.8, 3.0] and set(data["duration"]) == {0}
    assert all(
        value.keys() == {"index", "frequency", "voiced"} and value["index"] == 1
        for value in data["value"]
    )
    hz = [value["frequency"] for value in data["value"]]
    cents = [-50, -50, 0, 20, 20]
    np.testing.assert_allclose(hz, 442 * 2 ** (np.array(cents) / 1200), atol=1e-3)
    plain = json.loads(jams_of(of_notes(Note(0, 1, 60))))
    assert "pitch_contour" not in {a["namespace"] for a in plain["annotations"]}


@pytest.mark.parametrize("pitch", [45, 60, 81])
def test_synthesised_notes_follow_their_contours(pitch):
    note = bent(vibrato(), pitch=pitch)
    sound = np.concatenate(list(synthesise([note], RATE, 3 * RATE)))
    (measured,) = measure_contours([replace(note, contour=(), cents=None)], sound)
    times = np.arange(0.06, LENGTH - 0.06, 0.005)
    error = np.abs(replace(note, contour=measured).cents_at(times) - note.cents_at(times))
    assert error.mean() < 5 and error.max() < 13


def test_blocks_of_synthesis_join_without_a_click():
    note = Note(9.0, 11.5, 60, contour=vibrato())
    sound = np.concatenate(list(synthesise([note], RATE, 12 * RATE)))
    steps = np.abs(np.diff(sound))
    assert (
        steps[10 * RATE - 3 : 10 * RATE + 3].max() <= steps[int(9.5 * RATE) : 10 * RATE - 9].max()
    )
    flat = Note(0, 1, 60, contour=((0.0, 30.0), (1.0, 30.0)), cents=30.0)
    straight = np.concatenate(list(synthesise([replace(flat, contour=())], RATE, RATE)))
    np.testing.assert_allclose(
        np.concatenate(list(synthesise([flat], RATE, RATE))), straight, atol=2e-3
    )


def edited(analysis, *edits):
    return {note.id: note for note in apply_edits(analysis, list(edits)).notes}


def test_edits_keep_cut_or_clear_a_contour():
    contour = ((0.1, -80.0), (0.5, 0.0), (1.9, 0.0))
    analysis = of_notes(replace(bent(contour), id=0))
    split = edited(analysis, {"do": "split", "note": 0, "at_s": 0.8})
    assert split[0].contour == ((0.1, -80.0), (0.3, -40.0)) and split[0].cents == -60
    assert split[1].contour == ((0.0, -40.0), (0.2, 0.0), (1.6, 0.0)) and split[1].cents == 0
    change = {"do": "change", "note": 0}
    higher = edited(analysis, {**change, "midi": 70})[0]
    assert higher.contour == () and higher.cents is None
    louder = edited(analysis, {**change, "velocity": 0.3})[0]
    assert louder.contour == contour and louder.cents == analysis.notes[0].cents
    later = edited(analysis, {**change, "onset_s": 0.7})[0]
    assert later.contour == ((0.0, -60.0), (0.3, 0.0), (1.7, 0.0))
    earlier = edited(analysis, {**change, "onset_s": 0.4})[0]
    assert earlier.contour == shifted_contour(contour, 0.1)
    away = edited(analysis, {**change, "onset_s": 0.0, "offset_s": 0.5})[0]
    assert away.contour == () and away.midi == 69
    lower = edited(analysis, {"do": "tuning", "tuning": 440.0})[0]
    rise = 1200 * np.log2(442 / 440)
    np.testing.assert_allclose(
        [cents for _, cents in lower.contour], [c + rise for _, c in contour], atol=0.06
    )


def test_merged_fragments_join_their_contours():
    first = Note(0, 1, 60, contour=((0.1, 0.0), (0.9, 30.0)))
    second = Note(1.01, 2, 60, confidence=0.4, contour=((0.1, 20.0), (0.9, 0.0)))
    (merged,) = clean_notes([first, second], 2)
    assert merged.offset == 2
    assert merged.contour == ((0.1, 0.0), (0.9, 30.0), (1.11, 20.0), (1.91, 0.0))
    (kept,) = clean_notes([first, replace(second, contour=())], 2)
    assert kept.contour == first.contour


def test_the_piano_rolls_draw_contours(tmp_path):
    contour = ((0.1, -80.4), (0.5, 0.0), (1.9, 0.0))
    analysis = of_notes(replace(bent(contour), id=0), Note(3, 4, 60, id=1))
    (axes,) = piano_roll(analysis).axes
    (line,) = (drawn for drawn in axes.collections if isinstance(drawn, LineCollection))
    np.testing.assert_allclose(
        line.get_segments()[0], [(0.6, 68.196), (1.0, 69.0), (2.4, 69.0)], atol=1e-9
    )
    notes = content_of(analysis, None, "en")["notes"]
    assert [note[-1] for note in notes] == [[[0.1, -80], [0.5, 0], [1.9, 0]], []]
    write_draft(analysis, tmp_path)
    shown = drafted(tmp_path, [{"do": "split", "note": 0, "at_s": 1.5}])["notes"]
    assert [note["contour"][0][0] for note in shown[:2]] == [0.1, 0.0]
    assert shown[2]["contour"] == ()
