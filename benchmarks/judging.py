"""Judge the whole pipeline on generated mixtures of two sets of sources.

    python -m benchmarks.judging --cache DIR [--samples DIR] [--set judging|validation] [--pieces N]

The judging set uses the notes and the drum kit of Debian's ``timgm6mb-soundfont``. No training uses
this file, but 62 % of its samples are also in GMbank, from which the shipped recogniser has learnt
and whose kit is among the held-out kits that set the limits of the drum detector; so its figures
are optimistic. The validation set uses the held-out banks and kits; the shipped recogniser, trained
with ``--all``, has learnt from these banks too. Both draw pieces in the same way: 15 s, one to five
players, with drums in two pieces of five, a voice in three of ten, and a room in four of five. The
input is the mixture alone.

For each piece: F1 of the notes with the right onset (50 ms), pitch and instrument; the number of
pitched parts; the mean gain in SDR of the players' stems and of the drums' stem, 0 where one is
missing; and drum hits per minute. DIR is the cache of the training commands. Needs mir_eval.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import otowake
from benchmarks.instruments import f1
from benchmarks.stems import sdr
from otowake.music.theory.instruments import DRUMS
from otowake.types import Analysis, Audio, Floats
from training.data import mixtures
from training.data.mixtures import Choice
from training.music import drum_beats
from training.rng import Rng
from training.sounds import assets, banks, drum_kits, soundfonts
from training.sounds.banks import Bank
from training.sounds.classes import is_held_out
from training.sounds.degrade import impulse_response
from training.sounds.drum_kits import Kit
from training.sounds.instruments import BY_NAME, LABELS
from training.sounds.samples import RATE
from training.sounds.soundfonts import GENERAL_MIDI, Preset

SEED = 20_261_130
SECONDS = 15.0
FONT = "TimGM6mb"
LACKING = frozenset((28, 36, 39, 44, 50, 54, 59, 62, 67, 79, 81, 90))
"""Programs for which the soundfont may play another's samples."""


class Piece(NamedTuple):
    """A mixture and its truth.

    Attributes
    ----------
    audio
        The mixture.
    stems
        The sound of each instrument, ``drums`` among them; the stems add up to the mixture.
    notes
        Rows (onset, offset, midi) of each pitched instrument.
    """

    audio: Audio
    stems: dict[str, Floats]
    notes: dict[str, NDArray[np.float64]]


def judging_sources(cache: Path, _: Path | None) -> tuple[list[Choice], list[Kit]]:
    """Return the banks of the judging set, made where they are not in the cache, and its kit."""
    home = cache / "judging"
    assets.FONTS[FONT] = ((f"/usr/share/sounds/sf2/{FONT}.sf2",), "timgm6mb-soundfont")
    presets = [Preset(FONT, 0, "piano")]
    presets += [
        Preset(FONT, program, name)
        for name, programs in GENERAL_MIDI.items()
        if name in LABELS
        for program in programs
        if program not in LACKING
    ]
    available = []
    for preset in presets:
        folder, instrument = home / preset.bank_name, BY_NAME[preset.instrument]
        if not (folder / "bank.json").exists():
            length = banks.length_of(instrument)
            banks.make(folder, FONT, instrument, soundfonts.takes(preset, instrument, length))
        if (folder / "bank.json").exists():
            available.append(_choice(banks.load(folder)))
    return available, [drum_kits.played(f"{FONT}-000", FONT, 0)]


def _choice(bank: Bank) -> Choice:
    label, weight = LABELS[bank.instrument.name]
    return Choice(bank, label, FONT, weight)


def validation_sources(cache: Path, samples: Path | None) -> tuple[list[Choice], list[Kit]]:
    """Return the held-out banks and kits of the training."""
    pitched = [
        choice
        for choice in mixtures.choices(cache)
        if choice.label != DRUMS and is_held_out(choice.bank.name)
    ]
    return pitched, [
        kit for kit in drum_kits.build(cache, samples) if kit.name in drum_kits.HELD_OUT
    ]


def piece(number: int, pitched: list[Choice], kits: list[Kit]) -> Piece:
    """Make a piece; the number and the sources determine it."""
    rng = np.random.default_rng([SEED, number])
    labels = list(dict.fromkeys(c.label for c in pitched))
    wanted = [str(name) for name in rng.permutation([n for n in labels if n != "voice"])]
    wanted = wanted[: int(rng.choice([1, 2, 3, 4, 5], p=[0.25, 0.25, 0.25, 0.15, 0.1]))]
    if rng.random() < 0.3:
        wanted[0] = "voice"
    players = [mixtures.draw(rng, [c for c in pitched if c.label == name]) for name in wanted]
    ground, time = mixtures.draw_ground(rng, SECONDS)
    impulse = impulse_response(rng) if rng.random() < 0.8 else np.ones(1, np.float32)
    n, stems, notes = int(SECONDS * RATE), {}, {}
    for choice, part in mixtures.piece(rng, players, ground, time):
        begin, sound, rows = mixtures.rendered(rng, part, SECONDS)
        stem = np.zeros(n)
        stem[begin : begin + len(sound)] = sound[: n - begin]
        stems[choice.label] = stem
        notes[choice.label] = np.array(
            [(on + begin / RATE, off + begin / RATE, midi) for on, off, _, midi, *_ in rows]
        ).reshape(-1, 3)
    if rng.random() < 0.4:
        kit = kits[int(rng.integers(len(kits)))]
        stems[DRUMS] = _drums(rng, kit, np.sum(list(stems.values()), axis=0))
    stems = {name: np.convolve(stem, impulse)[:n] for name, stem in stems.items() if stem.any()}
    scale = 0.8 / max(float(np.abs(np.sum(list(stems.values()), axis=0)).max()), 1e-9)
    stems = {name: scale * stem for name, stem in stems.items()}
    audio = Audio(np.sum(list(stems.values()), axis=0), RATE, f"piece {number}")
    return Piece(audio, stems, {name: rows for name, rows in notes.items() if len(rows)})


def _drums(rng: Rng, kit: Kit, music: Floats) -> Floats:
    """Make a beat, from 8 dB softer than the music to 4 dB louder."""
    beat = drum_beats.beat(rng, kit, SECONDS, tempo=float(rng.uniform(60, 180)))[0].sum(axis=0)
    loudness = np.sqrt(np.mean(music**2)) / max(float(np.sqrt(np.mean(beat**2))), 1e-9)
    return beat * loudness * 10 ** (rng.uniform(-8, 4) / 20)


def scores(truth: Piece, analysis: Analysis) -> dict[str, float]:
    """Compare an analysis with the truth of a piece."""
    detected: dict[str, list[int]] = defaultdict(list)
    sounds: dict[str, Floats] = {}
    for part in analysis.parts:
        detected[part.instrument] += part.notes
        sound = part.audio().samples[0]
        sounds[part.instrument] = sounds.get(part.instrument, 0) + sound
    rows = np.array([(n.onset, n.offset, n.midi) for n in analysis.notes], float).reshape(-1, 3)
    named = {name: rows[indices] for name, indices in detected.items() if name != DRUMS}
    mixture = truth.audio.samples[0]
    gains = {
        name: sdr(stem, sounds[name]) - sdr(stem, mixture) if name in sounds else 0.0
        for name, stem in truth.stems.items()
    }
    pitched = [gain for name, gain in gains.items() if name != DRUMS]
    return {
        "f1": f1(truth.notes, named),
        "parts": float(len([p for p in analysis.parts if p.instrument != DRUMS])),
        "players": float(len(truth.notes)),
        "gain": float(np.mean(pitched)) if len(truth.stems) > 1 else np.nan,
        "drums": gains.get(DRUMS, np.nan),
        "hits": 60 / SECONDS * len(detected.get(DRUMS, ())),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--samples", type=Path, help="a folder with drums.tsv")
    parser.add_argument("--set", choices=["judging", "validation"], default="judging")
    parser.add_argument("--pieces", type=int, default=100)
    parser.add_argument("--only", type=int, nargs="*", help="numbers of some pieces")
    options = parser.parse_args()
    sources = judging_sources if options.set == "judging" else validation_sources
    pitched, kits = sources(options.cache, options.samples)
    table = []
    for number in options.only or range(options.pieces):
        truth = piece(number, pitched, kits)
        analysis = otowake.analyse(truth.audio, stages=["notes", "instruments", "stems"])
        row = scores(truth, analysis)
        table.append(row)
        cells = "  ".join(f"{name} {value:6.2f}" for name, value in row.items())
        parts = ", ".join(f"{part.name} {len(part.notes)}" for part in analysis.parts)
        print(f"{number:3d}  {cells}  {', '.join(truth.stems)} -> {parts}", flush=True)
    summarise({name: np.array([row[name] for row in table]) for name in table[0]})


def _mean(values: Floats) -> float:
    """Return the mean of what is not NaN; NaN if nothing is left."""
    return float(values[~np.isnan(values)].mean()) if not np.isnan(values).all() else np.nan


def summarise(columns: dict[str, Floats]) -> None:
    """Print the means of all pieces, by the number of players, and of the drums."""
    players, has_drums = columns["players"], ~np.isnan(columns["drums"])
    for title, use in (
        ("all", players > 0),
        *((f"{n:.0f} players", players == n) for n in np.unique(players)),
    ):
        right = np.mean(columns["parts"][use] == players[use])
        print(
            f"# {title}, {use.sum()} pieces: F1 of notes with the right instrument "
            f"{columns['f1'][use].mean():.3f}; number of players right {right:.2f}; "
            f"gain of pitched stems {_mean(columns['gain'][use]):.2f} dB"
        )
    if has_drums.any():
        print(
            f"# {has_drums.sum()} pieces with drums: "
            f"kits detected {np.mean(columns['hits'][has_drums] > 0):.2f}, "
            f"gain {columns['drums'][has_drums].mean():.2f} dB"
        )
    if not has_drums.all():
        rate = columns["hits"][~has_drums].mean()
        print(f"# {np.sum(~has_drums)} pieces without drums: {rate:.2f} hits per minute")


if __name__ == "__main__":
    main()
