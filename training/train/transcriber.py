"""The training loop: seeded, kept as it goes, continued where it stopped."""

from __future__ import annotations

import copy
import csv
import ctypes
import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from otowake.music.networks import Weights
from otowake.music.transcription.decoding import Thresholds
from training import files
from training.data.frames import Batch, Clip, prefetched
from training.networks import checkpoint
from training.networks.transcriber import Network
from training.train.transcriber_metrics import judged

HEADINGS = (
    "step", "seconds", "rate", "loss", "onset", "sounding", "velocity", "f1", "f1_offsets", "at_onset", "at_sounding",
)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """How it is taught. `every` is the number of steps between two looks at the clips kept apart."""

    steps: int = 8000
    size: int = 8
    rate: float = 3e-3
    decay: float = 0.02
    warm: int = 200
    memory: float = 0.998
    every: int = 500
    seed: int = 0


def keep_memory() -> None:
    """Ask glibc to use freed memory again rather than give it back: the page faults would take a third of the time."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):
            for parameter, value in (
                (-4, 0),
                (-1, 2**31 - 1),
                (-2, 2**28),
            ):  # mmap: never; trim: late; grow: much
                libc.mallopt(parameter, value)


def rate_at(plan: Plan, step: int) -> float:
    """The learning rate: a short rise, then half a cosine down to a hundredth."""
    rise = min(1.0, (step + 1) / plan.warm)
    fall = 0.505 + 0.495 * math.cos(math.pi * min(1.0, step / plan.steps))
    return plan.rate * rise * fall


def losses(logits: Tensor, truth: Tensor) -> Tensor:
    """Of onset, sounding and velocity: cross-entropies per cell, the onset's with true cells counting more."""
    onset = functional.binary_cross_entropy_with_logits(
        logits[:, 0], truth[:, 0], weight=1 + 2 * truth[:, 0]
    )
    sounding = functional.binary_cross_entropy_with_logits(logits[:, 1], truth[:, 1])
    off = torch.sigmoid(logits[:, 2]) - truth[:, 2]
    velocity = (truth[:, 0] * off**2).sum() / (truth[:, 0].sum() + 1)
    return torch.stack([onset, sounding, velocity])


SHARES = torch.tensor([4.0, 1.0, 0.02])
"""How much each loss counts."""


class Teacher:
    """The network, its average over the last steps, and the optimiser."""

    def __init__(self, plan: Plan, begin: Weights | None = None) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.step, self.settled = plan, 0, begin is not None
        self.network = Network().to(memory_format=torch.channels_last)
        if begin is not None:
            self.network.settle(begin)
        self.average = copy.deepcopy(self.network)
        self.parameters = list(self.network.parameters())
        groups = [
            {"params": [p for p in self.parameters if p.ndim > 1], "weight_decay": plan.decay},
            {"params": [p for p in self.parameters if p.ndim == 1], "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(groups, lr=plan.rate, betas=(0.9, 0.98))

    def learn(self, batch: Batch) -> list[float]:
        """One step; gives the losses."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate_at(self.plan, self.step)
        self.network.train(not self.settled)
        heard = torch.from_numpy(batch.heard).permute(0, 3, 1, 2).to(torch.bfloat16)
        each = losses(self.network(heard).float(), torch.from_numpy(batch.truth))
        self.optimiser.zero_grad()
        (SHARES @ each).backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimiser.step()
        self.step += 1
        keep = min(self.plan.memory, self.step / (self.step + 10))
        with torch.no_grad():
            for mean, now in zip(
                self._values(self.average), self._values(self.network), strict=True
            ):
                mean.lerp_(now, 1 - keep)
        return each.tolist()

    @staticmethod
    def _values(network: Network) -> list[Tensor]:
        return [v for v in network.state_dict().values() if v.dtype.is_floating_point]

    def networks(self) -> dict[str, Network]:
        return {"network": self.network, "average": self.average}


def train(
    taught: list[Clip], apart: list[Clip], plan: Plan, folder: Path, begin: Weights | None = None
) -> Path:
    """Teach for `plan.steps` steps in all, counting those that an earlier run has kept in `folder`.

    `begin` are weights to begin with, such as those that the package ships; at random if not given.

    Returns
    -------
    The path of the weights, with the thresholds that are best on the clips `apart`.
    """
    keep_memory()
    folder.mkdir(parents=True, exist_ok=True)
    teacher, kept, log = Teacher(plan, begin), folder / "checkpoint.npz", folder / "log.csv"
    if kept.exists():
        teacher.step = checkpoint.load(kept, teacher.networks(), teacher.optimiser)
        print(f"goes on from step {teacher.step}")
    begun, seen = time.monotonic(), []
    for step, batch in prefetched(taught, plan.seed, plan.size, teacher.step, plan.steps):
        seen.append(teacher.learn(batch))
        done = step + 1
        if done % plan.every == 0 or done == plan.steps:
            checkpoint.save(kept, teacher.networks(), teacher.optimiser, teacher.step)
            thresholds, *f1 = judged(teacher.average, apart)
            mean = np.mean(seen, axis=0)
            seconds = time.monotonic() - begun
            row = [
                done,
                seconds,
                rate_at(plan, step),
                float(SHARES.numpy() @ mean),
                *mean,
                *f1,
                *thresholds[:2],
            ]
            _note(log, [f"{v:.5g}" for v in row])
            export(teacher.average, thresholds, folder / "transcriber.npz")
            seen = []
    return folder / "transcriber.npz"


def _note(log: Path, row: list[str]) -> None:
    fresh = not log.exists()
    with log.open("a", newline="") as file:
        writer = csv.writer(file)
        if fresh:
            writer.writerow(HEADINGS)
        writer.writerow(row)
    print("  ".join(f"{k} {v}" for k, v in zip(HEADINGS, row, strict=True)), flush=True)


def export(network: Network, thresholds: Thresholds, path: Path) -> None:
    """The weights as the package takes them: float16, no pickle."""
    arrays: dict[str, Any] = {k: v.astype(np.float16) for k, v in network.weights().items()}
    arrays["thresholds"] = np.array(thresholds, np.float32)
    files.store(path, arrays, compressed=True)
