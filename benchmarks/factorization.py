"""Compare otowake with scikit-learn, torchnmf and nmf-torch: same V, same start; table and curves.

    python benchmarks/factorization.py FILE [--components 20] [--seeds 5] [--iterations 1000]
        [--losses kl euclidean] [--save NAME]

Needs scikit-learn, torchnmf (install ``torch==2.13.0`` first) and nmf-torch; missing packages are
skipped with a message. The start is the first that otowake draws from the seed; scikit-learn and
torchnmf use it. nmf-torch accepts no start and draws its own. nimfa 1.4 fails on NumPy 2
(``np.mat``) and is skipped.

The table has, for each program: seconds and loss after 1, 2, 5, 10, … iterations (the peers stop
there, the loss is computed outside the timed part, and they continue); the time and the iterations
until the final loss of scikit-learn; the time of an iteration, and its GFLOP/s in the four matrix
products of both updates, next to the machine's own; the peak memory of a separate run. Values are
medians over the seeds. ``--save NAME`` writes NAME.json and the curves as NAME.png.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import math
import os
import statistics
import subprocess
import sys
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
from otowake.nmf.initialisation import log_normal
from otowake.types import Factors, Progress

MEASURED_ITERATIONS = (1, 2, 5, 10, 20, 50, 100, 150, 200, 300, 500, 700, 1000)
BETAS = {"kl": 1.0, "euclidean": 2.0}
Points = list[tuple[int, float, float]]
"""Iterations, seconds and loss, by measured iteration."""


def loss_of(V: np.ndarray, W: np.ndarray, H: np.ndarray, beta: float) -> float:
    """Compute the divergence in float64, in slices of frames."""
    total = 0.0
    for at in range(0, V.shape[1], 2000):
        part = V[:, at : at + 2000].astype(np.float64)
        X = W.astype(np.float64) @ H[:, at : at + 2000].astype(np.float64)
        if beta == 2:
            total += float(np.square(part - X).sum())
        else:
            total += float((part * np.log((part + 1e-30) / (X + 1e-30)) - part + X).sum())
    return total


def first_initialisation(shape: tuple[int, int], n_components: int, seed: int) -> Factors:
    """Draw the first start of otowake's multistart screening from a seed."""
    first = np.random.default_rng(seed).bit_generator.seed_seq.spawn(1)[0]
    start = log_normal(*shape, n_components, np.random.default_rng(first))
    return Factors(start.W.astype(np.float32), start.H.astype(np.float32))


def measure_peer(
    advance: Callable[[Factors, int], Factors],
    V: np.ndarray,
    start: Factors,
    beta: float,
    max_iter: int,
) -> Points:
    """Run to each measured iteration, and compute the loss in between."""
    now, points, seconds = advance(start, 2) and start, [], 0.0
    for before, after in itertools.pairwise(
        (0, *[n for n in MEASURED_ITERATIONS if n <= max_iter])
    ):
        begun = time.perf_counter()
        now = advance(now, after - before)
        seconds += time.perf_counter() - begun
        points.append((after, seconds, loss_of(V, now.W, now.H, beta)))
    return points


def run_scikit_learn(
    V: np.ndarray, start: Factors, beta: float, max_iter: int, solver: str
) -> Points:
    from sklearn.decomposition import non_negative_factorization

    options = {
        "init": "custom",
        "solver": solver,
        "beta_loss": beta,
        "tol": 0,
        "n_components": start.W.shape[1],
    }

    def advance(now: Factors, count: int) -> Factors:
        W, H, _ = non_negative_factorization(
            V, W=now.W.copy(), H=now.H.copy(), max_iter=count, **options
        )
        return Factors(W, H)

    return measure_peer(advance, V, start, beta, max_iter)


def run_torchnmf(V: np.ndarray, start: Factors, beta: float, max_iter: int) -> Points:
    import torch
    from torchnmf.nmf import NMF

    torch.set_flush_denormal(True)
    target = torch.from_numpy(V.T.copy())

    def advance(now: Factors, count: int) -> Factors:
        model = NMF(W=torch.from_numpy(now.W.copy()), H=torch.from_numpy(now.H.T.copy()))
        model.fit(target, beta=beta, tol=0, max_iter=count)
        return Factors(model.W.detach().numpy(), model.H.detach().numpy().T)

    return measure_peer(advance, V, start, beta, max_iter)


def run_nmf_torch(
    V: np.ndarray, n_components: int, beta: float, max_iter: int, seed: int
) -> Points:
    from nmf import run_nmf

    points = []
    for n in (10, 10, max_iter // 2, max_iter):
        begun = time.perf_counter()
        with contextlib.redirect_stdout(None):
            options = {"init": "random", "beta_loss": beta, "algo": "mu", "tol": 0}
            H, W, _ = run_nmf(
                V.T.copy(), n_components, **options, random_state=seed, batch_max_iter=n
            )
        seconds = time.perf_counter() - begun
        points.append((n, seconds, loss_of(V, np.asarray(W).T, np.asarray(H).T, beta)))
    return points[2:] if max_iter >= 40 else points


def run_otowake(V: np.ndarray, beta: float, max_iter: int, **options: object) -> Points:
    """Run otowake; the time includes the multistart screening, the losses are otowake's own."""
    points: Points = []

    def look(now: Progress) -> None:
        if now.iteration in MEASURED_ITERATIONS:
            points.append((now.iteration, time.perf_counter() - begun, float(now.losses[-1])))

    for count in (10, max_iter):
        points.clear()
        begun = time.perf_counter()
        fit = otowake.factorize(V, loss=beta, max_iter=count, tol=0, watch=look, **options)
    truth = loss_of(V, fit.W, fit.H, beta)
    assert abs(points[-1][2] / truth - 1) < 1e-3, (points[-1], truth)
    return points


def reached(points: Points, goal: float, of: int = 1) -> float:
    """Return the seconds (`of` = 0: iterations) until the loss first reaches the goal.

    The logarithm of the loss is interpolated linearly between the measured points.
    """
    before = points[0]
    if before[2] <= goal:
        return before[of]
    for after in points[1:]:
        if after[2] <= goal:
            part = math.log(before[2] / goal) / math.log(before[2] / after[2])
            return before[of] + part * (after[of] - before[of])
        before = after
    return math.inf


def product_rate() -> float:
    """Measure float32 products of 2048 × 2048 matrices, in GFLOP/s."""
    a = jnp.ones((2048, 2048), jnp.float32)
    product = jax.jit(jnp.matmul)
    product(a, a).block_until_ready()
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        product(a, a).block_until_ready()
        times.append(time.perf_counter() - begun)
    return 2 * 2048**3 / min(times) / 1e9


def programs(
    V: np.ndarray, name: str, n_components: int, max_iter: int
) -> dict[str, tuple[str, Callable[[int], Points]]]:
    """List the programs for a loss: the required package, and a function of the seed."""
    beta = BETAS[name]

    def start(seed: int) -> Factors:
        return first_initialisation(V.shape, n_components, seed)

    def same_start(seed: int) -> dict[str, object]:
        begun = start(seed)
        return {"W": begun.W, "H": begun.H, "n_components": n_components}

    own = {"n_components": n_components}
    table: dict[str, tuple[str, Callable[[int], Points]]] = {
        "scikit-learn mu": (
            "sklearn",
            lambda seed: run_scikit_learn(V, start(seed), beta, max_iter, "mu"),
        ),
        "torchnmf": ("torchnmf", lambda seed: run_torchnmf(V, start(seed), beta, max_iter)),
        "nmf-torch mu, its own start": (
            "nmf",
            lambda seed: run_nmf_torch(V, n_components, beta, max_iter, seed),
        ),
        "otowake mu, same start": (
            "otowake",
            lambda seed: run_otowake(V, beta, max_iter, solver="mu", **same_start(seed)),
        ),
        "otowake, same start": (
            "otowake",
            lambda seed: run_otowake(V, beta, max_iter, **same_start(seed)),
        ),
        "otowake": ("otowake", lambda seed: run_otowake(V, beta, max_iter, seed=seed, **own)),
        "otowake thorough": (
            "otowake",
            lambda seed: run_otowake(V, beta, max_iter, seed=seed, effort="thorough", **own),
        ),
    }
    if name == "euclidean":
        table["scikit-learn cd"] = (
            "sklearn",
            lambda seed: run_scikit_learn(V, start(seed), beta, max_iter, "cd"),
        )
    return table


def installed(package: str) -> bool:
    try:
        __import__(package)
    except Exception:  # a peer that can't be imported is skipped, whatever the reason
        return False
    return True


def summary(
    runs: dict[str, list[Points]], goal_of: str, shape: tuple[int, int], K: int
) -> dict[str, dict]:
    """Take medians over the seeds; ratios compare the same seed."""
    goals = [points[-1][2] for points in runs[goal_of]]
    times = {
        label: [reached(points, goal) for points, goal in zip(points_by_seed, goals, strict=True)]
        for label, points_by_seed in runs.items()
    }
    table = {}
    for label, points_by_seed in runs.items():
        last = [(points[-2], points[-1]) for points in points_by_seed]
        step = statistics.median((b[1] - a[1]) / (b[0] - a[0]) * 1e3 for a, b in last)
        table[label] = {
            "seconds": statistics.median(times[label]),
            "of": sum(math.isfinite(t) for t in times[label]),
            "faster": statistics.median(
                a / b for a, b in zip(times[goal_of], times[label], strict=True)
            ),
            "iterations": statistics.median(
                reached(points, goal, of=0)
                for points, goal in zip(points_by_seed, goals, strict=True)
            ),
            "ms": step,
            "gflops": 4 * 2 * shape[0] * shape[1] * K / step / 1e6,
            "final": statistics.median(points[-1][2] for points in points_by_seed),
            "curve": points_by_seed[len(points_by_seed) // 2],
        }
    return table


def high_water() -> float:
    """Return the peak memory of this process, in MB (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def peak_memory(arguments: argparse.Namespace, loss: str, label: str) -> float:
    """Measure the peak memory of twenty iterations in a new process, in MB beyond V."""
    command = [sys.executable, __file__, arguments.file, "--components", str(arguments.components)]
    if arguments.seconds:
        command += ["--seconds", str(arguments.seconds)]
    run = subprocess.run(
        [*command, "--losses", loss, "--peak", label], capture_output=True, text=True, check=True
    )
    return float(run.stdout.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file")
    parser.add_argument("--components", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=5)
    choices = [n for n in MEASURED_ITERATIONS if n > 10]  # otowake reports every tenth loss
    parser.add_argument("--iterations", type=int, default=1000, choices=choices)
    parser.add_argument("--seconds", type=float, help="length to use; a shorter file is repeated")
    parser.add_argument("--losses", nargs="+", default=list(BETAS), choices=list(BETAS))
    parser.add_argument("--save", type=Path)
    parser.add_argument("--peak", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    K, max_iter = arguments.components, arguments.iterations
    V = otowake.spectrogram(otowake.load(arguments.file, duration=arguments.seconds)).values
    if arguments.seconds and V.shape[1] < arguments.seconds * 43:
        V = np.tile(V, (1, math.ceil(arguments.seconds * 43 / V.shape[1])))
    if arguments.peak:
        package, run = programs(V, arguments.losses[0], K, 20)[arguments.peak]
        installed(package)
        before = high_water()
        run(0)
        print(high_water() - before)
        return
    rate = product_rate()
    title = f"{Path(arguments.file).name}, {V.shape[0]} x {V.shape[1]}, K = {K}"
    print(f"{title}; {max_iter} iterations, {arguments.seeds} seeds; products {rate:.0f} GFLOP/s")
    tables = {}
    for name in arguments.losses:
        runs: dict[str, list[Points]] = {}
        for label, (package, run) in programs(V, name, K, max_iter).items():
            if installed(package):
                runs[label] = [run(seed) for seed in range(arguments.seeds)]
            else:
                print(f"  {label}: skipped, {package} can't be imported")
        memory = {label: peak_memory(arguments, name, label) for label in runs}
        for goal in ("scikit-learn mu", "scikit-learn cd"):
            if goal in runs:
                table = summary(runs, goal, V.shape, K)
                for label in runs:
                    table[label]["memory"] = memory[label]
                tables[f"{name}, to the loss of {goal}"] = table
                report(name, goal, table, arguments.seeds)
    if arguments.save:
        facts = {
            "title": title,
            "iterations": max_iter,
            "seeds": arguments.seeds,
            "products": rate,
            "tables": tables,
        }
        arguments.save.with_suffix(".json").write_text(json.dumps(facts, indent=1) + "\n")
        draw(title, tables, arguments.save.with_suffix(".png"))


def report(name: str, goal: str, table: dict[str, dict], n_seeds: int) -> None:
    print(f"\n{name}: to the final loss of {goal}, medians over {n_seeds} seeds")
    print(
        "| program | s | seeds converged | × | iterations "
        "| ms/iteration | GFLOP/s | final loss | MB |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for label, row in table.items():
        print(
            f"| {label} | {row['seconds']:.3f} | {row['of']} | {row['faster']:.1f} "
            f"| {row['iterations']:.0f} | {row['ms']:.2f} "
            f"| {row['gflops']:.0f} | {row['final']:,.0f} | {row['memory']:.0f} |"
        )


def draw(title: str, tables: dict[str, dict[str, dict]], path: Path) -> None:
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, NullFormatter

    from otowake.plot.fonts import style

    shown = {name.split(",")[0]: table for name, table in tables.items()}
    with style():
        figure = Figure(figsize=(6 * len(shown), 4.8), dpi=100)
        for i, (name, table) in enumerate(shown.items()):
            axes = figure.add_subplot(1, len(shown), i + 1)
            curves = {label: np.array(row["curve"]).T for label, row in table.items()}
            least = min(losses.min() for _, _, losses in curves.values())
            for label, (_, seconds, losses) in curves.items():
                dashes = "-" if label.startswith("otowake") else "--"
                above = 100 * (losses / least - 1) + 0.05
                axes.plot(seconds, above, dashes, label=label, marker=".", linewidth=1.3)
            axes.set_xscale("log")
            axes.set_yscale("log")
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
                axis.set_minor_formatter(NullFormatter())
            axes.set_xlabel("seconds")
            axes.set_ylabel("loss above the lowest, %")
            axes.set_title(f"{name}: {title}", loc="left", fontsize=10)
            axes.legend(frameon=False, fontsize=8)
            axes.grid(color="#eeeeee")
        figure.subplots_adjust(left=0.07, right=0.98, bottom=0.13, top=0.9)
        figure.savefig(path)


if __name__ == "__main__":
    main()
