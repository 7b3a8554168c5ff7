"""Reading recordings: soundfile for what it can, PyAV (extra ``media``) for the rest, always in blocks."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from otowake import text
from otowake.errors import BadInput, InputWarning, MissingExtra
from otowake.io.decoder import Decoder
from otowake.io.sndfile import open_sndfile
from otowake.options import LoadSpec
from otowake.types import Audio, Floats, Source
from otowake.untrusted import open_regular

MOST_BYTES = 4 * 2**30
"""The most that a recording may take in memory, decoded."""

LONG_SECONDS = 1200.0
"""From this length on a recording is not taken into memory, but streamed from its file."""

MOST_HOURS = 24
"""The longest recording that is read, in hours."""

RATES = range(100, 2_000_001)
"""The sampling rates that are read, in Hz: a file of few bytes and another rate would be days, or gigabytes, of sound."""

MISSING_SECONDS = 0.1
"""A file that ends this much before the length it promises is called cut short."""

Path_ = str | os.PathLike[str]


def load(path: Path_, *, start: float = 0.0, duration: float | None = None) -> Audio:
    """Read a recording.

    Parameters
    ----------
    path
        A WAV, FLAC, MP3, OGG Vorbis or Opus file; with the extra ``media`` also M4A/AAC, WMA, MP4 and WebM.
    start, duration
        The part to read, in seconds; by default all of it.

    Returns
    -------
    Audio
        At the file's own sampling rate and channels, float32.

    Raises
    ------
    BadInput
        If there is no such file, or no sound can be read from it.
    MissingExtra
        If the format needs the extra ``media``.

    Warns
    -----
    InputWarning
        If the file is damaged or cut short; what could be read of it is returned.

    Examples
    --------
    >>> from otowake.io.audio import demo_path
    >>> audio = load(demo_path(), start=1, duration=2.5)
    >>> audio.rate, audio.samples.shape
    (44100, (1, 110250))
    """
    spec = LoadSpec(start=start, duration=duration)
    path = Path(path)
    check_file(path)
    return _loaded(path, _open(path, spec), spec)


def _loaded(path: Path, decoder: Decoder, spec: LoadSpec) -> Audio:
    limit = f"{MOST_BYTES / 2**30:g} GiB"
    likely = min(decoder.there or 0, _wanted(decoder, spec))
    if 4 * likely * decoder.n_channels > MOST_BYTES:
        raise BadInput(text.TOO_LONG, path=path, limit=limit)
    blocks: list[Floats] = []
    size = 0
    for block in _checked(path, decoder, spec):
        blocks.append(block)
        size += block.nbytes
        if size > MOST_BYTES:
            raise BadInput(text.TOO_LONG, path=path, limit=limit)
    source = Source(str(path.resolve()), sha256(path), spec.start, spec.duration)
    return Audio(np.concatenate(blocks).T, decoder.rate, path.name, source)


def demo_path() -> Path:
    """The clip that comes with the package: a scale and chords on an accordion, 15.8 s.

    Examples
    --------
    >>> demo_path().name
    'demo.ogg'
    """
    return Path(__file__).parent.parent / "data" / "demo.ogg"


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_file(path: Path) -> None:
    """Refuse what is no regular file, can't be opened or is empty."""
    try:
        os.fsencode(path).decode()
        exists = path.exists()
    except UnicodeDecodeError as error:
        raise BadInput(
            text.NOT_READABLE, path=ascii(str(path)), why="its name is not UTF-8"
        ) from error
    except OSError as error:
        raise BadInput(text.NOT_READABLE, path=path, why=error.strerror) from error
    if not exists:
        raise BadInput(text.NO_SUCH_FILE, path=path)
    if path.is_dir():
        raise BadInput(text.IS_A_FOLDER, path=path)
    if not path.is_file():
        raise BadInput(text.NOT_READABLE, path=path, why="not a regular file")
    try:
        with open_regular(path) as file:
            if not file.read(1):
                raise BadInput(text.EMPTY_FILE, path=path)
    except OSError as error:
        raise BadInput(text.NOT_READABLE, path=path, why=error.strerror) from error


def _open(path: Path, spec: LoadSpec) -> Decoder:
    decoder = _opened(path, spec)
    if decoder.rate not in RATES:
        raise BadInput(text.NOT_AUDIO, path=path, why=f"its sampling rate is {decoder.rate} Hz")
    if min(decoder.there or 0, _wanted(decoder, spec)) > MOST_HOURS * 3600 * decoder.rate:
        raise BadInput(text.TOO_LONG, path=path, limit=f"{MOST_HOURS} h")
    return decoder


def _wanted(decoder: Decoder, spec: LoadSpec) -> float:
    """How many samples are asked for."""
    return np.inf if spec.duration is None else spec.duration * decoder.rate


def _opened(path: Path, spec: LoadSpec) -> Decoder:
    try:
        return open_sndfile(path, spec)
    except soundfile.LibsndfileError as error:
        if importlib.util.find_spec("av"):
            from otowake.io.media import open_media

            return open_media(path, spec)
        if _is_media(path):
            raise MissingExtra(text.NEEDS_MEDIA, path=path) from error
        raise BadInput(text.NOT_AUDIO, path=path, why=error.error_string.rstrip(".")) from error


def _is_media(path: Path) -> bool:
    """Whether the first bytes are those of MP4/M4A, ASF (WMA), Matroska/WebM or an AAC stream."""
    with path.open("rb") as file:
        head = file.read(12)
    return (
        head[4:8] == b"ftyp"
        or head[:4] in (b"\x30\x26\xb2\x75", b"\x1a\x45\xdf\xa3")
        or (head[:1] == b"\xff" and head[1:2] in (b"\xf0", b"\xf1", b"\xf8", b"\xf9"))
    )


def _checked(path: Path, decoder: Decoder, spec: LoadSpec) -> Iterator[Floats]:
    """The blocks of a decoder as far as they are wanted, with a warning if some could not be read."""
    rate = decoder.rate
    wanted = None if spec.duration is None else round(spec.duration * rate)
    got = 0
    for block in decoder.blocks:
        part = block if wanted is None else block[: wanted - got]
        got += len(part)
        if got > MOST_HOURS * 3600 * rate:
            raise BadInput(text.TOO_LONG, path=path, limit=f"{MOST_HOURS} h")
        yield part
        if wanted is not None and got >= wanted:
            break
    why = ", ".join(dict.fromkeys(decoder.damage))
    if not got:
        raise BadInput(text.NOT_AUDIO, path=path, why=why or "there is no sound in it")
    facts = {"path": path, "got": f"{got / rate:.2f}"}
    expected = min((n for n in (wanted, decoder.promised) if n is not None), default=got)
    if expected - got > MISSING_SECONDS * rate:
        promised = f"{expected / rate:.2f}"
        warnings.warn(InputWarning(text.CUT_SHORT, **facts, promised=promised), stacklevel=4)
    elif why:
        warnings.warn(InputWarning(text.DAMAGED, **facts, why=why), stacklevel=4)


def said_length(path: Path_) -> float | None:
    """How long a file is by its bytes or else by its header, in seconds, not decoded; None if unknown.

    Errors are those of :func:`load`.

    Examples
    --------
    >>> said_length(demo_path())
    15.8
    """
    path = Path(path)
    check_file(path)
    decoder = _open(path, LoadSpec())
    length = decoder.likely()
    return None if length is None else length / decoder.rate


class Recording:
    """A recording that stays on disk and is decoded anew, block by block, each time it is read.

    It has the properties of :class:`otowake.Audio` but for the samples.

    Parameters
    ----------
    path
        The file.
    spec
        Which part of it.
    """

    def __init__(self, path: Path, spec: LoadSpec) -> None:
        self.path, self.spec = path, spec
        self.name = path.name
        self.n_samples = self.n_channels = 0
        decoder = _open(path, spec)
        self.rate = decoder.rate
        for block in _checked(path, decoder, spec):
            self.n_samples, self.n_channels = self.n_samples + len(block), block.shape[1]
            bad = block.size - np.count_nonzero(np.isfinite(block))
            if bad:
                raise BadInput(text.NOT_FINITE, name=self.name, count=bad, total=block.size)
        self.source = Source(str(path.resolve()), sha256(path), spec.start, spec.duration)

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.rate

    def blocks(self, size: int) -> Iterator[Floats]:
        """The samples in pieces of shape (channel, at most `size`), in order."""
        held: list[Floats] = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InputWarning)
            for block in _checked(self.path, _open(self.path, self.spec), self.spec):
                held.append(block)
                if sum(map(len, held)) >= size:
                    joined = np.concatenate(held)
                    whole = len(joined) - len(joined) % size
                    for start in range(0, whole, size):
                        yield joined[start : start + size].T
                    held = [joined[whole:]]
        rest = np.concatenate(held)
        if len(rest):
            yield rest.T


def open_recording(
    path: Path_, *, start: float = 0.0, duration: float | None = None
) -> Audio | Recording:
    """A recording in memory if it is short, or one that stays on disk from :data:`LONG_SECONDS` on.

    Parameters, errors and warnings are those of :func:`load`.
    """
    spec = LoadSpec(start=start, duration=duration)
    path = Path(path)
    check_file(path)
    decoder = _open(path, spec)
    if min(_wanted(decoder, spec), decoder.likely() or 0) < LONG_SECONDS * decoder.rate:
        return _loaded(path, decoder, spec)
    return Recording(path, spec)
