"""The workers, on this machine or on a cluster, and how work reaches them: never more of it than they can soon do."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import logging
import os
import queue
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from otowake import text
from otowake.errors import BadInput, MissingExtra, WorkersGone
from otowake.options import WorkerSpec

T = TypeVar("T")

AHEAD = 2
"""Tasks that each thread of a worker has been given at once: the one it does, and the next."""

LOOK = 0.5
"""How often, in seconds, there is a look at whether to stop and whether workers are there."""

ANSWER = 15.0
"""How long, in seconds, a scheduler may take to say how many workers it has, or to hand over results."""

GONE_WRONG = (Exception, asyncio.CancelledError)
"""What a task may come back with; asyncio's is none of Exception."""


@contextlib.contextmanager
def crew(spec: WorkerSpec, client: Any = None) -> Iterator[Any]:
    """A client of the workers: the one given, of the scheduler that `spec` names, or of new processes on this machine.

    Raises
    ------
    MissingExtra
        If Dask is not installed.
    BadInput
        If the scheduler doesn't answer.
    """
    if client is not None:
        yield client
        return
    try:
        distributed = importlib.import_module("distributed")
    except ImportError as error:
        raise MissingExtra(text.NEEDS_CLUSTER, package="dask, distributed") from error
    for name in [
        *logging.root.manager.loggerDict
    ]:  # what is to be said of lost workers, the driver says
        if name.partition(".")[0] in ("distributed", "tornado", "asyncio"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    if spec.scheduler is not None:
        with _client_of(distributed, spec.scheduler, spec.timeout) as found:
            yield found
        return
    from otowake.cluster.local import local_crew

    with local_crew(spec) as found:
        yield found


def _client_of(distributed: Any, scheduler: str, patience: float) -> Any:
    at = {"scheduler_file": scheduler} if Path(scheduler).is_file() else {"address": scheduler}
    try:
        return distributed.Client(**at, timeout=max(patience, 1.0), set_as_default=False)
    except TypeError as error:
        raise BadInput(text.NO_KEYS, address=scheduler) from error
    except (OSError, ValueError, KeyError) as error:
        raise BadInput(text.NO_SCHEDULER, address=scheduler, why=error) from error


class Flow:
    """Tasks that go to workers in bounded numbers and come back as they are done.

    Parameters
    ----------
    client
        A ``dask.distributed`` client.
    patience
        How long, in seconds, no worker may be there.
    stopped
        Asked every now and then whether to stop.
    """

    def __init__(self, client: Any, patience: float, stopped: Callable[[], bool]) -> None:
        self.client, self.patience, self.stopped = client, patience, stopped

    def through(
        self, name: str, tasks: Iterator[T], function: Callable[..., Any], *more: Any
    ) -> Iterator[tuple[T, Any]]:
        """Call ``function(task, *more)`` on workers; gives each task with its result, or with the error of its worker.

        A task that is lost with its worker or scheduler comes back with the error that Dask has for that.

        Raises
        ------
        WorkersGone
            If no worker was there for longer than `patience`.
        """
        back: queue.SimpleQueue[Any] = queue.SimpleQueue()
        out: dict[Any, T] = {}
        begun = time.monotonic()
        seen, last_look, limit = begun, 0.0, 0
        exhausted = False
        try:
            while not (exhausted and not out) and not self.stopped():
                now = time.monotonic()
                if now - last_look > LOOK * 4 or not limit:
                    threads, last_look = self._threads(), now
                    limit = AHEAD * threads
                    seen = now if threads else seen
                    if now - seen > self.patience:
                        raise WorkersGone(text.WORKERS_GONE, seconds=self.patience)
                while len(out) < limit and not exhausted:
                    try:
                        task = next(tasks)
                    except StopIteration:
                        exhausted = True
                        break
                    key = f"{name}-{os.urandom(16).hex()}"
                    future = self.client.submit(function, task, *more, key=key, pure=False)
                    out[future] = task
                    future.add_done_callback(back.put)
                try:
                    future = back.get(timeout=LOOK)
                except queue.Empty:
                    continue
                yield out.pop(future), result_of(future)
                future.release()
        finally:
            with contextlib.suppress(Exception):  # the cluster may be gone
                self.client.cancel(list(out))

    def _threads(self) -> int:
        return sum(workers_of(self.client).values())


def workers_of(client: Any) -> dict[str, int]:
    """The workers that are there, each with its threads; none also where the scheduler doesn't answer."""
    if client.status != "running":
        return {}
    try:
        return dict(client.sync(client.scheduler.ncores, workers=None, callback_timeout=ANSWER))
    except (OSError, TimeoutError, RuntimeError, ValueError):
        return {}


def result_of(future: Any) -> Any:
    """The result of a task that is done, or the error that it came back with."""
    try:
        return future.result(timeout=ANSWER)
    except GONE_WRONG as error:
        return error


def results_of(client: Any, futures: list[Any]) -> list[Any]:
    """The results of tasks that are done, fetched all at once; where one is missing, each or its error by itself."""
    fetch = partial(client.gather, futures, asynchronous=True)
    try:
        return client.sync(fetch, callback_timeout=ANSWER)
    except GONE_WRONG:
        return [result_of(each) for each in futures]


def is_lost(result: Any) -> bool:
    """Whether a task came back because its worker or the scheduler was lost, not because it was done."""
    lost = (
        "KilledWorker",
        "CancelledError",
        "FutureCancelledError",
        "TimeoutError",
        "CommClosedError",
    )
    return isinstance(result, BaseException) and type(result).__name__ in lost


def link_of(client: Any) -> str | None:
    """The address of Dask's dashboard, where it is there."""
    return client.dashboard_link if importlib.util.find_spec("bokeh") else None
