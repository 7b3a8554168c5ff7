"""Damaged results: whatever replaces a file, every command prints one sentence and none hangs."""

import json
import shutil
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import soundfile
from damaged import damage

from benchmarks.damage import KINDS
from benchmarks.doors import EDITS, Refused, Worse, command
from otowake import BadInput, load_analysis
from otowake.nmf import factorize
from otowake.results.checkpoint import Checkpoint
from otowake.results.comparison import compare
from otowake.results.read import MEMBERS
from otowake.results.recipe import recipe_of
from otowake.web.worker import carry_out

pytestmark = pytest.mark.usefixtures("no_waiting")

NOT_FILES = sorted(KINDS.keys() - {"nothing", "empty"})


@pytest.fixture
def result(tmp_path, whole_files) -> Path:
    """Return a copy of a result with all files."""
    return Path(shutil.copytree(whole_files / "result" / "result", tmp_path / "result"))


def put(path: Path, kind: str) -> None:
    """Replace a file by something else."""
    path.unlink()
    KINDS[kind](path)


@pytest.mark.parametrize(
    "name", ["analysis.json", "factors.npz", "stems.npz", "notes.csv", "given.csv"]
)
@pytest.mark.parametrize("kind", KINDS)
def test_results_with_something_else_in_the_place_of_a_file(result, name, kind):
    put(result / name, kind)
    with pytest.raises(Refused, match=r"^Error: [^\n]+\n$"):
        command("show", "FOLDER")(result, result)
    with pytest.raises(BadInput):
        load_analysis(result)


@pytest.mark.parametrize("kind", NOT_FILES)
def test_corrections_that_are_no_file(result, kind):
    put(result / "edits.json", kind)
    with pytest.raises(Refused, match=r"^Error: [^\n]+edits.json[^\n]+\n$"):
        command("edit", "FOLDER")(result, result)


@pytest.mark.parametrize("sounds", ["components", "stems"])
@pytest.mark.parametrize("kind", NOT_FILES)
def test_sounds_of_a_result_that_are_no_files(result, sounds, kind):
    """Where the recording is gone, they are all there is to hear."""
    gone(result)
    if sounds == "stems":
        shutil.rmtree(result / "components")
    put(next((result / sounds).iterdir()), kind)
    with pytest.raises(BadInput, match="not a result folder"):
        load_analysis(result)


def gone(result: Path) -> None:
    """Let a result no longer find its recording."""
    path = result / "analysis.json"
    path.write_text(path.read_text().replace("clip.wav", "gone.wav"))


def test_a_sound_is_as_long_as_its_recording_and_finite(result):
    gone(result)
    shutil.rmtree(result / "stems")
    audio = load_analysis(result).audio
    path = next((result / "components").iterdir())
    samples, rate = soundfile.read(path)
    path.unlink()
    for wrong in (
        samples[1:],
        np.append(samples, 0),
        np.full(len(samples), np.nan),
        np.stack([samples] * 2, 1),
    ):
        soundfile.write(path.with_suffix(".wav"), wrong, rate, subtype="FLOAT")
        with pytest.raises(BadInput, match=r"differs from the recording|not finite"):
            load_analysis(result)
    soundfile.write(path.with_suffix(".wav"), samples, rate, subtype="FLOAT")
    np.testing.assert_allclose(load_analysis(result).audio.samples, audio.samples, atol=1e-6)


SHAPES, VALUES = (
    ("empty", "one more axis", "words", "complex", "bool", "float16", "longdouble"),
    ("nan", "inf", "-1"),
)


def with_arrays(path: Path, **changed: np.ndarray) -> None:
    with np.load(path) as file:
        arrays = dict(file)
    np.savez(path, allow_pickle=False, **{**arrays, **changed})


def cases():
    """Each array of factors.npz with each damage that its description forbids."""
    for name, member in MEMBERS.items():
        for how in (*SHAPES, "longer", *VALUES):
            allowed = (
                (how == "-1" and member.least is None and "f" in member.kinds)
                or (how in VALUES and not member.finite)
                or (name == "screening_losses" and how in ("longer", "empty"))
            )
            if not allowed:
                yield pytest.param(name, how, id=f"{name}-{how}")


@pytest.mark.parametrize(("name", "how"), [*cases()])
def test_arrays_of_a_result_that_are_not_what_they_must_be(result, name, how):
    curve = {"curve_numbers": np.arange(1.0, 4), "curve_losses": np.ones((3, 3))}
    with_arrays(result / "factors.npz", **curve)
    load_analysis(result, sound=False)
    with np.load(result / "factors.npz") as file:
        values = file[name]
    with_arrays(result / "factors.npz", **{name: damage(values, how)})
    with pytest.raises(BadInput, match="not a result folder"):
        load_analysis(result, sound=False)
    if how not in ("longer", "empty"):  # of an axis that no other array has
        with pytest.raises(BadInput, match="not a result folder"):
            compare(result, result)


@pytest.mark.parametrize("how", [*SHAPES, *VALUES])
@pytest.mark.parametrize("name", ["scale", "first", "W0", "H0", "D0", "G0", "spans0"])
def test_arrays_of_stems_that_are_not_what_they_must_be(result, name, how):
    with np.load(result / "stems.npz") as file:
        values = file[name]
    with_arrays(result / "stems.npz", **{name: damage(values, how)})
    with pytest.raises(BadInput, match="not a result folder"):
        load_analysis(result, sound=False)


@pytest.mark.parametrize("how", ["nan", "words"])
@pytest.mark.parametrize("name", ["factors.npz", "stems.npz"])
def test_every_command_gives_one_sentence_for_damaged_arrays(
    tmp_path, whole_files, result, name, how
):
    with np.load(result / name) as file:
        values = file["W" if name == "factors.npz" else "W0"]
    with_arrays(result / name, **{"W" if name == "factors.npz" else "W0": damage(values, how)})
    whole_result, truth = whole_files / "result" / "result", whole_files / "result" / "truth.mid"
    for words in (
        ("show", "FOLDER"),
        ("compare", "FOLDER", str(whole_result), "-o", "OUT.png"),
        ("compare", str(whole_result), "FOLDER", "-o", "OUT.png"),
        ("edit", "FOLDER"),
        ("evaluate", "FOLDER", str(truth), "-o", "OUT.png"),
    ):
        with pytest.raises(Refused, match=r"^Error: [^\n]+\n$"):
            command(*words)(result, result)
    shutil.copy(whole_files / "result" / "clip.wav", tmp_path / "sound")
    order = {
        "folder": str(tmp_path),
        "sound": str(tmp_path / "sound"),
        "name": "x.wav",
        "options": {},
    }
    order |= {"sound_minutes": 1, "language": "en", "edits": [EDITS[0]]}
    with pytest.raises(BadInput, match="not a result folder"):
        carry_out(order, lambda fact: None)


def test_a_result_made_again_is_compared_with_arrays_that_are_whole(result):
    with_arrays(result / "factors.npz", losses=np.zeros(0), iterations=np.zeros(0, int))
    with pytest.raises(Refused, match=r"^Error: [^\n]+\n$"):
        command("again", "FOLDER")(result, result)


FACTS = [
    ("tuning_hz", True),
    ("tuning_hz", "440"),
    ("tuning_hz", 10**400),
    ("tuning_hz", -1),
    ("scale", 0),
    ("stages", ["x"]),
    ("stages", None),
    ("options", []),
    ("components", 3),
    ("components.0", None),
    ("components.0.energy", True),
    ("components.0.start", -1),
    ("components.0.end", 1e300),
    ("components.0.name", "\x1b[2J"),
    ("components.0.name", "\ud800"),
    ("components.0.pitch", {"hz": 440, "midi": 1000, "cents": 0, "confidence": 1}),
    ("components.0.pitch", {"hz": 440, "midi": 69.5, "cents": 0, "confidence": 1}),
    ("components.0.pitch", {"hz": 440, "midi": 69, "cents": 0, "confidence": 2}),
    ("stop", {"reason": "x", "facts": {}}),
    ("stop.facts", {}),
    ("stop.facts.n", "x"),
    ("chords.0", {"onset": -1, "offset": 1, "name": "C"}),
    ("chords.0", {"onset": 0, "offset": 1, "name": ["C"]}),
    ("key", {"tonic": 12, "mode": "major", "confidence": 1}),
    ("key", {"tonic": 0, "mode": "dorian", "confidence": 1}),
    ("rhythm", {"tempo": 0, "beats": [0, 1], "metre": 4, "downbeat": 0}),
    ("rhythm", {"tempo": 60, "beats": [1, 0], "metre": 4, "downbeat": 0}),
    ("rhythm", {"tempo": 60, "beats": [0, 1], "metre": 0, "downbeat": 0}),
    ("rhythm", {"tempo": 60, "beats": [0, 1], "metre": 4, "downbeat": 4}),
    ("ids", [0, 1, 1, 2, 3, 4]),
    ("ids", [True, 1, 2, 3, 4, 5]),
    ("pitch_contours", 3),
    ("pitch_contours", None),
    ("pitch_contours", [[0, 0]]),
    ("pitch_contours", {"x": []}),
    ("pitch_contours", {"99": [[0, 0]]}),
    ("pitch_contours", {"-1": [[0, 0]]}),
    ("pitch_contours", {"0": 1}),
    ("pitch_contours", {"0": [1]}),
    ("pitch_contours", {"0": [[0, 0, 0]]}),
    ("pitch_contours", {"0": [[0, True]]}),
    ("pitch_contours", {"0": [[0, 1e9]]}),
    ("pitch_contours", {"0": [[-1, 0]]}),
    ("pitch_contours", {"0": [[900, 0]]}),
    ("pitch_contours", {"0": [[0.1, 0], [0, 0]]}),
    ("parts.0.name", ".."),
    ("parts.0.name", "other"),
    ("parts.0.notes", [10**30]),
    ("parts.0.notes", [0, 0]),
    ("parts.0.notes", [-1]),
    ("parts.0.instrument", "kazoo"),
    ("parts.0.probabilities", {"violin": 2}),
    ("parts.0.probabilities", [1]),
    ("parts.0.shared", [[0, 2, -1]]),
    ("parts.0.shared", [[0, 0.5, 1]]),
    ("parts.0.shared", [[99, 0.5, -1]]),
    ("edits", [{"do": "nothing"}]),
    ("edits", {}),
    ("given", {"file": "../given.csv"}),
    ("given", [1]),
    ("input.samples", 0),
    ("input.samples", True),
    ("input.channels", "2"),
    ("input.rate", 0),
    ("input.rate", 2_000_001),
    ("input.name", 1),
    ("input.path", "a\0b"),
    ("input.sha256", None),
    ("input.start", -1),
    ("input.duration", "x"),
]


def with_fact(result: Path, where: str, value: object) -> None:
    facts = json.loads((result / "analysis.json").read_text())
    inside, *keys = facts, *where.split(".")
    for key in keys[:-1]:
        inside = inside[int(key) if key.isdigit() else key]
    inside[int(keys[-1]) if keys[-1].isdigit() else keys[-1]] = value
    (result / "analysis.json").write_text(json.dumps(facts))


@pytest.mark.parametrize(("where", "value"), FACTS)
def test_values_of_a_result_that_are_not_what_they_must_be(result, where, value):
    with_fact(result, where, value)
    with pytest.raises(BadInput, match="not a result folder") as refused:
        load_analysis(result)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("where", "value"),
    [("input.path", 1), ("input.sha256", None), ("otowake", 1), ("input.start", "x")],
)
def test_recipes_that_are_not_what_they_must_be(result, where, value):
    with_fact(result, where, value)
    with pytest.raises(BadInput, match="not a result folder"):
        recipe_of(result)


@pytest.mark.parametrize("name", ["notes.csv", "given.csv", "detected/notes.csv"])
def test_tables_of_a_result_that_are_cut_short(result, name):
    lines = (result / name).read_text().splitlines(keepends=True)
    (result / name).write_text("".join(lines[:-1]))
    with pytest.raises(BadInput, match="not a result folder"):
        load_analysis(result)


def test_names_that_look_like_markup_are_shown_as_they_are(result, capsys):
    with_fact(result, "parts.0.name", "violin-[red]-[bold")
    command("show", "FOLDER")(result, result)


@pytest.mark.parametrize(
    "row", ["0,1,60,0.5,nan,1", "0,1,60,0.5,0,nan", "0,1,60,0.5,0,1.5", "0,1,60,0.5,inf,1"]
)
def test_notes_with_values_that_no_note_has(result, row):
    (result / "notes.csv").write_text(f"onset,offset,midi,velocity,cents,confidence\n{row}\n")
    with pytest.raises(BadInput, match="no note has"):
        load_analysis(result)


def test_arrays_come_back_in_the_order_of_bytes_of_the_machine(result):
    with np.load(result / "factors.npz") as file:
        W = file["W"]
    with_arrays(result / "factors.npz", W=W.astype(">f4"))
    loaded = load_analysis(result, sound=False).fitted().W
    assert loaded.dtype == np.dtype("=f4")
    np.testing.assert_array_equal(loaded, W)


def test_the_fuzzer_finds_what_is_no_sentence(result, monkeypatch):
    monkeypatch.setattr(
        "otowake.summary.note_lines", lambda *given: print("more", file=sys.stderr) or []
    )
    with pytest.raises(Worse, match="more"):
        command("show", "FOLDER")(result, result)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        *product(("losses", "iterations", "state0"), ("empty", "nan", "words", None)),
        *product(["iterations"], ("1e300", "1e9", "39.5", "1", "-10")),
    ],
)
def test_checkpoints_that_are_not_what_they_must_be(tmp_path, planted, name, how):
    states = []
    factorize(
        planted,
        n_components=2,
        max_iter=40,
        tol=0,
        watch=lambda now: bool(states.append(now.state())),
    )
    state = {key: np.asarray(value) for key, value in states[-1].items()}
    factorize(planted, n_components=2, max_iter=40, tol=0, resume=state)
    other_state = (
        {**state, name: damage(state[name], how)}
        if how
        else {k: v for k, v in state.items() if k != name}
    )
    Checkpoint(tmp_path / "x", 1, "key").write(other_state)
    with pytest.raises(BadInput, match="the checkpoint belongs to another"):
        factorize(
            planted,
            n_components=2,
            max_iter=40,
            tol=0,
            resume=Checkpoint(tmp_path / "x", 1, "key").read(),
        )
