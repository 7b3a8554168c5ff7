"""Previews of corrections, made in processes with limits."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import Process
from collections import Counter
from typing import Any, NamedTuple

from otowake import text
from otowake.web.draft import PAGE
from otowake.web.job import Job, Refused
from otowake.web.processes import Processes, killed

START_SECONDS = 60.0
"""Seconds until a process must be ready."""

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


class DraftLimits(NamedTuple):
    """Limits of drafts: time and memory of each, number at once, number in the queue."""

    seconds: float = 20.0
    gib: float = 2.0
    at_once: int = 2
    most: int = 16
    of_address: int = 4
    of_person: int = 2


LIMITS = DraftLimits()


class Drafts:
    """Makes drafts; a process that succeeds is used again."""

    def __init__(self, processes: Processes, limits: DraftLimits = LIMITS) -> None:
        self.processes, self.limits = processes, limits
        self._free = asyncio.Semaphore(limits.at_once)
        self._idle: list[Process] = []
        self._pending: Counter[tuple[str, str]] = Counter()

    async def drafted(self, job: Job, edits: list[Any]) -> bytes:
        """Make the draft of these corrections as JSON.

        Raises
        ------
        Refused
            If a correction is not possible, or the draft exceeds a limit.
        """
        limits = self.limits
        counted = ("", ""), ("address", job.address), ("person", job.owner)
        most_of = limits.most, limits.of_address, limits.of_person
        for key, most in zip(counted, most_of, strict=True):
            if self._pending[key] >= most:
                raise Refused(503, text.WEB_DRAFTS_BUSY)
        self._pending.update(counted)
        try:
            async with self._free:
                status, answer = await self._answer(
                    {"folder": str(job.result / PAGE), "name": job.name, "edits": edits}
                )
        finally:
            self._pending.subtract(counted)
            self._pending += Counter()  # drops zero counts
        if status == b"200":
            return answer
        message = json.loads(answer)["message"]
        raise Refused(int(status), text.Text(message["en"], message["ja"]))

    async def _answer(self, order: dict[str, Any]) -> tuple[bytes, bytes]:
        process = await self._ready()
        answered = False
        try:
            async with asyncio.timeout(self.limits.seconds):
                line = await _answer_of(process, order)
            answered = bool(line)
        except TimeoutError as error:
            raise Refused(422, text.WEB_DRAFT_TOO_MUCH) from error
        finally:
            if answered:
                self._idle.append(process)
            else:
                await killed(process)
        if not line:
            raise Refused(500, text.WEB_UNEXPECTED)
        status, _, answer = line.partition(b" ")
        return status, answer

    async def _ready(self) -> Process:
        while self._idle:
            process = self._idle.pop()
            if process.returncode is None:
                return process
        limits = self.limits
        try:
            process = await self.processes.start(
                "otowake.web.draft", limits.seconds, limits.gib, **ONE_THREAD
            )
        except OSError as error:
            raise Refused(503, text.WEB_NO_PROCESS) from error
        started = False
        try:
            async with asyncio.timeout(START_SECONDS):
                started = bool(await _line(process))
        except TimeoutError as error:
            raise Refused(503, text.WEB_NO_PROCESS) from error
        finally:
            if not started:
                await killed(process)
        if not started:
            raise Refused(503, text.WEB_NO_PROCESS)
        return process


async def _answer_of(process: Process, order: dict[str, Any]) -> bytes:
    """Send an order and return the line of the answer; empty if the process has died."""
    if process.stdin is None:
        return b""
    try:
        process.stdin.write(json.dumps(order).encode() + b"\n")
        await process.stdin.drain()
    except ConnectionError:
        return b""
    return await _line(process)


async def _line(process: Process) -> bytes:
    return b"" if process.stdout is None else await process.stdout.readline()
