"""The recogniser's networks in PyTorch.

:mod:`otowake.music.players.recognizer`, :mod:`otowake.music.players.attention` and
:mod:`otowake.music.players.assignment` run them in JAX.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from otowake.music.network_weights import PITCH_RBF
from otowake.music.players.attention import ATTENTION_HEADS, PAIR_FEATURES
from otowake.music.players.features import INPUT_FEATURES
from otowake.music.players.recognizer import HIDDEN_UNITS, Weights
from otowake.music.theory.instruments import INSTRUMENTS
from training.networks.dense import DenseNetwork
from training.networks.export import dense_weights, fold_standardisation, to_array, to_tensor

LAYERS = ("first", "second", "names")
"""Names of the dense layers in the weights file."""

NOTE_FEATURES = 3 * len(INSTRUMENTS) + len(PITCH_RBF) + 3
"""Features of a note in context: log-probabilities, probabilities and their mean, pitch, and the
logarithm of the duration, the duration and the number of notes."""

PLAYER_FEATURES = NOTE_FEATURES + 3 * len(INSTRUMENTS) + 5
"""Features of a note and a player: besides :data:`NOTE_FEATURES` the player's instrument, the other
instruments, the mean log-probabilities of the player's notes, and five numbers."""

MASKED_LOGIT = -1e4
"""Attention logit of padding."""


class Network(DenseNetwork):
    """Map the output of :func:`otowake.music.players.features.network_input` to class scores."""

    def __init__(
        self, drop: float = 0.0, mean: Tensor | None = None, spread: Tensor | None = None
    ) -> None:
        super().__init__((INPUT_FEATURES, *HIDDEN_UNITS, len(INSTRUMENTS)), drop, mean, spread)

    def weights(self) -> Weights:
        """Return the weights for the package, float32, as an ensemble of one network."""
        weights: Weights = {}
        with torch.no_grad():
            for name, layer in zip(LAYERS, self.layers, strict=True):
                matrix, bias = layer.weight.T, layer.bias
                if name == LAYERS[0]:
                    matrix, bias = fold_standardisation(matrix, bias, self.mean, self.spread)
                weights[name] = to_array(matrix)[None]
                weights[f"{name}.bias"] = to_array(bias)[None]
        return weights

    def load(self, weights: Weights, member: int) -> None:
        """Load one network of an ensemble of the package; the standardisation stays."""
        with torch.no_grad():
            for name, layer in zip(LAYERS, self.layers, strict=True):
                matrix, bias = (to_tensor(weights[k][member]) for k in (name, f"{name}.bias"))
                if name == LAYERS[0]:
                    matrix, bias = matrix * self.spread[:, None], bias + self.mean @ matrix
                layer.weight.copy_(matrix.T)
                layer.bias.copy_(bias)


class _Block(nn.Module):
    """Pre-norm transformer block whose attention logits have a bias from pair features."""

    def __init__(self, width: int, relations: int, drop: float) -> None:
        super().__init__()
        self.attention_norm, self.dense_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.looks, self.seen = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.relation = nn.Linear(relations, ATTENTION_HEADS)
        self.into, self.out = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.drop = nn.Dropout(drop)

    def forward(self, h: Tensor, relation: Tensor, valid: Tensor) -> Tensor:
        scenes, notes, width = h.shape
        size = width // ATTENTION_HEADS
        qkv = self.looks(self.attention_norm(h)).reshape(scenes, notes, 3, ATTENTION_HEADS, size)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        logits = q @ k.transpose(-1, -2) / size**0.5 + self.relation(relation).movedim(3, 1)
        attended = logits.masked_fill(~valid[:, None, None], MASKED_LOGIT).softmax(-1) @ v
        h = h + self.drop(self.seen(attended.transpose(1, 2).reshape(h.shape)))
        return h + self.drop(self.out(self.drop(torch.relu(self.into(self.dense_norm(h))))))


class ContextNetwork(nn.Module):
    """Attention over the notes of a window, for several windows at once.

    The output is added to log-probabilities of notes (:mod:`otowake.music.players.attention`) or to
    log-likelihoods of a player (:mod:`otowake.music.players.assignment`). It is 0 at the start.
    """

    def __init__(
        self,
        features: int = NOTE_FEATURES,
        outputs: int = len(INSTRUMENTS),
        *,
        width: int = 64,
        blocks: int = 2,
        relations: int = 16,
        drop: float = 0.0,
    ) -> None:
        super().__init__()
        self.features, self.relation = (
            nn.Linear(features, width),
            nn.Linear(PAIR_FEATURES, relations),
        )
        self.blocks = nn.ModuleList(_Block(width, relations, drop) for _ in range(blocks))
        self.norm, self.names = nn.LayerNorm(width), nn.Linear(width, outputs)
        nn.init.zeros_(self.names.weight)
        nn.init.zeros_(self.names.bias)

    def forward(self, x: Tensor, relations: Tensor, valid: Tensor) -> Tensor:
        """Return the outputs, (window, note, output).

        `x` has the shape (window, note, feature), `relations` (window, note, note, feature);
        `valid` (window, note) is false for padding.
        """
        h, relation = self.features(x), torch.relu(self.relation(relations))
        for block in self.blocks:
            h = block(h, relation, valid)
        return self.names(self.norm(h))

    def weights(self) -> Weights:
        """Return the weights for the package, float32, as an ensemble of one network."""
        layers = {
            "told": self.features,
            "relation": self.relation,
            "norm": self.norm,
            "names": self.names,
        }
        for number, block in enumerate(self.blocks):
            parts = {
                "attention.norm": block.attention_norm,
                "dense.norm": block.dense_norm,
                "looks": block.looks,
                "seen": block.seen,
                "relation": block.relation,
                "in": block.into,
                "out": block.out,
            }
            layers |= {f"{number}.{name}": layer for name, layer in parts.items()}
        return {name: values[None] for name, values in dense_weights(layers).items()}
