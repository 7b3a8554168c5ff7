"""Weights between PyTorch and the package: float32 arrays in memory, float16 in files.

Dense layers have the shape (in, out) in the package, (out, in) in PyTorch.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from otowake.music.network_weights import Weights
from training import files


def to_array(tensor: Tensor) -> NDArray[np.float32]:
    """Convert a tensor to a contiguous float32 array."""
    return np.ascontiguousarray(tensor.detach().float().numpy())


def to_tensor(array: NDArray[np.floating]) -> Tensor:
    """Convert an array to a float32 tensor."""
    return torch.from_numpy(np.asarray(array, np.float32))


def dense_weights(layers: Mapping[str, nn.Linear | nn.LayerNorm]) -> Weights:
    """Return the weights of dense layers and norms by name, and their biases as ``NAME.bias``."""
    weights: Weights = {}
    for name, layer in layers.items():
        weights[name] = np.ascontiguousarray(to_array(layer.weight).T)
        weights[f"{name}.bias"] = to_array(layer.bias)
    return weights


def fold_standardisation(matrix: Any, bias: Any, mean: Any, spread: Any) -> tuple[Any, Any]:
    """Fold ``(x - mean) / spread`` into a dense layer of shape (in, out); arrays or tensors."""
    matrix = matrix / spread[:, None]
    return matrix, bias - mean @ matrix


def ensemble(members: Sequence[Weights], prefix: str = "") -> Weights:
    """Join the weights of networks along a first axis that numbers the networks.

    Examples
    --------
    >>> member = {"out": np.zeros((1, 4, 2), np.float32)}
    >>> {name: x.shape for name, x in ensemble([member, member], "context.").items()}
    {'context.out': (2, 4, 2)}
    """
    return {prefix + name: np.concatenate([m[name] for m in members]) for name in members[0]}


def write(path: Path, weights: Weights, **constants: ArrayLike) -> None:
    """Write a weights file of the package: weights as float16, constants as float32."""
    arrays: dict[str, Any] = {name: values.astype(np.float16) for name, values in weights.items()}
    arrays |= {name: np.array(values, np.float32) for name, values in constants.items()}
    files.store(path, arrays, compressed=True)


def replace(content: bytes, prefix: str, weights: Weights, path: Path) -> None:
    """Write the weights file `content` with other weights in place of all names after `prefix`."""
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        arrays: dict[str, Any] = {k: file[k] for k in file.files if not k.startswith(prefix)}
    arrays |= {k: v.astype(np.float16) for k, v in weights.items()}
    files.store(path, arrays, compressed=True)
