"""Make pieces to measure parts and stems on: generated music, played with a soundfont that nothing was taught on.

    python -m benchmarks.pieces --font FILE --cache DIR --out DIR [--pieces N] [--first N]
    python -m benchmarks.instruments --data DIR
    python -m benchmarks.stems --data DIR/stems [--given notes|instruments|nothing]

FILE is a General MIDI soundfont, neither one of those of :mod:`training.sounds.assets` nor one with many of their samples (TimGM6mb has most of
GMbank's, GeneralUser GS 2 %); its notes are kept in the cache. DIR gets a folder
`stems/trio_NUMBER` for each piece, as recordings with truth have them: `mix.flac`, the exact sum of the stems, and for each player `NAME.flac` and
`NAME.notes.tsv`. A piano played by both hands, and one or two others out of strings, winds and brass; a quarter of the pieces have three of those
and no piano. Needs fluidsynth.
"""

from __future__ import annotations

import argparse
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from training.music import composition, plans, render
from training.music.performance import clock
from training.music.plans import Part
from training.rng import Rng
from training.sounds import assets, banks
from training.sounds.banks import Bank
from training.sounds.classes import LABELS
from training.sounds.instruments import BY_NAME
from training.sounds.samples import RATE
from training.sounds.soundfonts import GENERAL_MIDI, Preset, takes

SECONDS = 20.0
HELD = (
    *("violin", "viola", "cello", "flute", "oboe", "clarinet"),
    *("bassoon", "saxophone", "trumpet", "horn", "trombone", "tuba"),
)
SEED = 20_261_126
SHARED, PROBE = 0.1, 150
"""The share of a soundfont's samples that may be those of one that is taught on; how many values tell a sample."""


def samples(font: Path) -> set[bytes]:
    """What tells the samples of a soundfont (sf2): of each, some values from near its start."""
    content = font.read_bytes()
    waves, headers = (content.index(b"smpl") + 8, content.rindex(b"shdr"))
    (size,) = struct.unpack_from("<I", content, headers + 4)
    found = set()
    for at in range(headers + 8, headers + 8 + size - 46, 46):
        start, end = struct.unpack_from("<II", content, at + 20)
        if end - start > 2 * PROBE:
            found.add(content[waves + 2 * (start + PROBE) : waves + 2 * (start + 2 * PROBE)])
    return found


def banks_of(font: Path, cache: Path) -> list[Bank]:
    """The font's piano and held instruments; :class:`ValueError` if it is one that is taught on, or has samples of one."""
    taught = {name: Path(place) for name, (places, _) in assets.FONTS.items() for place in places}
    if font.name in {place.name for place in taught.values()}:
        raise ValueError(f"{font.stem} is taught on")
    mine = samples(font)
    for name, place in taught.items():
        if place.exists() and place.suffix == ".sf2":
            shared = len(mine & samples(place)) / max(len(mine), 1)
            if shared > SHARED:
                raise ValueError(
                    f"{shared:.0%} of the samples of {font.stem} are those of {name}, which is taught on"
                )
    assets.FONTS[font.stem] = ((str(font),), "")
    home, found = cache / "pieces" / f"banks{banks.VERSION}", []
    for name in ("piano", *HELD):
        preset = Preset(font.stem, 0 if name == "piano" else GENERAL_MIDI[name][0], name)
        folder, instrument = home / preset.bank_name, BY_NAME[name]
        length = banks.length_of(instrument)
        if (folder / "bank.json").exists() or banks.make(
            folder, font.stem, instrument, takes(preset, instrument, length)
        ):
            found.append(banks.load(folder))
    return found


def players(rng: Rng, available: list[Bank]) -> list[Part]:
    """Who plays what in a piece."""
    by_name = {bank.instrument.name: bank for bank in available}
    held = [name for name in HELD if name in by_name]
    tempo = float(np.clip(rng.lognormal(np.log(95), 0.35), 40, 220))
    ground = composition.harmony(rng, float(np.ceil(SECONDS * tempo / 60)))
    time = clock(rng, ground.beats, tempo)
    n = int(rng.integers(1, 3))
    found = (
        [plans.piano(rng, [by_name["piano"]], ground, time, False)] if rng.random() < 0.75 else []
    )
    for name in rng.choice(held, n if found else 3, replace=False):
        part = plans.player(rng, by_name[str(name)], ground, time)
        found.append(replace(part, level=float(rng.triangular(-8, 0, 4))))
    return [part for part in found if part and any(note.start < SECONDS - 1 for note in part.notes)]


def write(folder: Path, rng: Rng, parts: list[Part]) -> None:
    """A piece as a folder of sounds and notes."""
    folder.mkdir(parents=True, exist_ok=True)
    n = int(SECONDS * RATE)
    played = [render.played(rng, part, n, 1.0, SECONDS) for part in parts]
    loudest = 1.1 * np.abs(sum(sound for sound, _ in played)).max()
    total = np.zeros(n, np.int32)
    for part, (sound, rows) in zip(parts, played, strict=True):
        name = LABELS[part.bank.instrument.name][0]
        whole = np.rint(sound / loudest * 2**23).astype(np.int32)
        total += whole
        soundfile.write(folder / f"{name}.flac", whole * 2**8, RATE, subtype="PCM_24")
        lines = [
            f"{max(onset, 0):.4f}\t{offset:.4f}\t{midi}" for onset, offset, _, midi, *_ in rows
        ]
        (folder / f"{name}.notes.tsv").write_text("\n".join(["onset\toffset\tmidi", *lines]) + "\n")
    soundfile.write(folder / "mix.flac", total * 2**8, RATE, subtype="PCM_24")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--font", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--pieces", type=int, default=24)
    parser.add_argument("--first", type=int, default=0, help="the number of the first piece")
    options = parser.parse_args()
    available = banks_of(options.font, options.cache)
    for number in range(options.first, options.first + options.pieces):
        rng = np.random.default_rng([SEED, number])
        parts = players(rng, available)
        if len(parts) > 1:
            write(options.out / "stems" / f"trio_{number:03d}", rng, parts)


if __name__ == "__main__":
    main()
