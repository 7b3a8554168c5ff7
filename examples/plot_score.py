"""
With the score in hand
======================

If it is known what is played, the factorisation only has to find how it sounds.

ja:

楽譜があるとき
======================

何が演奏されるかがわかっていれば、分解は、それがどう鳴るかを求めるだけで済みます。
"""

# sphinx_gallery_thumbnail_number = 2

import otowake
from otowake.music.components.templates import from_score

LANGUAGE = "en"

audio = otowake.load(otowake.demo_path(), duration=5)
V = otowake.spectrogram(audio)
scale = [60, 62, 64, 65, 67, 69, 71, 72]
onsets = [0.5, 1.02, 1.52, 2.02, 2.52, 3.02, 3.52, 4.02]
score = [otowake.Note(onset, onset + 0.6, midi) for onset, midi in zip(onsets, scale, strict=True)]

# %%
# Each pitch becomes a comb in W, and its notes a gate in H; zeros stay zeros while it learns. The first figure shows
# the start, the second what became of it.
#
# ja:
#
# 音高は W のくし形に、音符は H のゲートになります。0 は学習中も 0 のままです。1 枚目が初期値、2 枚目が学習の結果です。

start = from_score(score, V.frequencies, V.times)
analysis = otowake.analyse(
    audio,
    V=V,
    start={"W": start.W, "H": start.H},
    stages=["components"],
    n_components=8,
    solver="mu",
    max_iter=30,
)
figure = otowake.plot.analysis_figure(analysis, before=True, language=LANGUAGE)

# %%
figure = otowake.plot.analysis_figure(analysis, language=LANGUAGE)

# %%
# On the command line `--score song.mid` does this for whole pieces, and aligns the score to the recording first.
#
# ja:
#
# コマンドでは `--score song.mid` がこれを曲全体に行います。楽譜は先に録音に合わせられます。

sounds = {
    otowake.note_name(c.pitch.midi, LANGUAGE): c.audio() for c in analysis.components[:3] if c.pitch
}
