"""Checkpoints of a training run: arrays without pickles, written whole or not at all."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from training import files

GENERATOR_STATE = "generator"
"""Key of the state of torch's random generator, which dropout draws from."""


def save(
    path: Path, networks: dict[str, nn.Module], optimiser: torch.optim.Optimizer, step: int
) -> None:
    """Write the state of a run after `step` steps."""
    arrays: dict[str, Any] = {
        "step": np.array(step),
        GENERATOR_STATE: torch.get_rng_state().numpy(),
    }
    for name, network in networks.items():
        arrays |= {f"{name}/{k}": v.numpy() for k, v in network.state_dict().items()}
    for i, p in enumerate(_parameters(optimiser)):
        arrays |= {f"optimiser/{i}/{k}": v.numpy() for k, v in optimiser.state[p].items()}
    files.store(path, arrays)


def load(path: Path, networks: dict[str, nn.Module], optimiser: torch.optim.Optimizer) -> int:
    """Restore what :func:`save` wrote and return the number of steps.

    Checkpoints without the state of the random generator leave the generator alone.
    """
    with np.load(path, allow_pickle=False) as file:
        arrays = {k: torch.from_numpy(np.array(file[k])) for k in file.files}
    for name, network in networks.items():
        network.load_state_dict({k: arrays[f"{name}/{k}"] for k in network.state_dict()})
    for i, p in enumerate(_parameters(optimiser)):
        start = f"optimiser/{i}/"
        optimiser.state[p] = {k[len(start) :]: v for k, v in arrays.items() if k.startswith(start)}
    if GENERATOR_STATE in arrays:
        torch.set_rng_state(arrays[GENERATOR_STATE])
    return int(arrays["step"])


def _parameters(optimiser: torch.optim.Optimizer) -> list[torch.Tensor]:
    return [p for group in optimiser.param_groups for p in group["params"]]
