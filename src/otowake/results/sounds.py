"""Write and read the sounds of a result: components and stems, each set a sum to the recording."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from otowake.io.audio import MOST_BYTES, open_recording, sha256
from otowake.io.sound_files import check_whole, new_sound
from otowake.music.song.masks import source_of
from otowake.music.song.network import SOURCES
from otowake.music.song.sounds import song_blocks
from otowake.music.theory.names import note_name
from otowake.results.recipe import Input
from otowake.signal import separate
from otowake.types import Analysis, Audio, Component, Floats, Sound
from otowake.untrusted import open_regular, shown

QUIET_PEAK = 2**-10
"""Peak (−60 dB) below which 24 bits are too coarse."""

FLAC_CHANNELS, FLAC_RATE = 8, 655_350
"""Maximum number of channels and sampling rate (Hz) of a FLAC file."""

SAMPLES_AT_ONCE = 2**18
"""Samples of a sound read at a time."""

OTHER = "other"
"""The name of the residual sound, which belongs to no part."""


def write_components(analysis: Analysis, audio: Sound, folder: Path) -> None:
    """Write the sound of each component."""
    names = [component_file(component) for component in analysis.components]
    write_sounds(
        names, lambda: separate(audio, analysis.fitted().factors, analysis.stft), audio, folder
    )


def write_stems(analysis: Analysis, audio: Sound, folder: Path) -> None:
    """Write the sound of each part under its name, and the residual as ``other``."""
    if analysis.stems is not None:
        names = [*(part.name for part in analysis.parts), OTHER]
        write_sounds(names, analysis.stems, audio, folder)


def write_song(analysis: Analysis, audio: Sound, folder: Path, written: Path | None = None) -> None:
    """Write the sums of the stems by source, and the recording without each source.

    The files are ``vocals``, ``bass``, ``drums`` and ``other``, and ``without-vocals``,
    ``without-bass`` and ``without-drums``, as far as the recording has these sources. `written` is
    the folder of the stems of this analysis, which saves their separation.
    """
    if analysis.stems is None:
        return
    of_stem = [*(source_of(part.instrument) for part in analysis.parts), SOURCES.index(OTHER)]
    stems = analysis.stems
    if written is not None:
        stems = partial(_blocks_of, written, [*(part.name for part in analysis.parts), OTHER])
    members = {
        name: [i for i, source in enumerate(of_stem) if source in sources]
        for name, sources in song_files(set(of_stem)).items()
    }
    write_sounds(list(members), lambda: _sums(stems(), members.values()), audio, folder)


def write_sources(
    audio: Sound,
    folder: Path,
    only: Collection[str] = (),
    stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Separate a recording by the song network alone, and write the files of :func:`song_files`.

    Parameters
    ----------
    audio
        The recording.
    folder
        The new folder.
    only
        The names of the files; all by default.
    stopped
        Whether to stop.

    Raises
    ------
    KeyboardInterrupt
        If it was stopped.
    """
    files = song_files(range(len(SOURCES)))
    members = {name: files[name] for name in files if not only or name in only}

    def blocks() -> Iterator[list[Floats]]:
        for sums in _sums(song_blocks(audio), members.values()):
            if stopped():
                raise KeyboardInterrupt
            yield sums

    write_sounds(list(members), blocks, audio, folder)


def song_files(present: Collection[int]) -> dict[str, list[int]]:
    """Return the files of a song with these sources: their names, and the sources in each.

    Examples
    --------
    >>> song_files([0, 3])
    {'vocals': [0], 'other': [3], 'without-vocals': [3]}
    """
    present = sorted(present)
    sources = {SOURCES[source]: [source] for source in present}
    without = {
        f"without-{SOURCES[left_out]}": [source for source in present if source != left_out]
        for left_out in present
        if SOURCES[left_out] != OTHER
    }
    return sources | without


def _blocks_of(folder: Path, names: Sequence[str]) -> Iterator[list[Floats]]:
    """Read sounds of a folder block by block, (channel, sample) each."""
    with contextlib.ExitStack() as stack:
        sounds = [
            stack.enter_context(soundfile.SoundFile(next(folder.glob(f"{glob.escape(name)}.*"))))
            for name in names
        ]
        while True:
            blocks = [
                np.asarray(sound.read(SAMPLES_AT_ONCE, always_2d=True), np.float32).T
                for sound in sounds
            ]
            if not blocks[0].shape[1]:
                return
            yield blocks


def _sums(
    blocks: Iterator[list[Floats]], members: Collection[Sequence[int]]
) -> Iterator[list[Floats]]:
    """Iterate over sums of sounds: for each block, one for each row of indices."""
    for block in blocks:
        yield [sum((block[i] for i in rows[1:]), start=block[rows[0]]) for rows in members]


def write_sounds(
    names: Sequence[str], blocks: Callable[[], Iterator[list[Floats]]], audio: Sound, folder: Path
) -> None:
    """Write sounds that add up to a recording, as 24-bit FLAC or, if unsuitable, as float WAV.

    FLAC limits channels and rate, clips at full scale, and has few steps for very quiet sounds.
    """
    if audio.n_channels <= FLAC_CHANNELS and audio.rate <= FLAC_RATE:
        folder.mkdir()
        if QUIET_PEAK <= _write_sounds(names, blocks(), audio, folder, ".flac") <= 1:
            return
        shutil.rmtree(folder)
    folder.mkdir()
    _write_sounds(names, blocks(), audio, folder, ".wav")


def read_sound(facts: Input | None, folder: Path) -> Sound | None:
    """Open the recording, or add up the components or stems if the file is missing or changed.

    Raises
    ------
    ValueError
        If a sound does not match the recording.
    """
    if facts is None:
        return None
    source = facts.source
    if source is not None and _is_same(Path(source.path), source.sha256):
        return open_recording(source.path, start=source.start, duration=source.duration)
    for sounds in ("components", "stems"):
        total: Floats | None = None
        for path in sorted((folder / sounds).glob("*.*")):
            samples = _samples(path, facts)
            total = samples if total is None else np.add(total, samples, out=total)
        if total is not None:
            return Audio(total.T.astype(np.float32), facts.rate, facts.name, source)
    return None


def component_file(component: Component) -> str:
    """Return the name of a component's sound file without suffix, such as ``01-C4``."""
    name = note_name(component.pitch.midi) if component.pitch else "unpitched"
    return f"{component.index + 1:02d}-{name}"


def _write_sounds(
    names: Sequence[str], blocks: Iterator[list[Floats]], audio: Sound, folder: Path, suffix: str
) -> float:
    """Write all sounds in one pass and return the peak; stop if a FLAC file would clip."""
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


def _is_same(path: Path, digest: str) -> bool:
    """Whether a readable recording has this digest."""
    try:
        return sha256(path) == digest
    except (OSError, ValueError):
        return False


def _samples(path: Path, facts: Input) -> Floats:
    """Read a component or stem, shape (sample, channel), checked against the recording."""
    if 8 * facts.samples * facts.channels > MOST_BYTES:
        raise ValueError(f"{path.name} would take more than {shown(MOST_BYTES)}")
    with open_regular(path) as file, soundfile.SoundFile(file) as sound:
        blocks, left = [], facts.samples + 1
        while sound.channels == facts.channels and left > 0:
            blocks.append(sound.read(min(left, SAMPLES_AT_ONCE), dtype="float64", always_2d=True))
            left -= len(blocks[-1])
            if len(blocks[-1]) < SAMPLES_AT_ONCE:
                break
    if left != 1:
        raise ValueError(f"{path.name} differs from the recording in length or channels")
    samples = np.concatenate(blocks)
    if not np.isfinite(samples).all():
        raise ValueError(f"{path.name} has samples that are not finite")
    return samples
