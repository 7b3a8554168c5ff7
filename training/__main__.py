"""Make the clips and teach the listener: one command.

    python -m training --cache DIR [--clips N] [--steps N] [--out FILE]

What is already in the cache is not made again, and training goes on where it stopped; more steps than before make it
go on further. Uses torch, which the package itself does not need.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import torch

from otowake.music.transcription.transcriber import opened
from training.data import clips
from training.data.frames import Clip, heard, prepare
from training.train import offsets
from training.train.transcriber import Plan, train

APART = 40
"""Most clips that thresholds are chosen by."""


SHARDS_FOR_ENDS = 10
"""Shards whose clips teach when notes end, once the listener hears them."""


def clips_of(shards: list[Path], folder: Path, processes: int) -> tuple[list[Clip], list[Clip]]:
    """The clips to teach with and those kept apart; cells that are not there yet are worked out by several processes."""
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        list(pool.map(partial(prepare, folder=folder, read=clips.read), shards))
    taught, apart = [], []
    for shard in shards:
        for seed, clip in zip(clips.seeds_of(shard), heard(shard, folder, clips.read), strict=True):
            (apart if clips.is_validation(seed) else taught).append(clip)
    return taught, apart[:APART]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--clips", type=int, default=4000)
    parser.add_argument(
        "--samples", type=Path, help="a folder of more single notes, with manifest.tsv"
    )
    parser.add_argument("--steps", type=int, default=Plan.steps)
    parser.add_argument("--rate", type=float, default=Plan.rate)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument(
        "--every", type=int, default=Plan.every, help="steps between looks at the clips apart"
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--run", default="run", help="name of the folder in the cache that holds this training"
    )
    parser.add_argument(
        "--begin", type=Path, help="weights to begin with, such as src/otowake/data/transcriber.npz"
    )
    parser.add_argument(
        "--out", type=Path, help="where to put the weights, with those for the ends of notes"
    )
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    shards = clips.make(options.cache, options.clips, options.samples, options.threads)
    taught, apart = clips_of(shards, options.cache / "cells", options.threads)
    plan = Plan(options.steps, rate=options.rate, seed=options.seed, every=options.every)
    print(
        f"{len(taught)} clips to learn from, {len(apart)} apart, {options.steps} steps", flush=True
    )
    begin = opened(options.begin.read_bytes()).weights if options.begin else None
    weights = train(taught, apart, plan, options.cache / options.run, begin)
    if options.out:
        some = shards[:SHARDS_FOR_ENDS]
        offsets.add(weights.read_bytes(), some, options.cache, options.out, options.threads)


if __name__ == "__main__":
    main()
