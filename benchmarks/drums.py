"""How well drums are found and separated in generated loops, on kits that the network of strokes never heard.

    python -m benchmarks.drums --cache DIR [--loops N]

DIR is the cache of ``python -m training.train.drums``. Half of the loops have music beneath them, whose notes are given. For each: F1 of the
strokes of kick, snare and hi-hat (within 30 ms), and the gain in SDR over the mixture of each drum, of all drums, and of the music; once from
the strokes that are found, and once from the true ones. With the true ones a drum's gain is what the separation is able to.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks.stems import sdr
from otowake.music.drums.onsets import detect_drums
from otowake.music.separation.drum_samples import with_drum_samples
from otowake.music.separation.score_informed import fit_notes
from otowake.music.separation.stems import separated
from otowake.music.theory.instruments import KIT
from otowake.types import Audio, Floats, Note
from training.data import mixtures
from training.sounds import drum_kits
from training.sounds.samples import RATE

SEED = 20_261_126
SECONDS = mixtures.SECONDS
TOLERANCE = 0.03
KEYS = [drum.key for drum in KIT.values()]


def loop(
    number: int, every: list[drum_kits.Kit], pitched: list[mixtures.Choice] | None
) -> tuple[Floats, Floats, list[Note], list[Note]]:
    """Drums as sound, (drum, sample), music, (sample,), the strokes and the notes of the music."""
    rng = np.random.default_rng([SEED, number])
    drums, rows = drum_kits.beat(
        rng, every[number % len(every)], SECONDS, tempo=float(rng.uniform(70, 150))
    )
    music, notes = np.zeros(drums.shape[1], np.float32), []
    if pitched is not None:
        music, table, *_ = mixtures.scene(8_000_000 + number, pitched, "music")
        notes = [
            Note(max(on, 0.0), off, int(midi)) for on, off, midi, _ in table if off > max(on, 0.0)
        ]
        loud = [float(np.sqrt(np.mean(x**2))) + 1e-9 for x in (music, drums.sum(axis=0))]
        drums = drums * np.float32(10 ** (rng.uniform(-8, 4) / 20) * loud[0] / loud[1])
    strokes = [Note(max(at, 0.0), at + 0.1, KEYS[int(drum)], is_drum=True) for at, drum in rows]
    return drums, music, strokes, notes


def f1(true: list[Note], found: list[Note], key: int) -> float:
    """The F1 of one drum's strokes; not a number where it is not struck."""
    mine, have = (np.array([n.onset for n in notes if n.midi == key]) for notes in (true, found))
    hits = sum(np.abs(have - at).min(initial=9) < TOLERANCE for at in mine)
    return 2 * min(hits, len(have)) / (len(mine) + len(have)) if len(mine) else np.nan


def gains(drums: Floats, music: Floats, strokes: list[Note], notes: list[Note]) -> list[float]:
    """Of each drum, all drums and the music; not a number where there is none."""
    mixture = drums.sum(axis=0) + music
    audio, every = Audio(mixture, RATE), [*strokes, *notes]
    groups = [[i for i, note in enumerate(strokes) if note.midi == key] for key in KEYS]
    groups.append(list(range(len(strokes), len(every))))
    note_factors = with_drum_samples(audio, fit_notes(audio, every), every)
    parts = [
        np.concatenate(b, axis=1)[0]
        for b in zip(*separated(audio, note_factors, groups), strict=True)
    ]
    pairs = [
        *zip(drums, parts[:3], strict=True),
        (drums.sum(axis=0), sum(parts[:3])),
        (music, parts[3]),
    ]
    found = [
        sdr(true, found) - sdr(true, mixture) if true.any() else np.nan for true, found in pairs
    ]
    return found if music.any() else found[:3]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--loops", type=int, default=24)
    options = parser.parse_args()
    every = [kit for kit in drum_kits.build(options.cache) if kit.name in drum_kits.APART]
    pitched = [choice for choice in mixtures.choices(options.cache) if choice.label != "drums"]
    heads = [*KIT, "drums", "music"]
    for name, beneath in (("drums alone", None), ("with music", pitched)):
        scores, from_found, from_true = [], [], []
        for number in range(options.loops // 2):
            drums, music, strokes, notes = loop(number + (1000 if beneath else 0), every, beneath)
            found = detect_drums(Audio(drums.sum(axis=0) + music, RATE), assume_drums=True)
            scores.append([f1(strokes, found, key) for key in KEYS])
            from_found.append(gains(drums, music, found, notes))
            from_true.append(gains(drums, music, strokes, notes))
        print(f"# {name}, {options.loops // 2} loops")
        for what, rows in (
            ("F1", scores),
            ("gain, strokes found", from_found),
            ("gain, true strokes", from_true),
        ):
            means = np.nanmean(np.where(np.isnan(rows).all(axis=0), 0, rows), axis=0)
            print(
                f"{what:20s} "
                + "  ".join(f"{head} {mean:.2f}" for head, mean in zip(heads, means, strict=False))
            )


if __name__ == "__main__":
    main()
