"""
A chord, note by note
=====================

Separate a chord of three notes and play each note.

ja:

和音を 1 音ずつ聴く
=====================

同時に鳴る 3 つの音を分離し、1 音ずつ聴きます。
"""

import otowake

LANGUAGE = "en"

audio = otowake.load(otowake.demo_path(), start=9.9, duration=2.1)
analysis = otowake.analyse(audio, stages=["stems"], instruments="accordion")
figure = otowake.plot.piano_roll(analysis, language=LANGUAGE)

# %%
# The notes of the first chord. Where partials coincide, as for C and G at 784 Hz, the energy is
# divided between the notes.
#
# ja:
#
# 最初の和音に含まれる音符です。ドとソの 784 Hz のように倍音が重なる帯域では、
# エネルギーを両方の音符に配分します。

first = [note for note in analysis.notes if note.onset < 0.5]
sounds = {{"en": "the chord", "ja": "和音"}[LANGUAGE]: audio}
sounds |= {otowake.note_name(note.midi, LANGUAGE): note.audio() for note in first}
