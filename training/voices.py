"""What the recogniser is taught with: short scenes in which every class is heard equally often, and the notes' patches.

A scene has one to four streams; a stream plays a few notes on one instrument, then a few on another. What is heard at once
is therefore unrelated, which is harder than music, and a scene of one stream is single notes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from otowake.music.instruments import NAMES
from otowake.music.recognizer import FRAMES, SPAN, Patches, patches
from otowake.signal.cells import CHANNELS
from training import banks, soundfonts
from training.banks import Bank
from training.degrade import degrade
from training.instruments import BY_NAME
from training.lessons import UNIT
from training.music import Rng
from training.performance import Played
from training.plans import Part
from training.render import played, tuning
from training.samples import RATE
from training.soundfonts import Preset

SECONDS = 10.0
"""Length of a scene."""
SHARD = 40
"""Scenes in a file."""
VERSION = 1

LABELS: dict[str, tuple[str, float]] = {
    name: (name, 1.0)
    for name in (
        *(
            "piano",
            "electric-piano",
            "harpsichord",
            "organ",
            "accordion",
            "harmonica",
            "guitar-nylon",
            "guitar-steel",
        ),
        *(
            "banjo",
            "mandolin",
            "harp",
            "violin",
            "viola",
            "cello",
            "double-bass",
            "flute",
            "oboe",
            "clarinet",
        ),
        *("bassoon", "saxophone", "trumpet", "trombone", "tuba", "drums"),
    )
} | {
    "clavinet": ("harpsichord", 0.3),
    "harmonium": ("accordion", 0.5),
    "bandoneon": ("accordion", 0.7),
    "guitar-electric": ("electric-guitar", 1.0),
    "guitar-overdriven": ("electric-guitar", 0.4),
    "bass-electric": ("electric-bass", 1.0),
    "violin-pizz": ("violin", 0.3),
    "viola-pizz": ("viola", 0.3),
    "cello-pizz": ("cello", 0.3),
    "double-bass-pizz": ("double-bass", 0.5),
    "piccolo": ("flute", 0.3),
    "recorder": ("flute", 0.3),
    "pan-flute": ("flute", 0.1),
    "ocarina": ("flute", 0.1),
    "english-horn": ("oboe", 0.8),
    "horn": ("french-horn", 1.0),
    "choir": ("voice", 1.0),
    "vibraphone": ("mallets", 1.0),
    "marimba": ("mallets", 1.0),
    "xylophone": ("mallets", 1.0),
    "glockenspiel": ("mallets", 0.7),
    "celesta": ("mallets", 0.5),
    "music-box": ("mallets", 0.4),
    "kalimba": ("mallets", 0.4),
    "steel-drum": ("mallets", 0.4),
}
"""Of the generator's instruments: what the recogniser calls it, and how often it stands for that class."""

FAMILY_OF: dict[str, str] = {
    "MuseScore_General": "FluidR3",
    "keyboardia": "Iowa",
    "keyboardia.horn": "VSCO2",
    "mtg-sax-soprano": "MTG",
    "mtg-sax-alto": "MTG",
    "mtg-sax-tenor": "MTG",
    "mtg-sax-baritone": "MTG",
    "shinyguitar-electric": "shinyguitar",
    "shinyguitar-acoustic": "shinyguitar",
    "green-guitar": "Karoryfer",
    "black-guitar": "Karoryfer",
}
"""Sources of shared origin, which count as one."""

WEIGHTS = {"otowake": 0.5}
"""How often a source is drawn against the others (1)."""

EXTRA = (
    *(Preset(font, 25, "mandolin", variation=16) for font in ("FluidR3",)),
    Preset("FluidR3", 21, "accordion", variation=8),
    Preset("FluidR3", 40, "violin", variation=8),
)
"""Presets that the listener's clips do not have."""

LEFT_OUT = {"FluidR3-045.violin-pizz"}
"""A section of all sizes."""

APART = {
    *("headroom.piano", "gs-pianet.electric-piano", "fm-harpsichord.harpsichord", "VSCO2.organ"),
    *("fm-nylon_strings.guitar-nylon", "Iowa.guitar-steel", "emilyguitar.guitar-electric", "ganjo.banjo"),
    *("fm-celtic_harp.harp", "pastabass.bass-electric", "VSCO2.violin", "flcellogrl.cello"),
    *(
        "smolken-bass.double-bass",
        "smolken-bass-pizz.double-bass-pizz",
        "ixox-flute.flute",
        "fm-bassoon.bassoon",
    ),
    *(
        "VSCO2.horn",
        "keyboardia.horn",
        "fm-old_trombone.trombone",
        "war-tuba.tuba",
        "fm-vibraphone.vibraphone",
    ),
    *("VSCO2.trumpet", "mtg-sax-alto.saxophone", "mtg-sax-tenor.saxophone", "mtg-sax-soprano.saxophone"),
    *("mtg-sax-baritone.saxophone", "VSCO2.xylophone"),
}
"""Banks kept apart to tell how well the recogniser does on sources that it does not know: whole sources of a class."""


@dataclass(frozen=True)
class Choice:
    """A bank that stands for a class, and how often."""

    bank: Bank
    label: str
    origin: str
    weight: float


class Lessons(NamedTuple):
    """Patches as bytes, their label (a place in the recogniser's table) and their bank (a place in `names`)."""

    heard: NDArray[np.uint8]
    others: NDArray[np.bool_]
    sounding: NDArray[np.bool_]
    midi: NDArray[np.int16]
    label: NDArray[np.int16]
    bank: NDArray[np.int16]
    names: tuple[str, ...]

    def patches(self, which: NDArray[np.int64]) -> Patches:
        heard = self.heard[which].astype(np.float32) / np.float32(UNIT)
        return Patches(heard, self.others[which], self.sounding[which], self.midi[which].astype(np.int64))


def choices(cache_folder: Path) -> list[Choice]:
    """Every bank that stands for a class of the recogniser."""
    every = banks.load_all(cache_folder) + banks.load_all(cache_folder / "who")
    found = []
    for bank in every:
        name = bank.instrument.name
        if name in LABELS and bank.name not in LEFT_OUT:
            label, weight = LABELS[name]
            origin = FAMILY_OF.get(bank.name, FAMILY_OF.get(bank.source, bank.source))
            found.append(Choice(bank, label, origin, weight))
    return found


def build(cache_folder: Path) -> None:
    """Make the banks that only the recogniser uses."""
    home = cache_folder / "who" / f"banks{banks.VERSION}"
    for preset in EXTRA:
        folder, instrument = home / preset.bank_name, BY_NAME[preset.instrument]
        if not (folder / "bank.json").exists():
            length = banks.length_of(instrument)
            banks.make(folder, preset.font, instrument, soundfonts.takes(preset, instrument, length))


def draw(rng: Rng, available: list[Choice]) -> Choice:
    """A bank: first the class, then the source, then one of its banks."""
    labels = sorted({c.label for c in available})
    label = labels[int(rng.integers(len(labels)))]
    same = [c for c in available if c.label == label]
    origins = sorted({c.origin for c in same})
    odds = np.array([WEIGHTS.get(o, 1.0) * max(c.weight for c in same if c.origin == o) for o in origins])
    origin = origins[int(rng.choice(len(origins), p=odds / odds.sum()))]
    same = [c for c in same if c.origin == origin]
    odds = np.array([c.weight for c in same])
    return same[int(rng.choice(len(same), p=odds / odds.sum()))]


def _run(rng: Rng, choice: Choice, start: float) -> tuple[Part, float]:
    """A few notes on one instrument from `start` on, and when the next may begin."""
    low, high = int(choice.bank.pitches[0]), int(choice.bank.pitches[-1])
    pitch, time, notes = int(rng.integers(low, high + 1)), start, []
    legato, slow = rng.random() < 0.5, float(np.exp(rng.uniform(np.log(0.15), np.log(1.5))))
    for _ in range(int(rng.integers(2, 6))):
        length = float(np.clip(slow * np.exp(0.4 * rng.standard_normal()), 0.1, 3))
        together = {pitch}
        if choice.bank.instrument.voices > 1 and rng.random() < 0.25:
            together |= {
                int(np.clip(pitch + rng.integers(-9, 10), low, high)) for _ in range(rng.integers(1, 3))
            }
        velocity = int(rng.triangular(20, 80, 125))
        notes += [Played(time, time + length, p, velocity) for p in together]
        time += length * (1.0 if legato else float(rng.uniform(1.0, 1.6)))
        pitch = int(np.clip(pitch + rng.integers(-7, 8), low, high))
    expression = float(rng.choice([0, 0.5, 1])) if not choice.bank.instrument.rings else 0.0
    return Part(choice.bank, tuple(notes), float(rng.triangular(-14, 0, 2)), expression), time + rng.uniform(
        0, 0.5
    )


def scene(
    seed: int, available: list[Choice]
) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.int64]]:
    """A sound at 22,050 Hz, its notes as rows (onset, offset, midi, level in dB), and each note's place in `available`."""
    rng = np.random.default_rng([20_261_125, seed])
    off = tuning(rng)
    ratio = 2 ** (off / 12)
    length = int(SECONDS * RATE)
    mixture, rows, who = np.zeros(length, np.float32), [], []
    for _ in range(int(rng.choice([1, 2, 3, 4], p=[0.45, 0.25, 0.2, 0.1]))):
        time = float(rng.uniform(0.05, 0.8))
        while time < SECONDS - 0.3:
            choice = draw(rng, available)
            part, time = _run(rng, choice, time)
            sound, notes = played(rng, part, length, 1.0, SECONDS)
            mixture += sound
            for onset, offset, midi, _, _, _, level in notes:
                key = int(rng.integers(28, 95)) if choice.label == "drums" else midi
                rows.append((onset, offset, key, level))
                who.append(available.index(choice))
    wave = mixture
    if abs(off) > 0.03:  # the whole scene out of tune, by reading it faster or slower
        at = np.arange(length) * ratio
        wave = np.interp(at, np.arange(length), mixture).astype(np.float32)
    table = np.array(rows, float).reshape(-1, 4)
    table[:, :2] /= ratio
    return degrade(rng, wave), table, np.array(who, np.int64)


def prepare(cache_folder: Path, first: int) -> Path:
    """The patches of the scenes from seed `first` on, in a file of the cache."""
    path = cache_folder / "who" / f"patches-v{VERSION}" / f"{first:06d}.npz"
    if path.exists():
        return path
    available = _choices(cache_folder)
    found: dict[str, list] = {k: [] for k in ("heard", "others", "sounding", "midi", "label", "bank")}
    for seed in range(first, first + SHARD):
        wave, table, who = scene(seed, available)
        rng = np.random.default_rng([3, seed])
        onset = np.maximum(table[:, 0] + rng.normal(0, 0.012, len(table)), 0)
        offset = np.maximum(table[:, 1] * 1.0 + rng.normal(0, 0.05, len(table)), onset + 0.05)
        audible = (table[:, 1] - table[:, 0] > 0.07) & (table[:, 0] < SECONDS - 0.2)
        known = rng.random(len(table)) > 0.08
        use = np.flatnonzero(audible & known)
        if not len(use):
            continue
        for which, batch in patches(wave, onset[use], offset[use], table[use, 2]):
            found["heard"].append(np.clip(np.rint(batch.heard * UNIT), 0, 255).astype(np.uint8))
            found["others"].append(np.packbits(batch.others, axis=2))
            found["sounding"].append(batch.sounding)
            found["midi"].append(batch.midi.astype(np.int16))
            mine = who[use[which]]
            found["label"].append(np.array([NAMES.index(available[i].label) for i in mine], np.int16))
            found["bank"].append(mine.astype(np.int16))
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}.part")
    with fresh.open("wb") as file:
        np.savez(
            file,
            names=np.array([c.bank.name for c in available]),
            **{k: np.concatenate(v) for k, v in found.items()},
        )
    fresh.rename(path)
    return path


@cache
def _choices(folder: Path) -> list[Choice]:
    return choices(folder)


def load(paths: list[Path]) -> Lessons:
    """The patches of some files together."""
    parts = []
    for path in paths:
        with np.load(path, allow_pickle=False) as file:
            parts.append({k: file[k] for k in file.files})
    joined = {k: np.concatenate([p[k] for p in parts]) for k in parts[0] if k != "names"}
    joined["others"] = np.unpackbits(joined["others"], axis=2, count=SPAN).astype(bool)
    assert joined["heard"].shape[1:] == (FRAMES, SPAN, CHANNELS)
    return Lessons(**joined, names=tuple(parts[0]["names"].tolist()))
