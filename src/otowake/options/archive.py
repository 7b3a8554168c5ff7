"""Options of work on an archive."""

from __future__ import annotations

from dataclasses import dataclass

from otowake.options.spec import Spec, option
from otowake.text import Text


@dataclass(frozen=True)
class WorkerSpec(Spec):
    """The workers of an archive: processes on this machine, or a cluster."""

    workers: int | None = option(
        None,
        Text(
            "number of single-threaded worker processes on this machine (default: one per core)",
            "このマシンで動かすワーカープロセスの数（各 1 スレッド。省略時はコア数）",
        ),
        low=1,
        high=4096,
    )
    scheduler: str | None = option(
        None,
        Text(
            "Dask cluster to use: the address of its scheduler, or its scheduler file",
            "使用する Dask クラスターの、スケジューラーのアドレスまたはスケジューラーファイル",
        ),
    )
    memory: float | None = option(
        None,
        Text(
            "memory limit of a worker process on this machine, in GiB (default: an equal share of "
            "the memory)",
            "このマシンのワーカープロセス 1 つのメモリー上限（GiB。省略時はメモリーを等分）",
        ),
        above=0,
    )
    timeout: float = option(
        60.0,
        Text(
            "how long to wait for lost workers or a lost scheduler, in seconds",
            "ワーカーやスケジューラーとの接続が切れたときに、復帰を待つ時間（秒）",
        ),
        low=0,
        formerly=("patience",),
    )


@dataclass(frozen=True)
class ArchiveSpec(WorkerSpec):
    """Parameters of a run over an archive.

    Examples
    --------
    >>> ArchiveSpec(workers=4).with_options(time_limit=600).time_limit
    600.0
    """

    time_limit: float | None = option(
        None,
        Text(
            "time limit per recording, in seconds; a recording that exceeds it counts as failed",
            "録音 1 個あたりの制限時間（秒）。超えた録音は失敗とし、次の録音に進みます",
        ),
        above=0,
    )
    retry: bool = option(
        False,
        Text(
            "retry the recordings that failed in earlier runs",
            "以前の実行で失敗した録音を再試行します",
        ),
    )
    full: bool = option(
        False,
        Text(
            "also write figures and the audio of components and notes, as split does",
            "split と同じように、図と、成分・音符ごとの音も書き出します",
        ),
    )


@dataclass(frozen=True)
class LearnSpec(WorkerSpec):
    """Parameters of learning a dictionary from an archive.

    Examples
    --------
    >>> LearnSpec(epochs=50).epochs
    50
    """

    epochs: int = option(
        200,
        Text(
            "maximum number of epochs (passes over all recordings)",
            "エポック数の上限（1 エポックですべての録音を 1 回使います）",
        ),
        low=1,
        high=1_000_000,
        formerly=("passes",),
    )
    portions: int = option(
        256,
        Text(
            "number of groups into which the recordings are divided; limits the number of workers",
            "録音を分けるグループの数。使われるワーカーの数は、この数までです",
        ),
        low=1,
        high=1_000_000,
    )
    save: int = option(
        10,
        Text(
            "number of epochs between checkpoints; an interrupted run resumes from the last one",
            "途中経過を保存する間隔（エポック数）。中断しても、最後に保存した時点から再開します",
        ),
        low=1,
        high=1_000_000,
    )
