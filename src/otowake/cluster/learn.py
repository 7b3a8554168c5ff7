"""The driver that learns one dictionary for an archive: W goes out, the sums over all frames come back, pass after pass.

The recordings, in the order of their digests, are divided into portions, and the sums of portions are added in a fixed
tree: what comes out depends on the recordings alone, not on how many workers there are. Every few passes W, and the H
of every portion, are kept in a folder beside the dictionary; from there it goes on when anything has died.
"""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from otowake import __version__, text
from otowake.cluster.crew import LOOK, Flow, crew, is_lost, link_of, results_of, workers_of
from otowake.cluster.inputs import recordings
from otowake.cluster.manifest import refusal, sole_driver
from otowake.cluster.portion import Contents, Job, NotHeld, Total, advance, folded, hold, let_go
from otowake.cluster.run import ROUNDS, batches
from otowake.cluster.work import read_digests
from otowake.errors import BadInput, NotConverged, OtowakeError, WorkersGone
from otowake.io.audio import Path_
from otowake.io.dictionary import Dictionary, save_dictionary
from otowake.io.names import within
from otowake.music.components.describe import describe
from otowake.nmf import factorize
from otowake.nmf.loop import CHUNK, LOSS_RESOLUTION
from otowake.nmf.objective import W_penalty
from otowake.nmf.problem import problem_of
from otowake.nmf.solvers import MU
from otowake.options import LearnSpec
from otowake.results.checkpoint import Checkpoint, key_of
from otowake.results.recipe import Recipe
from otowake.signal import axes
from otowake.text import Language
from otowake.types import Factors, Floats

STATE = "state.npz"
SAMPLE = 2048
"""About so many frames of all recordings together, evenly spaced, make the start."""


@dataclass(frozen=True)
class Learning:
    """How far it has come: recordings found, read and failed; frames; passes done, the most there can be; the loss.

    `unsearched` counts folders among the inputs that could not be searched.
    `stopped` says whether it was stopped before the end, `dashboard` where Dask's dashboard is.
    """

    found: int = 0
    read: int = 0
    failed: int = 0
    unsearched: int = 0
    frames: int = 0
    passes: int = 0
    most: int = 0
    loss: float | None = None
    stopped: bool = False
    dashboard: str | None = None


Watch = Callable[[Learning], bool | None]
"""Called at every pass, and about twice a second; returning True asks the learning to stop."""


class _Lost(Exception):
    """Workers, with the portions that they held."""


class _Stopped(Exception):
    """By hand."""


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
    """Learn components that all recordings of an archive share, and write them as a dictionary.

    It begins with a factorisation of about 2,000 evenly spaced frames. Multiplicative updates over all frames follow,
    until the loss falls by less than ``tol`` of itself in ten passes; it never rises.

    Parameters
    ----------
    inputs
        Recordings, folders of recordings, and lists of them (CSV or Parquet with a column ``path``).
    file
        The dictionary, an ``.npz`` file; ``FILE.learning`` beside it is a folder for what is kept meanwhile.
    recipe
        Its `load`, `stft` and `fit` say how.
    spec
        Workers, passes and portions.
    client
        A ``dask.distributed.Client`` whose workers do it; they must see `inputs` and `file` under the same paths.
    watch
        Called at every pass; True stops the learning.
    failed
        Called with the path of each recording that can't be read, and the reason; the others are learnt from.
    language
        Of reasons.

    Raises
    ------
    BadInput
        If an input is not there, nothing can be read, or an option is not possible for archives.
    CannotWrite, WorkersGone
        If the disk is full or there are no workers any more. The same call goes on from there.
    MissingExtra
        Without the extra ``cluster``.

    Source
    ------
    Lee & Seung, "Algorithms for non-negative matrix factorization" (2001); Liu, Yang, Fan, He & Wang, "Distributed
    nonnegative matrix factorization for web-scale dyadic data analysis on MapReduce" (2010).

    Examples
    --------
    >>> from otowake.cluster import learn_dictionary
    >>> learn_dictionary(["music"], "music.npz").passes  # doctest: +SKIP
    87
    """
    path = Path(file).absolute()
    recipe = replace(recipe or Recipe(), stages=("components",), score=None, dictionary=None)
    for name, asked in (
        ("smooth_H", recipe.fit.smooth_H),
        ("precision=float64", recipe.fit.precision != "float32"),
    ):
        if asked:
            raise BadInput(text.NOT_IN_BLOCKS, what=name)
    if path.is_dir():
        raise BadInput(text.IS_A_FOLDER, path=path)
    folder = path.with_name(within(path.name + ".learning"))
    learner = _Learner(path, folder, recipe, spec or LearnSpec(), language)
    learner.watch, learner.failed = watch, failed
    found = sorted({str(each) for each in recordings([*inputs], folder, learner.unsearched)})
    if not found:
        raise BadInput(text.NOTHING_FOUND, where=", ".join(map(str, inputs)) or "–")
    learner.now = replace(learner.now, found=len(found))
    done = False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with sole_driver(folder), crew(learner.spec, client) as workers:
            learner.alone = True
            learner.work(workers, found)
        done = not learner.now.stopped
    except OSError as error:
        if isinstance(error, OtowakeError):
            raise
        raise refusal(path, error) from error
    finally:
        if done or (learner.alone and not (folder / STATE).exists()):
            shutil.rmtree(folder, ignore_errors=True)
    return learner.now


class _Learner:
    watch: Watch | None = None
    failed: Callable[[str, str], None] | None = None
    client: Any
    job: Job
    alone = False
    language: Language

    def __init__(
        self, path: Path, folder: Path, recipe: Recipe, spec: LearnSpec, language: Language
    ) -> None:
        self.path, self.folder, self.recipe, self.spec, self.language = (
            path,
            folder,
            recipe,
            spec,
            language,
        )
        self.now = Learning(most=spec.epochs)
        self.told: set[str] = set()
        self.held: list[tuple[str, list[tuple[int, int]]]] = []

    def unsearched(self, path: str, error: BadInput) -> None:
        """Tell of a folder that can't be searched."""
        self.now = replace(self.now, unsearched=self.now.unsearched + 1)
        if self.failed:
            self.failed(path, error.in_language(self.language))

    def work(self, client: Any, paths: list[str]) -> None:
        """Learn, going on from what was kept whenever workers are lost."""
        self.client = client
        self.now = replace(self.now, dashboard=link_of(client))
        try:
            files = self._digests(paths)
            n = min(self.spec.portions, len(files))
            portions = [files[i * len(files) // n : (i + 1) * len(files) // n] for i in range(n)]
            facts = self.recipe.facts()
            key = key_of(__version__, facts, [digest for _, digest in files], n)
            self.job = Job(key, str(self.folder), facts, -(-SAMPLE // n), self.language)
            self.state = Checkpoint(self.folder / STATE, 0, key)
            self._learn(files, portions)
        except _Stopped:
            self.now = replace(self.now, stopped=True)
        finally:
            with contextlib.suppress(Exception):  # the cluster may be gone
                if hasattr(self, "job"):
                    client.run(let_go, self.job.key)

    def _digests(self, paths: list[str]) -> list[tuple[str, str]]:
        """The path and digest of each different recording, in the order of the digests."""
        flow = Flow(self.client, self.spec.timeout, self._look)
        found: dict[str, str] = {}
        left = paths
        for _ in range(ROUNDS):
            lost: list[str] = []
            for batch, read in flow.through(
                "read", batches(iter(left)), read_digests, self.language
            ):
                if is_lost(read):
                    lost += batch
                elif isinstance(read, BaseException):
                    raise WorkersGone(text.WORKERS_CANNOT, why=read) from read
                else:
                    for path, digest, _ in read:
                        if digest:
                            found[digest] = min(path, found.get(digest, path))
                    self._tell([(path, reason) for path, _, reason in read if reason])
            if self._look():
                raise _Stopped
            if not (left := lost):
                break
        else:
            raise WorkersGone(text.NO_PROGRESS)
        if not found:
            raise BadInput(text.NOTHING_READABLE, failed=len(paths))
        return sorted(((path, digest) for digest, path in found.items()), key=lambda each: each[1])

    def _learn(self, files: list[tuple[str, str]], portions: list[list[tuple[str, str]]]) -> None:
        idle, before = 0, -1
        while True:
            try:
                contents = self._hold(portions)
                W, losses, stop = self._passes(contents)
                break
            except _Lost as error:
                kept = self.state.read()
                reached = len(kept["losses"]) if kept else 0
                idle, before = (idle + 1 if reached <= before else 0), reached
                if idle == ROUNDS:
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
                {"path": path, "sha256": digest} for path, digest in files if path not in self.told
            ],
        }
        save_dictionary(Dictionary(W[:, order], frequencies, np.array(losses), facts), self.path)

    def _hold(self, portions: list[list[tuple[str, str]]]) -> list[Contents]:
        """Have the workers that are there read the portions, neighbours on one worker, and remember who has which."""
        workers = self._workers()
        n = len(portions)
        where = [workers[i * len(workers) // n] for i in range(n)]
        calls = [
            (where[i], hold, (self.job, i, files), f"recordings {i + 1}")
            for i, files in enumerate(portions)
        ]
        contents: list[Contents] = self._together(calls)
        self._tell([*chain.from_iterable(each.failures for each in contents)])
        live = [i for i in range(n) if contents[i].n_frames]
        if not live:
            raise BadInput(text.NOTHING_READABLE, failed=self.now.failed)
        self.count = len(live)
        shares: dict[str, list[tuple[int, int]]] = {}
        for index, place in enumerate(live):
            shares.setdefault(where[place], []).append((index, place))
        self.held = [*shares.items()]
        read = sum(map(len, portions)) - sum(len(each.failures) for each in contents)
        self.now = replace(self.now, read=read, frames=sum(each.n_frames for each in contents))
        return contents

    def _passes(self, contents: list[Contents]) -> tuple[Floats, list[float], str]:
        """Pass after pass, from what was kept or from the start; W, the losses and why it ended."""
        kept = self.state.read()
        if kept is None:
            W, losses = self._start(contents), []
        else:
            W, losses = kept["W"], kept["losses"].tolist()
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
                self._keep(W, losses)
            if self._look():
                raise _Stopped

    def _start(self, contents: list[Contents]) -> Floats:
        """W from a sample of all frames."""
        sample = np.concatenate([each.sample for each in contents], axis=1)
        return factorize(sample, spec=self.recipe.fit).W

    def _pass(self, done: int, W: Floats, keep: bool) -> Total:
        calls = [
            (
                address,
                advance,
                (self.job.key, places, self.count, done, W, keep),
                f"pass {done + 1}",
            )
            for address, places in self.held
        ]
        nodes = {node: total for part in self._together(calls) for node, total in part.items()}
        (total,) = folded(nodes, self.count).values()
        return total

    def _keep(self, W: Floats, losses: list[float]) -> None:
        """Keep the state, then forget the H of earlier ones."""
        self.state.write({"W": W, "losses": np.array(losses)})
        for path in self.folder.glob("H-*.npz"):
            if path.name.split("-")[1] != str(len(losses)):
                path.unlink(missing_ok=True)

    def _workers(self) -> list[str]:
        """The addresses of the workers, at least one."""
        begun = time.monotonic()
        while not (found := workers_of(self.client)):
            if time.monotonic() - begun > self.spec.timeout:
                raise WorkersGone(text.WORKERS_GONE, seconds=self.spec.timeout)
            if self._look():
                raise _Stopped
            time.sleep(LOOK)
        return sorted(found)

    def _together(
        self, calls: list[tuple[str, Callable[..., Any], tuple[Any, ...], str]]
    ) -> list[Any]:
        """Have each call done by its worker; the results in the order of the calls.

        Raises
        ------
        _Lost
            If one of the workers is not there any more, or not the same.
        """
        futures: list[Any] = []
        back: queue.SimpleQueue[Any] = queue.SimpleQueue()
        try:
            for address, function, arguments, name in calls:
                key = f"{name}-{os.urandom(16).hex()}"
                futures.append(
                    self.client.submit(function, *arguments, workers=[address], key=key, pure=False)
                )
            needed = {address for address, *_ in calls}
            for each in futures:
                each.add_done_callback(back.put)
            waiting = len(futures)
            while waiting:
                try:
                    back.get(timeout=LOOK)
                    waiting -= 1
                except queue.Empty:
                    if not needed <= workers_of(self.client).keys():
                        raise _Lost from None
                    if self._look():
                        raise _Stopped from None
            results = results_of(self.client, futures)
        finally:
            with contextlib.suppress(Exception):  # the cluster may be gone
                self.client.cancel(futures)
        for result in results:
            if is_lost(result) or isinstance(result, NotHeld):
                raise _Lost from result
            if isinstance(result, BaseException):
                raise WorkersGone(text.WORKERS_CANNOT, why=result) from result
        return results

    def _tell(self, failures: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> None:
        for path, reason in failures:
            if path not in self.told:
                self.told.add(path)
                self.now = replace(self.now, failed=self.now.failed + 1)
                if self.failed:
                    self.failed(path, reason)

    def _look(self) -> bool:
        return bool(self.watch and self.watch(self.now))
