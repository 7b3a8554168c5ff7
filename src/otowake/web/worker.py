"""A process that analyses one recording for the web page, within limits of time, memory and disk.

The server starts the process in advance. It reads one order (a line of JSON) from standard input
and writes a line of JSON to standard output for each
:class:`Progress <otowake.types.Progress>`, stage and warning, and for the end. It exits at the end
of standard input, so it does not outlive the server.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import resource
import shutil
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from otowake import text
from otowake.errors import BadInput, InputWarning, OtowakeError
from otowake.io.audio import estimated_length, load
from otowake.music import analyse, with_sound
from otowake.music.components.measure import in_tuning
from otowake.music.editing.component_edits import edit_components, is_component_edit
from otowake.music.editing.edits import apply_edits
from otowake.music.theory.instruments import titles_of
from otowake.options import (
    FitSpec,
    LoadSpec,
    NoteSpec,
    PartSpec,
    StftSpec,
    TheorySpec,
    specs_with,
)
from otowake.results.folders import new_folder
from otowake.results.read import load_analysis
from otowake.results.save import warn_of, write_analysis
from otowake.runtime import keep_compiled_programs
from otowake.text import LANGUAGES, Language
from otowake.types import Analysis, Audio, Floats, Progress
from otowake.untrusted import DAMAGE, is_there, json_of, reason, rows
from otowake.web.draft import COMPONENT_EDITS, PAGE, RESTORE, in_both, names_component, of_notes
from otowake.web.processes import limit
from otowake.web.view import write_view

TOLERANCE_SECONDS = 0.5
"""Seconds by which a recording may exceed the limit."""

PICTURE_SECONDS = 0.25
"""Seconds between two pictures of the learning, at least."""

FIRST = "first"
"""The folder with the result before the first correction of components, without sounds."""

SOUNDS = shutil.ignore_patterns("*.flac", "*.wav", "*.png", "*.html", PAGE)

Send = Callable[[dict[str, Any]], None]


def main() -> None:
    """Wait for an order, carry it out, and exit."""
    job_minutes, job_gib, disk_gib = map(float, sys.argv[1:4])
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    limit(
        {
            resource.RLIMIT_CPU: 60 * job_minutes * (os.cpu_count() or 1) + 60,
            resource.RLIMIT_AS: job_gib * 2**30,
            resource.RLIMIT_FSIZE: disk_gib * 2**30,
            resource.RLIMIT_CORE: 0,
        }
    )
    keep_compiled_programs()
    import otowake.plot  # noqa: F401 - before the first order

    line = sys.stdin.buffer.readline()
    if not line:
        return
    threading.Thread(target=_end_with_server, daemon=True).start()

    def send(fact: dict[str, Any]) -> None:
        print(json.dumps(fact, ensure_ascii=False, allow_nan=False), file=out)

    with contextlib.suppress(BrokenPipeError):
        _guarded(json.loads(line), send)
        out.flush()
    os._exit(0)


def _end_with_server() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def _guarded(order: dict[str, Any], send: Send) -> None:
    """Carry out an order; send a message for every outcome."""
    name = order["name"]
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", InputWarning)
            carry_out(order, send)
        for warning in caught:
            if isinstance(warning.message, InputWarning):
                send({"warning": in_both(warning.message, name)})
        send({"done": True})
    except OtowakeError as error:
        send({"failed": in_both(error, name)})
    except MemoryError:
        send({"failed": _sentence(text.WEB_NO_MEMORY)})
    except Exception as error:
        traceback.print_exc()
        full = "RESOURCE_EXHAUSTED" in str(error)
        send({"failed": _sentence(text.WEB_NO_MEMORY if full else text.WEB_UNEXPECTED)})


def _sentence(sentence: text.Text, **facts: Any) -> dict[Language, str]:
    return {language: sentence.format(language, **facts) for language in LANGUAGES}


def carry_out(order: dict[str, Any], send: Send) -> None:
    """Analyse or correct a recording, and write ``folder/result`` with the page's data."""
    if "edits" in order:
        correct(order, send)
    else:
        analyse_order(order, send)


def correct(order: dict[str, Any], send: Send) -> None:
    """Correct a result: first its notes and parts, then its components."""
    folder, result = Path(order["folder"]), Path(order["folder"]) / "result"
    spec = specs_with(order["options"])[LoadSpec]
    send({"begun": "reading"})
    audio = read_within(Path(order["sound"]), order["name"], spec, 60 * order["sound_minutes"])
    of_components = [edit for edit in order["edits"] if is_component_edit(edit)]
    others, restore = of_notes(order["edits"]), RESTORE in order["edits"]
    rounds = (
        []
        if restore
        else [*_rounds(result / COMPONENT_EDITS), *([of_components] if of_components else [])]
    )
    send({"begun": "components"})
    analysis = load_analysis(result)
    if restore and (folder / FIRST).is_dir():
        analysis = _restored(analysis, load_analysis(folder / FIRST))
        # names refer to components that no longer exist
        others = [edit for edit in others if not names_component(edit)]
    analysis = with_sound(analysis, audio)
    edited = apply_edits(analysis, others) if others != list(analysis.edits) else analysis
    if of_components and not restore:
        if not (folder / FIRST).is_dir():
            with new_folder(folder / FIRST) as copy:
                shutil.copytree(result, copy, ignore=SOUNDS, dirs_exist_ok=True)
        edited = edit_components(edited, of_components)
    send({"begun": "writing"})
    with new_folder(result, overwrite=True) as new:
        failed = write_analysis(edited, new, order["language"])
        if rounds:
            written = json.dumps({"version": 1, "rounds": rounds}, ensure_ascii=False, indent=1)
            (new / COMPONENT_EDITS).write_text(written + "\n", encoding="utf-8")
        write_view(edited, audio, new)
    send({"summary": summary_of(edited, audio)})
    warn_of(failed)


def summary_of(analysis: Analysis, audio: Audio) -> dict[str, Any]:
    """Describe a result for the list of results: its length and its instruments."""
    titles = {language: titles_of(analysis.parts, language) for language in LANGUAGES}
    return {"length": audio.duration, "instruments": titles}


def _restored(analysis: Analysis, first: Analysis) -> Analysis:
    """Restore the components of the first analysis, without names that were given later."""
    original = first.detected or first

    def with_components(now: Analysis) -> Analysis:
        components = in_tuning(original.components, now.tuning_hz)
        return replace(now, fit=original.fit, components=components)

    return replace(
        with_components(analysis), detected=with_components(analysis.detected or analysis)
    )


def _rounds(path: Path) -> list[Any]:
    if not is_there(path):
        return []
    try:
        return rows(json_of(path), "rounds")
    except DAMAGE as error:
        raise BadInput(text.NOT_EDITS_FILE, path=path, why=reason(error)) from error


def analyse_order(order: dict[str, Any], send: Send) -> None:
    """Analyse ``folder/sound``."""
    folder, language = Path(order["folder"]), order["language"]
    specs = specs_with(order["options"])
    pictures = Pictures(send)
    send({"begun": "reading"})
    audio = read_within(
        Path(order["sound"]), order["name"], specs[LoadSpec], 60 * order["sound_minutes"]
    )
    send({"length": audio.duration})
    analysis = analyse(
        audio,
        stages=[*order["stages"], "report"],
        stft=specs[StftSpec],
        fit=specs[FitSpec],
        note=specs[NoteSpec],
        part=specs[PartSpec],
        theory=specs[TheorySpec],
        watch=pictures,
        begun=pictures.begin,
    )
    pictures.begin("writing")
    with new_folder(folder / "result", overwrite=True) as new:
        failed = write_analysis(analysis, new, language)
        write_view(analysis, audio, new)
    send({"summary": summary_of(analysis, audio)})
    warn_of(failed)


def read_within(path: Path, name: str, spec: LoadSpec, most: float) -> Audio:
    """Read a recording of at most `most` seconds; refuse a longer one before decoding it.

    Raises
    ------
    BadInput
        If the recording is longer, or cannot be read.
    """
    declared = estimated_length(path)
    wanted = min(
        np.inf if spec.duration is None else spec.duration,
        np.inf if declared is None else declared - spec.start,
    )
    if np.isfinite(wanted) and wanted > most + TOLERANCE_SECONDS:
        raise BadInput(
            text.WEB_SOUND_TOO_LONG, path=name, length=f"{wanted / 60:.1f}", limit=f"{most / 60:g}"
        )
    duration = min(most + 2 * TOLERANCE_SECONDS, np.inf if spec.duration is None else spec.duration)
    audio = load(path, start=spec.start, duration=duration)
    if audio.duration > most + TOLERANCE_SECONDS:
        raise BadInput(
            text.WEB_SOUND_TOO_LONG, path=name, length=f"> {most / 60:g}", limit=f"{most / 60:g}"
        )
    source = audio.source and replace(audio.source, path=name, duration=spec.duration)
    return replace(audio, name=name, source=source)


class Pictures:
    """A watcher that sends the loss and small pictures of W and H at intervals and at the end."""

    def __init__(self, send: Send) -> None:
        self.send, self.last = send, -np.inf
        self.unsent: Progress | None = None

    def begin(self, stage: str) -> None:
        """Send the last picture of a stage and the start of the next stage."""
        if self.unsent:
            self._show(self.unsent)
        self.send({"begun": stage})

    def __call__(self, now: Progress) -> bool:
        self.unsent = now
        if time.monotonic() - self.last >= PICTURE_SECONDS:
            self._show(now)
        return False

    def _show(self, now: Progress) -> None:
        self.last, self.unsent = time.monotonic(), None
        looks = (
            np.unique(np.linspace(0, len(now.losses) - 1, 200).astype(int))
            if len(now.losses)
            else []
        )
        losses = [[int(now.iterations[i]), float(now.losses[i])] for i in looks]
        factors = now.factors()
        self.send(
            {
                "iteration": now.iteration,
                "max_iter": now.max_iter,
                "losses": losses,
                "W": thumbnail(factors.W.T, _log_edges(len(factors.W), 96)),
                "H": thumbnail(factors.H, np.linspace(0, factors.H.shape[1], 201)),
            }
        )


def _log_edges(n: int, bands: int) -> Floats:
    return np.geomspace(2, n, bands + 1)


def thumbnail(rows: Floats, edges: Floats) -> dict[str, Any]:
    """Encode rows as bytes: the maximum between two edges, relative to the row's maximum.

    Examples
    --------
    >>> thumbnail(np.array([[0.0, 1.0, 4.0, 0.0]]), np.array([0, 2, 4]))
    {'rows': 1, 'columns': 2, 'bytes': 'f/8='}
    """
    starts = np.minimum(edges[:-1].astype(int), rows.shape[1] - 1)
    pooled = np.maximum.reduceat(rows, starts, axis=1)
    level = np.sqrt(pooled / np.maximum(rows.max(axis=1, keepdims=True), 1e-30))
    coded = base64.b64encode((255 * level).astype(np.uint8).tobytes()).decode()
    return {"rows": len(rows), "columns": len(starts), "bytes": coded}


if __name__ == "__main__":
    main()
