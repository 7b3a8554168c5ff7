"""Drive the analysis of an archive: queue recordings, send tasks to workers, store the outcomes."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from otowake import __version__, text
from otowake.atomic import recover
from otowake.cluster.inputs import recordings
from otowake.cluster.manifest import BATCH, Manifest, Recording, refusal, sole_driver
from otowake.cluster.progress import Tally
from otowake.cluster.result_folders import stamp_of
from otowake.cluster.tasks import TRYING, Analyse, Outcome, Task, analyse_one, read_digests
from otowake.cluster.workers import TaskPool, connect_workers, is_lost, link_of
from otowake.errors import BadInput, CannotWrite, OtowakeError, WorkersGone
from otowake.io.audio import Path_
from otowake.options import ArchiveSpec
from otowake.results.recipe import Recipe
from otowake.text import Language

READ_AT_ONCE = 16
"""Files that a worker reads for their digests in one task."""

MOST_IDLE_ROUNDS = 3
"""Consecutive rounds without any result before a run gives up."""


Watch = Callable[[Tally], bool | None]
"""Called about twice a second; returning True asks the run to stop."""


def run_archive(
    inputs: Iterable[Path_],
    folder: Path_,
    *,
    recipe: Recipe | None = None,
    spec: ArchiveSpec | None = None,
    client: Any = None,
    watch: Watch | None = None,
    failed: Callable[[str, str], None] | None = None,
    incomplete: Callable[[str, str], None] | None = None,
    analyse: Analyse | None = None,
    language: Language = "en",
) -> Tally:
    """Analyse every recording of an archive, continuing an earlier run.

    Parameters
    ----------
    inputs
        Recordings, folders, and lists of recordings (CSV or Parquet with a column ``path``).
    folder
        The archive, which gets ``manifest.sqlite`` and a result folder for each recording under
        ``results``.
    recipe
        How to analyse recordings; by default all stages with default options. It is the same in all
        runs of an archive.
    spec
        Workers and limits.
    client
        A ``dask.distributed.Client`` of the workers to use; they must see `inputs` and `folder`
        under the same paths.
    watch
        Called about twice a second; True stops the run.
    failed
        Called with the path of each recording that fails or folder that can't be searched,
        and the reason.
    incomplete
        Called with the path of each recording whose result lacks a file that could not be written,
        and a sentence with the file, the reason and the command that makes it later.
    analyse
        A function for workers to call in place of :func:`otowake.analyse`.
    language
        The language of reasons.

    Returns
    -------
    Tally
        The final state of the run.

    Raises
    ------
    BadInput
        If an input is missing, there are no inputs, the archive has another recipe, or another run
        works on it.
    CannotWrite
        If the disk is full. The same call continues the run.
    WorkersGone
        If all workers are lost. The same call continues the run.
    MissingExtra
        Without the extra ``cluster``.

    Notes
    -----
    New processes import the calling program, so the call must be under
    ``if __name__ == "__main__":``.

    Examples
    --------
    >>> from otowake.cluster import run_archive
    >>> tally = run_archive(["music"], "archive")  # doctest: +SKIP
    >>> tally.done, tally.failed  # doctest: +SKIP
    (300, 0)
    """
    archive = Path(folder).absolute()
    try:
        archive.mkdir(parents=True, exist_ok=True)
        with sole_driver(archive), contextlib.closing(Manifest(archive)) as manifest:
            driver = _Driver(archive, manifest, recipe or Recipe(), spec or ArchiveSpec(), language)
            driver.watch, driver.failed, driver.analyse = watch, failed, analyse
            driver.incomplete = incomplete
            driver.add_inputs([*inputs])
            if driver.has_nothing_to_do():
                return driver.end()
            try:
                with connect_workers(driver.spec, client) as connected:
                    return driver.work(connected)
            finally:
                if client is None and driver.spec.scheduler is None:  # all workers have ended
                    driver.sweep()
    except (sqlite3.Error, OSError) as error:
        if isinstance(error, OtowakeError):
            raise
        raise refusal(archive, error) from error


class _Driver:
    watch: Watch | None = None
    failed: Callable[[str, str], None] | None = None
    incomplete: Callable[[str, str], None] | None = None
    analyse: Analyse | None = None
    language: Language

    def __init__(
        self,
        archive: Path,
        manifest: Manifest,
        recipe: Recipe,
        spec: ArchiveSpec,
        language: Language,
    ) -> None:
        self.archive, self.manifest, self.recipe = archive, manifest, recipe
        self.spec, self.language = spec, language
        self.tally = Tally()
        self.begun = time.monotonic()

    def add_inputs(self, inputs: list[Path_]) -> None:
        """Add the inputs to the manifest, in batches."""
        self.manifest.begin({"otowake": __version__, **self.recipe.facts()}, self.recipe.digest())
        paths = recordings(inputs, self.archive, self._unsearched)
        while batch := [*islice(paths, BATCH)]:
            self.manifest.add_paths([(_name(path), stamp_of(path)) for path in batch])
        if not self.manifest.n_paths():
            raise BadInput(text.NOTHING_FOUND, where=", ".join(map(str, inputs)) or "–")
        shutil.rmtree(self.archive / TRYING, ignore_errors=True)
        self.sweep()

    def sweep(self) -> None:
        """Remove partial results of ended workers on this machine."""
        for shard in (self.archive / "results").glob("*"):
            recover(shard / "any")

    def work(self, client: Any) -> Tally:
        """Read new inputs, then analyse waiting recordings until there are none."""
        pool = TaskPool(client, self.spec.timeout, self._stopped)
        n_paths = self.manifest.n_paths()
        self.tally = replace(self.tally, recordings=n_paths, dashboard=link_of(client))
        self._read(pool)
        if not self._stopped():
            self._queue_recordings()
            self.begun = time.monotonic()
            idle = 0
            while idle < MOST_IDLE_ROUNDS and not self._stopped() and next(self._tasks(), None):
                idle = 0 if self._round(pool) else idle + 1
            if idle == MOST_IDLE_ROUNDS:
                raise WorkersGone(text.NO_PROGRESS)
        return self.end()

    def has_nothing_to_do(self) -> bool:
        """Whether the run needs no workers."""
        if next(self.manifest.unread(), None) is not None:
            return False
        self._queue_recordings()
        return next(self.manifest.waiting(), None) is None

    def _queue_recordings(self) -> None:
        """Queue recordings once all inputs are read, and report failures of earlier runs."""
        if self.tally.reading:
            self.manifest.queue_recordings(retry=self.spec.retry)
            self._report([*self.manifest.failures()])
            self._count()
            self.tally = replace(self.tally, reading=False)

    def end(self) -> Tally:
        """Return the final tally of the run."""
        self._count()
        return self.tally

    def _read(self, pool: TaskPool) -> None:
        """Have workers read the inputs, repeatedly if a worker is lost."""
        for _ in range(MOST_IDLE_ROUNDS):
            lost = False
            for _, read in pool.map_bounded(
                "read", batches(self.manifest.unread()), read_digests, self.language
            ):
                if is_lost(read):
                    lost = True
                elif isinstance(read, BaseException):
                    raise WorkersGone(text.WORKERS_CANNOT, why=read) from read
                else:
                    self.manifest.record_digests(read)
                    self._report([(path, reason) for path, _, reason in read if reason])
            if not lost:
                return
        raise WorkersGone(text.NO_PROGRESS)

    def _round(self, pool: TaskPool) -> bool:
        """Send each waiting recording to a worker; return whether there was any outcome."""
        progress = False
        for task, outcome in pool.map_bounded("analyse", self._tasks(), analyse_one, self.analyse):
            if isinstance(outcome, Outcome):
                self._record(task, outcome)
                progress = True
            elif not is_lost(outcome):
                raise WorkersGone(text.WORKERS_CANNOT, why=outcome) from outcome
        return progress

    def _tasks(self) -> Iterator[Task]:
        facts = self.recipe.facts()
        for recording in self.manifest.waiting():
            yield self._task(recording, facts)

    def _task(self, recording: Recording, facts: dict[str, Any]) -> Task:
        return Task(
            recording.path,
            recording.sha256,
            str(self.archive),
            recording.folder,
            facts,
            self.language,
            self.spec.full,
            self.spec.time_limit,
            __version__,
        )

    def _record(self, task: Task, outcome: Outcome) -> None:
        if outcome.state == "stopped":
            raise CannotWrite(text.ARCHIVE_STOPPED, path=self.archive, why=outcome.reason)
        if outcome.state == "changed":
            reason = text.CHANGED.format(self.language)
            self.manifest.record_digests([(task.path, None, reason)])
            self._report([(task.path, reason)])
            return
        facts = (outcome.reason, outcome.remark, outcome.seconds)
        self.manifest.record_state(task.sha256, task.folder, outcome.state, *facts)
        tally = self.tally
        if outcome.state == "done":
            seconds = tally.seconds + (outcome.seconds or 0.0)
            incomplete = tally.incomplete + outcome.incomplete
            done, now = tally.done + 1, tally.now + 1
            self.tally = replace(tally, done=done, now=now, incomplete=incomplete, seconds=seconds)
            if outcome.incomplete and self.incomplete:
                self.incomplete(task.path, outcome.remark or "")
        else:
            self._report([(task.path, outcome.reason or "")])

    def _report(self, failures: list[tuple[str, str]]) -> None:
        self.tally = replace(self.tally, failed=self.tally.failed + len(failures))
        for path, reason in failures:
            if self.failed:
                self.failed(path, reason)

    def _unsearched(self, path: str, error: BadInput) -> None:
        self.tally = replace(self.tally, unsearched=self.tally.unsearched + 1)
        if self.failed:
            self.failed(path, error.in_language(self.language))

    def _count(self) -> None:
        counts = self.manifest.counts()
        self.tally = replace(self.tally, **counts._asdict())

    def _stopped(self) -> bool:
        self.tally = replace(self.tally, elapsed=time.monotonic() - self.begun)
        if self.watch and not self.tally.stopped and self.watch(self.tally):
            self.tally = replace(self.tally, stopped=True)
        return self.tally.stopped


def batches(paths: Iterator[str]) -> Iterator[list[str]]:
    """Yield batches of the paths that a worker reads in one task."""
    while batch := [*islice(paths, READ_AT_ONCE)]:
        yield batch


def _name(path: Path) -> str:
    """Return a path as stored: escaped if it is no text, to fail with a reason, not in SQLite."""
    name = str(path)
    return name.encode(errors="backslashreplace").decode()
