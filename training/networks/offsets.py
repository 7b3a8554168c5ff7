"""The network of note offsets in PyTorch; :mod:`otowake.music.transcription.offsets` runs it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from otowake.music.transcription.offsets import (
    LENGTH_CENTRES,
    N_OFFSET_FEATURES,
    OFFSET_LAYERS,
    Weights,
)
from training.networks.dense import DenseNetwork
from training.networks.export import fold_standardisation

HIDDEN_UNITS = 96
"""Units of each hidden layer."""


class OffsetNetwork(DenseNetwork):
    """Map features of a note to scores of durations, and to a logit of the decoded one (last)."""

    def __init__(
        self, drop: float = 0.0, mean: Tensor | None = None, spread: Tensor | None = None
    ) -> None:
        sizes = (N_OFFSET_FEATURES, HIDDEN_UNITS, HIDDEN_UNITS, len(LENGTH_CENTRES) + 1)
        super().__init__(sizes, drop, mean, spread)

    def weights(self) -> Weights:
        """Return the weights for the package, float32."""
        weights: Weights = {}
        with torch.no_grad():
            mean, spread = self.mean.numpy(), self.spread.numpy()
            for name, layer in zip(OFFSET_LAYERS, self.layers, strict=True):
                matrix, bias = layer.weight.T.numpy(), layer.bias.numpy()
                if name == OFFSET_LAYERS[0]:
                    matrix, bias = fold_standardisation(matrix, bias, mean, spread)
                weights[name] = matrix.astype(np.float32)
                weights[f"{name}.bias"] = bias.astype(np.float32)
        return weights
