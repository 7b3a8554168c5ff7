"""The report written: sound made small enough to lie in it, files to take away beside it or in it."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import soundfile

from otowake import text
from otowake.atomic import staged
from otowake.errors import CannotWrite
from otowake.io.audio import Path_
from otowake.io.names import within
from otowake.music.transcription.synth import synthesise
from otowake.plot import Snapshots
from otowake.report import File, Track, page
from otowake.report.words import FILES
from otowake.results import files
from otowake.results.save import warn_of, write_files
from otowake.results.sounds import OTHER, component_file
from otowake.signal import downmix
from otowake.signal.downmix import mixed_samples
from otowake.signal.resampling import resampled
from otowake.text import Language
from otowake.types import Analysis, Floats, Sound

LONGEST = 60.0
"""Seconds of a recording up to which its sounds lie in the report …"""

MOST_BYTES = 10_000_000
"""… as long as all together are no larger than this; the others lie in the folder."""

LARGEST_FILE = 300_000
"""Bytes up to which a file to take away lies in the report."""

NEEDED = (
    "components",
    "stems",
    "notes.mid",
    "score.musicxml",
    "notes.csv",
    "chords.csv",
    "notes.labels.txt",
    "notes.jams",
    "notes.flac",
)
"""What is written for a report without a result folder."""

RATE, FINE_RATE = 22_050, 32_000
"""The rate of components and synthesised notes in the report, and of the recording and its parts, in Hz: FLAC of
16 bits and one channel. Every browser plays it, from the first sample on, and it is made ten times faster than MP3."""


def write_report(
    analysis: Analysis,
    path: Path_,
    *,
    folder: Path_ | None = None,
    snapshots: Snapshots | None = None,
    language: Language = "en",
) -> Path:
    """Write an analysis as one HTML file that opens in any browser, without a network.

    Parameters
    ----------
    analysis
        What was found, also one that was loaded.
    path
        The file; an earlier one is replaced.
    folder
        The result folder of this analysis, if there is one: its sounds are taken, and linked to where they don't fit
        into the report. Without one, such sounds are written into a folder beside the report, ``report-sound`` for
        ``report.html``.
    snapshots
        What has watched the learning, to show its course; without it the beginning and the end are shown.
    language
        The language that it opens in; the other one is in it too.

    Returns
    -------
    The path.

    Raises
    ------
    CannotWrite
        If it can't be written.

    Warns
    -----
    IncompleteResult
        If a file that it offers or plays can't be made; the report is written without it.

    Examples
    --------
    >>> import otowake, tempfile
    >>> audio = otowake.load(otowake.demo_path(), duration=2)
    >>> analysis = otowake.analyse(audio, stages=["components"], n_components=2, max_iter=20)
    >>> with tempfile.TemporaryDirectory() as place:
    ...     write_report(analysis, f"{place}/report.html").name
    'report.html'
    """
    path = Path(path)
    try:
        content = report_text(analysis, path, folder, snapshots, language)
        with staged(path) as new:
            new.write_text(content, encoding="utf-8")
            new.replace(path)
    except (OSError, soundfile.SoundFileError) as error:
        why = getattr(error, "strerror", None) or error
        raise CannotWrite(text.CANT_WRITE, path=path, why=why) from error
    return path


def report_text(
    analysis: Analysis,
    path: Path,
    folder: Path_ | None,
    snapshots: Snapshots | None,
    language: Language,
) -> str:
    """The report that is to lie at `path`; sounds that it links to and that are in no folder are written beside it."""
    spare, home = path.with_name(within(f"{path.stem}-sound")), path.parent.resolve()
    is_new = not spare.exists()
    with ExitStack() as stack:
        try:
            if folder is None:
                temporary = None if _is_long(analysis) else tempfile.TemporaryDirectory()
                folder = stack.enter_context(temporary) if temporary else spare
                _fill(analysis, Path(folder), language)
            place = Path(folder).resolve()
            sounds = list(_tracks(analysis, place, home, spare.resolve()))
            offered = list(_offered(place, home))
            return page(analysis, sounds, offered, snapshots=snapshots, language=language)
        except BaseException:
            if is_new:
                shutil.rmtree(spare, ignore_errors=True)
            raise


def _is_long(analysis: Analysis) -> bool:
    audio = analysis.audio
    return audio is not None and audio.n_samples > LONGEST * audio.rate


def _fill(analysis: Analysis, folder: Path, language: Language) -> None:
    """Write what the report plays and offers; a file that fails is left out of it, with a warning."""
    folder.mkdir(exist_ok=True)
    names = [file.name for file in files.FILES if file.name in NEEDED and file.belongs(analysis)]
    warn_of(write_files(files.Saving(analysis, folder, language, names), names))


def _wanted(analysis: Analysis) -> Iterator[tuple[Track, str]]:
    """What can be heard, the most wanted first, and the name of its file, without its ending."""
    yield Track("mixture"), ""
    if analysis.note_spec is not None:
        yield Track("notes"), ""
    for place, part in enumerate(analysis.parts):
        yield Track("part", place), f"stems/{part.name}"
    yield Track("other"), f"stems/{OTHER}"
    for component in sorted(analysis.components, key=lambda each: -each.energy):
        yield Track("component", component.index), f"components/{component_file(component)}"


def _tracks(analysis: Analysis, folder: Path, home: Path, spare: Path) -> Iterator[Track]:
    audio = analysis.audio
    if audio is None:
        return
    found = [(track, _found(folder, name)) for track, name in _wanted(analysis)]
    found = [(track, file) for track, file in found if file or track.kind in ("mixture", "notes")]
    left = 0 if _is_long(analysis) else MOST_BYTES
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for at in range(0, len(found), 8):
            some = found[at : at + 8]
            made = (
                pool.map(partial(_small, analysis, audio), some) if left > 0 else [b""] * len(some)
            )
            for (track, file), data in zip(some, made, strict=True):
                lies_there = file is not None and folder.is_relative_to(home)
                original = _link(file, home) if file and lies_there else None
                if data and len(data) <= left:
                    left -= len(data)
                    yield Track(track.kind, track.place, data=data, original=original)
                elif original:
                    yield Track(track.kind, track.place, link=original, original=original)
                else:
                    spare.mkdir(exist_ok=True)
                    name = file.stem if file else track.kind
                    target = spare / f"{name}.flac"
                    target.touch()  # libsndfile makes no file that the group may write, whatever the umask
                    target.write_bytes(data) if data else _write_small(
                        analysis, audio, (track, file), target
                    )
                    yield Track(track.kind, track.place, link=_link(target, home))


def _found(folder: Path, name: str) -> Path | None:
    paths = (folder / f"{name}{suffix}" for suffix in (".flac", ".wav"))
    return next((path for path in paths if name and path.is_file()), None)


def _link(file: Path, home: Path) -> str:
    return quote(file.relative_to(home).as_posix())


def _small(analysis: Analysis, audio: Sound, wanted: tuple[Track, Path | None]) -> bytes:
    out = io.BytesIO()
    _write_small(analysis, audio, wanted, out)
    return out.getvalue()


def _write_small(
    analysis: Analysis, audio: Sound, wanted: tuple[Track, Path | None], out: Any
) -> None:
    """A sound mixed down, resampled and as FLAC of 16 bits, block by block."""
    track, file = wanted
    blocks: Iterable[Floats]
    if file is not None:
        blocks = _blocks_of(file)
    elif track.kind == "notes":
        blocks = synthesise(analysis.notes, audio.rate, audio.n_samples, analysis.tuning_hz)
    else:
        blocks = (block[0] for block in downmix(audio).blocks(10 * audio.rate))
    rate = min(audio.rate, RATE if track.kind in ("component", "notes") else FINE_RATE)
    mono = (np.asarray(block, np.float32)[None] for block in blocks)
    with soundfile.SoundFile(out, "w", rate, 1, "PCM_16", format="FLAC") as small:
        for block in resampled(mono, audio.rate, rate):
            small.write(np.clip(block[0], -1, 1))


def _blocks_of(file: Path) -> Iterator[Floats]:
    """Mixed to mono."""
    with soundfile.SoundFile(file) as sound:
        while len(block := sound.read(10 * sound.samplerate, dtype="float32", always_2d=True)):
            yield mixed_samples(np.asarray(block.T, np.float32))


def _offered(folder: Path, home: Path) -> Iterator[File]:
    lies_there = folder.is_relative_to(home)
    for name, what in FILES.items():
        file = folder / name
        if not file.is_file():
            continue
        is_small = file.stat().st_size <= LARGEST_FILE and file.suffix != ".png"
        data = file.read_bytes() if is_small else None
        if data is not None or lies_there:
            yield File(name, what, data, _link(file, home) if lies_there else None)
