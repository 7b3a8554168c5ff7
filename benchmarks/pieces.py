"""Generate pieces to evaluate parts and stems on, with a soundfont that is not used in training.

    python -m benchmarks.pieces --font FILE --cache DIR --out DIR [--pieces N] [--first N]
    python -m benchmarks.instruments --data DIR
    python -m benchmarks.stems --data DIR/stems [--given notes|instruments|nothing]

FILE is a General MIDI soundfont, neither one of :mod:`training.sounds.assets` nor one that shares
many samples with them (TimGM6mb has most of GMbank's, GeneralUser GS 2 %); the cache keeps its
notes. DIR gets a folder `stems/trio_NUMBER` for each piece, in the layout of annotated recordings:
`mix.flac`, the exact sum of the stems, and for each player `NAME.flac` and `NAME.notes.tsv`. A
piece has a piano played with both hands and one or two strings, winds or brass; a quarter of the
pieces have three of these and no piano. Needs fluidsynth.
"""

from __future__ import annotations

import argparse
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from training.music import render
from training.music.harmony import draw_harmony
from training.music.parts import Part, piano, player
from training.music.performance import clock
from training.rng import Rng
from training.sounds import assets, banks
from training.sounds.banks import Bank
from training.sounds.instruments import BY_NAME, LABELS
from training.sounds.samples import RATE
from training.sounds.soundfonts import GENERAL_MIDI, Preset, takes

PIECE_SECONDS = 20.0
SUSTAINED = (
    *("violin", "viola", "cello", "flute", "oboe", "clarinet"),
    *("bassoon", "saxophone", "trumpet", "horn", "trombone", "tuba"),
)
SEED = 20_261_126
MAX_SHARED = 0.1
"""Largest share of a soundfont's samples that a training soundfont may have, too."""

PROBE_LENGTH = 150
"""Values that identify a sample."""


def samples(font: Path) -> set[bytes]:
    """Return some values from near the start of each sample of a soundfont (sf2)."""
    content = font.read_bytes()
    waves, headers = (content.index(b"smpl") + 8, content.rindex(b"shdr"))
    (size,) = struct.unpack_from("<I", content, headers + 4)
    probes = set()
    for at in range(headers + 8, headers + 8 + size - 46, 46):
        start, end = struct.unpack_from("<II", content, at + 20)
        if end - start > 2 * PROBE_LENGTH:
            probes.add(
                content[waves + 2 * (start + PROBE_LENGTH) : waves + 2 * (start + 2 * PROBE_LENGTH)]
            )
    return probes


def banks_of(font: Path, cache: Path) -> list[Bank]:
    """Load the soundfont's piano and sustained instruments.

    Raises
    ------
    ValueError
        If the soundfont is used in training, or shares samples with one that is.
    """
    training_fonts = {name: Path(p) for name, (paths, _) in assets.FONTS.items() for p in paths}
    if font.name in {path.name for path in training_fonts.values()}:
        raise ValueError(f"{font.stem} is taught on")
    own = samples(font)
    for name, path in training_fonts.items():
        if path.exists() and path.suffix == ".sf2":
            shared = len(own & samples(path)) / max(len(own), 1)
            if shared > MAX_SHARED:
                raise ValueError(
                    f"{shared:.0%} of the samples of {font.stem} are those of {name}, "
                    "which is taught on"
                )
    assets.FONTS[font.stem] = ((str(font),), "")
    home, loaded = cache / "pieces" / f"banks{banks.VERSION}", []
    for name in ("piano", *SUSTAINED):
        preset = Preset(font.stem, 0 if name == "piano" else GENERAL_MIDI[name][0], name)
        folder, instrument = home / preset.bank_name, BY_NAME[name]
        length = banks.length_of(instrument)
        if (folder / "bank.json").exists() or banks.make(
            folder, font.stem, instrument, takes(preset, instrument, length)
        ):
            loaded.append(banks.load(folder))
    return loaded


def players(rng: Rng, available: list[Bank]) -> list[Part]:
    """Draw the players of a piece."""
    by_name = {bank.instrument.name: bank for bank in available}
    sustained = [name for name in SUSTAINED if name in by_name]
    tempo = float(np.clip(rng.lognormal(np.log(95), 0.35), 40, 220))
    harmony = draw_harmony(rng, float(np.ceil(PIECE_SECONDS * tempo / 60)))
    time = clock(rng, harmony.beats, tempo)
    n = int(rng.integers(1, 3))
    parts = [piano(rng, [by_name["piano"]], harmony, time, False)] if rng.random() < 0.75 else []
    for name in rng.choice(sustained, n if parts else 3, replace=False):
        part = player(rng, by_name[str(name)], harmony, time)
        parts.append(replace(part, level=float(rng.triangular(-8, 0, 4))))
    return [
        part
        for part in parts
        if part and any(note.start < PIECE_SECONDS - 1 for note in part.notes)
    ]


def write(folder: Path, rng: Rng, parts: list[Part]) -> None:
    """Write a piece as a folder of sounds and notes."""
    folder.mkdir(parents=True, exist_ok=True)
    n = int(PIECE_SECONDS * RATE)
    played = [render.played(rng, part, n, 1.0, PIECE_SECONDS) for part in parts]
    loudest = 1.1 * np.abs(sum(sound for sound, _ in played)).max()
    total = np.zeros(n, np.int32)
    for part, (sound, rows) in zip(parts, played, strict=True):
        name = LABELS[part.bank.instrument.name][0]
        quantised = np.rint(sound / loudest * 2**23).astype(np.int32)
        total += quantised
        soundfile.write(folder / f"{name}.flac", quantised * 2**8, RATE, subtype="PCM_24")
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
    parser.add_argument("--first", type=int, default=0, help="number of the first piece")
    options = parser.parse_args()
    available = banks_of(options.font, options.cache)
    for number in range(options.first, options.first + options.pieces):
        rng = np.random.default_rng([SEED, number])
        parts = players(rng, available)
        if len(parts) > 1:
            write(options.out / "stems" / f"trio_{number:03d}", rng, parts)


if __name__ == "__main__":
    main()
