"""Start workers on this machine: Dask processes that only this run can reach.

Any user of a machine can connect to a port on loopback, and Dask executes any code that reaches its
ports. Therefore the scheduler, the nannies and the workers of a run use mutual TLS with keys made
for that run and sent to the workers through pipes. There is no dashboard and no other HTTP server.
The scratch folder is private, because Dask puts it in front of ``sys.path``.
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

DASK_CONFIG = {
    "distributed.admin.low-level-log-length": 1000,
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.comm.timeouts.connect": "60s",
    "distributed.nanny.pre-spawn-environ": dict.fromkeys(POOLS, 1),
}
"""Dask settings: short logs, which keep the driver small, and only the final memory limit.

The environment before spawning also omits MALLOC_TRIM_THRESHOLD_: Dask would set it, which returns
free memory to the system at once and doubles the processor time of an analysis.
"""

START_TIMEOUT = 60.0
"""Seconds to wait for all workers; then the work begins with the workers that have started."""


class _WithoutHttp:
    """A Dask server that listens on the port of its own protocol only."""

    def start_http_server(self, *_: Any, **__: Any) -> None:
        """Start nothing."""


class Scheduler(_WithoutHttp, distributed.Scheduler):
    """A scheduler without an HTTP server."""


class Worker(_WithoutHttp, distributed.Worker):
    """A worker without an HTTP server."""


@contextlib.contextmanager
def local_workers(spec: WorkerSpec) -> Iterator[Any]:
    """Start workers on this machine and give a client of them; the workers end with the block.

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
    with private as scratch, config.set({**DASK_CONFIG, "temporary-directory": scratch}):
        with _interrupts_blocked():
            cluster = distributed.SpecCluster(
                scheduler={"cls": Scheduler, "options": own},
                worker={"cls": distributed.Nanny, "options": worker},
                security=security,
                **quiet,
            )
        with cluster, distributed.Client(cluster) as client:
            cluster.scale(n)  # inside the block, which also ends processes that are still starting
            with contextlib.suppress(TimeoutError):  # work begins with the workers present
                client.wait_for_workers(n, timeout=START_TIMEOUT)
            yield client


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Block signals of the terminal in threads and processes started here; only this one gets them.

    The terminal sends signals to all its processes.
    """
    resource_tracker.ensure_running()  # starting it later would unblock the signals
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
