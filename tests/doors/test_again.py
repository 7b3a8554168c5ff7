"""Reproduction of a result from its own recipe: bit-identical, or with a list of differences."""

import json
import shutil

import mido
import numpy as np
import pytest
from archives import FAST, clip
from commands import run_here, run_process

import otowake as library
from otowake.errors import BadInput
from otowake.options import FitSpec, LoadSpec
from otowake.results.comparison import compare
from otowake.results.recipe import GIVEN, Recipe, given_table, read_given, recipe_of
from otowake.types import Note


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """Return a result of one clip, and the clip."""
    parent = tmp_path_factory.mktemp("original")
    path = clip(parent / "clip.wav", 3)
    done = run_here("split", path, "-o", parent / "out", *FAST, "--seed", 9, "--start", 0.05)
    assert done.returncode == 0, done.stderr
    return parent / "out" / "clip", path


@pytest.fixture
def result(original, tmp_path):
    """Return a copy of the original to be changed."""
    folder, path = original
    shutil.copytree(folder, tmp_path / "clip")
    shutil.copy(path, tmp_path / "clip.wav")
    facts = json.loads((folder / "analysis.json").read_text())
    facts["input"]["path"] = str(tmp_path / "clip.wav")
    (tmp_path / "clip" / "analysis.json").write_text(json.dumps(facts))
    return tmp_path / "clip", tmp_path / "clip.wav"


def test_a_reproduction_with_the_same_number_of_threads_is_bit_identical(tmp_path):
    path, folder = clip(tmp_path / "clip.wav", 3), tmp_path / "out" / "clip"
    done = run_process("split", path, "-o", folder.parent, *FAST, NPROC="1")
    assert done.returncode == 0, done.stderr
    assert json.loads((folder / "analysis.json").read_text())["made_with"]["threads"] == 1
    done = run_process("again", folder, NPROC="2")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "The same, bit for bit: factors.npz, components.csv, analysis.json.\n"


def test_a_reproduction_can_be_kept(result):
    folder, _ = result
    kept = run_here("again", folder, "-o", folder.parent / "again", "--lang", "ja")
    assert kept.returncode == 0 and kept.stdout.startswith("ビット単位で一致しました")
    assert (folder.parent / "again" / "figure.png").is_file()
    assert compare(folder, folder.parent / "again").same


def test_a_corrected_result_is_reproduced(result):
    folder, _ = result
    library.edit_folder(folder, [{"do": "name", "component": 1, "name": "left hand"}])
    done = run_here("again", folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "The same, bit for bit: factors.npz, components.csv, analysis.json.\n"


def test_differences_are_reported(result):
    folder, path = result
    with np.load(folder / "factors.npz") as arrays:
        kept = dict(arrays)
    np.savez(folder / "factors.npz", **{**kept, "W": kept["W"] * np.float32(1 + 1e-5)})
    near = run_here("again", folder)
    assert near.returncode == 0
    assert near.stdout.startswith("Not identical, but close: W·H differs by 1e-05 of its norm")
    np.savez(folder / "factors.npz", **{**kept, "W": kept["W"] * np.float32(1.5)})
    far = run_here("again", folder)
    assert far.returncode == 1 and far.stdout.startswith(
        "Different: W·H differs by 0.3 of its norm"
    )
    clip(path, 4)
    another = run_here("again", folder)
    assert another.returncode == 1 and "this is not the file that was analysed" in another.stderr
    path.unlink()
    gone = run_here("again", folder)
    assert gone.returncode == 1 and "there is no such file" in gone.stderr


def test_a_given_score_is_stored_for_the_reproduction(tmp_path):
    score = mido.MidiFile(library.demo_path().with_suffix(".mid"))
    score.save(tmp_path / "score.mid")
    options = ["--score", tmp_path / "score.mid", "--stages", "notes", "--duration", 3]
    done = run_here("split", library.demo_path(), "-o", tmp_path, *options)
    assert done.returncode == 0, done.stderr
    (tmp_path / "score.mid").unlink()
    again = run_here("again", tmp_path / "demo")
    assert again.stdout == "The same, bit for bit: notes.csv, chords.csv, analysis.json.\n", (
        again.stderr
    )
    assert library.load_analysis(tmp_path / "demo").score == recipe_of(tmp_path / "demo")[0].score
    (tmp_path / "demo" / GIVEN).unlink()
    assert run_here("again", tmp_path / "demo").returncode == 1


def test_recipes_keep_every_digit_and_digests_ignore_unused_options():
    notes = [
        Note(1 / 3, 2 / 3, 60, 0.1 + 0.2, 40, False, instrument="violin"),
        Note(1, 2, 36, is_drum=True),
    ]
    recipe = Recipe(("components",), LoadSpec(start=0.1), fit=FitSpec(tol=1e-7), score=tuple(notes))
    assert Recipe.of(json.loads(json.dumps(recipe.facts())), notes) == recipe
    other = Recipe(("components",), LoadSpec(start=0.1), fit=FitSpec(tol=2e-7), score=tuple(notes))
    assert recipe.digest() != other.digest()
    assert Recipe(("notes",), fit=FitSpec(seed=1)).digest() == Recipe(("notes",)).digest()


def test_given_notes_are_read_as_they_were_written(tmp_path):
    notes = [
        Note(1 / 3, 2 / 3, 60, 0.1 + 0.2, 40, False, instrument="violin"),
        Note(1, 2, 36, is_drum=True),
    ]
    (tmp_path / GIVEN).write_text(given_table(notes))
    assert read_given(tmp_path, {"file": GIVEN}) == notes
    with pytest.raises(ValueError, match=r"not in given\.csv"):
        read_given(tmp_path, {"file": "other.csv"})


@pytest.mark.parametrize("file", ["../given.csv/../../x", "/etc/passwd", "given.csv"])
def test_results_that_cannot_be_reproduced(tmp_path, result, file):
    folder, _ = result
    facts = json.loads((folder / "analysis.json").read_text())
    (folder / "analysis.json").write_text(json.dumps({**facts, "given": {"file": file}}))
    with pytest.raises(BadInput, match="not a result folder"):
        recipe_of(folder)
    (folder / "analysis.json").write_text(json.dumps({**facts, "stop": {"reason": "cancelled"}}))
    with pytest.raises(BadInput, match="stopped by the user"):
        recipe_of(folder)
    (folder / "analysis.json").write_text(
        json.dumps({**facts, "input": {"start": 0, "duration": None}})
    )
    with pytest.raises(BadInput, match="does not record its input file"):
        recipe_of(folder)
    shutil.rmtree(folder)
    with pytest.raises(BadInput, match=r"analysis\.json is missing"):
        recipe_of(folder)
