"""The transcriber's examples: spectrograms of clips, random pieces of them, and the truth."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from otowake.music.transcription.decoding import FRAME_PERIOD
from otowake.music.transcription.transcriber import N_HEADS, N_KEYS
from otowake.signal.vqt import LOWEST, RATE, ROWS, level, vqt
from training.rng import Rng

LEVEL_STEPS = 55.0
"""Steps of the stored bytes in one unit of a level (20 dB)."""

TRIANGLE_HALF_WIDTH = 2.0
"""Half the width of the triangle around an onset or an offset, in frames."""

CELLS = "cells"
"""Folder of the spectrograms in the cache."""

PIECE_FRAMES = 256
"""Frames of a piece."""

NOTE_UNITS = (1, 1, 1, 127, 1)
"""Units of the columns of notes on disk."""

LOG_POWER_PER_UNIT = np.float32(2 * np.log(10))
"""Natural logarithm of the power in one unit of a level."""

N_NOISES = 48
"""Noises from which pieces draw."""


class Clip(NamedTuple):
    """A clip.

    Attributes
    ----------
    spectrogram
        Shape (frame, row, channel): levels in steps of :data:`LEVEL_STEPS`.
    notes
        Shape (note, 5): onset, offset, midi, velocity from 0 to 1, 1 if sustained.
    """

    spectrogram: NDArray[np.uint8]
    notes: NDArray[np.float64]


Read = Callable[[Path], list[tuple[NDArray[np.int16], NDArray[np.float64]]]]
"""Reads the audio of a shard's clips and the notes, with velocities to 127."""


def prepare(path: Path, folder: Path, read: Read) -> None:
    """Compute the spectrograms of a shard, unless they are there."""
    spectrograms(path, folder, read)


def spectrograms(path: Path, folder: Path, read: Read) -> list[Clip]:
    """Return the clips of a shard; `folder` keeps the spectrograms."""
    kept, table = folder / f"{path.stem}.cells.npy", folder / f"{path.stem}.notes.npz"
    if not (kept.exists() and table.exists()):
        folder.mkdir(parents=True, exist_ok=True)
        clips = read(path)
        stacked = np.stack([_bytes(audio) for audio, _ in clips])
        rows = [np.asarray(notes, np.float64).reshape(-1, 5) / NOTE_UNITS for _, notes in clips]
        part = folder / f"{path.stem}.{os.getpid()}.part"
        with part.open("wb") as file:
            np.savez(file, notes=np.concatenate(rows), counts=[len(r) for r in rows])
        part.replace(table)
        with part.open("wb") as file:
            np.save(file, stacked)
        part.replace(kept)
    with np.load(table) as file:
        notes = np.split(file["notes"], np.cumsum(file["counts"])[:-1])
    return [Clip(c, n) for c, n in zip(np.load(kept, mmap_mode="r"), notes, strict=True)]


def _bytes(audio: NDArray[np.int16]) -> NDArray[np.uint8]:
    samples = audio.astype(np.float32) / 32768
    values = vqt(samples, level(samples))
    return np.clip(np.rint(values * LEVEL_STEPS), 0, 255).astype(np.uint8)


def truth(notes: NDArray[np.float64], start: int, n: int) -> NDArray[np.float32]:
    """Return the targets of `n` frames from frame `start`, shape (head, frame, key).

    Onsets and offsets are triangles. The frame target is the share of the frame in which a note
    sounds. The velocity is given within the triangles of onsets, and 0 elsewhere; whether a note is
    sustained, where it sounds.
    """
    target = np.zeros((N_HEADS, n, N_KEYS), np.float32)
    onset, frame, velocity, offset, sustained = target
    key = np.rint(notes[:, 2]).astype(int) - LOWEST
    begin, end = notes[:, 0] / FRAME_PERIOD - start, notes[:, 1] / FRAME_PERIOD - start
    reach = TRIANGLE_HALF_WIDTH
    use = (key >= 0) & (key < N_KEYS) & (end > -reach) & (begin < n + reach)
    columns = key[use], begin[use], end[use], notes[use, 3], notes[use, 4]
    for k, b, e, v, held in zip(*columns, strict=True):
        first, last = max(0, int(np.floor(b - 0.5))), min(n, int(np.ceil(e + 0.5)) + 1)
        if last > first:
            at = np.arange(first, last)
            share = np.clip(np.minimum(at + 0.5, e) - np.maximum(at - 0.5, b), 0, 1)
            np.maximum(frame[first:last, k], share, out=frame[first:last, k])
            sustained[first:last, k] = held
        velocity[_raise_triangle(onset[:, k], b), k] = v
        _raise_triangle(offset[:, k], e)
    return target


def _raise_triangle(values: NDArray[np.float32], apex: float) -> NDArray[np.intp]:
    """Raise values to a triangle around `apex`, in frames; return the indices that it raised."""
    reach = TRIANGLE_HALF_WIDTH
    first = max(0, int(np.ceil(apex - reach)))
    last = min(len(values), int(np.floor(apex + reach)) + 1)
    at = np.arange(first, max(first, last))
    height = (1 - np.abs(at - apex) / reach).astype(np.float32)
    higher = at[height > values[at]]
    values[higher] = height[height > values[at]]
    return higher


class Batch(NamedTuple):
    """One piece or several.

    Attributes
    ----------
    spectrogram
        Shape (…, frame, row, channel).
    truth
        Shape (…, head, frame, key).
    """

    spectrogram: NDArray[np.float32]
    truth: NDArray[np.float32]


def batch(clips: list[Clip], rng: Rng, size: int) -> Batch:
    """Draw random pieces of clips."""
    pieces = [piece(clips, rng) for _ in range(size)]
    return Batch(np.stack([p.spectrogram for p in pieces]), np.stack([p.truth for p in pieces]))


def piece(clips: list[Clip], rng: Rng) -> Batch:
    """Draw a piece of one clip or of two, with filters, noise, gain, transposition and gaps."""
    if rng.random() < 0.03:
        silence = np.zeros((N_HEADS, PIECE_FRAMES, N_KEYS), np.float32)
        return Batch(equalised(_noise(rng), rng, 8), silence)
    spectrogram, target = _cut(clips, rng)
    spectrogram = equalised(spectrogram, rng, 5)
    if rng.random() < 0.3:
        other, other_target = _cut(clips, rng)
        other = equalised(np.maximum(other - rng.uniform(0, 0.7), 0), rng, 5)
        spectrogram, target = _mixed(spectrogram, other), np.maximum(target, other_target)
    if rng.random() < 0.5:
        noise = equalised(_noise(rng), rng, 8)
        spectrogram = _mixed(spectrogram, np.maximum(noise - rng.uniform(0.3, 2.8), 0))
    gain = np.float32(rng.normal(-0.15, 0.3))
    spectrogram = np.where(spectrogram > 0, np.maximum(spectrogram + gain, 0), 0)
    if rng.random() < 0.15:
        spectrogram[:, rng.integers(60, ROWS) :] = 0
    if rng.random() < 0.15:
        spectrogram[:, : rng.integers(1, 24)] = 0
    if rng.random() < 0.15:
        first = rng.integers(ROWS - 6)
        spectrogram[:, first : first + rng.integers(2, 6)] = 0
    return Batch(spectrogram, target)


@lru_cache
def noises(n: int = N_NOISES) -> list[Clip]:
    """Make hiss, rumble and crackle of 20 s: coloured noise, steady or swelling, with clicks."""
    clips = []
    for rng in np.random.default_rng(0).spawn(n):
        size = 20 * RATE
        colour = np.maximum(np.arange(size // 2 + 1), 20.0) ** -rng.uniform(0, 1.2)
        sound = np.fft.irfft(np.fft.rfft(rng.normal(size=size)) * colour, size)
        sound /= sound.std()
        swell = np.interp(np.linspace(0, 40, size), np.arange(41), rng.normal(size=41))
        sound *= np.exp(rng.choice([0, 0.4, 1.0]) * swell)
        if rng.random() < 0.4:
            clicks = rng.integers(size, size=rng.integers(5, 400))
            sound[clicks] += rng.normal(size=len(clicks)) * rng.uniform(5, 60)
        audio = np.clip(sound * 1000, -32768, 32767).astype(np.int16)
        clips.append(Clip(_bytes(audio), np.zeros((0, 5))))
    return clips


def levels(clip: Clip, start: int, stop: int) -> NDArray[np.float32]:
    """Return the spectrogram of a range of frames; 0 before and after the clip."""
    n = len(clip.spectrogram)
    steps = clip.spectrogram[max(start, 0) : min(stop, n)]
    padding = (max(-start, 0), max(stop - n, 0))
    padded = np.pad(steps, (padding, (0, 0), (0, 0)))
    return padded.astype(np.float32) / np.float32(LEVEL_STEPS)


def _noise(rng: Rng) -> NDArray[np.float32]:
    clip = noises()[rng.integers(len(noises()))]
    start = int(rng.integers(len(clip.spectrogram) - PIECE_FRAMES + 1))
    return levels(clip, start, start + PIECE_FRAMES)


def _cut(clips: list[Clip], rng: Rng) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cut a piece and its target from a clip, transposed by up to three semitones."""
    clip = clips[rng.integers(len(clips))]
    start = int(rng.integers(max(1, len(clip.spectrogram) - PIECE_FRAMES + 1)))
    values = levels(clip, start, start + PIECE_FRAMES)
    target = truth(clip.notes, start, PIECE_FRAMES)
    semitones = int(rng.integers(-3, 4)) if rng.random() < 0.5 else 0
    return _shifted(values, semitones, 1), _shifted(target, semitones, 2)


def _shifted(values: NDArray[np.float32], semitones: int, axis: int) -> NDArray[np.float32]:
    """Move rows up by some semitones, with zeros at the edge."""
    moved = np.roll(values, semitones, axis)
    empty = [slice(None)] * values.ndim
    empty[axis] = slice(0, semitones) if semitones >= 0 else slice(semitones, None)
    moved[tuple(empty)] = 0
    return moved


def curve(rng: Rng, decibels: float) -> NDArray[np.float32]:
    """Draw a smooth curve over the rows, of about so many decibels, in units of a level."""
    rows = np.linspace(0, 1, ROWS)
    waves = [
        rng.normal() / (1 + 0.5 * k) * np.cos(np.pi * (k * rows + rng.uniform(0, 2)))
        for k in range(1, 6)
    ]
    return (np.sum(waves, axis=0) * decibels / 20).astype(np.float32)


def equalised(levels: NDArray[np.float32], rng: Rng, decibels: float) -> NDArray[np.float32]:
    """Apply a smooth random filter over pitch; silence stays silent."""
    filtered = np.maximum(levels + curve(rng, decibels)[:, None], 0)
    return np.where(levels > 0, filtered, 0).astype(np.float32)


def _mixed(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the levels of two sounds together: the sum of their powers."""
    power = np.exp(LOG_POWER_PER_UNIT * a) + np.exp(LOG_POWER_PER_UNIT * b) - 1
    return np.log(np.maximum(power, 1)) / LOG_POWER_PER_UNIT


class Prefetcher:
    """Makes the batch of the next step in a thread; the seed and the step determine a batch."""

    def __init__(self, clips: list[Clip], seed: int, size: int) -> None:
        self.clips, self.seed, self.size = clips, seed, size
        self._pool = ThreadPoolExecutor(1)
        self._pending: dict[int, Future[Batch]] = {}

    def __enter__(self) -> Prefetcher:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def __call__(self, step: int) -> Batch:
        """Return the batch of a step."""
        result = (self._pending.pop(step, None) or self._submit(step)).result()
        self._pending = {step + 1: self._submit(step + 1)}
        return result

    def _submit(self, step: int) -> Future[Batch]:
        rng = np.random.default_rng((self.seed, step))
        return self._pool.submit(batch, self.clips, rng, self.size)
