"""What a worker does: read recordings for their digests, and analyse one recording into its result folder."""

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

TRIES = 2
"""How often a recording that kills its worker is tried."""

TRYING = ".trying"
"""The folder of an archive where a recording has a file while it is analysed, one line for each time it was begun."""

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
LEAST_ROOM = 2**20
"""A disk with less room than so many bytes is full; not every library says why a file could not be written."""

KEEP_PROGRAMS = 64
"""After this many recordings a worker forgets the programs that it has compiled: every length may need its own."""

Analyse = Callable[..., Analysis]


@dataclass(frozen=True)
class Task:
    """One recording to be analysed, as plain values that travel."""

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
    """What came of it; ``stopped`` means that nothing can be written, for no fault of the recording.

    A result is `incomplete` if files that follow from its data could not be written; `remark` says which.
    """

    state: Literal["done", "failed", "changed", "stopped"]
    reason: str | None = None
    remark: str | None = None
    seconds: float | None = None
    incomplete: bool = False


def read_digests(paths: list[str], language: Language) -> list[tuple[str, str | None, str | None]]:
    """Of each path the SHA-256 of its bytes, or why it can't be read."""
    from otowake.io.audio import check_file, sha256

    found: list[tuple[str, str | None, str | None]] = []
    for path in paths:
        try:
            check_file(Path(path))
            found.append((path, sha256(Path(path)), None))
        except OtowakeError as error:
            found.append((path, None, error.in_language(language)))
        except OSError as error:
            reason = text.NOT_READABLE.format(language, path=path, why=error.strerror)
            found.append((path, None, reason))
    return found


_alone = threading.Lock()
_done = 0


def analyse_one(task: Task, analyse: Analyse | None = None) -> Outcome:
    """Analyse a recording into its folder, which appears whole or not at all; one at a time in each process.

    Parameters
    ----------
    task
        What to do.
    analyse
        What is called in place of :func:`otowake.analyse`.

    Raises
    ------
    BadInput
        If the driver has another version of the program.
    """
    if task.version != __version__:
        raise BadInput(text.OTHER_VERSION, worker=__version__, driver=task.version)
    with _alone:
        use_threads(1)
        folder = Path(task.archive) / task.folder
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            if (there := _there(folder, task)) is not None:
                return there
            with _tried(task) as reason:
                return Outcome("failed", reason) if reason else _analysed(task, folder, analyse)
        except (
            CannotWrite
        ) as error:  # perhaps because a worker that was given up has been there first
            return _there(folder, task) or Outcome("stopped", error.in_language(task.language))
        except OtowakeError as error:
            return Outcome("failed", error.in_language(task.language))
        except OSError as error:
            state = "stopped" if error.errno in FULL else "failed"
            return Outcome(state, error.strerror or str(error))
        except Exception as error:  # a mistake of ours in one recording must not end the run
            return Outcome("failed", f"{type(error).__name__}: {error}")


def _there(folder: Path, task: Task) -> Outcome | None:
    """The outcome of an earlier run that ended between writing the folder and the manifest."""
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
def _tried(task: Task) -> Iterator[str | None]:
    """Keep count of how often a recording was begun and not ended; gives a reason if that was too often.

    A process that takes longer than the time limit is ended from within by a thread of its own that needs no lock of
    the interpreter's, and leaves in the file where it was.
    """
    path = Path(task.archive) / TRYING / task.sha256
    path.parent.mkdir(exist_ok=True)
    reason = None
    with path.open("a+b") as file:
        file.seek(0)
        before = file.read(100_000)
        if b"Timeout" in before:
            reason = text.TOO_SLOW.format(task.language, seconds=task.time_limit or 0)
        elif before.count(b"begun\n") >= TRIES:
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
        if (
            there := _there(folder, task)
        ) is not None:  # a worker that was given up has ended it meanwhile
            return there
        with new_folder(folder, overwrite=True) as place:
            kinds = DEFAULT_KINDS if task.full else (*BASIC, "report")
            failed = write_analysis(analysis, place, task.language, kinds=kinds)
            _check_room(place, failed)
            _settle(place)
        warn_of(failed, folder)
    ours = [w.message for w in caught if isinstance(w.message, InputWarning)]
    return Outcome(
        "done",
        remark=" ".join(each.in_language(task.language) for each in ours) or None,
        seconds=audio.n_samples / audio.rate,
        incomplete=any(isinstance(each, IncompleteResult) for each in ours),
    )


def _check_room(place: Path, failed: dict[str, Exception]) -> None:
    """Where files could not be written because the disk is full, stop: the same command goes on once there is room.

    Raises
    ------
    OSError
        If the disk is full.
    """
    causes = [error.__cause__ or error for error in failed.values()]
    full = any(isinstance(cause, OSError) and cause.errno in FULL for cause in causes)
    if full or (failed and shutil.disk_usage(place).free < LEAST_ROOM):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _settle(place: Path) -> None:
    """Have the files of a folder on the disk before the folder takes its place, in case the machine dies."""
    for path in (*sorted(place.rglob("*")), place):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _forget_programs() -> None:
    global _done  # noqa: PLW0603 - how much this process has done
    _done += 1
    if _done % KEEP_PROGRAMS == 0:
        import jax

        jax.clear_caches()
