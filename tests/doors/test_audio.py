"""The door for sound: every format, any rate and channels, parts of files, damaged files."""

import os
import re
import wave

import av
import numpy as np
import pytest
import soundfile

from otowake import Audio, BadInput, InputWarning, MissingExtra, load
from otowake.text.reason import SYSTEM, reason_of

RATE = 44100
SECONDS = 1.5


def music(rate=RATE, channels=2):
    """Return a tone that starts at 0.5 s, different in each channel."""
    t = np.arange(round(SECONDS * rate)) / rate
    return np.stack(
        [(t >= 0.5) * 0.5 * np.sin(2 * np.pi * hz * t) for hz in (440, 660)[:channels]], axis=1
    )


def onset(audio):
    return np.flatnonzero(np.abs(audio.mono()) > 0.05)[0] / audio.rate


def write_media(path, x, rate, codec, sample_format, container=None, video=False):
    """Encode with PyAV; shape (sample, channel)."""
    layout = "stereo" if x.shape[1] == 2 else "mono"
    with av.open(str(path), "w", format=container) as out:
        picture = (
            out.add_stream("mpeg4", rate=10, width=64, height=64, pix_fmt="yuv420p")
            if video
            else None
        )
        stream = out.add_stream(
            codec, rate=rate, layout=layout, format=sample_format, bit_rate=192_000
        )
        if picture:
            for _ in range(15):
                black = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
                out.mux(picture.encode(black))
            out.mux(picture.encode(None))
        packed = np.ascontiguousarray(x.reshape(1, -1).astype(np.float32))
        frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
        frame.sample_rate, frame.pts = rate, 0
        resampler = av.AudioResampler(
            sample_format, layout, rate, frame_size=stream.codec_context.frame_size or 0
        )
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))


@pytest.mark.parametrize(
    ("name", "form", "subtype", "error"),
    [
        ("u8.wav", "WAV", "PCM_U8", 0.02),
        ("16.wav", "WAV", "PCM_16", 1e-4),
        ("24.wav", "WAV", "PCM_24", 1e-6),
        ("32.wav", "WAV", "PCM_32", 1e-6),
        ("float.wav", "WAV", "FLOAT", 1e-6),
        ("double.wav", "WAV", "DOUBLE", 1e-6),
        ("16.flac", "FLAC", "PCM_16", 1e-4),
        ("24.flac", "FLAC", "PCM_24", 1e-6),
        ("vorbis.ogg", "OGG", "VORBIS", 0.2),
        ("layer3.mp3", "MP3", "MPEG_LAYER_III", 0.2),
    ],
)
@pytest.mark.parametrize("channels", [1, 2])
def test_what_soundfile_reads(tmp_path, name, form, subtype, error, channels):
    x = music(channels=channels)
    soundfile.write(tmp_path / name, x, RATE, format=form, subtype=subtype)
    audio = load(tmp_path / name)
    assert (audio.rate, audio.samples.shape, audio.name) == (RATE, x.T.shape, name)
    assert np.abs(audio.samples - x.T).max() < error
    assert np.sqrt(np.square(audio.samples - x.T).mean()) < error / 5


def test_blocks_of_an_mp3_join(tmp_path):
    soundfile.write(tmp_path / "x.mp3", np.tile(music(channels=1), (4, 1)), RATE)
    at_once = soundfile.read(tmp_path / "x.mp3", dtype="float32", always_2d=True)[0]
    np.testing.assert_array_equal(load(tmp_path / "x.mp3").samples, at_once.T)


def test_opus(tmp_path):
    soundfile.write(tmp_path / "x.opus", music(48000), 48000, format="OGG", subtype="OPUS")
    audio = load(tmp_path / "x.opus")
    assert (audio.rate, audio.n_channels) == (48000, 2)
    assert onset(audio) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ("name", "codec", "sample_format", "container", "video"),
    [
        ("x.m4a", "aac", "fltp", None, False),
        ("x.aac", "aac", "fltp", "adts", False),
        ("x.m4a", "alac", "s16p", None, False),
        ("x.wma", "wmav2", "fltp", "asf", False),
        ("x.mp4", "aac", "fltp", None, True),
        ("x.webm", "libopus", "flt", None, False),
    ],
)
def test_what_pyav_reads_begins_where_it_should(
    tmp_path, name, codec, sample_format, container, video
):
    rate = 48000 if codec == "libopus" else RATE
    write_media(tmp_path / name, music(rate), rate, codec, sample_format, container, video)
    audio = load(tmp_path / name)
    assert (audio.rate, audio.n_channels) == (rate, 2)
    assert audio.duration == pytest.approx(SECONDS, abs=0.05)
    assert onset(audio) == pytest.approx(0.5, abs=0.003)
    part = load(tmp_path / name, start=0.25, duration=0.5)
    assert part.n_samples == rate // 2
    first = rate // 4
    np.testing.assert_array_equal(part.samples, audio.samples[:, first : first + rate // 2])


def test_more_channels_than_a_frame_has_planes(tmp_path):
    levels = np.arange(1, 17) / 40
    x = np.sin(2 * np.pi * 220 * np.arange(48_000) / 48_000)[:, None] * levels
    with av.open(str(tmp_path / "x.mka"), "w") as out:
        options = {"mapping_family": "255"}
        stream = out.add_stream(
            "libopus", rate=48_000, layout="hexadecagonal", format="flt", options=options
        )
        for block in np.split(x.astype(np.float32), 50):
            frame = av.AudioFrame.from_ndarray(
                block.reshape(1, -1), format="flt", layout="hexadecagonal"
            )
            frame.sample_rate = 48_000
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    audio = load(tmp_path / "x.mka")
    assert audio.n_channels == 16 and audio.duration == pytest.approx(1, abs=0.05)
    loudness = np.sqrt(2 * np.square(audio.samples).mean(axis=1))
    np.testing.assert_allclose(loudness, levels, atol=0.01)  # neighbours differ by 0.025


def test_a_missing_extra_is_told(tmp_path, monkeypatch):
    write_media(tmp_path / "x.m4a", music(), RATE, "aac", "fltp")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'otowake\[media\]'"):
        load(tmp_path / "x.m4a")


@pytest.mark.parametrize("name", ["x.wav", "x.mp3"])
def test_a_part_of_a_file(tmp_path, name):
    soundfile.write(tmp_path / name, music(), RATE)
    whole, part = load(tmp_path / name), load(tmp_path / name, start=0.5, duration=0.25)
    assert part.n_samples == RATE // 4
    first = RATE // 2
    np.testing.assert_allclose(part.samples, whole.samples[:, first : first + RATE // 4], atol=1e-3)
    assert load(tmp_path / name, start=1.25, duration=9).duration == pytest.approx(0.25, abs=0.03)
    with pytest.raises(BadInput, match=r"there is no sound from 9 s on; the file is 1\.5"):
        load(tmp_path / name, start=9)


def test_many_channels_and_odd_rates(tmp_path):
    x = np.random.default_rng(0).uniform(-0.1, 0.1, (5000, 7))
    soundfile.write(tmp_path / "x.wav", x, 12345, subtype="FLOAT")
    audio = load(tmp_path / "x.wav")
    assert (audio.rate, audio.samples.shape) == (12345, (7, 5000))
    np.testing.assert_allclose(audio.mono(), x.mean(axis=1), atol=1e-6)


def test_an_mp3_cut_in_half_is_read_as_far_as_it_goes(tmp_path):
    soundfile.write(tmp_path / "x.mp3", np.tile(music(), (6, 1)), RATE)
    whole = (tmp_path / "x.mp3").read_bytes()
    (tmp_path / "cut.mp3").write_bytes(whole[: len(whole) // 2])
    with pytest.warns(InputWarning, match=r"damaged or cut short; only 4.\d+ s of 9.\d+ s could"):
        audio = load(tmp_path / "cut.mp3")
    assert audio.duration == pytest.approx(4.5, abs=0.3)


def test_a_flac_cut_in_half_is_read_as_far_as_it_goes(tmp_path):
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 4 * RATE)
    soundfile.write(tmp_path / "x.flac", noise, RATE)
    whole = (tmp_path / "x.flac").read_bytes()
    (tmp_path / "cut.flac").write_bytes(whole[: len(whole) // 2])
    with pytest.warns(InputWarning, match="damaged"):
        audio = load(tmp_path / "cut.flac")
    assert 1 <= audio.duration <= 2.1


def test_a_rate_must_be_above_zero():
    for rate in (0, -5, "x"):
        with pytest.raises(BadInput, match="rate must be a whole number above 0"):
            Audio(np.zeros(5), rate)


def test_a_header_that_promises_gigabytes(tmp_path):
    with wave.open(str(tmp_path / "x.wav"), "wb") as file:
        file.setparams((2, 2, RATE, 0, "NONE", ""))
        file.writeframes((music() * 32767).astype("<i2").tobytes())
    data = bytearray((tmp_path / "x.wav").read_bytes())
    data[4:8] = data[40:44] = (0xF0000000).to_bytes(4, "little")
    (tmp_path / "x.wav").write_bytes(data)
    with pytest.warns(InputWarning, match=r"1\.50 s of 22826"):
        audio = load(tmp_path / "x.wav")
    assert audio.duration == pytest.approx(SECONDS, abs=0.01)


def test_a_header_of_64_bits_that_promises_10_gb(tmp_path):
    soundfile.write(tmp_path / "x.wav", music(), RATE, format="RF64", subtype="PCM_16")
    data = bytearray((tmp_path / "x.wav").read_bytes())
    sizes = data.index(b"ds64") + 16
    data[sizes : sizes + 8] = (10 * 2**30).to_bytes(8, "little")
    (tmp_path / "x.wav").write_bytes(data)
    with pytest.warns(InputWarning, match=r"1\.50 s of 60869\.\d+ s"):
        assert load(tmp_path / "x.wav").duration == pytest.approx(SECONDS, abs=0.01)


def test_a_stream_that_never_said_its_length_is_no_damage(tmp_path):
    soundfile.write(tmp_path / "x.wav", music(), RATE)
    data = bytearray((tmp_path / "x.wav").read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    (tmp_path / "x.wav").write_bytes(data)
    assert load(tmp_path / "x.wav").duration == pytest.approx(SECONDS, abs=0.01)


def test_a_recording_beyond_the_limit_is_refused_while_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("otowake.io.audio.MOST_BYTES", 100_000)
    soundfile.write(tmp_path / "x.wav", music(), RATE)
    for name in ("x.wav", "x.mp3"):
        soundfile.write(tmp_path / name, music(), RATE)
        with pytest.raises(BadInput, match="decoded, it would exceed"):
            load(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("x.mp3", b"", "the file is empty"),
        ("x.mp3", b"these are words, not music\n" * 50, "no sound could be read from this file"),
        ("x.wav", b"RIFF\x00\x00\x00\x00WAVE", "no sound could be read from this file"),
        ("x.flac", bytes(range(256)) * 8, "no sound could be read from this file"),
        (
            "x.m4a",
            b"\x00\x00\x00\x18ftypM4A " + bytes(300),
            "no sound could be read from this file",
        ),
    ],
)
@pytest.mark.parametrize("pyav", [True, False])
def test_files_without_sound(tmp_path, monkeypatch, name, content, sentence, pyav):
    (tmp_path / name).write_bytes(content)
    if not pyav and name != "x.m4a":
        monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(BadInput, match=sentence):
        load(tmp_path / name)


def test_places_that_are_no_files(tmp_path):
    with pytest.raises(BadInput, match="there is no such file"):
        load(tmp_path / "nothing.wav")
    with pytest.raises(BadInput, match="this is a folder"):
        load(tmp_path)
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(BadInput, match="not a regular file"):
        load(tmp_path / "pipe.wav")


def test_values_that_are_no_numbers(tmp_path):
    x = music()
    x[100:103, 0] = np.nan
    x[200, 1] = np.inf
    soundfile.write(tmp_path / "x.wav", x, RATE, subtype="FLOAT")
    with pytest.raises(BadInput, match=r"x.wav: there are NaN or infinite values \(4 of 132300\)"):
        load(tmp_path / "x.wav")
    with pytest.raises(BadInput, match=r"must have the shape \(channel, sample\)"):
        Audio(np.zeros((2, 2, 2)), 8000)


@pytest.mark.parametrize("name", ["song.m4a", "song.flac", "song.ogg", "song.xyz"])
def test_the_reason_of_a_refusal_is_in_the_language_of_the_sentence(tmp_path, name):
    """FFmpeg, libsndfile and the system speak English only."""
    pytest.importorskip("av")
    path = tmp_path / name
    path.write_bytes(np.random.default_rng(0).bytes(5000))
    with pytest.raises(BadInput) as caught:
        load(path)
    why = re.search(r"（([^（）]*)）。$", caught.value.in_language("ja"))[1]
    assert not re.search("[A-Za-z]", why.replace("FFmpeg", "").replace("libsndfile", "")), why


def test_errors_of_the_system_have_japanese_words():
    for number, words in SYSTEM.items():
        error = OSError(number, os.strerror(number))
        assert reason_of(error) == (os.strerror(number), words)
        assert not words.isascii()
