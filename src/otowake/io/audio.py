"""Read recordings in blocks, with soundfile or, for other formats, PyAV (extra ``media``)."""

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
"""Bytes, the largest decoded recording in memory."""

LONG_SECONDS = 1200.0
"""Seconds, the length from which a recording is streamed from its file."""

MOST_HOURS = 24
"""Hours, the longest recording accepted."""

RATES = range(100, 2_000_001)
"""Hz, accepted sampling rates; with others a small file could mean days or gigabytes of sound."""

MISSING_SECONDS = 0.1
"""Seconds missing from the promised length at which a file counts as truncated."""

Path_ = str | os.PathLike[str]


def load(path: Path_, *, start: float = 0.0, duration: float | None = None) -> Audio:
    """Read a recording.

    Parameters
    ----------
    path
        A WAV, FLAC, MP3, OGG Vorbis or Opus file; with the extra ``media`` also M4A/AAC, WMA, MP4
        and WebM.
    start, duration
        The part to read, in seconds; by default the whole file.

    Returns
    -------
    Audio
        At the file's own sampling rate and channels, float32.

    Raises
    ------
    BadInput
        If the file is missing or has no readable sound.
    MissingExtra
        If the format needs the extra ``media``.

    Warns
    -----
    InputWarning
        If the file is damaged or truncated; the readable part is returned.

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
    expected = min(decoder.available or 0, _requested_samples(decoder, spec))
    if 4 * expected * decoder.n_channels > MOST_BYTES:
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
    """Return the path of the demo clip: a scale and chords on an accordion, 15.8 s.

    Examples
    --------
    >>> demo_path().name
    'demo.ogg'
    """
    return Path(__file__).parent.parent / "data" / "demo.ogg"


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_file(path: Path) -> None:
    """Raise :class:`BadInput` unless the path is a readable regular file that is not empty."""
    try:
        os.fsencode(path).decode()
        exists = path.exists()
    except UnicodeDecodeError as error:
        raise BadInput(text.NOT_READABLE, path=ascii(str(path)), why=text.NAME_NOT_UTF8) from error
    except OSError as error:
        raise BadInput(text.NOT_READABLE, path=path, why=text.reason_of(error)) from error
    if not exists:
        raise BadInput(text.NO_SUCH_FILE, path=path)
    if path.is_dir():
        raise BadInput(text.IS_A_FOLDER, path=path)
    if not path.is_file():
        raise BadInput(text.NOT_READABLE, path=path, why=text.NOT_REGULAR)
    try:
        with open_regular(path) as file:
            if not file.read(1):
                raise BadInput(text.EMPTY_FILE, path=path)
    except OSError as error:
        raise BadInput(text.NOT_READABLE, path=path, why=text.reason_of(error)) from error


def _open(path: Path, spec: LoadSpec) -> Decoder:
    decoder = _open_decoder(path, spec)
    if decoder.rate not in RATES:
        raise BadInput(text.NOT_AUDIO, path=path, why=text.ITS_RATE.filled(rate=decoder.rate))
    if (
        min(decoder.available or 0, _requested_samples(decoder, spec))
        > MOST_HOURS * 3600 * decoder.rate
    ):
        raise BadInput(text.TOO_LONG, path=path, limit=f"{MOST_HOURS} h")
    return decoder


def _requested_samples(decoder: Decoder, spec: LoadSpec) -> float:
    """Return the number of samples requested, infinity for all."""
    return np.inf if spec.duration is None else spec.duration * decoder.rate


def _open_decoder(path: Path, spec: LoadSpec) -> Decoder:
    try:
        return open_sndfile(path, spec)
    except soundfile.LibsndfileError as error:
        if importlib.util.find_spec("av"):
            from otowake.io.media import open_media

            return open_media(path, spec)
        if _is_media(path):
            raise MissingExtra(text.NEEDS_MEDIA, path=path) from error
        raise BadInput(text.NOT_AUDIO, path=path, why=text.reason_of(error)) from error


def _is_media(path: Path) -> bool:
    """Whether the first bytes mark MP4/M4A, ASF (WMA), Matroska/WebM or an AAC stream."""
    with path.open("rb") as file:
        head = file.read(12)
    return (
        head[4:8] == b"ftyp"
        or head[:4] in (b"\x30\x26\xb2\x75", b"\x1a\x45\xdf\xa3")
        or (head[:1] == b"\xff" and head[1:2] in (b"\xf0", b"\xf1", b"\xf8", b"\xf9"))
    )


def _checked(path: Path, decoder: Decoder, spec: LoadSpec) -> Iterator[Floats]:
    """Yield the requested blocks of a decoder and warn if some can't be read."""
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
    why = text.joined(decoder.damage) if decoder.damage else None
    if not got:
        raise BadInput(text.NOT_AUDIO, path=path, why=why or text.NO_SOUND)
    facts = {"path": path, "got": f"{got / rate:.2f}"}
    expected = min((n for n in (wanted, decoder.promised) if n is not None), default=got)
    if expected - got > MISSING_SECONDS * rate:
        promised = f"{expected / rate:.2f}"
        warnings.warn(InputWarning(text.CUT_SHORT, **facts, promised=promised), stacklevel=4)
    elif why:
        warnings.warn(InputWarning(text.DAMAGED, **facts, why=why), stacklevel=4)


def estimated_length(path: Path_) -> float | None:
    """Estimate the length of a file in seconds from its bytes or header; None if unknown.

    Nothing is decoded. Errors are those of :func:`load`.

    Examples
    --------
    >>> estimated_length(demo_path())
    15.8
    """
    path = Path(path)
    check_file(path)
    decoder = _open(path, LoadSpec())
    length = decoder.expected_length()
    return None if length is None else length / decoder.rate


class Recording:
    """A recording that stays on disk and is decoded block by block each time it is read.

    It has the properties of :class:`otowake.Audio` except the samples.

    Parameters
    ----------
    path
        The file.
    spec
        The part to read.
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
        """Yield the samples in order, in arrays of shape (channel, at most `size`)."""
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
    """Open a recording in memory, or on disk if it is longer than :data:`LONG_SECONDS`.

    Parameters, errors and warnings are those of :func:`load`.
    """
    spec = LoadSpec(start=start, duration=duration)
    path = Path(path)
    check_file(path)
    decoder = _open(path, spec)
    if (
        min(_requested_samples(decoder, spec), decoder.expected_length() or 0)
        < LONG_SECONDS * decoder.rate
    ):
        return _loaded(path, decoder, spec)
    return Recording(path, spec)
