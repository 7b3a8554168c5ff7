"""Options of reading a recording and of its spectrogram."""

from __future__ import annotations

from dataclasses import dataclass

from otowake import text
from otowake.errors import BadInput
from otowake.options.spec import Spec, filled, option
from otowake.text import Text


@dataclass(frozen=True)
class LoadSpec(Spec):
    """The part of a recording to read.

    Examples
    --------
    >>> LoadSpec(start=10, duration=30).duration
    30.0
    """

    start: float = option(
        0.0, Text("start of the excerpt, in seconds", "読み込みを始める時刻（秒）"), low=0
    )
    duration: float | None = option(
        None,
        Text(
            "length of the excerpt, in seconds (default: to the end)",
            "読み込む長さ（秒。省略時は最後まで）",
        ),
        above=0,
    )


@dataclass(frozen=True)
class StftSpec(Spec):
    """Parameters of the STFT; the defaults are librosa's, as in the lecture manual.

    Raises
    ------
    BadInput
        If an option is out of bounds, or `hop` exceeds half a window.

    Examples
    --------
    >>> StftSpec().n_fft, StftSpec(hop=256).hop
    (2048, 256)
    """

    sample_rate: int = option(
        22050,
        Text("sampling rate for the analysis, in Hz", "分析に使うサンプリング周波数（Hz）"),
        low=1000,
        high=384000,
    )
    n_fft: int = option(
        2048,
        Text("STFT window length, in samples", "STFT の窓長（サンプル）"),
        low=16,
        high=65536,
    )
    hop: int = option(
        512,
        Text("STFT hop length, in samples", "STFT のホップ長（サンプル）"),
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
