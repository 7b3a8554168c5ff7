"""Compare `archive learn` with and without a first pass in mini-batches, by the loss per pass.

    python -m benchmarks.first_pass FOLDER [--components 20] [--passes 100] [--seeds 3]
        [--batches 4 16] [--forget 0.3 1.0]

The recordings of the folder are learnt as by `archive learn`, in one process. In the first pass of
the mini-batch runs W is updated after each batch of portions, by the sums of the batch and the
discounted sums of earlier batches. The data determine the batches, so workers could share them. All
runs start from the same W and count the first pass as one.
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
from otowake.nmf.loop import CHUNK
from otowake.nmf.objective import W_penalty
from otowake.nmf.problem import problem_of
from otowake.nmf.solvers import MU, moved_along
from otowake.options import FitSpec
from otowake.results.recipe import Recipe

SAMPLE = 2048


def summed(portions: list[Portion], done: int, W: Any) -> Total:
    """Add up one pass over some portions."""
    totals = {(0, i): portion.advance(done, W, keep=False) for i, portion in enumerate(portions)}
    (total,) = folded(totals, len(portions)).values()
    return total


def learnt(
    portions: list[Portion], problem: Any, W: Any, passes: int, batches: int, forget: float
) -> list[float]:
    """Return the loss of each pass; with several batches the first pass is in mini-batches."""
    for portion in portions:
        portion.reached = -1
    losses: list[float] = []
    if batches > 1:
        kept_sums = None
        for i in range(batches):
            part = portions[i * len(portions) // batches : (i + 1) * len(portions) // batches]
            total = summed(part, 0, W)
            sums = jnp.asarray(total.negative), jnp.asarray(total.positive)
            if kept_sums is not None:
                left = forget ** (1 / batches)
                sums = (
                    jnp.asarray(left * kept_sums[0] + sums[0]),
                    jnp.asarray(left * kept_sums[1] + sums[1]),
                )
            new = MU.combine(problem, jnp.asarray(W), sums)
            kept_sums = moved_along(problem, sums, jnp.asarray(W), new)
            W = np.asarray(new)
        losses.append(float("nan"))  # W changed during the pass
    while len(losses) < passes:
        total = summed(portions, len(losses), W)
        losses.append(float(total.loss + W_penalty(problem, jnp.asarray(W))))
        W = np.asarray(
            MU.combine(
                problem, jnp.asarray(W), (jnp.asarray(total.negative), jnp.asarray(total.positive))
            )
        )
    return losses


def stopping_pass(losses: list[float], tol: float) -> int:
    """Return the number of passes after which `archive learn` stops."""
    for i in range(CHUNK + 1, len(losses)):
        if losses[i - CHUNK] - losses[i] < tol * losses[i - CHUNK]:
            return i + 1
    return len(losses)


def formatted(losses: list[float]) -> str:
    """Format the losses of some passes."""
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
    options = parser.parse_args()
    files = sorted(
        (sha256(path), str(path))
        for path in options.folder.iterdir()
        if path.suffix in (".flac", ".ogg", ".wav")
    )
    with tempfile.TemporaryDirectory() as scratch:
        for seed in range(options.seeds):
            recipe = Recipe(
                ("components",), fit=FitSpec(n_components=options.components, seed=seed)
            )
            job = Job("first", scratch, recipe.facts(), -(-SAMPLE // len(files)))
            portions = [
                Portion(job, i, [(path, digest)], scratch) for i, (digest, path) in enumerate(files)
            ]
            free = np.zeros(options.components, bool)
            problem = problem_of(recipe.fit, free, free, None)
            W = factorize(
                np.concatenate([portion.contents.sample for portion in portions], axis=1),
                spec=recipe.fit,
            ).W
            if not seed:
                print(
                    sum(portion.contents.n_frames for portion in portions),
                    "frames of",
                    len(files),
                    "recordings",
                    asdict(recipe.fit)["loss"],
                )
            plain = learnt(portions, problem, W, options.passes, 1, 0.0)
            end = stopping_pass(plain, MU.tol)
            print(
                f"seed {seed}: passes 2, 5, 10, 20, 50: {formatted(plain)}; "
                f"ends after {end} at {plain[end - 1]:,.0f}",
                flush=True,
            )
            for batches in options.batches:
                for forget in options.forget:
                    losses = learnt(portions, problem, W, options.passes, batches, forget)
                    target = plain[end - 1]
                    reached = next((i + 1 for i, loss in enumerate(losses) if loss <= target), None)
                    own = stopping_pass(losses, MU.tol)
                    print(
                        f"  {batches} batches, forget {forget}: {formatted(losses)}; "
                        f"that loss after {reached}; ends after {own} at {losses[own - 1]:,.0f}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
