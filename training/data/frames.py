"""What the network is taught with: cells of clips, kept on disk; pieces of them, changed at random; and the truth."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from otowake.music.transcription.decoding import SECONDS
from otowake.music.transcription.transcriber import KEYS
from otowake.signal.vqt import LOWEST, RATE, ROWS, cells, level
from training.rng import Rng

UNIT = 55.0
"""Steps of the stored bytes in one unit of a cell (20 dB)."""

HALF = 2.0
"""Half the width of an onset's triangle, in frames."""

FRAMES = 256
"""Frames of a piece."""

POWER = np.float32(2 * np.log(10))
"""The natural logarithm of power that a cell's unit makes."""


class Clip(NamedTuple):
    """Cells as bytes of shape (frame, row, channel), and notes of shape (note, 4): onset, offset, midi, velocity
    from 0 to 1."""

    cells: NDArray[np.uint8]
    notes: NDArray[np.float64]


Read = Callable[[Path], list[tuple[NDArray[np.int16], NDArray[np.float64]]]]
"""How a shard is read: the audio and the notes (onset, offset, midi, velocity to 127) of every clip."""


def prepare(path: Path, folder: Path, read: Read) -> None:
    """Work out the cells of a shard, unless they are there."""
    heard(path, folder, read)


def heard(path: Path, folder: Path, read: Read) -> list[Clip]:
    """The clips of a shard; their cells are worked out the first time and kept in `folder`."""
    kept, table = folder / f"{path.stem}.cells.npy", folder / f"{path.stem}.notes.npz"
    if not (kept.exists() and table.exists()):
        folder.mkdir(parents=True, exist_ok=True)
        clips = read(path)
        found = np.stack([_bytes(audio) for audio, _ in clips])
        rows = [np.asarray(notes, np.float64).reshape(-1, 4) / (1, 1, 1, 127) for _, notes in clips]
        part = folder / f"{path.stem}.{os.getpid()}.part"
        with part.open("wb") as file:
            np.savez(file, notes=np.concatenate(rows), counts=[len(r) for r in rows])
        part.replace(table)
        with part.open("wb") as file:
            np.save(file, found)
        part.replace(kept)
    with np.load(table) as held:
        notes = np.split(held["notes"], np.cumsum(held["counts"])[:-1])
    return [Clip(c, n) for c, n in zip(np.load(kept, mmap_mode="r"), notes, strict=True)]


def _bytes(audio: NDArray[np.int16]) -> NDArray[np.uint8]:
    samples = audio.astype(np.float32) / 32768
    return np.clip(np.rint(cells(samples, level(samples)) * UNIT), 0, 255).astype(np.uint8)


def truth(notes: NDArray[np.float64], start: int, n: int) -> NDArray[np.float32]:
    """What the network should say of `n` frames from frame `start`, shape (3, frame, key).

    Onsets are triangles; a frame in which a note sounds for a part has that part; the velocity is given within the
    triangles, and 0 elsewhere.
    """
    found = np.zeros((3, n, KEYS), np.float32)
    key = np.rint(notes[:, 2]).astype(int) - LOWEST
    begin, end = notes[:, 0] / SECONDS - start, notes[:, 1] / SECONDS - start
    use = (key >= 0) & (key < KEYS) & (end > -1) & (begin < n + HALF)
    for k, b, e, v in zip(key[use], begin[use], end[use], notes[use, 3], strict=True):
        first, last = max(0, int(np.floor(b - 0.5))), min(n, int(np.ceil(e + 0.5)) + 1)
        if last > first:
            at = np.arange(first, last)
            part = np.clip(np.minimum(at + 0.5, e) - np.maximum(at - 0.5, b), 0, 1)
            np.maximum(found[1, first:last, k], part, out=found[1, first:last, k])
        first, last = max(0, int(np.ceil(b - HALF))), min(n, int(np.floor(b + HALF)) + 1)
        if last > first:
            near = 1 - np.abs(np.arange(first, last) - b) / HALF
            nearer = near > found[0, first:last, k]
            found[0, first:last, k][nearer] = near[nearer]
            found[2, first:last, k][nearer] = v
    return found


class Batch(NamedTuple):
    """`heard` of shape (clip, frame, row, channel), `truth` of shape (clip, 3, frame, key)."""

    heard: NDArray[np.float32]
    truth: NDArray[np.float32]


def batch(clips: list[Clip], rng: Rng, size: int) -> Batch:
    """Pieces of clips drawn at random."""
    pieces = [piece(clips, rng) for _ in range(size)]
    return Batch(np.stack([p.heard for p in pieces]), np.stack([p.truth for p in pieces]))


def piece(clips: list[Clip], rng: Rng) -> Batch:
    """A piece of one clip or of two mixed, filtered, with noise, softer or louder, in another key."""
    if rng.random() < 0.03:
        return Batch(equalised(_noise(rng), rng, 8), np.zeros((3, FRAMES, KEYS), np.float32))
    heard, said = _cut(clips, rng)
    heard = equalised(heard, rng, 5)
    if rng.random() < 0.3:
        other, more = _cut(clips, rng)
        other = equalised(np.maximum(other - rng.uniform(0, 0.7), 0), rng, 5)
        heard, said = _mixed(heard, other), np.maximum(said, more)
    if rng.random() < 0.5:
        noise = equalised(_noise(rng), rng, 8)
        heard = _mixed(heard, np.maximum(noise - rng.uniform(0.3, 2.8), 0))
    gain = rng.normal(-0.15, 0.3)
    heard = np.where(heard > 0, np.maximum(heard + np.float32(gain), 0), 0)
    if rng.random() < 0.15:
        heard[:, rng.integers(60, ROWS) :] = 0
    if rng.random() < 0.15:
        heard[:, : rng.integers(1, 24)] = 0
    if rng.random() < 0.15:
        first = rng.integers(ROWS - 6)
        heard[:, first : first + rng.integers(2, 6)] = 0
    return Batch(heard, said)


@lru_cache
def noises(n: int = 48) -> list[Clip]:
    """Hiss, rumble and crackle of 20 s: noise of any colour, steady or swelling, with clicks or without."""
    found = []
    for rng in np.random.default_rng(0).spawn(n):
        size = 20 * RATE
        colour = np.maximum(np.arange(size // 2 + 1), 20.0) ** -rng.uniform(0, 1.2)
        sound = np.fft.irfft(np.fft.rfft(rng.normal(size=size)) * colour, size)
        sound /= sound.std()
        swell = np.interp(np.linspace(0, 40, size), np.arange(41), rng.normal(size=41))
        sound *= np.exp(rng.choice([0, 0.4, 1.0]) * swell)
        if rng.random() < 0.4:
            at = rng.integers(size, size=rng.integers(5, 400))
            sound[at] += rng.normal(size=len(at)) * rng.uniform(5, 60)
        found.append(
            Clip(_bytes(np.clip(sound * 1000, -32768, 32767).astype(np.int16)), np.zeros((0, 4)))
        )
    return found


def _noise(rng: Rng) -> NDArray[np.float32]:
    clip = noises()[rng.integers(len(noises()))]
    start = int(rng.integers(len(clip.cells) - FRAMES + 1))
    return clip.cells[start : start + FRAMES].astype(np.float32) / np.float32(UNIT)


def _cut(clips: list[Clip], rng: Rng) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    clip = clips[rng.integers(len(clips))]
    start = int(rng.integers(max(1, len(clip.cells) - FRAMES + 1)))
    heard = clip.cells[start : start + FRAMES].astype(np.float32) / np.float32(UNIT)
    heard = np.pad(heard, ((0, FRAMES - len(heard)), (0, 0), (0, 0)))
    said = truth(clip.notes, start, FRAMES)
    by = int(rng.integers(-3, 4)) if rng.random() < 0.5 else 0
    return _moved(heard, by, 1), _moved(said, by, 2)


def _moved(values: NDArray[np.float32], by: int, axis: int) -> NDArray[np.float32]:
    """Rows moved up by some semitones; what falls off the edge is lost, what comes in is 0."""
    moved = np.roll(values, by, axis)
    gone = [slice(None)] * values.ndim
    gone[axis] = slice(0, by) if by >= 0 else slice(by, None)
    moved[tuple(gone)] = 0
    return moved


def curve(rng: Rng, decibels: float) -> NDArray[np.float32]:
    """A smooth curve over the rows, of about so many decibels, in units of a cell."""
    rows = np.linspace(0, 1, ROWS)
    waves = [
        rng.normal() / (1 + 0.5 * k) * np.cos(np.pi * (k * rows + rng.uniform(0, 2)))
        for k in range(1, 6)
    ]
    return (np.sum(waves, axis=0) * decibels / 20).astype(np.float32)


def equalised(heard: NDArray[np.float32], rng: Rng, decibels: float) -> NDArray[np.float32]:
    """Cells with a smooth filter over pitch; silence stays."""
    return np.where(heard > 0, np.maximum(heard + curve(rng, decibels)[:, None], 0), 0).astype(
        np.float32
    )


def _mixed(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cells of two sounds together: their powers added."""
    return np.log(np.maximum(np.exp(POWER * a) + np.exp(POWER * b) - 1, 1)) / POWER


def prefetched(
    clips: list[Clip], seed: int, size: int, start: int, stop: int
) -> Iterator[tuple[int, Batch]]:
    """The batches of the steps from `start` to `stop`, each from its own seed, made while the one before is used."""
    with ThreadPoolExecutor(1) as pool:

        def asked(step: int) -> Future[Batch]:
            return pool.submit(batch, clips, np.random.default_rng((seed, step)), size)

        waiting = asked(start)
        for step in range(start, stop):
            ready = waiting.result()
            waiting = asked(step + 1)
            yield step, ready
