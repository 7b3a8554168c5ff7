"""Model the cost of an archive on many machines: constants of a core and of Dask, and a simulation.

The simulation follows `otowake.cluster`: the driver, the scheduler and each worker do one thing at
a time, and a message takes time. :mod:`benchmarks.cost` measures the constants.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from math import inf

TASKS_PER_WORKER = 2
"""Tasks that a worker holds at once (as in `otowake.cluster`)."""

FRAME_RATE = 22050 / 512
"""Frames per second."""

BINS, BLOCK = 1025, 1024


@dataclass(frozen=True)
class Call:
    """Cost of one call of a worker: processor seconds per process, and seconds of waiting."""

    driver: float
    scheduler: float
    worker: float
    idle: float


@dataclass(frozen=True)
class Constants:
    """Measured processor seconds of one core.

    Attributes
    ----------
    read, hold
        Per hour of audio: its digest; decoding and writing of the spectrogram.
    of_block
        Per pass over 1,024 frames.
    combine
        The driver's part of a pass.
    per_recording, per_hour
        Analysis by stages, per recording and per hour of audio.
    note
        Entering a result in the manifest.
    upkeep
        Per second in which a Dask process is idle.
    threads
        Mean number of busy threads of a worker in `learn` and in `run`.
    ask, fetch
        The two halves of a call of `learn`: the work, and the transfer of the sums.
    task, back
        The two halves of a call of `run`.
    """

    read: float
    hold: float
    of_block: float
    combine: float
    per_recording: dict[str, float]
    per_hour: dict[str, float]
    note: float
    upkeep: float
    threads: dict[str, float]
    ask: Call
    fetch: Call
    task: Call
    back: Call


@dataclass(frozen=True)
class Network:
    """Where the archive runs.

    Attributes
    ----------
    delay
        Seconds that a message takes between the scheduler and a worker.
    cores
        Cores that all processes share; by default one core per process.
    """

    delay: float = 0.0
    cores: float = inf


Steps = Iterator[tuple["Server | None", float]]
"""Consecutive steps: a server works for some processor seconds, or (None) time passes."""


@dataclass
class Server:
    """Process that does one thing at a time, with a mean number of threads."""

    threads: float = 1.0
    queue: deque[tuple[float, Steps]] = field(default_factory=deque)
    busy: float = 0.0


def simulate(all_steps: Iterable[Steps], now: float = 0.0, cores: float = inf) -> float:
    """Run sequences of steps in parallel from `now` on; return the time at which the last ends.

    If there are more threads than cores, all slow down equally. `served` is the core time that a
    thread would have had since the beginning, so the next step to end does not depend on steps that
    begin later.
    """
    turn = count()
    waiting: list[tuple[float, int, Steps]] = [(now, next(turn), steps) for steps in all_steps]
    working: list[tuple[float, int, Server]] = []
    served = threads = 0.0

    def begin(server: Server) -> None:
        nonlocal threads
        threads += server.threads
        heapq.heappush(working, (served + server.queue[0][0], next(turn), server))

    while waiting or working:
        slowdown = max(1.0, threads / cores)
        end = now + (working[0][0] - served) * slowdown if working else inf
        if waiting and waiting[0][0] <= end:
            time, _, steps = heapq.heappop(waiting)
            served, now = served + (time - now) / slowdown, time
        else:
            served, _, server = heapq.heappop(working)
            now, (_, steps) = end, server.queue.popleft()
            threads -= server.threads
            if server.queue:
                begin(server)
        if (step := next(steps, None)) is None:
            continue
        server, seconds = step
        if server is None:
            heapq.heappush(waiting, (now + seconds, next(turn), steps))
        else:
            server.queue.append((seconds / server.threads, steps))
            server.busy += seconds / server.threads
            if len(server.queue) == 1:
                begin(server)
    return now


@dataclass(frozen=True)
class Simulated:
    """Result of a simulation: seconds, and the busy share of the driver and the scheduler."""

    seconds: float
    driver: float
    scheduler: float


def round_trip(
    call: Call, driver: Server, scheduler: Server, worker: Server, delay: float, work: float = 0.0
) -> Steps:
    """Yield the steps of a call to a worker and back."""
    yield driver, call.driver
    yield scheduler, call.scheduler / 2
    yield None, delay + call.idle / 2
    yield worker, call.worker + work
    yield None, delay + call.idle / 2
    yield scheduler, call.scheduler / 2


def one_pass(c: Constants, work: Sequence[float], network: Network) -> Simulated:
    """Simulate a pass of `learn`: all workers add up their portions, the driver updates W."""
    driver, scheduler = Server(), Server()
    workers = [Server(c.threads["learn"]) for _ in work]
    calls = (
        round_trip(c.ask, driver, scheduler, worker, network.delay, seconds)
        for worker, seconds in zip(workers, work, strict=True)
    )
    now = simulate(calls, cores=network.cores)
    fetches = (round_trip(c.fetch, driver, scheduler, worker, network.delay) for worker in workers)
    now = simulate(fetches, now, network.cores)
    now = simulate([iter([(driver, c.combine)])], now)
    return Simulated(now, driver.busy / now, scheduler.busy / now)


def shared(c: Constants, portions: Sequence[float], workers: int) -> list[float]:
    """Return the work of each worker in a pass; `portions` are recordings, in seconds."""
    work = [0.0] * workers
    for i, seconds in enumerate(portions):
        work[i * workers // len(portions)] += c.of_block * -(-round(seconds * FRAME_RATE) // BLOCK)
    return work


def run(
    c: Constants, recordings: int, seconds: float, workers: int, stages: str, network: Network
) -> Simulated:
    """Simulate `archive run` over recordings of one length.

    The driver takes results one by one.
    """
    driver, scheduler, taking = Server(), Server(), Server()
    left = iter(range(recordings))
    work = c.per_recording[stages] + (c.per_hour[stages] + c.read) * seconds / 3600
    back = c.back.driver + c.note + c.back.scheduler + c.back.worker

    def slot(worker: Server) -> Steps:
        for _ in left:
            yield from round_trip(c.task, driver, scheduler, worker, network.delay, work)
            driver.busy += c.back.driver + c.note
            yield taking, back + 2 * network.delay + c.back.idle

    servers = [Server(c.threads["run"]) for _ in range(workers)]
    now = simulate(
        (slot(worker) for _ in range(TASKS_PER_WORKER) for worker in servers), cores=network.cores
    )
    return Simulated(now, driver.busy / now, scheduler.busy / now)


@dataclass(frozen=True)
class Planned:
    """Time for a million hours of audio with a number of workers, in hours."""

    workers: int
    run: dict[str, float]
    driver: dict[str, float]
    a_pass: float
    learn_driver: float
    disk: float
    memory: float


def planned(
    c: Constants, workers: int, *, hours: float = 1e6, track: float = 240.0, delay: float = 2.5e-4
) -> Planned:
    """Extrapolate from a simulation of eight tasks per worker (at most 200,000).

    Recordings last four minutes.
    """
    network = Network(delay=delay)
    tracks = round(hours * 3600 / track)
    sample = min(tracks, max(8 * workers, 200), 200_000)
    runs = {stages: run(c, sample, track, workers, stages, network) for stages in c.per_recording}
    blocks = hours * 3600 * FRAME_RATE / BLOCK / workers
    a_pass = one_pass(c, [blocks * c.of_block] * workers, network)
    return Planned(
        workers,
        {stages: result.seconds * tracks / sample / 3600 for stages, result in runs.items()},
        {stages: result.driver for stages, result in runs.items()},
        a_pass.seconds,
        a_pass.driver,
        hours * 3600 * FRAME_RATE * BINS * 4 / workers,
        hours * 3600 * FRAME_RATE * 20 * 4 / workers,
    )


def without_calls(c: Constants) -> Constants:
    """Return the constants with free calls: the cost of the work without communication."""
    free = Call(0, 0, 0, 0)
    return replace(c, ask=free, fetch=free, task=free, back=free, note=0.0, combine=0.0)
