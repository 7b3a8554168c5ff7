"""
Live: frame by frame
====================

Components are learnt beforehand, then a stream is followed while it sounds. The stream here is the recording itself, in pieces
of one step of the STFT, as a sound card would hand them over; for a microphone, put its pieces in their place.

ja:

ライブ：フレームごとの処理
==========================

あらかじめ成分を学習しておき、鳴っている音をその場で追います。ここでは録音を、サウンドカードから届くのと同じように STFT の 1 歩ずつ
渡します。マイクを使うときは、その入力に置き換えてください。
"""

import numpy as np
from matplotlib.figure import Figure

import otowake

LANGUAGE = "en"

audio = otowake.load(otowake.demo_path(), duration=6)
analysis = otowake.analyse(audio, stages=["components"])
spec = analysis.stft

# %%
# `otowake.Activator` keeps W and finds the activations of each new frame, in less time than the frame lasts.
#
# ja:
#
# `otowake.Activator` は W を固定し、新しいフレームのアクティベーションを、フレームの長さより短い時間で求めます。


def stream(pieces, analysis):
    """The activations after each piece of `hop` samples at the analysis' rate, shape (component,)."""
    spec = analysis.stft
    activations = otowake.Activator(analysis.fit.W, spec=analysis.fit.spec)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(spec.n_fft) / spec.n_fft)
    latest, H = np.zeros(spec.n_fft), None
    for piece in pieces:
        latest = np.concatenate([latest[len(piece) :], piece])
        H = activations(np.abs(np.fft.rfft(window * latest)) / analysis.scale, H)
        yield H


# %%
# What is heard, whenever it changes:
#
# ja:
#
# 聞こえた音（変わるたびに）:

sound = audio.mono()[
    :: audio.rate // spec.sample_rate
]  # crude; a sound card can be asked for the rate
pieces = [sound[at : at + spec.hop] for at in range(0, len(sound) - spec.hop, spec.hop)]
strengths, heard = [], ""
for i, H in enumerate(stream(pieces, analysis)):
    strengths.append(H * analysis.fit.W.sum(axis=0))
    loudest = analysis.components[int(np.argmax(strengths[-1]))]
    name = otowake.note_name(loudest.pitch.midi, LANGUAGE) if loudest.pitch and H.any() else "-"
    if name != heard:
        print(f"{i * spec.hop / spec.sample_rate:7.2f} s  {name}")
    heard = name

# %%
# How strongly each component sounded, as it was known at each moment:
#
# ja:
#
# 各成分の強さ（その時点で求めた値）:

words = {"en": ("time (s)", "component"), "ja": ("時間 (秒)", "成分")}[LANGUAGE]
with otowake.plot.style():
    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.subplots()
    extent = (0, len(strengths) * spec.hop / spec.sample_rate, 0.5, len(strengths[0]) + 0.5)
    axes.imshow(np.sqrt(strengths).T, aspect="auto", origin="lower", cmap="magma", extent=extent)
    axes.set(xlabel=words[0], ylabel=words[1], yticks=range(5, len(strengths[0]) + 1, 5))
