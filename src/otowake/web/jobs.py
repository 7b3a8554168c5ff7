"""The queue of the web page: waiting and running jobs, their processes and their lifetimes."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
import os
import secrets
import shutil
import time
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

from starlette.requests import ClientDisconnect

from otowake import text
from otowake.atomic import recover
from otowake.options import ServeSpec
from otowake.web.job import LIVE, Job, Refused
from otowake.web.processes import Processes, killed
from otowake.web.progress import TYPICAL_SECONDS, fraction_of

TIDY_SECONDS = 1.0
"""Seconds between two cleanups."""

START_SECONDS = 120.0
"""Seconds after an order until its upload must start."""

RETRIES = (1.0, 5.0, 15.0)
"""Seconds before each new attempt to start a process."""

log = logging.getLogger(__name__)


class Jobs:
    """All jobs of a server.

    Parameters
    ----------
    spec
        The limits.
    root
        The parent of the jobs' folders.
    """

    def __init__(self, spec: ServeSpec, root: Path) -> None:
        self.spec, self.root, self.processes = spec, root, Processes(root)
        self.jobs: dict[str, Job] = {}
        self._ready = asyncio.Condition()
        self._spare: Process | None = None
        self._starting = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run jobs until the block ends; then kill all processes."""
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
            await self.processes.end_all()

    def of(self, owner: str | None) -> list[Job]:
        """Return a user's jobs, the oldest first."""
        return [
            job for job in self.jobs.values() if owner and hmac.compare_digest(job.owner, owner)
        ]

    def find(self, owner: str | None, job_id: str) -> Job:
        """Return a user's job, or raise :class:`Refused` for a job of another user."""
        job = next((job for job in self.of(owner) if job.id == job_id), None)
        if job is None:
            raise Refused(404, text.WEB_GONE)
        return job

    def reserve(self, owner: str, address: str, name: str, order: dict[str, Any]) -> Job:
        """Reserve a place in the queue, or raise :class:`Refused` if it is full."""
        self._check_room(owner, address)
        job_id = secrets.token_urlsafe(16)
        job = Job(job_id, owner, address, name, self.root / job_id, order)
        try:
            job.folder.mkdir()
        except OSError as error:
            raise Refused(507, text.WEB_NO_ROOM) from error
        self.jobs[job_id] = job
        return job

    async def correct(self, job: Job, edits: list[Any]) -> None:
        """Queue the correction of a finished job, which keeps its result meanwhile."""
        self._check_room(job.owner, job.address)
        job.order |= {"edits": edits}
        await self.enqueue(job, Path(job.order["sound"]))

    def _check_room(self, owner: str, address: str) -> None:
        live = [job for job in self.jobs.values() if job.state in LIVE]
        if len([job for job in live if job.owner == owner]) >= self.spec.per_person:
            raise Refused(429, text.WEB_YOURS_FIRST, n=self.spec.per_person)
        if len([job for job in live if job.address == address]) >= self.spec.per_address:
            raise Refused(429, text.WEB_ADDRESS_FIRST, n=self.spec.per_address)
        if len(live) >= self.spec.queue + self.spec.at_once:
            raise Refused(503, text.WEB_FULL)

    async def receive(self, job: Job, chunks: AsyncIterator[bytes]) -> None:
        """Write an upload to disk and queue its job.

        An upload that is too large or too slow ends the job.
        """
        if job.state != "sending" or job.upload:
            raise Refused(409, text.WEB_BAD_REQUEST)
        try:
            await self._written(job, chunks)
        except (TimeoutError, ClientDisconnect) as error:
            if job.state != "sending":  # cancelled or removed meanwhile
                raise Refused(409, text.WEB_CANCELLED) from error
            if isinstance(error, ClientDisconnect):
                await self.cancel(job)
                raise
            await self.remove(job)
            raise Refused(408, text.WEB_TOO_SLOW, limit=f"{self.spec.upload_minutes:g}") from error
        except BaseException as error:
            await self.remove(job)
            if isinstance(error, OSError):
                raise Refused(507, text.WEB_NO_ROOM) from error
            raise
        if job.state != "sending":
            raise Refused(409, text.WEB_CANCELLED)
        await self.enqueue(job, job.folder / "sound")

    async def _written(self, job: Job, chunks: AsyncIterator[bytes]) -> None:
        try:
            async with asyncio.timeout(60 * self.spec.upload_minutes) as job.upload:
                with (job.folder / "sound").open("xb") as file:
                    async for chunk in self._counted(chunks):
                        await asyncio.to_thread(file.write, chunk)
        finally:
            job.upload = None

    async def _counted(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        got = 0
        async for chunk in chunks:
            got += len(chunk)
            if got > self.spec.upload_mib * 2**20:
                raise Refused(413, text.WEB_TOO_BIG, limit=f"{self.spec.upload_mib:g}")
            yield chunk

    async def enqueue(self, job: Job, sound: Path) -> None:
        """Put a job into the queue."""
        job.order |= {"folder": str(job.folder), "sound": str(sound), "name": job.name}
        job.order |= {"sound_minutes": self.spec.sound_minutes}
        job.stage, job.stage_seconds, job.length, job.warnings = "", {}, None, []
        job.become("waiting")
        async with self._ready:
            self._ready.notify()

    def position(self, job: Job) -> int:
        """Count the jobs before a waiting job, including running ones."""
        before = 0
        for other in sorted(self.jobs.values(), key=lambda queued: queued.since):
            if other is job:
                break
            before += other.state == "waiting"
        return before + sum(other.state == "running" for other in self.jobs.values())

    async def cancel(self, job: Job) -> None:
        """End a job in any state; its process has ended when this returns."""
        if job.state in LIVE:
            job.end("cancelled", text.WEB_CANCELLED)
            if job.upload and not job.upload.expired():
                job.upload.reschedule(0)
            if job.process:
                await killed(job.process)
            if job.state == "cancelled":
                (job.folder / "sound").unlink(missing_ok=True)

    async def remove(self, job: Job) -> None:
        """End a job and delete its files."""
        self.jobs.pop(job.id, None)
        await self.cancel(job)
        await asyncio.to_thread(shutil.rmtree, job.folder, ignore_errors=True)

    async def _runner(self) -> None:
        while True:
            async with self._ready:
                waiting = await self._ready.wait_for(self._waiting)
                job = min(waiting, key=lambda job: job.since)
                job.become("running")
            try:
                await self._run(job)
            except Exception:
                log.exception("a job could not be run")
                job.end("failed", text.WEB_UNEXPECTED)

    def _waiting(self) -> list[Job]:
        return [job for job in self.jobs.values() if job.state == "waiting"]

    async def _run(self, job: Job) -> None:
        """Run a job in the spare process, or in a new one if the spare has died."""
        run, process, answered = job.run, self._spare, False
        self._spare = None
        if process:
            answered = await self._carry_out(job, run, process)
        if not answered and job.run is run:
            process = await self._new_process()
            if process and job.run is run:
                await self._carry_out(job, run, process)
            elif process:
                self._spare = process
        if job.run is run:
            died = text.WEB_DIED if process else text.WEB_NO_PROCESS
            job.end("failed", died, gib=f"{self.spec.job_gib:g}")
        job.size = await asyncio.to_thread(_size, job.folder)
        await self._make_spare()

    async def _carry_out(self, job: Job, run: object, process: Process) -> bool:
        """Run a job in a process; return whether the process wrote anything."""
        answered, job.process = False, process
        try:
            async with asyncio.timeout(60 * self.spec.job_minutes):
                async for fact in _facts(job.order, process):
                    if job.run is not run:
                        break
                    answered = True
                    _note(job, fact)
        except TimeoutError:
            if job.run is run:
                job.end("failed", text.WEB_TOO_LONG, limit=f"{self.spec.job_minutes:g}")
        finally:
            if job.process is process:
                job.process = None
            await killed(process)
            await asyncio.to_thread(recover, job.result)
        return answered

    async def _new_process(self) -> Process | None:
        """Start a process for a job, with new attempts if the system has no room for it."""
        for pause in (*RETRIES, None):
            try:
                return await self._start()
            except OSError as error:
                log.warning("a process could not be started: %s", error)
                if pause is not None:
                    await asyncio.sleep(pause)
        return None

    async def _make_spare(self) -> None:
        """Start a spare process for the next job, if there is room for it."""
        async with self._starting:
            if self._spare is None:
                try:
                    self._spare = await self._start()
                except OSError as error:
                    log.warning("a spare process could not be started: %s", error)

    async def _start(self) -> Process:
        limits = (self.spec.job_minutes, self.spec.job_gib, self.spec.keep_gib)
        return await self.processes.start("otowake.web.worker", *limits)

    async def _keeper(self) -> None:
        """Remove expired jobs, surplus jobs and jobs that are too large."""
        while True:
            await asyncio.sleep(TIDY_SECONDS)
            with contextlib.suppress(OSError):
                await self.tidy()

    async def tidy(self, now: Callable[[], float] = time.monotonic) -> None:
        """Clean up once."""
        most = self.spec.keep_gib * 2**30
        for job in list(self.jobs.values()):
            if job.state == "running":
                job.size = await asyncio.to_thread(_size, job.folder)
                if job.size > most and job.process:
                    job.end("failed", text.WEB_NO_ROOM)
                    await killed(job.process)
            elif self._has_expired(job, now() - job.since):
                await self.remove(job)
        ended = [job for job in self.jobs.values() if job.state not in LIVE]
        while ended and (len(ended) > self.spec.keep_most or sum(job.size for job in ended) > most):
            of_address = Counter(job.address for job in ended)
            first = min(ended, key=lambda job: (-of_address[job.address], job.since))
            ended.remove(first)
            await self.remove(first)

    def _has_expired(self, job: Job, age: float) -> bool:
        """Tell whether a job has expired, or its upload has not started in time."""
        if job.state == "sending":
            return not job.upload and age > START_SECONDS
        return job.state not in LIVE and age > 60 * self.spec.keep_minutes


PICTURE = ("losses", "W", "H")
"""Parts of the progress that stay during the stages after it."""


async def _facts(order: dict[str, Any], process: Process) -> AsyncIterator[dict[str, Any]]:
    """Send a process its order and yield its messages."""
    if process.stdin is None or process.stdout is None:
        return
    with contextlib.suppress(ConnectionError):
        process.stdin.write(json.dumps(order).encode() + b"\n")
        await process.stdin.drain()
    async for line in process.stdout:
        yield json.loads(line)


def _note(job: Job, fact: dict[str, Any]) -> None:
    """Record a message of a process in its job."""
    if "begun" in fact:
        now = time.monotonic()
        if job.stage:
            job.stage_seconds[job.stage] = now - job.stage_since
        job.stage, job.stage_since = fact["begun"], now
        # The last picture stays; a visitor may not have asked for it yet.
        job.progress = {name: job.progress[name] for name in PICTURE if name in job.progress}
    elif "length" in fact:
        job.length = fact["length"]
    elif "summary" in fact:
        job.summary = fact["summary"]
    elif "warning" in fact:
        job.warnings.append(fact["warning"])
    elif "failed" in fact:
        job.end("failed")
        job.message = fact["failed"]
    elif "done" in fact:
        job.end("done")
    else:
        job.progress = fact


def _size(folder: Path) -> int:
    """Return the total size of the files in a folder, in bytes."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                # os.path: thousands of files a second
                total += os.lstat(os.path.join(parent, name)).st_size  # noqa: PTH118
    return total


def _fraction(job: Job, stages: Sequence[str]) -> float:
    iterations = job.progress.get("max_iter")
    return fraction_of(
        stages,
        job.stage_seconds,
        job.stage,
        time.monotonic() - job.stage_since,
        length=job.length or TYPICAL_SECONDS,
        inner=job.progress["iteration"] / iterations if iterations else 0.0,
    )


def facts_of(jobs: Jobs, job: Job, stages: Sequence[str]) -> dict[str, Any]:
    """Describe a job for its user."""
    return {
        "id": job.id,
        "name": job.name,
        "state": job.state,
        "position": jobs.position(job) if job.state == "waiting" else 0,
        "seconds": round(time.monotonic() - job.since, 1),
        "stages": [{"name": name, "seconds": job.stage_seconds.get(name)} for name in stages],
        "stage": job.stage,
        "fraction": _fraction(job, stages),
        "progress": job.progress,
        "ended": job.ended,
        **job.summary,
        "message": job.message,
        "warnings": job.warnings,
    }
