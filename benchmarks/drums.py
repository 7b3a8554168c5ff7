"""Evaluate drum detection and separation on generated loops, with kits unseen in training.

    python -m benchmarks.drums --cache DIR [--samples DIR] [--loops N]

DIR is the cache of ``python -m training.train.drums``. Half of the loops have music, whose notes
are given. For each loop: F1 of the onsets of each drum (within 30 ms), and the SDR gain over the
mixture of each drum, of all drums, and of the music; once from detected onsets, and once from the
true ones. The gain from the true onsets is an upper bound for the detector.
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
from training.music import drum_beats
from training.sounds import drum_kits
from training.sounds.classes import is_held_out
from training.sounds.samples import RATE

SEED = 20_261_126
LOOP_SECONDS = mixtures.SECONDS
ONSET_TOLERANCE = 0.03
KEYS = [drum.key for drum in KIT.values()]


def loop(
    number: int, kits: list[drum_kits.Kit], pitched: list[mixtures.Choice] | None
) -> tuple[Floats, Floats, list[Note], list[Note]]:
    """Return drums, (drum, sample), music, (sample,), the drum notes and the notes of the music."""
    rng = np.random.default_rng([SEED, number])
    drums, rows = drum_beats.beat(
        rng, kits[number % len(kits)], LOOP_SECONDS, tempo=float(rng.uniform(70, 150))
    )
    music, notes = np.zeros(drums.shape[1], np.float32), []
    if pitched is not None:
        music, table, *_ = mixtures.scene(8_000_000 + number, pitched, "music")
        notes = [
            Note(max(on, 0.0), off, int(midi)) for on, off, midi, _ in table if off > max(on, 0.0)
        ]
        loud = [float(np.sqrt(np.mean(x**2))) + 1e-9 for x in (music, drums.sum(axis=0))]
        drums = drums * np.float32(10 ** (rng.uniform(-8, 4) / 20) * loud[0] / loud[1])
    hits = [Note(max(at, 0.0), at + 0.1, KEYS[int(drum)], is_drum=True) for at, drum in rows]
    return drums, music, hits, notes


def f1(true: list[Note], detected: list[Note], key: int) -> float:
    """Return the F1 of one drum's onsets; NaN if it has none."""
    reference, estimated = (
        np.array([n.onset for n in notes if n.midi == key]) for notes in (true, detected)
    )
    matched = sum(np.abs(estimated - at).min(initial=9) < ONSET_TOLERANCE for at in reference)
    if not len(reference):
        return np.nan
    return 2 * min(matched, len(estimated)) / (len(reference) + len(estimated))


def gains(drums: Floats, music: Floats, hits: list[Note], notes: list[Note]) -> list[float]:
    """Return the SDR gains of each drum, all drums and the music; NaN for silent ones."""
    mixture = drums.sum(axis=0) + music
    audio, every_note = Audio(mixture, RATE), [*hits, *notes]
    groups = [[i for i, note in enumerate(hits) if note.midi == key] for key in KEYS]
    groups.append(list(range(len(hits), len(every_note))))
    note_factors = with_drum_samples(audio, fit_notes(audio, every_note), every_note)
    parts = [
        np.concatenate(b, axis=1)[0]
        for b in zip(*separated(audio, note_factors, groups), strict=True)
    ]
    pairs = [
        *zip(drums, parts[: len(KIT)], strict=True),
        (drums.sum(axis=0), sum(parts[: len(KIT)])),
        (music, parts[len(KIT)]),
    ]
    values = [
        sdr(true, estimate) - sdr(true, mixture) if true.any() else np.nan
        for true, estimate in pairs
    ]
    return values if music.any() else values[: len(KIT)]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--samples", type=Path, help="a folder with drums.tsv")
    parser.add_argument("--loops", type=int, default=24)
    options = parser.parse_args()
    kits = [
        kit
        for kit in drum_kits.build(options.cache, options.samples)
        if kit.name in drum_kits.HELD_OUT
    ]
    pitched = [
        choice
        for choice in mixtures.choices(options.cache)
        if choice.label != "drums" and is_held_out(choice.bank.name)
    ]
    columns = [*KIT, "drums", "music"]
    for name, choices in (("drums only", None), ("with music", pitched)):
        scores, from_detected, from_true = [], [], []
        for number in range(options.loops // 2):
            drums, music, hits, notes = loop(number + (1000 if choices else 0), kits, choices)
            detected = detect_drums(Audio(drums.sum(axis=0) + music, RATE), assume_drums=True)
            scores.append([f1(hits, detected, key) for key in KEYS])
            from_detected.append(gains(drums, music, detected, notes))
            from_true.append(gains(drums, music, hits, notes))
        print(f"# {name}, {options.loops // 2} loops")
        for what, rows in (
            ("F1", scores),
            ("gain, detected hits", from_detected),
            ("gain, true hits", from_true),
        ):
            means = np.nanmean(np.where(np.isnan(rows).all(axis=0), 0, rows), axis=0)
            cells = zip(columns, means, strict=False)
            print(f"{what:20s} " + "  ".join(f"{column} {mean:.2f}" for column, mean in cells))


if __name__ == "__main__":
    main()
