"""
Loss curves of solvers
======================

The same spectrogram, the same number of components, four ways down.

ja:

解法と損失の曲線
======================

同じスペクトログラム、同じ成分数での、4 つの解法。
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
# Adam, the manual's solver, goes on for 10,000 iterations; here it is stopped after 1,000. `accelerated` begins low, because
# its start was chosen among several that were tried on a few frames.
#
# ja:
#
# マニュアルの解法 Adam は 10,000 回続きますが、ここでは 1,000 回で止めています。`accelerated` が低い損失から始まるのは、少数のフレームで
# 試した複数の初期値から選んでいるためです。

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
# How each ended, in a sentence:
#
# ja:
#
# それぞれの終わり方:

for name, fit in fits.items():
    print(f"{name:12} {fit.loss:10,.0f}  {fit.stop.sentence(LANGUAGE)}")
