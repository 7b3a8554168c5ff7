"""The sounds of a result folder: components and stems, each set adding up to the recording."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from otowake.io.sound_files import check_whole, new_sound
from otowake.music.theory.names import note_name
from otowake.signal import separate
from otowake.types import (
    Analysis,
    Component,
    Floats,
    Sound,
)

QUIET = 2**-10
"""A peak below this (−60 dB) is too low for 24 bits."""

OTHER = "other"
"""The name of the sound that no part explains."""


def write_components(analysis: Analysis, audio: Sound, folder: Path) -> None:
    """Write each component's sound."""
    names = [component_file(component) for component in analysis.components]
    write_sounds(
        names, lambda: separate(audio, analysis.fitted().factors, analysis.stft), audio, folder
    )


def write_stems(analysis: Analysis, audio: Sound, folder: Path) -> None:
    """Write each part's sound under its name, and what is left as ``other``."""
    if analysis.stems is not None:
        names = [*(part.name for part in analysis.parts), OTHER]
        write_sounds(names, analysis.stems, audio, folder)


def write_sounds(
    names: Sequence[str], blocks: Callable[[], Iterator[list[Floats]]], audio: Sound, folder: Path
) -> None:
    """Write sounds that add up to a recording: 24-bit FLAC where that can hold them, float WAV elsewhere.

    FLAC has at most 8 channels and 655,350 Hz, ends at full scale, and has few steps for what is very quiet.
    """
    if audio.n_channels <= 8 and audio.rate <= 655_350:
        folder.mkdir()
        if QUIET <= _write_sounds(names, blocks(), audio, folder, ".flac") <= 1:
            return
        shutil.rmtree(folder)
    folder.mkdir()
    _write_sounds(names, blocks(), audio, folder, ".wav")


def component_file(component: Component) -> str:
    """The name of a component's sound file, without its ending, such as ``01-C4``."""
    name = note_name(component.pitch.midi) if component.pitch else "unpitched"
    return f"{component.index + 1:02d}-{name}"


def _write_sounds(
    names: Sequence[str], blocks: Iterator[list[Floats]], audio: Sound, folder: Path, suffix: str
) -> float:
    """Write all sounds in one pass and return the peak; a pass that would clip a FLAC file is cut off."""
    subtype = "PCM_24" if suffix == ".flac" else "FLOAT"
    paths = [folder / (name + suffix) for name in names]
    peak = 0.0
    with contextlib.ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(os.cpu_count()))
        files = [
            stack.enter_context(new_sound(path, audio.rate, audio.n_channels, subtype))
            for path in paths
        ]
        for block in blocks:
            peak = max(peak, *(float(np.abs(sound).max(initial=0)) for sound in block))
            if peak > 1 and suffix == ".flac":
                return peak
            list(pool.map(lambda file, sound: file.write(sound.T), files, block))
    for path in paths:
        check_whole(path, audio.n_samples)
    return peak
