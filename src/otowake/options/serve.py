"""Options of the web server."""

from __future__ import annotations

from dataclasses import dataclass

from otowake.options.spec import Spec, option
from otowake.text import Text


@dataclass(frozen=True)
class ServeSpec(Spec):
    """Parameters of the web server: addresses, access, and limits per visitor.

    Examples
    --------
    >>> ServeSpec(queue=4).queue, ServeSpec(names="music.example.org, localhost").known_names
    (4, ('music.example.org', 'localhost'))
    """

    host: str = option(
        "127.0.0.1",
        Text(
            "address to listen on; 127.0.0.1 accepts connections from this computer only",
            "待ち受けるアドレス。127.0.0.1 ではこのコンピューターからだけ接続できます",
        ),
    )
    port: int = option(
        7860,
        Text(
            "port to listen on; 0 selects a free port",
            "待ち受けるポート番号。0 なら空いているポートを使います",
        ),
        low=0,
        high=65535,
    )
    names: str | None = option(
        None,
        Text(
            "additional host names of the page, for example behind a proxy (comma-separated)",
            "localhost 以外で、ページを開くときに使うホスト名"
            "（コンマ区切り。プロキシ経由の場合など）",
        ),
    )
    proxies: str | None = option(
        None,
        Text(
            "addresses or networks of proxies whose headers about the client are trusted "
            "(comma-separated)",
            "接続元を伝えるヘッダーを信用するプロキシのアドレス（コンマ区切り）",
        ),
    )
    password_file: str | None = option(
        None,
        Text(
            "file with the password on its first line; or set OTOWAKE_PASSWORD in the environment",
            "1 行目にパスワードを書いたファイル。環境変数 OTOWAKE_PASSWORD でも指定できます",
        ),
    )
    open: bool = option(
        False,
        Text(
            "admit visitors without a password",
            "サーバーに接続できる全員が、パスワードなしで使えるようにします",
        ),
    )
    upload_mib: float = option(
        100.0,
        Text("maximum size of a file, in MiB", "1 ファイルの最大サイズ（MiB）"),
        above=0,
    )
    upload_minutes: float = option(
        10.0,
        Text(
            "maximum upload time of a file, in minutes",
            "1 ファイルのアップロードにかけられる時間（分）",
        ),
        above=0,
    )
    sound_minutes: float = option(
        10.0,
        Text("maximum length of a recording, in minutes", "分析できる録音の最大の長さ（分）"),
        above=0,
    )
    at_once: int = option(
        1, Text("maximum number of analyses in parallel", "同時に実行する分析の数"), low=1, high=64
    )
    queue: int = option(
        16,
        Text("maximum number of waiting analyses", "順番待ちにできる分析の数"),
        low=0,
        high=10_000,
    )
    per_person: int = option(
        2,
        Text(
            "maximum number of waiting and running analyses per visitor",
            "1 人あたりの、順番待ちと実行中の分析の数の上限",
        ),
        low=1,
        high=1000,
    )
    per_address: int = option(
        8,
        Text(
            "maximum number of waiting and running analyses per network address",
            "1 アドレスあたりの、順番待ちと実行中の分析の数の上限",
        ),
        low=1,
        high=1000,
    )
    job_minutes: float = option(
        30.0,
        Text("time limit of an analysis, in minutes", "分析 1 件の制限時間（分）"),
        above=0,
    )
    job_gib: float = option(
        4.0,
        Text("memory limit of an analysis, in GiB", "分析 1 件のメモリー上限（GiB）"),
        low=1,
    )
    keep_minutes: float = option(
        60.0,
        Text("how long to keep results, in minutes", "結果を保存しておく時間（分）"),
        above=0,
    )
    keep_most: int = option(
        40,
        Text(
            "maximum number of results to keep; the oldest result of the address with the most "
            "results is deleted first",
            "保存しておく結果の最大数（結果が最も多いアドレスの、古い結果から削除します）",
        ),
        low=1,
    )
    keep_gib: float = option(
        8.0,
        Text(
            "disk space for all results, in GiB",
            "結果全体のディスク使用量の上限（GiB）",
        ),
        above=0,
    )

    @property
    def known_names(self) -> tuple[str, ...]:
        """The names in `names`, one by one, in lower case."""
        return tuple(name.strip().lower() for name in (self.names or "").split(",") if name.strip())
