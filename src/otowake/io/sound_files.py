"""Open sound files for writing, and check that they are complete."""

from __future__ import annotations

from pathlib import Path

import soundfile


def new_sound(path: Path, rate: int, n_channels: int, subtype: str) -> soundfile.SoundFile:
    """Open a sound file for writing with the permissions of the umask, which libsndfile ignores."""
    path.touch()
    return soundfile.SoundFile(path, "w", rate, n_channels, subtype)


def check_whole(path: Path, n_samples: int) -> None:
    """Check the length of a written sound: a disk full on closing raises no error by itself.

    Raises
    ------
    OSError
        If samples are missing.
    """
    if soundfile.info(path).frames != n_samples:
        raise OSError(f"{path.name} was not written whole; the disk may be full")
