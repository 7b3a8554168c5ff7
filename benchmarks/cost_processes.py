"""Run a scheduler, workers and a delaying proxy as processes, and measure their processor time.

Used by :mod:`benchmarks.cost`.
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
    """Return the seconds that each thread of a process ran, and waited for a processor."""
    times = {}
    for thread in Path(f"/proc/{process}/task").iterdir():
        with contextlib.suppress(OSError):
            words = (thread / "schedstat").read_text().split()
            times[thread.name] = np.array([int(word) / 1e9 for word in words[:2]])
    return times


class Took(NamedTuple):
    """Processor seconds, and seconds that threads waited for a processor, summed over threads."""

    processor: float
    waited: float


class Window:
    """Measure wall time and processes' times from construction on."""

    def __init__(self, processes: dict[str, list[int]]) -> None:
        self.processes, self.begun = processes, time.perf_counter()
        self.before = self._now()

    def _now(self) -> dict[str, dict[str, np.ndarray]]:
        return {
            role: {thread: times for process in ids for thread, times in used(process).items()}
            for role, ids in self.processes.items()
        }

    def end(self) -> tuple[float, dict[str, Took]]:
        seconds, now = time.perf_counter() - self.begun, self._now()
        took = {}
        for role, threads in now.items():
            nothing = np.zeros(2)
            times = [threads[name] - self.before[role].get(name, nothing) for name in threads]
            took[role] = Took(*map(float, sum(times, nothing)))
        return seconds, took


def delay_messages(pairs: list[tuple[int, int]], delay: float) -> None:
    """Forward between the ports of each pair, every message delayed by some seconds."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        due: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def write() -> None:
            while (message := await due.get())[1]:
                await asyncio.sleep(message[0] - time.monotonic())
                writer.write(message[1])
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
        for free in sockets:
            free.bind(("127.0.0.1", 0))
        return [free.getsockname()[1] for free in sockets]


@contextlib.contextmanager
def cluster(workers: int, delay: float) -> Iterator[tuple[Any, dict[str, list[int]]]]:
    """Yield a client, and the processes by role."""
    import distributed

    port, proxy_port, *rest = free_ports(2 + 2 * workers)
    ports, proxy_ports = rest[:workers], rest[workers:]
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
                str(port),
                "--no-dashboard",
            )
            if delay:
                pairs = json.dumps([[proxy_port, port], *zip(proxy_ports, ports, strict=True)])
                proxy = begin(
                    "-m", "benchmarks.cost_processes", pairs, str(delay), stdout=subprocess.PIPE
                )
                assert proxy.stdout and proxy.stdout.readline()
            more = ["--no-nanny", "--nthreads", "1", "--no-dashboard", "--local-directory", scratch]
            worker_processes = [
                begin(
                    dask[0],
                    dask[1] + "worker",
                    f"tcp://127.0.0.1:{proxy_port if delay else port}",
                    *more,
                    *("--listen-address", f"tcp://127.0.0.1:{ports[i]}"),
                    *(
                        "--contact-address",
                        f"tcp://127.0.0.1:{proxy_ports[i] if delay else ports[i]}",
                    ),
                )
                for i in range(workers)
            ]
            with distributed.Client(
                f"tcp://127.0.0.1:{port}", timeout=120, set_as_default=False
            ) as client:
                client.wait_for_workers(workers, timeout=120)
                roles = {"driver": [os.getpid()], "scheduler": [scheduler.pid]}
                yield client, roles | {"worker": [worker.pid for worker in worker_processes]}
        finally:
            for process in reversed(processes):
                process.kill()
                process.wait()


if __name__ == "__main__":
    delay_messages(json.loads(sys.argv[1]), float(sys.argv[2]))
