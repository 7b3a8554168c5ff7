"""Connect to workers on this machine or a cluster, and send them tasks in bounded numbers."""

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


class NotHeld(Exception):
    """A worker does not hold the requested data, because its process was restarted."""


TASKS_PER_THREAD = 2
"""Tasks sent to each thread of a worker at once: the running one and the next."""

POLL_SECONDS = 0.5
"""Seconds between checks for a request to stop and for lost workers."""

SCHEDULER_TIMEOUT = 15.0
"""Seconds for a scheduler to count its workers or to return results."""

TASK_ERRORS = (Exception, asyncio.CancelledError)
"""Errors that a task may return; CancelledError is no subclass of Exception."""


@contextlib.contextmanager
def connect_workers(spec: WorkerSpec, client: Any = None) -> Iterator[Any]:
    """Give a client of workers: `client`, or of the scheduler in `spec`, or of new processes here.

    Raises
    ------
    MissingExtra
        If Dask is not installed.
    BadInput
        If the scheduler does not respond.
    """
    if client is not None:
        yield client
        return
    try:
        distributed = importlib.import_module("distributed")
    except ImportError as error:
        raise MissingExtra(text.NEEDS_CLUSTER, package="dask, distributed") from error
    for name in [*logging.root.manager.loggerDict]:  # the driver reports lost workers itself
        if name.partition(".")[0] in ("distributed", "tornado", "asyncio"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    if spec.scheduler is not None:
        with _client_of(distributed, spec.scheduler, spec.timeout) as connected:
            yield connected
        return
    from otowake.cluster.local import local_workers

    with local_workers(spec) as connected:
        yield connected


def _client_of(distributed: Any, scheduler: str, timeout: float) -> Any:
    is_file = Path(scheduler).is_file()
    address = {"scheduler_file": scheduler} if is_file else {"address": scheduler}
    try:
        return distributed.Client(**address, timeout=max(timeout, 1.0), set_as_default=False)
    except TypeError as error:
        raise BadInput(text.NO_KEYS, address=scheduler) from error
    except (OSError, ValueError, KeyError) as error:
        raise BadInput(text.NO_SCHEDULER, address=scheduler, why=error) from error


class TaskPool:
    """Send tasks to workers in bounded numbers and yield results as they complete.

    Parameters
    ----------
    client
        A ``dask.distributed`` client.
    timeout
        Seconds after which the absence of workers is an error.
    stopped
        A function, called at intervals, that returns whether to stop.
    """

    def __init__(self, client: Any, timeout: float, stopped: Callable[[], bool]) -> None:
        self.client, self.timeout, self.stopped = client, timeout, stopped

    def map_bounded(
        self, name: str, tasks: Iterator[T], function: Callable[..., Any], *more: Any
    ) -> Iterator[tuple[T, Any]]:
        """Call ``function(task, *more)`` on workers; yield each task with the result or the error.

        A task that is lost with its worker or scheduler is yielded with Dask's error for that case.

        Raises
        ------
        WorkersGone
            If there was no worker for longer than `timeout`.
        """
        completed: queue.SimpleQueue[Any] = queue.SimpleQueue()
        pending: dict[Any, T] = {}
        begun = time.monotonic()
        seen, last_check, limit = begun, 0.0, 0
        exhausted = False
        try:
            while not (exhausted and not pending) and not self.stopped():
                now = time.monotonic()
                if now - last_check > POLL_SECONDS * 4 or not limit:
                    threads, last_check = self._threads(), now
                    limit = TASKS_PER_THREAD * threads
                    seen = now if threads else seen
                    if now - seen > self.timeout:
                        raise WorkersGone(text.WORKERS_GONE, seconds=self.timeout)
                while len(pending) < limit and not exhausted:
                    try:
                        task = next(tasks)
                    except StopIteration:
                        exhausted = True
                        break
                    key = f"{name}-{os.urandom(16).hex()}"
                    future = self.client.submit(function, task, *more, key=key, pure=False)
                    pending[future] = task
                    future.add_done_callback(completed.put)
                try:
                    future = completed.get(timeout=POLL_SECONDS)
                except queue.Empty:
                    continue
                yield pending.pop(future), result_of(future)
                future.release()
        finally:
            with contextlib.suppress(Exception):  # the cluster may be gone
                self.client.cancel(list(pending))

    def _threads(self) -> int:
        return sum(workers_of(self.client).values())


class WorkersLost(Exception):
    """Workers are lost, with the data that they held."""


class Stopped(Exception):
    """The user has stopped the work."""


Call = tuple[str, Callable[..., Any], tuple[Any, ...], str]
"""The address of a worker, a function, its arguments, and a name for the dashboard."""


def call_pinned(client: Any, calls: list[Call], stopped: Callable[[], bool]) -> list[Any]:
    """Run each call on its worker and return the results in the order of the calls.

    Raises
    ------
    WorkersLost
        If one of the workers is lost or has been restarted.
    Stopped
        If `stopped`, called at intervals, returns True.
    WorkersGone
        If a worker can't run a call.
    """
    futures: list[Any] = []
    completed: queue.SimpleQueue[Any] = queue.SimpleQueue()
    try:
        for address, function, arguments, name in calls:
            key = f"{name}-{os.urandom(16).hex()}"
            futures.append(
                client.submit(function, *arguments, workers=[address], key=key, pure=False)
            )
        needed = {address for address, *_ in calls}
        for future in futures:
            future.add_done_callback(completed.put)
        waiting = len(futures)
        while waiting:
            try:
                completed.get(timeout=POLL_SECONDS)
                waiting -= 1
            except queue.Empty:
                if not needed <= workers_of(client).keys():
                    raise WorkersLost from None
                if stopped():
                    raise Stopped from None
        results = results_of(client, futures)
    finally:
        with contextlib.suppress(Exception):  # the cluster may be gone
            client.cancel(futures)
    for result in results:
        if is_lost(result) or isinstance(result, NotHeld):
            raise WorkersLost from result
        if isinstance(result, BaseException):
            raise WorkersGone(text.WORKERS_CANNOT, why=result) from result
    return results


def workers_of(client: Any) -> dict[str, int]:
    """Return the connected workers with their threads; none if the scheduler does not respond."""
    if client.status != "running":
        return {}
    try:
        return dict(
            client.sync(client.scheduler.ncores, workers=None, callback_timeout=SCHEDULER_TIMEOUT)
        )
    except (OSError, TimeoutError, RuntimeError, ValueError):
        return {}


def result_of(future: Any) -> Any:
    """Return the result or the error of a completed task."""
    try:
        return future.result(timeout=SCHEDULER_TIMEOUT)
    except TASK_ERRORS as error:
        return error


def results_of(client: Any, futures: list[Any]) -> list[Any]:
    """Fetch the results of completed tasks together; if one is missing, fetch them one by one."""
    fetch = partial(client.gather, futures, asynchronous=True)
    try:
        return client.sync(fetch, callback_timeout=SCHEDULER_TIMEOUT)
    except TASK_ERRORS:
        return [result_of(future) for future in futures]


def is_lost(result: Any) -> bool:
    """Whether a result is an error that reports a lost worker or scheduler."""
    lost = (
        "KilledWorker",
        "CancelledError",
        "FutureCancelledError",
        "TimeoutError",
        "CommClosedError",
    )
    return isinstance(result, BaseException) and type(result).__name__ in lost


def link_of(client: Any) -> str | None:
    """Return the address of Dask's dashboard, if there is one."""
    return client.dashboard_link if importlib.util.find_spec("bokeh") else None
