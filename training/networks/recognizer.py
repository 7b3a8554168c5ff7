"""The recogniser's networks, as they are trained (PyTorch); :mod:`otowake.music.players.recognizer`, :mod:`otowake.music.players.attention` and :mod:`otowake.music.players.assignment`
run the same in JAX."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from otowake.music.networks import PITCH_RBF
from otowake.music.players.attention import ATTENTION_HEADS, PAIR_FEATURES
from otowake.music.players.features import INPUT_FEATURES
from otowake.music.players.recognizer import HIDDEN_UNITS, Weights
from otowake.music.theory.instruments import TABLE

LAYERS = ("first", "second", "names")


class Network(nn.Module):
    """From what :func:`otowake.music.players.features.network_input` gives to scores of shape (note, instrument).

    The inputs' mean and spread over the lessons are taken out first; :meth:`weights` folds that into the first layer.
    """

    def __init__(
        self, drop: float = 0.0, mean: Tensor | None = None, spread: Tensor | None = None
    ) -> None:
        super().__init__()
        sizes = (INPUT_FEATURES, *HIDDEN_UNITS, len(TABLE))
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.drop = nn.Dropout(drop)
        self.register_buffer("mean", torch.zeros(INPUT_FEATURES) if mean is None else mean)
        self.register_buffer("spread", torch.ones(INPUT_FEATURES) if spread is None else spread)

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


class _Block(nn.Module):
    """Self-attention and a dense layer, each beside what it is given (before both, a norm)."""

    def __init__(self, width: int, relations: int, drop: float) -> None:
        super().__init__()
        self.attention_norm, self.dense_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.looks, self.seen = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.relation = nn.Linear(relations, ATTENTION_HEADS)
        self.into, self.out = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.drop = nn.Dropout(drop)

    def forward(self, h: Tensor, relation: Tensor, there: Tensor) -> Tensor:
        scenes, notes, width = h.shape
        looks = self.looks(self.attention_norm(h)).reshape(scenes, notes, 3, ATTENTION_HEADS, width // ATTENTION_HEADS)
        q, k, v = looks.permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-1, -2) / (width // ATTENTION_HEADS) ** 0.5 + self.relation(
            relation
        ).movedim(3, 1)
        seen = scores.masked_fill(~there[:, None, None], -1e4).softmax(-1) @ v
        h = h + self.drop(self.seen(seen.transpose(1, 2).reshape(h.shape)))
        return h + self.drop(self.out(self.drop(torch.relu(self.into(self.dense_norm(h))))))


CONTEXT_TOLD = 3 * len(TABLE) + len(PITCH_RBF) + 3
OWNERS_TOLD = CONTEXT_TOLD + 3 * len(TABLE) + 5
"""Numbers that :mod:`otowake.music.players.attention` and :mod:`otowake.music.players.assignment` are told of a note."""


class ContextNetwork(nn.Module):
    """What :mod:`otowake.music.players.attention` adds to the log-probabilities of notes, or :mod:`otowake.music.players.assignment` to what speaks for a
    player, for several windows at once.

    Begins by adding nothing.
    """

    def __init__(
        self,
        told: int = CONTEXT_TOLD,
        outputs: int = len(TABLE),
        *,
        width: int = 64,
        blocks: int = 2,
        relations: int = 16,
        drop: float = 0.0,
    ) -> None:
        super().__init__()
        self.told, self.relation = nn.Linear(told, width), nn.Linear(PAIR_FEATURES, relations)
        self.blocks = nn.ModuleList(_Block(width, relations, drop) for _ in range(blocks))
        self.norm, self.names = nn.LayerNorm(width), nn.Linear(width, outputs)
        nn.init.zeros_(self.names.weight)
        nn.init.zeros_(self.names.bias)

    def forward(self, x: Tensor, relations: Tensor, there: Tensor) -> Tensor:
        """From (window, note, number), (window, note, note, number) and (window, note) to (window, note, output)."""
        h, relation = self.told(x), torch.relu(self.relation(relations))
        for block in self.blocks:
            h = block(h, relation, there)
        return self.names(self.norm(h))

    def weights(self) -> Weights:
        """The weights as the package takes them, float32: of one network."""
        layers = {
            "told": self.told,
            "relation": self.relation,
            "norm": self.norm,
            "names": self.names,
        }
        for number, block in enumerate(self.blocks):
            named = {
                "attention.norm": block.attention_norm,
                "dense.norm": block.dense_norm,
                "looks": block.looks,
            }
            named |= {
                "seen": block.seen,
                "relation": block.relation,
                "in": block.into,
                "out": block.out,
            }
            layers |= {f"{number}.{name}": layer for name, layer in named.items()}
        found: Weights = {}
        with torch.no_grad():
            for name, layer in layers.items():
                found[name] = np.ascontiguousarray(layer.weight.float().numpy().T)[None]
                found[f"{name}.bias"] = layer.bias.float().numpy()[None]
        return found
