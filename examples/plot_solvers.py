"""
Loss curves of solvers
======================

Four solvers on the same spectrogram with the same number of components.

ja:

解法と損失の曲線
======================

同じスペクトログラムと成分数で、4 つの解法を比べます。
"""

from matplotlib.figure import Figure

import otowake

LANGUAGE = "en"

V = otowake.spectrogram(otowake.load(otowake.demo_path())).values
fits = {
    "accelerated": otowake.factorize(V),
    "mu": otowake.factorize(V, solver="mu", max_iter=300),
    "minibatch": otowake.factorize(V, solver="minibatch"),
    "adam": otowake.factorize(V, solver="adam", max_iter=1000),
}

# %%
# Adam, the manual's solver, takes 10,000 iterations; here it stops after 1,000. `accelerated`
# starts from a low loss because it screens several random starts on a few frames.
#
# ja:
#
# マニュアルの解法 Adam では 10,000 回反復しますが、ここでは 1,000 回で止めています。
# `accelerated` は、少数のフレームで複数の初期値を試し、最良の初期値を選びます。
# このため、低い損失から始まります。

words = {"en": ("iterations", "loss"), "ja": ("反復回数", "損失")}[LANGUAGE]
with otowake.plot.style():
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    for name, fit in fits.items():
        axes.loglog(
            fit.iterations, fit.losses, marker="." if len(fit.losses) < 5 else "", label=name
        )
    axes.set(xlabel=words[0], ylabel=words[1])
    axes.legend(frameon=False)

# %%
# The stop reason of each solver:
#
# ja:
#
# 各解法の終了理由:

for name, fit in fits.items():
    print(f"{name:12} {fit.loss:10,.0f}  {fit.stop.sentence(LANGUAGE)}")
