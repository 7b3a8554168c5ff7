"""
Separate drums
==============

A synthesised loop of kick, snare and hi-hat, with a known ground truth.

ja:

ドラムを分ける
==============

キック、スネア、ハイハットのループを分離します。ループはここで合成するので、正解がわかっています。
"""

import numpy as np
from matplotlib.figure import Figure

import otowake
from otowake.music.drums.loop_separation import split_drums

LANGUAGE = "en"
RATE = 22050

rng = np.random.default_rng(0)
t = np.arange(int(0.4 * RATE)) / RATE
noise = rng.standard_normal(len(t))
kick = np.sin(2 * np.pi * (50 * t + 8 * (1 - np.exp(-30 * t)))) * np.exp(-12 * t)
snare = (0.5 * np.sin(2 * np.pi * 185 * t) + 0.5 * noise) * np.exp(-18 * t)
hat = 0.15 * np.diff(noise, 2, prepend=[0, 0]) * np.exp(-60 * t)

true = np.zeros((3, int(4.6 * RATE)))
for beat in range(32):
    at = int(0.13 * beat * RATE)
    for row, drum, plays in (
        (0, kick, beat % 8 in (0, 3)),
        (1, snare, beat % 8 == 4),
        (2, hat, beat % 2),
    ):
        true[row, at : at + len(drum)] += plays * drum
loop = otowake.Audio(0.5 * true.sum(axis=0), RATE)
sounds = {{"en": "the loop", "ja": "ループ"}[LANGUAGE]: loop}

# %%
# Each drum is a *convolutive* component: a template of half a second instead of one spectrum.
#
# ja:
#
# 各ドラムを、畳み込み成分で表します。1 つのスペクトルの代わりに、
# 約 0.5 秒のテンプレートを使います。

drums = split_drums(loop, 3)
sounds = {f"{k}": drum for k, drum in enumerate(drums, 1)}

# %%
# The drums are in no particular order. Each plot shows one with the most similar true drum:
#
# ja:
#
# 分離したドラムの順序は決まっていません。それぞれを、最もよく似た正解のドラムと重ねて示します。

names = {"en": ("kick", "snare", "hi-hat"), "ja": ("キック", "スネア", "ハイハット")}[LANGUAGE]
with otowake.plot.style():
    figure = Figure(figsize=(9, 5), layout="constrained")
    for axes, drum in zip(figure.subplots(3, 1, sharex=True), drums, strict=True):
        similarity = [abs(np.corrcoef(drum.mono(), one)[0, 1]) for one in true]
        best = int(np.argmax(similarity))
        axes.plot(np.arange(true.shape[1]) / RATE, 0.5 * true[best], color="0.75")
        axes.plot(np.arange(drum.n_samples) / RATE, drum.mono(), color="#b63679", linewidth=0.6)
        axes.set_title(f"{names[best]}  {similarity[best]:.2f}")
