"""
The manual's figure, before and after learning
==============================================

Twenty components of a scale and chords on an accordion, from random values to notes.

ja:

マニュアルの図：学習前と学習後
==============================================

アコーディオンの音階と和音から、20 個の成分を学習します。
"""

# sphinx_gallery_thumbnail_number = 2

import otowake

LANGUAGE = "en"

audio = otowake.load(otowake.demo_path())
analysis = otowake.analyse(audio, stages=["components"], n_components=20)
figure = otowake.plot.analysis_figure(analysis, before=True, language=LANGUAGE)

# %%
# The initial factors are random. After learning, the spectra are notes and the activations show
# when each note sounds:
#
# ja:
#
# 初期値は乱数です。学習後は、基底スペクトルが音の高さに、アクティベーションが音の鳴る時刻に
# 対応します。

figure = otowake.plot.analysis_figure(analysis, language=LANGUAGE)

# %%
# Each component has a pitch and can be played. The sum of all components is the recording.
#
# ja:
#
# 成分ごとに音高を推定し、音として聴けます。すべての成分の音を足すと、元の録音に戻ります。

loudest = sorted(analysis.components, key=lambda component: -component.energy)[:3]
sounds = {otowake.note_name(c.pitch.midi, LANGUAGE): c.audio() for c in loudest if c.pitch}
