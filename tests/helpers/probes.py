"""Run each pretrained network on the seeded ensemble, and sample its outputs.

``PYTHONPATH=. python tests/helpers/probes.py``
records the goldens again; with ``--double`` it doubles each
array of the weights files in turn and prints the arrays whose change no output shows.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import ensemble
import numpy as np

from otowake.arrays import packaged
from otowake.music.drums import onsets
from otowake.music.players import recognizer
from otowake.music.song import network
from otowake.music.song.masks import band_blocks
from otowake.music.transcription import offsets, transcriber
from otowake.signal.mono import MonoSignal
from otowake.types import Floats

GOLDEN = Path(__file__).resolve().parents[1] / "goldens" / "networks.npz"
FILES = ("transcriber.npz", "recognizer.npz", "drums.npz", "song.npz")
SECONDS = 5.0
TOLERANCE = 0.001
"""Largest difference of an output, absolute and relative."""


def contents() -> dict[str, bytes]:
    """Read the weights files of the package."""
    return {name: packaged(name) for name in FILES}


def probes(name: str, content: bytes) -> dict[str, Floats]:
    """Run the networks of one weights file on the first seconds of the ensemble."""
    sound = ensemble.mixture(SECONDS)
    if name == "transcriber.npz":
        networks = transcriber.load_weights(content)
        posteriors = transcriber.posteriors(sound, networks.weights)
        notes = networks.notes(posteriors)
        return {
            "posteriors": np.stack(posteriors)[:, ::6].astype(np.float32),
            "notes": np.array([len(notes.onset), notes.onset.sum(), notes.offset.sum()]),
            "lengths": offsets._forward(
                offsets.note_features(notes, posteriors), networks.offset_weights
            ),
        }
    if name == "recognizer.npz":
        rows = np.concatenate([ensemble.true_notes(part) for part in ensemble.PARTS])
        onset, offset, midi = rows[rows[:, 1] < SECONDS].T
        predictions = recognizer.recognize(
            sound, onset, offset, midi, recognizer.load_recognizer(content)
        )
        scores = predictions.assignment([0, 9, 17]) if predictions.assignment else np.zeros(0)
        return {
            "unary": predictions.unary,
            "contextual": predictions.contextual,
            "assignment": np.asarray(scores),
        }
    if name == "song.npz":
        model, mono = network.load_weights(content), MonoSignal(sound)
        scale = mono.magnitudes(network.STFT).scale
        (block,) = band_blocks(sound.blocks(sound.n_samples), sound.rate, scale, model.weights)
        return {
            "masks": block.masks[:, :, ::8, ::8],
            "vocals": np.array([model.min_vocals]),
        }
    detector = onsets.load_weights(content)
    hits = onsets.detect_drums(sound, assume_drums=True, detector=detector)
    probabilities, _ = onsets.hit_probabilities(sound, detector.weights)
    return {
        "hits": np.array([len(hits), sum(hit.onset + hit.midi for hit in hits)]),
        "probabilities": probabilities.astype(np.float32),
        "spectra": detector.spectra.sum(axis=2),
    }


def differences(name: str, content: bytes) -> list[str]:
    """List the outputs that differ from the recorded ones."""
    with np.load(GOLDEN) as golden:
        return [
            key
            for key, values in probes(name, content).items()
            if values.shape != golden[f"{name}/{key}"].shape
            or not np.allclose(values, golden[f"{name}/{key}"], TOLERANCE, TOLERANCE)
        ]


def doubled(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Double one array of a weights file after the other."""
    with np.load(io.BytesIO(content)) as stored:
        arrays = {key: stored[key] for key in stored.files}
    for key, values in arrays.items():
        file = io.BytesIO()
        np.savez(file, **{**arrays, key: 2 * values})
        yield key, file.getvalue()


def record() -> None:
    """Write the goldens."""
    outputs = {
        f"{name}/{key}": values.astype(np.float32)
        for name, content in contents().items()
        for key, values in probes(name, content).items()
    }
    np.savez_compressed(GOLDEN, **outputs)


def print_unnoticed() -> None:
    """Print each array that can be doubled without a difference."""
    for name, content in contents().items():
        arrays = [(key, differences(name, changed)) for key, changed in doubled(content)]
        unnoticed = [key for key, differing in arrays if not differing]
        print(f"{name}: {len(arrays)} arrays, not noticed when doubled: {unnoticed or 'none'}")


if __name__ == "__main__":
    print_unnoticed() if "--double" in sys.argv else record()
