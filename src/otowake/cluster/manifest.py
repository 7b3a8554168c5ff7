"""The manifest of an archive: what has come of each recording, in SQLite; one process writes it."""

from __future__ import annotations

import contextlib
import errno
import functools
import json
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from otowake import text
from otowake.errors import BadInput, CannotWrite, OtowakeError
from otowake.io.names import MOST, longest_name, safe_name
from otowake.untrusted import DAMAGE

FILE = "manifest.sqlite"
WAIT = 30.0
"""How long, in seconds, another program may have the manifest locked."""

LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
"""What SQLite answers where another program has locked a file."""

FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
"""What SQLite and the system answer where the disk takes no more."""

BATCH = 500
"""Rows that are in memory at once."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS facts(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS paths(
    path TEXT PRIMARY KEY,  -- where a recording lies
    stamp TEXT,             -- size and times of the file when it was read: another stamp means that it is read again
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


PLACE = re.compile(r"results/[0-9a-f]{2}/(?!\.{1,2}\Z)[^/\0]+")
DIGEST = re.compile(r"[0-9a-f]{64}")


def refusal(archive: Path, error: Exception) -> OtowakeError:
    """What is said where SQLite or the system refuses to go on with an archive.

    Examples
    --------
    >>> import errno
    >>> print(refusal(Path("a"), OSError(errno.EACCES, "Permission denied")))
    a: nothing can be written here (Permission denied); give another -o, or change the
    rights of this folder.
    """
    number = getattr(error, "sqlite_errorcode", 0) & 0xFF
    why = getattr(error, "strerror", None) or error
    if number in LOCKED:
        return CannotWrite(text.ARCHIVE_LOCKED, path=archive / FILE)
    if number in FULL or getattr(error, "errno", None) in DISK_FULL:
        return CannotWrite(text.ARCHIVE_STOPPED, path=archive, why=why)
    if isinstance(error, (sqlite3.OperationalError, OSError)):
        return CannotWrite(text.ARCHIVE_UNWRITABLE, path=archive, why=why)
    return BadInput(text.ARCHIVE_DAMAGED, path=archive / FILE, why=error)


class Recording(NamedTuple):
    """A recording that waits: the SHA-256 of its bytes, one of its paths, and its place for a result."""

    sha256: str
    path: str
    folder: str


class Counts(NamedTuple):
    """How many recordings of the present run there are: different ones, and those that were not to be read."""

    found: int
    done: int
    failed: int


@contextlib.contextmanager
def sole_driver(archive: Path) -> Iterator[None]:
    """Nobody else works on this archive meanwhile; a process that is killed leaves no lock.

    Raises
    ------
    BadInput
        If somebody does.
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
        Whether it is only looked at, perhaps while a run goes on.

    Raises
    ------
    BadInput
        If there is none to be looked at, or it is damaged.
    """

    def __init__(self, archive: Path, *, read_only: bool = False) -> None:
        self.archive, self.path = archive, archive / FILE
        if read_only and not self.path.is_file():
            raise BadInput(text.NO_ARCHIVE, path=archive)
        with self.sure():
            if not read_only and not self.path.exists():
                self.path.touch()  # SQLite's own files are never writable for the group, whatever the umask
            self.db = _opened(self.path, read_only)
            if not read_only:
                self.db.execute("PRAGMA journal_mode = WAL")
                self.db.execute("PRAGMA synchronous = NORMAL")
                self.db.executescript(SCHEMA)
            if _shape(self.db) != _shape_expected():
                raise sqlite3.DatabaseError("its tables are not those of a manifest")
            self.run = int(self.fact("run") or 0)

    def close(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self.db.close()

    @contextlib.contextmanager
    def sure(self) -> Iterator[None]:
        """What goes wrong with the file is said in a sentence; what was not written whole was not written."""
        try:
            yield
        except (sqlite3.Error, *DAMAGE) as error:
            if isinstance(error, (OtowakeError, OSError)):
                raise
            raise refusal(self.archive, error) from error

    @contextlib.contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """A transaction."""
        with self.sure():
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield self.db
                self.db.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self.db.execute("ROLLBACK")
                raise

    def fact(self, name: str) -> str | None:
        row = self.db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return row and row[0]

    def begin(self, recipe: dict[str, Any], digest: str) -> None:
        """Begin a run; its recipe must be that of the earlier ones.

        Raises
        ------
        BadInput
            If it is another.
        """
        was = self.fact("recipe")
        if was is not None and self.fact("digest") != digest:
            name, old, new = _difference(json.loads(was), recipe)
            raise BadInput(text.ARCHIVE_OPTIONS, path=self.archive, name=name, was=old, got=new)
        with self.change() as db:
            self.run += 1
            facts = {"run": str(self.run), "recipe": json.dumps(recipe), "digest": digest}
            db.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())

    def enter(self, found: Iterable[tuple[str, str | None]]) -> None:
        """Enter paths, each with its stamp, as inputs of this run."""
        with self.change() as db:
            db.executemany(
                f"""INSERT INTO paths(path, stamp, run) VALUES (?, ?, {self.run}) ON CONFLICT(path) DO UPDATE SET
                sha256 = CASE WHEN stamp = excluded.stamp THEN sha256 END,
                stamp = excluded.stamp, reason = NULL, run = excluded.run""",
                found,
            )

    def unread(self) -> Iterator[str]:
        """The inputs of this run that have to be read."""
        asked = "SELECT path FROM paths WHERE run = ? AND sha256 IS NULL AND reason IS NULL AND path > ?"
        yield from (row[0] for row in self._rows(f"{asked} ORDER BY path LIMIT {BATCH}", self.run))

    def _rows(self, query: str, *asked: Any) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, batch by batch, the last place of the one being where the next begins."""
        after = ""
        while rows := self.db.execute(query, (*asked, after)).fetchall():
            yield from rows
            if not after < rows[-1][0]:
                raise sqlite3.DatabaseError("its rows are in no order")
            after = rows[-1][0]

    def has_been_read(self, read: Iterable[tuple[str, str | None, str | None]]) -> None:
        """Note of paths their SHA-256, or why there is none."""
        with self.change() as db:
            db.executemany(
                "UPDATE paths SET sha256 = ?2, reason = ?3 WHERE path = ?1",
                read,
            )

    def take_up(self, *, retry: bool) -> None:
        """Enter the recordings that the paths are of; those whose result is gone, and on request the failed, wait again."""
        asked = f"""SELECT sha256, MIN(path) FROM paths WHERE run = ? AND sha256 > ?
            GROUP BY sha256 ORDER BY sha256 LIMIT {BATCH}"""
        most = longest_name(self.archive)
        for sha256, path in self._rows(asked, self.run):
            row = self.db.execute(
                "SELECT folder, state FROM recordings WHERE sha256 = ?", (sha256,)
            )
            was, state = row.fetchone() or ("", None)
            _digest(sha256)
            there = bool(was) and self._is_there(_place(was))
            folder = was if there or _is_safe(was, most) else folder_of(sha256, path, most)
            gone = state == "done" and not there
            mended = state == "waiting" and folder != was
            if state is None or gone or mended or (retry and state == "failed"):
                self.note(sha256, folder, "waiting")

    def _is_there(self, folder: str) -> bool:
        with contextlib.suppress(OSError):
            return (self.archive / folder / "analysis.json").is_file()
        return False

    def note(
        self,
        sha256: str,
        folder: str,
        state: str,
        reason: str | None = None,
        remark: str | None = None,
        seconds: float | None = None,
    ) -> None:
        """Note what has come of a recording."""
        with self.sure():
            self.db.execute(
                "INSERT OR REPLACE INTO recordings VALUES (?, ?, ?, ?, ?, ?)",
                (sha256, folder, state, reason, remark, seconds),
            )

    def waiting(self) -> Iterator[Recording]:
        """The recordings of this run that wait."""
        asked = f"""SELECT sha256, (SELECT MIN(path) FROM paths WHERE run = ?1 AND paths.sha256 = r.sha256) AS path,
            folder FROM recordings AS r WHERE state = 'waiting' AND sha256 > ?2 AND path IS NOT NULL
            ORDER BY sha256 LIMIT {BATCH}"""
        for sha256, path, folder in self._rows(asked, self.run):
            yield Recording(_digest(sha256), path, _place(folder))

    def counts(self) -> Counts:
        """The state of the inputs of this run."""
        states = dict(
            self.db.execute(
                """SELECT state, COUNT(*) FROM recordings WHERE sha256 IN (SELECT sha256 FROM paths WHERE run = ?)
                GROUP BY state""",
                (self.run,),
            )
        )
        asked = "SELECT COUNT(*) FROM paths WHERE run = ? AND reason IS NOT NULL"
        unreadable = self.db.execute(asked, (self.run,)).fetchone()[0]
        failed = states.get("failed", 0) + unreadable
        return Counts(sum(states.values()) + unreadable, states.get("done", 0), failed)

    def n_paths(self) -> int:
        """Inputs of this run."""
        return self.db.execute("SELECT COUNT(*) FROM paths WHERE run = ?", (self.run,)).fetchone()[
            0
        ]

    def failures(self) -> Iterator[tuple[str, str]]:
        """The recordings of this run's inputs that have failed when they were analysed: a path and the reason of each."""
        yield from self.db.execute(
            """SELECT MIN(path), recordings.reason FROM paths JOIN recordings USING (sha256)
            WHERE run = ? AND state = 'failed' GROUP BY sha256 ORDER BY 1""",
            (self.run,),
        )

    def all_paths(self) -> Iterator[tuple[Any, ...]]:
        """All paths in order: path, sha256, folder, state, reason, remark, seconds."""
        rows = self.db.execute(
            """SELECT path, sha256, folder, CASE WHEN paths.reason IS NULL THEN COALESCE(state, 'waiting') ELSE 'failed' END,
            COALESCE(paths.reason, recordings.reason), remark, seconds
            FROM paths LEFT JOIN recordings USING (sha256) ORDER BY path"""
        )
        for path, sha256, folder, *rest in rows:
            yield path, sha256, folder and _place(folder), *rest

    def all_done(self) -> Iterator[tuple[str, str]]:
        """The SHA-256 and the folder of every recording that is done and still has a path, in order."""
        rows = self.db.execute(
            """SELECT sha256, folder FROM recordings WHERE state = 'done'
            AND sha256 IN (SELECT sha256 FROM paths) ORDER BY sha256"""
        )
        yield from ((sha256, _place(folder)) for sha256, folder in rows)


def _opened(path: Path, read_only: bool) -> sqlite3.Connection:
    """Connect to a manifest; to read it, nothing need be writable."""
    if not read_only:
        return sqlite3.connect(path, isolation_level=None, timeout=WAIT)
    log = path.with_name(path.name + "-wal")
    can_log = os.access(path.parent, os.W_OK) or log.exists()
    uri = path.absolute().as_uri() + ("?mode=ro" if can_log else "?mode=ro&immutable=1")
    return sqlite3.connect(uri, isolation_level=None, timeout=WAIT, uri=True)


def _shape(db: sqlite3.Connection) -> set[tuple[str, ...]]:
    """What is defined in a database: no view or trigger of anybody's may stand where a table is asked for."""
    return {*db.execute("SELECT type, name, sql FROM sqlite_master")}


@functools.cache
def _shape_expected() -> set[tuple[str, ...]]:
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        db.executescript(SCHEMA)
        return _shape(db)


def _place(folder: Any) -> str:
    """A folder for a result, which is never outside of the archive."""
    if not (isinstance(folder, str) and PLACE.fullmatch(folder)):
        raise sqlite3.DatabaseError(f"{folder!r} is no place of a result")
    return folder


def _digest(sha256: Any) -> str:
    if not (isinstance(sha256, str) and DIGEST.fullmatch(sha256)):
        raise sqlite3.DatabaseError(f"{sha256!r} is no SHA-256")
    return sha256


def _is_safe(folder: str, most: int) -> bool:
    """Whether the name of a result is one that is given today: version 0.1.0 gave hidden ones and too long ones."""
    name = Path(folder).name
    return safe_name(name, most) == name


def folder_of(sha256: str, path: str, most: int = MOST) -> str:
    """Where the result of a recording lies in the archive: by its content, and so that a person finds it.

    Its name has at most `most` bytes.

    Examples
    --------
    >>> folder_of("3f2a9c01b7d4e6aa", "/music/song.mp3")
    'results/3f/song-3f2a9c01b7d4'
    """
    name = safe_name(Path(path).stem[:80], most, sha256[:12])
    return f"results/{sha256[:2]}/{name}"


def stamp_of(path: Path) -> str | None:
    """What tells that a file is still the one that was read; times in it are only compared with themselves."""
    try:
        found = path.stat()
    except OSError:
        return None
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"


def _difference(was: dict[str, Any], now: dict[str, Any]) -> tuple[str, Any, Any]:
    """The first option in which two recipes differ."""
    for group, new in now.items():
        old = was.get(group)
        pairs = {group: (old, new)}
        if isinstance(new, dict) and isinstance(old, dict):
            pairs = {name: (old.get(name), value) for name, value in new.items()}
        for name, (before, after) in pairs.items():
            if before != after:
                return name, before, after
    return "otowake", was.get("otowake"), now.get("otowake")
