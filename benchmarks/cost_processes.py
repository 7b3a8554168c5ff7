"""A scheduler and workers as processes of their own, a process that delays their messages, and what the kernel says that they did.

For :mod:`benchmarks.cost`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np


def used(process: int) -> dict[str, np.ndarray]:
    """Of each thread of a process: seconds that it was on a processor, and seconds that it waited for one."""
    found = {}
    for thread in Path(f"/proc/{process}/task").iterdir():
        with contextlib.suppress(OSError):
            words = (thread / "schedstat").read_text().split()
            found[thread.name] = np.array([int(each) / 1e9 for each in words[:2]])
    return found


class Took(NamedTuple):
    """Processor seconds, and seconds that threads waited for a processor (several at once count each)."""

    processor: float
    waited: float


class Window:
    """From now on: wall time, and what processes did and waited."""

    def __init__(self, processes: dict[str, list[int]]) -> None:
        self.processes, self.begun = processes, time.perf_counter()
        self.before = self._now()

    def _now(self) -> dict[str, dict[str, np.ndarray]]:
        return {
            who: {thread: each for process in ids for thread, each in used(process).items()}
            for who, ids in self.processes.items()
        }

    def end(self) -> tuple[float, dict[str, Took]]:
        seconds, now = time.perf_counter() - self.begun, self._now()
        found = {}
        for who, threads in now.items():
            nothing = np.zeros(2)
            each = [threads[name] - self.before[who].get(name, nothing) for name in threads]
            found[who] = Took(*map(float, sum(each, nothing)))
        return seconds, found


def kept_back(pairs: list[tuple[int, int]], delay: float) -> None:
    """Listen at the first port of each pair, pass on to the second and back, every message so many seconds later."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        due: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def write() -> None:
            while (each := await due.get())[1]:
                await asyncio.sleep(each[0] - time.monotonic())
                writer.write(each[1])
            writer.close()

        writing = asyncio.ensure_future(write())
        while data := await reader.read(1 << 20):
            due.put_nowait((time.monotonic() + delay, data))
        due.put_nowait((0.0, b""))
        await writing

    async def both(to: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", to)
        with contextlib.suppress(OSError):
            await asyncio.gather(carry(reader, there_writer), carry(there_reader, writer))

    async def serve() -> None:
        for at, to in pairs:
            await asyncio.start_server(lambda r, w, to=to: both(to, r, w), "127.0.0.1", at)
        print("ready", flush=True)
        await asyncio.Event().wait()

    asyncio.run(serve())


def free_ports(n: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextlib.contextmanager
def cluster(workers: int, delay: float) -> Iterator[tuple[Any, dict[str, list[int]]]]:
    """A client, and the processes by what they are."""
    import distributed

    at, seen_at, *rest = free_ports(2 + 2 * workers)
    own, seen = rest[:workers], rest[workers:]
    processes: list[subprocess.Popen[Any]] = []

    def begin(*arguments: str, **more: Any) -> subprocess.Popen[Any]:
        quiet = {"stderr": subprocess.DEVNULL, "start_new_session": True}
        processes.append(subprocess.Popen([sys.executable, *arguments], **(quiet | more)))
        return processes[-1]

    with tempfile.TemporaryDirectory() as scratch:
        try:
            dask = ["-m", "distributed.cli.dask_"]
            scheduler = begin(
                dask[0],
                dask[1] + "scheduler",
                "--host",
                "127.0.0.1",
                "--port",
                str(at),
                "--no-dashboard",
            )
            if delay:
                pairs = json.dumps([[seen_at, at], *zip(seen, own, strict=True)])
                proxy = begin(
                    "-m", "benchmarks.cost_processes", pairs, str(delay), stdout=subprocess.PIPE
                )
                assert proxy.stdout and proxy.stdout.readline()
            more = ["--no-nanny", "--nthreads", "1", "--no-dashboard", "--local-directory", scratch]
            there = [
                begin(
                    dask[0],
                    dask[1] + "worker",
                    f"tcp://127.0.0.1:{seen_at if delay else at}",
                    *more,
                    *("--listen-address", f"tcp://127.0.0.1:{own[i]}"),
                    *("--contact-address", f"tcp://127.0.0.1:{seen[i] if delay else own[i]}"),
                )
                for i in range(workers)
            ]
            with distributed.Client(
                f"tcp://127.0.0.1:{at}", timeout=120, set_as_default=False
            ) as client:
                client.wait_for_workers(workers, timeout=120)
                who = {"driver": [os.getpid()], "scheduler": [scheduler.pid]}
                yield client, who | {"worker": [each.pid for each in there]}
        finally:
            for each in reversed(processes):
                each.kill()
                each.wait()


if __name__ == "__main__":
    kept_back(json.loads(sys.argv[1]), float(sys.argv[2]))
