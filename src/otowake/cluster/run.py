"""The driver: recordings into the manifest, tasks to the workers, what comes of them into the manifest."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from otowake import __version__, text
from otowake.atomic import recover
from otowake.cluster.crew import Flow, crew, is_lost, link_of
from otowake.cluster.inputs import recordings
from otowake.cluster.manifest import BATCH, Manifest, Recording, refusal, sole_driver, stamp_of
from otowake.cluster.work import TRYING, Analyse, Outcome, Task, analyse_one, read_digests
from otowake.errors import BadInput, CannotWrite, OtowakeError, WorkersGone
from otowake.io.audio import Path_
from otowake.options import ArchiveSpec
from otowake.results.recipe import Recipe
from otowake.text import Language

READ_AT_ONCE = 16
"""Files that a worker reads for their digests in one task."""

ROUNDS = 3
"""So often in a row may nothing at all come back from the workers that took something up."""


@dataclass(frozen=True)
class Tally:
    """How far a run has come.

    Attributes
    ----------
    found, done, failed
        Different recordings among the inputs, and what has come of them, in earlier runs too.
    unsearched
        Folders among the inputs that could not be searched.
    now
        Those that were done in this run.
    incomplete
        Those of them that lack a file of their result because it could not be written.
    seconds
        Of audio that were analysed in this run.
    elapsed
        Seconds that the analysis has taken so far.
    reading
        Whether the inputs are still being read.
    stopped
        Whether it was stopped before the end.
    dashboard
        The address of Dask's dashboard, where it is there.
    """

    found: int = 0
    done: int = 0
    failed: int = 0
    unsearched: int = 0
    now: int = 0
    incomplete: int = 0
    seconds: float = 0.0
    elapsed: float = 0.0
    reading: bool = True
    stopped: bool = False
    dashboard: str | None = None

    @property
    def speed(self) -> float:
        """Seconds of audio for each second."""
        return self.seconds / self.elapsed if self.elapsed else 0.0

    @property
    def left(self) -> float | None:
        """Seconds until the end, if it goes on like this; None where nobody knows."""
        waiting = self.found - self.done - self.failed
        return self.elapsed / self.now * waiting if self.now and not self.reading else None


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
    """Analyse every recording of an archive; what an earlier run has done is not done again.

    Parameters
    ----------
    inputs
        Recordings, folders of recordings, and lists of them (CSV or Parquet with a column ``path``).
    folder
        The archive: it gets ``manifest.sqlite`` and a result folder for each recording under ``results``.
    recipe
        How recordings are analysed; all stages with the defaults if not given. It is the same in all runs of an archive.
    spec
        Workers and limits.
    client
        A ``dask.distributed.Client`` whose workers do it; they must see `inputs` and `folder` under the same paths.
    watch
        Called about twice a second; True stops the run.
    failed
        Called with the path of each recording that fails or folder that can't be searched,
        and the reason.
    incomplete
        Called with the path of each recording whose result lacks a file that could not be written, and a sentence
        that names the file, the reason and the command that makes it later.
    analyse
        What workers call in place of :func:`otowake.analyse`.
    language
        Of reasons.

    Returns
    -------
    Tally
        How far it has come.

    Raises
    ------
    BadInput
        If an input is not there, there are none, the archive was begun with another recipe, or another run is at work
        on it.
    CannotWrite
        If the disk is full. The same call goes on from there.
    WorkersGone
        If there are no workers any more. The same call goes on from there.
    MissingExtra
        Without the extra ``cluster``.

    Notes
    -----
    New processes import the program that calls this: it must be under ``if __name__ == "__main__":``.

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
            driver.enter([*inputs])
            if driver.has_nothing_to_do():
                return driver.end()
            try:
                with crew(driver.spec, client) as found:
                    return driver.work(found)
            finally:
                if client is None and driver.spec.scheduler is None:  # its processes have ended
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

    def enter(self, inputs: list[Path_]) -> None:
        """Enter the inputs into the manifest, in batches."""
        self.manifest.begin({"otowake": __version__, **self.recipe.facts()}, self.recipe.digest())
        found = recordings(inputs, self.archive, self._unsearched)
        while batch := [*islice(found, BATCH)]:
            self.manifest.enter([(_name(path), stamp_of(path)) for path in batch])
        if not self.manifest.n_paths():
            raise BadInput(text.NOTHING_FOUND, where=", ".join(map(str, inputs)) or "–")
        shutil.rmtree(self.archive / TRYING, ignore_errors=True)
        self.sweep()

    def sweep(self) -> None:
        """Remove what workers of this machine that have ended left half-written."""
        for shard in (self.archive / "results").glob("*"):
            recover(shard / "any")

    def work(self, client: Any) -> Tally:
        """Read what has to be read, then analyse what waits, until nothing does."""
        flow = Flow(client, self.spec.timeout, self._stopped)
        self.tally = replace(self.tally, found=self.manifest.n_paths(), dashboard=link_of(client))
        self._read(flow)
        if not self._stopped():
            self._take_up()
            self.begun = time.monotonic()
            idle = 0
            while idle < ROUNDS and not self._stopped() and next(self._tasks(), None):
                idle = 0 if self._round(flow) else idle + 1
            if idle == ROUNDS:
                raise WorkersGone(text.NO_PROGRESS)
        return self.end()

    def has_nothing_to_do(self) -> bool:
        """Whether there is no need of workers."""
        if next(self.manifest.unread(), None) is not None:
            return False
        self._take_up()
        return next(self.manifest.waiting(), None) is None

    def _take_up(self) -> None:
        """All recordings are known: see which wait, and tell of those that have failed in earlier runs."""
        if self.tally.reading:
            self.manifest.take_up(retry=self.spec.retry)
            self._tell([*self.manifest.failures()])
            self._count()
            self.tally = replace(self.tally, reading=False)

    def end(self) -> Tally:
        """What has come of the run."""
        self._count()
        return self.tally

    def _read(self, flow: Flow) -> None:
        """Have workers read what has to be read, again where a worker was lost meanwhile."""
        for _ in range(ROUNDS):
            lost = False
            for _, read in flow.through(
                "read", batches(self.manifest.unread()), read_digests, self.language
            ):
                if is_lost(read):
                    lost = True
                elif isinstance(read, BaseException):
                    raise WorkersGone(text.WORKERS_CANNOT, why=read) from read
                else:
                    self.manifest.has_been_read(read)
                    self._tell([(path, reason) for path, _, reason in read if reason])
            if not lost:
                return
        raise WorkersGone(text.NO_PROGRESS)

    def _round(self, flow: Flow) -> bool:
        """Give each recording that waits to a worker; whether anything came of any."""
        progress = False
        for task, outcome in flow.through("analyse", self._tasks(), analyse_one, self.analyse):
            if isinstance(outcome, Outcome):
                self._note(task, outcome)
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

    def _note(self, task: Task, outcome: Outcome) -> None:
        if outcome.state == "stopped":
            raise CannotWrite(text.ARCHIVE_STOPPED, path=self.archive, why=outcome.reason)
        if outcome.state == "changed":
            reason = text.CHANGED.format(self.language)
            self.manifest.has_been_read([(task.path, None, reason)])
            self._tell([(task.path, reason)])
            return
        facts = (outcome.reason, outcome.remark, outcome.seconds)
        self.manifest.note(task.sha256, task.folder, outcome.state, *facts)
        tally = self.tally
        if outcome.state == "done":
            seconds = tally.seconds + (outcome.seconds or 0.0)
            lacking = tally.incomplete + outcome.incomplete
            done, now = tally.done + 1, tally.now + 1
            self.tally = replace(tally, done=done, now=now, incomplete=lacking, seconds=seconds)
            if outcome.incomplete and self.incomplete:
                self.incomplete(task.path, outcome.remark or "")
        else:
            self._tell([(task.path, outcome.reason or "")])

    def _tell(self, failures: list[tuple[str, str]]) -> None:
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
        self.tally = replace(self.tally, found=counts.found, done=counts.done, failed=counts.failed)

    def _stopped(self) -> bool:
        self.tally = replace(self.tally, elapsed=time.monotonic() - self.begun)
        if self.watch and not self.tally.stopped and self.watch(self.tally):
            self.tally = replace(self.tally, stopped=True)
        return self.tally.stopped


def batches(paths: Iterator[str]) -> Iterator[list[str]]:
    """As many paths as a worker reads at once."""
    while batch := [*islice(paths, READ_AT_ONCE)]:
        yield batch


def _name(path: Path) -> str:
    """A path as it is kept: names that are no text are kept so that they fail with a reason, not in the manifest."""
    name = str(path)
    return name.encode(errors="backslashreplace").decode()
