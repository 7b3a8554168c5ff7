"""
Live: frame by frame
====================

Learn components first, then estimate activations of a live stream. The stream here is the recording
in pieces of one hop of the STFT, as from a sound card; replace it with the input of a microphone.

ja:

リアルタイム処理：フレームごとの推定
====================================

あらかじめ成分を学習しておき、入力音のアクティベーションをリアルタイムに求めます。ここでは、
サウンドカードからの入力の代わりに、録音を STFT のホップ長ずつ渡します。マイクを使うときは、
録音をマイクの入力に置き換えてください。
"""

import numpy as np
from matplotlib.figure import Figure

import otowake

LANGUAGE = "en"

audio = otowake.load(otowake.demo_path(), duration=6)
analysis = otowake.analyse(audio, stages=["components"])
spec = analysis.stft

# %%
# `otowake.Activator` keeps W fixed and estimates the activations of each new frame faster than
# real time.
#
# ja:
#
# `otowake.Activator` は W を固定し、新しいフレームのアクティベーションを、1 フレームの間隔より
# 短い時間で求めます。


def stream(pieces, analysis):
    """Yield the activations after each piece of `hop` samples, shape (component,)."""
    spec = analysis.stft
    activations = otowake.Activator(analysis.fit.W, spec=analysis.fit.spec)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(spec.n_fft) / spec.n_fft)
    latest, H = np.zeros(spec.n_fft), None
    for piece in pieces:
        latest = np.concatenate([latest[len(piece) :], piece])
        H = activations(np.abs(np.fft.rfft(window * latest)) / analysis.scale, H)
        yield H


# %%
# The loudest note, at each change:
#
# ja:
#
# 最も強い音（変化したときに表示）:

step = audio.rate // spec.sample_rate
sound = audio.mono()[::step]  # a crude resampling; sound cards offer several rates
pieces = [sound[at : at + spec.hop] for at in range(0, len(sound) - spec.hop, spec.hop)]
strengths, previous = [], ""
for i, H in enumerate(stream(pieces, analysis)):
    strengths.append(H * analysis.fit.W.sum(axis=0))
    loudest = analysis.components[int(np.argmax(strengths[-1]))]
    name = otowake.note_name(loudest.pitch.midi, LANGUAGE) if loudest.pitch and H.any() else "-"
    if name != previous:
        print(f"{i * spec.hop / spec.sample_rate:7.2f} s  {name}")
    previous = name

# %%
# The level of each component, estimated frame by frame:
#
# ja:
#
# 各成分の強さ（フレームごとの推定値）:

words = {"en": ("time (s)", "component"), "ja": ("時間 (秒)", "成分")}[LANGUAGE]
with otowake.plot.style():
    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.subplots()
    extent = (0, len(strengths) * spec.hop / spec.sample_rate, 0.5, len(strengths[0]) + 0.5)
    axes.imshow(np.sqrt(strengths).T, aspect="auto", origin="lower", cmap="magma", extent=extent)
    axes.set(xlabel=words[0], ylabel=words[1], yticks=range(5, len(strengths[0]) + 1, 5))
