"""The recogniser's examples: features of the notes in scenes.

Half of the scenes have the notes that the transcriber detects, the others the true notes with
errors of a manual transcription.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from otowake.music.players.envelopes import note_envelopes
from otowake.music.players.features import FEATURE_KEYS, NoteFeatures, note_patches, pool_patches
from otowake.music.theory.instruments import INSTRUMENT_NAMES
from otowake.music.transcription import transcriber
from otowake.music.transcription.decoding import decode
from otowake.signal.mono import MonoSignal
from otowake.signal.vqt import RATE
from otowake.types import Audio
from training import files
from training.data.mixtures import FOLDER, SECONDS, Choice, choices, kind_of, scene
from training.rng import Rng

SCENES_PER_FILE = 40
"""Scenes in a file."""

UNPLAYED = -1
"""Label, bank and player of a note that is not in the truth, or too short to learn from."""

NO_MATCH = -1
"""Index of the true note of a detected note that has none."""

COLUMNS = {
    "onset": np.float32,
    "offset": np.float32,
    "midi": np.int16,
    "label": np.int64,
    "bank": np.int16,
    "scene": np.int32,
    "player": np.int16,
}
"""Columns that files keep of every note besides the features."""

DETECTED_SHARE = 0.5
"""Share of the scenes with the transcriber's notes; the others have inexact true notes."""

VERSION = 9
"""Version of the scenes: a change that gives other scenes for the same seeds increases it."""


class NoteDataset(NamedTuple):
    """Notes to learn from.

    Attributes
    ----------
    features
        Features of the notes.
    midi
        Shape (note,).
    label
        Shape (note,): index of the class in :data:`otowake.music.theory.instruments.INSTRUMENTS`.
    bank
        Shape (note,): index in `names`.
    names
        Names of the banks.
    """

    features: NoteFeatures
    midi: NDArray[np.int16]
    label: NDArray[np.int64]
    bank: NDArray[np.int16]
    names: tuple[str, ...]


def prepare(cache_folder: Path, first: int) -> Path:
    """Compute the features of the notes in the scenes from seed `first` on, unless in the cache."""
    path = cache_folder / FOLDER / f"notes-v{VERSION}" / f"{first:06d}.npz"
    if path.exists():
        return path
    available = _choices(cache_folder)
    columns: dict[str, list] = {name: [] for name in (*FEATURE_KEYS, *COLUMNS)}
    for seed in range(first, first + SCENES_PER_FILE):
        wave, table, banks_of, players = scene(seed, available, kind_of(seed).maker)
        rng = np.random.default_rng([3, seed])
        notes_of = _detected_notes if rng.random() < DETECTED_SHARE else _inexact_notes
        onset, offset, midi, match = notes_of(rng, wave, table)
        clear = (match != NO_MATCH) & (offset - onset > 0.05) & (onset < SECONDS - 0.2)
        if not clear.any():
            continue
        bank = np.where(clear, banks_of[match], UNPLAYED)
        label = [
            INSTRUMENT_NAMES.index(available[i].label) if i != UNPLAYED else UNPLAYED for i in bank
        ]
        player = np.where(clear, players[match], UNPLAYED)
        mono = MonoSignal(Audio(wave, RATE))
        envelopes = note_envelopes(mono, onset, offset, midi)
        for indices, batch in note_patches(mono, onset, offset, midi):
            features = pool_patches(batch, envelopes[indices])
            for name, values in zip(FEATURE_KEYS, features, strict=True):
                columns[name].append(values.astype(np.float16))
            values = (onset, offset, midi, label, bank, np.full(len(onset), seed), player)
            for (name, dtype), column in zip(COLUMNS.items(), values, strict=True):
                columns[name].append(np.asarray(column)[indices].astype(dtype))
    names = {"names": np.array([c.bank.name for c in available])}
    files.store(path, names | {k: np.concatenate(v) for k, v in columns.items()})
    return path


class SceneNotes(NamedTuple):
    """Notes of a scene, arrays of shape (note,).

    `match` is the index of the true note, :data:`NO_MATCH` where there is none.
    """

    onset: NDArray[np.float64]
    offset: NDArray[np.float64]
    midi: NDArray[np.float64]
    match: NDArray[np.int64]


def _inexact_notes(rng: Rng, _: NDArray[np.float32], table: NDArray[np.float64]) -> SceneNotes:
    """Return the true notes with errors of a manual transcription: omissions, octaves, timing."""
    onset = np.maximum(table[:, 0] + rng.normal(0.008, 0.02, len(table)), 0)
    offset = np.maximum(table[:, 1] + rng.normal(0, 0.05, len(table)), onset + 0.05)
    midi = table[:, 2] + rng.choice([0, -12, 12], len(table), p=[0.96, 0.02, 0.02])
    kept = np.flatnonzero((table[:, 1] - table[:, 0] > 0.07) & (rng.random(len(table)) > 0.08))
    return SceneNotes(onset[kept], offset[kept], midi[kept], kept)


def _detected_notes(_: Rng, wave: NDArray[np.float32], table: NDArray[np.float64]) -> SceneNotes:
    """Return the notes that the transcriber detects."""
    model = transcriber.load_pretrained()
    values = transcriber.posteriors(Audio(wave, RATE), model.weights, 128)
    notes = decode(values, model.decoder)
    delay = np.abs(notes.onset[:, None] - table[:, 0])
    delay[notes.midi[:, None] != table[:, 2]] = np.inf
    nearest = delay.argmin(axis=1) if len(table) else np.zeros(len(notes.onset), np.int64)
    matched = delay.min(axis=1, initial=np.inf) < 0.06
    match = np.where(matched, nearest, NO_MATCH)
    return SceneNotes(notes.onset, notes.offset, notes.midi.astype(float), match)


@cache
def _choices(folder: Path) -> list[Choice]:
    return choices(folder)


def load(paths: list[Path]) -> NoteDataset:
    """Return the notes of some files, without notes that are not in the truth."""
    parts = [arrays_of(path) for path in paths]
    played = [part["label"] != UNPLAYED for part in parts]
    columns = {
        name: np.concatenate([part[name][use] for part, use in zip(parts, played, strict=True)])
        for name in (*FEATURE_KEYS, *NoteDataset._fields[1:-1])
    }
    features = NoteFeatures(*(columns.pop(name) for name in FEATURE_KEYS))
    return NoteDataset(features, **columns, names=tuple(parts[0]["names"].tolist()))


def arrays_of(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays that :func:`prepare` wrote."""
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}
