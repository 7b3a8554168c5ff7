"""Does a first pass in mini-batches save `archive learn` passes? The loss after each pass, with and without.

    python -m benchmarks.first_pass FOLDER [--components 20] [--passes 100] [--seeds 3] [--batches 4 16]

The recordings of the folder are learnt from as `archive learn` does it, in one process. In the first pass of the others
W moves after each batch of portions, by the sums of that batch and what is left of those before; batches are fixed by the
data, so that they could be divided among workers. All begin with the same W, and count the first pass as one.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from otowake.cluster.portion import Job, Portion, Total, folded
from otowake.io.audio import sha256
from otowake.nmf import factorize
from otowake.nmf.factorize import problem_of
from otowake.nmf.loop import CHUNK
from otowake.nmf.solvers import MU, moved_along, of_W
from otowake.options import FitSpec
from otowake.results.recipe import Recipe

SAMPLE = 2048


def summed(portions: list[Portion], done: int, W: Any) -> Total:
    """One pass over some portions."""
    totals = {(0, i): each.advance(done, W, keep=False) for i, each in enumerate(portions)}
    (total,) = folded(totals, len(portions)).values()
    return total


def learnt(
    portions: list[Portion], problem: Any, W: Any, passes: int, batches: int, forget: float
) -> list[float]:
    """The loss at each pass; with more than one batch the first pass is in mini-batches."""
    for each in portions:
        each.passes = -1
    losses: list[float] = []
    if batches > 1:
        kept = None
        for i in range(batches):
            part = portions[i * len(portions) // batches : (i + 1) * len(portions) // batches]
            total = summed(part, 0, W)
            sums = jnp.asarray(total.negative), jnp.asarray(total.positive)
            if kept is not None:
                left = forget ** (1 / batches)
                sums = jnp.asarray(left * kept[0] + sums[0]), jnp.asarray(left * kept[1] + sums[1])
            new = MU.combine(problem, jnp.asarray(W), sums)
            kept = moved_along(problem, sums, jnp.asarray(W), new)
            W = np.asarray(new)
        losses.append(float("nan"))  # nobody has seen the whole with one W
    while len(losses) < passes:
        total = summed(portions, len(losses), W)
        losses.append(float(total.loss + of_W(problem, jnp.asarray(W))))
        W = np.asarray(
            MU.combine(
                problem, jnp.asarray(W), (jnp.asarray(total.negative), jnp.asarray(total.positive))
            )
        )
    return losses


def ends(losses: list[float], tol: float) -> int:
    """After how many passes the rule of `archive learn` ends it."""
    for i in range(CHUNK + 1, len(losses)):
        if losses[i - CHUNK] - losses[i] < tol * losses[i - CHUNK]:
            return i + 1
    return len(losses)


def tell(losses: list[float]) -> str:
    """The losses of some passes."""
    return "  ".join(f"{losses[i]:,.0f}" for i in (1, 4, 9, 19, 49) if i < len(losses))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--components", type=int, default=20)
    parser.add_argument("--passes", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--batches", type=int, nargs="+", default=[4, 16])
    parser.add_argument("--forget", type=float, nargs="+", default=[0.3, 1.0])
    given = parser.parse_args()
    files = sorted(
        (sha256(path), str(path))
        for path in given.folder.iterdir()
        if path.suffix in (".flac", ".ogg", ".wav")
    )
    with tempfile.TemporaryDirectory() as scratch:
        for seed in range(given.seeds):
            recipe = Recipe(("components",), fit=FitSpec(n_components=given.components, seed=seed))
            job = Job("first", scratch, recipe.facts(), -(-SAMPLE // len(files)))
            portions = [
                Portion(job, i, [(path, digest)], scratch) for i, (digest, path) in enumerate(files)
            ]
            free = np.zeros(given.components, bool)
            problem = problem_of(recipe.fit, free, free, None)
            W = factorize(
                np.concatenate([each.contents.sample for each in portions], axis=1), spec=recipe.fit
            ).W
            if not seed:
                print(
                    sum(each.contents.n_frames for each in portions),
                    "frames of",
                    len(files),
                    "recordings",
                    asdict(recipe.fit)["loss"],
                )
            plain = learnt(portions, problem, W, given.passes, 1, 0.0)
            end = ends(plain, MU.tol)
            print(
                f"seed {seed}: passes 2, 5, 10, 20, 50: {tell(plain)}; ends after {end} at {plain[end - 1]:,.0f}",
                flush=True,
            )
            for batches in given.batches:
                for forget in given.forget:
                    losses = learnt(portions, problem, W, given.passes, batches, forget)
                    target = plain[end - 1]
                    there = next((i + 1 for i, loss in enumerate(losses) if loss <= target), None)
                    own = ends(losses, MU.tol)
                    print(
                        f"  {batches} batches, forget {forget}: {tell(losses)}; that loss after {there}; "
                        f"ends after {own} at {losses[own - 1]:,.0f}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
