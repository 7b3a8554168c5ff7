"""Render the recording that guards transcription, instruments and stems.

Twelve bars at 120 BPM, composed from a seed: piano chords, a clarinet melody, a cello bass and a
drum kit. fluidsynth plays each part alone with FluidR3_GM.sf2 (MIT licence; Debian: ``fluidsynth``,
``fluid-soundfont-gm``). The mixture is the sum of the stems.

    python scripts/render_ensemble.py        # writes tests/goldens/ensemble/
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import mido
import numpy as np
import soundfile

FOLDER = Path(__file__).resolve().parents[1] / "tests/goldens/ensemble"
SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
SEED = 20261130
RATE = 22_050
BEAT_S = 0.5
BARS = 12
LENGTH_S = BARS * 4 * BEAT_S + 1.0
TICKS_PER_S = 440
PROGRAMMES = {"piano": 0, "clarinet": 71, "cello": 42, "drums": 0}
GAINS = {"piano": 0.8, "clarinet": 1.0, "cello": 1.2, "drums": 0.7}
CHORDS = ((60, 64, 67), (57, 60, 64), (53, 57, 60), (55, 59, 62))
"""C major, A minor, F major, G major: one a bar."""
SCALE = (72, 74, 76, 77, 79, 81, 83, 84)
KICK, SNARE, HIHAT = 36, 38, 42


class Note(NamedTuple):
    """Onset and offset in seconds, MIDI pitch, MIDI velocity."""

    onset: float
    offset: float
    midi: int
    velocity: int


def piano(rng: np.random.Generator) -> list[Note]:
    """Play a chord on the first and third beat of each bar, sometimes broken."""
    notes = []
    for bar in range(BARS):
        for half in (0, 2):
            start = (4 * bar + half) * BEAT_S
            step = BEAT_S / 2 if rng.random() < 0.4 else 0.0
            for i, midi in enumerate(CHORDS[bar % 4]):
                velocity = int(rng.integers(55, 85))
                notes.append(Note(start + i * step, start + 1.9 * BEAT_S, midi, velocity))
    return notes


def clarinet(rng: np.random.Generator) -> list[Note]:
    """Walk along the scale, in quarters and halves, with some held notes."""
    notes, beat, degree = [], 0, 3
    while beat < 4 * BARS:
        length = int(rng.choice([1, 1, 2, 4]))
        degree = int(np.clip(degree + rng.integers(-2, 3), 0, len(SCALE) - 1))
        start, stop = beat * BEAT_S, min(beat + length, 4 * BARS) * BEAT_S
        notes.append(Note(start, stop - 0.05, SCALE[degree], int(rng.integers(70, 100))))
        beat += length
    return notes


def cello(rng: np.random.Generator) -> list[Note]:
    """Hold the root of the chord, or play root and fifth."""
    notes = []
    for bar in range(BARS):
        root, start = CHORDS[bar % 4][0] - 12, 4 * bar * BEAT_S
        lengths = (4,) if rng.random() < 0.5 else (2, 2)
        for i, length in enumerate(lengths):
            onset = start + 2 * i * BEAT_S
            notes.append(Note(onset, onset + length * BEAT_S - 0.05, root + 7 * i, 90))
    return notes


def drums(rng: np.random.Generator) -> list[Note]:
    """Play kick, snare and closed hi-hat in eighths, with some extra kicks."""
    notes = []
    for eighth in range(8 * BARS):
        start = eighth * BEAT_S / 2
        keys = [HIHAT]
        if eighth % 8 == 0 or rng.random() < 0.1:
            keys.append(KICK)
        if eighth % 8 == 4:
            keys.append(SNARE)
        notes += [Note(start, start + 0.1, key, int(rng.integers(75, 110))) for key in keys]
    return notes


PARTS = {"piano": piano, "clarinet": clarinet, "cello": cello, "drums": drums}


def midi_file(name: str, notes: list[Note]) -> mido.MidiFile:
    """Write one part as a MIDI file; at one instant, notes end before others begin."""
    channel = 9 if name == "drums" else 0
    events = sorted(
        (round(at * TICKS_PER_S), velocity, note.midi)
        for note in notes
        for at, velocity in ((note.onset, note.velocity), (note.offset, 0))
    )
    track = mido.MidiTrack(
        [mido.Message("program_change", program=PROGRAMMES[name], channel=channel)]
    )
    now = 0
    for tick, velocity, midi in events:
        message = mido.Message(
            "note_on", note=midi, velocity=velocity, time=tick - now, channel=channel
        )
        track.append(message)
        now = tick
    return mido.MidiFile(ticks_per_beat=TICKS_PER_S // 2, tracks=[track])


def render(name: str, notes: list[Note], soundfont: Path) -> np.ndarray:
    """Play one part: mono, at :data:`RATE`, of length :data:`LENGTH_S`."""
    with tempfile.TemporaryDirectory() as folder:
        midi_file(name, notes).save(f"{folder}/part.mid")
        options = ["-niq", "-R", "0", "-C", "0", "-g", "0.4", "-r", str(RATE)]
        command = ["fluidsynth", *options, "-F", f"{folder}/part.wav"]
        subprocess.run([*command, str(soundfont), f"{folder}/part.mid"], check=True)
        stereo, _ = soundfile.read(f"{folder}/part.wav", dtype="float64", always_2d=True)
    sound = np.zeros(round(LENGTH_S * RATE))
    mono = stereo.mean(axis=1)[: len(sound)]
    sound[: len(mono)] = GAINS[name] * mono
    return sound


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--soundfont", type=Path, default=SOUNDFONT)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)
    parts = {name: compose(rng) for name, compose in PARTS.items()}
    stems = {name: render(name, notes, options.soundfont) for name, notes in parts.items()}
    scale = 0.7 / np.abs(sum(stems.values())).max()
    lines = ["part\tonset_s\toffset_s\tmidi"]
    for name, notes in parts.items():
        soundfile.write(
            options.out / f"{name}.ogg", scale * stems[name], RATE, format="OGG", subtype="VORBIS"
        )
        lines += [f"{name}\t{n.onset:.4f}\t{n.offset:.4f}\t{n.midi}" for n in sorted(notes)]
    (options.out / "notes.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
