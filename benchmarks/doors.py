"""Fuzz targets of ``benchmarks/fuzz.py``: everything that reads files."""

from __future__ import annotations

import contextlib
import io
import json
import random
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import otowake
from benchmarks.fuzz_files import BRUSH_STROKE, CHECKPOINTED
from otowake import cli
from otowake.cli.building import CANCELLED, FAILED, INCOMPLETE, OK, WRONG_USAGE
from otowake.cli.split import specs_from
from otowake.cluster.inputs import recordings
from otowake.cluster.manifest import MANIFEST, Manifest
from otowake.io.dictionary import load_dictionary
from otowake.io.midi import read_notes
from otowake.io.notes import read_table
from otowake.music.drums import onsets
from otowake.music.editing.component_edits import edit_components, is_component_edit
from otowake.music.players import recognizer
from otowake.music.transcription import transcriber
from otowake.options import FitSpec
from otowake.results.checkpoint import Checkpoint
from otowake.results.edits import read_edits
from otowake.results.recipe import Recipe
from otowake.results.report import write_report
from otowake.signal import spectrogram
from otowake.web.draft import COMPONENT_EDITS, RESTORE, drafted
from otowake.web.view import view_of
from otowake.web.worker import carry_out

Call = Callable[[Path, Path], Any]
"""Function of the folder of a damaged file, and of the file."""

CODES = {OK, FAILED, WRONG_USAGE, INCOMPLETE, CANCELLED}

SENTENCE = re.compile(r"(Error|Warning): [^\n]+\n")
"""Permitted output of a command to standard error."""

SLOW_SHARE = 0.1
"""Share of slow calls, which take seconds."""


class Worse(Exception):
    """The input was neither used nor refused with one sentence."""


class Refused(Exception):
    """The command refused the input with one sentence."""


@dataclass
class FuzzTarget:
    """A folder, and calls to run after one of its files has been damaged.

    Attributes
    ----------
    folder
        The undamaged folder.
    files
        Files to damage, relative to the folder.
    calls, slow
        Calls by name; slow ones run less often.
    needs
        Files to copy; all if empty.
    weight
        Relative number of inputs.
    """

    folder: Path
    files: Sequence[str]
    calls: Mapping[str, Call]
    slow: Mapping[str, Call] = field(default_factory=dict)
    needs: Sequence[str] = ()
    weight: int = 1

    def copied(self, target: Path) -> None:
        """Copy the folder to `target`."""
        if not self.needs:
            shutil.copytree(self.folder, target)
            return
        target.mkdir()
        for name in self.needs:
            shutil.copy(self.folder / name, target)

    def chosen(self, rng: random.Random, quick: bool) -> tuple[str, Call]:
        """Draw one of the calls."""
        calls = self.slow if self.slow and not quick and rng.random() < SLOW_SHARE else self.calls
        return rng.choice(list(calls.items()))


def command(*words: str) -> Call:
    """Make a call of the command line, with FOLDER, FILE and OUT replaced by their paths."""

    def call(folder: Path, file: Path) -> None:
        paths = {"FOLDER": folder, "FILE": file, "OUT": folder.parent / "out"}
        shutil.rmtree(paths["OUT"], ignore_errors=True)
        stderr, stdout = io.StringIO(), io.StringIO()
        code: Any = None
        with contextlib.redirect_stderr(stderr), contextlib.redirect_stdout(stdout):
            try:
                cli.main([_filled(word, paths) for word in words])
            except SystemExit as error:
                code = error.code or OK
        sentences = SENTENCE.sub("", stderr.getvalue())
        errors = len(re.findall("^Error: ", stderr.getvalue(), re.MULTILINE))
        if code not in CODES or sentences or errors != (code not in (OK, INCOMPLETE)):
            raise Worse(f"exit code {code}, standard error {stderr.getvalue()!r}")
        if code:
            raise Refused(stderr.getvalue())

    return call


def _filled(word: str, paths: Mapping[str, Path]) -> str:
    return re.sub("FOLDER|FILE|OUT", lambda name: str(paths[name[0]]), word)


def reads(read: Callable[[Path], Any]) -> dict[str, Call]:
    """Make the call of a function that reads the file."""
    return {"read": lambda folder, file: read(file)}


def fuzz_targets(folder: Path) -> dict[str, FuzzTarget]:
    """List the targets in a folder that :func:`benchmarks.fuzz_files.make` has filled, by name."""
    targets = {
        file.name: FuzzTarget(
            folder / "sounds", [file.name], reads(otowake.load), {"split": split("FILE")}
        )
        for file in sorted((folder / "sounds").iterdir())
    }
    for name, calls in _of_others(folder).items():
        targets[name] = FuzzTarget(folder / "others", [name], *calls, needs=(name, "clip.wav"))
    files = [*_files(folder / "result", "result"), *[f"result/{name}" for name in OFTEN] * 5]
    targets["result"] = FuzzTarget(
        folder / "result", files, *_of_results(folder / "result" / "result"), weight=12
    )
    targets["web"] = FuzzTarget(
        folder / "web",
        [f"result/{name}" for name in (COMPONENT_EDITS, *OFTEN)],
        *_of_the_web(),
        weight=6,
    )
    targets["draft.json"] = FuzzTarget(
        folder / "web",
        ["draft.json"],
        reads(lambda path: drafted(path.parent, EDITS)),
        needs=["draft.json"],
    )
    files = _files(folder / "archive", ".")
    files += [name for name in files if name.endswith((MANIFEST, *OFTEN))] * 5
    targets["archive"] = FuzzTarget(
        folder / "archive", files, {"table": command("archive", "table", "FOLDER")}, weight=3
    )
    return targets


OFTEN = (
    "analysis.json",
    "factors.npz",
    "stems.npz",
    "notes.csv",
    "given.csv",
    "edits.json",
    "detected/analysis.json",
)
"""Files of a result that are damaged more often than the others."""


def split(*words: str) -> Call:
    """Make the call of a short analysis by the command line."""
    few = ("--stages", "components", "--n-components", "2", "--max-iter", "2", "-o", "OUT")
    return command("split", *words, *few)


def _files(folder: Path, under: str) -> list[str]:
    return sorted(
        str(path.relative_to(folder)) for path in (folder / under).rglob("*") if path.is_file()
    )


def _of_others(made: Path) -> dict[str, tuple[dict[str, Call], dict[str, Call]]]:
    analysis = otowake.load_analysis(made / "result" / "result")
    V = spectrogram(otowake.load(made / "others" / "clip.wav")).values

    def edited(path: Path) -> Any:
        return otowake.apply_edits(analysis, read_edits(path))

    def painted(path: Path) -> Any:
        edits = read_edits(path)
        if isinstance(edits, list):
            edit_components(analysis, [edit for edit in edits if is_component_edit(edit)])

    def resumed(folder: Path, path: Path) -> Any:
        otowake.factorize(V, spec=CHECKPOINTED, resume=Checkpoint(path, 1, "key").read())

    def with_dictionary(folder: Path, path: Path) -> Any:
        recipe = Recipe(("components",), fit=FitSpec(max_iter=2)).with_dictionary(path)
        recipe.analyse(otowake.load(folder / "clip.wav"))

    def weights(load: Callable[[bytes], Any]) -> tuple[dict[str, Call], dict[str, Call]]:
        return reads(lambda path: load(path.read_bytes()) if path.is_file() else None), {}

    def listed(path: Path) -> list[Path]:
        return [*recordings([path], path.parent / "nowhere", lambda name, reason: None)]

    score = command("split", "FOLDER/clip.wav", "--stages", "notes", "--score", "FILE", "-o", "OUT")
    return {
        "notes.mid": (reads(read_notes), {"split --score": score}),
        "notes.tsv": (reads(read_table), {}),
        "edits.json": (reads(edited), {}),
        COMPONENT_EDITS: (reads(painted), {}),
        "dictionary.npz": (reads(load_dictionary), {"analyse": with_dictionary}),
        "options.toml": (
            reads(lambda path: specs_from(str(path), {})),
            {"split --options": split("FOLDER/clip.wav", "--options", "FILE")},
        ),
        "checkpoint.npz": ({"resume": resumed}, {}),
        "transcriber.npz": weights(transcriber.load_weights),
        "recognizer.npz": weights(recognizer.load_recognizer),
        "drums.npz": weights(onsets.load_weights),
        "list.csv": (reads(listed), {}),
        "list.parquet": (reads(listed), {}),
        MANIFEST: (reads(_looked_at), {}),
    }


def _looked_at(path: Path) -> None:
    manifest = Manifest(path.parent, read_only=True)
    try:
        with manifest.errors_translated():
            manifest.counts()
            for rows in (
                manifest.waiting(),
                manifest.unread(),
                manifest.all_paths(),
                manifest.all_done(),
            ):
                for _ in rows:
                    pass
    finally:
        manifest.close()


def _of_results(whole: Path) -> tuple[dict[str, Call], dict[str, Call]]:
    def without_sound(folder: Path, file: Path) -> None:
        """Remove the recording, to read the sounds of the folder."""
        path = folder / "result" / "analysis.json"
        if path.is_file() and not path.is_symlink():
            path.write_text(path.read_text(errors="replace").replace("clip.wav", "gone.wav"))
        otowake.load_analysis(folder / "result")

    def report(folder: Path, file: Path) -> None:
        write_report(
            otowake.load_analysis(folder / "result"),
            folder / "report.html",
            folder=folder / "result",
        )

    def figures(folder: Path, file: Path) -> None:
        otowake.save_analysis(otowake.load_analysis(folder / "result"), folder / "saved")

    return {
        "show": command("show", "FOLDER/result"),
        "load": lambda folder, file: otowake.load_analysis(folder / "result"),
        "load without sound": without_sound,
    }, {
        "compare": command("compare", "FOLDER/result", str(whole), "-o", "OUT.png"),
        "evaluate": command("evaluate", "FOLDER/result", "FOLDER/truth.mid", "-o", "OUT.png"),
        "edit": command("edit", "FOLDER/result"),
        "again": command("again", "FOLDER/result"),
        "report": report,
        "save": figures,
    }


EDITS: tuple[dict[str, Any], ...] = (
    {"do": "delete", "notes": [0]},
    {"do": "add", "onset_s": 0.2, "offset_s": 0.5, "midi": 64, "part": "flute"},
    {"do": "name", "component": 1, "name": "bell"},
    {"do": "paint", "component": 2, "belongs": False, **BRUSH_STROKE},
    RESTORE,
)


def _of_the_web() -> tuple[dict[str, Call], dict[str, Call]]:
    def view(folder: Path, file: Path) -> None:
        audio = otowake.load(folder / "sound")
        json.dumps(view_of(otowake.load_analysis(folder / "result"), audio, folder / "result"))

    def correct(folder: Path, file: Path) -> None:
        order = {
            "folder": str(folder),
            "sound": str(folder / "sound"),
            "name": "clip.wav",
            "options": {},
        }
        order |= {
            "sound_minutes": 1,
            "language": "ja",
            "edits": [EDITS[len(file.name) % len(EDITS)]],
        }
        carry_out(order, lambda fact: None)

    return {"view": view}, {"correct": correct}
