"""
The manual's figure, before and after learning
==============================================

Twenty components of a scale and chords on an accordion, from random numbers to notes.

ja:

マニュアルの図：学習前と学習後
==============================================

アコーディオンの音階と和音の 20 個の成分が、乱数から音になるまで。
"""

# sphinx_gallery_thumbnail_number = 2

import otowake

LANGUAGE = "en"

audio = otowake.load(otowake.demo_path())
analysis = otowake.analyse(audio, stages=["components"], n_components=20)
figure = otowake.plot.analysis_figure(analysis, before=True, language=LANGUAGE)

# %%
# Nothing in it can be recognised yet. After learning the spectra are notes, and the activations the melody that
# they play:
#
# ja:
#
# まだ何も読み取れません。学習後には、スペクトルは音に、アクティベーションはその音の演奏になります。

figure = otowake.plot.analysis_figure(analysis, language=LANGUAGE)

# %%
# Each component has a pitch and is a sound of its own. All together are the recording.
#
# ja:
#
# それぞれの成分には音高があり、1 つの音になります。すべて足すと元の録音です。

loudest = sorted(analysis.components, key=lambda component: -component.energy)[:3]
sounds = {otowake.note_name(c.pitch.midi, LANGUAGE): c.audio() for c in loudest if c.pitch}
