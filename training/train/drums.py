"""Train the network of drum onsets: :mod:`otowake.music.drums.onsets`.

    python -m training.train.drums --cache DIR [--samples DIR] [--clips N] [--steps N] --out FILE

The clips are scenes of pitched instruments (:mod:`training.data.mixtures`) and beats on single hits
(:mod:`training.sounds.drum_kits`), mixed or alone. The cache keeps clips and runs, and a stopped
run resumes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from otowake.music.drums.onsets import pick_hits
from otowake.music.theory.instruments import KIT
from otowake.signal.vqt import ROWS
from training.data import drum_clips, mixtures
from training.data.drum_clips import DrumDataset
from training.networks import export
from training.networks.drums import DrumNetwork
from training.networks.fit import LOSS, FitPlan, Losses, Metrics, fit
from training.rng import Rng
from training.sounds import banks, drum_kits
from training.train.options import add_fit_options, parser_of, use_threads

ONSET_TOLERANCE = 0.03
"""Seconds between a true and a detected drum onset that match."""

THRESHOLDS = tuple(np.arange(0.1, 0.66, 0.05).round(2).tolist())
"""Candidates for the threshold of each drum."""


def f1_scores(
    probabilities: NDArray[np.float32], onsets: NDArray[np.float32], threshold: float
) -> list[float]:
    """Return the F1 score of each drum over clips, without a lower threshold for masked drums.

    `probabilities` have the shape (clip, half-frame, drum), `onsets` rows of (clip, onset, drum).
    """
    hits, n_detected, n_true = np.zeros(len(KIT)), np.zeros(len(KIT)), np.zeros(len(KIT))
    for clip in range(len(probabilities)):
        detected = pick_hits(probabilities[clip], np.full(len(KIT), threshold), masked_ratio=1.0)
        for drum in range(len(KIT)):
            estimates = detected.onset[detected.drum == drum]
            true = np.sort(onsets[(onsets[:, 0] == clip) & (onsets[:, 2] == drum), 1])
            matched = [np.abs(estimates - onset).min(initial=9) < ONSET_TOLERANCE for onset in true]
            hits[drum] += min(sum(matched), len(estimates))
            n_detected[drum] += len(estimates)
            n_true[drum] += len(true)
    return (2 * hits / np.maximum(n_detected + n_true, 1)).tolist()


def best_thresholds(network: DrumNetwork, dataset: DrumDataset) -> tuple[list[float], list[float]]:
    """Choose the threshold of each drum on the held-out kits; return thresholds and F1 scores."""
    outputs = [(network.probabilities(clips), onsets) for clips, onsets in dataset.held_out]
    scores = np.array(
        [
            np.mean([f1_scores(*output, threshold) for output in outputs], axis=0)
            for threshold in THRESHOLDS
        ]
    )
    thresholds = np.array(THRESHOLDS)[scores.argmax(axis=0)]
    return thresholds.tolist(), scores.max(axis=0).tolist()


def random_filters(rng: Rng, n: int) -> NDArray[np.float32]:
    """Draw smooth frequency responses, (clip, 1, row), in units of a level."""
    k = np.arange(1, 5)[:, None]
    waves = np.cos(np.pi * (k * np.linspace(0, 1, ROWS) + rng.uniform(0, 2, (n, 4, 1))))
    responses = 0.12 * (rng.normal(size=(n, 4, 1)) / (1 + 0.5 * k) * waves).sum(axis=1)
    return responses[:, None].astype(np.float32)


def train(dataset: DrumDataset, options: argparse.Namespace, folder: Path) -> DrumNetwork:
    """Train the network; `folder` keeps the run."""
    torch.manual_seed(options.seed)
    network = DrumNetwork()

    def losses_at(step: int) -> Losses:
        rng = np.random.default_rng((options.seed, step))
        indices = rng.integers(0, len(dataset.spectrogram), options.size)
        levels = dataset.spectrogram[indices].astype(np.float32)
        levels = np.where(levels > 0, np.maximum(levels + random_filters(rng, len(levels)), 0), 0)
        target = torch.from_numpy(dataset.target[indices].astype(np.float32))
        logits = network(torch.from_numpy(levels).transpose(1, 2))
        loss = functional.binary_cross_entropy_with_logits(logits, target.transpose(1, 2))
        return {LOSS: loss}

    def validate(average: DrumNetwork) -> Metrics:
        _, f1 = best_thresholds(average, dataset)
        return {f"f1_{name}": score for name, score in zip(KIT, f1, strict=True)}

    plan = FitPlan(
        options.steps,
        options.rate,
        options.every,
        weight_decay=0.02,
        betas=(0.9, 0.999),
        warm_up=100,
        averaging=0.995,
    )
    return fit(network, losses_at, validate, plan, folder=folder)


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--clips", type=int, default=3000)
    parser.add_argument("--held-out", type=int, default=200, help="clips of held-out kits")
    add_fit_options(parser, steps=5000, size=12, rate=2e-3, every=500, unit="clips")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--run", default="run", help="name of the folder in the cache that holds this training"
    )
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    use_threads(options.threads)
    banks.build(options.cache, options.samples)
    mixtures.build(options.cache)
    kits = drum_kits.build(options.cache)
    dataset = drum_clips.load(options.cache, options.clips, options.held_out, options.threads)
    network = train(dataset, options, options.cache / "drums" / options.run)
    thresholds, _ = best_thresholds(network, dataset)
    print("thresholds " + ", ".join(f"{k} {v}" for k, v in zip(KIT, thresholds, strict=True)))
    known = [kit for kit in kits if kit.name not in drum_kits.HELD_OUT]
    spectra = drum_clips.mean_spectra(known)
    export.write(options.out, network.weights(), likely=thresholds, spectra=spectra)


if __name__ == "__main__":
    main()
