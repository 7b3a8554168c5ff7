"""Mutation testing: change one thing in a module, run its tests, and see whether they notice.

    python -m benchmarks.mutants [--module otowake.untrusted] [--count 60] [--seed 0] [--jobs 2] [--allow 6]

A mutant is a copy of the package in which one comparison, bound, condition, constant, sum, return,
raise or call of a module is another. The module's own examples and its tests (:data:`TESTS`, or a
JSON file given as ``--map``) run on it until the first fails. What survives is printed with its
place and its difference; more survivors than ``--allow`` make the exit code 1. Outcomes are kept in
``--log``, so that a run that was stopped goes on; they hold until the module or its tests change.
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
    "otowake.web.jobs": ["tests/web/test_queue.py", "tests/web/test_workplace.py"],
    "otowake.results.data": ["tests/doors/test_results.py", "tests/doors/test_incomplete.py"],
    "otowake.results.folders": ["tests/doors/test_results.py", "tests/doors/test_atomic.py"],
    "otowake.cluster.manifest": [
        "tests/doors/test_archive_refusals.py",
        "tests/doors/test_archive.py",
    ],
    "otowake.nmf.solvers": [
        "tests/laws/test_nmf.py",
        "tests/laws/test_penalties.py",
        "tests/laws/test_minibatch.py",
    ],
}
"""For each module the tests that must notice, as patterns of files, the quickest first."""

EXAMPLES = (
    "import doctest, importlib, sys; m = importlib.import_module(sys.argv[1]);"
    "sys.exit(bool(doctest.testmod(m, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS).failed))"
)
"""A program that runs the examples of a module."""

PATIENCE, LEAST = 4, 60.0
"""Tests on a mutant may take so many times as long as on the module itself, and so many seconds at
least."""

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
    """A module with one change: `line` is where, `digest` stands for the change, the module and its
    tests."""

    module: str
    file: str
    line: int
    source: str
    difference: str
    digest: str


def sites(tree: ast.Module) -> Iterator[tuple[int, Callable[[Any], ast.AST]]]:
    """The changes that can be made: which node of ``ast.walk``, and what makes another of it."""
    skipped = {id(part) for node in ast.walk(tree) for part in _left_alone(node)}
    for index, node in enumerate(ast.walk(tree)):
        if id(node) not in skipped:
            for change in _changes(node):
                yield index, change


def _left_alone(node: ast.AST) -> Iterator[ast.AST]:
    """What no test could or should notice: annotations, docstrings, and the words of errors."""
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


class _At(ast.NodeTransformer):
    """Puts what `change` makes in the place of one node."""

    def __init__(self, wanted: ast.AST, change: Callable[[Any], ast.AST]) -> None:
        self.wanted, self.change = wanted, change

    def visit(self, node: ast.AST) -> Any:
        return self.change(node) if node is self.wanted else self.generic_visit(node)


def mutants_of(module: str, tests: list[str]) -> list[Mutant]:
    """All mutants of a module, or of the modules of a package."""
    path = ROOT / "src" / Path(*module.split("."))
    files = (
        [path.with_suffix(".py")]
        if path.with_suffix(".py").is_file()
        else sorted(path.glob("**/*.py"))
    )
    if not files:
        raise SystemExit(f"{module}: there is no such module")
    context = b"".join((ROOT / test).read_bytes() for test in tests)
    found = []
    for file in files:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        plain = ast.unparse(tree)
        for index, change in sites(tree):
            other = copy.deepcopy(tree)
            node = [*ast.walk(other)][index]
            line = getattr([*ast.walk(tree)][index], "lineno", 0)
            source = ast.unparse(ast.fix_missing_locations(_At(node, change).visit(other)))
            lines = difflib.unified_diff(plain.splitlines(), source.splitlines(), n=0, lineterm="")
            difference = "\n".join(
                line for line in lines if line[:3] not in ("---", "+++") and line[0] in "+-"
            )
            digest = hashlib.sha256(source.encode() + context).hexdigest()
            if difference:
                name = str(file.relative_to(ROOT))
                found.append(Mutant(module, name, line, source, difference, digest))
    return list({mutant.digest: mutant for mutant in found}.values())


class Bench:
    """A copy of the package in which one module at a time is replaced."""

    def __init__(self, place: Path) -> None:
        self.place = place
        shutil.copytree(ROOT / "src", place, ignore=shutil.ignore_patterns("__pycache__"))

    def outcome(
        self, module: str, tests: list[str], seconds: float, mutant: Mutant | None = None
    ) -> str:
        """What the tests of a module say: ``killed``, ``survived`` or ``timed out``; the last lines
        go to ``said``."""
        target = mutant and self.place / Path(mutant.file).relative_to("src")
        before = target.read_text(encoding="utf-8") if target else ""
        if target and mutant:
            target.write_text(mutant.source, encoding="utf-8")
        pytest = ["-m", "pytest", "-n", "0", "-x", "-q", "-p", "no:cacheprovider", "--tb=line"]
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
        path = os.pathsep.join([str(self.place), str(ROOT)])
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
                self.said = out.read()[-4000:]


def _end_session(process: subprocess.Popen[Any]) -> None:
    """End what the tests have started and left."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    ask.add_argument(
        "--module", action="append", help="a dotted name; all of the table if not given"
    )
    ask.add_argument(
        "--count", type=int, default=70, help="mutants, the same number of each module"
    )
    ask.add_argument("--seed", type=int, default=0)
    ask.add_argument("--jobs", type=int, default=2)
    ask.add_argument("--allow", type=int, default=6, help="survivors that are not too many")
    ask.add_argument("--log", type=Path, default=ROOT / "build" / "mutants.jsonl")
    ask.add_argument(
        "--map", type=Path, help="a JSON file: for each module a list of patterns of test files"
    )
    given = ask.parse_args()
    table = json.loads(given.map.read_text()) if given.map else TESTS
    modules = given.module or list(table)
    given.log.parent.mkdir(parents=True, exist_ok=True)
    known = _known(given.log)
    tally: dict[str, Counter[str]] = {module: Counter() for module in modules}
    survivors = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as scratch, given.log.open("a") as log:
        benches: queue.SimpleQueue[Bench] = queue.SimpleQueue()
        for job in range(given.jobs):
            benches.put(Bench(Path(scratch) / str(job)))

        for module in modules:
            tests = [
                str(p.relative_to(ROOT)) for each in table[module] for p in sorted(ROOT.glob(each))
            ]
            tests = list(dict.fromkeys(tests))
            chosen = mutants_of(module, tests)
            random.Random(f"{given.seed}-{module}").shuffle(chosen)
            chosen = chosen[: -(-given.count // len(modules))]
            waiting = [mutant for mutant in chosen if mutant.digest not in known]
            seconds = _usual(benches, module, tests) if waiting else 0.0
            with ThreadPoolExecutor(given.jobs) as pool:
                judge = partial(_judged, benches, tests, seconds)
                for mutant, outcome in zip(waiting, pool.map(judge, waiting), strict=True):
                    known[mutant.digest] = outcome
                    print(
                        json.dumps({"digest": mutant.digest, "outcome": outcome}),
                        file=log,
                        flush=True,
                    )
                    print(f"{mutant.file}:{mutant.line} {outcome}", file=sys.stderr, flush=True)
            tally[module].update(known[mutant.digest] for mutant in chosen)
            survivors += [mutant for mutant in chosen if known[mutant.digest] == "survived"]
    for mutant in survivors:
        print(f"{mutant.file}:{mutant.line}\n{mutant.difference}\n")
    for module, counts in tally.items():
        print(
            f"{module:28}"
            + "".join(f"  {name} {counts[name]:3}" for name in ("killed", "timed out", "survived"))
        )
    print(f"{sum(counts.total() for counts in tally.values())} mutants, {len(survivors)} survived")
    return int(len(survivors) > given.allow)


def _judged(
    benches: queue.SimpleQueue[Bench], tests: list[str], seconds: float, mutant: Mutant
) -> str:
    """The outcome for a mutant, on the first bench that is free."""
    bench = benches.get()
    try:
        return bench.outcome(mutant.module, tests, seconds, mutant)
    finally:
        benches.put(bench)


def _known(log: Path) -> dict[str, str]:
    """The outcomes of earlier runs, by digest."""
    lines = log.read_text().splitlines() if log.exists() else []
    return {fact["digest"]: fact["outcome"] for fact in map(json.loads, lines)}


def _usual(benches: queue.SimpleQueue[Bench], module: str, tests: list[str]) -> float:
    """How long the tests of a mutant may take; those of the module itself must pass."""
    bench = benches.get()
    begun = time.monotonic()
    outcome = bench.outcome(module, tests, 3600)
    benches.put(bench)
    if outcome != "survived":
        raise SystemExit(f"the tests of {module} fail without a mutant:\n{bench.said}")
    return max(LEAST, PATIENCE * (time.monotonic() - begun))


if __name__ == "__main__":
    sys.exit(main())
