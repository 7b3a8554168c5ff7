"""Run the tasks of a worker: read the digests of recordings, or analyse one into its folder."""

from __future__ import annotations

import contextlib
import errno
import faulthandler
import os
import shutil
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from otowake import __version__, text
from otowake.errors import BadInput, CannotWrite, IncompleteResult, InputWarning, OtowakeError
from otowake.runtime import keep_compiled_programs, quiet_decoders, use_threads
from otowake.text import Language
from otowake.types import Analysis

MOST_ATTEMPTS = 2
"""Attempts at a recording that kills its worker."""

TRYING = ".trying"
"""The folder of an archive with a file for each recording in progress, one line per attempt."""

DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
LEAST_ROOM = 2**20
"""Bytes; a disk with less free space is full. Some libraries hide the reason of a failure."""

RECORDINGS_PER_CACHE = 64
"""Recordings after which a worker clears compiled programs, which may differ by length."""

Analyse = Callable[..., Analysis]


@dataclass(frozen=True)
class Task:
    """A recording to analyse, as plain, serialisable values."""

    path: str
    sha256: str
    archive: str
    folder: str
    recipe: dict[str, Any]
    language: Language = "en"
    full: bool = False
    time_limit: float | None = None
    version: str = __version__


@dataclass(frozen=True)
class Outcome:
    """The outcome of a task; ``stopped`` means that the disk is full or not writable.

    A result is `incomplete` if derived files could not be written; `remark` lists them.
    """

    state: Literal["done", "failed", "changed", "stopped"]
    reason: str | None = None
    remark: str | None = None
    seconds: float | None = None
    incomplete: bool = False


def read_digests(paths: list[str], language: Language) -> list[tuple[str, str | None, str | None]]:
    """Return each path with the SHA-256 of its bytes, or with the reason why it can't be read."""
    from otowake.io.audio import check_file, sha256

    digests: list[tuple[str, str | None, str | None]] = []
    for path in paths:
        try:
            check_file(Path(path))
            digests.append((path, sha256(Path(path)), None))
        except OtowakeError as error:
            digests.append((path, None, error.in_language(language)))
        except OSError as error:
            reason = text.NOT_READABLE.format(language, path=path, why=text.reason_of(error))
            digests.append((path, None, reason))
    return digests


_lock = threading.Lock()
_done = 0


def analyse_one(task: Task, analyse: Analyse | None = None) -> Outcome:
    """Analyse a recording into its folder, whole or not at all, one at a time in each process.

    Parameters
    ----------
    task
        The task.
    analyse
        A function to call in place of :func:`otowake.analyse`.

    Raises
    ------
    BadInput
        If the driver has another version of the program.
    """
    if task.version != __version__:
        raise BadInput(text.OTHER_VERSION, worker=__version__, driver=task.version)
    with _lock:
        use_threads(1)
        folder = Path(task.archive) / task.folder
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            if (earlier := _earlier_outcome(folder, task)) is not None:
                return earlier
            with _attempt(task) as reason:
                return Outcome("failed", reason) if reason else _analysed(task, folder, analyse)
        except CannotWrite as error:  # perhaps a worker that counts as lost has written the folder
            stopped = Outcome("stopped", error.in_language(task.language))
            return _earlier_outcome(folder, task) or stopped
        except OtowakeError as error:
            return Outcome("failed", error.in_language(task.language))
        except OSError as error:
            state = "stopped" if error.errno in DISK_FULL else "failed"
            return Outcome(state, text.reason_of(error).format(task.language))
        except Exception as error:  # a bug that affects one recording must not end the run
            return Outcome("failed", f"{type(error).__name__}: {error}")


def _earlier_outcome(folder: Path, task: Task) -> Outcome | None:
    """Return the outcome of an attempt that ended between writing folder and manifest."""
    from otowake.results.recipe import Recipe, recipe_of

    if not (folder / "analysis.json").is_file():
        return None
    try:
        recipe, facts = recipe_of(folder)
    except BadInput:
        return None
    source = facts["input"]
    same_recipe = (
        recipe.digest() == Recipe.of(task.recipe).digest() and facts["otowake"] == __version__
    )
    if source["sha256"] != task.sha256 or not same_recipe:
        return None
    return Outcome("done", seconds=source["samples"] / source["rate"])


@contextlib.contextmanager
def _attempt(task: Task) -> Iterator[str | None]:
    """Count unfinished attempts at a recording; give a reason to refuse another one.

    A thread that does not need the interpreter lock ends a process that exceeds the time limit,
    and writes its traceback to the file.
    """
    path = Path(task.archive) / TRYING / task.sha256
    path.parent.mkdir(exist_ok=True)
    reason = None
    with path.open("a+b") as file:
        file.seek(0)
        before = file.read(100_000)
        if b"Timeout" in before:
            reason = text.TOO_SLOW.format(task.language, seconds=task.time_limit or 0)
        elif before.count(b"begun\n") >= MOST_ATTEMPTS:
            reason = text.KILLED_TWICE.format(task.language)
        else:
            file.write(b"begun\n")
            file.flush()
            if task.time_limit:
                faulthandler.dump_traceback_later(task.time_limit, exit=True, file=file)
        try:
            yield reason
        finally:
            faulthandler.cancel_dump_traceback_later()
            path.unlink(missing_ok=True)


def _analysed(task: Task, folder: Path, analyse: Analyse | None) -> Outcome:
    from otowake.results.files import BASIC, DEFAULT_KINDS
    from otowake.results.folders import new_folder
    from otowake.results.recipe import Recipe
    from otowake.results.save import warn_of, write_analysis

    keep_compiled_programs()
    _forget_programs()
    recipe = Recipe.of(task.recipe)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", InputWarning)
        with quiet_decoders():
            audio, V = recipe.open(task.path, folder.parent)
        if audio.source is None or audio.source.sha256 != task.sha256:
            return Outcome("changed")
        analysis = recipe.analyse(audio, V, by=analyse)
        earlier = _earlier_outcome(folder, task)
        if earlier is not None:  # a worker that counts as lost has finished meanwhile
            return earlier
        with new_folder(folder, overwrite=True) as scratch:
            kinds = DEFAULT_KINDS if task.full else (*BASIC, "report")
            failed = write_analysis(analysis, scratch, task.language, kinds=kinds)
            _check_room(scratch, failed)
            _flush(scratch)
        warn_of(failed, folder)
    issued = [w.message for w in caught if isinstance(w.message, InputWarning)]
    return Outcome(
        "done",
        remark=" ".join(warning.in_language(task.language) for warning in issued) or None,
        seconds=audio.n_samples / audio.rate,
        incomplete=any(isinstance(warning, IncompleteResult) for warning in issued),
    )


def _check_room(folder: Path, failed: dict[str, Exception]) -> None:
    """Stop if files failed because the disk is full; the same command continues later.

    Raises
    ------
    OSError
        If the disk is full.
    """
    causes = [error.__cause__ or error for error in failed.values()]
    full = any(isinstance(cause, OSError) and cause.errno in DISK_FULL for cause in causes)
    if full or (failed and shutil.disk_usage(folder).free < LEAST_ROOM):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _flush(folder: Path) -> None:
    """Flush the files of a folder to disk before the folder moves to its final path."""
    for path in (*sorted(folder.rglob("*")), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _forget_programs() -> None:
    global _done  # noqa: PLW0603 - recordings analysed by this process
    _done += 1
    if _done % RECORDINGS_PER_CACHE == 0:
        import jax

        jax.clear_caches()
