"""Store the state of every recording of an archive in SQLite; one process writes it."""

from __future__ import annotations

import contextlib
import errno
import functools
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from otowake import text
from otowake.cluster.result_folders import checked_digest, checked_folder, folder_of, has_safe_name
from otowake.errors import BadInput, CannotWrite, OtowakeError
from otowake.io.names import longest_name
from otowake.untrusted import DAMAGE

MANIFEST = "manifest.sqlite"
LOCK_TIMEOUT = 30.0
"""Seconds to wait for a lock of another program on the manifest."""

LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
"""Error codes of SQLite for a locked file."""

SQLITE_FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
"""Error codes of SQLite and of the system for a full disk."""

BATCH = 500
"""Rows in memory at a time."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS facts(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS paths(
    path TEXT PRIMARY KEY,  -- where a recording lies
    stamp TEXT,             -- size and times of the file when it was read: another stamp \
means that it is read again
    sha256 TEXT,            -- of its bytes; NULL until it has been read
    reason TEXT,            -- why it couldn't be read
    run INTEGER NOT NULL    -- the last run that it was an input of
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS paths_of_run ON paths(run, sha256, path);
CREATE TABLE IF NOT EXISTS recordings(
    sha256 TEXT PRIMARY KEY,
    folder TEXT NOT NULL,   -- its result, below the archive
    state TEXT NOT NULL,    -- waiting, done or failed
    reason TEXT,            -- why it failed
    remark TEXT,            -- what there was to say of a file that could be used only in part
    seconds REAL            -- its length
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS recordings_in_state ON recordings(state, sha256);
"""
"""The tables and indices; opening a manifest compares this text, comments included."""


def refusal(archive: Path, error: Exception) -> OtowakeError:
    """Translate an error of SQLite or the system into a sentence about the archive.

    Examples
    --------
    >>> import errno
    >>> print(refusal(Path("a"), OSError(errno.EACCES, "Permission denied")))
    a: this folder is not writable (Permission denied); choose another -o, or make it writable.
    """
    number = getattr(error, "sqlite_errorcode", 0) & 0xFF
    why = text.reason_of(error)
    if number in LOCKED:
        return CannotWrite(text.ARCHIVE_LOCKED, path=archive / MANIFEST)
    if number in SQLITE_FULL or getattr(error, "errno", None) in DISK_FULL:
        return CannotWrite(text.ARCHIVE_STOPPED, path=archive, why=why)
    if isinstance(error, (sqlite3.OperationalError, OSError)):
        return CannotWrite(text.ARCHIVE_UNWRITABLE, path=archive, why=why)
    return BadInput(text.ARCHIVE_DAMAGED, path=archive / MANIFEST, why=error)


class Recording(NamedTuple):
    """A waiting recording: the SHA-256 of its bytes, one of its paths, and its result folder."""

    sha256: str
    path: str
    folder: str


class Counts(NamedTuple):
    """The numbers of distinct recordings in the present run; unreadable paths count as failed."""

    recordings: int
    done: int
    failed: int


@contextlib.contextmanager
def sole_driver(archive: Path) -> Iterator[None]:
    """Lock an archive against other drivers; a killed process leaves no lock.

    Raises
    ------
    BadInput
        If another driver has the lock.
    """
    import fcntl

    handle = os.open(archive / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BadInput(text.ARCHIVE_BUSY, path=archive) from error
        yield
    finally:
        os.close(handle)


class Manifest:
    """The manifest of the archive in a folder.

    Parameters
    ----------
    archive
        The folder.
    read_only
        Whether to open an existing manifest for reading, perhaps during a run.

    Raises
    ------
    BadInput
        If there is no manifest to read, or it is damaged.
    """

    def __init__(self, archive: Path, *, read_only: bool = False) -> None:
        self.archive, self.path = archive, archive / MANIFEST
        if read_only and not self.path.is_file():
            raise BadInput(text.NO_ARCHIVE, path=archive)
        with self.errors_translated():
            if not read_only and not self.path.exists():
                self.path.touch()  # SQLite ignores the group permission of the umask
            self.db = _connect(self.path, read_only)
            with contextlib.ExitStack() as closed_on_error:
                closed_on_error.callback(self.close)
                if not read_only:
                    self.db.execute("PRAGMA journal_mode = WAL")
                    self.db.execute("PRAGMA synchronous = NORMAL")
                    self.db.executescript(SCHEMA)
                if _schema(self.db) != _expected_schema():
                    raise sqlite3.DatabaseError("its tables are not those of a manifest")
                self.run = int(self.fact("run") or 0)
                closed_on_error.pop_all()

    def close(self) -> None:
        """Close the database."""
        with contextlib.suppress(sqlite3.Error):
            self.db.close()

    @contextlib.contextmanager
    def errors_translated(self) -> Iterator[None]:
        """Translate errors of the database into :class:`OtowakeError`."""
        try:
            yield
        except (sqlite3.Error, *DAMAGE) as error:
            if isinstance(error, (OtowakeError, OSError)):
                raise
            raise refusal(self.archive, error) from error

    @contextlib.contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """Run the block in a transaction, rolled back on any error."""
        with self.errors_translated():
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield self.db
                self.db.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self.db.execute("ROLLBACK")
                raise

    def fact(self, name: str) -> str | None:
        """Return a stored fact of the archive; None if there is none."""
        row = self.db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return row and row[0]

    def begin(self, recipe: dict[str, Any], digest: str) -> None:
        """Begin a run with the recipe of the earlier runs.

        Raises
        ------
        BadInput
            If the recipe differs.
        """
        was = self.fact("recipe")
        if was is not None and self.fact("digest") != digest:
            name, old, new = _difference(json.loads(was), recipe)
            raise BadInput(text.ARCHIVE_OPTIONS, path=self.archive, name=name, was=old, got=new)
        with self.change() as db:
            self.run += 1
            facts = {"run": str(self.run), "recipe": json.dumps(recipe), "digest": digest}
            db.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())

    def add_paths(self, paths: Iterable[tuple[str, str | None]]) -> None:
        """Add paths, each with its stamp, as inputs of this run."""
        with self.change() as db:
            db.executemany(
                f"""INSERT INTO paths(path, stamp, run) VALUES (?, ?, {self.run})
                ON CONFLICT(path) DO UPDATE SET
                sha256 = CASE WHEN stamp = excluded.stamp THEN sha256 END,
                stamp = excluded.stamp, reason = NULL, run = excluded.run""",
                paths,
            )

    def unread(self) -> Iterator[str]:
        """Yield the inputs of this run that have to be read."""
        query = f"""SELECT path FROM paths
            WHERE run = ? AND sha256 IS NULL AND reason IS NULL AND path > ?
            ORDER BY path LIMIT {BATCH}"""
        yield from (row[0] for row in self._rows(query, self.run))

    def _rows(self, query: str, *parameters: Any) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query in batches, each after the last key of the previous one."""
        after = ""
        while rows := self.db.execute(query, (*parameters, after)).fetchall():
            yield from rows
            if not after < rows[-1][0]:
                raise sqlite3.DatabaseError("its rows are in no order")
            after = rows[-1][0]

    def record_digests(self, read: Iterable[tuple[str, str | None, str | None]]) -> None:
        """Store the SHA-256 of paths, or the reason why there is none."""
        with self.change() as db:
            db.executemany(
                "UPDATE paths SET sha256 = ?2, reason = ?3 WHERE path = ?1",
                read,
            )

    def queue_recordings(self, *, retry: bool) -> None:
        """Queue new recordings, and recordings without result; with `retry` also failed ones."""
        query = f"""SELECT sha256, MIN(path) FROM paths WHERE run = ? AND sha256 > ?
            GROUP BY sha256 ORDER BY sha256 LIMIT {BATCH}"""
        most = longest_name(self.archive)
        for sha256, path in self._rows(query, self.run):
            row = self.db.execute(
                "SELECT folder, state FROM recordings WHERE sha256 = ?", (sha256,)
            )
            was, state = row.fetchone() or ("", None)
            checked_digest(sha256)
            exists = bool(was) and self._is_there(checked_folder(was))
            folder = was if exists or has_safe_name(was, most) else folder_of(sha256, path, most)
            gone = state == "done" and not exists
            renamed = state == "waiting" and folder != was
            if state is None or gone or renamed or (retry and state == "failed"):
                self.record_state(sha256, folder, "waiting")

    def _is_there(self, folder: str) -> bool:
        with contextlib.suppress(OSError):
            return (self.archive / folder / "analysis.json").is_file()
        return False

    def record_state(
        self,
        sha256: str,
        folder: str,
        state: str,
        reason: str | None = None,
        remark: str | None = None,
        seconds: float | None = None,
    ) -> None:
        """Store the state of a recording."""
        with self.errors_translated():
            self.db.execute(
                "INSERT OR REPLACE INTO recordings VALUES (?, ?, ?, ?, ?, ?)",
                (sha256, folder, state, reason, remark, seconds),
            )

    def waiting(self) -> Iterator[Recording]:
        """Yield the waiting recordings of this run."""
        query = f"""SELECT sha256,
            (SELECT MIN(path) FROM paths WHERE run = ?1 AND paths.sha256 = r.sha256) AS path,
            folder FROM recordings AS r WHERE state = 'waiting' AND sha256 > ?2 AND path IS NOT NULL
            ORDER BY sha256 LIMIT {BATCH}"""
        for sha256, path, folder in self._rows(query, self.run):
            yield Recording(checked_digest(sha256), path, checked_folder(folder))

    def counts(self) -> Counts:
        """Count the inputs of this run by state."""
        states = dict(
            self.db.execute(
                """SELECT state, COUNT(*) FROM recordings
                WHERE sha256 IN (SELECT sha256 FROM paths WHERE run = ?) GROUP BY state""",
                (self.run,),
            )
        )
        query = "SELECT COUNT(*) FROM paths WHERE run = ? AND reason IS NOT NULL"
        unreadable = self.db.execute(query, (self.run,)).fetchone()[0]
        failed = states.get("failed", 0) + unreadable
        return Counts(sum(states.values()) + unreadable, states.get("done", 0), failed)

    def n_paths(self) -> int:
        """Return the number of inputs of this run."""
        query = "SELECT COUNT(*) FROM paths WHERE run = ?"
        return self.db.execute(query, (self.run,)).fetchone()[0]

    def failures(self) -> Iterator[tuple[str, str]]:
        """Yield a path and the reason of each recording of this run whose analysis has failed."""
        yield from self.db.execute(
            """SELECT MIN(path), recordings.reason FROM paths JOIN recordings USING (sha256)
            WHERE run = ? AND state = 'failed' GROUP BY sha256 ORDER BY 1""",
            (self.run,),
        )

    def all_paths(self) -> Iterator[tuple[Any, ...]]:
        """Yield all paths in order: path, sha256, folder, state, reason, remark, seconds."""
        rows = self.db.execute(
            """SELECT path, sha256, folder,
            CASE WHEN paths.reason IS NULL THEN COALESCE(state, 'waiting') ELSE 'failed' END,
            COALESCE(paths.reason, recordings.reason), remark, seconds
            FROM paths LEFT JOIN recordings USING (sha256) ORDER BY path"""
        )
        for path, sha256, folder, *rest in rows:
            yield path, sha256, folder and checked_folder(folder), *rest

    def all_done(self) -> Iterator[tuple[str, str]]:
        """Yield the SHA-256 and folder of every analysed recording with a path, in order."""
        rows = self.db.execute(
            """SELECT sha256, folder FROM recordings WHERE state = 'done'
            AND sha256 IN (SELECT sha256 FROM paths) ORDER BY sha256"""
        )
        yield from ((sha256, checked_folder(folder)) for sha256, folder in rows)


def _connect(path: Path, read_only: bool) -> sqlite3.Connection:
    """Connect to a manifest; reading needs no write permission."""
    if not read_only:
        return sqlite3.connect(path, isolation_level=None, timeout=LOCK_TIMEOUT)
    log = path.with_name(path.name + "-wal")
    can_log = os.access(path.parent, os.W_OK) or log.exists()
    uri = path.absolute().as_uri() + ("?mode=ro" if can_log else "?mode=ro&immutable=1")
    return sqlite3.connect(uri, isolation_level=None, timeout=LOCK_TIMEOUT, uri=True)


def _schema(db: sqlite3.Connection) -> set[tuple[str, ...]]:
    """Return all definitions in a database; a view or trigger must not replace a table."""
    return {*db.execute("SELECT type, name, sql FROM sqlite_master")}


@functools.cache
def _expected_schema() -> set[tuple[str, ...]]:
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        db.executescript(SCHEMA)
        return _schema(db)


def _difference(was: dict[str, Any], now: dict[str, Any]) -> tuple[str, Any, Any]:
    """Return the first option in which two recipes differ, with both values."""
    for group, new in now.items():
        old = was.get(group)
        pairs = {group: (old, new)}
        if isinstance(new, dict) and isinstance(old, dict):
            pairs = {name: (old.get(name), value) for name, value in new.items()}
        for name, (before, after) in pairs.items():
            if before != after:
                return name, before, after
    return "otowake", was.get("otowake"), now.get("otowake")
