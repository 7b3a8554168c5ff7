"""Dictionaries: spectra that were learnt from many recordings, in a file of their own."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from otowake import text
from otowake.atomic import beside
from otowake.errors import BadInput, CannotWrite
from otowake.io.audio import Path_, check_file, sha256
from otowake.options import StftSpec
from otowake.outside import DAMAGE, arrays_of
from otowake.signal import axes
from otowake.types import Floats, Source


@dataclass(frozen=True, eq=False)
class Dictionary:
    """Spectra shared by the recordings of an archive.

    Attributes
    ----------
    W
        Shape (frequency, component), ordered by pitch as the components of a recording are.
    frequencies
        Shape (frequency,), in Hz.
    losses
        Shape (pass,): the loss over all recordings at each pass; the last one is that of `W`.
    facts
        What it was learnt from and how: ``otowake``, ``options``, ``recordings`` (each with ``path`` and ``sha256``),
        ``frames``, ``stop``.
    source
        The file that it was read from.
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
        If it can't be written.
    """
    path = Path(path)
    try:
        with beside(path) as new:
            with new.open("wb") as file:
                np.savez(
                    file,
                    allow_pickle=False,
                    W=dictionary.W,
                    frequencies=dictionary.frequencies,
                    losses=dictionary.losses,
                    facts=np.frombuffer(json.dumps(dictionary.facts, ensure_ascii=False).encode(), np.uint8),
                )
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
    except OSError as error:
        raise CannotWrite(text.CANT_WRITE, path=path, why=error.strerror or error) from error


def load_dictionary(path: Path_, digest: str | None = None) -> Dictionary:
    """Read a dictionary.

    Parameters
    ----------
    path
        The file.
    digest
        The SHA-256 that it must have.

    Raises
    ------
    BadInput
        If it is no dictionary, or not that one.

    Examples
    --------
    >>> load_dictionary("no-such-file.npz")
    Traceback (most recent call last):
    ...
    otowake.errors.BadInput: no-such-file.npz: there is no such file; check the name and the folder.
    """
    path = Path(path)
    check_file(path)
    now = sha256(path)
    if digest is not None and now != digest:
        raise BadInput(text.DICTIONARY_CHANGED, path=path)
    try:
        with path.open("rb") as file:
            arrays = arrays_of(file)
        W, frequencies, losses = (arrays[name] for name in ("W", "frequencies", "losses"))
        facts = json.loads(arrays["facts"].tobytes())
        _check(W, frequencies, losses)
        StftSpec().with_options(**facts["options"]["stft"])
    except DAMAGE as error:
        why = f"{type(error).__name__}: {error}"
        raise BadInput(text.NOT_A_DICTIONARY, path=path, why=why) from error
    return Dictionary(W, frequencies, losses, facts, Source(str(path.resolve()), now))


def _check(W: Floats, frequencies: Floats, losses: Floats) -> None:
    for name, values, n_axes in (("W", W, 2), ("frequencies", frequencies, 1), ("losses", losses, 1)):
        if values.ndim != n_axes or values.dtype.kind != "f" or not values.size:
            raise ValueError(f"{name} has the shape {values.shape} and the type {values.dtype}")
        if not np.isfinite(values).all():
            raise ValueError(f"{name} is not finite")
    if len(W) != len(frequencies) or (W < 0).any() or not W.any():
        raise ValueError("W is not a non-negative matrix of shape (frequency, component)")


def start_of(dictionary: Dictionary, spec: StftSpec) -> dict[str, Any]:
    """What makes :func:`otowake.factorize` find the activations of a dictionary's components.

    Raises
    ------
    BadInput
        If the spectrogram has other frequencies.
    """
    frequencies, _ = axes(spec, 0)
    if not np.array_equal(frequencies, dictionary.frequencies):
        how = StftSpec().with_options(**dictionary.facts["options"]["stft"])
        path = dictionary.source.path if dictionary.source else "W"
        raise BadInput(text.DICTIONARY_STFT, path=path, rate=how.sample_rate, n_fft=how.n_fft)
    return {"W": dictionary.W, "keep_W": True}
