"""Train the recogniser of instruments on notes.

    python -m training.train.recognizer --cache DIR [--samples DIR] [--scenes N] [--alone N]
                                        [--together N] [--accompanied N] [--sung N] [--songs N]
                                        [--steps N] [--networks N] [--all] [--begin FILE]
                                        [--out FILE]

The cache keeps scenes and runs. Without ``--all`` whole sources are held out
(`training.sounds.classes.HELD_OUT`) for validation: that run shows the accuracy on unknown
instruments and the temperature of the probabilities. With ``--all`` the network learns from all
sources; give it the temperature of the first run. With ``--begin`` training continues from weights
that have learnt from more notes than the cache has: except for one class, the targets are mostly
their own predictions, so that the networks learn this class and new sources without forgetting
(Li and Hoiem, "Learning without forgetting", 2016). Uses torch, which the package itself does not
need.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from otowake.music.players.features import OTHERS_PLANE, NoteFeatures, network_input
from otowake.music.players.recognizer import Weights, load_recognizer
from otowake.music.theory.instruments import INSTRUMENT_NAMES, INSTRUMENTS
from training.data import mixtures, note_dataset
from training.data.augment import augmented_input
from training.data.mixtures import SceneKind, origin_of
from training.data.note_dataset import NoteDataset
from training.networks import export
from training.networks.fit import LOSS, FitPlan, Losses, Metrics, fit
from training.networks.recognizer import LAYERS, Network
from training.parallel import parallel_map
from training.rng import Rng
from training.sounds import banks
from training.sounds.classes import is_held_out
from training.train.options import add_fit_options, add_run_options, parser_of, use_threads

MIN_SPREAD = 0.1
"""Least standard deviation of an input."""

STANDARDISATION_NOTES = 4000
"""Notes from which the mean and the standard deviation of the inputs are computed."""

LABEL_SMOOTHING = 0.05
"""Probability that the target spreads over all classes."""

MAX_ORIGIN_NOTES = 400
"""Notes of an origin beyond which its weight does not grow."""

PARTNER_CANDIDATES = 6
"""Notes of a class from which the partner nearest in pitch is chosen."""

TEMPERATURES = tuple(np.arange(0.6, 4.01, 0.1).round(1).tolist())
"""Candidates for the temperature."""

BATCH_NOTES = 1024
"""Notes in a batch of the validation."""

FAMILY = np.array([[row.family for row in INSTRUMENTS].index(row.family) for row in INSTRUMENTS])
"""Number of the family of each class."""


Target = Callable[[Tensor, NDArray[np.int64]], Tensor]
"""Maps a batch of inputs and their classes to target probabilities, (note, class)."""


class Score(NamedTuple):
    """Accuracy on held-out notes, averaged over classes.

    Attributes
    ----------
    first, three, family
        Share of notes whose class is first, is among the first three, or has the right family.
    loss
        Mean negative log-likelihood at a temperature of 1.
    temperature
        The best temperature.
    """

    first: float
    three: float
    family: float
    loss: float
    temperature: float


class BalancedSampler:
    """Draws notes so that classes have equal shares, and within them origins with many notes.

    Half of the draws are notes without concurrent notes, where there are any.
    """

    def __init__(self, dataset: NoteDataset, notes: NDArray[np.int64]) -> None:
        order = np.argsort(dataset.label[notes], kind="stable")
        self.notes, self.midi = notes[order], dataset.midi
        label = dataset.label[self.notes]
        origins = np.unique([origin_of(name) for name in dataset.names], return_inverse=True)[1][
            dataset.bank
        ]
        groups = np.unique(label * 1000 + origins[self.notes], return_inverse=True)[1]
        counts = np.bincount(groups)
        weight = (np.sqrt(np.minimum(counts, MAX_ORIGIN_NOTES)) / counts)[groups]
        isolated = ~dataset.features.planes[self.notes, OTHERS_PLANE].any(axis=1)
        for subset in (isolated, ~isolated):
            weight[subset] /= np.bincount(label[subset], weight[subset], len(INSTRUMENTS))[
                label[subset]
            ]
        self.ends = np.cumsum(weight)
        first = np.searchsorted(label, label, "left")
        self.begin = np.concatenate([[0.0], self.ends])[first]
        self.size = np.bincount(label, weight)[label]

    def __call__(self, rng: Rng, size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Draw `size` notes, and for each a partner of the same class and about the same pitch."""
        drawn = self._at(rng.random(size) * self.ends[-1])
        candidates = self._at(
            self.begin[drawn] + rng.random((PARTNER_CANDIDATES, size)) * self.size[drawn]
        )
        notes, candidates = self.notes[drawn], self.notes[candidates]
        nearest = np.abs(self.midi[candidates] - self.midi[notes]).argmin(axis=0)
        return notes, candidates[nearest, np.arange(size)]

    def _at(self, x: NDArray[np.float64]) -> NDArray[np.int64]:
        return np.minimum(np.searchsorted(self.ends, x, "right"), len(self.ends) - 1)


def features_of(dataset: NoteDataset, notes: NDArray[np.int64]) -> NoteFeatures:
    """Return the features of some notes, float32."""
    return NoteFeatures(*(field[notes].astype(np.float32) for field in dataset.features))


def inputs(dataset: NoteDataset, notes: NDArray[np.int64]) -> Tensor:
    """Return the network's input for some notes."""
    return torch.from_numpy(network_input(features_of(dataset, notes), dataset.midi[notes]))


def augmented_inputs(
    dataset: NoteDataset,
    notes: NDArray[np.int64],
    partners: NDArray[np.int64],
    rng: Rng,
    size: float,
) -> Tensor:
    """Return the network's input for randomly changed notes.

    Half of the notes are interpolated with their partners, which gives instruments between the
    known ones.
    """
    share = np.where(rng.random(len(notes)) < 0.5, rng.uniform(0, 1, len(notes)), 0)
    share = share.astype(np.float32)
    pairs = zip(features_of(dataset, notes), features_of(dataset, partners), strict=True)
    mixed = (a + share.reshape(-1, *[1] * (a.ndim - 1)) * (b - a) for a, b in pairs)
    midi = dataset.midi[notes].astype(float)
    return torch.from_numpy(augmented_input(NoteFeatures(*mixed), midi, rng, size))


def class_scores(
    network: Network, dataset: NoteDataset, notes: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the scores of notes, (note, class)."""
    with torch.no_grad():
        scores = [
            network(inputs(dataset, notes[i : i + BATCH_NOTES])).numpy()
            for i in range(0, len(notes), BATCH_NOTES)
        ]
    return np.concatenate(scores).astype(float)


def evaluate(
    scores: NDArray[np.float64], label: NDArray[np.integer[Any]]
) -> tuple[Score, dict[str, float]]:
    """Return the accuracy of scores, and the accuracy by class."""
    order = np.argsort(-scores, axis=1)
    first, three = order[:, 0] == label, (order[:, :3] == label[:, None]).any(axis=1)
    family = FAMILY[order[:, 0]] == FAMILY[label]
    classes = np.unique(label)
    mean = [
        float(np.mean([hit[label == c].mean() for c in classes])) for hit in (first, three, family)
    ]
    weight = 1 / np.bincount(label, minlength=len(INSTRUMENTS))[label] / len(classes)
    losses = {t: _loss(scores / t, label, weight) for t in TEMPERATURES}
    best = min(losses, key=lambda t: losses[t])
    by_class = {INSTRUMENTS[c].name: float(first[label == c].mean()) for c in classes}
    return Score(*mean, losses[1.0], best), by_class


def _loss(
    scores: NDArray[np.float64], label: NDArray[np.integer[Any]], weight: NDArray[np.float64]
) -> float:
    log_probs = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    return float(-(weight * log_probs[np.arange(len(label)), label]).sum())


def write(weights: Weights, temperature: float, path: Path) -> None:
    """Write the recogniser's weights file."""
    export.write(path, weights, temperature=temperature)


def smoothed(_: Tensor, label: NDArray[np.int64]) -> Tensor:
    """Return the smoothed classes as target probabilities, (note, class)."""
    one_hot = functional.one_hot(torch.from_numpy(label), len(INSTRUMENTS)).float()
    return (1 - LABEL_SMOOTHING) * one_hot + LABEL_SMOOTHING / len(INSTRUMENTS)


def remembered(
    teachers: Sequence[Network], new: int, keep: float, x: Tensor, label: NDArray[np.int64]
) -> Tensor:
    """Mix the smoothed classes with predictions of networks, without those of the class `new`.

    `keep` is the share of the predictions; notes of the class `new` have the smoothed classes.
    """
    with torch.no_grad():
        scores = torch.stack([teacher(x) for teacher in teachers]).mean(0)
    scores[:, new] = -np.inf
    share = keep * torch.from_numpy(label != new).float()[:, None]
    return (1 - share) * smoothed(x, label) + share * scores.softmax(1)


def train(
    dataset: NoteDataset,
    notes: NDArray[np.int64],
    held_out: NDArray[np.int64],
    options: argparse.Namespace,
    folder: Path,
) -> Network:
    """Train on some notes of a dataset; ``recognizer.npz`` in `folder` has the weights."""
    torch.manual_seed(options.seed)
    draw = BalancedSampler(dataset, notes)
    typical = augmented_inputs(
        dataset,
        *draw(np.random.default_rng(options.seed), STANDARDISATION_NOTES),
        np.random.default_rng(1),
        options.change,
    )
    network = Network(options.drop, typical.mean(0), typical.std(0).clamp(min=MIN_SPREAD))
    target: Target = smoothed
    if options.begin:
        initial = load_recognizer(options.begin.read_bytes()).weights
        members = range(len(initial[LAYERS[0]]))
        teachers = [copy.deepcopy(network).eval() for _ in members]
        for member, teacher in zip(members, teachers, strict=True):
            teacher.load(initial, member)
        network.load(initial, options.seed % len(members))
        target = partial(remembered, teachers, INSTRUMENT_NAMES.index(options.new), options.keep)

    def losses_at(step: int) -> Losses:
        rng = np.random.default_rng((options.seed, step))
        batch, partners = draw(rng, options.size)
        x = augmented_inputs(dataset, batch, partners, rng, options.change)
        return {LOSS: functional.cross_entropy(network(x), target(x, dataset.label[batch]))}

    def validate(average: Network) -> Metrics:
        if not len(held_out):
            return {}
        scores = class_scores(average, dataset, held_out)
        score, by_class = evaluate(scores, dataset.label[held_out])
        print("  ".join(f"{name} {share:.2f}" for name, share in by_class.items()))
        return {("held_out_loss" if k == LOSS else k): v for k, v in score._asdict().items()}

    def export_weights(average: Network, metrics: Metrics) -> None:
        temperature = metrics.get("temperature", options.temperature)
        write(average.weights(), temperature, folder / "recognizer.npz")

    plan = FitPlan(
        options.steps,
        options.rate,
        options.every,
        weight_decay=0.05,
        warm_up=100,
        averaging=0.995,
    )
    return fit(network, losses_at, validate, plan, folder=folder, export=export_weights)


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--scenes", type=int, default=1000)
    parser.add_argument("--alone", type=int, default=0, help="more scenes, of isolated notes")
    parser.add_argument("--together", type=int, default=0, help="more scenes, of 2 to 4 players")
    parser.add_argument(
        "--accompanied", type=int, default=0, help="more scenes, of a piano and 1 to 3 others"
    )
    parser.add_argument(
        "--sung", type=int, default=0, help="more scenes, of a voice and 0 to 2 others"
    )
    parser.add_argument("--songs", type=int, default=0, help="more scenes, of a voice and a band")
    add_fit_options(parser, steps=5000, size=256, rate=2e-3, every=1000, unit="notes")
    parser.add_argument("--networks", type=int, default=1, help="networks, with successive seeds")
    parser.add_argument("--drop", type=float, default=0.1, help="share of units in the dropout")
    parser.add_argument("--change", type=float, default=1.0, help="size of the random filters")
    add_run_options(parser)
    parser.add_argument("--temperature", type=float, default=1.0, help="with --all")
    parser.add_argument("--all", action="store_true", help="hold no source out")
    parser.add_argument(
        "--begin", type=Path, help="initial weights, such as src/otowake/data/recognizer.npz"
    )
    parser.add_argument(
        "--new", default="voice", help="class whose initial predictions do not count"
    )
    parser.add_argument(
        "--keep", type=float, default=0.8, help="share of the initial predictions in the targets"
    )
    parser.add_argument("--out", type=Path, help="where to write the weights of all networks")
    options = parser.parse_args()
    use_threads(options.threads)
    banks.build(options.cache, options.samples)
    mixtures.build(options.cache)
    requested = (
        (SceneKind.ANY, options.scenes),
        (SceneKind.ISOLATED, options.alone),
        (SceneKind.SEVERAL, options.together),
        (SceneKind.ACCOMPANIED, options.accompanied),
        (SceneKind.SUNG, options.sung),
        (SceneKind.SONG, options.songs),
    )
    firsts = [
        kind.first_seed + i
        for kind, n in requested
        for i in range(0, n, note_dataset.SCENES_PER_FILE)
    ]
    paths = parallel_map(partial(note_dataset.prepare, options.cache), firsts, options.threads)
    dataset = note_dataset.load(paths)
    mask = np.array([is_held_out(name) and not options.all for name in dataset.names])[dataset.bank]
    held_out, notes = np.flatnonzero(mask), np.flatnonzero(~mask)
    print(f"{len(notes)} notes, {len(held_out)} held out", flush=True)
    members = []
    for seed in range(options.seed, options.seed + options.networks):
        folder = options.cache / mixtures.FOLDER / f"{options.run}-{seed}"
        seeded = argparse.Namespace(**{**vars(options), "seed": seed})
        train(dataset, notes, held_out, seeded, folder)
        members.append(load_recognizer((folder / "recognizer.npz").read_bytes()))
    if options.out:
        temperature = float(np.mean([member.temperature for member in members]))
        weights = export.ensemble([member.weights for member in members])
        if options.begin:  # keep the networks of the context
            weights = load_recognizer(options.begin.read_bytes())._replace(weights=weights).arrays()
        write(weights, temperature, options.out)


if __name__ == "__main__":
    main()
