"""Write a result folder: data first, then the derived files one by one."""

from __future__ import annotations

import shlex
import shutil
import warnings
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import soundfile

from otowake import text
from otowake.errors import CannotWrite, IncompleteResult, InputWarning, MissingExtra, OtowakeError
from otowake.io.audio import Path_
from otowake.io.notes import TooLong
from otowake.results import files
from otowake.results.files import COMPONENTS, DEFAULT_KINDS, REPORT, File, Kind, Saving
from otowake.results.folders import new_folder
from otowake.text import Language, Text
from otowake.types import Analysis
from otowake.untrusted import DAMAGE, json_of

if TYPE_CHECKING:
    from otowake.plot import Snapshots

PARTIAL_PREFIX = ".part-"
"""The prefix of a file being written."""

EXPECTED_FAILURES = (MissingExtra, TooLong)
"""Reasons to omit a file that are no errors."""


def save_analysis(
    analysis: Analysis, folder: Path_, *, overwrite: bool = False, language: Language = "en"
) -> Path:
    """Write an analysis as a folder that other programs can read.

    Parameters
    ----------
    analysis
        The analysis.
    folder
        The new folder, which appears whole or not at all.
    overwrite
        Whether to replace an earlier result at that path.
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
        If a derived file can't be written. The result is saved without that file;
        :func:`otowake.repair_folder` makes it later.

    Notes
    -----
    Components: ``figure.png`` has the manual's four panels;
    ``factors.npz`` holds W, H, W0, H0 (before learning), frequencies (Hz), times (s), losses,
    screening_losses, restarts (the loss of each run) and their agreement, and the positions of the
    components in the order of the factorisation;
    ``components.csv`` describes each component, counted from 1; ``components/`` has its sound.

    Notes: ``notes.csv``, ``notes.mid``, ``score.musicxml``, ``notes.jams``,
    ``notes.labels.txt``, ``chords.csv``, ``piano-roll.png``, and ``notes.flac`` (left channel: the
    recording; right channel: the detected notes, synthesised).

    Stems: ``stems/`` has the sound of each part and the residual, which add up to the recording.
    With ``stems="song"``, ``song/`` has the sums of vocals, bass, drums and other, and the
    recording without each of the first three.
    ``stems.npz`` holds the factors of each note; ``parts.png`` and ``timbre.png`` show them.

    A corrected analysis also has ``edits.json``, and in ``detected/`` the analysis before the
    corrections. ``report.html`` shows and plays all of it in a browser
    (:func:`otowake.write_report`). ``analysis.json`` describes the recording, the options, the
    reason to stop and the files, and has key, tempo, beats, chords and parts.

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
    with new_folder(folder, overwrite=overwrite) as scratch:
        failed = write_analysis(analysis, scratch, language)
    warn_of(failed, folder)
    return Path(folder)


def write_analysis(
    analysis: Analysis,
    folder: Path,
    language: Language,
    snapshots: Snapshots | None = None,
    kinds: Collection[Kind] = DEFAULT_KINDS,
) -> dict[str, Exception]:
    """Fill an empty folder with an analysis; see :func:`save_analysis`.

    Parameters
    ----------
    analysis
        The analysis.
    folder
        The empty folder.
    language
        The language of the figures' labels.
    snapshots
        Snapshots of the learning, for the report and the animation.
    kinds
        The kinds of files to write.

    Returns
    -------
    The files that could not be written, by name, for :func:`warn_of`.
    """
    names = [file.name for file in files.FILES if file.kind in kinds and file.belongs(analysis)]
    return write_files(Saving(analysis, folder, language, names, snapshots), names)


def write_files(saving: Saving, names: Collection[str]) -> dict[str, Exception]:
    """Write files of a result; a failure of one derived file does not affect the others.

    Returns
    -------
    The errors of derived files by name.

    Raises
    ------
    Exception
        Any error while writing data.
    """
    wanted = [file for file in files.FILES if file.name in names]
    for file in wanted:
        if file.kind == "data":
            _write(file, saving)
    others = [file for file in wanted if file.kind != "data"]
    sounds = [file for file in others if file.name == COMPONENTS]
    last = [file for file in others if file.name == REPORT]
    with ThreadPoolExecutor(1) as beside:
        pending = beside.submit(_try_each, sounds, saving)
        failed = _try_each([file for file in others if file not in sounds + last], saving)
        failed |= pending.result()
    return failed | _try_each(last, saving)


def _try_each(files: Iterable[File], saving: Saving) -> dict[str, Exception]:
    failed: dict[str, Exception] = {}
    for file in files:
        try:
            _write(file, saving)
        except Exception as error:  # no error in a derived file may lose the result
            failed[file.name] = error.with_traceback(None)
    return failed


def _write(file: File, saving: Saving) -> None:
    """Write a file under a temporary name and rename it, which never leaves a partial file."""
    target, part = saving.folder / file.name, saving.folder / (PARTIAL_PREFIX + file.name)
    _remove(part)
    try:
        file.write(saving, part)
        if target.is_dir():
            shutil.rmtree(target)
        part.replace(target)
        saving.written.add(file.name)
    finally:
        _remove(part)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def listed_files(folder: Path_) -> list[str]:
    """Return the files that ``analysis.json`` lists, in the order of ``FILES``.

    Results of early versions have no list; for them, return the existing files.
    """
    names = json_of(Path(folder) / "analysis.json").get("files")
    is_list = isinstance(names, list)
    return [
        f.name for f in files.FILES if (f.name in names if is_list else _is_there(folder, f.name))
    ]


def missing_files(folder: Path_) -> list[str]:
    """Return the listed files of a result that are missing; none if the folder is no result."""
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
        The errors by name, as :func:`write_files` returns them.
    folder
        The folder of the result, if the user can repair it there.
    """
    others = dict(failed)
    for name, error in failed.items():
        if isinstance(error, EXPECTED_FAILURES):
            warnings.warn(InputWarning(text.LEFT_OUT, what=name, why=_reason(error)), stacklevel=3)
            del others[name]
    if others:
        reasons = {name: _reason(error) for name, error in others.items()}
        listed = Text(
            *(
                ", ".join(
                    text.FILE_AND_REASON.format(language, file=name, why=why)
                    for name, why in reasons.items()
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
    if isinstance(error, (OSError, soundfile.SoundFileError)):
        return text.reason_of(error)
    words = f"{type(error).__name__}: {error}"
    return Text(words, words)
