"""A training run kept on disk, so that it can go on: arrays alone, no pickle; written beside, then renamed."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from training import files


def save(
    path: Path, networks: dict[str, nn.Module], optimiser: torch.optim.Optimizer, step: int
) -> None:
    """Everything that it takes to go on after `step` steps."""
    arrays: dict[str, Any] = {"step": np.array(step)}
    for name, network in networks.items():
        arrays |= {f"{name}/{k}": v.numpy() for k, v in network.state_dict().items()}
    for i, p in enumerate(_parameters(optimiser)):
        arrays |= {f"optimiser/{i}/{k}": v.numpy() for k, v in optimiser.state[p].items()}
    files.store(path, arrays)


def load(path: Path, networks: dict[str, nn.Module], optimiser: torch.optim.Optimizer) -> int:
    """Go on from :func:`save`; the steps that were done."""
    with np.load(path, allow_pickle=False) as found:
        arrays = {k: torch.from_numpy(np.array(found[k])) for k in found.files}
    for name, network in networks.items():
        network.load_state_dict({k: arrays[f"{name}/{k}"] for k in network.state_dict()})
    for i, p in enumerate(_parameters(optimiser)):
        start = f"optimiser/{i}/"
        optimiser.state[p] = {k[len(start) :]: v for k, v in arrays.items() if k.startswith(start)}
    return int(arrays["step"])


def _parameters(optimiser: torch.optim.Optimizer) -> list[torch.Tensor]:
    return [p for group in optimiser.param_groups for p in group["params"]]
