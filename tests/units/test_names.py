"""Examples of names derived from recordings: safe, distinct, and unchanged if possible."""

from pathlib import Path

import pytest
from name_cases import HARD

from otowake.cli.each_file import folders_for
from otowake.io.names import safe_name
from otowake.results.checkpoint import Checkpoint


@pytest.mark.parametrize("name", HARD)
def test_a_folder_of_that_name_can_be_made_in_another(tmp_path, name):
    (tmp_path / safe_name(name)).mkdir()
    assert [path.name for path in tmp_path.iterdir()] == [safe_name(name)]


@pytest.mark.parametrize(
    "name",
    ["月光", "あ" * 83, "x" * 255, "Op. 27 No. 2", "名前 {x} %s $HOME", "é😀'", "-x", "CONCERTO"],
)
def test_ordinary_names_stay(name):
    assert safe_name(name) == name


def test_equal_stems_and_dots():
    files = ("..wav", "...mp3", "a/song.wav", "b/song.mp3", "SONG.flac", ".wav")
    assert [folder.name for folder in folders_for(files, Path("out"))] == [
        safe_name("."),
        safe_name(".."),
        "song",
        "song-2",
        "SONG-3",
        safe_name(".wav"),
    ]


@pytest.mark.parametrize("n", [78, 79, 81, 82, 85])
def test_a_checkpoint_of_any_name(tmp_path, n):
    saved = Checkpoint(tmp_path / f".{'あ' * n}.checkpoint", 60, "key")
    saved.write({"W": [1.0, 2.0]})
    assert len([*tmp_path.iterdir()]) == 1
    read = Checkpoint(tmp_path / f".{'あ' * n}.checkpoint", 60, "key").read()
    assert read is not None and read["W"].tolist() == [1, 2]
    saved.remove()
    assert [*tmp_path.iterdir()] == []
