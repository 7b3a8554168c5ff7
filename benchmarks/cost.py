"""What an archive costs, past one machine: constants measured here, a simulation, and how well it agrees with real runs.

    python -m benchmarks.cost --cache DIR [--only constants compare plan]

Constants are processor time, and how many threads it is spread over. The real runs have a scheduler and 1, 2 and 4 workers, each a
process of its own, on this machine; with a delay, workers reach the scheduler, and it them, through a process that keeps every
message for so long. Nothing of a run is given to its simulation but the constants, which the first worker measures by itself just
before and after, and the number of cores: let nothing else run. What was measured is kept in DIR/cost.json and not measured again.
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

SECONDS, LONG = 30.0, 120.0
PASSES, LEARNT, ANALYSED = 64, 16, 24
CASES = ((1, 0.0), (2, 0.0), (4, 0.0), (4, 0.05), (2, 0.01))
"""Workers, and the seconds that a message takes."""

CORES = len(os.sched_getaffinity(0))

STAGES = ("components", "components,notes,instruments")
W = np.ones((model.BINS, 20), np.float32)


# Constants.


def in_one_thread() -> None:
    from otowake.runtime import keep_compiled_programs, use_threads

    use_threads(1)
    keep_compiled_programs()


def taken(work: Callable[[], Any]) -> tuple[float, Any]:
    """Processor seconds of this process, and what comes of it."""
    begun = time.process_time()
    found = work()
    return time.process_time() - begun, found


def side_by_side(work: Callable[[], Any]) -> float:
    """How many threads are at work on average, where nothing else runs."""
    begun = time.perf_counter()
    processor, _ = taken(work)
    return max(1.0, processor / (time.perf_counter() - begun))


def work(cache: Path, scratch: Path) -> dict[str, Any]:
    """What `learn` and the analysis of a short clip take of a core, in this process."""
    from otowake.cluster.portion import Job, Portion, folded
    from otowake.cluster.work import read_digests
    from otowake.nmf.factorize import problem_of
    from otowake.nmf.solvers import MU, of_W
    from otowake.options import FitSpec
    from otowake.results.recipe import Recipe

    in_one_thread()
    recipe = Recipe(("components",), fit=FitSpec(n_components=20, tol=0.0))
    paths = sorted((cache / "learnt").glob("*.flac"))
    hours = len(paths) * SECONDS / 3600
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
    threads = side_by_side(lambda: [a_pass(i) for i in range(12, 23)])
    free = np.zeros(20, bool)
    problem = problem_of(recipe.fit, free, free, None)

    def combined() -> None:
        (whole,) = folded({(0, i): total for i in range(4)}, 4).values()
        float(whole.loss + of_W(problem, w))
        np.asarray(MU.combine(problem, w, (whole.negative, whole.positive)))

    combined()
    clips = sorted((cache / "analysed").glob("*.flac"))[:5]
    each = analysed(clips, "components", scratch)[0]
    return {
        "read": read / hours,
        "hold": hold / hours,
        "of_block": statistics.median(passes) / sum(len(portion.blocks) for portion in portions),
        "combine": statistics.median(taken(combined)[0] for _ in range(20)),
        "each": {"components": each},
        "threads": {
            "learn": threads,
            "run": side_by_side(lambda: analysed(clips, "components", scratch)),
        },
        "hour": {"components": 0.0},
        "sound": sum(path.stat().st_size for path in paths) / hours,
    }


def analysed(paths: list[Path], stages: str, scratch: Path) -> tuple[float, float]:
    """Processor seconds for a recording (the first one, which compiles, is left out), and bytes of its result."""
    from otowake.cluster.work import Task, analyse_one, read_digests
    from otowake.results.recipe import Recipe

    in_one_thread()
    shutil.rmtree(scratch / stages, ignore_errors=True)
    found, size = [], []
    for path, digest, _ in read_digests([str(path) for path in paths], "en"):
        folder = scratch / stages / Path(path).stem
        where = (str(scratch), str(folder.relative_to(scratch)))
        task = Task(path, digest or "", *where, Recipe(tuple(stages.split(","))).facts())
        seconds, outcome = taken(lambda task=task: analyse_one(task))
        assert outcome.state == "done", outcome
        found.append(seconds)
        size.append(sum(each.stat().st_size for each in folder.rglob("*") if each.is_file()))
    return statistics.mean(found[1:]), statistics.mean(size)


def analyses(cache: Path, scratch: Path) -> dict[str, Any]:
    """What analyses take for each recording and each hour, from clips of two lengths; and bytes of results for an hour."""
    each, hour, size = {}, {}, {}
    for stages in STAGES:
        short, _ = analysed(
            sorted((cache / "analysed").glob("*.flac"))[:4], stages, scratch / "short"
        )
        long, of_long = analysed(sorted((cache / "long").glob("*.flac")), stages, scratch / "long")
        slope = (long - short) / (LONG - SECONDS)
        each[stages], hour[stages], size[stages] = (
            short - slope * SECONDS,
            3600 * slope,
            3600 * of_long / LONG,
        )
    return {"each": each, "hour": hour, "size": size}


def echo(w: np.ndarray) -> dict[Any, np.ndarray]:
    """As much as a worker that has added all its portions sends."""
    return {(0, 0): w}


def outcome(task: Any) -> Any:
    from otowake.cluster.work import Outcome

    return Outcome("done", seconds=30.0)


def calls() -> dict[str, Any]:
    """What calls cost, one at a time; and entering a result in the manifest."""
    from otowake.cluster.manifest import Manifest
    from otowake.cluster.work import Task
    from otowake.cluster.workers import result_of, results_of
    from otowake.results.recipe import Recipe

    found: dict[str, Any] = {}
    with cluster(1, 0.0) as (client, who), tempfile.TemporaryDirectory() as folder:
        time.sleep(3)
        window = Window(who)
        time.sleep(5)
        seconds, took = window.end()
        found["upkeep"] = took["worker"].processor / seconds
        task = Task("a" * 60, "0" * 64, "b" * 60, "c" * 60, Recipe().facts())
        kinds: list[tuple[str, str, Callable[..., Any], Any, Callable[[Any], Any]]] = [
            ("ask", "fetch", echo, W, lambda future: results_of(client, [future])),
            ("task", "back", outcome, task, result_of),
        ]
        for there, back, function, argument, fetched in kinds:
            for name in (there, back):
                found[name] = []
            for i in range(50):
                for name in (there, back):
                    window = Window(who)
                    if name == there:
                        future = client.submit(function, argument, key=f"{there}-{i}", pure=False)
                        _wait(future)
                    else:
                        fetched(future)
                    seconds, took = window.end()
                    own = {each: took[each].processor for each in took}
                    idle = max(
                        0.0, seconds - sum(each.processor + each.waited for each in took.values())
                    )
                    found[name].append(asdict(model.Call(**own, idle=idle)))
                future.release()
            for name in (there, back):
                rest = found[name][10:]
                found[name] = {key: statistics.mean(each[key] for each in rest) for key in rest[0]}
        archive = Path(folder)
        with contextlib.closing(Manifest(archive)) as manifest:
            n = 300
            manifest.add_paths([(str(i), str(i)) for i in range(n)])
            manifest.record_digests([(str(i), f"{i:064x}", None) for i in range(n)])
            manifest.queue_recordings(retry=False)
            begun = time.process_time()
            for recording in [*manifest.waiting()]:
                manifest.record_state(recording.sha256, recording.folder, "done", None, None, 30.0)
            found["note"] = (time.process_time() - begun) / n
    return found


def _wait(future: Any) -> None:
    import queue

    back: queue.SimpleQueue[Any] = queue.SimpleQueue()
    future.add_done_callback(back.put)
    back.get(timeout=60)


def constants_of(found: dict[str, Any]) -> model.Constants:
    calls = {name: model.Call(**found[name]) for name in ("ask", "fetch", "task", "back")}
    plain = ("read", "hold", "of_block", "combine", "each", "hour", "note", "upkeep", "threads")
    return model.Constants(**{name: found[name] for name in plain}, **calls)


def mean_of(measured: list[Any]) -> Any:
    """The mean of measurements, number by number."""
    if isinstance(measured[0], dict):
        return {name: mean_of([each[name] for each in measured]) for name in measured[0]}
    return statistics.mean(measured)


# Real runs.


def real(cache: Path, workers: int, delay: float) -> dict[str, Any]:
    """`learn` and `run` with programs that are compiled, and the constants."""
    from otowake.cluster import learn_dictionary, run_archive
    from otowake.options import ArchiveSpec, FitSpec, LearnSpec
    from otowake.results.recipe import Recipe

    found: dict[str, Any] = {"workers": workers, "delay": delay}
    learnt = Recipe(("components",), fit=FitSpec(n_components=20, tol=0.0))
    with tempfile.TemporaryDirectory() as folder, cluster(workers, delay) as (client, who):

        def measured(name: str, window: Window) -> None:
            seconds, took = window.end()
            found[name] = {"seconds": seconds, "processor": took["worker"].processor}

        there = [*client.scheduler_info(n_workers=-1)["workers"]]
        scratch = Path(folder)

        def asked(addresses: list[str]) -> list[dict[str, Any]]:
            futures = [
                client.submit(work, cache, scratch / str(i), workers=[address], pure=False)
                for i, address in enumerate(addresses)
            ]
            return client.gather(futures)

        for i in range(workers):
            (scratch / str(i)).mkdir()
        asked(there)  # compiles
        before = asked(there[:1])
        begun: list[Window] = []

        def watch(now: Any) -> None:
            if now.passes and not begun:
                begun.append(Window(who))
            if now.passes == PASSES - 1 and "learn" not in found:
                measured("learn", begun[0])

        spec = LearnSpec(passes=PASSES, save=1000)
        learn_dictionary(
            [cache / "learnt"],
            scratch / "learnt.npz",
            recipe=learnt,
            spec=spec,
            client=client,
            watch=watch,
        )
        window = Window(who)
        recipe, archive = Recipe(("components",)), scratch / "archive"
        run_archive([cache / "analysed"], archive, recipe=recipe, spec=ArchiveSpec(), client=client)
        measured("run", window)
        after = asked(there[:1])
    found["constants"] = [mean_of(before), mean_of(after)]
    return found


def foretold(c: model.Constants, case: dict[str, Any], name: str) -> tuple[float, float]:
    """The seconds that it should take, and the processor seconds of the workers."""
    workers = case["workers"]
    place = model.Place(case["delay"], CORES - c.upkeep * (workers + 2))
    if name == "learn":
        work = model.shared(c, [SECONDS] * LEARNT, workers)
        passes = PASSES - 2
        seconds = passes * model.one_pass(c, work, place).seconds
        processor = passes * (sum(work) + workers * (c.ask.worker + c.fetch.worker))
    else:
        each = c.each["components"] + c.read * SECONDS / 3600 + c.task.worker + c.back.worker
        seconds = model.run(c, ANALYSED, SECONDS, workers, "components", place).seconds
        processor = ANALYSED * each
    return seconds, processor + c.upkeep * workers * seconds


def compared(kept: dict[str, Any]) -> None:
    print(
        "| workers | delay, ms | what | seconds, measured | simulated | workers' processor seconds, measured | simulated |"
    )
    print("|---|---|---|---|---|---|---|")
    for case in kept["cases"]:
        c = constants_of(mean_of(case["constants"]) | kept["calls"])
        for name in ("learn", "run"):
            found = case[name]
            seconds, processor = foretold(c, case, name)
            print(
                f"| {case['workers']} | {1000 * case['delay']:g} | `{name}` "
                f"| {found['seconds']:.1f} | {seconds:.1f} ({100 * (seconds / found['seconds'] - 1):+.0f} %) "
                f"| {found['processor']:.1f} | {processor:.1f} ({100 * (processor / found['processor'] - 1):+.0f} %) |"
            )


def plan(found: dict[str, Any]) -> None:
    c = constants_of(found)
    print(json.dumps(found, indent=1))
    print("| workers | stages | hours | without calls | driver busy |")
    print("|---|---|---|---|---|")
    plans = [
        (model.planned(c, n), model.planned(model.without_calls(c), n)) for n in (10, 1000, 100_000)
    ]
    for each, free in plans:
        for stages, hours in each.run.items():
            print(
                f"| {each.workers:,} | {stages} | {hours:,.1f} | {free.run[stages]:,.1f} | {each.driver[stages]:.2f} |"
            )
    print(
        "\n| workers | a pass of `learn`, s | without calls, s | driver busy | V on a worker's disk, GB | H in its memory, GB |"
    )
    print("|---|---|---|---|---|---|")
    for each, free in plans:
        print(
            f"| {each.workers:,} | {each.a_pass:,.1f} | {free.a_pass:,.1f} | {each.learn_driver:.2f} "
            f"| {each.disk / 1e9:,.1f} | {each.memory / 1e9:,.1f} |"
        )
    for stages in STAGES:
        track = c.each[stages] + (c.hour[stages] + c.read) * 240 / 3600
        print(f"{stages}: {track:.2f} s a track, {track * 15e6 / 3600:,.0f} core hours")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--only", nargs="*", default=["constants", "compare", "plan"])
    given = parser.parse_args()
    cache = given.cache.absolute()
    for name, n, seconds in (
        ("learnt", LEARNT, SECONDS),
        ("analysed", ANALYSED, SECONDS),
        ("long", 2, LONG),
    ):
        clips(cache / name, n, seconds)
    file = cache / "cost.json"
    kept: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {"cases": []}
    if "constants" in given.only and "calls" not in kept:
        kept["calls"] = calls()
        file.write_text(json.dumps(kept, indent=1))
    if "compare" in given.only:
        for workers, delay in CASES[len(kept["cases"]) :]:
            kept["cases"].append(real(cache, workers, delay))
            file.write_text(json.dumps(kept, indent=1))
            print(workers, delay, "is measured", flush=True)
        compared(kept)
    if "constants" in given.only and "analyses" not in kept:
        with tempfile.TemporaryDirectory() as scratch:
            kept["analyses"] = analyses(cache, Path(scratch))
        file.write_text(json.dumps(kept, indent=1))
    if "plan" in given.only:
        every = [each for case in kept["cases"] for each in case["constants"]]
        plan(min(every, key=lambda each: each["of_block"]) | kept["analyses"] | kept["calls"])


if __name__ == "__main__":
    main()
