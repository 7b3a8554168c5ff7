"""Workers on this machine: Dask processes that nobody but this run can reach.

Any user of a machine can connect to a port on loopback, and Dask runs whatever code reaches its
ports. So the scheduler, the nannies and the workers of a run speak TLS in both directions with keys
that exist for that run alone and travel to the workers through pipes. There is no dashboard and no
other HTTP server. Their scratch folder is private, because Dask puts it in front of ``sys.path``.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import tempfile
from collections.abc import Iterator
from multiprocessing import resource_tracker
from typing import Any

import distributed
from dask import config

from otowake import text
from otowake.errors import MissingExtra
from otowake.options import WorkerSpec
from otowake.runtime import POOLS

QUIET = {
    "distributed.admin.low-level-log-length": 1000,
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.comm.timeouts.connect": "60s",
    "distributed.nanny.pre-spawn-environ": dict.fromkeys(POOLS, 1),
}
"""Short logs, so that the driver does not grow; no memory limit but the one that ends a worker.

And memory that is free is kept for the next array: Dask would set MALLOC_TRIM_THRESHOLD_, which
gives it back to the system each time, and doubles the processor time of an analysis.
"""

START = 60.0
"""How long, in seconds, to wait for all workers; then the work begins with those that are there."""


class _WithoutHttp:
    """A Dask server that listens on the port of its own protocol only."""

    def start_http_server(self, *_: Any, **__: Any) -> None:
        """Start nothing."""


class Scheduler(_WithoutHttp, distributed.Scheduler):
    """A scheduler without an HTTP server."""


class Worker(_WithoutHttp, distributed.Worker):
    """A worker without an HTTP server."""


@contextlib.contextmanager
def local_crew(spec: WorkerSpec) -> Iterator[Any]:
    """Start workers on this machine and give a client of them; they end with the block.

    Raises
    ------
    MissingExtra
        If the keys cannot be made because cryptography is not installed.
    """
    try:
        security = distributed.Security.temporary()
    except ImportError as error:
        raise MissingExtra(text.NEEDS_CLUSTER, package="cryptography") from error
    own: dict[str, Any] = {
        "host": "127.0.0.1",
        "protocol": "tls://",
        "security": security,
        "dashboard": False,
    }
    quiet: dict[str, Any] = {"silence_logs": logging.CRITICAL}
    worker = {
        **own,
        "worker_class": Worker,
        "nthreads": 1,
        "memory_limit": "auto" if spec.memory is None else int(spec.memory * 2**30),
        **quiet,
    }
    n = spec.workers or len(os.sched_getaffinity(0))
    folder = config.get("temporary-directory", None)
    private = tempfile.TemporaryDirectory(prefix="otowake-", dir=folder, ignore_cleanup_errors=True)
    with private as scratch, config.set({**QUIET, "temporary-directory": scratch}):
        with _deaf_to_interrupts():
            cluster = distributed.SpecCluster(
                scheduler={"cls": Scheduler, "options": own},
                worker={"cls": distributed.Nanny, "options": worker},
                security=security,
                **quiet,
            )
        with cluster, distributed.Client(cluster) as client:
            cluster.scale(n)  # here, so that processes that are still starting are ended, too
            with contextlib.suppress(TimeoutError):  # those that are there begin
                client.wait_for_workers(n, timeout=START)
            yield client


@contextlib.contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Leave signals of the terminal, which reach all its processes, to this one.

    Threads that are started in the block have their processes ignore them.
    """
    resource_tracker.ensure_running()  # it would let signals through again where it is begun
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
