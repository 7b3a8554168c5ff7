"""List the recordings of an archive one by one, from folders, files and lists of files."""

from __future__ import annotations

import csv
import importlib.util
import io
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from otowake import text
from otowake.errors import BadInput, MissingExtra
from otowake.io.audio import Path_
from otowake.untrusted import DAMAGE, open_regular, reason, shown

SOUNDS = frozenset(
    [
        ".aac",
        ".aif",
        ".aiff",
        ".aifc",
        ".au",
        ".caf",
        ".flac",
        ".m4a",
        ".mka",
        ".mp3",
        ".mp4",
        ".oga",
        ".ogg",
        ".opus",
        ".w64",
        ".wav",
        ".webm",
        ".wma",
    ]
)
"""Suffixes of recordings in folders; files that the user names may have any suffix."""

MOST_LINE = 2**16
"""Characters in the longest line of a list."""

MOST_ROWS, MOST_GROUP, MOST_HEAD = 10**8, 2**30, 2**24
"""Limits of a Parquet list: rows; bytes of a row group, unpacked, and of the file's metadata."""

LISTS = frozenset({".csv", ".parquet"})


Failed = Callable[[str, BadInput], None]
"""Called with the path of a folder that could not be searched, and the reason."""


def recordings(inputs: Iterable[Path_], leave_out: Path, failed: Failed) -> Iterator[Path]:
    """Yield the absolute paths of the recordings in `inputs`, in a fixed order.

    A folder is searched once, even if links lead to it again; the folder `leave_out` is skipped.
    `failed` is called for each folder that can't be searched, and each broken link that may point
    to a folder.

    Raises
    ------
    BadInput
        If an input is missing, or a list can't be read.
    MissingExtra
        If a list needs pyarrow.
    """
    leave_out = leave_out.resolve()
    for given in inputs:
        path = Path(given)
        try:
            is_folder, exists = path.is_dir(), path.exists()
        except OSError as error:
            raise BadInput(text.NOT_READABLE, path=path, why=text.reason_of(error)) from error
        if is_folder:
            yield from _in_folder(path.resolve(), leave_out, failed)
        elif not exists:
            raise BadInput(text.NO_SUCH_FILE, path=path)
        elif path.suffix.lower() in LISTS:
            yield from _in_list(path)
        else:
            yield path.resolve()


def _in_folder(top: Path, leave_out: Path, failed: Failed) -> Iterator[Path]:
    """Search a folder, then the targets of links in it, except folders above it."""

    def unsearched(error: OSError) -> None:
        path = os.fsdecode(error.filename)
        failed(path, BadInput(text.NOT_SEARCHED, path=path, why=text.reason_of(error)))

    searched: set[Path] = set()
    links = [top]
    for start in links:  # the list grows during the loop
        if start != top and not _is_new(start.resolve(), top, searched, leave_out):
            continue
        for current, folders, files in os.walk(start, onerror=unsearched):
            here, real = Path(current), Path(current).resolve()
            searched.add(real)
            visible = [name for name in sorted(folders) if name[0] != "."]
            links += [here / name for name in visible if (here / name).is_symlink()]
            folders[:] = [
                name for name in visible if _is_new(real / name, top, searched, leave_out)
            ]
            for name in sorted(name for name in files if name[0] != "."):
                if Path(name).suffix.lower() in SOUNDS:
                    yield here / name
                elif not Path(name).suffix and (here / name).is_symlink():
                    try:
                        (here / name).stat()
                    except OSError as error:  # the link may point to a folder
                        unsearched(error)


def _is_new(folder: Path, top: Path, searched: set[Path], leave_out: Path) -> bool:
    above = top.is_relative_to(folder)
    return not (above or folder in searched or folder.is_relative_to(leave_out))


def _in_list(path: Path) -> Iterator[Path]:
    """Yield the paths in a list; relative paths are relative to the list."""
    rows = _parquet_rows(path) if path.suffix.lower() == ".parquet" else _csv_rows(path)
    for row in rows:
        if "\0" in row:
            raise BadInput(
                text.NOT_A_LIST, path=path, why="a path has a character that is not allowed"
            )
        if row.strip():
            yield Path(os.path.abspath(path.parent / row.strip()))  # noqa: PTH100 - keeps links


def _csv_rows(path: Path) -> Iterator[str]:
    try:
        with io.TextIOWrapper(open_regular(path), encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(_lines(file))
            headings = next(rows, [])
            column = headings.index(_path_column(path, headings))
            if headings[column].lower() not in PATH_HEADINGS:
                yield headings[column]  # a plain list of paths without a heading
            for row in rows:
                yield row[column] if column < len(row) else ""
    except BadInput:
        raise
    except DAMAGE as error:
        raise BadInput(text.NOT_A_LIST, path=path, why=reason(error)) from error


def _lines(file: TextIO) -> Iterator[str]:
    while line := file.readline(MOST_LINE + 1):
        if len(line) > MOST_LINE:
            raise ValueError(f"a line is longer than {MOST_LINE} characters")
        yield line


def _parquet_rows(path: Path) -> Iterator[str]:
    if importlib.util.find_spec("pyarrow") is None:
        raise MissingExtra(text.NEEDS_CLUSTER, package="pyarrow")
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        with (
            open_regular(path) as content,
            ParquetFile(
                content, thrift_string_size_limit=MOST_HEAD, thrift_container_size_limit=MOST_HEAD
            ) as file,
        ):
            _check_groups(file.metadata)
            column = _path_column(path, file.schema_arrow.names)
            for batch in file.iter_batches(batch_size=1000, columns=[column]):
                yield from (str(row) for row in batch.column(0).to_pylist() if row is not None)
    except BadInput:
        raise
    except (*DAMAGE, MemoryError, pa.ArrowException) as error:
        raise BadInput(text.NOT_A_LIST, path=path, why=reason(error)) from error


def _check_groups(facts: Any) -> None:
    """Refuse a file that would take too much memory, before unpacking it."""
    if (
        max((facts.row_group(i).total_byte_size for i in range(facts.num_row_groups)), default=0)
        > MOST_GROUP
    ):
        raise ValueError(f"a row group of it would take more than {shown(MOST_GROUP)}")
    if facts.num_rows > MOST_ROWS:
        raise ValueError(f"it has more than {MOST_ROWS} rows")


PATH_HEADINGS = ("path", "file", "filename")
"""Headings of a column of paths."""


def _path_column(path: Path, headings: list[str]) -> str:
    named = [heading for heading in headings if heading.lower() in PATH_HEADINGS]
    if named or len(headings) == 1:
        return (named or headings)[0]
    raise BadInput(text.LIST_COLUMN, path=path, got=", ".join(headings) or "–")
