"""Measure and simulate the cost of an archive, and compare the simulation with real runs.

    python -m benchmarks.cost --cache DIR [--only constants compare plan]

Constants are processor time and the mean number of threads. The real runs have a scheduler and 1, 2
and 4 workers as processes on this machine; with a delay, the messages between workers and scheduler
pass a process that delays them. A simulation of a run is given only the constants, which the first
worker measures before and after the run, and the number of cores: nothing else should run.
DIR/cost.json keeps the measurements; they are not repeated.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import cost_model as model
from benchmarks.archive import clips
from benchmarks.cost_processes import Window, cluster

CLIP_SECONDS, LONG_CLIP_SECONDS = 30.0, 120.0
PASSES, N_LEARNT, N_ANALYSED = 64, 16, 24
CASES = ((1, 0.0), (2, 0.0), (4, 0.0), (4, 0.05), (2, 0.01))
"""Workers, and seconds that a message takes."""

CORES = len(os.sched_getaffinity(0))

STAGES = ("components", "components,notes,instruments")
W = np.ones((model.BINS, 20), np.float32)


def in_one_thread() -> None:
    from otowake.runtime import keep_compiled_programs, use_threads

    use_threads(1)
    keep_compiled_programs()


def taken(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the processor seconds of this process, and the result of `work`."""
    begun = time.process_time()
    result = work()
    return time.process_time() - begun, result


def busy_threads(work: Callable[[], Any]) -> float:
    """Return the mean number of busy threads, if nothing else runs."""
    begun = time.perf_counter()
    processor, _ = taken(work)
    return max(1.0, processor / (time.perf_counter() - begun))


def work(cache: Path, scratch: Path) -> dict[str, Any]:
    """Measure `learn` and the analysis of a short clip on one core, in this process."""
    from otowake.cluster.portion import Job, Portion, folded
    from otowake.cluster.tasks import read_digests
    from otowake.nmf.objective import W_penalty
    from otowake.nmf.problem import problem_of
    from otowake.nmf.solvers import MU
    from otowake.options import FitSpec
    from otowake.results.recipe import Recipe

    in_one_thread()
    recipe = Recipe(("components",), fit=FitSpec(n_components=20, tol=0.0))
    paths = sorted((cache / "learnt").glob("*.flac"))
    hours = len(paths) * CLIP_SECONDS / 3600
    read, digests = taken(lambda: read_digests([str(path) for path in paths], "en"))
    files = [(path, digest or "") for path, digest, _ in digests]
    job = Job("cost", str(scratch), recipe.facts(), 2048)
    Portion(job, 0, files[:1], str(scratch))
    hold, portions = taken(
        lambda: [Portion(job, i, [file], str(scratch)) for i, file in enumerate(files)]
    )
    w = np.random.default_rng(0).uniform(0.1, 1, W.shape).astype(np.float32)

    def a_pass(i: int) -> Any:
        totals = [portion.advance(i, w, keep=False) for portion in portions]
        return totals[0]

    total = a_pass(0)
    passes = [taken(lambda i=i: a_pass(i))[0] for i in range(1, 12)]
    threads = busy_threads(lambda: [a_pass(i) for i in range(12, 23)])
    free = np.zeros(20, bool)
    problem = problem_of(recipe.fit, free, free, None)

    def combined() -> None:
        (whole,) = folded({(0, i): total for i in range(4)}, 4).values()
        float(whole.loss + W_penalty(problem, w))
        np.asarray(MU.combine(problem, w, (whole.negative, whole.positive)))

    combined()
    clips = sorted((cache / "analysed").glob("*.flac"))[:5]
    per_recording = analysed(clips, "components", scratch)[0]
    return {
        "read": read / hours,
        "hold": hold / hours,
        "of_block": statistics.median(passes) / sum(len(portion.blocks) for portion in portions),
        "combine": statistics.median(taken(combined)[0] for _ in range(20)),
        "each": {"components": per_recording},
        "threads": {
            "learn": threads,
            "run": busy_threads(lambda: analysed(clips, "components", scratch)),
        },
        "hour": {"components": 0.0},
        "sound": sum(path.stat().st_size for path in paths) / hours,
    }


def analysed(paths: list[Path], stages: str, scratch: Path) -> tuple[float, float]:
    """Return processor seconds per recording, without compilation, and bytes per result."""
    from otowake.cluster.tasks import Task, analyse_one, read_digests
    from otowake.results.recipe import Recipe

    in_one_thread()
    shutil.rmtree(scratch / stages, ignore_errors=True)
    times, sizes = [], []
    for path, digest, _ in read_digests([str(path) for path in paths], "en"):
        folder = scratch / stages / Path(path).stem
        where = (str(scratch), str(folder.relative_to(scratch)))
        task = Task(path, digest or "", *where, Recipe(tuple(stages.split(","))).facts())
        seconds, outcome = taken(lambda task=task: analyse_one(task))
        assert outcome.state == "done", outcome
        times.append(seconds)
        sizes.append(sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()))
    return statistics.mean(times[1:]), statistics.mean(sizes)


def analyses(cache: Path, scratch: Path) -> dict[str, Any]:
    """Measure analyses per recording and per hour, from clips of two lengths."""
    per_recording, per_hour, sizes = {}, {}, {}
    for stages in STAGES:
        short, _ = analysed(
            sorted((cache / "analysed").glob("*.flac"))[:4], stages, scratch / "short"
        )
        long, of_long = analysed(sorted((cache / "long").glob("*.flac")), stages, scratch / "long")
        slope = (long - short) / (LONG_CLIP_SECONDS - CLIP_SECONDS)
        per_recording[stages], per_hour[stages], sizes[stages] = (
            short - slope * CLIP_SECONDS,
            3600 * slope,
            3600 * of_long / LONG_CLIP_SECONDS,
        )
    return {"each": per_recording, "hour": per_hour, "size": sizes}


def echo(w: np.ndarray) -> dict[Any, np.ndarray]:
    """Return as much data as a worker sends after a pass."""
    return {(0, 0): w}


def outcome(task: Any) -> Any:
    from otowake.cluster.tasks import Outcome

    return Outcome("done", seconds=30.0)


def calls() -> dict[str, Any]:
    """Measure single calls, and the entry of a result in the manifest."""
    from otowake.cluster.manifest import Manifest
    from otowake.cluster.tasks import Task
    from otowake.cluster.workers import result_of, results_of
    from otowake.results.recipe import Recipe

    costs: dict[str, Any] = {}
    with cluster(1, 0.0) as (client, roles), tempfile.TemporaryDirectory() as folder:
        time.sleep(3)
        window = Window(roles)
        time.sleep(5)
        seconds, took = window.end()
        costs["upkeep"] = took["worker"].processor / seconds
        task = Task("a" * 60, "0" * 64, "b" * 60, "c" * 60, Recipe().facts())
        kinds: list[tuple[str, str, Callable[..., Any], Any, Callable[[Any], Any]]] = [
            ("ask", "fetch", echo, W, lambda future: results_of(client, [future])),
            ("task", "back", outcome, task, result_of),
        ]
        for forth, back, function, argument, fetched in kinds:
            for name in (forth, back):
                costs[name] = []
            for i in range(50):
                for name in (forth, back):
                    window = Window(roles)
                    if name == forth:
                        future = client.submit(function, argument, key=f"{forth}-{i}", pure=False)
                        _wait(future)
                    else:
                        fetched(future)
                    seconds, took = window.end()
                    own = {role: took[role].processor for role in took}
                    busy = sum(times.processor + times.waited for times in took.values())
                    idle = max(0.0, seconds - busy)
                    costs[name].append(asdict(model.Call(**own, idle=idle)))
                future.release()
            for name in (forth, back):
                rest = costs[name][10:]
                costs[name] = {key: statistics.mean(call[key] for call in rest) for key in rest[0]}
        archive = Path(folder)
        with contextlib.closing(Manifest(archive)) as manifest:
            n = 300
            manifest.add_paths([(str(i), str(i)) for i in range(n)])
            manifest.record_digests([(str(i), f"{i:064x}", None) for i in range(n)])
            manifest.queue_recordings(retry=False)
            begun = time.process_time()
            for recording in [*manifest.waiting()]:
                manifest.record_state(recording.sha256, recording.folder, "done", None, None, 30.0)
            costs["note"] = (time.process_time() - begun) / n
    return costs


def _wait(future: Any) -> None:
    import queue

    back: queue.SimpleQueue[Any] = queue.SimpleQueue()
    future.add_done_callback(back.put)
    back.get(timeout=60)


def constants_of(measured: dict[str, Any]) -> model.Constants:
    calls = {name: model.Call(**measured[name]) for name in ("ask", "fetch", "task", "back")}
    plain = ("read", "hold", "of_block", "combine", "note", "upkeep", "threads")
    return model.Constants(
        **{name: measured[name] for name in plain},
        **calls,
        per_recording=measured["each"],
        per_hour=measured["hour"],
    )


def mean_of(measured: list[Any]) -> Any:
    """Average measurements, number by number."""
    if isinstance(measured[0], dict):
        return {name: mean_of([values[name] for values in measured]) for name in measured[0]}
    return statistics.mean(measured)


def real(cache: Path, workers: int, delay: float) -> dict[str, Any]:
    """Measure `learn` and `run` with compiled programs, and the constants."""
    from otowake.cluster import learn_dictionary, run_archive
    from otowake.options import ArchiveSpec, FitSpec, LearnSpec
    from otowake.results.recipe import Recipe

    case: dict[str, Any] = {"workers": workers, "delay": delay}
    learnt = Recipe(("components",), fit=FitSpec(n_components=20, tol=0.0))
    with tempfile.TemporaryDirectory() as folder, cluster(workers, delay) as (client, roles):

        def measured(name: str, window: Window) -> None:
            seconds, took = window.end()
            case[name] = {"seconds": seconds, "processor": took["worker"].processor}

        addresses_of_workers = [*client.scheduler_info(n_workers=-1)["workers"]]
        scratch = Path(folder)

        def measure_constants(addresses: list[str]) -> list[dict[str, Any]]:
            futures = [
                client.submit(work, cache, scratch / str(i), workers=[address], pure=False)
                for i, address in enumerate(addresses)
            ]
            return client.gather(futures)

        for i in range(workers):
            (scratch / str(i)).mkdir()
        measure_constants(addresses_of_workers)  # compiles
        before = measure_constants(addresses_of_workers[:1])
        begun: list[Window] = []

        def watch(now: Any) -> None:
            if now.passes and not begun:
                begun.append(Window(roles))
            if now.passes == PASSES - 1 and "learn" not in case:
                measured("learn", begun[0])

        spec = LearnSpec(epochs=PASSES, save=1000)
        learn_dictionary(
            [cache / "learnt"],
            scratch / "learnt.npz",
            recipe=learnt,
            spec=spec,
            client=client,
            watch=watch,
        )
        window = Window(roles)
        recipe, archive = Recipe(("components",)), scratch / "archive"
        run_archive([cache / "analysed"], archive, recipe=recipe, spec=ArchiveSpec(), client=client)
        measured("run", window)
        after = measure_constants(addresses_of_workers[:1])
    case["constants"] = [mean_of(before), mean_of(after)]
    return case


def predicted(c: model.Constants, case: dict[str, Any], name: str) -> tuple[float, float]:
    """Return the simulated seconds of a run, and the processor seconds of the workers."""
    workers = case["workers"]
    network = model.Network(case["delay"], CORES - c.upkeep * (workers + 2))
    if name == "learn":
        work = model.shared(c, [CLIP_SECONDS] * N_LEARNT, workers)
        passes = PASSES - 2
        seconds = passes * model.one_pass(c, work, network).seconds
        processor = passes * (sum(work) + workers * (c.ask.worker + c.fetch.worker))
    else:
        analysis = c.per_recording["components"] + c.read * CLIP_SECONDS / 3600
        per_recording = analysis + c.task.worker + c.back.worker
        seconds = model.run(c, N_ANALYSED, CLIP_SECONDS, workers, "components", network).seconds
        processor = N_ANALYSED * per_recording
    return seconds, processor + c.upkeep * workers * seconds


def compared(log: dict[str, Any]) -> None:
    print(
        "| workers | delay, ms | what | seconds, measured | simulated "
        "| workers' processor seconds, measured | simulated |"
    )
    print("|---|---|---|---|---|---|---|")
    for case in log["cases"]:
        c = constants_of(mean_of(case["constants"]) | log["calls"])
        for name in ("learn", "run"):
            real = case[name]
            seconds, processor = predicted(c, case, name)
            print(
                f"| {case['workers']} | {1000 * case['delay']:g} | `{name}` "
                f"| {real['seconds']:.1f} "
                f"| {seconds:.1f} ({100 * (seconds / real['seconds'] - 1):+.0f} %) "
                f"| {real['processor']:.1f} "
                f"| {processor:.1f} ({100 * (processor / real['processor'] - 1):+.0f} %) |"
            )


def plan(measured: dict[str, Any]) -> None:
    c = constants_of(measured)
    print(json.dumps(measured, indent=1))
    print("| workers | stages | hours | without calls | driver busy |")
    print("|---|---|---|---|---|")
    plans = [
        (model.planned(c, n), model.planned(model.without_calls(c), n)) for n in (10, 1000, 100_000)
    ]
    for full, free in plans:
        for stages, hours in full.run.items():
            print(
                f"| {full.workers:,} | {stages} | {hours:,.1f} "
                f"| {free.run[stages]:,.1f} | {full.driver[stages]:.2f} |"
            )
    print(
        "\n| workers | a pass of `learn`, s | without calls, s | driver busy "
        "| V on a worker's disk, GB | H in its memory, GB |"
    )
    print("|---|---|---|---|---|---|")
    for full, free in plans:
        print(
            f"| {full.workers:,} | {full.a_pass:,.1f} | {free.a_pass:,.1f} "
            f"| {full.learn_driver:.2f} | {full.disk / 1e9:,.1f} | {full.memory / 1e9:,.1f} |"
        )
    for stages in STAGES:
        track = c.per_recording[stages] + (c.per_hour[stages] + c.read) * 240 / 3600
        print(f"{stages}: {track:.2f} s a track, {track * 15e6 / 3600:,.0f} core hours")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--only", nargs="*", default=["constants", "compare", "plan"])
    options = parser.parse_args()
    cache = options.cache.absolute()
    clips(cache / "learnt", N_LEARNT, CLIP_SECONDS)
    clips(cache / "analysed", N_ANALYSED, CLIP_SECONDS)
    clips(cache / "long", 2, LONG_CLIP_SECONDS)
    file = cache / "cost.json"
    log: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {"cases": []}
    if "constants" in options.only and "calls" not in log:
        log["calls"] = calls()
        file.write_text(json.dumps(log, indent=1))
    if "compare" in options.only:
        for workers, delay in CASES[len(log["cases"]) :]:
            log["cases"].append(real(cache, workers, delay))
            file.write_text(json.dumps(log, indent=1))
            print(workers, delay, "is measured", flush=True)
        compared(log)
    if "constants" in options.only and "analyses" not in log:
        with tempfile.TemporaryDirectory() as scratch:
            log["analyses"] = analyses(cache, Path(scratch))
        file.write_text(json.dumps(log, indent=1))
    if "plan" in options.only:
        constants = [measured for case in log["cases"] for measured in case["constants"]]
        fastest = min(constants, key=lambda measured: measured["of_block"])
        plan(fastest | log["analyses"] | log["calls"])


if __name__ == "__main__":
    main()
