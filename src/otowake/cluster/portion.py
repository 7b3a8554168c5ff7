"""What a worker does while a dictionary is learnt: it keeps portions of the recordings, and brings their H up to date.

A portion's frames lie one after the other in an unnamed file on the worker's disk, in blocks of one length that may
reach across recordings. They never leave the worker; W comes in, and the sums over the frames go out.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from otowake import __version__, text
from otowake.errors import BadInput, OtowakeError
from otowake.nmf.frames import BLOCK_FRAMES, InMemory, PaddedBlocks, columns
from otowake.nmf.multistart import lifted, thin
from otowake.nmf.objective import Block, Problem, penalised
from otowake.nmf.problem import problem_of
from otowake.nmf.solvers import MU
from otowake.results.checkpoint import Checkpoint
from otowake.results.recipe import Recipe
from otowake.runtime import keep_compiled_programs, quiet_decoders, use_threads
from otowake.signal import spectrogram
from otowake.text import Language
from otowake.types import Floats


@dataclass(frozen=True)
class Job:
    """What is learnt, as plain values that travel. `sample` is how many frames of each portion go into the start."""

    key: str
    folder: str
    recipe: dict[str, Any]
    sample: int
    language: Language = "en"
    version: str = __version__


class Contents(NamedTuple):
    """What a portion holds: frames, some of them evenly spaced (frequency, frame), and what could not be read."""

    n_frames: int
    sample: Floats
    failures: list[tuple[str, str]]


class Total(NamedTuple):
    """Sums over frames: the two halves of W's gradient, and the loss."""

    negative: Floats
    positive: Floats
    loss: Any


Node = tuple[int, int]
"""A place in the tree by which sums are added: (0, i) is the portion i, and (n + 1, i) the sum of (n, 2i) and (n, 2i + 1)."""


class NotHeld(Exception):
    """A portion is asked for that this process does not have: it was begun anew."""


def folded(totals: dict[Node, Total], count: int) -> dict[Node, Total]:
    """Add what can be added: neighbours in a tree over `count` portions, which alone says in what order.

    Examples
    --------
    >>> one = Total(np.ones(1), np.ones(1), 1.0)
    >>> [*folded({(0, 0): one, (0, 1): one, (0, 2): one}, 3)], [*folded({(0, 1): one, (0, 2): one}, 4)]
    ([(2, 0)], [(0, 1), (0, 2)])
    """
    totals, level = dict(totals), 0
    while count > 1:
        for i in range(0, count, 2):
            left, right, above = (level, i), (level, i + 1), (level + 1, i // 2)
            if left in totals and i + 1 == count:
                totals[above] = totals.pop(left)
            elif left in totals and right in totals:
                a, b = totals.pop(left), totals.pop(right)
                totals[above] = Total(
                    a.negative + b.negative, a.positive + b.positive, a.loss + b.loss
                )
        count, level = (count + 1) // 2, level + 1
    return totals


class OnDisk:
    """A matrix of shape (frequency, frame) in a file, one frame after the other, float32."""

    def __init__(self, file: IO[bytes], n_bins: int, n_frames: int) -> None:
        self.file, self.shape = file, (n_bins, n_frames)

    def frames(self, start: int, stop: int) -> Floats:
        size = 4 * self.shape[0]
        read = os.pread(self.file.fileno(), (stop - start) * size, start * size)
        return np.frombuffer(read, dtype=np.float32).reshape(-1, self.shape[0]).T


class Portion:
    """Some recordings as one matrix in blocks, with the H of the pass that it has come to."""

    def __init__(
        self, job: Job, place: int, files: Sequence[tuple[str, str]], scratch: str | None
    ) -> None:
        self.job, self.place = job, place
        self.recipe = Recipe.of(job.recipe)
        file = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115 - it lives as long as the portion
        n_bins, n_frames = self.recipe.stft.n_fft // 2 + 1, 0
        failures = []
        for path, digest in files:
            try:
                n_frames += self._spool(path, digest, file, scratch or tempfile.gettempdir())
            except OtowakeError as error:
                failures.append((path, error.in_language(job.language)))
                file.seek(n_frames * n_bins * 4)
        file.flush()
        V = OnDisk(file, n_bins, n_frames)
        self.blocks = PaddedBlocks(V, BLOCK_FRAMES)
        sample = np.zeros((n_bins, 0), np.float32)
        if n_frames:
            sample = np.ascontiguousarray(columns(V, thin(n_frames, job.sample)))
        self.contents = Contents(n_frames, sample, failures)
        self.H: list[Any] = []
        self.reached = -1

    def _spool(self, path: str, digest: str, file: IO[bytes], scratch: str) -> int:
        """Write the spectrogram of a recording; its frames."""
        with quiet_decoders():
            audio, V = self.recipe.open(path, Path(scratch))
            if audio.source is None or audio.source.sha256 != digest:
                raise BadInput(text.CHANGED)
            values = (V or spectrogram(audio, self.recipe.stft)).values
        matrix = InMemory(values) if isinstance(values, np.ndarray) else values
        n_frames = matrix.shape[1]
        for start in range(0, n_frames, BLOCK_FRAMES):
            block = matrix.frames(start, min(start + BLOCK_FRAMES, n_frames))
            file.write(np.ascontiguousarray(block.T, np.float32).tobytes())
        return n_frames

    def advance(self, done: int, W: Floats, keep: bool) -> Total:
        """One pass after `done` others: H brought up to date, then the sums for W and the loss with both."""
        free = np.zeros(W.shape[1], bool)
        problem = problem_of(self.recipe.fit, free, free, None)
        if self.reached != done:
            self._find(problem, done, W)
        total = None
        for i in range(len(self.blocks)):
            self.H[i], part = _pass(problem, self.blocks[i], W, self.H[i])
            total = part if total is None else jax.tree.map(jnp.add, total, part)
        self.reached = done + 1
        if keep:
            self._kept(self.reached).write({"H": np.stack(self.H)})
        return jax.tree.map(np.asarray, total)

    def _find(self, problem: Problem, done: int, W: Floats) -> None:
        """The H of a pass: as it was kept, or from W."""
        kept = self._kept(done).read() if done else None
        shape = (len(self.blocks), W.shape[1], BLOCK_FRAMES)
        if kept is not None and kept["H"].shape == shape:
            self.H = [*kept["H"]]
        else:
            self.H = [lifted(problem, self.blocks[i], W) for i in range(len(self.blocks))]

    def _kept(self, done: int) -> Checkpoint:
        return Checkpoint(Path(self.job.folder) / f"H-{done}-{self.place}.npz", 0, self.job.key)


@jax.jit
def _pass(problem: Problem, block: Block, W: Any, H: Any) -> tuple[Any, Total]:
    H, sums = MU.block(problem, block, W, H)
    return H, Total(sums[0], sums[1], penalised(problem, block, W, H))


_alone = threading.Lock()
_held: dict[tuple[str, int], Portion] = {}


def hold(
    job: Job, place: int, files: Sequence[tuple[str, str]], scratch: str | None = None
) -> Contents:
    """Read a portion, unless this process holds it already.

    Raises
    ------
    BadInput
        If the driver has another version of the program.
    """
    if job.version != __version__:
        raise BadInput(text.OTHER_VERSION, worker=__version__, driver=job.version)
    with _alone:
        use_threads(1)
        keep_compiled_programs()
        if (job.key, place) not in _held:
            _held[job.key, place] = Portion(job, place, files, scratch or _scratch())
        return _held[job.key, place].contents


def _scratch() -> str | None:
    """The folder of this worker, if it is one."""
    from distributed import get_worker

    try:
        return get_worker().local_directory
    except ValueError:
        return None


def advance(
    key: str, places: Sequence[tuple[int, int]], count: int, done: int, W: Floats, keep: bool
) -> dict[Node, Total]:
    """One pass over some of the portions, (index in the tree, place) each, and their sums as far as they can be added.

    Raises
    ------
    NotHeld
        If this process does not hold them.
    """
    with _alone:
        if any((key, place) not in _held for _, place in places):
            raise NotHeld
        totals = {(0, i): _held[key, place].advance(done, W, keep) for i, place in places}
        return folded(totals, count)


def let_go(key: str) -> None:
    """Forget all portions of a job."""
    with _alone:
        for each in [each for each in _held if each[0] == key]:
            del _held[each]
