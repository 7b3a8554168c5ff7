"""Single notes from Debian's soundfonts, played by fluidsynth."""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
import soundfile as sf
import soxr

from training.sounds.assets import soundfont
from training.sounds.instruments import Instrument
from training.sounds.samples import RATE, Take, from_onset

GAP_SECONDS = 1.2
"""Seconds between two notes."""

DRUM_KIT = 128
"""Program of a preset that is a drum kit."""

DRUM_CHANNEL = 9
"""Channel of drums in General MIDI, from 0."""


@dataclass(frozen=True)
class Preset:
    """A preset of a soundfont and the instrument that it stands for.

    `program` is 0–127 or :data:`DRUM_KIT`; `variation` is the bank, or the kit of drums.
    """

    font: str
    program: int
    instrument: str
    velocities: tuple[int, ...] = (50, 100)
    variation: int = 0

    @property
    def bank_name(self) -> str:
        """Name of the bank that is made of the preset."""
        number = f"{self.program:03d}" + (f"-{self.variation}" if self.variation else "")
        return f"{self.font}-{number}.{self.instrument}"


GENERAL_MIDI = {
    "electric-piano": (4, 5),
    "harpsichord": (6,),
    "clavinet": (7,),
    "celesta": (8,),
    "glockenspiel": (9,),
    "music-box": (10,),
    "vibraphone": (11,),
    "marimba": (12,),
    "xylophone": (13,),
    "organ": (16, 17, 18, 19),
    "harmonium": (20,),
    "accordion": (21,),
    "harmonica": (22,),
    "bandoneon": (23,),
    "guitar-nylon": (24,),
    "guitar-steel": (25,),
    "guitar-electric": (26, 27, 28),
    "guitar-overdriven": (29, 30),
    "double-bass-pizz": (32,),
    "bass-electric": (33, 34, 35, 36),
    "synth-bass": (38, 39),
    "violin": (40,),
    "viola": (41,),
    "cello": (42,),
    "double-bass": (43,),
    "string-section": (44, 48, 50),
    "violin-pizz": (45,),
    "harp": (46,),
    "choir": (52, 53, 54),
    "trumpet": (56, 59),
    "trombone": (57,),
    "tuba": (58,),
    "horn": (60,),
    "brass-section": (61, 62),
    "saxophone": (64, 65, 66, 67),
    "oboe": (68,),
    "english-horn": (69,),
    "bassoon": (70,),
    "clarinet": (71,),
    "piccolo": (72,),
    "flute": (73,),
    "recorder": (74,),
    "pan-flute": (75,),
    "ocarina": (79,),
    "synth-lead": (80, 81),
    "synth-pad": (89, 90),
    "banjo": (105,),
    "koto": (107,),
    "kalimba": (108,),
}
"""General MIDI programs of the instruments."""

PRESETS: tuple[Preset, ...] = (
    *(Preset("MuseScore_General", program, "piano", (25, 50, 75, 100, 122)) for program in (0, 1)),
    *(Preset("FluidR3", program, "piano", (30, 65, 100, 122)) for program in (0,)),
    *(
        Preset("FluidR3", program, name)
        for name, programs in GENERAL_MIDI.items()
        for program in programs
    ),
    # Where MuseScore's sounds are not FluidR3's.
    Preset("MuseScore_General", 4, "electric-piano"),
    Preset("MuseScore_General", 5, "electric-piano"),
    Preset("MuseScore_General", 48, "string-section"),
    Preset("FluidR3", DRUM_KIT, "drums"),
    Preset("MuseScore_General", DRUM_KIT, "drums"),
)


def takes(preset: Preset, instrument: Instrument, length: int) -> list[Take]:
    """Play all notes of an instrument at all velocities, LEAD + `length` samples each."""
    hold = length / RATE + 0.3
    wanted = [(p, v) for v in preset.velocities for p in range(instrument.low, instrument.high + 1)]
    played = []
    with tempfile.TemporaryDirectory() as folder:
        score, sound = Path(folder, "notes.mid"), Path(folder, "notes.wav")
        _score(preset, wanted, hold).save(score)
        _play(soundfont(preset.font), score, sound)
        with sf.SoundFile(sound) as file:
            for index, (pitch, velocity) in enumerate(wanted):
                file.seek(int((0.2 + index * (hold + GAP_SECONDS)) * file.samplerate))
                stereo = file.read(
                    int((hold + 0.1) * file.samplerate), dtype="float32", always_2d=True
                )
                wave = soxr.resample(stereo.mean(axis=1), file.samplerate, RATE).astype(np.float32)
                if np.abs(wave).max() > 1e-4:
                    played.append(Take(from_onset(wave, length), pitch, velocity))
    return played


def _score(preset: Preset, wanted: list[tuple[int, int]], hold: float) -> mido.MidiFile:
    drums = preset.program == DRUM_KIT
    channel = DRUM_CHANNEL if drums else 0
    track = mido.MidiTrack()
    if preset.variation and not drums:
        track.append(
            mido.Message(
                "control_change", channel=channel, control=0, value=preset.variation, time=0
            )
        )
    track.append(
        mido.Message(
            "program_change",
            channel=channel,
            program=preset.variation if drums else preset.program,
            time=0,
        )
    )
    ticks = 960  # a second, at 120 quarter notes a minute and 480 ticks each
    clock = 0
    for index, (pitch, velocity) in enumerate(wanted):
        start = round((0.3 + index * (hold + GAP_SECONDS)) * ticks)
        end = start + round(hold * ticks)
        track.append(
            mido.Message(
                "note_on", channel=channel, note=pitch, velocity=velocity, time=start - clock
            )
        )
        track.append(mido.Message("note_off", channel=channel, note=pitch, time=end - start))
        clock = end
    track.append(mido.MetaMessage("end_of_track", time=ticks * 2))
    return mido.MidiFile(tracks=[track], ticks_per_beat=480)


def _play(font: Path, score: Path, sound: Path) -> None:
    quiet, dry = ["-ni", "-q"], ["-R", "0", "-C", "0"]
    audio = ["-g", "0.6", "-r", "44100", "-O", "float", "-T", "wav"]
    command = ["fluidsynth", *quiet, *dry, *audio]
    subprocess.run([*command, "-F", sound, font, score], check=True, capture_output=True)
