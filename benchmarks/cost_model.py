"""What an archive costs, past one machine: constants of one core and of Dask's calls, and a simulation of who waits for whom.

A simulation plays out what `otowake.cluster` does: the driver, the scheduler and each worker do one thing after another, and
a message takes its time. Nothing here measures; :mod:`benchmarks.cost` does.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from math import inf

AHEAD = 2
"""Tasks that a worker has been given at once (`otowake.cluster.workers.TASKS_PER_THREAD`)."""

FRAMES = 22050 / 512
"""Frames in a second."""

BINS, BLOCK = 1025, 1024


@dataclass(frozen=True)
class Call:
    """One call of a worker: processor seconds of driver, scheduler and worker, and seconds of waiting for the messages' turns."""

    driver: float
    scheduler: float
    worker: float
    idle: float


@dataclass(frozen=True)
class Constants:
    """Processor seconds of one core, measured.

    `read`, `hold` are for an hour of audio (its digest; decoding it and writing its spectrogram), `of_block` for a pass over
    1,024 frames, `combine` for the driver's part of a pass, `each` and `hour` for an analysis: for a recording, and for an
    hour; `note` for entering a result; `upkeep` for a second in which a process of Dask has nothing to do. `threads`: how many
    threads of a worker are at work on average in `learn` and in `run`. `ask` and `fetch` are the two halves of a call of `learn`: it
    is done, and its sums are fetched; `task` and `back` those of `run`.
    """

    read: float
    hold: float
    of_block: float
    combine: float
    each: dict[str, float]
    hour: dict[str, float]
    note: float
    upkeep: float
    threads: dict[str, float]
    ask: Call
    fetch: Call
    task: Call
    back: Call


@dataclass(frozen=True)
class Place:
    """Where it runs: the seconds that a message takes between the scheduler and a worker, and the cores that all processes
    share (a core for each of them, if not given)."""

    delay: float = 0.0
    cores: float = inf


Steps = Iterator[tuple["Server | None", float]]
"""What happens one after the other: somebody works for so many processor seconds, or (None) time passes."""


@dataclass
class Server:
    """Somebody who does one thing after another, with so many threads at once on average; `busy` counts the seconds."""

    threads: float = 1.0
    queue: deque[tuple[float, Steps]] = field(default_factory=deque)
    busy: float = 0.0


def played(all_steps: Iterable[Steps], now: float = 0.0, cores: float = inf) -> float:
    """Play several things at once from `now` on; when the last one ends.

    Where there are more threads than cores, all slow down alike. `served` is the time that each thread would have had of a core
    since the beginning, so whose turn ends next is known whatever begins in the meantime.
    """
    turn = count()
    passing: list[tuple[float, int, Steps]] = [(now, next(turn), steps) for steps in all_steps]
    working: list[tuple[float, int, Server]] = []
    served = threads = 0.0

    def begin(who: Server) -> None:
        nonlocal threads
        threads += who.threads
        heapq.heappush(working, (served + who.queue[0][0], next(turn), who))

    while passing or working:
        slow = max(1.0, threads / cores)
        ends = now + (working[0][0] - served) * slow if working else inf
        if passing and passing[0][0] <= ends:
            then, _, steps = heapq.heappop(passing)
            served, now = served + (then - now) / slow, then
        else:
            served, _, who = heapq.heappop(working)
            now, (_, steps) = ends, who.queue.popleft()
            threads -= who.threads
            if who.queue:
                begin(who)
        if (step := next(steps, None)) is None:
            continue
        who, seconds = step
        if who is None:
            heapq.heappush(passing, (now + seconds, next(turn), steps))
        else:
            who.queue.append((seconds / who.threads, steps))
            who.busy += seconds / who.threads
            if len(who.queue) == 1:
                begin(who)
    return now


@dataclass(frozen=True)
class Found:
    """What a simulation found: seconds, and what part of them the driver and the scheduler were busy."""

    seconds: float
    driver: float
    scheduler: float


def called(
    call: Call, driver: Server, scheduler: Server, worker: Server, delay: float, work: float = 0.0
) -> Steps:
    """A call to a worker and back."""
    yield driver, call.driver
    yield scheduler, call.scheduler / 2
    yield None, delay + call.idle / 2
    yield worker, call.worker + work
    yield None, delay + call.idle / 2
    yield scheduler, call.scheduler / 2


def one_pass(c: Constants, work: Sequence[float], place: Place) -> Found:
    """A pass of `learn`: all workers are asked, each works so long; then the sums are fetched, added, and W moves."""
    driver, scheduler = Server(), Server()
    workers = [Server(c.threads["learn"]) for _ in work]
    asked = (
        called(c.ask, driver, scheduler, worker, place.delay, seconds)
        for worker, seconds in zip(workers, work, strict=True)
    )
    now = played(asked, cores=place.cores)
    fetched = (called(c.fetch, driver, scheduler, worker, place.delay) for worker in workers)
    now = played(fetched, now, place.cores)
    now = played([iter([(driver, c.combine)])], now)
    return Found(now, driver.busy / now, scheduler.busy / now)


def shared(c: Constants, portions: Sequence[float], workers: int) -> list[float]:
    """What each worker has to do in a pass, over portions of one recording each, of so many seconds."""
    found = [0.0] * workers
    for i, seconds in enumerate(portions):
        found[i * workers // len(portions)] += c.of_block * -(-round(seconds * FRAMES) // BLOCK)
    return found


def run(
    c: Constants, recordings: int, seconds: float, workers: int, stages: str, place: Place
) -> Found:
    """`archive run` over recordings of one length: each worker is asked for two at once, and the driver takes results one by one."""
    driver, scheduler, taking = Server(), Server(), Server()
    left = iter(range(recordings))
    work = c.each[stages] + (c.hour[stages] + c.read) * seconds / 3600
    back = c.back.driver + c.note + c.back.scheduler + c.back.worker

    def slot(worker: Server) -> Steps:
        for _ in left:
            yield from called(c.task, driver, scheduler, worker, place.delay, work)
            driver.busy += c.back.driver + c.note
            yield taking, back + 2 * place.delay + c.back.idle

    every = [Server(c.threads["run"]) for _ in range(workers)]
    now = played((slot(worker) for _ in range(AHEAD) for worker in every), cores=place.cores)
    return Found(now, driver.busy / now, scheduler.busy / now)


@dataclass(frozen=True)
class Planned:
    """What a million hours take with so many workers, in hours."""

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
    """Recordings of four minutes; a steady flow is simulated over eight tasks a worker (at most 200,000) and made longer."""
    place = Place(delay=delay)
    tracks = round(hours * 3600 / track)
    sample = min(tracks, max(8 * workers, 200), 200_000)
    runs = {stages: run(c, sample, track, workers, stages, place) for stages in c.each}
    blocks = hours * 3600 * FRAMES / BLOCK / workers
    a_pass = one_pass(c, [blocks * c.of_block] * workers, place)
    return Planned(
        workers,
        {stages: found.seconds * tracks / sample / 3600 for stages, found in runs.items()},
        {stages: found.driver for stages, found in runs.items()},
        a_pass.seconds,
        a_pass.driver,
        hours * 3600 * FRAMES * BINS * 4 / workers,
        hours * 3600 * FRAMES * 20 * 4 / workers,
    )


def without_calls(c: Constants) -> Constants:
    """The same, if calls cost nothing: what the work alone takes."""
    free = Call(0, 0, 0, 0)
    return replace(c, ask=free, fetch=free, task=free, back=free, note=0.0, combine=0.0)
