"""Write sound files whole."""

from __future__ import annotations

from pathlib import Path

import soundfile


def new_sound(path: Path, rate: int, n_channels: int, subtype: str) -> soundfile.SoundFile:
    """Open a sound file for writing, with the permissions that the umask gives: libsndfile leaves some out."""
    path.touch()
    return soundfile.SoundFile(path, "w", rate, n_channels, subtype)


def check_whole(path: Path, n_samples: int) -> None:
    """See that a sound was written to its end: a disk that fills up as the file is closed raises no error.

    Raises
    ------
    OSError
        If it was not.
    """
    if soundfile.info(path).frames != n_samples:
        raise OSError(f"{path.name} was not written whole; the disk may be full")
