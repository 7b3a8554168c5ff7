"""Manual corrections of a result folder: read back, corrected, or unchanged after an error."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import otowake
from otowake import BadInput, edit_folder, load_analysis, save_analysis
from otowake.cli import main
from otowake.untrusted import MOST_JSON as MOST_BYTES

MOVE = {"do": "move", "notes": [0, 2], "part": "flute"}
ADD = {"do": "add", "onset_s": 1.2, "offset_s": 1.4, "midi": 79, "part": "accordion"}


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    audio = otowake.load(otowake.demo_path(), duration=3)
    path = tmp_path_factory.mktemp("in") / "scale.wav"
    soundfile.write(path, audio.samples.T, audio.rate, subtype="PCM_16")
    return path


@pytest.fixture(scope="module")
def analysis(recording):
    return otowake.analyse(otowake.load(recording), n_components=3, max_iter=10)


@pytest.fixture(scope="module")
def kept(analysis, tmp_path_factory):
    return save_analysis(analysis, tmp_path_factory.mktemp("out") / "scale")


@pytest.fixture
def folder(kept, tmp_path):
    return Path(shutil.copytree(kept, tmp_path / "scale"))


def contents(folder):
    return {
        path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def stems(folder):
    return {
        path.stem: soundfile.read(path, always_2d=True)[0] for path in (folder / "stems").iterdir()
    }


def test_a_folder_read_back_sounds_the_same(kept, analysis):
    again = load_analysis(kept)
    assert again.stages == analysis.stages
    for mine, theirs in zip(
        (*again.notes[:2], *again.parts), (*analysis.notes[:2], *analysis.parts), strict=True
    ):
        np.testing.assert_array_equal(mine.audio().samples, theirs.audio().samples)
    for mine, theirs in zip(again.stems(), analysis.stems(), strict=True):
        np.testing.assert_array_equal(np.stack(mine), np.stack(theirs))


@pytest.mark.parametrize("left", ["components", "stems"])
def test_without_the_recording_the_sound_is_the_sum_of_its_parts(folder, recording, left):
    facts = json.loads((folder / "analysis.json").read_text())
    facts["input"]["path"] = "/nowhere/scale.wav"
    (folder / "analysis.json").write_text(json.dumps(facts))
    shutil.rmtree(folder / ("stems" if left == "components" else "components"))
    again = load_analysis(folder)
    sound = soundfile.read(recording, always_2d=True)[0]
    np.testing.assert_allclose(again.audio.samples.T, sound, atol=1e-5)
    assert again.audio.source.path == "/nowhere/scale.wav"
    edit_folder(folder, [MOVE])
    np.testing.assert_allclose(sum(stems(folder).values()), sound, atol=1e-5)
    assert json.loads((folder / "analysis.json").read_text())["input"] == facts["input"]


def test_the_command_corrects_a_folder_and_restores_the_original(
    folder, recording, tmp_path, capsys
):
    before = contents(folder)
    mine = tmp_path / "mine.json"
    mine.write_text(json.dumps({"version": 1, "edits": [MOVE, ADD]}), encoding="utf-8-sig")
    with pytest.raises(SystemExit) as ended:
        main(["edit", str(folder), "--edits", str(mine)])
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert "Corrections applied: 2\n" in printed and "Notes: 6" in printed
    assert re.search(r"flute +2 ", printed)
    assert set(stems(folder)) == {"accordion", "flute", "other"}
    np.testing.assert_allclose(
        sum(stems(folder).values()), soundfile.read(recording, always_2d=True)[0], atol=1e-5
    )
    assert json.loads((folder / "edits.json").read_text())["edits"] == [MOVE, ADD]
    assert "1.2000,1.4000,79,G5,,0.800,1.000,accordion,5" in (folder / "notes.csv").read_text()

    again = load_analysis(folder)
    assert [note.id for note in again.notes] == [0, 1, 5, 2, 3, 4]
    assert again.edits == (MOVE, ADD) and len(again.detected.notes) == 5
    edited = otowake.apply_edits(again, again.edits)
    assert edited.notes == again.notes
    for mine_, theirs in zip(edited.parts, again.parts, strict=True):
        np.testing.assert_array_equal(mine_.audio().samples, theirs.audio().samples)
    np.testing.assert_array_equal(
        sum(stems(folder).values()) - stems(folder)["other"] - stems(folder)["accordion"],
        stems(folder)["flute"],
    )

    (folder / "edits.json").write_text("[]")
    with pytest.raises(SystemExit) as ended:
        main(["edit", str(folder)])
    assert ended.value.code == 0
    after = contents(folder)
    for files in before, after:
        score = files.pop(Path("score.musicxml"), b"")
        files["score"] = re.sub(rb' id="P[0-9a-f]+"', b"", score)  # music21 draws its ids
    assert after == before
    assert [path.name for path in folder.parent.iterdir() if path.name.startswith(".")] == []


def test_files_that_do_not_follow_from_the_notes_are_kept(folder):
    (folder / "mine.txt").write_text("x")
    before = {path.name: path.read_bytes() for path in (folder / "components").iterdir()}
    edited = edit_folder(folder, [{"do": "name", "component": 1, "name": "../ a"}])
    assert edited.components[0].name == "../ a" == load_analysis(folder).components[0].name
    assert (folder / "mine.txt").read_text() == "x"
    assert {path.name: path.read_bytes() for path in (folder / "components").iterdir()} == before
    assert "../ a" in (folder / "components.csv").read_text()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file is empty"),
        (b"{", "it must be JSON"),
        (b"\xff\xfe", "it must be JSON"),
        (b"[" * 200_000, "it must be JSON"),
        (b"[" + b" " * MOST_BYTES + b"]", "it is larger than 16 MiB"),
        (b'{"version": 1, "edits": 5}', "corrections must be"),
        (b'{"version": 9, "edits": []}', "corrections must be"),
        (
            b'[{"do": "move", "notes": [0], "part": "../../etc/passwd"}]',
            "edit 1 (move): part must be",
        ),
        (
            b'[{"do": "delete", "notes": [0]}, {"do": "delete", "notes": [0]}]',
            "edit 2 (delete): notes must be",
        ),
        (b'[{"do": "change", "note": 0, "midi": 1e999}]', "1e999 is not a finite number"),
        (b'[{"do": "change", "note": 0, "velocity": NaN}]', "NaN is not a finite number"),
    ],
)
def test_a_bad_file_is_one_sentence_and_changes_nothing(folder, content, sentence, capsys):
    (folder / "edits.json").write_bytes(content)
    before = contents(folder)
    with pytest.raises(SystemExit) as ended:
        main(["edit", str(folder)])
    assert ended.value.code == 1
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.startswith("Error: ") and sentence in printed.err
    assert printed.err.count("\n") == 1 and len(printed.err) < 600
    assert contents(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == ["scale"]


def test_without_a_file_or_a_result(folder, tmp_path):
    with pytest.raises(BadInput, match=r"edits\.json: there is no such file yet") as refused:
        edit_folder(folder)
    (folder / "edits.json").write_text(str(refused.value).split("such as ")[1])
    assert [part.name for part in edit_folder(folder).parts] == ["violin"]
    with pytest.raises(BadInput, match="not a result folder"):
        edit_folder(tmp_path, [])


def test_when_it_cannot_be_written_nothing_is_lost(folder, monkeypatch):
    before = contents(folder)

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("otowake.results.files.write_note_factors", full)
    with pytest.raises(otowake.OtowakeError, match="No space left"):
        edit_folder(folder, [MOVE])
    assert contents(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == ["scale"]


@pytest.mark.parametrize("name", ["scale", "W0", "H0", "spans0", "first"])
def test_damaged_factors_are_refused(folder, name):
    with np.load(folder / "stems.npz") as file:
        arrays = dict(file)
    worse = {
        "scale": np.float64("nan"),
        "W0": arrays["W0"][:5],
        "H0": -arrays["H0"],
        "spans0": arrays["spans0"] + 1000,
        "first": arrays["first"] - 1,
    }
    np.savez(folder / "stems.npz", **{**arrays, name: worse[name]})
    with pytest.raises(BadInput, match="not a result folder"):
        load_analysis(folder)


def test_as_a_process(folder):
    done = subprocess.run(
        [sys.executable, "-m", "otowake", "edit", str(folder), "--lang", "ja"],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    missing = folder / "edits.json"
    sentence = "ファイルがまだありません。次のような修正を書き、この名前で保存してください: "
    example = '{"version": 1, "edits": [{"do": "instrument", "part": "accordion", "instrument": '
    assert done.stderr == f'エラー: {missing}: {sentence}{example}"violin"}}]}}\n'
