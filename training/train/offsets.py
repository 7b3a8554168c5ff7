"""Train the network of note offsets: :mod:`otowake.music.transcription.offsets`.

    python -m training.train.offsets --cache DIR [--samples DIR] [--clips N] [--weights FILE]
                                     --out FILE

The network learns from the notes that a transcriber detects in the training clips. FILE is the
transcriber's weights file (the package's by default); the output is the same file with new weights
``ends.*``. The cache keeps the detected notes of each shard.
"""

from __future__ import annotations

import hashlib
from functools import partial
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from otowake.music.transcription.decoding import FRAME_PERIOD, decode
from otowake.music.transcription.offsets import (
    LENGTH_CENTRES,
    Weights,
    most_probable_length,
    note_features,
)
from otowake.music.transcription.transcriber import load_weights, posteriors_of
from training import files
from training.data import clips
from training.data.frames import CELLS, levels, spectrograms
from training.networks import export
from training.networks.fit import LOSS, FitPlan, Losses, Metrics, fit
from training.networks.offsets import OffsetNetwork
from training.parallel import parallel_map
from training.train.options import parser_of, use_threads
from training.train.transcriber_metrics import match_notes, offset_hits

WEIGHTS_PREFIX = "ends."
"""Start of the names of the weights in the file."""

DURATION_BLUR = 0.12
"""Standard deviation, in natural logarithms, of the target around the true duration."""

BATCH_NOTES = 256
"""Notes in a batch."""

MIN_SPREAD = 1e-3
"""Added to the standard deviation of each feature."""

FINAL_RATE = 1e-5
"""Learning rate that is left after the last pass."""

PASSES_PER_EVALUATION = 5
"""Passes between two evaluations."""


class Plan(NamedTuple):
    """Settings of a run."""

    passes: int = 30
    rate: float = 2e-3
    drop: float = 0.1
    seed: int = 0


class Examples(NamedTuple):
    """Detected notes that match a true note.

    Attributes
    ----------
    features
        Shape (note, feature).
    duration
        Shape (note,): seconds from the detected onset to the true offset.
    decoded
        Shape (note,): duration by the threshold alone.
    clip
        Shape (note,): the clip's seed.
    """

    features: NDArray[np.float32]
    duration: NDArray[np.float64]
    decoded: NDArray[np.float64]
    clip: NDArray[np.int64]


def examples_of(shard: Path, cache: Path, content: bytes) -> Examples:
    """Return the examples of a shard's clips, by the transcriber with the weights `content`."""
    kept = cache / "offsets" / f"{shard.stem}-{hashlib.sha256(content).hexdigest()[:12]}.npz"
    if not kept.exists():
        transcriber = load_weights(content)
        rows = []
        cells = spectrograms(shard, cache / CELLS, clips.read)
        for clip, seed in zip(cells, clips.seeds_of(shard), strict=True):
            vqt = partial(levels, clip)
            values = posteriors_of(vqt, len(clip.spectrogram), transcriber.weights)
            notes = decode(values, transcriber.decoder)
            inputs = note_features(notes, values)
            rows += [
                (
                    inputs[i],
                    clip.notes[j, 1] - notes.onset[i],
                    notes.offset[i] - notes.onset[i],
                    seed,
                )
                for j, i in match_notes(clip.notes, notes)
            ]
        columns = [np.array(column) for column in zip(*rows, strict=True)]
        files.store(kept, dict(zip(Examples._fields, columns, strict=True)))
    with np.load(kept, allow_pickle=False) as file:
        return Examples(*(file[name] for name in Examples._fields))


def joined(parts: list[Examples]) -> Examples:
    """Concatenate examples."""
    return Examples(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def targets(duration: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return a blurred distribution over the network's durations, (note, duration)."""
    error = np.log(np.maximum(duration, FRAME_PERIOD))[:, None] - np.log(LENGTH_CENTRES)
    return np.exp(-0.5 * (error / DURATION_BLUR) ** 2).astype(np.float32)


def batches(notes: NDArray[np.int64], plan: Plan) -> list[NDArray[np.int64]]:
    """Return the indices of all batches of a run, pass by pass in random order."""
    rng, count = np.random.default_rng(plan.seed), max(1, len(notes) // BATCH_NOTES)
    return [
        batch for _ in range(plan.passes) for batch in np.array_split(rng.permutation(notes), count)
    ]


def train(examples: Examples, plan: Plan) -> Weights:
    """Train on the clips that are not held out; return the weights for the package."""
    torch.manual_seed(plan.seed)
    held_out = np.array([clips.is_validation(int(c)) for c in examples.clip])
    known = examples.features[~held_out]
    features = torch.from_numpy(examples.features)
    target = torch.from_numpy(targets(examples.duration))
    target /= target.sum(1, keepdim=True).clamp(min=1e-9)
    decoded_right = torch.from_numpy(offset_hits(examples.decoded, examples.duration)).float()
    _, index, counts = np.unique(examples.clip, return_inverse=True, return_counts=True)
    weight = torch.from_numpy((1 / np.sqrt(counts[index])).astype(np.float32))
    network = OffsetNetwork(
        plan.drop, torch.from_numpy(known.mean(0)), torch.from_numpy(known.std(0) + MIN_SPREAD)
    )
    drawn = batches(np.flatnonzero(~held_out), plan)
    per_pass = len(drawn) // plan.passes

    def losses_at(step: int) -> Losses:
        batch = drawn[step]
        scores = network(features[batch])
        loss = -(target[batch] * functional.log_softmax(scores[:, :-1], 1)).sum(1)
        loss += functional.binary_cross_entropy_with_logits(
            scores[:, -1], decoded_right[batch], reduction="none"
        )
        return {LOSS: (loss * weight[batch]).sum() / weight[batch].sum()}

    def validate(average: OffsetNetwork) -> Metrics:
        with torch.no_grad():
            scores = average(features).numpy()
        hits = offset_hits(most_probable_length(scores, examples.decoded), examples.duration)
        decoded_hits = offset_hits(examples.decoded, examples.duration)
        return {
            "right": hits[~held_out].mean(),
            "right_held_out": hits[held_out].mean(),
            "right_by_threshold": decoded_hits[held_out].mean(),
        }

    def rate_at(step: int) -> float:
        return plan.rate * (1 - step // per_pass / plan.passes) + FINAL_RATE

    settings = FitPlan(
        len(drawn),
        plan.rate,
        PASSES_PER_EVALUATION * per_pass,
        weight_decay=0.02,
        betas=(0.9, 0.999),
        averaging=0.0,
        max_norm=None,
    )
    return fit(network, losses_at, validate, settings, rate_at=rate_at).weights()


def add_offsets(
    content: bytes,
    shards: list[Path],
    cache: Path,
    path: Path,
    threads: int,
    plan: Plan | None = None,
) -> None:
    """Train on the clips of `shards` and write the weights file `content` with the new weights."""
    use_threads(threads)
    make_examples = partial(examples_of, cache=cache, content=content)
    examples = joined(parallel_map(make_examples, shards, threads))
    print(f"{len(examples.clip)} notes of {len(np.unique(examples.clip))} clips", flush=True)
    export.replace(content, WEIGHTS_PREFIX, train(examples, plan or Plan()), path)


def main() -> None:
    parser = parser_of(__doc__)
    defaults = Plan()
    parser.add_argument("--clips", type=int, default=1000)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--passes", type=int, default=defaults.passes)
    parser.add_argument("--rate", type=float, default=defaults.rate)
    parser.add_argument("--drop", type=float, default=defaults.drop)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    shipped = resources.files("otowake") / "data" / "transcriber.npz"
    shards = clips.make(options.cache, options.clips, options.samples, options.threads)
    content = (options.weights or shipped).read_bytes()
    plan = Plan(options.passes, options.rate, options.drop, options.seed)
    add_offsets(content, shards, options.cache, options.out, options.threads, plan)


if __name__ == "__main__":
    main()
