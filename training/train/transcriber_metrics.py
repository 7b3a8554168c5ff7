"""How good the network is on clips that it is not taught: onset F1, quickly, and the thresholds that are best for it."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from otowake.music.transcription.decoding import SECONDS, Notes, Thresholds, decode
from training.data.frames import UNIT, Clip
from training.networks.transcriber import Network

TOLERANCE = 0.05
"""Seconds that an onset may be off."""

ONSETS = tuple(np.arange(0.2, 0.71, 0.05).round(2))
SOUNDINGS = (0.1, 0.2, 0.3, 0.4, 0.5)


def posteriors(network: Network, clip: Clip) -> NDArray[np.float32]:
    """Probabilities of shape (3, frame, key) by the network in PyTorch."""
    heard = torch.from_numpy(clip.cells.astype(np.float32) / np.float32(UNIT)).permute(2, 0, 1)[
        None
    ]
    with torch.no_grad(), torch.autocast("cpu", enabled=False):
        logits = network(heard.to(torch.bfloat16, memory_format=torch.channels_last))
    return torch.sigmoid(logits.float())[0].numpy()


def matched(true: NDArray[np.float64], found: Notes) -> list[tuple[int, int]]:
    """Pairs of a true note (rows of onset, offset, midi, …) and a found one of the same pitch, onsets within 50 ms.

    Greedy in time, which is the largest matching, as all notes have the same tolerance.
    """
    pairs = []
    for midi in np.intersect1d(true[:, 2], found.midi):
        ours, theirs = np.flatnonzero(found.midi == midi), np.flatnonzero(true[:, 2] == midi)
        ours, theirs = ours[np.argsort(found.onset[ours])], theirs[np.argsort(true[theirs, 0])]
        i = j = 0
        while i < len(ours) and j < len(theirs):
            apart = found.onset[ours[i]] - true[theirs[j], 0]
            if abs(apart) <= TOLERANCE:
                pairs.append((int(theirs[j]), int(ours[i])))
            i, j = i + (apart <= TOLERANCE), j + (apart >= -TOLERANCE)
    return pairs


def scores(true: NDArray[np.float64], found: Notes) -> tuple[float, float]:
    """F1 of onsets, and of onsets and ends (within 50 ms or a fifth of the note)."""
    pairs = matched(true, found)
    late = [
        abs(found.offset[i] - true[j, 1]) <= max(0.05, 0.2 * (true[j, 1] - true[j, 0]))
        for j, i in pairs
    ]
    total = max(len(true) + len(found.onset), 1)
    return 2 * len(pairs) / total, 2 * sum(late) / total


def judged(network: Network, clips: list[Clip]) -> tuple[Thresholds, float, float]:
    """The best thresholds, and the mean F1 of onsets and of whole notes with them."""
    network.eval()
    outputs = [(posteriors(network, clip), _sounded(clip.notes)) for clip in clips]
    outputs = [(values, true) for values, true in outputs if len(true)]

    def means(thresholds: Thresholds) -> NDArray[np.float64]:
        return np.mean(
            [scores(true, decode(*values, thresholds)) for values, true in outputs], axis=0
        )

    tried = {onset: means(Thresholds(onset))[0] for onset in ONSETS}
    onset = max(tried, key=lambda o: tried[o])
    tried = {s: means(Thresholds(onset, s)) for s in SOUNDINGS}
    sounding = max(tried, key=lambda s: tried[s][1])
    return Thresholds(float(onset), float(sounding)), *map(float, tried[sounding])


def _sounded(notes: NDArray[np.float64]) -> NDArray[np.float64]:
    return notes[
        (notes[:, 2] >= 21) & (notes[:, 2] <= 108) & (notes[:, 1] - notes[:, 0] > 0.5 * SECONDS)
    ]
