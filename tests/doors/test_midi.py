"""MIDI files: reading, writing and reading back, and errors for damaged files."""

import io

import mido
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from midi_bytes import header, meta, spans, tempo, track, wait

from otowake.io import midi
from otowake.io.audio import demo_path
from otowake.io.midi import read_notes, write_notes
from otowake.types import Note

DEMO = demo_path().with_suffix(".mid")


@pytest.fixture
def read(tmp_path):
    def reader(*chunks):
        (tmp_path / "x.mid").write_bytes(b"".join(chunks))
        return read_notes(tmp_path / "x.mid")

    return reader


def test_the_demo_is_read_as_its_table_says():
    table = np.loadtxt(DEMO.with_suffix(".notes.tsv"), skiprows=1)
    notes = np.array([(n.onset, n.offset, n.midi) for n in read_notes(DEMO)])
    np.testing.assert_allclose(notes, table, atol=2e-3)


def test_running_status_and_velocity_0(read):
    notes = read(
        header(0, 1),
        track(
            b"\x00\x90\x3c\x40", wait(480) + b"\x3c\x00", b"\x00\x40\x7f", wait(240) + b"\x40\x00"
        ),
    )
    assert spans(notes) == [(0, 0.5, 60), (0.5, 0.75, 64)]
    assert [n.velocity for n in notes] == [64 / 127, 1.0]


def test_tempo_changes_hold_for_all_tracks(read):
    conductor = track(tempo(0, 1_000_000), tempo(480, 250_000))
    other = track(b"\x00\x90\x3c\x40", wait(960) + b"\x80\x3c\x00")
    assert spans(read(header(1, 2), conductor, other)) == [(0, 1.25, 60)]
    assert spans(read(header(1, 2), other, conductor)) == [(0, 1.25, 60)]


def test_programmes_are_those_of_the_onset_and_drums_are_on_channel_10(read):
    notes = read(
        header(0, 1),
        track(
            b"\x00\xc2\x28",
            b"\x00\x92\x3c\x40",
            b"\x00\x99\x26\x40",
            wait(10) + b"\xc2\x00",
            wait(10) + b"\x92\x3e\x40",
            wait(10) + b"\x82\x3c\x00",
            b"\x00\x82\x3e\x00",
            b"\x00\x89\x26\x00",
        ),
    )
    assert [(n.midi, n.programme, n.is_drum) for n in notes] == [
        (38, 0, True),
        (60, 40, False),
        (62, 0, False),
    ]


def test_the_first_to_begin_is_the_first_to_end_and_what_is_held_ends_with_the_file(read):
    on, off = b"\x90\x3c\x40", b"\x80\x3c\x00"
    notes = read(
        header(0, 1),
        track(
            b"\x00" + on,
            wait(480) + on,
            wait(480) + off,
            wait(480) + off,
            b"\x00" + on,
            tempo(960, 1),
        ),
    )
    assert spans(notes) == [(0, 1, 60), (0.5, 1.5, 60), (1.5, 2.5, 60)]
    assert read(header(0, 1), track(b"\x00" + off)) == []


@pytest.mark.parametrize(("frames", "rate"), [(24, 24), (25, 25), (29, 30000 / 1001), (30, 30)])
def test_smpte_times_do_not_follow_the_tempo(read, frames, rate):
    notes = read(
        header(0, 1, (-frames) << 8 | 40),
        track(tempo(0, 1000), b"\x00\x90\x3c\x40", wait(400) + b"\x80\x3c\x00"),
    )
    assert notes[0].offset == pytest.approx(10 / rate)


seconds = st.integers(0, 400_000).map(lambda tick: tick / 1920)
some_notes = st.lists(
    st.builds(
        lambda onset, length, *rest: Note(onset, onset + length, *rest),
        seconds,
        st.floats(0, 20),
        st.integers(0, 127),
        st.integers(1, 127).map(lambda v: v / 127),
        st.integers(0, 127),
        st.booleans(),
    ),
    max_size=30,
)


def in_ticks(notes, per_second):
    """Everything a file says of notes, in order."""
    return sorted(
        (drum, programme, midi, round(onset * per_second), round(offset * per_second), velocity)
        for onset, offset, midi, velocity, programme, drum in notes
    )


def by_ourselves(path):
    return [
        (n.onset, n.offset, n.midi, round(127 * n.velocity), n.programme, n.is_drum)
        for n in read_notes(path)
    ]


def by_pretty_midi(path):
    import pretty_midi

    return [
        (n.start, n.end, n.pitch, n.velocity, i.program, i.is_drum)
        for i in pretty_midi.PrettyMIDI(str(path)).instruments
        for n in i.notes
    ]


def written(notes, per_second):
    """Return the expected notes of a file: at least one tick long, with velocity 1 or more."""
    return [
        (
            n.onset,
            max(n.offset, (round(n.onset * per_second) + 1) / per_second),
            n.midi,
            max(1, round(127 * n.velocity)),
            n.programme,
            n.is_drum,
        )
        for n in notes
    ]


few = st.integers(0, 3)
dense_notes = st.lists(
    st.builds(
        lambda onset, length, midi, velocity, programme, drum, cents: Note(
            onset / 4, onset / 4 + length, 36 + midi, velocity, 9 * programme, drum, cents
        ),
        st.integers(0, 12),
        st.sampled_from([0.0, 1e-5, 0.25, 0.5, 3.0]) | st.floats(0, 2),
        few,
        st.floats(0, 1),
        few,
        st.booleans(),
        st.none() | st.floats(-60, 60),
    ),
    max_size=40,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(some_notes | dense_notes, st.floats(20, 400), st.booleans(), st.integers(0, 4))
def test_written_notes_are_read_by_otowake_and_by_others(tmp_path, notes, beats, bend, n_tracks):
    """Nested unisons, notes without length, any number of players: every note comes back."""
    path = tmp_path / "x.mid"
    tracks = [(f"音 {k}", range(k, len(notes), 5)) for k in range(n_tracks)]
    write_notes(notes, path, tempo=beats, bend=bend, tracks=tracks)
    per_second = midi.TICKS_PER_BEAT * 1e6 / round(60e6 / beats)
    wanted = in_ticks(written(notes, per_second), per_second)
    assert in_ticks(by_ourselves(path), per_second) == wanted
    assert in_ticks(by_pretty_midi(path), per_second) == wanted


@pytest.mark.parametrize("bend", [False, True])
@pytest.mark.parametrize(
    "notes",
    [
        [Note(0, 3, 60), Note(1, 2, 60)],
        [Note(0, 1, 60, velocity=0.9), Note(0, 2, 60, velocity=0.3)],
        [Note(0, 2, 60, programme=k) for k in range(20)],
        [Note(0, 2 + k, 60) for k in range(40)],
        [Note(0, 2 + k, 36, is_drum=True) for k in range(3)],
        [Note(0, 1, 60, velocity=0.0), Note(1, 1, 60), Note(1, 1, 60)],
    ],
    ids=["nested", "at once", "20 programmes", "40 in unison", "drums", "nothing"],
)
def test_unisons_keep_their_ends_and_programmes(tmp_path, notes, bend):
    write_notes(notes, tmp_path / "x.mid", bend=bend)
    wanted = in_ticks(written(notes, 1920), 1920)
    assert in_ticks(by_ourselves(tmp_path / "x.mid"), 1920) == wanted
    assert in_ticks(by_pretty_midi(tmp_path / "x.mid"), 1920) == wanted


def test_every_bend_has_a_channel_of_its_own_port_by_port(tmp_path):
    """At every onset, the channel of the port has the bend of the note."""
    notes = [Note(0, 2, 40 + k, cents=5.0 * (k - 10)) for k in range(20)]
    write_notes(notes, tmp_path / "x.mid", bend=True)
    bends, bend_of = {}, {}
    for messages in mido.MidiFile(tmp_path / "x.mid").tracks:
        port = next((m.port for m in messages if m.type == "midi_port"), 0)
        for m in messages:
            if m.type == "pitchwheel":
                bends[port, m.channel] = m.pitch
            elif m.type == "note_on":
                bend_of[m.note] = bends.get((port, m.channel), 0)
    assert bend_of == {n.midi: round((n.cents or 0) / 200 * 8192) for n in notes}


def test_a_wait_longer_than_a_file_can_say(tmp_path):
    write_notes([Note(0, 1, 60), Note(86_000, 86_001, 62)], tmp_path / "x.mid", tempo=400)
    assert [round(n.onset) for n in read_notes(tmp_path / "x.mid")] == [0, 86_000]
    waits = [m.time for messages in mido.MidiFile(tmp_path / "x.mid").tracks for m in messages]
    assert max(waits) == 2**28 - 1


def test_a_repeated_note_is_not_swallowed_by_the_one_before(tmp_path):
    notes = [Note(0.5 * k, 0.5 * k + 0.5, 60) for k in range(4)]
    write_notes(notes[::-1], tmp_path / "x.mid", tempo=97)
    np.testing.assert_allclose(spans(read_notes(tmp_path / "x.mid")), spans(notes), atol=1e-3)


def test_more_instruments_than_channels(tmp_path):
    notes = [Note(k, k + 0.5, 60, programme=k) for k in range(40)]
    write_notes(notes, tmp_path / "x.mid")
    assert [n.programme for n in read_notes(tmp_path / "x.mid")] == list(range(40))


def test_tracks_and_ports_are_players_of_their_own(read):
    """One key of one channel on two tracks; drums of the second port, which has own programmes."""
    one = track(b"\x00\xc0\x05", b"\x00\x90\x3c\x40", wait(960) + b"\x80\x3c\x00")
    two = track(b"\x00\x90\x3c\x40", wait(480) + b"\x80\x3c\x00")
    other = track(
        meta(0x21, b"\x01"), b"\x00\x90\x3c\x40", b"\x00\x99\x26\x40", wait(240) + b"\x80\x3c\x00"
    )
    notes = read(header(1, 3), one, two, other)
    facts = sorted((n.is_drum, n.programme, n.midi, n.offset) for n in notes)
    assert facts == [
        (False, 0, 60, 0.25),
        (False, 5, 60, 0.5),
        (False, 5, 60, 1.0),
        (True, 0, 38, 1.0),
    ]


def test_running_status_is_what_mido_writes():
    """So that the reader is tested with what other programs make too."""
    out = io.BytesIO()
    mido.MidiFile(
        tracks=[mido.MidiTrack([mido.Message("note_on", note=60 + k) for k in range(3)])]
    ).save(file=out)
    assert out.getvalue().count(b"\x90") == 1


def test_each_named_track_has_its_own_notes_and_channel(tmp_path):
    """Two violins may play the same key at once; the drums share a channel."""
    violin, drum = 40, True
    notes = [
        Note(0.0, 1.0, 60, programme=violin),
        Note(0.5, 2.0, 60, programme=violin),
        Note(0.0, 0.1, 36, is_drum=drum),
        Note(0.5, 0.6, 42, is_drum=drum),
        Note(3.0, 4.0, 50, programme=70),
    ]
    tracks = [("violin", [0]), ("violin-2", [1]), ("kick", [2]), ("hi-hat", [3])]
    write_notes(notes, tmp_path / "x.mid", tracks=tracks)
    onsets = {
        track.name: [(m.channel, m.note) for m in track if m.type == "note_on" and m.velocity]
        for track in mido.MidiFile(tmp_path / "x.mid").tracks[1:]
    }
    assert list(onsets) == ["", "violin", "violin-2", "kick", "hi-hat"]
    assert [[key for _, key in played] for played in onsets.values()] == [
        [50],
        [60],
        [60],
        [36],
        [42],
    ]
    channels = [played[0][0] for played in onsets.values()]
    assert len({*channels[:3]}) == 3 and channels[3:] == [9, 9] and 9 not in channels[:3]
    again = sorted(
        read_notes(tmp_path / "x.mid"), key=lambda note: (note.onset, note.offset, note.midi)
    )
    assert [(n.onset, n.offset, n.midi) for n in again] == sorted(
        (n.onset, n.offset, n.midi) for n in notes
    )
