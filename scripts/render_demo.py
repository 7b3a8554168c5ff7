"""Make the demo recording: write its MIDI file and render the audio.

The music is the exercise of the lecture notes on an accordion: a scale from C4 to C5, six chords of
two notes and five of three. fluidsynth renders it with FluidR3_GM.sf2 (Debian: ``fluidsynth``,
``fluid-soundfont-gm``); the audio is mono Ogg Vorbis with a peak of -3 dB.

    python scripts/render_demo.py            # demo.mid -> demo.ogg
    python scripts/render_demo.py --midi     # NOTES -> demo.mid and demo.notes.tsv, then demo.ogg

Needs ``mido`` and ``soundfile``. The audio may differ inaudibly between versions of fluidsynth and
libvorbis.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

import mido
import numpy as np
import soundfile

DATA = Path(__file__).resolve().parents[1] / "src/otowake/data"
SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
RATE = 44_100
LENGTH_S = 15.8
PEAK_DB = -3.0
ACCORDION = 21  # General MIDI, counted from 0
VELOCITY = 90
TICKS_PER_BEAT = 220
TICKS_PER_S = 440  # at the default 120 BPM

Note = tuple[float, float, int]
"""Onset in s, offset in s, MIDI pitch."""


def phrase(
    start: float, step: float, length: float, chords: Iterable[tuple[int, ...]]
) -> list[Note]:
    """Make chords of ``length`` s, one every ``step`` s from ``start``."""
    return [
        (start + i * step, start + i * step + length, pitch)
        for i, chord in enumerate(chords)
        for pitch in chord
    ]


NOTES: list[Note] = [
    *phrase(0.5, 0.5, 0.5, [(60,), (62,), (64,), (65,), (67,), (69,), (71,), (72,)]),
    *phrase(5.0, 0.75, 0.7, [(60, 64), (62, 65), (64, 67), (65, 69), (67, 71), (69, 72)]),
    *phrase(
        10.0, 1.0, 0.95, [(60, 64, 67), (62, 65, 69), (65, 69, 72), (62, 67, 71), (60, 64, 67)]
    ),
]


def midi(notes: Iterable[Note]) -> mido.MidiFile:
    """Make a MIDI file of one accordion track; at equal times, offsets precede onsets."""
    events = sorted(
        (round(at * TICKS_PER_S), velocity, pitch)
        for onset, offset, pitch in notes
        for at, velocity in ((onset, VELOCITY), (offset, 0))
    )
    track = mido.MidiTrack([mido.Message("program_change", program=ACCORDION)])
    now = 0
    for tick, velocity, pitch in events:
        track.append(mido.Message("note_on", note=pitch, velocity=velocity, time=tick - now))
        now = tick
    return mido.MidiFile(ticks_per_beat=TICKS_PER_BEAT, tracks=[track])


def truth(notes: Iterable[Note]) -> str:
    """Format the notes as tab-separated text."""
    lines = [f"{onset:.3f}\t{offset:.3f}\t{pitch}" for onset, offset, pitch in notes]
    return "\n".join(["onset_s\toffset_s\tmidi_pitch", *lines]) + "\n"


def render(midi_file: Path, out: Path, soundfont: Path, fluidsynth: str) -> None:
    """Render a MIDI file to mono Ogg Vorbis of a fixed length and peak."""
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "demo.wav"
        command = [
            fluidsynth,
            "-niq",
            "-R",
            "0",
            "-C",
            "0",
            "-g",
            "0.5",
            "-r",
            str(RATE),
            "-F",
            str(wav),
        ]
        subprocess.run([*command, str(soundfont), str(midi_file)], check=True)
        stereo, _ = soundfile.read(wav, dtype="float64", always_2d=True)
    mono = stereo.mean(axis=1)[: round(LENGTH_S * RATE)]
    mono *= 10 ** (PEAK_DB / 20) / np.abs(mono).max()
    soundfile.write(out, mono, RATE, format="OGG", subtype="VORBIS")


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description="Make the demo recording.")
    parser.add_argument(
        "--midi", action="store_true", help="write demo.mid and demo.notes.tsv first"
    )
    parser.add_argument("--data", type=Path, default=DATA, help="folder of demo.mid and demo.ogg")
    parser.add_argument("--soundfont", type=Path, default=SOUNDFONT)
    parser.add_argument("--fluidsynth", default="fluidsynth", help="the program")
    args = parser.parse_args()
    midi_file: Path = args.data / "demo.mid"
    if args.midi:
        midi(NOTES).save(midi_file)
        (args.data / "demo.notes.tsv").write_text(truth(NOTES))
    render(midi_file, args.data / "demo.ogg", args.soundfont, args.fluidsynth)


if __name__ == "__main__":
    main()
