"""Make the figures of docs/*/manual.md.

python scripts/make_figures.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

import otowake
from otowake.plot import analysis_figure, style
from otowake.plot.scales import decibels
from otowake.text import LANGUAGES, Language, Text
from otowake.types import Analysis

IMAGES = Path(__file__).parent.parent / "docs" / "images"
COLOURS = ("#3b0f70", "#b63679", "#fe9f6d", "#5b8c5a")
CHORD = 14.5
"""Seconds, a time in the last chord of the demo."""

TIME, FREQUENCY, COMPONENT = (
    Text("time", "時間"),
    Text("frequency", "周波数"),
    Text("component", "成分"),
)
BOOK = Text(
    "In the manual's text: V (frequency × time) ≈ ① × ②",
    "マニュアルの本文の形：V（周波数×時間）≈ ① × ②",
)
PROGRAM = Text(
    "In its program: y_stft (time × frequency) ≈ exp(lw) × exp(lh)",
    "プログラムの形：y_stft（時間×周波数）≈ exp(lw) × exp(lh)",
)
SPECTRA, ACTIVATIONS = Text("spectra", "基底スペクトル"), Text("activations", "アクティベーション")
MODEL = Text("model WH for V = 1", "V = 1 のときのモデル WH の値")
LOSS = Text("loss", "損失")
CURVES = (
    (
        Text(
            "I-divergence of the program: V·log(V/WH) − V + WH",
            "プログラムの I-ダイバージェンス：V·log(V/WH) − V + WH",
        ),
        "-",
    ),
    (
        Text(
            "formula in the manual: WH·log(WH/V) − WH + V",
            "マニュアルに書かれた式：WH·log(WH/V) − WH + V",
        ),
        "--",
    ),
    (Text("squared error: (V − WH)²", "2 乗誤差：(V − WH)²"), ":"),
)
MIXTURE = Text("the recording at {at} s", "録音（{at} 秒）")
PART = Text("component {name}", "成分 {name}")
MAGNITUDE = Text("magnitude", "振幅")
HERTZ = Text("frequency in Hz", "周波数（Hz）")


def roles(analysis: Analysis, language: Language) -> Figure:
    """Draw the factorisation as in the manual's text, and transposed as in its program."""
    fit = analysis.fitted()
    W, H = fit.W[:400] / fit.W.max(axis=0), fit.H * fit.W.max(axis=0)[:, None]
    V = W @ H
    F, K, T = FREQUENCY.format(language), COMPONENT.format(language), TIME.format(language)
    names = SPECTRA.format(language), ACTIVATIONS.format(language)
    rows = (
        (BOOK, ((V, "V", T, F), (W, f"① {names[0]}", K, F), (H, f"② {names[1]}", T, K))),
        (
            PROGRAM,
            (
                (V.T, "y_stft", F, T),
                (H.T, f"① lw: {names[1]}", K, T),
                (W.T, f"② lh: {names[0]}", F, K),
            ),
        ),
    )
    figure = Figure(figsize=(10, 7.2), dpi=100)
    for part, (words, matrices) in zip(figure.subfigures(2, 1), rows, strict=True):
        part.suptitle(words.format(language), x=0.02, y=0.98, ha="left", fontsize=11)
        part.subplots_adjust(left=0.07, right=0.98, top=0.8, bottom=0.14, wspace=0.3)
        axes = part.subplots(
            1, 3, gridspec_kw={"width_ratios": [1, 0.35 if words is BOOK else 0.3, 1]}
        )
        for at, (values, title, across, up) in zip(axes, matrices, strict=True):
            at.imshow(
                decibels(values),
                aspect="auto",
                origin="lower",
                cmap="magma",
                vmin=-60,
                vmax=0,
                interpolation="nearest",
            )
            at.set(xlabel=across, ylabel=up, xticks=[], yticks=[])
            at.set_title(title, loc="center")
    return figure


def divergences(analysis: Analysis, language: Language) -> Figure:
    """Draw the losses of a model value that is too small or too large."""
    x = np.geomspace(0.02, 4, 400)
    costs = -np.log(x) - 1 + x, x * np.log(x) - x + 1, (1 - x) ** 2
    figure = Figure(figsize=(8, 4.2), dpi=100, layout="constrained")
    axes = figure.subplots()
    for (words, dashes), cost, colour in zip(CURVES, costs, COLOURS, strict=False):
        axes.plot(x, cost, dashes, color=colour, label=words.format(language), linewidth=2)
    axes.set(xlabel=MODEL.format(language), ylabel=LOSS.format(language), xlim=(0, 4), ylim=(0, 3))
    axes.axvline(1, color="0.8", linewidth=0.8, zorder=0)
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(0.06, 1))
    return figure


def sums(analysis: Analysis, language: Language) -> Figure:
    """Draw the spectrum of a chord and its loudest components."""
    fit = analysis.fitted()
    at = int(np.argmin(np.abs(analysis.times - CHORD)))
    parts = fit.W * fit.H[:, at]
    loudest = np.argsort(parts.sum(axis=0))[::-1][: len(COLOURS)]
    V = otowake.spectrogram(analysis.audio).values[:, at]
    figure = Figure(figsize=(10, 6), dpi=100, layout="constrained")
    axes = figure.subplots(len(loudest) + 1, 1, sharex=True, sharey=True)
    rows = [(V, MIXTURE.format(language, at=f"{CHORD:g}"), "0.25")]
    for k, colour in zip(loudest, COLOURS, strict=True):
        pitch = analysis.components[k].pitch
        name = otowake.note_name(pitch.midi, language) if pitch else str(k + 1)
        rows.append((parts[:, k], PART.format(language, name=name), colour))
    for panel, (values, words, colour) in zip(axes, rows, strict=True):
        panel.fill_between(analysis.frequencies, values, color=colour, linewidth=0.5)
        panel.set_title(words)
        panel.set(xlim=(100, 4000), ylim=(0, None))
    axes[-1].set_xlabel(HERTZ.format(language))
    figure.supylabel(MAGNITUDE.format(language), fontsize=9)
    return figure


def main() -> None:
    """Write all figures."""
    analysis = otowake.analyse(otowake.load(otowake.demo_path()), stages=["components"])
    manual = otowake.analyse(
        otowake.load(otowake.demo_path()), stages=["components"], solver="adam"
    )
    for language in LANGUAGES:
        figures = {
            "before": analysis_figure(manual, language=language, before=True),
            "after": analysis_figure(manual, language=language),
        }
        with style():
            for make in roles, divergences, sums:
                figures[make.__name__] = make(analysis, language)
            for name, figure in figures.items():
                path = IMAGES / f"manual-{name}-{language}.png"
                figure.savefig(path)
                with Image.open(path) as picture:
                    small = picture.convert("RGB").quantize(128)
                small.save(path, optimize=True)


if __name__ == "__main__":
    main()
