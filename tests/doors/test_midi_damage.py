"""Damaged and unusual MIDI files: read like in other programs, or refused in one sentence."""

import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from midi_bytes import header, meta, spans, track, wait

from otowake.errors import BadInput, CannotWrite
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


def refused(path):
    """Whether a file is refused in one sentence; fail unless it gives notes or that sentence."""
    try:
        notes = read_notes(path)
    except BadInput as error:
        assert str(error).startswith(str(path))
        assert str(error).endswith(".")
        assert "\n" not in str(error)
        assert error.in_language("ja").endswith("。")
        return True
    assert all(0 <= n.onset <= n.offset <= midi.MOST_SECONDS for n in notes)
    return False


@pytest.mark.parametrize("share", [0.001, 0.02, 0.3, 0.9, 0.999])
def test_cut_files_are_refused(tmp_path, share):
    content = DEMO.read_bytes()
    (tmp_path / "x.mid").write_bytes(content[: max(1, int(share * len(content)))])
    assert refused(tmp_path / "x.mid")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(
    st.lists(
        st.tuples(st.integers(0, len(DEMO.read_bytes()) - 1), st.integers(0, 255)),
        min_size=1,
        max_size=20,
    )
)
def test_changed_bytes_are_read_or_refused(tmp_path, changes):
    content = bytearray(DEMO.read_bytes())
    for index, byte in changes:
        content[index] = byte
    (tmp_path / "x.mid").write_bytes(content)
    refused(tmp_path / "x.mid")


TWO = (
    b"\x00\x90\x3c\x5a",
    wait(480) + b"\x80\x3c\x00",
    b"\x00\x90\x3e\x5a",
    wait(480) + b"\x80\x3e\x00",
)
BODY = b"".join(TWO)
END = b"\x00\xff\x2f\x00"
FILE = header(0, 1) + track(*TWO)


def long(size):
    return struct.pack(">L", size)


def riff(content):
    body = b"RMIDdata" + struct.pack("<I", len(content)) + content + b"LIST\x04\0\0\0INFO"
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize(
    "content",
    [
        FILE,
        header(0, 1) + track(meta(0x59, b"\x0b\x00"), *TWO),
        header(0, 1) + track(meta(0x59, b"\x00\x07"), *TWO),
        header(0, 1) + track(meta(0x59, b"\x00"), *TWO),
        header(0, 1) + track(meta(0x58, b"\x00\x00\x18\x08"), *TWO),
        header(0, 1) + track(meta(0x58, b""), *TWO),
        header(0, 1) + track(meta(0x51, b"\x00\x00\x00"), *TWO),
        header(0, 1) + track(meta(0x51, b"\x07"), *TWO),
        header(0, 1)
        + track(meta(0x54, b"\xff"), meta(0x21, b""), meta(0x7F, b""), meta(0x60, b"abc"), *TWO),
        header(0, 1) + track(meta(3, "交響曲".encode("cp932")), *TWO),
        header(0, 1) + track(b"\x00\xf0\x05\x7e\x7f\x09\x01\xf7", b"\x00\xf7\x02\x01\x02", *TWO),
        header(0, 1) + track(b"\x00\xf9", b"\x00\xf4", b"\x00\xf8", b"\x00\xfe", *TWO),
        header(0, 1) + track(b"\x00\xf2\x01\x02", b"\x00\xf1\x01", b"\x00\xf3\x01", *TWO),
        header(0, 1) + track(b"\x00\xc0\xff", b"\x00\x90\xbc\x5a", b"\x00\xe0\xff\xff", *TWO),
        header(0, 1) + track(TWO[0], b"\x00\xff\x01\x00", wait(480) + b"\x3c\x00", *TWO[2:]),
        header(0, 1) + track(b"\x80\x80\x80\x80\x80\x00\xff\x01\x00", *TWO),
        header(0, 1) + b"MTrk" + long(len(BODY)) + BODY,
        header(0, 1) + b"MTrk" + long(len(BODY)) + BODY + b"XFIH" + long(4) + b"abcd",
        header(1, 2) + b"MTrk" + long(len(BODY)) + BODY + track(),
        header(1, 2) + b"MTrk" + long(8) + BODY + track(),
        header(0, 1) + b"MTrk\xff\xff\xff\xff" + BODY + END,
        header(1, 2) + b"MTrk\xff\xff\xff\xff" + BODY + END + track(),
        header(0, 1) + b"MTrk" + long(8) + BODY + END,
        header(0, 1) + b"MTrk" + long(len(BODY) + 14) + BODY + END + bytes(10),
        header(1, 5) + track(*TWO),
        header(1, 0) + track(*TWO),
        header(1, 1) + track() + track(*TWO),
        header(0, 2) + track() + track(*TWO),
        header(2, 1) + track(*TWO),
        header(2, 2) + track() + track(*TWO),
        header(0, 1) + b"XFIH" + long(4) + b"abcd" + track(*TWO),
        header(0, 1) + track(*TWO) + b"XFKM" + long(4) + b"abcd",
        header(0, 1) + track(*TWO) + bytes(100),
        header(0, 1) + track(*TWO) + b"MT",
        b"MThd" + long(10) + header(0, 1)[8:] + bytes(4) + track(*TWO),
        b"MThd" + long(0) + header(0, 1)[8:] + track(*TWO),
        b"\n" + FILE,
        bytes(128) + FILE + bytes(28),
        riff(FILE),
    ],
)
def test_what_other_programs_read_is_read(read, content):
    assert spans(read(content)) == [(0, 0.5, 60), (0.5, 1, 62)]


def test_a_velocity_beyond_127_is_127(read):
    (note,) = read(header(0, 1) + track(b"\x00\x90\x3c\xff", wait(480) + b"\x80\x3c\x00"))
    assert (note.offset, note.velocity) == (0.5, 1.0)


pieces = st.sampled_from(
    [
        b"MThd",
        b"MTrk",
        b"RIFF",
        b"\x00\xff\x2f\x00",
        b"\x00\xff\x51\x03",
        b"\x00\xff\x21\x01",
        b"\xff" * 9,
        *TWO,
    ]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(
    st.lists(pieces | st.binary(max_size=9), max_size=25), st.integers(0, 3), st.integers(0, 65535)
)
def test_any_bytes_are_notes_or_a_sentence(tmp_path, chunks, kind, unit):
    """Parts of real files in any order, behind a header and without one."""
    for start in (b"", header(kind, 1, unit), header(kind, 1) + b"MTrk\0\0\0\x30"):
        (tmp_path / "x.mid").write_bytes(start + b"".join(chunks) + b"\0")
        refused(tmp_path / "x.mid")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.binary(min_size=1, max_size=200), st.integers(0, 3), st.integers(0, 65535))
def test_garbage_is_borne(tmp_path, garbage, kind, unit):
    (tmp_path / "x.mid").write_bytes(garbage)
    assert refused(tmp_path / "x.mid")
    (tmp_path / "x.mid").write_bytes(header(kind, 1, unit) + track(garbage))
    refused(tmp_path / "x.mid")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (header(2, 1) + track(), "type 2"),
        (header(2, 2) + track(b"\x00\x90\x3c\x40") + track(b"\x00\x90\x3c\x40"), "type 2"),
        (header(0, 1), "no track"),
        (header(0, 1)[:9], "cut short"),
        (header(0, 1) + b"MTrk" + bytes(2), "cut short"),
        (FILE[:-9], "cut short"),
        (header(0, 1) + track(b"\x00\x3c\x40"), "damaged"),
        (header(0, 1) + track(b"\x00\xf0\x7f\x00"), "cut short"),
        (header(0, 1, 0) + track(b"\x00\x90\x3c\x40"), "unit of time, 0"),
        (header(0, 1, (-23 << 8) | 40) + track(b"\x00\x90\x3c\x40"), "unit of time"),
        (header(0, 1) + b"MTrk\x7f\xff\xff\xff" + b"\xff" * 100_000, "no end"),
        (
            header(0, 1, 1) + track(b"\x00\x90\x3c\x40", b"\xff\xff\xff\x7f\x80\x3c\x00"),
            "longer than a day",
        ),
        (header(0, 1, 1) + track(b"\xff" * 4000 + b"\x7f\x90\x3c\x40"), "large"),
        (b"RIFF" + bytes(100), "MThd"),
        (header(0, 1) + track() + bytes(midi.MOST_BYTES), "larger than 2 MiB"),
    ],
)
def test_why_a_file_is_refused(tmp_path, content, why):
    (tmp_path / "x.mid").write_bytes(content)
    assert refused(tmp_path / "x.mid")
    with pytest.raises(BadInput, match=why):
        read_notes(tmp_path / "x.mid")


def test_no_file_and_no_content(tmp_path):
    for path, sentence in [(tmp_path / "no.mid", "there is no such file"), (tmp_path, "folder")]:
        with pytest.raises(BadInput, match=sentence):
            read_notes(path)
    (tmp_path / "x.mid").write_bytes(b"")
    with pytest.raises(BadInput, match="empty"):
        read_notes(tmp_path / "x.mid")


def test_what_cannot_be_written(tmp_path):
    with pytest.raises(CannotWrite, match="could not be written"):
        write_notes([Note(0, 1, 60)], tmp_path / "no" / "x.mid")
    write_notes([Note(0, 1, 60)], tmp_path / "x.mid")
    for notes, options in [
        ([], {"tempo": 0}),
        ([], {"tempo": float("nan")}),
        ([Note(0, 1e6, 60)], {}),
    ]:
        with pytest.raises(BadInput, match="must be a number from"):
            write_notes(notes, tmp_path / "x.mid", **options)
    assert len(read_notes(tmp_path / "x.mid")) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["x.mid"]
