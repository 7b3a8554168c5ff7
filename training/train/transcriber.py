"""Train the transcriber: notes, and (at the end) their offsets.

    python -m training.train.transcriber --cache DIR [--samples DIR] [--clips N] [--steps N]
                                         [--begin FILE] [--out FILE]

``python -m training`` is the same command. The cache keeps clips, spectrograms and the run; a
stopped run resumes, and more steps than before continue it. Uses torch, which the package itself
does not need.
"""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from otowake.music.network_weights import Weights, weights_of
from otowake.music.transcription.decoding import DecoderWeights, Posteriors, decode
from otowake.music.transcription.evaluation import frame_f1
from training.data import clips
from training.data.frames import CELLS, Batch, Clip, Prefetcher, levels, prepare, spectrograms
from training.networks import export
from training.networks.fit import LOSS, FitPlan, Losses, Metrics, fit
from training.networks.transcriber import Network
from training.parallel import parallel_map
from training.train import decoding, offsets
from training.train.options import add_fit_options, add_run_options, parser_of, use_threads
from training.train.transcriber_metrics import audible_notes, f1_scores

MAX_HELD_OUT_CLIPS = 48
"""Held-out clips: two thirds fit the decoder, the others measure it."""

OFFSET_SHARDS = 6
"""Shards of clips on which the network of offsets is trained."""

LOSS_WEIGHTS = {"onset": 4.0, "frame": 1.0, "velocity": 0.02, "offset": 1.0, "sustained": 0.03}
"""Weights of the loss terms."""

AVERAGED_STEPS = 12
"""Decay of the average of the weights, in steps of a run: it covers a twelfth of all steps."""

ONSET_EMPHASIS = 2.0
"""Additional weight of cells with an onset in the loss of onsets."""


@dataclass(frozen=True)
class Plan:
    """Settings of a run; `every` is the number of steps between two evaluations."""

    steps: int = 8000
    size: int = 8
    rate: float = 3e-3
    every: int = 500
    seed: int = 0


def reuse_freed_memory() -> None:
    """Make glibc reuse freed memory; page faults would take a third of the time."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):
            no_mmap, late_trim, large_growth = (-4, 0), (-1, 2**31 - 1), (-2, 2**28)
            for parameter, value in (no_mmap, late_trim, large_growth):
                libc.mallopt(parameter, value)


def losses(logits: Tensor, truth: Tensor) -> Losses:
    """Compute the losses: weighted cross-entropies, and the squared error of the velocity."""
    onset = functional.binary_cross_entropy_with_logits(
        logits[:, 0], truth[:, 0], weight=1 + ONSET_EMPHASIS * truth[:, 0]
    )
    frame = functional.binary_cross_entropy_with_logits(logits[:, 1], truth[:, 1])
    error = torch.sigmoid(logits[:, 2]) - truth[:, 2]
    velocity = (truth[:, 0] * error**2).sum() / (truth[:, 0].sum() + 1)
    offset = functional.binary_cross_entropy_with_logits(logits[:, 3], truth[:, 3])
    kind = functional.binary_cross_entropy_with_logits(
        logits[:, 4], truth[:, 4], weight=truth[:, 1], reduction="sum"
    )
    sustained = kind / (truth[:, 1].sum() + 1)
    terms = torch.stack([onset, frame, velocity, offset, sustained])
    loss = torch.tensor(list(LOSS_WEIGHTS.values())) @ terms
    return {LOSS: loss, **dict(zip(LOSS_WEIGHTS, terms, strict=True))}


def network_losses(network: Network, batch: Batch) -> Losses:
    """Run the network on a batch and compute the losses."""
    inputs = torch.from_numpy(batch.spectrogram).permute(0, 3, 1, 2)
    return losses(network(inputs).float(), torch.from_numpy(batch.truth))


def posteriors(network: Network, clip: Clip) -> Posteriors:
    """Return the posteriors by the network in PyTorch."""
    values = levels(clip, 0, len(clip.spectrogram))
    inputs = torch.from_numpy(values).permute(2, 0, 1)[None]
    with torch.no_grad():
        logits = network(inputs.to(memory_format=torch.channels_last))
    return Posteriors(*torch.sigmoid(logits.float())[0].numpy().astype(np.float16))


def train(
    examples: list[Clip],
    held_out: list[Clip],
    plan: Plan,
    folder: Path,
    initial: Weights | None = None,
) -> Path:
    """Train for `plan.steps` steps, with the steps of an earlier run in `folder`.

    `initial` are weights to start from, such as the package's; random weights if not given.

    Returns
    -------
    The path of the weights, with the decoder that is best on the held-out clips.
    """
    reuse_freed_memory()
    torch.manual_seed(plan.seed)
    network = Network().to(memory_format=torch.channels_last)
    if initial is not None:
        network.settle(initial)
    path = folder / "transcriber.npz"

    fitted: dict[str, DecoderWeights] = {}

    def validate(average: Network) -> Metrics:
        fitted["decoder"], metrics = evaluate(average, held_out)
        return metrics

    def write(average: Network, _: Metrics) -> None:
        decoder = {f"decoder.{k}": v for k, v in fitted["decoder"]._asdict().items()}
        export.write(path, average.weights(), **decoder)

    settings = FitPlan(
        plan.steps,
        plan.rate,
        plan.every,
        weight_decay=0.02,
        decay_vectors=False,
        warm_up=max(1, min(200, plan.steps // 10)),
        averaging=1 - AVERAGED_STEPS / max(plan.steps, 2 * AVERAGED_STEPS),
    )
    with Prefetcher(examples, plan.seed, plan.size) as batches:

        def losses_at(step: int) -> Losses:
            return network_losses(network, batches(step))

        fit(network, losses_at, validate, settings, folder=folder, export=write)
    return path


def evaluate(network: Network, held_out: list[Clip]) -> tuple[DecoderWeights, Metrics]:
    """Fit the decoder on two thirds of the clips; return it with the mean F1 on the others."""
    network.eval()
    outputs = [(posteriors(network, clip), audible_notes(clip.notes)) for clip in held_out]
    outputs = [(values, true) for values, true in outputs if len(true)]
    measured = outputs[::3]
    decoder = decoding.fit([pair for i, pair in enumerate(outputs) if i % 3])
    detected = [decode(values, decoder) for values, _ in measured]
    pairs = [(true, notes) for (_, true), notes in zip(measured, detected, strict=True)]
    onset, whole = np.mean([f1_scores(*pair) for pair in pairs], axis=0)
    tables = [np.stack([notes.onset, notes.offset, notes.midi], axis=1) for notes in detected]
    frames = np.mean(
        [frame_f1(true, table) for (true, _), table in zip(pairs, tables, strict=True)]
    )
    return decoder, {"f1": onset, "f1_offsets": whole, "f1_frames": float(frames)}


def clips_of(shards: list[Path], folder: Path, processes: int) -> tuple[list[Clip], list[Clip]]:
    """Return the clips to train on and the held-out clips.

    Several processes compute the spectrograms that are not in `folder` yet.
    """
    parallel_map(partial(prepare, folder=folder, read=clips.read), shards, processes)
    examples, held_out = [], []
    for shard in shards:
        shard_clips = spectrograms(shard, folder, clips.read)
        for seed, clip in zip(clips.seeds_of(shard), shard_clips, strict=True):
            (held_out if clips.is_validation(seed) else examples).append(clip)
    return examples, held_out[:MAX_HELD_OUT_CLIPS]


def main() -> None:
    parser = parser_of(__doc__)
    defaults = Plan()
    parser.add_argument("--clips", type=int, default=4000)
    add_fit_options(
        parser, steps=defaults.steps, size=defaults.size, rate=defaults.rate,
        every=defaults.every, unit="pieces of clips",
    )  # fmt: skip
    add_run_options(parser, threads=2)
    parser.add_argument(
        "--begin", type=Path, help="initial weights, such as src/otowake/data/transcriber.npz"
    )
    parser.add_argument(
        "--out", type=Path, help="where to write the weights, with the weights for offsets"
    )
    options = parser.parse_args()
    use_threads(options.threads)
    shards = clips.make(options.cache, options.clips, options.samples, options.threads)
    examples, held_out = clips_of(shards, options.cache / CELLS, options.threads)
    plan = Plan(options.steps, options.size, options.rate, options.every, options.seed)
    print(f"{len(examples)} clips, {len(held_out)} held out, {options.steps} steps", flush=True)
    initial = weights_of(options.begin.read_bytes()) if options.begin else None
    weights = train(examples, held_out, plan, options.cache / options.run, initial)
    if options.out:
        offsets.add_offsets(
            weights.read_bytes(),
            shards[:OFFSET_SHARDS],
            options.cache,
            options.out,
            options.threads,
        )


if __name__ == "__main__":
    main()
