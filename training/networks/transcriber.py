"""The transcriber's network in PyTorch.

:mod:`otowake.music.transcription.transcriber` runs it in JAX. The network keeps the grid of the
spectrogram (frame, semitone, channel), :mod:`otowake.signal.vqt`: small convolutions; *harmonic*
convolutions, with taps at the rows of a note's partials and of the notes whose partial the row is;
and convolutions over time, with growing dilation.

Related work: Hawthorne et al., "Onsets and Frames" (2018); Kong et al., "High-resolution piano
transcription with pedals by regressing onset and offset times" (2021); Bittner et al., "A
lightweight instrument-agnostic model for polyphonic note transcription" (Basic Pitch, 2022: stacked
harmonics); Wei et al., "HPPNet" (2022: harmonic dilated convolution).

Tensors have the shape (clip, channel, frame, row), stored with the channel last.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from otowake.music.network_weights import Weights
from otowake.music.transcription.transcriber import (
    HARMONIC_TAPS,
    N_HEADS,
    N_KEYS,
    NARROW_CHANNELS,
    WIDE_CHANNELS,
)
from otowake.signal.vqt import CHANNELS
from training.networks.export import to_array, to_tensor

BATCH_NORM_EPS = 1e-5
"""Added to variances by the batch normalisation; PyTorch's default."""

INITIAL_LOGITS = (-4.0, -3.0, 0.0, -4.0, 0.0)
"""Biases of the heads (as in `Posteriors`) at the start: active cells are rare."""

NEW_LAYER_SCALE = 0.1
"""Factor of the random weights of a layer that the initial weights lack."""


class Shifted(torch.autograd.Function):
    """A convolution that keeps the shape, with its gradient as a convolution, faster in oneDNN."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, padding: tuple[int, int], dilation: tuple[int, int]
    ) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.how = padding, dilation
        return functional.conv2d(x, weight, padding=padding, dilation=dilation)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        padding, dilation = ctx.how
        grad = grads[0].contiguous(memory_format=torch.channels_last)
        turned = weight.transpose(0, 1).flip(2, 3).contiguous(memory_format=torch.channels_last)
        wrt_x = (
            functional.conv2d(grad, turned, padding=padding, dilation=dilation)
            if ctx.needs_input_grad[0]
            else None
        )
        wrt_weight = torch.ops.aten.convolution_backward(
            grad, x, weight, None, (1, 1), padding, dilation, False, (0, 0), 1, (False, True, False)
        )[1]
        return wrt_x, wrt_weight, None, None


def stacked(x: Tensor, offsets: tuple[int, ...], rows: int) -> Tensor:
    """Join copies of `x`, shifted by offsets in rows with zeros at the edge, along the channels."""
    below, above = max(0, -min(offsets)), max(0, max(offsets) + rows - x.shape[3])
    padded = functional.pad(x, (below, above))
    parts = [padded[..., below + o : below + o + rows] for o in offsets]
    return torch.cat(parts, 1).contiguous(memory_format=torch.channels_last)


class Stacked(torch.autograd.Function):
    """A convolution with one row of taps at :data:`HARMONIC_TAPS`, to :data:`N_KEYS` rows."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        """Convolve `x` with a weight of shape (out, offset, in)."""
        joined = stacked(x, HARMONIC_TAPS, N_KEYS)
        ctx.save_for_backward(joined, weight)
        ctx.rows = x.shape[3]
        return functional.conv2d(joined, weight.flatten(1)[:, :, None, None])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        joined, weight = ctx.saved_tensors
        grad = grads[0].contiguous(memory_format=torch.channels_last)
        turned = weight.permute(2, 1, 0).flatten(1)[:, :, None, None]
        wrt_x = functional.conv2d(stacked(grad, tuple(-o for o in HARMONIC_TAPS), ctx.rows), turned)
        flat = weight.flatten(1)[:, :, None, None]
        wrt_weight = torch.ops.aten.convolution_backward(
            grad, joined, flat, None, (1, 1), (0, 0), (1, 1), False, (0, 0), 1, (False, True, False)
        )[1]
        return wrt_x, wrt_weight[:, :, 0, 0].unflatten(1, weight.shape[1:])


class Conv(nn.Module):
    """A convolution with taps at (time, row) offsets around a cell, without bias."""

    def __init__(self, inputs: int, outputs: int, size: tuple[int, int], dilation: int = 1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs, *size))
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu")
        self.padding, self.dilation = (size[0] // 2 * dilation, size[1] // 2), (dilation, 1)

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight.to(x.dtype).contiguous(memory_format=torch.channels_last)
        return Shifted.apply(x, weight, self.padding, self.dilation)

    def taps(self) -> Tensor:
        """Return the weight as (tap, in, out), with the taps ordered by time, then by row."""
        return self.weight.flatten(2).permute(2, 1, 0)

    def from_taps(self, taps: Tensor) -> Tensor:
        """Return the weight with these taps."""
        return taps.permute(2, 1, 0).reshape(self.weight.shape)


class Harmonic(nn.Module):
    """A convolution with taps at the rows of partials, and of notes with this partial."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        n = len(HARMONIC_TAPS)
        self.weight = nn.Parameter(torch.randn(outputs, n, inputs) * (2 / (n * inputs)) ** 0.5)

    def forward(self, x: Tensor) -> Tensor:
        return Stacked.apply(x, self.weight.to(x.dtype))

    def taps(self) -> Tensor:
        """Return the weight as (tap, in, out)."""
        return self.weight.permute(1, 2, 0)

    def from_taps(self, taps: Tensor) -> Tensor:
        """Return the weight with these taps."""
        return taps.permute(2, 0, 1)


class Network(nn.Module):
    """Map (clip, 8, frame, 100) to logits (clip, head, frame, 88)."""

    def __init__(self, narrow: int = NARROW_CHANNELS, wide: int = WIDE_CHANNELS) -> None:
        super().__init__()
        self.settled = False
        self.layers = nn.ModuleDict(
            {
                "near1": Conv(CHANNELS, narrow, (3, 3)),
                "near2": Conv(narrow, narrow, (3, 3)),
                "harmonic1": Harmonic(narrow, wide),
                "time1": Conv(wide, wide, (5, 1)),
                "harmonic2": Harmonic(narrow, wide),
                "time2": Conv(wide, wide, (5, 1), 2),
                "near3": Conv(wide, wide, (3, 3)),
                "time3": Conv(wide, wide, (5, 1), 4),
                "harmonic3": Harmonic(narrow, wide),
                "time4": Conv(wide, wide, (5, 1), 8),
                "time5": Conv(wide, wide, (5, 1), 16),
            }
        )
        self.reduce = nn.ModuleDict(
            {k: Conv(wide, narrow, (1, 1)) for k in ("harmonic2", "harmonic3")}
        )
        self.key = nn.Parameter(torch.zeros(wide, 1, N_KEYS))
        self.frame = Conv(wide, wide, (1, 1))
        nn.init.zeros_(self.frame.weight)
        self.norms = nn.ModuleDict(
            {
                k: nn.BatchNorm2d(narrow if k in {"near1", "near2"} else wide, BATCH_NORM_EPS)
                for k in self.layers
            }
        )
        self.heads = nn.Conv2d(wide, N_HEADS, 1)
        with torch.no_grad():
            self.heads.bias.copy_(torch.tensor(INITIAL_LOGITS))
            self.heads.weight.mul_(0.1)

    def forward(self, x: Tensor) -> Tensor:
        for name, layer in self.layers.items():
            entering = self.reduce[name](x) if name in self.reduce else x
            y = layer(entering)
            if name == "harmonic1":
                y = y + self.key.to(y.dtype)
            if name == "near3":
                y = y + self.frame(x.mean(dim=3, keepdim=True))
            y = functional.relu(self.norms[name](y))
            x = x + y if x.shape == y.shape and name not in {"near1", "near2"} else y
        return functional.conv2d(x, self.heads.weight.to(x.dtype), self.heads.bias.to(x.dtype))

    def train(self, mode: bool = True) -> Network:
        """Set the training mode; a settled network stays in evaluation mode."""
        return super().train(mode and not self.settled)

    def settle(self, weights: Weights) -> None:
        """Load weights of the package; from then on the normalisation is a fixed scale.

        Layers and heads that the weights lack start with small random weights.
        """
        self.settled = True
        with torch.no_grad():
            for name, layer in self.layers.items():
                norm = self.norms[name]
                norm.running_mean.zero_()
                norm.running_var.fill_(1 - BATCH_NORM_EPS)
                norm.weight.fill_(1)
                if name not in weights:
                    layer.weight.mul_(NEW_LAYER_SCALE)
                    continue
                layer.weight.copy_(layer.from_taps(to_tensor(weights[name])))
                bias = to_tensor(weights[f"{name}.bias"])
                if name == "harmonic1":
                    norm.bias.zero_()
                    self.key.copy_(bias.T[:, None])
                else:
                    norm.bias.copy_(bias)
                if name in self.reduce:
                    self.reduce[name].weight.copy_(
                        self.reduce[name].from_taps(to_tensor(weights[f"{name}.reduce"])[None])
                    )
            self.frame.weight.copy_(self.frame.from_taps(to_tensor(weights["frame"])[None]))
            known = weights["heads"].shape[1]
            self.heads.weight[:known].copy_(to_tensor(weights["heads"]).T[:, :, None, None])
            self.heads.bias[:known].copy_(to_tensor(weights["heads.bias"]))

    def weights(self) -> Weights:
        """Return the weights for the package, float32, with the normalisation folded in."""
        weights: dict[str, Tensor] = {}
        with torch.no_grad():
            for name, layer in self.layers.items():
                norm = self.norms[name]
                scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
                weights[name] = layer.taps() * scale
                bias = norm.bias - norm.running_mean * scale
                if name == "harmonic1":
                    bias = bias + self.key[:, 0, :].T * scale
                if name == "near3":
                    weights["frame"] = self.frame.taps()[0] * scale
                weights[f"{name}.bias"] = bias
                if name in self.reduce:
                    weights[f"{name}.reduce"] = self.reduce[name].taps()[0]
            weights["heads"] = self.heads.weight[:, :, 0, 0].T
            weights["heads.bias"] = self.heads.bias
        return {k: to_array(v) for k, v in weights.items()}
