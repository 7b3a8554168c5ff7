"""Options: every one has its home here, with its default, its bounds and its meaning in both languages.

The command line, option files and the web form are built from these frozen dataclasses; none of them
restates a default. A value out of bounds is refused when the spec is made, in one form of sentence.
"""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

from otowake import text
from otowake.errors import BadInput
from otowake.text import Text

LOSS_BETA = {"euclidean": 2.0, "kl": 1.0, "itakura-saito": 0.0}
SOLVERS = ("accelerated", "mu", "hals", "minibatch", "adam")
STARTS = ("random", "nndsvd")
PRECISIONS = ("float32", "float64")
EFFORTS = ("normal", "thorough")
NAMES = ("letters", "solfege", "iroha", "hz")
TRANSCRIBERS = ("listener", "dictionary")
STAGES = ("components", "notes", "instruments", "stems", "report")
NEEDED = {"instruments": ("notes",), "stems": ("notes", "instruments")}
"""What a stage needs done before it."""


def _plain(number: float | None) -> str:
    """A bound in words, without an exponent.

    >>> _plain(10_000_000), _plain(0.5), _plain(-4)
    ('10000000', '0.5', '-4')
    """
    return "" if number is None else f"{number:.10g}"


@dataclass(frozen=True)
class Constraint:
    """What a value of an option must be.

    `kind` is the type that values are turned into; `optional` allows None. `low` and `high` are inclusive,
    `above` is exclusive. `choices` lists the words; with `or_number` any number is allowed as well.
    """

    kind: type
    help: Text
    optional: bool = False
    low: float | None = None
    high: float | None = None
    above: float | None = None
    choices: tuple[str, ...] = ()
    or_number: bool = False

    def must_be(self) -> Text:
        """The constraint as words."""
        if self.choices and self.or_number and self.kind is int:
            facts = {
                "low": _plain(self.low),
                "high": _plain(self.high),
                "choices": ", ".join(self.choices),
            }
            return _filled(text.MUST_BE_COUNT_OR, **facts)
        if self.choices:
            words = ", ".join(self.choices)
            sentence = text.MUST_BE_CHOICE_OR_NUMBER if self.or_number else text.MUST_BE_ONE_OF
            return _filled(sentence, choices=words)
        if self.kind is bool:
            return text.MUST_BE_FLAG
        if self.kind is str:
            return text.MUST_BE_TEXT
        what = text.MUST_BE_WHOLE if self.kind is int else text.MUST_BE_NUMBER
        if self.above is not None:
            return _filled(text.MUST_BE_ABOVE, what=what, low=_plain(self.above))
        if self.low is not None and self.high is not None:
            return _filled(
                text.MUST_BE_BETWEEN, what=what, low=_plain(self.low), high=_plain(self.high)
            )
        if self.low is not None:
            return _filled(text.MUST_BE_AT_LEAST, what=what, low=_plain(self.low))
        return what

    def check(self, name: str, value: Any) -> Any:
        """`value` in its proper type, or :class:`BadInput`."""
        if value is None and self.optional:
            return None
        try:
            return self._converted(value)
        except (TypeError, ValueError, OverflowError):
            raise BadInput(text.OPTION, name=name, must=self.must_be(), value=repr(value)) from None

    def _converted(self, value: Any) -> Any:
        if self.choices:
            if value in self.choices:
                return value
            if not self.or_number:
                raise ValueError
        if self.kind is bool:
            if not isinstance(value, bool):
                raise TypeError
            return value
        if self.kind is str and not self.choices:
            if not isinstance(value, str):
                raise TypeError
            return value
        return self._number(value)

    def _number(self, value: Any) -> int | float:
        if isinstance(value, bool):
            raise TypeError
        number = float(value)
        if (
            not math.isfinite(number)
            or (self.kind is int and number != int(number))
            or (self.low is not None and number < self.low)
            or (self.high is not None and number > self.high)
            or (self.above is not None and number <= self.above)
        ):
            raise ValueError
        return int(number) if self.kind is int else number


def _filled(sentence: Text, **facts: Any) -> Text:
    return Text(sentence.format("en", **facts), sentence.format("ja", **facts))


def option(default: Any, help: Text, **bounds: Any) -> Any:
    """A dataclass field that is an option; `bounds` are those of :class:`Constraint`."""
    return field(default=default, metadata={"help": help, "bounds": bounds})


@dataclass(frozen=True)
class Spec:
    """A frozen set of options, checked when made.

    Examples
    --------
    >>> FitSpec(n_components=0)
    Traceback (most recent call last):
    ...
    otowake.errors.BadInput: n_components must be a whole number from 1 to 1024, or auto; it is 0.
    """

    def __post_init__(self) -> None:
        for name, constraint in self.constraints().items():
            object.__setattr__(self, name, constraint.check(name, getattr(self, name)))

    @classmethod
    def constraints(cls) -> dict[str, Constraint]:
        """The constraint of every option, by name."""
        hints = typing.get_type_hints(cls)
        found = {}
        for f in fields(cls):
            parts = typing.get_args(hints[f.name])
            is_union = isinstance(hints[f.name], types.UnionType)
            kinds = [p for p in parts if p is not type(None)] if is_union else [hints[f.name]]
            kind = next((k for k in kinds if k is not str), str)
            optional = is_union and type(None) in parts
            found[f.name] = Constraint(kind, f.metadata["help"], optional, **f.metadata["bounds"])
        return found

    def with_options(self, **options: Any) -> Self:
        """A copy with some options changed.

        Raises
        ------
        BadInput
            If there is no such option, or a value is not what it must be.
        """
        known = [f.name for f in fields(self)]
        for name in options:
            if name not in known:
                raise BadInput(text.UNKNOWN_OPTION, name=name, known=", ".join(known))
        return replace(self, **options)


@dataclass(frozen=True)
class LoadSpec(Spec):
    """Which part of a recording to read.

    Examples
    --------
    >>> LoadSpec(start=10, duration=30).duration
    30.0
    """

    start: float = option(0.0, Text("where to begin, in seconds", "読み始める位置（秒）"), low=0)
    duration: float | None = option(
        None,
        Text(
            "how much to read, in seconds; all if not given", "読む長さ（秒）。省略すると最後まで"
        ),
        above=0,
    )


@dataclass(frozen=True)
class StftSpec(Spec):
    """How the spectrogram is made (librosa's defaults, as in the manual).

    Raises
    ------
    BadInput
        If an option is out of its bounds, or the step longer than half a window.

    Examples
    --------
    >>> StftSpec().n_fft, StftSpec(hop=256).hop
    (2048, 256)
    """

    sample_rate: int = option(
        22050,
        Text("sampling rate of the analysis, in Hz", "分析のサンプリング周波数（Hz）"),
        low=1000,
        high=384000,
    )
    n_fft: int = option(
        2048,
        Text("window length of the STFT, in samples", "STFT の窓の長さ（サンプル）"),
        low=16,
        high=65536,
    )
    hop: int = option(
        512,
        Text("step of the STFT, in samples", "STFT の窓をずらす幅（サンプル）"),
        low=1,
        high=65536,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.hop > self.n_fft // 2:
            must = _filled(
                text.MUST_BE_BETWEEN,
                what=text.MUST_BE_WHOLE,
                low="1",
                high=f"n_fft / 2 = {self.n_fft // 2}",
            )
            raise BadInput(text.OPTION, name="hop", must=must, value=self.hop)


@dataclass(frozen=True)
class FitSpec(Spec):
    """How the spectrogram is factorised.

    Examples
    --------
    >>> FitSpec(loss="euclidean").beta, FitSpec().with_options(n_components=30).n_components
    (2.0, 30)
    """

    n_components: int | str = option(
        20,
        Text(
            "number of components; auto finds it by held-out entries",
            "成分（基底）の数。auto は隠した値の予測で決めます",
        ),
        low=1,
        high=1024,
        choices=("auto",),
        or_number=True,
    )
    loss: str | float = option(
        "kl",
        Text(
            "what is made small: kl is the I-divergence, euclidean the squared error; or a number, beta",
            "小さくする距離規準。kl は I-ダイバージェンス、euclidean は 2 乗誤差。数を指定すると β",
        ),
        choices=tuple(LOSS_BETA),
        or_number=True,
        low=-4,
        high=4,
    )
    solver: str = option(
        "accelerated",
        Text(
            "how: accelerated is fast; mu are the plain multiplicative updates, hals is for the squared error, "
            "minibatch is for a first pass over hours, adam is the manual's own",
            "解法。accelerated は高速、mu は通常の乗法更新、hals は 2 乗誤差用、"
            "minibatch は何時間もの録音の最初の学習用、adam はマニュアルの方法",
        ),
        choices=SOLVERS,
    )
    effort: str = option(
        "normal",
        Text(
            "normal ends soon; thorough goes on until no better minimum is found",
            "normal は早めに終了、thorough はより良い極小を探し続けます",
        ),
        choices=EFFORTS,
    )
    max_iter: int | None = option(
        None,
        Text(
            "most iterations; each solver has its own default",
            "反復の最大回数。省略すると解法ごとの既定値",
        ),
        low=1,
        high=10_000_000,
    )
    tol: float | None = option(
        None,
        Text(
            "stop when the loss falls by less than this part of itself in 10 iterations (0: never)",
            "10 回の反復で損失の減少がこの割合を下回ったら終了（0 なら最大回数まで）",
        ),
        low=0,
        high=1,
    )
    forget: float | None = option(
        None,
        Text(
            "for minibatch: how much of what earlier frames said is left after a whole pass (1: all of it)",
            "minibatch 用: 録音を一巡した後に、以前のフレームの情報を残す割合（1 ならすべて）",
        ),
        low=0,
        high=1,
    )
    init: str = option(
        "random",
        Text(
            "where it begins: random, or nndsvd (by singular values, without chance)",
            "初期値。random は乱数、nndsvd は特異値分解による（乱数なし）",
        ),
        choices=STARTS,
    )
    n_init: int = option(
        1,
        Text(
            "how many starts are learnt to the end, the best being kept",
            "最後まで学習する初期値の数（最良のものを残します）",
        ),
        low=1,
        high=100,
    )
    seed: int = option(
        0, Text("seed of the random start", "初期値の乱数の種"), low=0, high=2**32 - 1
    )

    l1_W: float = option(
        0.0, Text("L1 penalty on the spectra", "基底スペクトルへの L1 罰則"), low=0
    )
    l1_H: float = option(
        0.0, Text("L1 penalty on the activations", "アクティベーションへの L1 罰則"), low=0
    )
    l2_W: float = option(
        0.0, Text("L2 penalty on the spectra", "基底スペクトルへの L2 罰則"), low=0
    )
    l2_H: float = option(
        0.0, Text("L2 penalty on the activations", "アクティベーションへの L2 罰則"), low=0
    )
    smooth_H: float = option(
        0.0,
        Text("penalty on changes of an activation in time", "アクティベーションの時間変化への罰則"),
        low=0,
    )
    apart_W: float = option(
        0.0,
        Text("penalty on spectra that are alike", "似た基底スペクトルへの罰則（無相関化）"),
        low=0,
    )
    group_H: float = option(
        0.0,
        Text(
            "penalty on sets of components that sound together",
            "同時に鳴る成分の組への罰則（グループ疎性）",
        ),
        low=0,
    )
    precision: str = option(
        "float32",
        Text("the numbers it computes with", "計算の精度"),
        choices=PRECISIONS,
    )

    @property
    def beta(self) -> float:
        """The loss as the β of the β-divergence."""
        return LOSS_BETA[self.loss] if isinstance(self.loss, str) else float(self.loss)


@dataclass(frozen=True)
class NoteSpec(Spec):
    """How notes are found and written down.

    Examples
    --------
    >>> NoteSpec(clean=2).clean, NoteSpec().bend
    (2, False)
    """

    transcriber: str = option(
        "listener",
        Text(
            "who finds them: listener is a trained network, dictionary factorises with templates, without training",
            "音符を見つける方法。listener は学習済みネットワーク、dictionary は学習を使わないテンプレートの分解",
        ),
        choices=TRANSCRIBERS,
    )
    clean: int = option(
        1,
        Text(
            "how much clutter is removed from the notes: 0 nothing, 1 fragments, 2 doubtful notes too, 3 all but "
            "the surest",
            "音符の整理の強さ。0 は何もせず、1 は断片を、2 は疑わしい音符も除き、3 は確かな音符だけを残します",
        ),
        low=0,
        high=3,
    )
    bend: bool = option(
        False,
        Text(
            "write how far each note is off its pitch as pitch bend into notes.mid",
            "音高のずれをピッチベンドとして notes.mid に書きます",
        ),
    )
    names: str | None = option(
        None,
        Text(
            "what notes are called in figures and labels; by the language if not given",
            "図とラベルでの音名。省略すると言語に応じて決めます",
        ),
        choices=NAMES,
    )


@dataclass(frozen=True)
class PartSpec(Spec):
    """How notes are gathered by instrument.

    Examples
    --------
    >>> PartSpec(instruments="piano, violin").named
    ('piano', 'violin')
    """

    parts: int | None = option(
        None,
        Text(
            "how many parts there are besides drums; found if not given",
            "ドラムを除くパートの数。省略すると自動",
        ),
        low=1,
        high=12,
    )
    instruments: str | None = option(
        None,
        Text(
            "the instruments that play, each as often as there are players of it (comma-separated); no other is considered",
            "演奏している楽器（コンマ区切り。同じ楽器が複数なら繰り返す）。それ以外は候補にしません",
        ),
    )

    @property
    def named(self) -> tuple[str, ...]:
        """The instruments given, one by one."""
        return tuple(name.strip() for name in (self.instruments or "").split(",") if name.strip())


@dataclass(frozen=True)
class ScoreSpec(Spec):
    """How notes are compared with a reference.

    Examples
    --------
    >>> ScoreSpec(tolerance=0.1).tolerance
    0.1
    """

    tolerance: float = option(
        0.05,
        Text("how far an onset may be off, in seconds", "始まりのずれの許容範囲（秒）"),
        above=0,
    )


@dataclass(frozen=True)
class RunSpec(Spec):
    """How a run looks after itself."""

    checkpoint: float = option(
        60.0,
        Text(
            "how often, in seconds, a long fit is saved, so that it goes on if it is killed (0: never)",
            "長い学習の途中経過を保存する間隔（秒）。強制終了しても続きから再開します（0 なら保存しない）",
        ),
        low=0,
    )


@dataclass(frozen=True)
class CrewSpec(Spec):
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
class ArchiveSpec(CrewSpec):
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
class LearnSpec(CrewSpec):
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


GROUPS: tuple[tuple[Text, type[Spec]], ...] = (
    (text.HEADING_READING, LoadSpec),
    (text.HEADING_STFT, StftSpec),
    (text.HEADING_FIT, FitSpec),
    (text.HEADING_NOTES, NoteSpec),
    (text.HEADING_PARTS, PartSpec),
    (text.HEADING_RUN, RunSpec),
)
"""The specs of an analysis, each under its heading."""


def specs_with(
    chosen: dict[str, Any], groups: Iterable[tuple[Text, type[Spec]]] = GROUPS
) -> dict[type[Spec], Any]:
    """The specs of an analysis, or of other `groups`, with these options, by name.

    Raises
    ------
    BadInput
        If there is no such option, or a value is not what it must be.

    Examples
    --------
    >>> specs_with({"hop": 256, "n_components": 8})[StftSpec].hop
    256
    """
    groups = tuple(groups)
    known = {name: spec for _, spec in groups for name in spec.constraints()}
    for name in chosen:
        if name not in known:
            raise BadInput(text.UNKNOWN_OPTION, name=name, known=", ".join(known))
    return {
        spec: spec().with_options(
            **{name: value for name, value in chosen.items() if known[name] is spec}
        )
        for _, spec in groups
    }


def checked_stages(asked: Iterable[str]) -> tuple[str, ...]:
    """The stages asked for and those that they need, in the order in which they are done.

    Raises
    ------
    BadInput
        If one of them is none, or none is asked for.

    Examples
    --------
    >>> checked_stages(["notes", "components"]), checked_stages(["instruments"])
    (('components', 'notes'), ('notes', 'instruments'))
    """
    asked = tuple(asked)
    for stage in asked or ("",):
        if stage not in STAGES:
            must = _filled(text.MUST_BE_ONE_OF, choices=", ".join(STAGES))
            raise BadInput(text.OPTION, name="stages", must=must, value=repr(stage))
    wanted = {*asked, *(needed for stage in asked for needed in NEEDED.get(stage, ()))}
    return tuple(stage for stage in STAGES if stage in wanted)
