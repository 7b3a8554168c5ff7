"""Learn one dictionary for an archive: the driver.

In each pass the driver sends W to the workers and receives sums over all frames. The recordings, in
the order of their digests, are divided into portions, and the sums of portions are added in a fixed
tree: the result depends on the recordings, not on the number of workers. Every few passes, W and
the H of every portion are saved in a folder next to the dictionary; an interrupted run continues
from there.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from otowake import __version__, text
from otowake.cluster.inputs import recordings
from otowake.cluster.manifest import refusal, sole_driver
from otowake.cluster.portion import Contents, Job, Total, advance, folded, hold, release
from otowake.cluster.progress import Learning
from otowake.cluster.run import MOST_IDLE_ROUNDS, batches
from otowake.cluster.tasks import read_digests
from otowake.cluster.workers import (
    POLL_SECONDS,
    Call,
    Stopped,
    TaskPool,
    WorkersLost,
    call_pinned,
    connect_workers,
    is_lost,
    link_of,
    workers_of,
)
from otowake.errors import BadInput, NotConverged, OtowakeError, WorkersGone
from otowake.io.audio import Path_
from otowake.io.dictionary import Dictionary, save_dictionary
from otowake.io.names import within
from otowake.music.components.measure import describe
from otowake.nmf import factorize
from otowake.nmf.factorize import problem_of
from otowake.nmf.loop import CHUNK, LOSS_RESOLUTION
from otowake.nmf.objective import W_penalty
from otowake.nmf.solvers import MU
from otowake.options import LearnSpec
from otowake.results.checkpoint import Checkpoint, key_of
from otowake.results.recipe import Recipe
from otowake.signal import axes
from otowake.text import Language
from otowake.types import Factors, Floats

STATE_FILE = "state.npz"
INITIAL_FRAMES = 2048
"""Approximate number of frames for the initialisation, evenly spaced over all recordings."""


Watch = Callable[[Learning], bool | None]
"""Called at every pass, and about twice a second; returning True asks the learning to stop."""


def learn_dictionary(
    inputs: Iterable[Path_],
    file: Path_,
    *,
    recipe: Recipe | None = None,
    spec: LearnSpec | None = None,
    client: Any = None,
    watch: Watch | None = None,
    failed: Callable[[str, str], None] | None = None,
    language: Language = "en",
) -> Learning:
    """Learn the components shared by all recordings of an archive, and write them as a dictionary.

    The initialisation is a factorisation of about 2,000 evenly spaced frames. Multiplicative
    updates over all frames follow until the relative decrease of the loss in ten passes is below
    ``tol``; the loss never rises.

    Parameters
    ----------
    inputs
        Recordings, folders, and lists of recordings (CSV or Parquet with a column ``path``).
    file
        The dictionary, an ``.npz`` file; the folder ``FILE.learning`` next to it holds the state
        during the learning.
    recipe
        The options in its `load`, `stft` and `fit`.
    spec
        Workers, passes and portions.
    client
        A ``dask.distributed.Client`` of the workers to use; they must see `inputs` and `file` under
        the same paths.
    watch
        Called at every pass; True stops the learning.
    failed
        Called with the path of each unreadable recording, and the reason.
    language
        The language of reasons.

    Raises
    ------
    BadInput
        If an input is missing, nothing can be read, or archives do not support an option.
    CannotWrite, WorkersGone
        If the disk is full or all workers are lost. The same call continues the learning.
    MissingExtra
        Without the extra ``cluster``.

    Source
    ------
    Lee & Seung, "Algorithms for non-negative matrix factorization" (2001); Liu, Yang, Fan, He &
    Wang, "Distributed nonnegative matrix factorization for web-scale dyadic data analysis on
    MapReduce" (2010).

    Examples
    --------
    >>> from otowake.cluster import learn_dictionary
    >>> learn_dictionary(["music"], "music.npz").passes  # doctest: +SKIP
    87
    """
    path = Path(file).absolute()
    recipe = replace(recipe or Recipe(), stages=("components",), score=None, dictionary=None)
    for name, requested in (
        ("smooth_H", recipe.fit.smooth_H),
        ("precision=float64", recipe.fit.precision != "float32"),
    ):
        if requested:
            raise BadInput(text.NOT_IN_BLOCKS, what=name)
    if path.is_dir():
        raise BadInput(text.IS_A_FOLDER, path=path)
    folder = path.with_name(within(path.name + ".learning"))
    learner = _Learner(path, folder, recipe, spec or LearnSpec(), language)
    learner.watch, learner.failed = watch, failed
    paths = sorted({str(path) for path in recordings([*inputs], folder, learner.unsearched)})
    if not paths:
        raise BadInput(text.NOTHING_FOUND, where=", ".join(map(str, inputs)) or "–")
    learner.now = replace(learner.now, recordings=len(paths))
    done = False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with sole_driver(folder), connect_workers(learner.spec, client) as connected:
            learner.has_lock = True
            learner.work(connected, paths)
        done = not learner.now.stopped
    except OSError as error:
        if isinstance(error, OtowakeError):
            raise
        raise refusal(path, error) from error
    finally:
        if done or (learner.has_lock and not (folder / STATE_FILE).exists()):
            shutil.rmtree(folder, ignore_errors=True)
    return learner.now


class _Learner:
    watch: Watch | None = None
    failed: Callable[[str, str], None] | None = None
    client: Any
    job: Job
    has_lock = False
    language: Language

    def __init__(
        self, path: Path, folder: Path, recipe: Recipe, spec: LearnSpec, language: Language
    ) -> None:
        self.path, self.folder = path, folder
        self.recipe, self.spec, self.language = recipe, spec, language
        self.now = Learning(most=spec.epochs)
        self.reported: set[str] = set()
        self.held: list[tuple[str, list[tuple[int, int]]]] = []

    def unsearched(self, path: str, error: BadInput) -> None:
        """Report a folder that can't be searched."""
        self.now = replace(self.now, unsearched=self.now.unsearched + 1)
        if self.failed:
            self.failed(path, error.in_language(self.language))

    def work(self, client: Any, paths: list[str]) -> None:
        """Learn, restarting from the saved state whenever workers are lost."""
        self.client = client
        self.now = replace(self.now, dashboard=link_of(client))
        try:
            files = self._digests(paths)
            n = min(self.spec.portions, len(files))
            portions = [files[i * len(files) // n : (i + 1) * len(files) // n] for i in range(n)]
            facts = self.recipe.facts()
            key = key_of(__version__, facts, [digest for _, digest in files], n)
            self.job = Job(key, str(self.folder), facts, -(-INITIAL_FRAMES // n), self.language)
            self.state = Checkpoint(self.folder / STATE_FILE, 0, key)
            self._learn(files, portions)
        except Stopped:
            self.now = replace(self.now, stopped=True)
        finally:
            with contextlib.suppress(Exception):  # the cluster may be gone
                if hasattr(self, "job"):
                    client.run(release, self.job.key)

    def _digests(self, paths: list[str]) -> list[tuple[str, str]]:
        """Return the path and digest of each distinct recording, in the order of the digests."""
        pool = TaskPool(self.client, self.spec.timeout, self._stopped)
        path_of: dict[str, str] = {}
        left = paths
        for _ in range(MOST_IDLE_ROUNDS):
            lost: list[str] = []
            for batch, read in pool.map_bounded(
                "read", batches(iter(left)), read_digests, self.language
            ):
                if is_lost(read):
                    lost += batch
                elif isinstance(read, BaseException):
                    raise WorkersGone(text.WORKERS_CANNOT, why=read) from read
                else:
                    for path, digest, _ in read:
                        if digest:
                            path_of[digest] = min(path, path_of.get(digest, path))
                    self._report([(path, reason) for path, _, reason in read if reason])
            if self._stopped():
                raise Stopped
            if not (left := lost):
                break
        else:
            raise WorkersGone(text.NO_PROGRESS)
        if not path_of:
            raise BadInput(text.NOTHING_READABLE, failed=len(paths))
        return [(path, digest) for digest, path in sorted(path_of.items())]

    def _learn(self, files: list[tuple[str, str]], portions: list[list[tuple[str, str]]]) -> None:
        idle, before = 0, -1
        while True:
            try:
                contents = self._hold(portions)
                W, losses, stop = self._passes(contents)
                break
            except WorkersLost as error:
                saved = self.state.read()
                passes = len(saved["losses"]) if saved else 0
                idle, before = (idle + 1 if passes <= before else 0), passes
                if idle == MOST_IDLE_ROUNDS:
                    raise WorkersGone(text.NO_PROGRESS) from error
        frequencies, times = axes(self.recipe.stft, 1)
        order = describe(Factors(W, np.ones((W.shape[1], 1), W.dtype)), frequencies, times).order
        options = {name: asdict(getattr(self.recipe, name)) for name in ("load", "stft", "fit")}
        facts = {
            "otowake": __version__,
            "options": {
                **options,
                "learn": {"passes": self.spec.epochs, "portions": self.spec.portions},
            },
            "stop": stop,
            "frames": self.now.frames,
            "recordings": [
                {"path": path, "sha256": digest}
                for path, digest in files
                if path not in self.reported
            ],
        }
        save_dictionary(Dictionary(W[:, order], frequencies, np.array(losses), facts), self.path)

    def _hold(self, portions: list[list[tuple[str, str]]]) -> list[Contents]:
        """Assign neighbouring portions to one worker, and have all workers read their portions."""
        workers = self._workers()
        n = len(portions)
        address = [workers[i * len(workers) // n] for i in range(n)]
        calls: list[Call] = [
            (address[i], hold, (self.job, i, files), f"recordings {i + 1}")
            for i, files in enumerate(portions)
        ]
        contents: list[Contents] = call_pinned(self.client, calls, self._stopped)
        self._report([*chain.from_iterable(portion.failures for portion in contents)])
        not_empty = [i for i in range(n) if contents[i].n_frames]
        if not not_empty:
            raise BadInput(text.NOTHING_READABLE, failed=self.now.failed)
        self.count = len(not_empty)
        held: dict[str, list[tuple[int, int]]] = {}
        for leaf, index in enumerate(not_empty):
            held.setdefault(address[index], []).append((leaf, index))
        self.held = [*held.items()]
        read = sum(map(len, portions)) - sum(len(portion.failures) for portion in contents)
        frames = sum(portion.n_frames for portion in contents)
        self.now = replace(self.now, read=read, frames=frames)
        return contents

    def _passes(self, contents: list[Contents]) -> tuple[Floats, list[float], str]:
        """Do passes from the saved state or a new start; return W, losses and stop reason."""
        saved = self.state.read()
        if saved is None:
            W, losses = self._start(contents), []
        else:
            W, losses = saved["W"], saved["losses"].tolist()
        free = np.zeros(W.shape[1], bool)
        problem = problem_of(self.recipe.fit, free, free, None)
        tol = MU.tol if self.recipe.fit.tol is None else self.recipe.fit.tol
        while True:
            done = len(losses)
            total = self._pass(done, W, keep=(done + 1) % self.spec.save == 0)
            loss = float(total.loss + W_penalty(problem, jnp.asarray(W)))
            if not np.isfinite(loss):
                raise NotConverged(text.DIVERGED, loss=loss, iteration=done + 1)
            losses.append(loss)
            self.now = replace(self.now, passes=done + 1, loss=loss)
            if done >= CHUNK and tol > 0:
                before = losses[-1 - CHUNK]
                if before - loss < tol * abs(before) + LOSS_RESOLUTION * abs(losses[0]):
                    return W, losses, text.STOP_CONVERGED.format("en", tol=tol, window=CHUNK)
            if done + 1 >= self.spec.epochs:
                return W, losses, text.STOP_MAX_ITER.format("en", n=self.spec.epochs)
            sums = (jnp.asarray(total.negative), jnp.asarray(total.positive))
            W = np.asarray(MU.combine(problem, jnp.asarray(W), sums))
            if (done + 1) % self.spec.save == 0:
                self._save(W, losses)
            if self._stopped():
                raise Stopped

    def _start(self, contents: list[Contents]) -> Floats:
        """Compute the initial W from a sample of all frames."""
        sample = np.concatenate([portion.sample for portion in contents], axis=1)
        return factorize(sample, spec=self.recipe.fit).W

    def _pass(self, done: int, W: Floats, keep: bool) -> Total:
        calls: list[Call] = [
            (
                address,
                advance,
                (self.job.key, portions, self.count, done, W, keep),
                f"pass {done + 1}",
            )
            for address, portions in self.held
        ]
        results = call_pinned(self.client, calls, self._stopped)
        nodes = {node: total for part in results for node, total in part.items()}
        (total,) = folded(nodes, self.count).values()
        return total

    def _save(self, W: Floats, losses: list[float]) -> None:
        """Save the state, then delete the H of earlier states."""
        self.state.write({"W": W, "losses": np.array(losses)})
        for path in self.folder.glob("H-*.npz"):
            if path.name.split("-")[1] != str(len(losses)):
                path.unlink(missing_ok=True)

    def _workers(self) -> list[str]:
        """Return the addresses of the workers, waiting for at least one."""
        begun = time.monotonic()
        while not (connected := workers_of(self.client)):
            if time.monotonic() - begun > self.spec.timeout:
                raise WorkersGone(text.WORKERS_GONE, seconds=self.spec.timeout)
            if self._stopped():
                raise Stopped
            time.sleep(POLL_SECONDS)
        return sorted(connected)

    def _report(self, failures: list[tuple[str, str]]) -> None:
        for path, reason in failures:
            if path not in self.reported:
                self.reported.add(path)
                self.now = replace(self.now, failed=self.now.failed + 1)
                if self.failed:
                    self.failed(path, reason)

    def _stopped(self) -> bool:
        return bool(self.watch and self.watch(self.now))
