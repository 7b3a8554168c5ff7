"""Accuracy of the transcriber on held-out clips, and the best decision thresholds."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from otowake.music.transcription.decoding import FRAME_PERIOD, Notes, Thresholds, decode
from training.data.frames import LEVEL_STEPS, Clip
from training.networks.transcriber import Network

ONSET_TOLERANCE = 0.05
"""Seconds between a true and a detected onset that match, as in mir_eval."""

OFFSET_TOLERANCE = 0.2
"""The same for offsets, as a share of the note, but at least the tolerance of onsets."""

ONSET_THRESHOLDS = tuple(np.arange(0.2, 0.71, 0.05).round(2))
"""Candidates for the threshold of onsets."""

FRAME_THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5)
"""Candidates for the threshold of frames."""


def posteriors(network: Network, clip: Clip) -> NDArray[np.float32]:
    """Return the probabilities, (3, frame, key), by the network in PyTorch."""
    levels = clip.spectrogram.astype(np.float32) / np.float32(LEVEL_STEPS)
    inputs = torch.from_numpy(levels).permute(2, 0, 1)[None]
    with torch.no_grad(), torch.autocast("cpu", enabled=False):
        logits = network(inputs.to(torch.bfloat16, memory_format=torch.channels_last))
    return torch.sigmoid(logits.float())[0].numpy()


def match_notes(true: NDArray[np.float64], detected: Notes) -> list[tuple[int, int]]:
    """Pair true notes with detected notes of the same pitch and onset, by their indices.

    The rows of `true` are onset, offset, midi, … The search is greedy in time; this is the largest
    matching, as all notes have the same tolerance.
    """
    pairs = []
    for midi in np.intersect1d(true[:, 2], detected.midi):
        estimates, references = (
            np.flatnonzero(detected.midi == midi),
            np.flatnonzero(true[:, 2] == midi),
        )
        estimates = estimates[np.argsort(detected.onset[estimates])]
        references = references[np.argsort(true[references, 0])]
        i = j = 0
        while i < len(estimates) and j < len(references):
            delay = detected.onset[estimates[i]] - true[references[j], 0]
            if abs(delay) <= ONSET_TOLERANCE:
                pairs.append((int(references[j]), int(estimates[i])))
            i, j = i + (delay <= ONSET_TOLERANCE), j + (delay >= -ONSET_TOLERANCE)
    return pairs


def offset_hits(offset: NDArray[np.float64], true: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which durations (or offsets from the same onset) are within the tolerance."""
    return np.abs(offset - true) <= np.maximum(ONSET_TOLERANCE, OFFSET_TOLERANCE * true)


def f1_scores(true: NDArray[np.float64], detected: Notes) -> tuple[float, float]:
    """Return the F1 score of onsets, and of onsets with offsets."""
    pairs = match_notes(true, detected)
    hits = [
        abs(detected.offset[i] - true[j, 1])
        <= max(ONSET_TOLERANCE, OFFSET_TOLERANCE * (true[j, 1] - true[j, 0]))
        for j, i in pairs
    ]
    total = max(len(true) + len(detected.onset), 1)
    return 2 * len(pairs) / total, 2 * sum(hits) / total


def evaluate(network: Network, clips: list[Clip]) -> tuple[Thresholds, float, float]:
    """Choose the best thresholds; return them with the mean F1 of onsets and of whole notes."""
    network.eval()
    outputs = [(posteriors(network, clip), audible_notes(clip.notes)) for clip in clips]
    outputs = [(values, true) for values, true in outputs if len(true)]

    def mean_f1(thresholds: Thresholds) -> NDArray[np.float64]:
        scores = [f1_scores(true, decode(*values, thresholds)) for values, true in outputs]
        return np.mean(scores, axis=0)

    by_onset = {threshold: mean_f1(Thresholds(threshold))[0] for threshold in ONSET_THRESHOLDS}
    onset = max(by_onset, key=lambda threshold: by_onset[threshold])
    by_frame = {threshold: mean_f1(Thresholds(onset, threshold)) for threshold in FRAME_THRESHOLDS}
    frame = max(by_frame, key=lambda threshold: by_frame[threshold][1])
    return Thresholds(float(onset), float(frame)), *map(float, by_frame[frame])


def audible_notes(notes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the notes on a piano's keys that last for more than half a frame."""
    return notes[
        (notes[:, 2] >= 21)
        & (notes[:, 2] <= 108)
        & (notes[:, 1] - notes[:, 0] > 0.5 * FRAME_PERIOD)
    ]
