"""The command ``otowake song``, and the sources of a song by the network alone."""

import signal

import numpy as np
import pytest
import soundfile
from commands import run_here

import otowake
from otowake.music.song import masks as song_masks
from otowake.music.song.network import SOURCES
from otowake.results import sounds
from otowake.types import Audio

RATE = 44100


@pytest.fixture(scope="module")
def song() -> Audio:
    """Return a tone on the left, a deep one in the middle and clicks on the right."""
    t = np.arange(2 * RATE) / RATE
    rng = np.random.default_rng(0)
    clicks = 0.3 * rng.standard_normal(len(t)) * np.exp(-(t % 0.5) / 0.02)
    deep, tone = 0.2 * np.sin(2 * np.pi * 70 * t), 0.2 * np.sin(2 * np.pi * 900 * t)
    return Audio(np.stack([deep + tone, deep + clicks]).astype(np.float32), RATE)


@pytest.fixture(scope="module")
def recording(tmp_path_factory, song):
    path = tmp_path_factory.mktemp("music") / "song.wav"
    soundfile.write(path, song.samples.T, song.rate, subtype="FLOAT")
    return path


def read(path):
    return soundfile.read(path, dtype="float64", always_2d=True)[0].T


def test_the_sources_of_a_song_add_up_to_it_in_each_channel(song):
    for sound in (song, Audio(song.samples[:1], RATE), Audio(song.samples[[0, 1, 0]], RATE)):
        sources = otowake.separate_song(sound)
        assert list(sources) == list(SOURCES)
        total = sum(source.samples for source in sources.values())
        np.testing.assert_allclose(total, sound.samples, atol=1e-5)


def test_the_middle_and_the_side_have_masks_of_their_own(song, monkeypatch):
    def of_middle_and_side(values, weights):
        masks = np.zeros((2, len(SOURCES), *values.shape[:2]), np.float32)
        masks[0, 0] = masks[1, 2] = 1
        return masks

    monkeypatch.setattr(song_masks, "band_masks", of_middle_and_side)
    sources = otowake.separate_song(song)
    left, right = song.samples
    middle, side = (left + right) / 2, (left - right) / 2
    np.testing.assert_allclose(sources["vocals"].samples, [middle, middle], atol=1e-5)
    np.testing.assert_allclose(sources["drums"].samples, [side, -side], atol=1e-5)


def test_the_command_writes_sources_and_the_song_without_them(tmp_path, recording, song):
    done = run_here("song", recording, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "out" / "song"
    assert f"Results: {folder}" in done.stdout
    names = {*SOURCES, "without-vocals", "without-bass", "without-drums"}
    assert {path.stem for path in folder.iterdir()} == names
    sound = {path.stem: read(path) for path in folder.iterdir()}
    np.testing.assert_allclose(sum(sound[name] for name in SOURCES), song.samples, atol=1e-5)
    np.testing.assert_allclose(sound["bass"] + sound["without-bass"], song.samples, atol=1e-5)


def test_only_some_files_an_excerpt_and_a_bad_name(tmp_path, recording):
    given = ["song", recording, "-o", tmp_path / "out"]
    done = run_here(*given, "--only", "vocals, without-vocals", "--start", "0.5", "--duration", "1")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "out" / "song"
    assert sorted(path.stem for path in folder.iterdir()) == ["vocals", "without-vocals"]
    assert soundfile.info(folder / "vocals.flac").frames == RATE
    bad = run_here(*given, "--only", "voice")
    assert bad.returncode == 1
    assert bad.stderr.startswith("Error: only must be one of vocals, bass, drums, other, without-")


def test_an_earlier_folder_is_replaced_only_on_demand_and_if_it_has_nothing_else(
    tmp_path, recording
):
    given = ["song", recording, "-o", tmp_path, "--only", "bass"]
    assert run_here(*given).returncode == 0
    kept = run_here(*given)
    assert kept.returncode == 1 and "this result exists already" in kept.stderr
    replaced = run_here(*given[:-1], "drums", "--overwrite")
    assert replaced.returncode == 0
    assert [path.stem for path in (tmp_path / "song").iterdir()] == ["drums"]
    (tmp_path / "song" / "diary.txt").write_text("mine")
    refused = run_here(*given, "--overwrite")
    assert refused.returncode == 1 and "not a result of otowake" in refused.stderr
    assert (tmp_path / "song" / "diary.txt").exists()


def test_a_bad_file_does_not_cost_the_others(tmp_path, recording):
    (tmp_path / "bad.mp3").write_text("no music")
    files = [tmp_path / "bad.mp3", recording]
    done = run_here("song", *files, "-o", tmp_path / "out", "--only", "bass")
    assert done.returncode == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["song"]
    assert "1 of 2 files failed." in done.stderr


def test_stopping_leaves_nothing(tmp_path, recording, monkeypatch):
    blocks = sounds.song_blocks

    def interrupted(sound):
        for block in blocks(sound):
            signal.raise_signal(signal.SIGINT)
            yield block

    monkeypatch.setattr(sounds, "song_blocks", interrupted)
    done = run_here("song", recording, "-o", tmp_path / "out")
    assert done.returncode == 130
    assert not (tmp_path / "out").exists()
