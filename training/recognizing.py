"""The recogniser's network, as it is trained (PyTorch); :mod:`otowake.music.recognizer` runs the same in JAX."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from otowake.music.instruments import TABLE
from otowake.music.recognizer import HIDDEN, INPUTS, Weights

LAYERS = ("first", "second", "names")


class Network(nn.Module):
    """From what :func:`otowake.music.recognizer.flat` gives to scores of shape (note, instrument).

    The inputs' mean and spread over the lessons are taken out first; :meth:`weights` folds that into the first layer.
    """

    def __init__(self, drop: float = 0.0, mean: Tensor | None = None, spread: Tensor | None = None) -> None:
        super().__init__()
        sizes = (INPUTS, *HIDDEN, len(TABLE))
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.drop = nn.Dropout(drop)
        self.register_buffer("mean", torch.zeros(INPUTS) if mean is None else mean)
        self.register_buffer("spread", torch.ones(INPUTS) if spread is None else spread)

    def forward(self, x: Tensor) -> Tensor:
        x = (x - self.mean) / self.spread
        for layer in self.layers[:-1]:
            x = self.drop(torch.relu(layer(x)))
        return self.layers[-1](x)

    def weights(self) -> Weights:
        """The weights as the recogniser takes them, float32: of one network."""
        found: Weights = {}
        with torch.no_grad():
            for name, layer in zip(LAYERS, self.layers, strict=True):
                matrix, bias = layer.weight.T, layer.bias
                if name == "first":
                    matrix = matrix / self.spread[:, None]
                    bias = bias - self.mean @ matrix
                found[name] = np.ascontiguousarray(matrix.float().numpy())[None]
                found[f"{name}.bias"] = np.ascontiguousarray(bias.float().numpy())[None]
        return found
