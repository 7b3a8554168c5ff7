"""The network of drum onsets in PyTorch; :mod:`otowake.music.drums.onsets` runs it."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from otowake.music.drums.onsets import DILATIONS, Weights
from otowake.music.theory.instruments import KIT
from otowake.signal.vqt import ROWS
from training.networks.export import to_array

CHANNELS = 96
"""Channels of each convolution."""

INITIAL_LOGIT = -4.0
"""Bias of the output at the start: drum onsets are rare."""


class DrumNetwork(nn.Module):
    """Dilated convolutions over time; tensors of shape (clip, row or channel, half-frame)."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(ROWS, CHANNELS, 3, padding=1)
        self.later = nn.ModuleList(
            nn.Conv1d(CHANNELS, CHANNELS, 3, padding=d, dilation=d) for d in DILATIONS
        )
        self.out = nn.Conv1d(CHANNELS, len(KIT), 1)
        nn.init.constant_(self.out.bias, INITIAL_LOGIT)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.first(x))
        for layer in self.later:
            x = x + functional.relu(layer(x))
        return self.out(x)

    def probabilities(self, spectrogram: NDArray[np.float16]) -> NDArray[np.float32]:
        """Return the probabilities, (clip, half-frame, drum), for (clip, half-frame, row)."""
        with torch.no_grad():
            logits = self(torch.from_numpy(spectrogram.astype(np.float32)).transpose(1, 2))
            return torch.sigmoid(logits).transpose(1, 2).numpy()

    def weights(self) -> Weights:
        """Return the weights for the package, float32."""
        layers = {f"{i}": layer for i, layer in enumerate([self.first, *self.later])}
        weights = {name: to_array(layer.weight.permute(2, 1, 0)) for name, layer in layers.items()}
        weights |= {f"{name}.bias": to_array(layer.bias) for name, layer in layers.items()}
        weights |= {
            "out": to_array(self.out.weight[:, :, 0].T),
            "out.bias": to_array(self.out.bias),
        }
        return weights
