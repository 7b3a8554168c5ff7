"""A result folder written: data first, then whatever follows from it, each file by itself."""

from __future__ import annotations

import shlex
import shutil
import warnings
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from otowake import text
from otowake.errors import CannotWrite, IncompleteResult, InputWarning, MissingExtra, OtowakeError
from otowake.io.audio import Path_
from otowake.io.notes import TooLong
from otowake.results import files
from otowake.results.files import COMPONENTS, REPORT, USUAL, File, Kind, Saving
from otowake.results.folders import new_folder
from otowake.text import Language, Text
from otowake.types import Analysis
from otowake.untrusted import DAMAGE, json_of

if TYPE_CHECKING:
    from otowake.plot import Snapshots

PART = ".part-"
"""How the name of a file begins while it is being written."""

LEFT_OUT = (MissingExtra, TooLong)
"""Why a file may be absent without anything having gone wrong."""


def save_analysis(
    analysis: Analysis, folder: Path_, *, overwrite: bool = False, language: Language = "en"
) -> Path:
    """Write an analysis as a folder that other programs can read.

    Parameters
    ----------
    analysis
        What was found.
    folder
        Where; it appears whole or not at all.
    overwrite
        Whether an earlier result at that place may be replaced.
    language
        The language of the figures' labels; everything else is the same in both.

    Returns
    -------
    The folder.

    Raises
    ------
    BadInput
        If the folder exists and may not be replaced.
    CannotWrite
        If its data can't be written (no permission, disk full).

    Warns
    -----
    IncompleteResult
        If a file that follows from the data can't be written. The result is saved without it;
        :func:`otowake.repair_folder` makes it later.

    Notes
    -----
    Of components: ``figure.png`` has the manual's four panels;
    ``factors.npz`` holds W, H, W0, H0 (before learning), frequencies (Hz), times (s), losses,
    auditions, restarts (the loss of each run) and their agreement;
    ``components.csv`` describes each component, counted from 1; ``components/`` has its sound.
    Of notes: ``notes.csv``, ``notes.mid``, ``score.musicxml`` (extra ``score``), ``notes.jams``,
    ``notes.labels.txt``, ``chords.csv``, ``piano-roll.png``, and ``notes.flac`` with the recording
    left and the notes as synthesised right.
    ``stems/`` has the sound of each part and of what is left; together they are the recording.
    ``stems.npz`` holds what each note contributes to the recording, and ``parts.png`` and ``timbre.png`` show it.
    Of an analysis that was corrected by hand: ``edits.json``, and in ``found/`` what was found.
    ``report.html`` shows and plays all of it in a browser (:func:`otowake.write_report`).
    ``analysis.json`` says what was analysed, how, how it ended, which files belong to the result,
    and has key, tempo, beats, chords and parts.

    Examples
    --------
    >>> import otowake, tempfile
    >>> audio = otowake.load(otowake.demo_path(), duration=2)
    >>> analysis = otowake.analyse(audio, stages=["components"], n_components=3, max_iter=20)
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     folder = save_analysis(analysis, parent + "/scale")
    ...     sorted(path.name for path in folder.iterdir())
    ['analysis.json', 'components', 'components.csv', 'factors.npz', 'figure.png']
    """
    with new_folder(folder, overwrite=overwrite) as place:
        failed = write_analysis(analysis, place, language)
    warn_of(failed, folder)
    return Path(folder)


def write_analysis(
    analysis: Analysis,
    place: Path,
    language: Language,
    snapshots: Snapshots | None = None,
    kinds: Collection[Kind] = USUAL,
) -> dict[str, Exception]:
    """Fill an empty folder with an analysis; see :func:`save_analysis`.

    Parameters
    ----------
    analysis
        What was found.
    place
        The folder.
    language
        The language of the figures' labels.
    snapshots
        What has watched the learning, for the report and the animation.
    kinds
        The kinds of files.

    Returns
    -------
    The files that could not be written, by name, for :func:`warn_of`.
    """
    names = [file.name for file in files.FILES if file.kind in kinds and file.belongs(analysis)]
    return write_files(Saving(analysis, place, language, names, snapshots), names)


def write_files(it: Saving, names: Collection[str]) -> dict[str, Exception]:
    """Write files of a result; data must be written, and any other file may fail by itself.

    Returns
    -------
    The files that could not be written, by name, each with the reason.

    Raises
    ------
    Exception
        Whatever goes wrong with data.
    """
    wanted = [file for file in files.FILES if file.name in names]
    for file in wanted:
        if file.kind == "data":
            _write(file, it)
    others = [file for file in wanted if file.kind != "data"]
    sounds = [file for file in others if file.name == COMPONENTS]
    last = [file for file in others if file.name == REPORT]
    with ThreadPoolExecutor(1) as beside:
        begun = beside.submit(_tried, sounds, it)
        failed = _tried([file for file in others if file not in sounds + last], it)
        failed |= begun.result()
    return failed | _tried(last, it)


def _tried(files: Iterable[File], it: Saving) -> dict[str, Exception]:
    failed: dict[str, Exception] = {}
    for file in files:
        try:
            _write(file, it)
        except Exception as error:  # whatever it is, the result must not be lost to it
            failed[file.name] = error.with_traceback(None)
    return failed


def _write(file: File, it: Saving) -> None:
    """Write a file under another name and move it into place, so that it is never half-written."""
    target, part = it.place / file.name, it.place / (PART + file.name)
    _remove(part)
    try:
        file.write(it, part)
        if target.is_dir():
            shutil.rmtree(target)
        part.replace(target)
    finally:
        _remove(part)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def listed_files(folder: Path_) -> list[str]:
    """Give the files that ``analysis.json`` lists, in the table's order.

    Of a result by a version that listed none, give those that are there.
    """
    names = json_of(Path(folder) / "analysis.json").get("files")
    is_list = isinstance(names, list)
    return [
        f.name for f in files.FILES if (f.name in names if is_list else _is_there(folder, f.name))
    ]


def missing_files(folder: Path_) -> list[str]:
    """The files that a result lists and that are not there; none where the folder is no result."""
    try:
        return [name for name in listed_files(folder) if not _is_there(folder, name)]
    except DAMAGE:
        return []


def _is_there(folder: Path_, name: str) -> bool:
    return (Path(folder) / name).exists()


def warn_of(failed: dict[str, Exception], folder: Path_ | None = None) -> None:
    """Warn of files of a result that could not be written.

    Parameters
    ----------
    failed
        What :func:`write_files` gives.
    folder
        Where the result is, if the reader can repair it there.
    """
    others = dict(failed)
    for name, error in failed.items():
        if isinstance(error, LEFT_OUT):
            warnings.warn(InputWarning(text.LEFT_OUT, what=name, why=_reason(error)), stacklevel=3)
            del others[name]
    if others:
        each = {name: _reason(error) for name, error in others.items()}
        listed = Text(
            *(
                ", ".join(
                    text.FILE_AND_REASON.format(language, file=name, why=why)
                    for name, why in each.items()
                )
                for language in text.LANGUAGES
            )
        )
        facts = {"n": len(others), "files": listed}
        if folder is None:
            warning = IncompleteResult(text.NOT_WRITTEN, **facts)
        else:
            warning = IncompleteResult(
                text.NOT_WRITTEN_REPAIR, **facts, folder=shlex.quote(str(folder))
            )
        warnings.warn(warning, stacklevel=3)


def _reason(error: BaseException) -> Text:
    if isinstance(error, CannotWrite) and error.__cause__ is not None:
        return _reason(error.__cause__)
    if isinstance(error, OtowakeError):
        return Text(*(error.in_language(language) for language in text.LANGUAGES))
    if isinstance(error, OSError) and error.strerror:
        return Text(error.strerror, error.strerror)
    words = f"{type(error).__name__}: {error}"
    return Text(words, words)
