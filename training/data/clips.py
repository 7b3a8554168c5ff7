"""Training clips, each determined by a seed, and shards of them on disk.

    python -m training.data.clips --cache DIR --clips 600 --workers 1

A shard holds 50 clips: `audio` (clip, sample) int16, `notes` (note,) of dtype `NOTE`, `starts`
(clip + 1,), and `seeds` (clip,). The notes of clip i are `notes[starts[i]:starts[i + 1]]`.
"""

import argparse
import logging
import multiprocessing
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training import files
from training.music.plans import plan
from training.music.render import NOTE, Wave, render
from training.sounds import banks
from training.sounds.banks import Bank
from training.sounds.degrade import degrade
from training.sounds.instruments import INSTRUMENTS

VERSION = 5
"""Version of the clips: a change that gives other clips for the same seeds increases it."""

SEED = 20_261_124
"""Seed of all clips, together with their own."""

CLIPS_PER_SHARD = 50
"""Clips in a shard."""

CLIPS_PER_HELD_OUT = 20
"""Clips whose seed is a multiple of this are for validation."""

DECAYING = np.array([instrument.rings for instrument in INSTRUMENTS])
"""Whether the notes of each instrument decay by themselves."""

log = logging.getLogger("training")

Notes = NDArray[np.void]


def is_validation(seed: int) -> bool:
    """Return whether a clip is for validation.

    Clips for validation prefer held-out banks, which other clips never use.
    """
    return seed % CLIPS_PER_HELD_OUT == 0


def clip(seed: int, available: list[Bank]) -> tuple[Wave, Notes]:
    """Make 20 s of sound at 22,050 Hz within ±1, and the notes in it, of dtype `NOTE`.

    The seed and the banks determine the clip.
    """
    rng = np.random.default_rng([SEED, seed])
    wave, notes = render(rng, plan(rng, available, unseen=is_validation(seed)))
    return degrade(rng, wave), notes


def has_drums(seed: int, available: list[Bank]) -> bool:
    """Return whether a clip has drums; its notes do not list them."""
    parts = plan(np.random.default_rng([SEED, seed]), available, unseen=is_validation(seed))
    return any(part.bank.instrument.family == "drums" for part in parts)


def shard_path(folder: Path, first: int) -> Path:
    """Return the path of the shard of the clips from seed `first` on."""
    return folder / "clips" / f"v{VERSION}-{first:07d}.npz"


def write_shard(folder: Path, first: int) -> Path:
    """Make the shard of the clips from seed `first` on, unless it is there."""
    path = shard_path(folder, first)
    if path.exists():
        return path
    available = banks_of(folder)
    audio, tables = [], []
    for seed in range(first, first + CLIPS_PER_SHARD):
        wave, notes = clip(seed, available)
        audio.append(np.rint(wave * 32767).astype(np.int16))
        tables.append(notes)
    arrays = {
        "audio": np.stack(audio),
        "notes": np.concatenate(tables).astype(NOTE),
        "starts": np.cumsum([0, *(len(table) for table in tables)]),
        "seeds": np.arange(first, first + CLIPS_PER_SHARD),
    }
    files.store(path, arrays)
    return path


@cache
def banks_of(folder: Path) -> list[Bank]:
    """Return the banks of a cache, which clips draw from."""
    return banks.load_all(folder)


def read_shard(path: Path) -> list[tuple[int, NDArray[np.int16], Notes]]:
    """Return (seed, audio, notes) of the clips of a shard."""
    with np.load(path, allow_pickle=False) as shard:
        audio, notes, starts, seeds = (
            shard[name] for name in ("audio", "notes", "starts", "seeds")
        )
    return [(int(s), audio[i], notes[starts[i] : starts[i + 1]]) for i, s in enumerate(seeds)]


def read(path: Path) -> list[tuple[NDArray[np.int16], NDArray[np.float64]]]:
    """Return (audio, notes) of the clips of a shard.

    The columns of the notes are the onset, the release of the key (s), the MIDI pitch, the
    velocity, and 1 if the instrument sustains its notes.
    """
    names = ("onset_s", "released_s", "midi", "velocity")
    return [
        (
            wave,
            np.stack(
                [*(notes[name].astype(float) for name in names), ~DECAYING[notes["instrument"]]],
                axis=1,
            ),
        )
        for _, wave, notes in read_shard(path)
    ]


def seeds_of(path: Path) -> range:
    """Return the seeds of a shard's clips without opening the file."""
    first = int(path.stem.split("-")[1])
    return range(first, first + CLIPS_PER_SHARD)


def make(folder: Path, clips: int, samples: Path | None = None, workers: int = 1) -> list[Path]:
    """Make what is missing for so many clips and return the paths of their shards."""
    banks.build(folder, samples)
    paths = [shard_path(folder, first) for first in range(0, clips, CLIPS_PER_SHARD)]
    wanted = [seeds_of(path)[0] for path in paths if not path.exists()]
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for number, path in enumerate(pool.imap_unordered(partial(write_shard, folder), wanted), 1):
            log.info("%s (%d of %d)", path, number, len(wanted))
    return paths


def main() -> None:
    """Run the command line."""
    options = argparse.ArgumentParser(
        prog="python -m training.data.clips", description="Make training clips."
    )
    options.add_argument(
        "--cache", type=Path, required=True, help="folder of fetched sounds, banks and clips"
    )
    options.add_argument("--clips", type=int, required=True, help="how many clips there shall be")
    options.add_argument("--workers", type=int, default=1)
    options.add_argument(
        "--samples", type=Path, help="a folder of more single notes, with manifest.tsv"
    )
    arguments = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    make(arguments.cache, arguments.clips, arguments.samples, arguments.workers)


if __name__ == "__main__":
    main()
