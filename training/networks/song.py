"""The song network in PyTorch; :mod:`otowake.music.song.network` runs it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from otowake.music.network_weights import Weights
from otowake.music.song.network import CHANNELS, N_CHANNELS_IN, SOURCES
from training.networks.export import to_array, to_tensor


class SongNetwork(nn.Module):
    """A U-Net over frames and bands; tensors of shape (clip, channel, frame, band)."""

    def __init__(self) -> None:
        super().__init__()
        before = (N_CHANNELS_IN, *CHANNELS)
        layers: dict[str, nn.Module] = {}
        for level, channels in enumerate(CHANNELS):
            stride = 2 if level else 1
            layers[f"down{level}"] = nn.Conv2d(before[level], channels, 3, stride, 1)
            layers[f"same{level}"] = nn.Conv2d(channels, channels, 3, 1, 1)
        layers["frame"] = nn.Conv2d(CHANNELS[-1], CHANNELS[-1], 1)
        layers["middle0"] = nn.Conv2d(CHANNELS[-1], CHANNELS[-1], 3, 1, 1)
        layers["middle1"] = nn.Conv2d(CHANNELS[-1], CHANNELS[-1], 3, 1, 1)
        for level in range(len(CHANNELS) - 1):
            layers[f"up{level}"] = nn.Conv2d(CHANNELS[level + 1], CHANNELS[level], 1)
            layers[f"merge{level}"] = nn.Conv2d(CHANNELS[level], CHANNELS[level], 3, 1, 1)
        layers["out"] = nn.Conv2d(CHANNELS[0], 2 * len(SOURCES), 1)
        self.layers = nn.ModuleDict(layers)

    def forward(self, x: Tensor) -> Tensor:
        """Map features (clip, frame, band, channel) to masks (clip, 2, source, frame, band)."""
        x = x.permute(0, 3, 1, 2)
        skipped = []
        for level in range(len(CHANNELS)):
            x = functional.relu(self.layers[f"down{level}"](x))
            x = x + functional.relu(self.layers[f"same{level}"](x))
            skipped.append(x)
        x = x + functional.relu(self.layers["frame"](x.mean(dim=3, keepdim=True)))
        x = x + functional.relu(self.layers["middle0"](x))
        x = x + functional.relu(self.layers["middle1"](x))
        for level in reversed(range(len(CHANNELS) - 1)):
            x = functional.interpolate(self.layers[f"up{level}"](x), scale_factor=2)
            x = skipped[level] + x
            x = x + functional.relu(self.layers[f"merge{level}"](x))
        logits = self.layers["out"](x)
        clips, _, frames, bands = logits.shape
        return torch.softmax(logits.view(clips, 2, len(SOURCES), frames, bands), dim=2)

    def load(self, weights: Weights) -> None:
        """Load weights of the package."""
        with torch.no_grad():
            for name, layer in self.layers.items():
                kernel = to_tensor(weights[name])
                kernel = kernel if kernel.ndim == 4 else kernel[None, None]
                layer.weight.copy_(kernel.permute(3, 2, 0, 1))
                layer.bias.copy_(to_tensor(weights[f"{name}.bias"]))

    def weights(self) -> Weights:
        """Return the weights for the package, float32."""
        weights = {}
        for name, layer in self.layers.items():
            kernel = to_array(layer.weight.permute(2, 3, 1, 0))
            weights[name] = kernel[0, 0] if kernel.shape[:2] == (1, 1) else kernel
            weights[f"{name}.bias"] = to_array(layer.bias)
        return weights
