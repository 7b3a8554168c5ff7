"""Options of a factorisation."""

from __future__ import annotations

from dataclasses import dataclass

from otowake.options.spec import Spec, option
from otowake.text import Text

LOSS_BETA = {"euclidean": 2.0, "kl": 1.0, "itakura-saito": 0.0}
"""β of the losses that have a name."""

SOLVERS = ("accelerated", "mu", "hals", "minibatch", "adam")
INITS = ("random", "nndsvd")
PRECISIONS = ("float32", "float64")
EFFORTS = ("normal", "thorough")
MOST_ITERATIONS = 10_000_000
"""Highest limit of iterations."""


@dataclass(frozen=True)
class FitSpec(Spec):
    """Parameters of a factorisation.

    Examples
    --------
    >>> FitSpec(loss="euclidean").beta, FitSpec().with_options(n_components=30).n_components
    (2.0, 30)
    """

    n_components: int | str = option(
        20,
        Text(
            "number of components; auto: choose it by cross-validation on held-out entries",
            "成分の数。auto では、一部の値を隠して学習し、隠した値の予測誤差から決めます",
        ),
        low=1,
        high=1024,
        choices=("auto",),
        or_number=True,
    )
    loss: str | float = option(
        "kl",
        Text(
            "loss to minimise: kl (I-divergence), euclidean (squared error), itakura-saito, "
            "or a number (β of the β-divergence)",
            "最小化する損失。kl（I-ダイバージェンス）、euclidean（2 乗誤差）、"
            "itakura-saito（板倉・斎藤擬距離）、または β-ダイバージェンスの β の値",
        ),
        choices=tuple(LOSS_BETA),
        or_number=True,
        low=-4,
        high=4,
    )
    solver: str = option(
        "accelerated",
        Text(
            "accelerated (fast), mu (multiplicative updates), hals (squared error only), "
            "minibatch (quick first result for hours of audio) or adam (as in the lecture manual)",
            "解法。accelerated（高速）、mu（乗法更新）、hals（2 乗誤差のみ）、"
            "minibatch（何時間もの録音向け）、adam（講義マニュアルと同じ）",
        ),
        choices=SOLVERS,
    )
    effort: str = option(
        "normal",
        Text(
            "normal: stop early; thorough: try more starts and iterate longer",
            "計算量。normal では早めに終了し、thorough では試す初期値と反復回数を増やします",
        ),
        choices=EFFORTS,
    )
    max_iter: int | None = option(
        None,
        Text(
            "maximum number of iterations (default: set by the solver)",
            "最大反復回数（省略時は解法ごとの既定値）",
        ),
        low=1,
        high=MOST_ITERATIONS,
    )
    tol: float | None = option(
        None,
        Text(
            "stop when the loss falls by less than this fraction in 10 iterations; 0: never",
            "10 回の反復での損失の減少率がこの値を下回ると終了します（0 なら最大反復回数まで）",
        ),
        low=0,
        high=1,
    )
    forget: float | None = option(
        None,
        Text(
            "minibatch: weight of the statistics of earlier frames after one epoch (1: no decay)",
            "minibatch 用: それまでの統計量が 1 エポック後に残る割合（1 なら減衰なし）",
        ),
        low=0,
        high=1,
    )
    init: str = option(
        "random",
        Text(
            "initial factors: random, or nndsvd (from the singular vectors, deterministic)",
            "初期値。random（乱数）または nndsvd（特異ベクトルから計算、乱数なし）",
        ),
        choices=INITS,
    )
    n_init: int = option(
        1,
        Text(
            "number of runs from different random starts; the run with the lowest loss is kept",
            "異なる乱数の初期値から学習する回数。損失が最も小さい結果を採用します",
        ),
        low=1,
        high=100,
    )
    seed: int = option(0, Text("random seed", "乱数シード"), low=0, high=2**32 - 1)

    l1_W: float = option(
        0.0,
        Text("weight of the L1 penalty on the spectra", "基底スペクトルの L1 正則化項の重み"),
        low=0,
    )
    l1_H: float = option(
        0.0,
        Text(
            "weight of the L1 penalty on the activations", "アクティベーションの L1 正則化項の重み"
        ),
        low=0,
    )
    l2_W: float = option(
        0.0,
        Text("weight of the L2 penalty on the spectra", "基底スペクトルの L2 正則化項の重み"),
        low=0,
    )
    l2_H: float = option(
        0.0,
        Text(
            "weight of the L2 penalty on the activations", "アクティベーションの L2 正則化項の重み"
        ),
        low=0,
    )
    smooth_H: float = option(
        0.0,
        Text(
            "weight of the smoothness penalty on the activations",
            "アクティベーションを時間方向に滑らかにする正則化項の重み",
        ),
        low=0,
    )
    decorrelation_W: float = option(
        0.0,
        Text(
            "weight of the decorrelation penalty on the spectra",
            "基底スペクトルを互いに無相関にする正則化項の重み",
        ),
        low=0,
        formerly=("apart_W",),
    )
    group_H: float = option(
        0.0,
        Text(
            "weight of the group-sparsity penalty on the activations",
            "アクティベーションのグループスパース正則化項の重み",
        ),
        low=0,
    )
    precision: str = option(
        "float32",
        Text("floating-point precision", "浮動小数点数の精度"),
        choices=PRECISIONS,
    )

    @property
    def beta(self) -> float:
        """β of the loss."""
        return LOSS_BETA[self.loss] if isinstance(self.loss, str) else float(self.loss)
