"""Learn the profiles of metre and key: :mod:`otowake.music.theory.metre`, :mod:`.keys`.

    python -m training.train.theory --cache DIR [--performances N] --out FILE

Half of the pieces of the music21 corpus (:mod:`training.data.corpus`) teach, the other half test;
the hash of a piece's name decides. Rates and marks are counts over performances
(:mod:`training.data.performances`) with the true grid. The weights of the features maximise the
conditional likelihood of the true hypothesis, with a Gaussian prior. Keys are learnt by logistic
regression over excerpts. Needs music21 and SciPy.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from otowake.arrays import write_arrays
from otowake.music.theory import keys
from otowake.music.theory.beats import beat_tracks, events_of
from otowake.music.theory.metre import (
    FEATURES,
    MARKS,
    Hypothesis,
    Model,
    align,
    hypotheses,
    marks_of,
)
from otowake.music.theory.time_signatures import GRIDS, KINDS, METRES, OFF_GRID
from otowake.types import Floats, Note
from training.data.corpus import Piece, pieces
from training.data.performances import (
    CHANGES,
    Performance,
    Written,
    accompanied,
    excerpt,
    perform,
    strong_beats,
    written,
)

SHARES = {
    ((2, 4), "simple"): 0.08,
    ((3, 4), "simple"): 0.17,
    ((4, 4), "simple"): 0.25,
    ((5, 4), "simple"): 0.09,
    ((6, 8), "compound"): 0.14,
    ((9, 8), "compound"): 0.04,
    ((12, 8), "compound"): 0.05,
    ((7, 8), "eighths"): 0.09,
    ((4, 4), "swing"): 0.07,
    ((3, 4), "swing"): 0.02,
}
"""Shares of metres among the performances."""

TEMPI = {"simple": (108, 0.55), "swing": (130, 0.4), "compound": (84, 0.45), "eighths": (260, 0.3)}
"""Beats per minute: the median, and the standard deviation in octaves."""

BEATS = 52
"""Beats of a performance, doubled for beats of an eighth note."""

PRIOR = 0.1
"""Precision of the Gaussian prior of the weights."""


def is_held_out(piece: Piece) -> bool:
    """Decide whether a piece is for testing."""
    return hashlib.sha256(piece.name.split(":")[0].encode()).digest()[0] % 2 == 1


def by_metre(corpus: list[Piece]) -> dict[tuple[tuple[int, int], str], list[Written]]:
    """Collect all written music by metre, with the metres that are made from others."""
    rng = np.random.default_rng(0)
    music_of: dict[tuple[tuple[int, int], str], list[Written]] = {}
    for piece in corpus[:: max(len(corpus) // 700, 1)]:
        music = written(piece)
        if music is None or len(music.rows) < 32:
            continue
        made = [music, *(change(rng, music) for change in CHANGES.values())]
        for one in made:
            if one is not None:
                music_of.setdefault((one.signature, one.division), []).append(one)
    return music_of


def performance(seed: int, music: Written) -> Performance:
    """Draw a performance."""
    rng = np.random.default_rng([20_261_130, seed])
    n = (
        BEATS
        * (2 if music.division == "eighths" else 1)
        / (2 if music.division == "compound" else 1)
    )
    some = excerpt(rng, music, n * float(rng.choice([0.6, 1.0, 1.4])))
    if len(some.rows) < 16:
        some = excerpt(rng, music, 4 * n)
    if rng.random() < 0.35:  # the upper voice alone
        rows = some.rows[np.lexsort((-some.rows[:, 2], some.rows[:, 0]))]
        some = some._replace(rows=rows[np.diff(rows[:, 0], prepend=-np.inf) > 1e-6])
    starts = np.unique(some.rows[:, 0])
    is_single = len(some.rows) < 1.15 * len(starts)
    if rng.random() < (0.6 if is_single else 0.1):
        some = accompanied(rng, some, solo=rng.random() < 0.15)
    starts = np.unique(some.rows[:, 0])
    rate = len(starts) / max(starts[-1] - starts[0], 1)
    middle, spread = TEMPI[music.division]
    tempo = float(middle * 2 ** (spread * rng.standard_normal()))
    tempo = float(np.clip(tempo, 60 * 0.9 / rate, 60 * 11 / rate))
    low, high = (130, 440) if music.division == "eighths" else (38, 250)
    tempo = float(np.clip(tempo, low, high))
    drift = str(rng.choice(["", "", "", "accelerando", "ritardando", "rubato"]))
    return perform(rng, some, tempo, drums=rng.random() < 0.35, drift=drift)


def is_true(hypothesis: Hypothesis, truth: Performance) -> bool:
    """Decide whether a hypothesis is right in metre, beats and downbeats."""
    metre, music = hypothesis.metre, truth.written
    if metre.signature != music.signature or metre.division != music.division:
        return False
    return matched(hypothesis.beats, truth.beats) >= 0.85 and (
        matched(
            hypothesis.beats[hypothesis.downbeat :: len(metre.beats)],
            truth.beats[truth.downbeats],
            float(np.median(np.diff(truth.beats))),
        )
        >= 0.8
    )


def matched(beats: Floats, truth: Floats, period: float | None = None) -> float:
    """Return the F1 score of beats within 70 ms or an eighth of a beat, whichever is more."""
    inside = beats[(beats > truth[0] - 0.1) & (beats < truth[-1] + 0.1)]
    if not len(inside) or len(truth) < 2:
        return 0.0
    reach = max(0.07, 0.125 * (period or float(np.median(np.diff(truth)))))
    hits = int((np.abs(inside[:, None] - truth).min(axis=0) < reach).sum())
    return 2 * hits / (len(inside) + len(truth))


def count(performances: list[Performance]) -> Model:
    """Learn rates and marks from the true grid."""
    n_events, n_positions = np.zeros(len(KINDS)), np.zeros(len(KINDS))
    tables = {mark: np.full((len(KINDS) + 1, size), 1.0) for mark, size in MARKS.items()}
    flat = np.ones(len(KINDS))
    for truth in performances:
        events, music = events_of(truth.notes), truth.written
        grid = GRIDS[music.division]
        placed = align(events.times, truth.beats, grid, flat)
        kinds = placed.kind.copy()
        beat_kinds = kinds_of(truth)
        on_beat = (kinds == grid.kinds[0]) & (placed.beat >= 0) & (placed.beat < len(truth.beats))
        kinds[on_beat] = beat_kinds[placed.beat[on_beat]]
        weight = 1 / len(events.times)
        for kind in beat_kinds:
            n_positions[kind] += weight
        for kind in grid.kinds[1:]:
            n_positions[kind] += weight * (len(truth.beats) - 1)
        n_events += weight * np.bincount(kinds[kinds < OFF_GRID], minlength=len(KINDS))
        values = marks_of(events)
        pitched = np.isfinite(events.lowest)
        for mark, table in tables.items():
            used = np.full(len(kinds), True) if mark in ("drums", "velocity") else pitched
            np.add.at(table, (kinds[used], values[mark][used]), 1.0)
    rates = n_events / np.maximum(n_positions, 1e-9) + 0.01
    marks = {}
    for mark, table in tables.items():
        overall = table.sum(axis=0) / table.sum()
        smooth = table + 30 * overall
        marks[mark] = np.log(smooth / smooth.sum(axis=1, keepdims=True) / overall)
    return Model(rates, marks, np.zeros(len(FEATURES)))


def kinds_of(truth: Performance) -> NDArray[np.intp]:
    """Return the kind of each true beat."""
    music = truth.written
    strong = strong_beats(music)
    letters = ["D", *("S" if b in strong else "b" for b in range(1, music.beats_in_bar))]
    if music.division == "compound" and music.beats_in_bar != 4:
        letters = ["D", *"b" * (music.beats_in_bar - 1)]
    near = [m for m in METRES if m.signature == music.signature and m.division == music.division]
    names = {"D": "downbeat", "S": "group", "b": "beat"}
    if music.division == "eighths":
        names["b"] = "half"
    prefix = "compound-" if music.division == "compound" else ""
    ours = [KINDS.index(prefix + names[letter]) for letter in letters]
    best = max(near, key=lambda m: sum(a == b for a, b in zip(m.beats, ours, strict=True)))
    first = int(np.flatnonzero(truth.downbeats)[0])
    return np.array([best.beats[(i - first) % len(best.beats)] for i in range(len(truth.beats))])


def _examples(job: tuple[Model, Performance]) -> tuple[Floats, NDArray[np.bool_]]:
    model, truth = job
    events = events_of(truth.notes)
    candidates = list(hypotheses(events, beat_tracks(events), model))
    return (
        np.array([one.features for one in candidates], np.float32),
        np.array([is_true(one, truth) for one in candidates]),
    )


def fit_weights(examples: list[tuple[Floats, NDArray[np.bool_]]], prior: float = PRIOR) -> Floats:
    """Maximise the conditional likelihood of the true hypotheses."""
    known = [(x, y) for x, y in examples if y.any()]
    x = np.concatenate([features for features, _ in known]).astype(float)
    y = np.concatenate([true for _, true in known])
    sizes = np.array([len(true) for _, true in known])
    starts, number = np.cumsum(sizes) - sizes, np.repeat(np.arange(len(known)), sizes)

    def loss(weights: Floats) -> tuple[float, Floats]:
        scores = x @ weights
        share = np.exp(scores - np.maximum.reduceat(scores, starts)[number])
        share /= np.add.reduceat(share, starts)[number]
        right = np.add.reduceat(share * y, starts) + 1e-12
        total = 0.5 * prior * float(weights @ weights) - float(np.log(right).sum())
        gradient = prior * weights + (share - share * y / right[number]) @ x
        return total / len(known), gradient / len(known)

    start = np.zeros(len(FEATURES))
    return minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 400}).x


def draw(corpus: list[Piece], n: int, seed: int) -> list[Performance]:
    """Draw performances of all metres."""
    rng, material = np.random.default_rng([7, seed]), by_metre(corpus)
    drawn = []
    for kind, share in SHARES.items():
        some = material.get(kind, [])
        for number in range(round(share * n)):
            if some:
                music = some[int(rng.integers(0, len(some)))]
                truth = performance(seed + number + zlib.crc32(str(kind).encode()) % 10**6, music)
                if len(truth.notes) >= 16 and truth.downbeats.sum() > 3:
                    drawn.append(truth)
    return drawn


def report(examples: list[Any], truths: list[Performance], weights: Floats) -> None:
    """Print the accuracy by metre."""
    right: Counter[Any] = Counter()
    for (x, y), truth in zip(examples, truths, strict=True):
        kind = (truth.written.signature, truth.written.division)
        best = int((x @ weights).argmax()) if len(x) else 0
        right[kind, "n"] += 1
        right[kind, "possible"] += bool(y.any())
        right[kind, "right"] += bool(len(y) and y[best])
    for kind in SHARES:
        print(kind, *(right[kind, name] for name in ("n", "possible", "right")))
    n = sum(right[kind, "n"] for kind in SHARES)
    print("right", sum(right[kind, "right"] for kind in SHARES) / max(n, 1), flush=True)


def kind_of(piece: Piece) -> str:
    """Return the kind of music; quartets modulate, so only their ends are sure of their key."""
    home = piece.name.split("/")[0]
    return {"bach": "chorale", "ryansMammoth": "tune", "oneills1850": "tune"}.get(home, "quartet")


def key_examples(
    corpus: list[Piece], n: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Describe excerpts of pieces, transposed; return profiles and the number of the true key."""
    rng = np.random.default_rng([8, seed])
    known = [piece for piece in corpus if piece.mode]
    groups: dict[tuple[str, str], list[Piece]] = {}
    for piece in known:
        groups.setdefault((piece.mode, kind_of(piece)), []).append(piece)
    profiles, truths = [], []
    for number in range(n):
        mode = "minor" if number % 3 == 0 else "major"
        kinds = sorted(kind for other, kind in groups if other == mode)
        kind = kinds[int(rng.integers(0, len(kinds)))]
        some = groups[mode, kind]
        piece = some[int(rng.integers(0, len(some)))]
        rows, up = piece.notes, int(rng.integers(-6, 6))
        last = float((rows[:, 0] + rows[:, 1]).max())
        length = float(rng.choice([16, 32, 64, 128]))
        inside = rng.uniform(0, max(last - length, 0))
        start = float(rng.choice([0, 0, 0, inside if kind != "quartet" else 0]))
        if rng.random() < 0.2:
            start = max(last - length, 0)
        rows = rows[(rows[:, 0] >= start) & (rows[:, 0] < start + length)]
        if len(rows) < 12:
            continue
        second = 60 / float(np.clip(100 * 2 ** (0.4 * rng.standard_normal()), 40, 220))
        missed = float(rng.choice([0.0, 0.0, 0.1]))
        notes = []
        for onset, duration, midi in rows.tolist():
            if rng.random() < missed:
                continue
            at, pitch = (onset - start) * second, int(np.clip(midi + up, 0, 127))
            if rng.random() < missed / 2:
                pitch = int(np.clip(pitch + rng.choice([12, 19, -12, 1]), 0, 127))
            end = at + max(0.9 * duration * second, 0.03)
            notes.append(Note(at, end, pitch, float(rng.uniform(0.3, 0.9))))
        described = keys.profiles_of(notes)
        if described is not None:
            profiles.append(described)
            truths.append((piece.tonic + up) % 12 + 12 * (mode == "minor"))
    return np.array(profiles), np.array(truths)


def learn_keys(
    trained: list[Piece], tested: list[Piece], n: int = 4000, prior: float = 1.0
) -> dict[str, NDArray[np.float32]]:
    """Learn the weights of keys by logistic regression."""
    x, y = key_examples(trained, n, 0)
    tonics = np.stack([np.roll(x, -tonic, axis=2) for tonic in range(12)], axis=1)
    shape = (2, *x.shape[1:])

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights = flat.reshape(shape)
        scores = np.einsum("ntpc,mpc->nmt", tonics, weights).reshape(len(x), 24)
        scores -= scores.max(axis=1, keepdims=True)
        share = np.exp(scores)
        share /= share.sum(axis=1, keepdims=True)
        value = -np.log(share[np.arange(len(y)), y]).sum() + 0.5 * prior * flat @ flat
        share[np.arange(len(y)), y] -= 1
        gradient = np.einsum("nmt,ntpc->mpc", share.reshape(len(x), 2, 12), tonics)
        return value / len(x), (gradient.ravel() + prior * flat) / len(x)

    fit = minimize(loss, np.zeros(np.prod(shape)), jac=True, method="L-BFGS-B")
    weights = fit.x.reshape(shape)
    for name, corpus in (("trained", trained), ("tested", tested)):
        test, truth = key_examples(corpus, 1000, 1)
        guesses = [keys.probabilities(one, weights) for one in test]
        right = np.array([g.ravel().argmax() for g in guesses]) == truth
        sure = np.mean([g.max() for g in guesses])
        print(f"keys of {name} pieces: {right.mean():.3f} right, confidence {sure:.3f}")
    return {"keys": weights.astype(np.float32)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--performances", type=int, default=800)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    corpus = pieces(options.cache / "corpus.json")
    trained = [piece for piece in corpus if not is_held_out(piece)]
    tested = [piece for piece in corpus if is_held_out(piece)]
    truths = draw(trained, options.performances, 0)
    model = count(truths)
    np.set_printoptions(precision=2, suppress=True)
    print(dict(zip(KINDS, model.rates.round(3).tolist(), strict=True)))
    with multiprocessing.Pool(options.processes) as pool:
        examples = pool.map(_examples, [(model, truth) for truth in truths], chunksize=4)
        weights = fit_weights(examples)
        print(dict(zip(FEATURES, weights.round(2).tolist(), strict=True)))
        report(examples, truths, weights)
        others = draw(tested, options.performances // 4, 10**7)
        report(
            pool.map(_examples, [(model, truth) for truth in others], chunksize=4), others, weights
        )
    profiles = learn_keys(trained, tested)
    marks = {f"marks.{mark}": table.astype(np.float32) for mark, table in model.marks.items()}
    write_arrays(
        options.out,
        {
            "rates": model.rates.astype(np.float32),
            **marks,
            "weights": weights.astype(np.float32),
            **profiles,
        },
    )


if __name__ == "__main__":
    main()
