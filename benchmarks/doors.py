"""What ``benchmarks/fuzz.py`` damages, and what it does with it: small real files of every kind,
and everything that reads them."""

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

import av
import numpy as np
import soundfile

import otowake
from otowake import cli
from otowake.cli.building import CANCELLED, FAILED, INCOMPLETE, OK, WRONG_USAGE
from otowake.cli.split import specs_from
from otowake.cluster.inputs import recordings
from otowake.cluster.manifest import FILE, Manifest
from otowake.io.audio import sha256
from otowake.io.dictionary import Dictionary, load_dictionary, save_dictionary
from otowake.io.midi import read_notes, write_notes
from otowake.io.notes import read_table
from otowake.music.drums import onsets
from otowake.music.editing.component_edits import edit_components, is_component_edit
from otowake.music.players import recognizer
from otowake.music.transcription import transcriber
from otowake.options import FitSpec
from otowake.results.checkpoint import Checkpoint
from otowake.results.edits import edit_folder, read_edits
from otowake.results.recipe import Recipe
from otowake.results.report import write_report
from otowake.runtime import keep_compiled_programs
from otowake.signal import spectrogram
from otowake.types import Audio
from otowake.web.draft import COMPONENT_EDITS, RESTORE, drafted, write_draft
from otowake.web.view import view_of, write_view
from otowake.web.work import carry_out

Call = Callable[[Path, Path], Any]
"""Something done with a damaged file, which gets the folder that it is in and the file."""

CODES = {OK, FAILED, WRONG_USAGE, INCOMPLETE, CANCELLED}

SENTENCE = re.compile(r"(Error|Warning): [^\n]+\n")
"""What a command may print to standard error."""

SLOW = 0.1
"""How often something that takes seconds is done, against what takes less."""


class Worse(Exception):
    """What was neither used nor refused with one sentence."""


class Refused(Exception):
    """A command's sentence."""


@dataclass
class Door:
    """A folder of which one of the `files` is damaged, and what is done with it, by name; it
    `needs` all files, or some; it has `weight` times as many inputs as others."""

    folder: Path
    files: Sequence[str]
    calls: Mapping[str, Call]
    slow: Mapping[str, Call] = field(default_factory=dict)
    needs: Sequence[str] = ()
    weight: int = 1

    def copied(self, place: Path) -> None:
        """Copy the folder to `place`."""
        if not self.needs:
            shutil.copytree(self.folder, place)
            return
        place.mkdir()
        for name in self.needs:
            shutil.copy(self.folder / name, place)

    def chosen(self, chance: random.Random, quick: bool) -> tuple[str, Call]:
        """One of the calls."""
        of = self.slow if self.slow and not quick and chance.random() < SLOW else self.calls
        return chance.choice(list(of.items()))


def command(*words: str) -> Call:
    """A command of the program, in which FOLDER, FILE and OUT stand for what they say."""

    def call(folder: Path, file: Path) -> None:
        places = {"FOLDER": folder, "FILE": file, "OUT": folder.parent / "out"}
        shutil.rmtree(places["OUT"], ignore_errors=True)
        told, said = io.StringIO(), io.StringIO()
        code: Any = None
        with contextlib.redirect_stderr(told), contextlib.redirect_stdout(said):
            try:
                cli.main([_filled(word, places) for word in words])
            except SystemExit as error:
                code = error.code or OK
        sentences = SENTENCE.sub("", told.getvalue())
        errors = len(re.findall("^Error: ", told.getvalue(), re.MULTILINE))
        if code not in CODES or sentences or errors != (code not in (OK, INCOMPLETE)):
            raise Worse(f"exit code {code}, standard error {told.getvalue()!r}")
        if code:
            raise Refused(told.getvalue())

    return call


def _filled(word: str, places: Mapping[str, Path]) -> str:
    return re.sub("FOLDER|FILE|OUT", lambda name: str(places[name[0]]), word)


def reads(read: Callable[[Path], Any]) -> dict[str, Call]:
    """One call: a function that reads the file."""
    return {"read": lambda folder, file: read(file)}


def make(folder: Path) -> None:
    """Make every kind of file that is read, small and whole."""
    keep_compiled_programs()
    folder.mkdir()
    clip = otowake.load(otowake.demo_path(), start=1, duration=1)
    notes = read_notes(otowake.demo_path().with_suffix(".mid"))
    for name, given in {
        "sounds": lambda place: _make_sounds(place, clip),
        "result": lambda place: _make_result(place, clip, notes),
        "others": lambda place: _make_others(place, clip, notes),
        "web": lambda place: _make_web(place, folder / "result"),
        "archive": lambda place: _make_archive(place, folder / "result"),
    }.items():
        (folder / name).mkdir()
        given(folder / name)


def _make_sounds(place: Path, clip: Audio) -> None:
    for kind in ("wav", "flac", "ogg", "mp3"):
        soundfile.write(place / f"clip.{kind}", clip.samples.T, clip.rate)
    for kind, codec in (("m4a", "aac"), ("wma", "wmav2"), ("mka", "flac")):
        _write_media(place / f"clip.{kind}", codec, clip)


def _write_media(path: Path, codec: str, audio: Audio) -> None:
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=audio.rate, layout="mono", bit_rate=96_000)
        frame = av.AudioFrame.from_ndarray(
            audio.mono().astype(np.float32)[None], format="fltp", layout="mono"
        )
        frame.sample_rate, frame.pts = audio.rate, 0
        for packet in (*stream.encode(frame), *stream.encode(None)):
            out.mux(packet)


def _make_result(place: Path, clip: Audio, notes: Sequence[otowake.Note]) -> None:
    """A result with everything that one can have: a score, stems, a report, and corrections."""
    soundfile.write(place / "clip.wav", clip.samples.T, clip.rate, subtype="FLOAT")
    drums = [otowake.Note(onset, onset + 0.1, 36, is_drum=True) for onset in (0.1, 0.4, 0.7)]
    analysis = otowake.analyse(
        otowake.load(place / "clip.wav"), n_components=3, max_iter=5, score=[*notes[:2], *drums]
    )
    otowake.save_analysis(analysis, place / "result")
    write_notes(notes[:2], place / "truth.mid")
    edits = [
        {"do": "add", "onset_s": 0.1, "offset_s": 0.6, "midi": 60, "part": analysis.parts[0].name}
    ]
    edit_folder(place / "result", edits)
    (place / "result" / "edits.json").write_text(json.dumps({"version": 1, "edits": edits}))


STROKE = {"start_s": 0.2, "end_s": 0.5, "low_hz": 200, "high_hz": 900}


def _make_others(place: Path, clip: Audio, notes: Sequence[otowake.Note]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    soundfile.write(place / "clip.wav", clip.samples.T, clip.rate)
    write_notes(notes, place / "notes.mid")
    shutil.copy(otowake.demo_path().with_suffix(".notes.tsv"), place / "notes.tsv")
    edits = [{"do": "delete", "notes": [0]}]
    (place / "edits.json").write_text(json.dumps({"version": 1, "edits": edits}))
    rounds = [
        {"do": "merge", "components": [1, 2]},
        {"do": "paint", "component": 3, "belongs": False, **STROKE},
    ]
    (place / COMPONENT_EDITS).write_text(json.dumps(rounds))
    V = spectrogram(clip)
    fit = otowake.factorize(V.values, n_components=3, max_iter=5)
    save_dictionary(
        Dictionary(fit.W, V.frequencies, np.ones(2), {"options": {"stft": {}}}),
        place / "dictionary.npz",
    )
    (place / "options.toml").write_text('n_components = 4\nhop = 512\nloss = "kl"\nseed = 7\n')
    kept: list[Any] = []
    otowake.factorize(V.values, spec=CHECKPOINTED, watch=lambda now: bool(kept.append(now.state())))
    Checkpoint(place / "checkpoint.npz", 1, "key").write(kept[-1])
    for name in ("transcriber", "recognizer", "drums"):
        shutil.copy(otowake.demo_path().with_name(f"{name}.npz"), place)
    parquet.write_table(
        pa.table({"path": [f"/music/{i}.wav" for i in range(500)]}), place / "list.parquet"
    )
    (place / "list.csv").write_text("path,title\n" + "".join(f'"{i}.wav",x\n' for i in range(50)))
    manifest = Manifest(place)
    manifest.enter([(f"/music/{i}.wav", str(i)) for i in range(40)])
    manifest.has_been_read([(f"/music/{i}.wav", f"{i:064x}", None) for i in range(40)])
    manifest.take_up(retry=False)
    manifest.close()


CHECKPOINTED = FitSpec(n_components=3, max_iter=40, tol=0)


def _make_web(place: Path, result: Path) -> None:
    """The folder of a job of the web page."""
    shutil.copytree(result / "result", place / "result")
    shutil.copy(result / "clip.wav", place / "sound")
    rounds = {
        "version": 1,
        "rounds": [[{"do": "paint", "component": 3, "belongs": False, **STROKE}]],
    }
    (place / "result" / COMPONENT_EDITS).write_text(json.dumps(rounds))
    audio = otowake.load(place / "sound")
    analysis = otowake.load_analysis(place / "result")
    write_view(analysis, audio, place)
    write_draft(analysis, place)


def _make_archive(place: Path, result: Path) -> None:
    digest = sha256(result / "clip.wav")
    manifest = Manifest(place)
    manifest.enter([(str(result / "clip.wav"), "1")])
    manifest.has_been_read([(str(result / "clip.wav"), digest, None)])
    manifest.take_up(retry=False)
    (its,) = manifest.waiting()
    shutil.copytree(result / "result", place / its.folder)
    manifest.note(digest, its.folder, "done", seconds=1.0)
    manifest.close()


def made_doors(folder: Path) -> dict[str, Door]:
    """What there is in a folder that :func:`make` has filled, by name."""
    found = {
        file.name: Door(
            folder / "sounds", [file.name], reads(otowake.load), {"split": split("FILE")}
        )
        for file in sorted((folder / "sounds").iterdir())
    }
    for name, calls in _of_others(folder).items():
        found[name] = Door(folder / "others", [name], *calls, needs=(name, "clip.wav"))
    files = [*_files(folder / "result", "result"), *[f"result/{name}" for name in OFTEN] * 5]
    found["result"] = Door(
        folder / "result", files, *_of_results(folder / "result" / "result"), weight=12
    )
    found["web"] = Door(
        folder / "web",
        [f"result/{name}" for name in (COMPONENT_EDITS, *OFTEN)],
        *_of_the_web(),
        weight=6,
    )
    found["draft.json"] = Door(
        folder / "web",
        ["draft.json"],
        reads(lambda path: drafted(path.parent, EDITS)),
        needs=["draft.json"],
    )
    files = _files(folder / "archive", ".")
    files += [name for name in files if name.endswith((FILE, *OFTEN))] * 5
    found["archive"] = Door(
        folder / "archive", files, {"table": command("archive", "table", "FOLDER")}, weight=3
    )
    return found


OFTEN = (
    "analysis.json",
    "factors.npz",
    "stems.npz",
    "notes.csv",
    "given.csv",
    "edits.json",
    "found/analysis.json",
)
"""The files of a result that are damaged more often than the others."""


def split(*words: str) -> Call:
    """A short analysis by the command line."""
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
            edit_components(analysis, [each for each in edits if is_component_edit(each)])

    def resumed(folder: Path, path: Path) -> Any:
        otowake.factorize(V, spec=CHECKPOINTED, resume=Checkpoint(path, 1, "key").read())

    def with_dictionary(folder: Path, path: Path) -> Any:
        recipe = Recipe(("components",), fit=FitSpec(max_iter=2)).with_dictionary(path)
        recipe.analyse(otowake.load(folder / "clip.wav"))

    def weights(opened: Callable[[bytes], Any]) -> tuple[dict[str, Call], dict[str, Call]]:
        return reads(lambda path: opened(path.read_bytes()) if path.is_file() else None), {}

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
        "transcriber.npz": weights(transcriber.opened),
        "recognizer.npz": weights(recognizer.opened),
        "drums.npz": weights(onsets.load_weights),
        "list.csv": (reads(listed), {}),
        "list.parquet": (reads(listed), {}),
        FILE: (reads(_looked_at), {}),
    }


def _looked_at(path: Path) -> None:
    manifest = Manifest(path.parent, read_only=True)
    try:
        with manifest.sure():
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
    def without_its_sound(folder: Path, file: Path) -> None:
        """The recording is gone, so that the sounds of the folder are read."""
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
        "load without sound": without_its_sound,
    }, {
        "compare": command("compare", "FOLDER/result", str(whole), "-o", "OUT.png"),
        "score": command("score", "FOLDER/result", "FOLDER/truth.mid", "-o", "OUT.png"),
        "edit": command("edit", "FOLDER/result"),
        "again": command("again", "FOLDER/result"),
        "report": report,
        "save": figures,
    }


EDITS: tuple[dict[str, Any], ...] = (
    {"do": "delete", "notes": [0]},
    {"do": "add", "onset_s": 0.2, "offset_s": 0.5, "midi": 64, "part": "flute"},
    {"do": "name", "component": 1, "name": "bell"},
    {"do": "paint", "component": 2, "belongs": False, **STROKE},
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
