"""Teach when notes end: the network of :mod:`otowake.music.transcription.offsets`, on what the listener makes of the training clips.

    python -m training.train.offsets --cache DIR [--clips N] [--weights FILE] --out FILE

FILE (the package's own if not given) is a listener's weights file; the one written is the same with the ``ends.*`` in it that
were taught. What the listener makes of a shard is kept in the cache.
"""

from __future__ import annotations

import argparse
import hashlib
import io
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib import resources
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from otowake.music.transcription.decoding import SECONDS, decode
from otowake.music.transcription.offsets import (
    LAYERS,
    LENGTHS,
    N_FEATURES,
    Weights,
    features,
    likeliest,
)
from otowake.music.transcription.transcriber import opened, posteriors
from training import files
from training.data import clips
from training.sounds.instruments import INSTRUMENTS
from training.train.transcriber_metrics import matched

HIDDEN = 96
BLUR = 0.12
"""Standard deviation, in natural logarithms, by which a true length is blurred over the lengths told apart."""
SIZE = 256
"""Notes in a step."""

RINGING = np.array([instrument.rings for instrument in INSTRUMENTS])


class Plan(NamedTuple):
    """How it is taught."""

    passes: int = 30
    rate: float = 2e-3
    drop: float = 0.1
    seed: int = 0


class Lessons(NamedTuple):
    """Found notes that are in the truth: `heard` (note, feature), `length` (note,) from the found onset to the true end,
    `plain` (note,) as a threshold has it, `rings` (note,), whether the instrument is one whose notes ring on, and `clip` (note,),
    the clip's seed."""

    heard: NDArray[np.float32]
    length: NDArray[np.float64]
    plain: NDArray[np.float64]
    rings: NDArray[np.bool_]
    clip: NDArray[np.int64]


def lessons_of(shard: Path, folder: Path, content: bytes) -> Lessons:
    """What the listener makes of a shard's clips."""
    kept = folder / f"{shard.stem}-{hashlib.sha256(content).hexdigest()[:12]}.npz"
    if not kept.exists():
        listener = opened(content)
        rows = []
        for (audio, true), (seed, _, table) in zip(
            clips.read(shard), clips.read_shard(shard), strict=True
        ):
            values = posteriors(audio.astype(np.float32) / 32768, listener.weights)
            notes = decode(*values, listener.thresholds)
            heard = features(notes, values.sounding)
            rows += [
                (
                    heard[i],
                    true[j, 1] - notes.onset[i],
                    notes.offset[i] - notes.onset[i],
                    RINGING[table["instrument"][j]],
                    seed,
                )
                for j, i in matched(true, notes)
            ]
        columns = [np.array(column) for column in zip(*rows, strict=True)]
        files.store(kept, dict(zip(Lessons._fields, columns, strict=True)))
    with np.load(kept, allow_pickle=False) as found:
        return Lessons(*(found[name] for name in Lessons._fields))


def joined(each: list[Lessons]) -> Lessons:
    return Lessons(*(np.concatenate(columns) for columns in zip(*each, strict=True)))


def hits(length: NDArray[np.float64], true: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether lengths are right to within 50 ms or a fifth of the true one."""
    return np.abs(length - true) <= np.maximum(0.05, 0.2 * true)


def teach(lessons: Lessons, plan: Plan) -> Weights:
    """The network after some passes over the lessons; prints how many lengths are right in the clips kept apart."""
    passes, rate, drop, seed = plan
    torch.manual_seed(seed)
    apart = np.array([clips.is_validation(int(c)) for c in lessons.clip])
    mean, spread = lessons.heard[~apart].mean(0), lessons.heard[~apart].std(0) + 1e-3
    heard = torch.from_numpy((lessons.heard - mean) / spread)
    length = np.maximum(lessons.length, SECONDS)
    off = np.log(length)[:, None] - np.log(LENGTHS)
    wanted = torch.from_numpy(np.exp(-0.5 * (off / BLUR) ** 2).astype(np.float32))
    wanted /= wanted.sum(1, keepdim=True).clamp(min=1e-9)
    held = torch.from_numpy(~lessons.rings).float()
    _, place, counts = np.unique(lessons.clip, return_inverse=True, return_counts=True)
    weight = torch.from_numpy((1 / np.sqrt(counts[place])).astype(np.float32))
    sizes = (N_FEATURES, HIDDEN, HIDDEN, len(LENGTHS) + 1)
    dense = [nn.Linear(a, b) for a, b in pairwise(sizes)]
    network = nn.Sequential(
        dense[0], nn.ReLU(), nn.Dropout(drop), dense[1], nn.ReLU(), nn.Dropout(drop), dense[2]
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.02)
    rng, learnt = np.random.default_rng(seed), np.flatnonzero(~apart)
    for done in range(passes):
        for group in optimiser.param_groups:
            group["lr"] = rate * (1 - done / passes) + 1e-5
        network.train()
        for at in np.array_split(rng.permutation(learnt), max(1, len(learnt) // SIZE)):
            said = network(heard[at])
            each = -(wanted[at] * functional.log_softmax(said[:, :-1], 1)).sum(1)
            each += functional.binary_cross_entropy_with_logits(
                said[:, -1], held[at], reduction="none"
            )
            loss = (each * weight[at]).sum() / weight[at].sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        if done % 5 == 4 or done == passes - 1:
            network.eval()
            with torch.no_grad():
                said = network(heard).numpy()
            right = hits(likeliest(said[:, :-1]), lessons.length)
            plain = hits(lessons.plain, lessons.length)
            told = (said[:, -1] > 0) != lessons.rings
            print(
                f"{done + 1} passes: loss {loss.item():.3f}; right: taught {right[~apart].mean():.3f}, "
                f"apart {right[apart].mean():.3f} (by the threshold {plain[apart].mean():.3f}); "
                f"ringing or held told apart {told[apart].mean():.3f}",
                flush=True,
            )
    found: Weights = {}
    with torch.no_grad():
        for name, layer in zip(LAYERS, dense, strict=True):
            matrix, bias = layer.weight.T.numpy(), layer.bias.numpy()
            if name == LAYERS[0]:
                matrix = matrix / spread[:, None]
                bias = bias - mean @ matrix
            found[name], found[f"{name}.bias"] = matrix.astype(np.float32), bias.astype(np.float32)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument(
        "--samples", type=Path, help="a folder of more single notes, with manifest.tsv"
    )
    parser.add_argument("--clips", type=int, default=1000)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--passes", type=int, default=Plan().passes)
    parser.add_argument("--rate", type=float, default=Plan().rate)
    parser.add_argument("--drop", type=float, default=Plan().drop)
    parser.add_argument("--seed", type=int, default=Plan().seed)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    shipped = resources.files("otowake") / "data" / "transcriber.npz"
    shards = clips.make(options.cache, options.clips, options.samples, options.threads)
    content = (options.weights or shipped).read_bytes()
    add(
        content,
        shards,
        options.cache,
        options.out,
        options.threads,
        Plan(options.passes, options.rate, options.drop, options.seed),
    )


def add(
    content: bytes,
    shards: list[Path],
    cache: Path,
    path: Path,
    threads: int,
    plan: Plan | None = None,
) -> None:
    """Write the listener's weights file `content` with what the clips of `shards` teach about ends to `path`."""
    torch.set_num_threads(threads)
    with ProcessPoolExecutor(threads, get_context("spawn")) as pool:
        each = list(pool.map(partial(lessons_of, folder=cache / "ends", content=content), shards))
    lessons = joined(each)
    print(f"{len(lessons.clip)} notes of {len(np.unique(lessons.clip))} clips", flush=True)
    store(content, teach(lessons, plan or Plan()), path)


def store(content: bytes, ends: Weights, path: Path) -> None:
    """The listener's file with the weights for the ends in it."""
    with np.load(io.BytesIO(content), allow_pickle=False) as held:
        arrays = {k: held[k] for k in held.files if not k.startswith("ends.")}
    arrays |= {k: v.astype(np.float16) for k, v in ends.items()}
    files.store(path, arrays, compressed=True)


if __name__ == "__main__":
    main()
