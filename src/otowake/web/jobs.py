"""The queue of the web page: who waits, what runs in which process, what is kept and for how long.

A job goes from `sending` (its place is reserved, the sound is on its way) over `waiting` and `running` to `done`, `failed`
or `cancelled`. Everything of it is in one folder, whose name we chose; the name that a person gave is only ever text.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
import os
import secrets
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from otowake import text
from otowake.atomic import recover
from otowake.errors import OtowakeError
from otowake.options import ServeSpec
from otowake.text import LANGUAGES, Language, Text

LINE = 2**20
"""The longest line that a process may write, in bytes."""

LOOK_SECONDS = 1.0
"""How often the house is put in order."""

LIVE = ("sending", "waiting", "running")

log = logging.getLogger(__name__)


class Refused(OtowakeError):
    """A request that is not carried out, with the HTTP status that says so."""

    def __init__(self, status: int, sentence: Text, **facts: Any) -> None:
        super().__init__(sentence, **facts)
        self.status = status


@dataclass(eq=False)
class Job:
    """One recording of one person on its way."""

    id: str
    owner: str
    name: str
    folder: Path
    order: dict[str, Any]
    state: str = "sending"
    since: float = field(default_factory=time.monotonic)
    stage: str = ""
    stages_done: list[str] = field(default_factory=list)
    progress: dict[str, Any] = field(default_factory=dict)
    message: dict[Language, str] | None = None
    warnings: list[dict[Language, str]] = field(default_factory=list)
    size: int = 0
    process: asyncio.subprocess.Process | None = None

    @property
    def result(self) -> Path:
        return self.folder / "result"

    def become(self, state: str, sentence: Text | None = None, **facts: Any) -> None:
        """Change the state, with the sentence that says why."""
        self.state, self.since, self.progress = state, time.monotonic(), {}
        self.message = {each: sentence.format(each, **facts) for each in LANGUAGES} if sentence else None

    def end(self, state: str, sentence: Text | None = None, **facts: Any) -> None:
        """Change to a state without a result; a correction that came to nothing leaves the result as it was."""
        self.become("done" if "edits" in self.order else state, sentence, **facts)
        self.order.pop("edits", None)


class Jobs:
    """All jobs of a server.

    Parameters
    ----------
    spec
        The limits.
    root
        The folder in which each job gets its own.
    """

    def __init__(self, spec: ServeSpec, root: Path) -> None:
        self.spec, self.root = spec, root
        self.jobs: dict[str, Job] = {}
        self._ready = asyncio.Condition()
        self._spare: asyncio.subprocess.Process | None = None
        self._starting = asyncio.Lock()
        self._starts: list[asyncio.Task[asyncio.subprocess.Process]] = []

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work until the block ends; then every process is killed."""
        tasks = [asyncio.create_task(self._runner()) for _ in range(self.spec.at_once)]
        tasks.append(asyncio.create_task(self._keeper()))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for job in list(self.jobs.values()):
                await self.remove(job)
            await asyncio.gather(*self._starts, return_exceptions=True)
            for start in filter(_lives, self._starts):
                await _killed(start.result())

    def of(self, owner: str | None) -> list[Job]:
        """A person's jobs, the oldest first."""
        return [job for job in self.jobs.values() if owner and hmac.compare_digest(job.owner, owner)]

    def find(self, owner: str | None, job_id: str) -> Job:
        """A person's job, or :class:`Refused`: that of anybody else does not exist."""
        job = next((job for job in self.of(owner) if job.id == job_id), None)
        if job is None:
            raise Refused(404, text.WEB_GONE)
        return job

    def reserve(self, owner: str, name: str, order: dict[str, Any]) -> Job:
        """A place in the queue, or :class:`Refused` if there is none."""
        self._check_room(owner)
        job_id = secrets.token_urlsafe(16)
        job = Job(job_id, owner, name, self.root / job_id, order)
        job.folder.mkdir()
        self.jobs[job_id] = job
        return job

    async def correct(self, job: Job, edits: list[Any]) -> None:
        """Let a job that is done wait again, to be corrected; what it has stays until then."""
        self._check_room(job.owner)
        job.order |= {"edits": edits}
        await self.enqueue(job, Path(job.order["sound"]))

    def _check_room(self, owner: str) -> None:
        if len([job for job in self.of(owner) if job.state in LIVE]) >= self.spec.per_person:
            raise Refused(429, text.WEB_YOURS_FIRST, n=self.spec.per_person)
        if (
            len([job for job in self.jobs.values() if job.state in LIVE])
            >= self.spec.queue + self.spec.at_once
        ):
            raise Refused(503, text.WEB_FULL)

    async def receive(self, job: Job, chunks: AsyncIterator[bytes]) -> None:
        """Write the sound to disk as it comes, counted; too much of it ends the job."""
        try:
            async with asyncio.timeout(60 * self.spec.upload_minutes):
                with (job.folder / "sound").open("xb") as file:
                    async for chunk in self._counted(chunks):
                        await asyncio.to_thread(file.write, chunk)
        except FileExistsError as error:
            raise Refused(409, text.WEB_BAD_REQUEST) from error
        except BaseException as error:
            await self.remove(job)
            if isinstance(error, TimeoutError):
                raise Refused(408, text.WEB_TOO_SLOW, limit=f"{self.spec.upload_minutes:g}") from error
            if isinstance(error, OSError):
                raise Refused(507, text.WEB_NO_ROOM) from error
            raise

    async def _counted(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        got = 0
        async for chunk in chunks:
            got += len(chunk)
            if got > self.spec.upload_mib * 2**20:
                raise Refused(413, text.WEB_TOO_BIG, limit=f"{self.spec.upload_mib:g}")
            yield chunk

    async def enqueue(self, job: Job, sound: Path) -> None:
        """Let a job wait for its turn."""
        job.order |= {"folder": str(job.folder), "sound": str(sound), "name": job.name}
        job.order |= {"sound_minutes": self.spec.sound_minutes}
        job.stages_done, job.stage, job.warnings = [], "", []
        job.become("waiting")
        async with self._ready:
            self._ready.notify()

    def position(self, job: Job) -> int:
        """How many are before a job that waits, those that run among them."""
        before = 0
        for other in sorted(self.jobs.values(), key=lambda each: each.since):
            if other is job:
                break
            before += other.state == "waiting"
        return before + sum(other.state == "running" for other in self.jobs.values())

    async def cancel(self, job: Job) -> None:
        """End a job wherever it is; its process is gone when this returns."""
        if job.state in LIVE:
            job.end("cancelled", text.WEB_CANCELLED)
            if job.process:
                await _killed(job.process)
            if job.state == "cancelled":
                (job.folder / "sound").unlink(missing_ok=True)

    async def remove(self, job: Job) -> None:
        """End a job and forget everything of it."""
        self.jobs.pop(job.id, None)
        await self.cancel(job)
        await asyncio.to_thread(shutil.rmtree, job.folder, ignore_errors=True)

    async def _runner(self) -> None:
        while True:
            async with self._ready:
                await self._ready.wait_for(self._first_waiting)
                job = self._first_waiting()
                if job is None:
                    continue
                job.become("running")
            try:
                await self._run(job)
            except Exception:
                log.exception("a job could not be run")
                job.end("failed", text.WEB_UNEXPECTED)

    def _first_waiting(self) -> Job | None:
        waiting = [job for job in self.jobs.values() if job.state == "waiting"]
        return min(waiting, key=lambda job: job.since, default=None)

    async def _run(self, job: Job) -> None:
        process, self._spare = self._spare, None
        if process is None or process.returncode is not None:
            process = await self._started()
        job.process = process
        try:
            async with asyncio.timeout(60 * self.spec.job_minutes):
                await self._followed(job, process)
        except TimeoutError:
            job.end("failed", text.WEB_TOO_LONG, limit=f"{self.spec.job_minutes:g}")
        finally:
            job.process = None
            await _killed(process)
            await asyncio.to_thread(recover, job.result)
        if job.state == "running":
            job.end("failed", text.WEB_DIED, gib=f"{self.spec.job_gib:g}")
        job.size = await asyncio.to_thread(_size, job.folder)
        await self._make_spare()

    async def _make_spare(self) -> None:
        """Start the next process ahead of need."""
        async with self._starting:
            if self._spare is None:
                self._spare = await self._started()

    async def _started(self) -> asyncio.subprocess.Process:
        """A new process; one whose start nobody waits for any more is known all the same, to be ended."""
        self._starts = [each for each in self._starts if not each.done() or _lives(each)]
        start = asyncio.create_task(self._start())
        self._starts.append(start)
        return await asyncio.shield(start)

    async def _start(self) -> asyncio.subprocess.Process:
        limits = (self.spec.job_minutes, self.spec.job_gib, self.spec.keep_gib)
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "otowake.web.work",
            *map(str, limits),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=_environment(),
            limit=LINE,
            start_new_session=True,
        )

    async def _followed(self, job: Job, process: asyncio.subprocess.Process) -> None:
        """Give a process its order and keep what it tells."""
        if process.stdin is None or process.stdout is None:
            return
        with contextlib.suppress(ConnectionError):
            process.stdin.write(json.dumps(job.order).encode() + b"\n")
            await process.stdin.drain()
        async for line in process.stdout:
            if job.state != "running":
                return
            fact = json.loads(line)
            if "begun" in fact:
                job.stages_done += [job.stage] if job.stage else []
                job.stage, job.progress = fact["begun"], {}
            elif "warning" in fact:
                job.warnings.append(fact["warning"])
            elif "failed" in fact:
                job.end("failed")
                job.message = fact["failed"]
            elif "done" in fact:
                job.end("done")
            else:
                job.progress = fact

    async def _keeper(self) -> None:
        """Remove what is old, what is too much, and what grows too large."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            with contextlib.suppress(OSError):
                await self.tidy()

    async def tidy(self, now: Callable[[], float] = time.monotonic) -> None:
        """One round of putting the house in order."""
        most = self.spec.keep_gib * 2**30
        for job in list(self.jobs.values()):
            age = now() - job.since
            if job.state == "running":
                job.size = await asyncio.to_thread(_size, job.folder)
                if job.size > most and job.process:
                    job.end("failed", text.WEB_NO_ROOM)
                    await _killed(job.process)
            elif (job.state == "sending" and age > 60 * self.spec.upload_minutes) or (
                job.state not in LIVE and age > 60 * self.spec.keep_minutes
            ):
                await self.remove(job)
        ended = sorted(
            (job for job in self.jobs.values() if job.state not in LIVE), key=lambda job: job.since
        )
        while ended and (len(ended) > self.spec.keep_most or sum(job.size for job in ended) > most):
            await self.remove(ended.pop(0))


def _environment() -> dict[str, str]:
    """What a process gets of the server's environment: not the password."""
    return {name: value for name, value in os.environ.items() if name != "OTOWAKE_PASSWORD"}


def _lives(start: asyncio.Task[asyncio.subprocess.Process]) -> bool:
    return not start.cancelled() and start.exception() is None and start.result().returncode is None


async def _killed(process: asyncio.subprocess.Process) -> None:
    """End a process and what it started, and wait until it is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _size(folder: Path) -> int:
    """The bytes of all files in a folder."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(parent, name)).st_size  # noqa: PTH118 - thousands of files a second
    return total


def shown(jobs: Jobs, job: Job, stages: Sequence[str]) -> dict[str, Any]:
    """What its owner sees of a job."""
    return {
        "id": job.id,
        "name": job.name,
        "state": job.state,
        "position": jobs.position(job) if job.state == "waiting" else 0,
        "seconds": round(time.monotonic() - job.since, 1),
        "stages": [{"name": name, "done": name in job.stages_done} for name in stages],
        "stage": job.stage,
        "progress": job.progress,
        "message": job.message,
        "warnings": job.warnings,
    }
