"""
Score-informed factorisation
============================

With a known score, the factorisation only estimates the sound of each note.

ja:

楽譜を使った分解
================

演奏される音符がわかっていれば、分解では各音符の音色だけを推定します。
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
# Each pitch gives a harmonic comb in W, and its notes gates in H; zeros stay zero during the
# learning. The first figure shows the initial factors, the second the result.
#
# ja:
#
# 各音高から W の倍音のくし形を、各音符から H のゲートを作ります。0 の値は学習中も 0 のままです。
# 1 枚目が初期値、2 枚目が学習結果です。

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
# On the command line, `--score song.mid` aligns a score to the recording and does this for the
# whole piece.
#
# ja:
#
# コマンドラインでは、`--score song.mid` が楽譜を録音の時刻に合わせてから、曲全体を処理します。

sounds = {
    otowake.note_name(c.pitch.midi, LANGUAGE): c.audio() for c in analysis.components[:3] if c.pitch
}
