"""Follow what sounds while it sounds: components learnt beforehand, a stream taken apart frame by frame.

    python examples/live.py [FILE]

Without a file it is the clip that comes with the program. The stream is the file itself, in pieces of one step of the
STFT, as a sound card would hand them over; for a microphone, put its pieces in the place of `pieces`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

import numpy as np

import otowake
from otowake.types import Floats


def stream(pieces: Iterable[Floats], analysis: otowake.Analysis) -> Iterator[Floats]:
    """The activations after each piece of `hop` samples at the analysis' rate, shape (component,)."""
    spec = analysis.stft
    activations = otowake.Activator(analysis.fit.W, spec=analysis.fit.spec)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(spec.n_fft) / spec.n_fft)
    latest = np.zeros(spec.n_fft)
    H = None
    for piece in pieces:
        latest = np.concatenate([latest[len(piece) :], piece])
        H = activations(np.abs(np.fft.rfft(window * latest)) / analysis.scale, H)
        yield H


def main() -> None:
    path = sys.argv[1] if len(sys.argv) > 1 else otowake.demo_path()
    audio = otowake.load(path)
    analysis = otowake.analyse(audio)
    spec = analysis.stft
    sound = audio.mono()[:: audio.rate // spec.sample_rate]  # crude; a sound card can be asked for the rate
    pieces = (sound[at : at + spec.hop] for at in range(0, len(sound) - spec.hop, spec.hop))
    heard = ""
    for i, H in enumerate(stream(pieces, analysis)):
        loudest = analysis.components[int(np.argmax(H * analysis.fit.W.sum(axis=0)))]
        name = otowake.note_name(loudest.pitch.midi) if loudest.pitch and H.any() else "-"
        if name != heard:
            print(f"{i * spec.hop / spec.sample_rate:7.2f} s  {name}")
        heard = name


if __name__ == "__main__":
    main()
