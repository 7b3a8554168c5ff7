"""Write the HTML report with its sounds and downloads, embedded in the page or linked from it."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
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
from otowake.io.musicxml import score_of
from otowake.io.names import within
from otowake.io.notes import MOST_SCORE_NOTES, score_facts
from otowake.music.transcription.synth import synthesise
from otowake.plot import Snapshots
from otowake.report.page import EngravedScore, File, Track, page
from otowake.results import engraving, files
from otowake.results.save import warn_of, write_files
from otowake.results.sounds import OTHER, component_file
from otowake.signal import downmix
from otowake.signal.downmix import mixed_samples
from otowake.signal.resampling import resampled
from otowake.text import Language
from otowake.text.report import FILES
from otowake.types import Analysis, Floats, Sound

LONGEST_EMBEDDED = 60.0
"""Seconds, the longest recording with sounds embedded in the report."""

MOST_EMBEDDED = 10_000_000
"""Bytes of all embedded sounds together; the report links to the others."""

LARGEST_DOWNLOAD = 300_000
"""Bytes, the largest embedded download."""

N_PEAKS = 1200
"""Peaks of a waveform."""

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
"""The files that a report without a result folder needs."""

COARSE_RATE, FINE_RATE = 22_050, 32_000
"""Hz, of components and synthesised notes, and of the recording and its parts.

The sounds are mono FLAC of 16 bits. Every browser plays it without a gap at the start, and encoding
is ten times faster than MP3.
"""


def write_report(
    analysis: Analysis,
    path: Path_,
    *,
    folder: Path_ | None = None,
    snapshots: Snapshots | None = None,
    language: Language = "en",
) -> Path:
    """Write an analysis as one HTML file that opens offline in any browser.

    Parameters
    ----------
    analysis
        An analysis, new or loaded.
    path
        The file; an earlier one is replaced.
    folder
        The result folder of this analysis, if any. The report embeds the sounds of the folder, or
        links to the sounds that are too large. Without a folder, large sounds go to a new folder
        next to the report, ``report-sound`` for ``report.html``.
    snapshots
        Snapshots of the learning; without them the report shows its beginning and end.
    language
        The initial language; the page contains both.

    Returns
    -------
    The path.

    Raises
    ------
    CannotWrite
        If the report can't be written.

    Warns
    -----
    IncompleteResult
        If a sound or download can't be made; the report omits it.

    Examples
    --------
    >>> import otowake, tempfile
    >>> audio = otowake.load(otowake.demo_path(), duration=2)
    >>> analysis = otowake.analyse(audio, stages=["components"], n_components=2, max_iter=20)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_report(analysis, f"{folder}/report.html").name
    'report.html'
    """
    path = Path(path)
    try:
        content = report_text(analysis, path, folder, snapshots, language)
        with staged(path) as new:
            new.write_text(content, encoding="utf-8")
            new.replace(path)
    except (OSError, soundfile.SoundFileError) as error:
        raise CannotWrite(text.CANT_WRITE, path=path, why=text.reason_of(error)) from error
    return path


def report_text(
    analysis: Analysis,
    path: Path,
    folder: Path_ | None,
    snapshots: Snapshots | None,
    language: Language,
) -> str:
    """Return the HTML of a report for `path`, and write linked sounds that are in no folder."""
    spare, home = path.with_name(within(f"{path.stem}-sound")), path.parent.resolve()
    is_new = not spare.exists()
    with ExitStack() as stack:
        try:
            if folder is None:
                temporary = None if _is_long(analysis) else tempfile.TemporaryDirectory()
                folder = stack.enter_context(temporary) if temporary else spare
                _fill(analysis, Path(folder), language)
            source = Path(folder).resolve()
            sounds = list(_tracks(analysis, source, home, spare.resolve()))
            downloads = list(_downloads(source, home))
            score = _score(analysis, language)
            return page(
                analysis, sounds, downloads, snapshots=snapshots, score=score, language=language
            )
        except BaseException:
            if is_new:
                shutil.rmtree(spare, ignore_errors=True)
            raise


def _score(analysis: Analysis, language: Language) -> EngravedScore | None:
    """Notate and engrave the notes, unless there are none or too many."""
    pitched = sum(not note.is_drum for note in analysis.notes)
    if not pitched or len(analysis.notes) > MOST_SCORE_NOTES:
        return None
    score, rhythm = score_of(analysis.notes, **score_facts(analysis, language))
    versions = engraving.engraved(score, rhythm) if engraving.is_available() else []
    return EngravedScore([player.name for player in score.players], versions)


def _is_long(analysis: Analysis) -> bool:
    audio = analysis.audio
    return audio is not None and audio.n_samples > LONGEST_EMBEDDED * audio.rate


def _fill(analysis: Analysis, folder: Path, language: Language) -> None:
    """Write the files that the report needs; warn of files that fail."""
    folder.mkdir(exist_ok=True)
    names = [file.name for file in files.FILES if file.name in NEEDED and file.belongs(analysis)]
    warn_of(write_files(files.Saving(analysis, folder, language, names), names))


def _track_names(analysis: Analysis) -> Iterator[tuple[Track, str]]:
    """Yield the tracks, the most important first, each with the name of its file without suffix."""
    yield Track("mixture"), ""
    if analysis.note_spec is not None:
        yield Track("notes"), ""
    for index, part in enumerate(analysis.parts):
        yield Track("part", index), f"stems/{part.name}"
    yield Track("other"), f"stems/{OTHER}"
    for component in sorted(analysis.components, key=lambda component: -component.energy):
        yield Track("component", component.index), f"components/{component_file(component)}"


def _tracks(analysis: Analysis, folder: Path, home: Path, spare: Path) -> Iterator[Track]:
    """Yield the tracks with their sounds, embedded or linked, and their peaks."""
    for track, file in _sounds(analysis, folder, home, spare):
        if track.kind == "component":
            yield track
        else:
            yield replace(track, peaks=_peaks(analysis, track, file))


def _sounds(
    analysis: Analysis, folder: Path, home: Path, spare: Path
) -> Iterator[tuple[Track, Path | None]]:
    audio = analysis.audio
    if audio is None:
        return
    tracks = [(track, _sound_file(folder, name)) for track, name in _track_names(analysis)]
    tracks = [(track, file) for track, file in tracks if file or track.kind in ("mixture", "notes")]
    left = 0 if _is_long(analysis) else MOST_EMBEDDED
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(tracks), 8):
            batch = tracks[start : start + 8]
            encoded = (
                pool.map(partial(_small, analysis, audio), batch)
                if left > 0
                else [b""] * len(batch)
            )
            for (track, file), data in zip(batch, encoded, strict=True):
                linkable = file is not None and folder.is_relative_to(home)
                original = _link(file, home) if file and linkable else None
                if data and len(data) <= left:
                    left -= len(data)
                    yield replace(track, data=data, original=original), file
                elif original:
                    yield replace(track, link=original, original=original), file
                else:
                    spare.mkdir(exist_ok=True)
                    name = file.stem if file else track.kind
                    target = spare / f"{name}.flac"
                    target.touch()  # libsndfile ignores the group permission of the umask
                    if data:
                        target.write_bytes(data)
                    else:
                        _write_small(analysis, audio, (track, file), target)
                    yield replace(track, link=_link(target, home)), target


def _peaks(analysis: Analysis, track: Track, file: Path | None) -> bytes:
    """Return the peaks of a track's sound, which is embedded or in a file."""
    audio = analysis.audio
    if track.kind == "mixture" and audio is not None:
        mixed = (block[0] for block in downmix(audio).blocks(10 * audio.rate))
        return peaks_of(mixed, audio.n_samples)
    source = file if track.data is None else io.BytesIO(track.data)
    if source is None:
        return b""
    with soundfile.SoundFile(source) as sound:
        blocks = sound.blocks(10 * sound.samplerate, dtype="float32", always_2d=True)
        mixed = (mixed_samples(np.asarray(block.T, np.float32)) for block in blocks)
        return peaks_of(mixed, sound.frames)


def peaks_of(blocks: Iterable[Floats], n_samples: int) -> bytes:
    """Return the peaks of a sound of so many samples, as :class:`Track` has them.

    Examples
    --------
    >>> peaks = peaks_of([np.array([0.0, -1.0]), np.array([0.25, 0.0])], 4)
    >>> len(peaks), sorted(set(peaks))
    (1200, [0, 128, 255])
    """
    levels = np.zeros(N_PEAKS)
    position = 0
    for block in blocks:
        at = np.arange(position, position + len(block)) * N_PEAKS // max(1, n_samples)
        at = np.minimum(at, N_PEAKS - 1)
        starts = np.flatnonzero(np.diff(at, prepend=-1))
        if len(starts):
            tops = np.maximum.reduceat(np.abs(block), starts)
            levels[at[starts]] = np.maximum(levels[at[starts]], tops)
        position += len(block)
    return np.rint(255 * np.sqrt(np.clip(levels, 0, 1))).astype(np.uint8).tobytes()


def _sound_file(folder: Path, name: str) -> Path | None:
    paths = (folder / f"{name}{suffix}" for suffix in (".flac", ".wav"))
    return next((path for path in paths if name and path.is_file()), None)


def _link(file: Path, home: Path) -> str:
    return quote(file.relative_to(home).as_posix())


def _small(analysis: Analysis, audio: Sound, source: tuple[Track, Path | None]) -> bytes:
    out = io.BytesIO()
    _write_small(analysis, audio, source, out)
    return out.getvalue()


def _write_small(
    analysis: Analysis, audio: Sound, source: tuple[Track, Path | None], out: Any
) -> None:
    """Write a track as FLAC of 16 bits, mixed to mono and resampled, block by block."""
    track, file = source
    blocks: Iterable[Floats]
    if file is not None:
        blocks = _blocks_of(file)
    elif track.kind == "notes":
        blocks = synthesise(analysis.notes, audio.rate, audio.n_samples, analysis.tuning_hz)
    else:
        blocks = (block[0] for block in downmix(audio).blocks(10 * audio.rate))
    rate = min(audio.rate, COARSE_RATE if track.kind in ("component", "notes") else FINE_RATE)
    mono = (np.asarray(block, np.float32)[None] for block in blocks)
    with soundfile.SoundFile(out, "w", rate, 1, "PCM_16", format="FLAC") as small:
        for block in resampled(mono, audio.rate, rate):
            small.write(np.clip(block[0], -1, 1))


def _blocks_of(file: Path) -> Iterator[Floats]:
    """Read a sound file in blocks, mixed to mono."""
    with soundfile.SoundFile(file) as sound:
        while len(block := sound.read(10 * sound.samplerate, dtype="float32", always_2d=True)):
            yield mixed_samples(np.asarray(block.T, np.float32))


def _downloads(folder: Path, home: Path) -> Iterator[File]:
    linkable = folder.is_relative_to(home)
    for name, title in FILES.items():
        file = folder / name
        if not file.is_file():
            continue
        is_small = file.stat().st_size <= LARGEST_DOWNLOAD and file.suffix != ".png"
        data = file.read_bytes() if is_small else None
        if data is not None or linkable:
            yield File(name, title, data, _link(file, home) if linkable else None)
