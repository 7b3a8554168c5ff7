"""Write small valid files of every kind that otowake reads, for ``benchmarks/fuzz.py``."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile

import otowake
from otowake.cluster.manifest import Manifest
from otowake.io.audio import sha256
from otowake.io.dictionary import Dictionary, save_dictionary
from otowake.io.midi import read_notes, write_notes
from otowake.options import FitSpec
from otowake.results.checkpoint import Checkpoint
from otowake.results.edits import edit_folder
from otowake.runtime import keep_compiled_programs
from otowake.signal import spectrogram
from otowake.types import Audio
from otowake.web.draft import COMPONENT_EDITS, write_draft
from otowake.web.view import write_view

BRUSH_STROKE = {"start_s": 0.2, "end_s": 0.5, "low_hz": 200, "high_hz": 900}

CHECKPOINTED = FitSpec(n_components=3, max_iter=40, tol=0)


def make(folder: Path) -> None:
    """Write files of every kind that otowake reads."""
    keep_compiled_programs()
    folder.mkdir()
    clip = otowake.load(otowake.demo_path(), start=1, duration=1)
    notes = read_notes(otowake.demo_path().with_suffix(".mid"))
    writers = {
        "sounds": lambda target: _write_sounds(target, clip),
        "result": lambda target: _write_result(target, clip, notes),
        "others": lambda target: _write_others(target, clip, notes),
        "web": lambda target: _write_web(target, folder / "result"),
        "archive": lambda target: _write_archive(target, folder / "result"),
    }
    for name, write in writers.items():
        (folder / name).mkdir()
        write(folder / name)


def _write_sounds(folder: Path, clip: Audio) -> None:
    for kind in ("wav", "flac", "ogg", "mp3"):
        soundfile.write(folder / f"clip.{kind}", clip.samples.T, clip.rate)
    for kind, codec in (("m4a", "aac"), ("wma", "wmav2"), ("mka", "flac")):
        _write_media(folder / f"clip.{kind}", codec, clip)


def _write_media(path: Path, codec: str, audio: Audio) -> None:
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=audio.rate, layout="mono", bit_rate=96_000)
        frame = av.AudioFrame.from_ndarray(
            audio.mono().astype(np.float32)[None], format="fltp", layout="mono"
        )
        frame.sample_rate, frame.pts = audio.rate, 0
        for packet in (*stream.encode(frame), *stream.encode(None)):
            out.mux(packet)


def _write_result(folder: Path, clip: Audio, notes: Sequence[otowake.Note]) -> None:
    """Write a complete result: a score, stems, a report, and corrections."""
    soundfile.write(folder / "clip.wav", clip.samples.T, clip.rate, subtype="FLOAT")
    drums = [otowake.Note(onset, onset + 0.1, 36, is_drum=True) for onset in (0.1, 0.4, 0.7)]
    analysis = otowake.analyse(
        otowake.load(folder / "clip.wav"), n_components=3, max_iter=5, score=[*notes[:2], *drums]
    )
    otowake.save_analysis(analysis, folder / "result")
    write_notes(notes[:2], folder / "truth.mid")
    edits = [
        {"do": "add", "onset_s": 0.1, "offset_s": 0.6, "midi": 60, "part": analysis.parts[0].name}
    ]
    edit_folder(folder / "result", edits)
    (folder / "result" / "edits.json").write_text(json.dumps({"version": 1, "edits": edits}))


def _write_others(folder: Path, clip: Audio, notes: Sequence[otowake.Note]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    soundfile.write(folder / "clip.wav", clip.samples.T, clip.rate)
    write_notes(notes, folder / "notes.mid")
    shutil.copy(otowake.demo_path().with_suffix(".notes.tsv"), folder / "notes.tsv")
    edits = [{"do": "delete", "notes": [0]}]
    (folder / "edits.json").write_text(json.dumps({"version": 1, "edits": edits}))
    rounds = [
        {"do": "merge", "components": [1, 2]},
        {"do": "paint", "component": 3, "belongs": False, **BRUSH_STROKE},
    ]
    (folder / COMPONENT_EDITS).write_text(json.dumps(rounds))
    V = spectrogram(clip)
    fit = otowake.factorize(V.values, n_components=3, max_iter=5)
    save_dictionary(
        Dictionary(fit.W, V.frequencies, np.ones(2), {"options": {"stft": {}}}),
        folder / "dictionary.npz",
    )
    (folder / "options.toml").write_text('n_components = 4\nhop = 512\nloss = "kl"\nseed = 7\n')
    states: list[Any] = []
    otowake.factorize(
        V.values, spec=CHECKPOINTED, watch=lambda now: bool(states.append(now.state()))
    )
    Checkpoint(folder / "checkpoint.npz", 1, "key").write(states[-1])
    for name in ("transcriber", "recognizer", "drums"):
        shutil.copy(otowake.demo_path().with_name(f"{name}.npz"), folder)
    parquet.write_table(
        pa.table({"path": [f"/music/{i}.wav" for i in range(500)]}), folder / "list.parquet"
    )
    (folder / "list.csv").write_text("path,title\n" + "".join(f'"{i}.wav",x\n' for i in range(50)))
    manifest = Manifest(folder)
    manifest.add_paths([(f"/music/{i}.wav", str(i)) for i in range(40)])
    manifest.record_digests([(f"/music/{i}.wav", f"{i:064x}", None) for i in range(40)])
    manifest.queue_recordings(retry=False)
    manifest.close()


def _write_web(folder: Path, result: Path) -> None:
    """Write the folder of a job of the web page."""
    shutil.copytree(result / "result", folder / "result")
    shutil.copy(result / "clip.wav", folder / "sound")
    rounds = {
        "version": 1,
        "rounds": [[{"do": "paint", "component": 3, "belongs": False, **BRUSH_STROKE}]],
    }
    (folder / "result" / COMPONENT_EDITS).write_text(json.dumps(rounds))
    audio = otowake.load(folder / "sound")
    analysis = otowake.load_analysis(folder / "result")
    write_view(analysis, audio, folder)
    write_draft(analysis, folder)


def _write_archive(folder: Path, result: Path) -> None:
    digest = sha256(result / "clip.wav")
    manifest = Manifest(folder)
    manifest.add_paths([(str(result / "clip.wav"), "1")])
    manifest.record_digests([(str(result / "clip.wav"), digest, None)])
    manifest.queue_recordings(retry=False)
    (recording,) = manifest.waiting()
    shutil.copytree(result / "result", folder / recording.folder)
    manifest.record_state(digest, recording.folder, "done", seconds=1.0)
    manifest.close()
