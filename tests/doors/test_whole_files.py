"""Files with wrong headers are read whole: the same samples at the same positions as FFmpeg."""

import contextlib
import io
import warnings
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from otowake import BadInput, InputWarning, load
from otowake.io.audio import estimated_length, open_recording

RATE = 44100
SECONDS = 3

pytestmark = pytest.mark.usefixtures("without_pyav")


@pytest.fixture
def without_pyav(monkeypatch):
    """Hide PyAV, as in an install without extras."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)


def sound(rate=RATE, channels=2):
    """Generate loud noise, then soft noise, with clicks: (sample, channel)."""
    n = SECONDS * rate
    noise = np.random.default_rng(channels).normal(0, 0.1, (n, channels))
    noise[n // 2 :] *= 0.01
    noise[:: rate // 4] += 0.3
    return noise


def written(folder: Path, name: str, rate=RATE, channels=2, **how) -> bytes:
    """Return the bytes of a file written by libsndfile."""
    path = folder / f"written-{name}"
    soundfile.write(path, sound(rate, channels), rate, **how)
    return path.read_bytes()


def decoded(path: Path):
    """Decode a file with FFmpeg: (channel, sample), float32."""
    blocks = []
    with av.open(str(path)) as container:
        for packet in container.demux(audio=0):
            frames = []
            with contextlib.suppress(av.error.InvalidDataError):
                frames = packet.decode()
            for frame in frames:
                x = frame.to_ndarray()
                x = x if frame.format.is_planar else x.reshape(-1, len(frame.layout.channels)).T
                blocks.append(x / 2.0 ** (8 * x.dtype.itemsize - 1) if x.dtype.kind == "i" else x)
    return np.concatenate(blocks, axis=1).astype(np.float32)


def read(path: Path):
    """Read a file and fail on any warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return load(path).samples


def same(got, expected, atol=1e-4):
    """Check that two sounds are equal, sample by sample."""
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, atol=atol)


def mp3(folder: Path, rate=RATE, channels=2, info=True) -> bytes:
    """Return a file of variable bit rate, with or without Info frame."""
    whole = written(folder, "x.mp3", rate, channels, bitrate_mode="VARIABLE", compression_level=0.5)
    if info:
        return whole
    with av.open(str(folder / "written-x.mp3")) as container:
        return whole[next(container.demux(audio=0)).pos :]


def id3(size=3000) -> bytes:
    """Return a tag for the start of a file, with bytes that look like frames."""
    return (
        b"ID3\x04\0\0" + bytes([0, 0, size >> 7, size & 127]) + (b"\xff\xfb\x90\x00" * size)[:size]
    )


JUNK = np.random.default_rng(0).bytes(5000)
APE = (
    b"APETAGEX"
    + (2000).to_bytes(4, "little")
    + (50).to_bytes(4, "little")
    + b"\0\0\0\x20"
    + bytes(8)
)

MP3 = {
    "as it is": lambda x: x,
    "tag before": lambda x: id3() + x,
    "two tags before": lambda x: id3() + id3(100) + x,
    "tags after": lambda x: x + APE + bytes(50) + b"TAG" + bytes(125),
    "zeros after": lambda x: x + bytes(10_000),
    "junk before": lambda x: JUNK + x,
}


@pytest.mark.parametrize("info", [True, False], ids=["Info", "no Info"])
@pytest.mark.parametrize("change", MP3)
@pytest.mark.parametrize(("rate", "channels"), [(44100, 2), (32000, 1), (22050, 2), (8000, 1)])
def test_mp3(tmp_path, info, change, rate, channels):
    whole = mp3(tmp_path, rate, channels, info)
    (tmp_path / "plain.mp3").write_bytes(whole)
    expected = decoded(tmp_path / "plain.mp3")
    (tmp_path / "x.mp3").write_bytes(MP3[change](whole))
    same(read(tmp_path / "x.mp3"), expected)
    assert estimated_length(tmp_path / "x.mp3") == pytest.approx(expected.shape[1] / rate)


@pytest.mark.parametrize("info", [True, False], ids=["Info", "no Info"])
@pytest.mark.parametrize("between", [b"", b"TAG" + bytes(125), id3(), bytes(7000)])
def test_joined_mp3(tmp_path, info, between):
    one = mp3(tmp_path, info=True)
    two = mp3(tmp_path, info=info)
    (tmp_path / "one.mp3").write_bytes(one)
    (tmp_path / "two.mp3").write_bytes(two)
    (tmp_path / "x.mp3").write_bytes(one + between + two)
    expected = [decoded(tmp_path / name) for name in ("one.mp3", "two.mp3")]
    same(read(tmp_path / "x.mp3"), np.concatenate(expected, axis=1))


def test_joined_mp3_of_other_formats(tmp_path):
    (tmp_path / "x.mp3").write_bytes(
        mp3(tmp_path) + mp3(tmp_path, 22050, 1) + mp3(tmp_path, 32000, 2)
    )
    audio = load(tmp_path / "x.mp3")
    assert (audio.rate, audio.samples.shape) == (RATE, (2, 3 * SECONDS * RATE))
    level = np.abs(audio.samples).reshape(2, 6, -1).mean(axis=2)
    assert np.all(level[:, ::2] > 10 * level[:, 1::2])


@pytest.mark.parametrize("info", [True, False], ids=["Info", "no Info"])
def test_an_mp3_that_begins_midway(tmp_path, info):
    whole = mp3(tmp_path, info=info)
    (tmp_path / "x.mp3").write_bytes(whole[len(whole) // 3 :])
    got, expected = read(tmp_path / "x.mp3"), decoded(tmp_path / "x.mp3")
    assert got.shape == expected.shape
    same(got[:, 5000:], expected[:, 5000:])


def test_an_mp3_with_a_hole(tmp_path):
    whole = mp3(tmp_path)
    hole = slice(len(whole) // 4, len(whole) // 4 + 5000)
    (tmp_path / "x.mp3").write_bytes(whole[: hole.start] + bytes(5000) + whole[hole.stop :])
    with pytest.warns(InputWarning, match=r"2\.\d+ s of 3\.00 s"):
        got = load(tmp_path / "x.mp3").samples
    (tmp_path / "y.mp3").write_bytes(whole)
    same(got[:, -RATE:], decoded(tmp_path / "y.mp3")[:, -RATE:])


def patched(data: bytes, name: bytes, offset: int, size: int, value: int, order) -> bytes:
    """Replace the number that is stored `offset` bytes after a name in a file."""
    at = data.index(name) + offset
    return data[:at] + (value % (1 << 8 * size)).to_bytes(size, order) + data[at + size :]


SIZES = {
    "WAV": (b"data", 4, 4, "little"),
    "WAVEX": (b"data", 4, 4, "little"),
    "RF64": (b"ds64", 16, 8, "little"),
    "W64": (b"data\xf3\xac", 16, 8, "little"),
    "AIFF": (b"SSND", 4, 4, "big"),
    "AU": (b".snd", 8, 4, "big"),
    "CAF": (b"data", 4, 8, "big"),
}


@pytest.mark.parametrize("form", SIZES)
@pytest.mark.parametrize("value", [0, -1, -37, "half", "half - 1"])
def test_a_size_that_was_never_known(tmp_path, form, value):
    name, offset, size, order = SIZES[form]
    middle = 1 << 8 * size - 1
    number = {"half": middle, "half - 1": middle - 1}.get(value, value)
    data = written(tmp_path, "x", format=form, subtype="PCM_16")
    for file in (data, data[: len(data) // 2]):
        (tmp_path / "x").write_bytes(patched(file, name, offset, size, number, order))
        got = read(tmp_path / "x")
        assert got.shape[1] == (len(file) - len(data)) // 4 + SECONDS * RATE
        np.testing.assert_allclose(got, sound()[: got.shape[1]].T, atol=1e-4)
        beyond = load(tmp_path / "x", start=1).samples
        np.testing.assert_array_equal(beyond, got[:, RATE:])


@pytest.mark.parametrize("form", SIZES)
def test_a_recording_that_ends_before_its_size(tmp_path, form):
    data = written(tmp_path, "x", format=form, subtype="PCM_16")
    (tmp_path / "x").write_bytes(data[: len(data) // 2])
    with pytest.warns(InputWarning, match=r"cut short; only 1\.[45]\d s of 3\.00 s could"):
        assert load(tmp_path / "x").duration == pytest.approx(1.5, abs=0.02)


def test_a_file_that_is_really_empty(tmp_path):
    soundfile.write(tmp_path / "x.wav", np.zeros((0, 2)), RATE)
    data = (tmp_path / "x.wav").read_bytes()
    (tmp_path / "x.wav").write_bytes(data + b"LIST" + (200).to_bytes(4, "little") + bytes(200))
    with pytest.raises(BadInput, match="there is no sound in it"):
        load(tmp_path / "x.wav")


@pytest.mark.parametrize("size", [0, 2**30, 2**31, 2**32 - 1])
def test_a_wav_beyond_4_gib_whose_header_has_no_room_for_it(tmp_path, size):
    data = patched(written(tmp_path, "x.wav"), b"data", 4, 4, size, "little")
    with (tmp_path / "x.wav").open("wb") as file:
        file.write(data[:44])
        file.truncate(5 * 2**30 + 44)
        file.seek(5 * 2**30 - 4000 * 4 + 44)
        file.write(data[44 : 44 + 4000 * 4])
    assert estimated_length(tmp_path / "x.wav") == pytest.approx(5 * 2**30 / 4 / RATE)
    start = (5 * 2**30 / 4 - 4000) / RATE
    np.testing.assert_allclose(
        load(tmp_path / "x.wav", start=start).samples, sound()[:4000].T, atol=1e-4
    )


def with_total(data: bytes, total: int) -> bytes:
    """Replace the length in the header of a FLAC file."""
    start = data.index(b"fLaC") + 18
    others = int.from_bytes(data[start : start + 8], "big") >> 36 << 36
    return data[:start] + (others | total).to_bytes(8, "big") + data[start + 8 :]


@pytest.mark.parametrize("total", [0, 1000, SECONDS * RATE])
@pytest.mark.parametrize("tag", [b"", id3()], ids=["", "tag"])
def test_the_length_that_a_flac_states(tmp_path, total, tag):
    data = written(tmp_path, "x.flac")
    (tmp_path / "x.flac").write_bytes(tag + with_total(data, total))
    np.testing.assert_allclose(read(tmp_path / "x.flac"), sound().T, atol=1e-4)
    assert estimated_length(tmp_path / "x.flac") == SECONDS
    assert load(tmp_path / "x.flac", start=2.5).duration == 0.5
    with pytest.raises(BadInput, match="there is no sound from 4 s on; the file is 3 s long"):
        load(tmp_path / "x.flac", start=4)


@pytest.mark.parametrize("total", [0, SECONDS * RATE])
def test_a_flac_that_was_not_finished(tmp_path, total):
    data = written(tmp_path, "x.flac")
    (tmp_path / "x.flac").write_bytes(with_total(data[: len(data) * 2 // 3], total))
    expected = decoded(tmp_path / "x.flac")
    if total:
        with pytest.warns(InputWarning, match=r"cut short; only 1\.\d+ s of 3\.00 s"):
            got = load(tmp_path / "x.flac").samples
    else:
        got = read(tmp_path / "x.flac")
    same(got, expected)


def test_a_flac_with_holes(tmp_path):
    data = bytearray(written(tmp_path, "x.flac"))
    for position in (len(data) // 4, len(data) // 3):
        data[position : position + 100] = bytes(100)
    (tmp_path / "x.flac").write_bytes(data)
    with pytest.warns(InputWarning, match=r"cut short; only 2\.\d+ s of 3\.00 s"):
        got = load(tmp_path / "x.flac").samples
    assert got.shape[1] == SECONDS * RATE - 2 * 4096
    expected = sound().T
    np.testing.assert_allclose(got[:, :20000], expected[:, :20000], atol=1e-4)
    np.testing.assert_allclose(got[:, -60000:], expected[:, -60000:], atol=1e-4)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("x.flac", {}),
        ("x.ogg", {"format": "OGG", "subtype": "VORBIS"}),
        ("x.opus", {"format": "OGG", "subtype": "OPUS"}),
    ],
)
def test_joined_recordings(tmp_path, name, how):
    rate = 48000 if "opus" in name else RATE
    one, two = written(tmp_path, name, rate, **how), written(tmp_path, name, rate, **how)
    mono = written(tmp_path, name, 24000, 1, **how)
    (tmp_path / "one").write_bytes(one)
    expected = read(tmp_path / "one")
    (tmp_path / name).write_bytes(one + two + one)
    np.testing.assert_array_equal(read(tmp_path / name), np.tile(expected, 3))
    assert estimated_length(tmp_path / name) == 3 * SECONDS
    part = load(tmp_path / name, start=SECONDS + 1, duration=SECONDS).samples
    np.testing.assert_array_equal(part, np.roll(expected, -rate, axis=1))
    (tmp_path / name).write_bytes(one + mono)
    assert load(tmp_path / name).samples.shape == (2, 2 * SECONDS * rate)


@pytest.mark.parametrize("size", [26, 27])
def test_an_ogg_that_is_cut_off_in_the_first_page_of_another_recording(tmp_path, size):
    data = written(tmp_path, "x.ogg", 48000, format="OGG", subtype="VORBIS")
    (tmp_path / "x.ogg").write_bytes(data + data[:size])
    with pytest.warns(InputWarning, match=f"the {SECONDS:.2f} s that are intact were read"):
        audio = load(tmp_path / "x.ogg")
    assert audio.n_samples == SECONDS * 48000


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
@pytest.mark.parametrize("pages", [1, 3])
def test_an_ogg_without_its_last_pages(tmp_path, subtype, pages):
    data = written(tmp_path, "x.ogg", 48000, format="OGG", subtype=subtype)
    for _ in range(pages):
        data = data[: data.rindex(b"OggS")]
    (tmp_path / "x.ogg").write_bytes(data)
    same(read(tmp_path / "x.ogg"), decoded(tmp_path / "x.ogg"), atol=0.05)


def test_a_long_recording_in_pieces_is_read_block_by_block(tmp_path, monkeypatch):
    monkeypatch.setattr("otowake.io.audio.LONG_SECONDS", 5)
    (tmp_path / "x.mp3").write_bytes(mp3(tmp_path) + mp3(tmp_path, info=False))
    recording = open_recording(tmp_path / "x.mp3")
    whole = load(tmp_path / "x.mp3").samples
    blocks = np.concatenate(list(recording.blocks(10_000)), axis=1)
    np.testing.assert_array_equal(blocks, whole)


def encoded(container: str, codec: str) -> bytes:
    """Encode the sound with FFmpeg."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        stream = out.add_stream(codec, rate=RATE, layout="stereo", bit_rate=192_000)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(sound().T.astype(np.float32)), format="fltp", layout="stereo"
        )
        frame.sample_rate = RATE
        resampler = av.AudioResampler(
            "fltp", "stereo", RATE, stream.codec_context.frame_size or 1024
        )
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    return file.getvalue()


@pytest.fixture
def media(monkeypatch, without_pyav):
    """Restore PyAV, as in an install with the extra ``media``."""
    monkeypatch.undo()


@pytest.mark.parametrize(("container", "priming"), [("adts", 1024), ("mp4", 1024)])
def test_a_damaged_packet_is_left_out(tmp_path, media, container, priming):
    data = bytearray(encoded(container, "aac"))
    position = len(data) // 2
    data[position : position + 300] = np.random.default_rng(0).bytes(300)
    (tmp_path / "x").write_bytes(data)
    with pytest.warns(InputWarning, match=r"partly damaged .*; the 2\.\d+ s that are intact"):
        got = load(tmp_path / "x").samples
    expected = decoded(tmp_path / "x")[:, priming:]
    same(got, expected[:, : got.shape[1]])
    assert got.shape[1] > (SECONDS - 0.2) * RATE


def test_an_mp4_that_states_too_short_a_duration(tmp_path, media):
    data = encoded("mp4", "aac")
    (tmp_path / "whole").write_bytes(data)
    whole = read(tmp_path / "whole")
    assert whole.shape[1] >= SECONDS * RATE
    (tmp_path / "x").write_bytes(patched(data, b"mdhd", 16, 4, RATE, "big"))
    got = read(tmp_path / "x")
    np.testing.assert_array_equal(got[:, : whole.shape[1]], whole)
    assert load(tmp_path / "x", start=2).duration == pytest.approx(1, abs=0.05)
