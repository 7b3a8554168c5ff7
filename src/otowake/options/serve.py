"""Options of the web server."""

from __future__ import annotations

from dataclasses import dataclass

from otowake.options.spec import Spec, option
from otowake.text import Text


@dataclass(frozen=True)
class ServeSpec(Spec):
    """Where the web page is served, to whom, and what it gives each visitor.

    Examples
    --------
    >>> ServeSpec(queue=4).queue, ServeSpec(names="music.example.org, localhost").known_names
    (4, ('music.example.org', 'localhost'))
    """

    host: str = option(
        "127.0.0.1",
        Text(
            "the address to listen on; 127.0.0.1 is reached from this computer alone",
            "待ち受けるアドレス。127.0.0.1 ならこのコンピューターからだけ使えます",
        ),
    )
    port: int = option(
        7860,
        Text("the port to listen on; 0 takes a free one", "待ち受けるポート。0 なら空きを使います"),
        low=0,
        high=65535,
    )
    names: str | None = option(
        None,
        Text(
            "names besides localhost by which browsers reach the page, such as behind a proxy (comma-separated)",
            "localhost のほかに、ブラウザーがこのページを呼ぶ名前（プロキシの内側などで。コンマ区切り）",
        ),
    )
    proxies: str | None = option(
        None,
        Text(
            "addresses of proxies before the page, which say whom they speak for (comma-separated)",
            "このページの前に置いたプロキシのアドレス。誰からの接続かを伝えるヘッダーを、ここからのものに限り信用します（コンマ区切り）",
        ),
    )
    password_file: str | None = option(
        None,
        Text(
            "a file whose first line is the password; OTOWAKE_PASSWORD in the environment serves as well",
            "1 行目がパスワードのファイル。環境変数 OTOWAKE_PASSWORD でも指定できます",
        ),
    )
    open: bool = option(
        False,
        Text(
            "let in everybody who reaches the address, without a password",
            "アドレスに届く人なら誰でも、パスワードなしで使えるようにします",
        ),
    )
    upload_mib: float = option(
        100.0,
        Text("the most that one file may have, in MiB", "1 ファイルの大きさの上限（MiB）"),
        above=0,
    )
    upload_minutes: float = option(
        10.0,
        Text(
            "how long sending one file may take, in minutes",
            "1 ファイルの送信にかけられる時間（分）",
        ),
        above=0,
    )
    sound_minutes: float = option(
        10.0,
        Text(
            "the longest recording that is analysed, in minutes", "分析できる録音の長さの上限（分）"
        ),
        above=0,
    )
    at_once: int = option(
        1, Text("how many are analysed at once", "同時に分析する数"), low=1, high=64
    )
    queue: int = option(
        16, Text("how many may wait for their turn", "順番を待てる数"), low=0, high=10_000
    )
    per_person: int = option(
        2,
        Text(
            "how many one person may have waiting and running", "1 人が同時に待てる・実行できる数"
        ),
        low=1,
        high=1000,
    )
    per_address: int = option(
        8,
        Text(
            "how many all who come from one address may have waiting and running",
            "同じアドレスから来る人全員で、同時に待てる・実行できる数",
        ),
        low=1,
        high=1000,
    )
    job_minutes: float = option(
        30.0,
        Text(
            "the most time that one analysis may take, in minutes",
            "1 件の分析にかけられる時間（分）",
        ),
        above=0,
    )
    job_gib: float = option(
        4.0,
        Text(
            "the most memory that one analysis may take, in GiB",
            "1 件の分析が使えるメモリー（GiB）",
        ),
        low=1,
    )
    keep_minutes: float = option(
        60.0, Text("how long results are kept, in minutes", "結果を残す時間（分）"), above=0
    )
    keep_most: int = option(
        40,
        Text(
            "how many results are kept; the oldest go first", "残す結果の数（古いものから消えます）"
        ),
        low=1,
    )
    keep_gib: float = option(
        8.0,
        Text(
            "how much disk all results together may take, in GiB",
            "結果全体が使えるディスクの大きさ（GiB）",
        ),
        above=0,
    )

    @property
    def known_names(self) -> tuple[str, ...]:
        """The names given, one by one."""
        return tuple(name.strip().lower() for name in (self.names or "").split(",") if name.strip())
