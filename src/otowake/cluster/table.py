"""The tables of an archive: everything found in all recordings as Parquet, written in row groups."""

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

LARGEST = 2**31 - 1
"""The largest whole number that a column holds."""

ROWS = 50_000
"""Rows in a group: so many are in memory at once."""

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
"""The tables, each with its columns and their types; `recording` is the SHA-256 of the recording's bytes."""

Row = dict[str, Any]
T = TypeVar("T")


def write_tables(folder: Path_, output: Path_ | None = None) -> dict[Path, int]:
    """Write the tables of an archive; they depend on the results alone, not on the way that led to them.

    Parameters
    ----------
    folder
        The archive (:func:`run_archive`), also while a run is at work on it.
    output
        Where to put them; ``tables`` in the archive if not given.

    Returns
    -------
    The files, each with its number of rows. ``recordings.parquet`` has a row for each path, in order of the paths, the
    others (``components``, ``notes``, ``chords``, ``instruments``) follow the order of the recordings' SHA-256.

    Raises
    ------
    BadInput
        If there is no archive, or a result in it is damaged.
    CannotWrite
        If they can't be written.
    MissingExtra
        Without the extra ``cluster``.
    """
    archive = Path(folder).absolute()
    place = archive / "tables" if output is None else Path(output)
    try:
        importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise MissingExtra(text.NEEDS_CLUSTER, package="pyarrow") from error
    with contextlib.closing(Manifest(archive, read_only=True)) as manifest:
        try:
            place.mkdir(parents=True, exist_ok=True)
            with manifest.sure():
                return _write(archive, manifest, place)
        except OSError as error:
            if isinstance(error, CannotWrite):
                raise
            raise CannotWrite(text.CANT_WRITE, path=place, why=error.strerror or error) from error


def _write(archive: Path, manifest: Manifest, place: Path) -> dict[Path, int]:
    """Write all tables beside their places, then move them there."""
    written = {name: place / f".partial-{name}.parquet" for name in COLUMNS}
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
            path.replace(place / f"{name}.parquet")
    finally:
        for path in written.values():
            path.unlink(missing_ok=True)
    return {place / f"{name}.parquet": table.n_rows for name, table in tables.items()}


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
        if len(self.rows) >= ROWS:
            self._write()

    def _write(self) -> None:
        self.writer.write_table(self.pa.Table.from_pylist(self.rows, self.schema))
        self.rows = []


def _facts(folder: Path) -> dict[str, Any]:
    """What ``analysis.json`` of a result says, as far as the table of recordings needs it."""
    return _sure(folder, lambda: _checked(json_of(folder / "analysis.json")))


def _checked(facts: dict[str, Any]) -> dict[str, Any]:
    found, key, rhythm = facts["input"], facts.get("key"), facts.get("rhythm")
    checked_stages(rows(facts, "stages"))
    return {
        "rate": whole(found, "rate", 1, LARGEST),
        "channels": whole(found, "channels", 1, LARGEST),
        "tuning_hz": number(facts, "tuning_hz"),
        "key": word(key, "name") if key else None,
        "tempo": number(rhythm, "tempo") if rhythm else None,
        "metre": whole(rhythm, "metre", 1, LARGEST) if rhythm else None,
        "iterations": whole(facts, "iterations", 0, LARGEST) if "iterations" in facts else None,
        "loss": number(facts, "loss") if "loss" in facts else None,
        "facts": facts,
    }


def _recording(path: str, sha256: str | None, rest: list[Any], facts: dict[str, Any]) -> Row:
    folder, state, reason, remark, seconds = rest
    found = {name: facts.get(name) for name in COLUMNS["recordings"]}
    return {
        **found,
        "path": path,
        "recording": sha256,
        "folder": folder if state == "done" else None,
        "state": state,
        "reason": reason,
        "remark": remark,
        "seconds": seconds,
    }


def _add(tables: dict[str, _Table], sha256: str, folder: Path) -> None:
    """Add what a result holds to the tables."""
    facts = _facts(folder)["facts"]
    for name, of in (
        ("components", _components),
        ("notes", _notes),
        ("chords", _chords),
        ("instruments", _instruments),
    ):
        for row in _sure(folder, lambda of=of: [*of(facts, folder)]):
            tables[name].add({"recording": sha256, **row})


def _sure(folder: Path, read: Callable[[], T]) -> T:
    try:
        return read()
    except DAMAGE as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(text.NOT_A_RESULT, path=folder, why=reason(error)) from error


def _components(facts: dict[str, Any], folder: Path) -> Iterator[Row]:
    for place, found in enumerate(facts.get("components", ()), 1):
        pitch = found["pitch"]
        midi = whole(pitch, "midi", 0, 127) if pitch else None
        yield {
            "component": place,
            "pitch": None if midi is None else note_name(midi),
            "midi": midi,
            **{
                name: number(pitch, name) if pitch else None
                for name in ("hz", "cents", "confidence")
            },
            "energy": number(found, "energy"),
            "start_s": number(found, "start"),
            "end_s": number(found, "end"),
        }


def _notes(facts: dict[str, Any], folder: Path) -> Iterator[Row]:
    if "notes" not in facts["stages"]:
        return
    part_of = {
        place: word(part, "name") for part in facts.get("parts", ()) for place in part["notes"]
    }
    for place, note in enumerate(read_table(folder / "notes.csv")):
        yield {
            "note": place + 1,
            "onset_s": note.onset,
            "offset_s": note.offset,
            "midi": note.midi,
            "pitch": None if note.is_drum else note_name(note.midi),
            "cents": note.cents,
            "velocity": note.velocity,
            "confidence": note.confidence,
            "instrument": note.instrument or None,
            "part": part_of.get(place),
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
