"""How a small network is taught: Adam, a rate that rises and falls, and the mean of the weights over the last steps."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

RISE = 200
"""Steps in which the rate rises."""

MEMORY = 0.998
"""Of the mean of the weights, from step to step."""

Taught = TypeVar("Taught", bound=nn.Module)


def fitted(
    network: Taught,
    loss_at: Callable[[int], Tensor],
    look: Callable[[Taught], str],
    *,
    steps: int,
    rate: float,
    every: int,
) -> Taught:
    """The network with the mean of its weights over the last steps, after `steps` of AdamW, whose rate rises to `rate` and falls as half a cosine
    to a hundredth. Every so many steps it prints what a `look` at the mean says."""
    average = copy.deepcopy(network)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=rate, weight_decay=0.02, betas=(0.9, 0.98)
    )
    begun, seen = time.monotonic(), []
    for step in range(steps):
        for group in optimiser.param_groups:
            rise, fall = (
                min(1.0, (step + 1) / RISE),
                0.505 + 0.495 * math.cos(math.pi * step / steps),
            )
            group["lr"] = rate * rise * fall
        network.train()
        loss = loss_at(step)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        seen.append(float(loss.detach()))
        keep = min(MEMORY, step / (step + 10))
        with torch.no_grad():
            for mean, now in zip(average.parameters(), network.parameters(), strict=True):
                mean.lerp_(now, 1 - keep)
        if (step + 1) % every == 0 or step + 1 == steps:
            seconds = time.monotonic() - begun
            print(
                f"step {step + 1}  {seconds:.0f} s  loss {np.mean(seen):.3f}  {look(average)}",
                flush=True,
            )
            seen = []
    return average
