"""A folder as a ZIP archive that is made while it is sent."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

PIECE = 2**18


class _Sink(io.RawIOBase):
    """What a ZIP file is written into, to be taken out again piece by piece."""

    def __init__(self) -> None:
        self.held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, piece: bytes, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride] - zipfile writes bytes
        self.held += piece
        return len(piece)

    def taken(self) -> bytes:
        piece = bytes(self.held)
        self.held.clear()
        return piece


def archive(folder: Path, name: str) -> Iterator[bytes]:
    """The files of `folder` as a ZIP archive, in a folder `name` within it; nothing is held but a piece, and what is hidden is left out.

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
                while piece := file.read(PIECE):
                    inside.write(piece)
                    yield sink.taken()
            yield sink.taken()
    yield sink.taken()
