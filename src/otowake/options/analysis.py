"""Options of an analysis, and its stages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from otowake import text
from otowake.errors import BadInput
from otowake.options.spec import Spec, filled, option
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
            must = filled(
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
    decorrelation_W: float = option(
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
            must = filled(text.MUST_BE_ONE_OF, choices=", ".join(STAGES))
            raise BadInput(text.OPTION, name="stages", must=must, value=repr(stage))
    wanted = {*asked, *(needed for stage in asked for needed in NEEDED.get(stage, ()))}
    return tuple(stage for stage in STAGES if stage in wanted)
