"""A dense network on standardised inputs, for the recogniser and for offsets."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn


class DenseNetwork(nn.Module):
    """Dense layers with ReLU and dropout between them.

    The forward pass subtracts `mean` from the inputs and divides them by `spread`; the weights for
    the package have both folded into the first layer.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        drop: float = 0.0,
        mean: Tensor | None = None,
        spread: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.drop = nn.Dropout(drop)
        self.register_buffer("mean", torch.zeros(sizes[0]) if mean is None else mean)
        self.register_buffer("spread", torch.ones(sizes[0]) if spread is None else spread)

    def forward(self, x: Tensor) -> Tensor:
        x = (x - self.mean) / self.spread
        for layer in self.layers[:-1]:
            x = self.drop(torch.relu(layer(x)))
        return self.layers[-1](x)
