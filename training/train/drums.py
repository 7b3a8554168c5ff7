"""Train the network of drum onsets: :mod:`otowake.music.drums.onsets`.

    python -m training.train.drums --cache DIR [--samples DIR] [--clips N] [--steps N] --out FILE

The clips are scenes of pitched instruments (:mod:`training.data.mixtures`) and beats on single hits
(:mod:`training.sounds.drum_kits`), mixed or alone. The cache keeps clips and runs, and a stopped
run resumes.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from otowake.music.drums.onsets import ROLE_OF_DRUM, kit_evidence, pick_hits
from otowake.music.theory.instruments import DRUM_ROLES, KIT
from otowake.signal.vqt import ROWS
from training.data import drum_clips, mixtures
from training.data.drum_clips import DrumDataset
from training.networks import export
from training.networks.drums import DrumNetwork
from training.networks.fit import LOSS, FitPlan, Losses, Metrics, fit
from training.rng import Rng
from training.sounds import banks, drum_kits
from training.train.options import add_fit_options, add_run_options, parser_of, use_threads

ONSET_TOLERANCE = 0.03
"""Seconds between a true and a detected drum onset that match."""

MAX_FALSE_KITS = 0.01
"""Share of the clips without drums that may seem to have a kit."""

THRESHOLDS = tuple(np.arange(0.1, 0.66, 0.05).round(2).tolist())
"""Candidates for the threshold of each role."""


def f1_scores(
    probabilities: NDArray[np.float32],
    onsets: NDArray[np.float32],
    thresholds: Sequence[float],
    class_of_drum: NDArray[np.int64],
) -> list[float]:
    """Return the F1 score of each class of drums over clips.

    `probabilities` have the shape (clip, half-frame, drum), `onsets` rows of (clip, onset, drum).
    """
    n = int(class_of_drum.max()) + 1
    hits, n_detected, n_true = np.zeros(n), np.zeros(n), np.zeros(n)
    for clip in range(len(probabilities)):
        detected = pick_hits(probabilities[clip], thresholds)
        rows = onsets[onsets[:, 0] == clip]
        for number in range(n):
            estimates = detected.onset[class_of_drum[detected.drum] == number]
            of_class = class_of_drum[rows[:, 2].astype(int)] == number
            true = _distinct(rows[of_class, 1])
            matched = [np.abs(estimates - onset).min(initial=9) < ONSET_TOLERANCE for onset in true]
            hits[number] += min(sum(matched), len(estimates))
            n_detected[number] += len(estimates)
            n_true[number] += len(true)
    return (2 * hits / np.maximum(n_detected + n_true, 1)).tolist()


def _distinct(onsets: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sort onsets, and drop an onset that follows another within the tolerance."""
    ordered = np.sort(onsets)
    return ordered[np.diff(ordered, prepend=-1.0) > ONSET_TOLERANCE]


def best_thresholds(
    network: DrumNetwork, clips: list[tuple[NDArray[np.float16], NDArray[np.float32]]]
) -> tuple[list[float], list[float]]:
    """Choose the threshold of each role on some clips.

    Returns
    -------
    The thresholds, and the F1 scores of the drums with these.
    """
    outputs = [(network.probabilities(spectrogram), onsets) for spectrogram, onsets in clips]

    def mean_scores(thresholds: Sequence[float], classes: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.mean([f1_scores(*output, thresholds, classes) for output in outputs], axis=0)

    scores = np.array(
        [mean_scores([threshold] * len(DRUM_ROLES), ROLE_OF_DRUM) for threshold in THRESHOLDS]
    )
    thresholds = np.array(THRESHOLDS)[scores.argmax(axis=0)].tolist()
    return thresholds, mean_scores(thresholds, np.arange(len(KIT))).tolist()


def evidence_of_clips(
    network: DrumNetwork,
    clips: list[tuple[NDArray[np.float16], NDArray[np.float32]]],
    thresholds: list[float],
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return the evidence of a kit in each clip, its number of hits, and whether it has drums."""
    evidence, counts, has_drums = [], [], []
    for spectrogram, onsets in clips:
        for clip, probabilities in enumerate(network.probabilities(spectrogram)):
            hits = pick_hits(probabilities, thresholds)
            evidence.append(kit_evidence(hits, drum_clips.CLIP_SECONDS).max(initial=0.0))
            counts.append(len(hits.onset))
            has_drums.append(bool((onsets[:, 0] == clip).any()))
    return np.array(evidence), np.array(counts), np.array(has_drums)


def false_hit_rate(
    evidence: NDArray[np.float64],
    counts: NDArray[np.int64],
    has_drums: NDArray[np.bool_],
    least: float,
) -> float:
    """Return the hits per minute in clips without drums whose evidence is at least `least`."""
    counted = np.where(evidence >= least, counts, 0)[~has_drums]
    return 60 / drum_clips.CLIP_SECONDS * float(counted.mean())


def least_evidence(evidence: NDArray[np.float64], has_drums: NDArray[np.bool_]) -> float:
    """Choose the least evidence of a kit that at most :data:`MAX_FALSE_KITS` of the clips reach.

    Examples
    --------
    >>> has_drums = np.array([False, False, True, True])
    >>> least_evidence(np.array([0.1, 0.5, 2.0, 4.0]), has_drums)
    1.0
    """
    ordered = np.unique(np.append(evidence, 0.0))
    candidates = np.append(np.sqrt(ordered[:-1] * ordered[1:]), np.inf)
    shares = np.array([np.mean(evidence[~has_drums] >= least) for least in candidates])
    return float(candidates[int(np.argmax(shares <= MAX_FALSE_KITS))])


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
        _, f1 = best_thresholds(average, dataset.held_out)
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
    parser.add_argument("--held-out", type=int, default=1000, help="clips of held-out kits")
    add_fit_options(parser, steps=5000, size=12, rate=2e-3, every=500, unit="clips")
    add_run_options(parser)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    use_threads(options.threads)
    banks.build(options.cache, options.samples)
    mixtures.build(options.cache)
    kits = drum_kits.build(options.cache, options.samples)
    dataset = drum_clips.load(
        options.cache, options.samples, options.clips, options.held_out, options.threads
    )
    network = train(dataset, options, options.cache / "drums" / options.run)
    thresholds, _ = best_thresholds(network, dataset.held_out)
    print(
        "thresholds " + ", ".join(f"{k} {v}" for k, v in zip(DRUM_ROLES, thresholds, strict=True))
    )
    evidence, counts, has_drums = evidence_of_clips(network, dataset.held_out, thresholds)
    least = least_evidence(evidence, has_drums)
    is_kit = evidence >= least
    print(
        f"least evidence of a kit {least:.2f}: {is_kit[has_drums].mean():.3f} of kits, "
        f"{is_kit[~has_drums].mean():.3f} of clips without, "
        f"{false_hit_rate(evidence, counts, has_drums, least):.2f} false hits per minute"
    )
    known = [kit for kit in kits if kit.name not in drum_kits.HELD_OUT]
    spectra = drum_clips.mean_spectra(known)
    export.write(
        options.out, network.weights(), thresholds=thresholds, evidence=least, spectra=spectra
    )


if __name__ == "__main__":
    main()
