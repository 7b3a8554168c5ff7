"""Stream a folder as a ZIP archive."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

PIECE_BYTES = 2**18


class _Sink(io.RawIOBase):
    """A file object that a ZIP file is written to and read from in pieces."""

    def __init__(self) -> None:
        self.held = bytearray()

    def writable(self) -> bool:
        return True

    # zipfile writes nothing but bytes
    def write(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, piece: bytes, /
    ) -> int:
        self.held += piece
        return len(piece)

    def taken(self) -> bytes:
        piece = bytes(self.held)
        self.held.clear()
        return piece


def archive(folder: Path, name: str) -> Iterator[bytes]:
    """Yield the files of `folder` as a ZIP archive with one folder, `name`.

    Hidden files are left out, and only one piece is in memory at a time.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.txt").write_text("A")
    >>> zipfile.ZipFile(io.BytesIO(b"".join(archive(folder, "song")))).namelist()
    ['song/a.txt']
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED, allowZip64=True) as packed:
        for path in sorted(folder.rglob("*")):
            if (
                not path.is_file()
                or path.is_symlink()
                or path.relative_to(folder).parts[0].startswith(".")
            ):
                continue
            facts = zipfile.ZipInfo.from_file(path, f"{name}/{path.relative_to(folder).as_posix()}")
            with path.open("rb") as file, packed.open(facts, "w") as inside:
                while piece := file.read(PIECE_BYTES):
                    inside.write(piece)
                    yield sink.taken()
            yield sink.taken()
    yield sink.taken()
