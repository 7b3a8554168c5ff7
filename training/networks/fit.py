"""The training loop of all networks.

AdamW with gradient clipping, a learning rate that warms up and then falls as half a cosine, and an
exponential moving average of the weights, which is the result. Every so many steps the loop saves a
checkpoint, evaluates the average, writes a row of the log and exports the weights.
"""

from __future__ import annotations

import copy
import csv
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from training.networks import checkpoint

LOSS = "loss"
"""Key of the loss to minimise; other terms appear in the log only."""

FINAL_RATE = 0.01
"""Share of the learning rate that is left at the end of the cosine."""

AVERAGING_RAMP = 10
"""Steps that damp the average at the start, when it must forget the initial weights."""

Losses = Mapping[str, Tensor]
Metrics = Mapping[str, float]
Model = TypeVar("Model", bound=nn.Module)


@dataclass(frozen=True)
class FitPlan:
    """Settings of the training loop.

    Attributes
    ----------
    steps
        All steps of the run, with the steps of the checkpoint from which it resumes.
    rate
        Learning rate after the warm-up.
    every
        Steps between two evaluations.
    weight_decay
        Weight decay of AdamW.
    decay_vectors
        Whether the weight decay includes one-dimensional parameters (biases, norms).
    betas
        Decay rates of AdamW's moments.
    warm_up
        Steps in which the learning rate rises.
    averaging
        Decay rate of the average of the weights; 0 for none.
    averaging_start
        Number of the first step in the ramp of the average.
    max_norm
        Largest norm of the gradient; None for no clipping.
    """

    steps: int
    rate: float
    every: int
    weight_decay: float = 0.02
    decay_vectors: bool = True
    betas: tuple[float, float] = (0.9, 0.98)
    warm_up: int = 200
    averaging: float = 0.998
    averaging_start: int = 1
    max_norm: float | None = 1.0


def warm_cosine(plan: FitPlan, step: int) -> float:
    """Return the learning rate of a step: a linear warm-up times half a cosine.

    Examples
    --------
    >>> plan = FitPlan(steps=1000, rate=1e-3, every=100, warm_up=10)
    >>> [round(warm_cosine(plan, step), 6) for step in (0, 500, 1000)]
    [0.0001, 0.000505, 1e-05]
    """
    rise = min(1.0, (step + 1) / plan.warm_up)
    middle, swing = (1 + FINAL_RATE) / 2, (1 - FINAL_RATE) / 2
    return plan.rate * rise * (middle + swing * math.cos(math.pi * step / plan.steps))


def fit(
    network: Model,
    losses_at: Callable[[int], Losses],
    evaluate: Callable[[Model], Metrics],
    plan: FitPlan,
    *,
    folder: Path | None = None,
    export: Callable[[Model, Metrics], None] | None = None,
    rate_at: Callable[[int], float] | None = None,
) -> Model:
    """Train a network and return the average of its weights over the last steps.

    Parameters
    ----------
    network
        The network at its initial weights; the loop changes it.
    losses_at
        Computes the losses of a step, :data:`LOSS` among them. The step must determine its batch.
    evaluate
        Computes the metrics of the averaged network, which is in evaluation mode.
    plan
        Settings.
    folder
        Where to keep ``checkpoint.npz`` and ``log.csv``. If there is a checkpoint, the run resumes
        from it. Without a folder the run keeps nothing.
    export
        Called with the averaged network and its metrics after each evaluation.
    rate_at
        Learning rate of a step; :func:`warm_cosine` by default.
    """
    rate_at = rate_at or partial(warm_cosine, plan)
    average = copy.deepcopy(network)
    optimiser = _optimiser(network, plan)
    networks: dict[str, nn.Module] = {"network": network, "average": average}
    step = 0
    if folder is not None and (folder / "checkpoint.npz").exists():
        step = checkpoint.load(folder / "checkpoint.npz", networks, optimiser)
        print(f"resuming after {step} steps", flush=True)
    started, history = time.monotonic(), []
    while step < plan.steps:
        rate = rate_at(step)
        for group in optimiser.param_groups:
            group["lr"] = rate
        network.train()
        losses = losses_at(step)
        optimiser.zero_grad()
        losses[LOSS].backward()
        if plan.max_norm is not None:
            torch.nn.utils.clip_grad_norm_(network.parameters(), plan.max_norm)
        optimiser.step()
        step += 1
        _update(average, network, plan, step)
        history.append({name: float(loss.detach()) for name, loss in losses.items()})
        if step % plan.every == 0 or step == plan.steps:
            if folder is not None:
                checkpoint.save(folder / "checkpoint.npz", networks, optimiser, step)
            average.eval()
            metrics = evaluate(average)
            row = {"step": step, "seconds": time.monotonic() - started, "rate": rate}
            row |= {name: float(np.mean([h[name] for h in history])) for name in history[0]}
            _log(row | dict(metrics), folder)
            if export is not None:
                export(average, metrics)
            history = []
    return average.eval()


def _optimiser(network: nn.Module, plan: FitPlan) -> torch.optim.AdamW:
    parameters = list(network.parameters())
    groups: list[dict] = [{"params": parameters, "weight_decay": plan.weight_decay}]
    if not plan.decay_vectors:
        matrices = [p for p in parameters if p.ndim > 1]
        vectors = [p for p in parameters if p.ndim == 1]
        groups = [
            {"params": matrices, "weight_decay": plan.weight_decay},
            {"params": vectors, "weight_decay": 0.0},
        ]
    return torch.optim.AdamW(groups, lr=plan.rate, betas=plan.betas)


def _update(average: nn.Module, network: nn.Module, plan: FitPlan, step: int) -> None:
    """Move the average, running statistics included, towards the network after `step` steps."""
    count = step - 1 + plan.averaging_start
    keep = min(plan.averaging, count / (count + AVERAGING_RAMP))
    with torch.no_grad():
        for mean, value in zip(_values(average), _values(network), strict=True):
            mean.lerp_(value, 1 - keep)


def _values(network: nn.Module) -> list[Tensor]:
    return [v for v in network.state_dict().values() if v.dtype.is_floating_point]


def _log(row: Mapping[str, float], folder: Path | None) -> None:
    """Print a row and append it to ``log.csv``."""
    texts = {k: str(v) if isinstance(v, int) else f"{v:.5g}" for k, v in row.items()}
    print("  ".join(f"{k} {v}" for k, v in texts.items()), flush=True)
    if folder is not None:
        log = folder / "log.csv"
        fresh = not log.exists()
        with log.open("a", newline="") as file:
            writer = csv.DictWriter(file, list(texts))
            if fresh:
                writer.writeheader()
            writer.writerow(texts)
