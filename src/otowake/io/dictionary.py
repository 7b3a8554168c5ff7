"""Write and read dictionaries: component spectra learnt from many recordings."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from otowake import text
from otowake.arrays import Member, members_of, write_arrays
from otowake.atomic import staged
from otowake.errors import BadInput, CannotWrite
from otowake.io.audio import Path_, check_file, sha256
from otowake.options import StftSpec
from otowake.signal import axes
from otowake.types import Floats, Source
from otowake.untrusted import DAMAGE, json_from, reason

MEMBERS = {
    "W": Member(("frequency", "component")),
    "frequencies": Member(("frequency",)),
    "losses": Member(("pass",), least=None),
    "facts": Member(("byte",), "u"),
}
"""The arrays of a dictionary's file; `facts` is JSON in UTF-8."""


@dataclass(frozen=True, eq=False)
class Dictionary:
    """Spectra shared by the recordings of an archive.

    Attributes
    ----------
    W
        Shape (frequency, component), ordered by pitch like the components of a recording.
    frequencies
        Shape (frequency,), in Hz.
    losses
        Shape (pass,): the loss over all recordings at each pass; the last one is that of `W`.
    facts
        The origin of the dictionary: ``otowake``, ``options``, ``recordings`` (with ``path`` and
        ``sha256``), ``frames``, ``stop``.
    source
        The file, for a dictionary that was read.
    """

    W: Floats
    frequencies: Floats
    losses: Floats
    facts: dict[str, Any]
    source: Source | None = None


def save_dictionary(dictionary: Dictionary, path: Path_) -> None:
    """Write a dictionary as an ``.npz`` file without pickled objects, whole or not at all.

    Raises
    ------
    CannotWrite
        If the file can't be written.
    """
    path = Path(path)
    try:
        with staged(path) as new:
            with new.open("wb") as file:
                facts = json.dumps(dictionary.facts, ensure_ascii=False).encode()
                arrays = {
                    "W": dictionary.W,
                    "frequencies": dictionary.frequencies,
                    "losses": dictionary.losses,
                    "facts": np.frombuffer(facts, np.uint8),
                }
                write_arrays(file, arrays)
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
    except OSError as error:
        raise CannotWrite(text.CANT_WRITE, path=path, why=text.reason_of(error)) from error


def load_dictionary(path: Path_, digest: str | None = None) -> Dictionary:
    """Read a dictionary.

    Parameters
    ----------
    path
        The file.
    digest
        The expected SHA-256, if any.

    Raises
    ------
    BadInput
        If the file is no dictionary, or has another digest.

    Examples
    --------
    >>> load_dictionary("no-such-file.npz")
    Traceback (most recent call last):
    ...
    otowake.errors.BadInput: no-such-file.npz: there is no such file; check the name and the
    folder.
    """
    path = Path(path)
    check_file(path)
    now = sha256(path)
    if digest is not None and now != digest:
        raise BadInput(text.DICTIONARY_CHANGED, path=path)
    try:
        arrays = members_of(path, MEMBERS)
        W, frequencies, losses = (arrays[name] for name in ("W", "frequencies", "losses"))
        facts = json_from(arrays["facts"].tobytes())
        if not W.any() or not losses.size:
            raise ValueError("it has no spectra, or no loss")
        StftSpec.recorded(facts["options"]["stft"])
    except DAMAGE as error:
        raise BadInput(text.NOT_A_DICTIONARY, path=path, why=reason(error)) from error
    return Dictionary(W, frequencies, losses, facts, Source(str(path.resolve()), now))


def start_of(dictionary: Dictionary, spec: StftSpec) -> dict[str, Any]:
    """Return the arguments with which :func:`otowake.factorize` keeps the spectra of a dictionary.

    Raises
    ------
    BadInput
        If the spectrogram has other frequencies.
    """
    frequencies, _ = axes(spec, 0)
    if not np.array_equal(frequencies, dictionary.frequencies):
        how = StftSpec.recorded(dictionary.facts["options"]["stft"])
        path = dictionary.source.path if dictionary.source else "W"
        raise BadInput(text.DICTIONARY_STFT, path=path, rate=how.sample_rate, n_fft=how.n_fft)
    return {"W": dictionary.W, "keep_W": True}
