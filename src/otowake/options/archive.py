"""Options of work on an archive."""

from __future__ import annotations

from dataclasses import dataclass

from otowake.options.spec import Spec, option
from otowake.text import Text


@dataclass(frozen=True)
class WorkerSpec(Spec):
    """Who works on an archive: processes on this machine, or a cluster."""

    workers: int | None = option(
        None,
        Text(
            "how many processes of one thread work on this machine; one for each core if not given",
            "このマシンで動かすプロセスの数（各 1 スレッド）。省略するとコアごとに 1 つ",
        ),
        low=1,
        high=4096,
    )
    scheduler: str | None = option(
        None,
        Text(
            "work on a Dask cluster: the address of its scheduler, or its scheduler file",
            "Dask クラスターで実行します。スケジューラーのアドレスか、スケジューラーファイルを指定",
        ),
    )
    memory: float | None = option(
        None,
        Text(
            "the most memory of a process on this machine, in GiB; an equal share of all if not given",
            "このマシンの各プロセスが使えるメモリーの上限（GiB）。省略すると等分",
        ),
        above=0,
    )
    patience: float = option(
        60.0,
        Text(
            "how long to wait, in seconds, for workers or a scheduler that are gone",
            "ワーカーやスケジューラーが失われたときに待つ時間（秒）",
        ),
        low=0,
    )


@dataclass(frozen=True)
class ArchiveSpec(WorkerSpec):
    """How an archive is worked through.

    Examples
    --------
    >>> ArchiveSpec(workers=4).with_options(time_limit=600).time_limit
    600.0
    """

    time_limit: float | None = option(
        None,
        Text(
            "the longest that one recording may take, in seconds; it is put aside then",
            "1 つの録音にかけられる時間の上限（秒）。超えたものは除外して先へ進みます",
        ),
        above=0,
    )
    retry: bool = option(
        False,
        Text(
            "try those again that failed in earlier runs",
            "以前の実行で失敗した録音をもう一度試します",
        ),
    )
    full: bool = option(
        False,
        Text(
            "write figures, and the sound of components and notes, as split does",
            "split と同じように、図と、成分・音符の音も書きます",
        ),
    )


@dataclass(frozen=True)
class LearnSpec(WorkerSpec):
    """How the dictionary of an archive is learnt.

    Examples
    --------
    >>> LearnSpec(passes=50).passes
    50
    """

    passes: int = option(
        200,
        Text("most passes over all recordings", "すべての録音を巡回する回数の上限"),
        low=1,
        high=1_000_000,
    )
    portions: int = option(
        256,
        Text(
            "into how many portions the recordings are divided; no more workers than that have work",
            "録音をいくつの組に分けるか。これより多いワーカーには仕事がありません",
        ),
        low=1,
        high=1_000_000,
    )
    save: int = option(
        10,
        Text(
            "after so many passes the state is saved, so that learning goes on if it is killed",
            "途中経過を保存する間隔（巡回数）。強制終了しても続きから再開します",
        ),
        low=1,
        high=1_000_000,
    )
