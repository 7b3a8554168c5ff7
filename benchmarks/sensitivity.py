"""Halve and double each tuned constant of `otowake.music`, and print the largest effect.

    python -m benchmarks.sensitivity [--room players] [--data DIR] [--jobs 2] [--log FILE]

Without ``--data`` the input is the seeded ensemble of ``tests/goldens``, otherwise also the
mixtures below DIR (``mix.flac`` with stems, as in :mod:`benchmarks.stems`). A constant is a field
made by :func:`otowake.music.tuned.tuned`. Each variation runs in a new process, which changes the
configuration before it imports anything else. Variations in ``--log`` are not repeated.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import otowake

ROOT = Path(__file__).resolve().parents[1]
FACTORS = (0.5, 2.0)


class Constant(NamedTuple):
    """A field of a configuration: module, name of the instance, name of the field."""

    module: str
    instance: str
    field: str

    def __str__(self) -> str:
        room = self.module.removeprefix("otowake.music.").removesuffix(".config")
        return f"{room}.{self.instance}.{self.field}"


def constants() -> Iterator[Constant]:
    """Iterate over the tuned constants of the package."""
    from otowake import music

    for module in pkgutil.walk_packages(music.__path__, "otowake.music."):
        if module.name.endswith(".config"):
            config = importlib.import_module(module.name)
            for name, value in vars(config).items():
                if is_dataclass(value) and not isinstance(value, type):
                    for field in fields(value):
                        if "origin" in field.metadata:
                            yield Constant(module.name, name, field.name)


def scaled(value: Any, factor: float) -> Any:
    """Scale a number or a collection of numbers; integers stay integers.

    >>> scaled(3, 0.5), scaled(0.2, 2.0), scaled((1, 0.5), 2.0), scaled({"violin": 1.0}, 0.5)
    (1, 0.4, (2, 1.0), {'violin': 0.5})
    >>> scaled(slice(2, 8), 2.0)
    slice(4, 16, None)
    """
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, slice):
        return slice(*(scaled(bound, factor) for bound in (value.start, value.stop, value.step)))
    if isinstance(value, dict):
        return {key: scaled(number, factor) for key, number in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(scaled(number, factor) for number in value)
    return int(value * factor) if isinstance(value, int) else value * factor


def measure(data: Path | None) -> dict[str, float]:
    """Compute the figures of the analyses, and the share of notes that differ from the goldens."""
    sys.path.insert(0, str(ROOT / "tests/helpers"))
    import csv

    import ensemble

    given, nothing_given = ensemble.analyse(True), ensemble.analyse(False)
    result = ensemble.figures(given, nothing_given)
    with ensemble.NOTES.open(encoding="utf-8") as file:
        golden = {tuple(row.values()) for row in csv.DictReader(file)}
    now = {tuple(row.values()) for row in ensemble.note_rows(nothing_given)}
    result["notes changed"] = len(golden ^ now) / 2 / len(golden)
    for mixture in sorted(data.rglob("mix.flac")) if data else ():
        result |= {f"{mixture.parent.name} {k}": v for k, v in _stems(mixture).items()}
    return result


def _stems(mixture: Path) -> dict[str, float]:
    from benchmarks.stems import of_mixture, sdr

    audio = otowake.load(mixture)
    names = [f.stem for f in sorted(mixture.parent.glob("*.flac")) if f.stem != "mix"]
    gains = {}
    for name, sound in zip(names, of_mixture(audio, names, True), strict=True):
        true = otowake.load(mixture.parent / f"{name}.flac").mono()
        mixed = audio.mono()[: len(true)]
        estimate = mixed if sound is None else sound.mean(axis=0)[: len(true)]
        gains[f"{name} gain"] = sdr(true, estimate) - sdr(true, mixed)
    return gains


def change(constant: Constant, factor: float) -> bool:
    """Scale a constant, then import the modules that use it.

    The package of the configuration would import them first: a stub stands for it meanwhile.
    Returns whether the value is another one.
    """
    name = "otowake.music"
    assert name not in sys.modules
    stub = ModuleType(name)
    stub.__path__ = [str(Path(otowake.__path__[0]) / "music")]
    sys.modules[name] = stub
    instance = getattr(importlib.import_module(constant.module), constant.instance)
    del sys.modules[name]
    before = getattr(instance, constant.field)
    value = scaled(before, factor)
    object.__setattr__(instance, constant.field, value)
    importlib.import_module(name)
    return value != before


def run(constant: Constant | None, factor: float, data: Path | None) -> dict[str, float] | str:
    """Measure in a new process; return the error message if it fails."""
    worker = json.dumps([constant, factor])
    command = [sys.executable, "-m", "benchmarks.sensitivity", "--worker", worker]
    command += ["--data", str(data)] if data else []
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["failed"])[-1]
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--room", default="", help="only constants of this folder of music/")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--log", type=Path, default=Path("sensitivity.json"))
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        names, factor = json.loads(options.worker)
        if names:
            change(Constant(*names), factor)
        print(json.dumps(measure(options.data)))
        return
    log = json.loads(options.log.read_text()) if options.log.exists() else {}
    if "unchanged" not in log:
        log["unchanged"] = run(None, 1.0, options.data)
    wanted = [c for c in constants() if f".{options.room}" in c.module]
    todo = [(c, f) for c in wanted for f in FACTORS if f"{c} x{f:g}" not in log]
    with ThreadPoolExecutor(options.jobs) as pool:
        results = pool.map(lambda pair: run(*pair, options.data), todo)
        for (constant, factor), figures in zip(todo, results, strict=True):
            log[f"{constant} x{factor:g}"] = figures
            options.log.write_text(json.dumps(log, indent=1))
    for constant in wanted:
        print(f"{constant!s:60s}", *(_moved(log, f"{constant} x{f:g}") for f in FACTORS), sep="  ")


def _moved(log: dict[str, Any], name: str) -> str:
    """Describe the figure with the largest change."""
    before, now = log["unchanged"], log[name]
    if isinstance(now, str):
        return f"{name.rsplit(maxsplit=1)[-1]} fails: {now[:60]}"
    moves = {k: now.get(k, 0.0) - v for k, v in before.items() if now.get(k, 0.0) != v}
    if not moves:
        return f"{name.rsplit(maxsplit=1)[-1]} moves nothing"
    most = max(moves, key=lambda k: abs(moves[k]))
    return f"{name.rsplit(maxsplit=1)[-1]} {most} {moves[most]:+.3f}"


if __name__ == "__main__":
    main()
