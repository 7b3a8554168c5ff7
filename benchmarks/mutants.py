"""Run mutation tests: change one thing in a module, and check whether its tests fail.

    python -m benchmarks.mutants [--module otowake.untrusted] [--count 60] [--seed 0] [--jobs 2]
        [--allow 6]

A mutant is a copy of the package with one change in a module: a comparison, bound, condition,
constant, sum, return, raise or call. The module's own examples and its tests (:data:`TESTS`, or a
JSON file given as ``--map``) run on the mutant until the first fails. The output is the location
and the difference of each surviving mutant; more survivors than ``--allow`` make the exit code 1.
``--log`` keeps outcomes, so an interrupted run can continue; they are valid until the module or its
tests change.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import difflib
import hashlib
import json
import os
import queue
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]

TESTS: dict[str, list[str]] = {
    "otowake.untrusted": ["tests/doors/test_untrusted.py", "tests/doors/test_damage.py"],
    "otowake.arrays": ["tests/doors/test_untrusted.py", "tests/doors/test_damage.py"],
    "otowake.atomic": ["tests/doors/test_atomic.py"],
    "otowake.web.guard": ["tests/web/test_guard.py", "tests/web/test_connection.py"],
    "otowake.web.jobs": [
        "tests/web/test_queue.py",
        "tests/web/test_workplace.py",
        "tests/web/test_server.py",
    ],
    "otowake.results.data": ["tests/doors/test_results.py", "tests/doors/test_incomplete.py"],
    "otowake.results.folders": ["tests/doors/test_results.py", "tests/doors/test_atomic.py"],
    "otowake.cluster.manifest": [
        "tests/doors/test_archive_refusals.py",
        "tests/doors/test_archive.py",
    ],
    "otowake.nmf.solvers": [
        "tests/units/test_nmf.py",
        "tests/units/test_penalties.py",
        "tests/units/test_minibatch.py",
    ],
}
"""Test files of each module, as patterns, the fastest first."""

EXAMPLES = (
    "import doctest, importlib, sys; m = importlib.import_module(sys.argv[1]);"
    "flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS;"
    "sys.exit(bool(doctest.testmod(m, optionflags=flags).failed))"
)
"""Program that runs the examples of a module."""

TIMEOUT_FACTOR = 4
"""Time limit of a mutant's tests, relative to the unchanged module."""

MIN_TIMEOUT = 60.0
"""Seconds, lower bound of the time limit."""

FLIPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}


@dataclass(frozen=True)
class Mutant:
    """A module with one change; `digest` identifies the change, the module and its tests."""

    module: str
    file: str
    line: int
    source: str
    difference: str
    digest: str


def sites(tree: ast.Module) -> Iterator[tuple[int, Callable[[Any], ast.AST]]]:
    """Iterate over possible changes: index of the node in ``ast.walk``, and the change."""
    skipped = {id(part) for node in ast.walk(tree) for part in _unchangeable(node)}
    for index, node in enumerate(ast.walk(tree)):
        if id(node) not in skipped:
            for change in _changes(node):
                yield index, change


def _unchangeable(node: ast.AST) -> Iterator[ast.AST]:
    """Iterate over nodes without effect: annotations, docstrings, and texts of errors."""
    whole = [getattr(node, name, None) for name in ("annotation", "returns", "exc", "cause")]
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        whole.append(node)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        whole.append(node)
    for part in whole:
        if isinstance(part, ast.AST):
            yield from ast.walk(part)


def _changes(node: ast.AST) -> Iterator[Callable[[Any], ast.AST]]:
    match node:
        case ast.Compare():
            for i, operator in enumerate(node.ops):
                if type(operator) in FLIPPED:
                    yield lambda new, i=i: _with(new, "ops", i, FLIPPED[type(new.ops[i])]())
        case ast.BoolOp() | ast.BinOp() | ast.AugAssign() if type(node.op) in FLIPPED:
            yield lambda new: _set(new, "op", FLIPPED[type(new.op)]())
        case ast.If() | ast.While() | ast.IfExp():
            yield lambda new: _set(new, "test", ast.UnaryOp(ast.Not(), new.test))
        case ast.UnaryOp(op=ast.Not()):
            yield lambda new: new.operand
        case ast.Constant(value=bool()):
            yield lambda new: ast.Constant(not new.value)
        case ast.Constant(value=int() | float()):
            yield lambda new: ast.Constant(new.value + 1)
            yield lambda new: ast.Constant(new.value - 1)
        case ast.Return(value=ast.AST() as value) if ast.unparse(value) != "None":
            yield lambda new: ast.Return(ast.Constant(None))
        case ast.Raise() | ast.Expr(value=ast.Call()) | ast.Continue() | ast.Break():
            yield lambda new: ast.Pass()


def _set(node: Any, name: str, value: Any) -> ast.AST:
    setattr(node, name, value)
    return node


def _with(node: Any, name: str, index: int, value: Any) -> ast.AST:
    getattr(node, name)[index] = value
    return node


class _Replace(ast.NodeTransformer):
    """Replace one node with the result of `change`."""

    def __init__(self, wanted: ast.AST, change: Callable[[Any], ast.AST]) -> None:
        self.wanted, self.change = wanted, change

    def visit(self, node: ast.AST) -> Any:
        return self.change(node) if node is self.wanted else self.generic_visit(node)


def mutants_of(module: str, tests: list[str]) -> list[Mutant]:
    """Make all mutants of a module, or of the modules of a package."""
    path = ROOT / "src" / Path(*module.split("."))
    files = (
        [path.with_suffix(".py")]
        if path.with_suffix(".py").is_file()
        else sorted(path.glob("**/*.py"))
    )
    if not files:
        raise SystemExit(f"{module}: there is no such module")
    context = b"".join((ROOT / test).read_bytes() for test in tests)
    mutants = []
    for file in files:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        plain = ast.unparse(tree)
        for index, change in sites(tree):
            other = copy.deepcopy(tree)
            node = [*ast.walk(other)][index]
            line = getattr([*ast.walk(tree)][index], "lineno", 0)
            source = ast.unparse(ast.fix_missing_locations(_Replace(node, change).visit(other)))
            lines = difflib.unified_diff(plain.splitlines(), source.splitlines(), n=0, lineterm="")
            difference = "\n".join(
                line for line in lines if line[:3] not in ("---", "+++") and line[0] in "+-"
            )
            digest = hashlib.sha256(source.encode() + context).hexdigest()
            if difference:
                name = str(file.relative_to(ROOT))
                mutants.append(Mutant(module, name, line, source, difference, digest))
    return list({mutant.digest: mutant for mutant in mutants}.values())


class Bench:
    """Copy of the package in which one module at a time is replaced."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "src", folder, ignore=shutil.ignore_patterns("__pycache__"))

    def outcome(
        self, module: str, tests: list[str], seconds: float, mutant: Mutant | None = None
    ) -> str:
        """Run the tests of a module: ``killed``, ``survived`` or ``timed out``.

        `last_output` keeps the end of the output.
        """
        target = mutant and self.folder / Path(mutant.file).relative_to("src")
        before = target.read_text(encoding="utf-8") if target else ""
        if target and mutant:
            target.write_text(mutant.source, encoding="utf-8")
        cache = f"cache_dir={self.folder}-cache"
        pytest = ["-m", "pytest", "-n", "0", "-x", "-q", "-o", cache, "--tb=line"]
        try:
            for arguments in (["-c", EXAMPLES, module], [*pytest, *tests]):
                code = self._ended([sys.executable, *arguments], seconds)
                if code is None:
                    return "timed out"
                if code:
                    return "killed"
            return "survived"
        finally:
            if target:
                target.write_text(before, encoding="utf-8")

    def _ended(self, command: list[str], seconds: float) -> int | None:
        path = os.pathsep.join([str(self.folder), str(ROOT)])
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        with tempfile.TemporaryFile("w+") as out:
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=out, stderr=out, start_new_session=True
            )
            try:
                return process.wait(seconds)
            except subprocess.TimeoutExpired:
                return None
            finally:
                _end_session(process)
                out.seek(0)
                self.last_output = out.read()[-4000:]


def _end_session(process: subprocess.Popen[Any]) -> None:
    """End the processes that the tests have left running."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--module", action="append", help="dotted name (default: the whole table)")
    parser.add_argument(
        "--count", type=int, default=70, help="number of mutants, evenly over the modules"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--allow", type=int, default=6, help="number of survivors to accept")
    parser.add_argument("--log", type=Path, default=ROOT / "build" / "mutants.jsonl")
    parser.add_argument(
        "--map", type=Path, help="JSON file: a list of patterns of test files for each module"
    )
    options = parser.parse_args()
    table = json.loads(options.map.read_text()) if options.map else TESTS
    modules = options.module or list(table)
    options.log.parent.mkdir(parents=True, exist_ok=True)
    known = _known(options.log)
    tally: dict[str, Counter[str]] = {module: Counter() for module in modules}
    survivors = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as scratch, options.log.open("a") as log:
        benches: queue.SimpleQueue[Bench] = queue.SimpleQueue()
        for job in range(options.jobs):
            benches.put(Bench(Path(scratch) / str(job)))

        for module in modules:
            tests = [
                str(p.relative_to(ROOT))
                for pattern in table[module]
                for p in sorted(ROOT.glob(pattern))
            ]
            tests = list(dict.fromkeys(tests))
            drawn = mutants_of(module, tests)
            random.Random(f"{options.seed}-{module}").shuffle(drawn)
            drawn = drawn[: -(-options.count // len(modules))]
            waiting = [mutant for mutant in drawn if mutant.digest not in known]
            seconds = _time_limit(benches, module, tests) if waiting else 0.0
            with ThreadPoolExecutor(options.jobs) as pool:
                evaluate = partial(_evaluate, benches, tests, seconds)
                for mutant, outcome in zip(waiting, pool.map(evaluate, waiting), strict=True):
                    known[mutant.digest] = outcome
                    print(
                        json.dumps({"digest": mutant.digest, "outcome": outcome}),
                        file=log,
                        flush=True,
                    )
                    print(f"{mutant.file}:{mutant.line} {outcome}", file=sys.stderr, flush=True)
            tally[module].update(known[mutant.digest] for mutant in drawn)
            survivors += [mutant for mutant in drawn if known[mutant.digest] == "survived"]
    for mutant in survivors:
        print(f"{mutant.file}:{mutant.line}\n{mutant.difference}\n")
    for module, counts in tally.items():
        print(
            f"{module:28}"
            + "".join(f"  {name} {counts[name]:3}" for name in ("killed", "timed out", "survived"))
        )
    print(f"{sum(counts.total() for counts in tally.values())} mutants, {len(survivors)} survived")
    return int(len(survivors) > options.allow)


def _evaluate(
    benches: queue.SimpleQueue[Bench], tests: list[str], seconds: float, mutant: Mutant
) -> str:
    """Run a mutant on the first free bench."""
    bench = benches.get()
    try:
        return bench.outcome(mutant.module, tests, seconds, mutant)
    finally:
        benches.put(bench)


def _known(log: Path) -> dict[str, str]:
    """Read the outcomes of earlier runs, by digest."""
    lines = log.read_text().splitlines() if log.exists() else []
    return {fact["digest"]: fact["outcome"] for fact in map(json.loads, lines)}


def _time_limit(benches: queue.SimpleQueue[Bench], module: str, tests: list[str]) -> float:
    """Return the time limit of a mutant, from a run of the unchanged module, which must pass."""
    bench = benches.get()
    begun = time.monotonic()
    outcome = bench.outcome(module, tests, 3600)
    benches.put(bench)
    if outcome != "survived":
        raise SystemExit(f"the tests of {module} fail without a mutant:\n{bench.last_output}")
    return max(MIN_TIMEOUT, TIMEOUT_FACTOR * (time.monotonic() - begun))


if __name__ == "__main__":
    sys.exit(main())
