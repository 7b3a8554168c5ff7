"""Write the results of an archive as Parquet tables, row group by row group."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from otowake import text
from otowake.cluster.manifest import Manifest
from otowake.errors import BadInput, CannotWrite, MissingExtra
from otowake.io.audio import Path_
from otowake.io.notes import read_table
from otowake.music.theory.names import note_name
from otowake.options import checked_stages
from otowake.untrusted import DAMAGE, json_of, number, reason, rows, whole, word

LARGEST_INT = 2**31 - 1
"""The largest whole number in a column."""

ROWS_PER_GROUP = 50_000
"""Rows in a group, and in memory at a time."""

COLUMNS: dict[str, dict[str, str]] = {
    "recordings": {
        "path": "string",
        "recording": "string",
        "folder": "string",
        "state": "string",
        "reason": "string",
        "remark": "string",
        "seconds": "double",
        "rate": "int32",
        "channels": "int32",
        "tuning_hz": "double",
        "key": "string",
        "tempo": "double",
        "metre": "int32",
        "iterations": "int32",
        "loss": "double",
    },
    "components": {
        "recording": "string",
        "component": "int32",
        "pitch": "string",
        "midi": "int32",
        "hz": "double",
        "cents": "double",
        "confidence": "double",
        "energy": "double",
        "start_s": "double",
        "end_s": "double",
    },
    "notes": {
        "recording": "string",
        "note": "int32",
        "onset_s": "double",
        "offset_s": "double",
        "midi": "int32",
        "pitch": "string",
        "cents": "double",
        "velocity": "double",
        "confidence": "double",
        "instrument": "string",
        "part": "string",
    },
    "chords": {"recording": "string", "onset_s": "double", "offset_s": "double", "chord": "string"},
    "instruments": {
        "recording": "string",
        "part": "string",
        "instrument": "string",
        "notes": "int32",
        "probability": "double",
    },
}
"""The columns of each table and their types; `recording` is the SHA-256 of the recording."""

Row = dict[str, Any]
T = TypeVar("T")


def write_tables(folder: Path_, output: Path_ | None = None) -> dict[Path, int]:
    """Write the tables of an archive, which depend only on the results, not on their order in time.

    Parameters
    ----------
    folder
        The archive (:func:`run_archive`), also during a run.
    output
        The folder of the tables; by default ``tables`` in the archive.

    Returns
    -------
    The files, each with its number of rows. ``recordings.parquet`` has a row for each path, in
    order of the paths; the others (``components``, ``notes``, ``chords``, ``instruments``) follow
    the order of the recordings' SHA-256.

    Raises
    ------
    BadInput
        If there is no archive, or a result in it is damaged.
    CannotWrite
        If the tables can't be written.
    MissingExtra
        Without the extra ``cluster``.
    """
    archive = Path(folder).absolute()
    target = archive / "tables" if output is None else Path(output)
    try:
        importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise MissingExtra(text.NEEDS_CLUSTER, package="pyarrow") from error
    with contextlib.closing(Manifest(archive, read_only=True)) as manifest:
        try:
            target.mkdir(parents=True, exist_ok=True)
            with manifest.errors_translated():
                return _write(archive, manifest, target)
        except OSError as error:
            if isinstance(error, CannotWrite):
                raise
            raise CannotWrite(text.CANT_WRITE, path=target, why=text.reason_of(error)) from error


def _write(archive: Path, manifest: Manifest, output: Path) -> dict[Path, int]:
    """Write all tables under temporary names, then rename them."""
    written = {name: output / f".partial-{name}.parquet" for name in COLUMNS}
    try:
        with contextlib.ExitStack() as stack:
            tables = {
                name: stack.enter_context(_Table(name, path)) for name, path in written.items()
            }
            for path, sha256, *rest in manifest.all_paths():
                facts = _facts(archive / rest[0]) if rest[1] == "done" else {}
                tables["recordings"].add(_recording(path, sha256, rest, facts))
            for sha256, folder in manifest.all_done():
                _add(tables, sha256, archive / folder)
        for name, path in written.items():
            path.replace(output / f"{name}.parquet")
    finally:
        for path in written.values():
            path.unlink(missing_ok=True)
    return {output / f"{name}.parquet": table.n_rows for name, table in tables.items()}


class _Table:
    """A Parquet file that grows by row groups."""

    def __init__(self, name: str, path: Path) -> None:
        import pyarrow as pa
        from pyarrow.parquet import ParquetWriter

        self.pa = pa
        self.schema = pa.schema([(column, kind) for column, kind in COLUMNS[name].items()])
        self.writer = ParquetWriter(path, self.schema, compression="zstd")
        self.rows: list[Row] = []
        self.n_rows = 0

    def __enter__(self) -> _Table:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None:
            self._write()
        self.writer.close()

    def add(self, row: Row) -> None:
        self.rows.append(row)
        self.n_rows += 1
        if len(self.rows) >= ROWS_PER_GROUP:
            self._write()

    def _write(self) -> None:
        self.writer.write_table(self.pa.Table.from_pylist(self.rows, self.schema))
        self.rows = []


def _facts(folder: Path) -> dict[str, Any]:
    """Read from ``analysis.json`` of a result what the table of recordings needs."""
    return _read(folder, lambda: _checked(json_of(folder / "analysis.json")))


def _checked(facts: dict[str, Any]) -> dict[str, Any]:
    described, key, rhythm = facts["input"], facts.get("key"), facts.get("rhythm")
    checked_stages(rows(facts, "stages"))
    return {
        "rate": whole(described, "rate", 1, LARGEST_INT),
        "channels": whole(described, "channels", 1, LARGEST_INT),
        "tuning_hz": number(facts, "tuning_hz"),
        "key": word(key, "name") if key else None,
        "tempo": number(rhythm, "tempo") if rhythm else None,
        "metre": whole(rhythm, "metre", 1, LARGEST_INT) if rhythm else None,
        "iterations": whole(facts, "iterations", 0, LARGEST_INT) if "iterations" in facts else None,
        "loss": number(facts, "loss") if "loss" in facts else None,
        "facts": facts,
    }


def _recording(path: str, sha256: str | None, rest: list[Any], facts: dict[str, Any]) -> Row:
    folder, state, reason, remark, seconds = rest
    return {
        **{name: facts.get(name) for name in COLUMNS["recordings"]},
        "path": path,
        "recording": sha256,
        "folder": folder if state == "done" else None,
        "state": state,
        "reason": reason,
        "remark": remark,
        "seconds": seconds,
    }


def _add(tables: dict[str, _Table], sha256: str, folder: Path) -> None:
    """Add the rows of a result to the tables."""
    facts = _facts(folder)["facts"]
    for name, of in (
        ("components", _components),
        ("notes", _notes),
        ("chords", _chords),
        ("instruments", _instruments),
    ):
        for row in _read(folder, lambda of=of: [*of(facts, folder)]):
            tables[name].add({"recording": sha256, **row})


def _read(folder: Path, read: Callable[[], T]) -> T:
    """Call `read` and translate its errors into :class:`BadInput` about the folder."""
    try:
        return read()
    except DAMAGE as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(text.NOT_A_RESULT, path=folder, why=reason(error)) from error


def _components(facts: dict[str, Any], folder: Path) -> Iterator[Row]:
    for component, described in enumerate(facts.get("components", ()), 1):
        pitch = described["pitch"]
        midi = whole(pitch, "midi", 0, 127) if pitch else None
        yield {
            "component": component,
            "pitch": None if midi is None else note_name(midi),
            "midi": midi,
            **{
                name: number(pitch, name) if pitch else None
                for name in ("hz", "cents", "confidence")
            },
            "energy": number(described, "energy"),
            "start_s": number(described, "start"),
            "end_s": number(described, "end"),
        }


def _notes(facts: dict[str, Any], folder: Path) -> Iterator[Row]:
    if "notes" not in facts["stages"]:
        return
    part_of = {
        index: word(part, "name") for part in facts.get("parts", ()) for index in part["notes"]
    }
    for index, note in enumerate(read_table(folder / "notes.csv")):
        yield {
            "note": index + 1,
            "onset_s": note.onset,
            "offset_s": note.offset,
            "midi": note.midi,
            "pitch": None if note.is_drum else note_name(note.midi),
            "cents": note.cents,
            "velocity": note.velocity,
            "confidence": note.confidence,
            "instrument": note.instrument or None,
            "part": part_of.get(index),
        }


def _chords(facts: dict[str, Any], folder: Path) -> Iterator[Row]:
    for chord in facts.get("chords", ()):
        onset, offset = number(chord, "onset"), number(chord, "offset")
        yield {"onset_s": onset, "offset_s": offset, "chord": word(chord, "name")}


def _instruments(facts: dict[str, Any], folder: Path) -> Iterator[Row]:
    for part in facts.get("parts", ()):
        yield {
            "part": word(part, "name"),
            "instrument": (kind := word(part, "instrument")),
            "notes": len(rows(part, "notes")),
            "probability": number(part["probabilities"], kind)
            if kind in part["probabilities"]
            else None,
        }
