"""otowake against scikit-learn and torchnmf: same V, same start, one run; a table and curves of loss against time.

    python benchmarks/factorization.py FILE [--components 20] [--seeds 5] [--figure docs/images/solvers.png]

Needs scikit-learn and torchnmf (install ``torch==2.13.0`` first) beside otowake. For the I-divergence and the squared
error: the loss at which the slowest peer ends after 1,000 iterations from the start, the time that each needs to reach
that loss, the time of an iteration, the final loss; medians over the seeds. Each peer's loss is measured outside of its
timed part: it is run for 1, 2, 5, 10, … 1,000 iterations anew, and each run is timed whole. otowake is run from the same
start (``from the same start``) and as it comes (``default``: with its audition, which counts). The products of an
iteration are also counted against the machine's own rate for large float32 products.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path

os.environ.pop("OPENBLAS_CORETYPE", None)
os.environ.pop("OPENBLAS_L2_SIZE", None)

import jax
import jax.numpy as jnp
import numpy as np

import otowake
from otowake.nmf.starts import log_normal

STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 300, 500, 700, 1000)
Points = list[tuple[float, float]]


def loss_of(V: np.ndarray, W: np.ndarray, H: np.ndarray, beta: float) -> float:
    X = W.astype(np.float64) @ H.astype(np.float64)
    if beta == 2:
        return float(np.square(V - X).sum())
    return float((V * np.log(V / X) - V + X).sum())


def timed(run: Callable[[int], tuple[np.ndarray, np.ndarray]], V: np.ndarray, beta: float) -> Points:
    """(seconds, loss) after each number of iterations."""
    run(2)
    points = []
    for n in STEPS:
        begun = time.perf_counter()
        W, H = run(n)
        points.append((time.perf_counter() - begun, loss_of(V, W, H, beta)))
    return points


def scikit(V: np.ndarray, W: np.ndarray, H: np.ndarray, beta: float, solver: str) -> Points:
    from sklearn.decomposition import non_negative_factorization

    def run(n: int) -> tuple[np.ndarray, np.ndarray]:
        found = non_negative_factorization(
            V,
            W=W.copy(),
            H=H.copy(),
            n_components=W.shape[1],
            init="custom",
            solver=solver,
            beta_loss=beta,
            max_iter=n,
            tol=0,
        )
        return found[0], found[1]

    return timed(run, V, beta)


def torch_nmf(V: np.ndarray, W: np.ndarray, H: np.ndarray, beta: float) -> Points:
    import torch
    from torchnmf.nmf import NMF

    torch.set_flush_denormal(True)
    target = torch.from_numpy(V.T.copy())

    def run(n: int) -> tuple[np.ndarray, np.ndarray]:
        model = NMF(W=torch.from_numpy(W.copy()), H=torch.from_numpy(H.T.copy()))
        model.fit(target, beta=beta, tol=0, max_iter=n)
        return model.W.detach().numpy(), model.H.detach().numpy().T

    return timed(run, V, beta)


def ours(V: np.ndarray, beta: float, **options: object) -> Points:
    def run(n: int) -> tuple[np.ndarray, np.ndarray]:
        fit = otowake.factorize(V, loss=beta, max_iter=n, tol=0, **options)
        return fit.W, fit.H

    return timed(run, V, beta)


def reached(points: Points, goal: float) -> float:
    """Seconds until the loss is first at the goal, between the measured points on the logarithm of the loss."""
    for (t0, l0), (t1, l1) in itertools.pairwise(points):
        if l1 <= goal:
            part = (np.log(l0) - np.log(goal)) / max(np.log(l0) - np.log(l1), 1e-12) if l0 > goal else 0.0
            return t0 + min(max(part, 0.0), 1.0) * (t1 - t0)
    return float("inf")


def product_rate() -> float:
    """The machine's float32 products of 2048 × 2048 matrices, in GFLOP/s."""
    a = jnp.ones((2048, 2048), jnp.float32)
    product = jax.jit(jnp.matmul)
    product(a, a).block_until_ready()
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        product(a, a).block_until_ready()
        times.append(time.perf_counter() - begun)
    return 2 * 2048**3 / min(times) / 1e9


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file")
    parser.add_argument("--components", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=None, help="only so much of the file")
    parser.add_argument("--losses", nargs="+", default=["kl", "euclidean"])
    parser.add_argument("--figure", type=Path)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    K = arguments.components
    V = otowake.spectrogram(otowake.load(arguments.file, duration=arguments.seconds)).values
    print(
        f"{Path(arguments.file).name}: V {V.shape[0]} x {V.shape[1]}, K = {K}; products {product_rate():.0f} GFLOP/s"
    )
    curves = {}
    for name in arguments.losses:
        beta = {"kl": 1.0, "euclidean": 2.0}[name]
        found: dict[str, list[Points]] = {}
        for seed in range(arguments.seeds):
            start = log_normal(*V.shape, K, np.random.default_rng(seed))
            same = {"W": start.W, "H": start.H, "n_components": K}
            runs = {
                "scikit-learn mu": lambda s=start, beta=beta: scikit(V, s.W, s.H, beta, "mu"),
                "torchnmf": lambda s=start, beta=beta: torch_nmf(V, s.W, s.H, beta),
                "otowake mu": lambda same=same, beta=beta: ours(V, beta, solver="mu", **same),
                "otowake accelerated, same start": lambda same=same, beta=beta: ours(V, beta, **same),
                "otowake accelerated": lambda seed=seed, beta=beta: ours(V, beta, seed=seed, n_components=K),
            }
            if beta == 2:
                runs["scikit-learn cd"] = lambda s=start: scikit(V, s.W, s.H, 2.0, "cd")
            for label, run in runs.items():
                found.setdefault(label, []).append(run())
        report(name, found, V.shape, K)
        curves[name] = {label: points[0] for label, points in found.items()}
    if arguments.figure:
        draw(curves, arguments.figure)


def report(name: str, found: dict[str, list[Points]], shape: tuple[int, int], K: int) -> None:
    peer = "scikit-learn mu"
    print(
        f"\n{name}: time to the loss that {peer} ends at after 1,000 iterations, medians over {len(found[peer])} seeds"
    )
    goals = [points[-1][1] for points in found[peer]]
    times = {
        label: [reached(points, goal) for points, goal in zip(each, goals, strict=True)]
        for label, each in found.items()
    }
    for label, each in found.items():
        took = statistics.median(times[label])
        final = statistics.median(points[-1][1] for points in each)
        step = statistics.median(
            (points[-1][0] - points[6][0]) / (STEPS[-1] - STEPS[6]) * 1e3 for points in each
        )
        rate = 4 * 2 * shape[0] * shape[1] * K / step / 1e6
        faster = statistics.median(a / b for a, b in zip(times[peer], times[label], strict=True))
        print(
            f"  {label:34s} {took:7.3f} s  ({faster:5.1f} x {peer})  {step:6.2f} ms/iteration"
            f" ({rate:4.0f} GFLOP/s in 4 products)  final loss {final:,.0f}"
        )


def draw(curves: dict[str, dict[str, Points]], path: Path) -> None:
    from matplotlib.figure import Figure

    from otowake.plot.fonts import style

    with style():
        figure = Figure(figsize=(12, 4.6), dpi=100)
        for i, (name, lines) in enumerate(curves.items()):
            axes = figure.add_subplot(1, len(curves), i + 1)
            least = min(loss for points in lines.values() for _, loss in points)
            for label, points in lines.items():
                seconds, losses = np.array(points).T
                axes.plot(seconds, losses / least - 1 + 1e-4, label=label, marker=".", linewidth=1.2)
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_xlabel("seconds")
            axes.set_ylabel("loss above the lowest")
            axes.set_title(name, loc="left")
            axes.legend(frameon=False, fontsize=8)
            axes.grid(color="#eeeeee")
        figure.subplots_adjust(left=0.07, right=0.98, bottom=0.13, top=0.9)
        figure.savefig(path)


if __name__ == "__main__":
    main()
