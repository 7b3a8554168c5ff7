"""Singing made of speech: synthetic speakers whose words are sung to the notes of a phrase.

Debian's speech synthesisers say nonsense words (:func:`spoken`). WORLD takes the sound apart into
pitch, spectral envelope and aperiodicity (:func:`analysed`); a phrase replaces the pitch, and the
time of the envelopes is stretched so that a vowel begins at each onset (:func:`sing`). A factor of
the frequency axis makes other singers of a speaker.

Source: Morise, Yokomori & Ozawa, "WORLD: a vocoder-based high-quality speech synthesis system for
real-time applications" (2016).
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile as sf
import soxr
from numpy.typing import NDArray

from training.music.phrases import STEP, Phrase
from training.rng import Rng
from training.sounds.samples import RATE, Wave


@dataclass(frozen=True)
class Speaker:
    """A speaker of a program.

    Attributes
    ----------
    program
        ``flite`` or ``festival``.
    voice
        Its name in the program.
    median_hz
        About the median pitch of the speech.
    held_out
        Whether the speaker is for validation only.
    cyrillic
        Whether words are in Cyrillic letters.
    """

    program: str
    voice: str
    median_hz: float
    held_out: bool = False
    cyrillic: bool = False


SPEAKERS = {
    "kal": Speaker("festival", "voice_kal_diphone", 105),
    "ked": Speaker("festival", "voice_ked_diphone", 105),
    "slt": Speaker("festival", "voice_cmu_us_slt_arctic_hts", 180),
    "nsh": Speaker("festival", "voice_msu_ru_nsh_clunits", 120, cyrillic=True),
    "awb": Speaker("flite", "awb", 120),
    "rms": Speaker("flite", "rms", 100),
    "lj": Speaker("festival", "voice_suo_fi_lj_diphone", 190, held_out=True),
    "mv": Speaker("festival", "voice_hy_fi_mv_diphone", 110, held_out=True),
    "dita": Speaker("festival", "voice_czech_dita", 200, held_out=True),
}
"""Speakers: those with permissive licences to train on, the others to validate."""

TAKES = 12
"""Recordings of nonsense of each speaker."""

WORDS = 14
"""Words of a recording."""

MAX_CONSONANT = 0.2
"""Seconds of unvoiced sound that precede a vowel, at most."""

MIN_VOWEL = 0.06
"""Seconds of voiced sound, least length of a syllable."""

_CONSONANTS = (*"klmnprstvhjdbgf", "sh", "st", "tr", "pl", "kr")
_VOWELS = (*"aeiou", "aa", "ei", "ai", "oo")
_CYRILLIC = str.maketrans("klmnprstvhjdbgfaeiou", "клмнпрствхйдбгфаеиоу")


class Speech(NamedTuple):
    """Speech taken apart by WORLD, a frame every `STEP` seconds.

    Attributes
    ----------
    envelope, aperiodicity
        Shape (frame, frequency).
    syllables
        Rows (first frame of the consonant, of the vowel, end of the vowel).
    """

    envelope: NDArray[np.float32]
    aperiodicity: NDArray[np.float32]
    syllables: NDArray[np.int64]


def available() -> list[str]:
    """Return the names of the speakers whose program is installed."""
    programs = {"festival": "text2wave", "flite": "flite"}
    return [name for name, s in SPEAKERS.items() if shutil.which(programs[s.program])]


def nonsense(rng: Rng, cyrillic: bool) -> str:
    """Return some nonsense words.

    Examples
    --------
    >>> nonsense(np.random.default_rng(1), False).count(" ")
    13
    """
    words = [
        "".join(
            str(rng.choice(_CONSONANTS)) + str(rng.choice(_VOWELS))
            for _ in range(rng.integers(1, 4))
        )
        for _ in range(WORDS)
    ]
    text = " ".join(words)
    return text.replace("sh", "ш").translate(_CYRILLIC) if cyrillic else text


def spoken(name: str, words: str) -> Wave:
    """Let a speaker say words; return the sound, (sample,) at `RATE`.

    Raises
    ------
    subprocess.CalledProcessError
        If the program fails.
    """
    speaker = SPEAKERS[name]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        if speaker.program == "flite":
            command = ["flite", "-voice", speaker.voice, "-t", words, "-o", str(path)]
        else:
            command = ["text2wave", "-eval", f"({speaker.voice})", "-o", str(path)]
        subprocess.run(command, input=words, text=True, check=True, capture_output=True)
        wave, rate = sf.read(path, dtype="float32")
    return soxr.resample(wave, rate, RATE).astype(np.float32)


def analysed(wave: Wave) -> Speech:
    """Take speech apart with WORLD, and find its syllables."""
    import pyworld

    samples = wave.astype(np.float64)
    pitch, times = pyworld.harvest(samples, RATE, frame_period=1000 * STEP)
    envelope = pyworld.cheaptrick(samples, pitch, times, RATE)
    aperiodicity = pyworld.d4c(samples, pitch, times, RATE)
    power = np.sqrt(envelope.mean(axis=1))
    syllables, end_before = [], 0
    for begin, end in _runs(pitch > 0):
        for first, last in _parts(power[begin:end]):
            if last - first >= MIN_VOWEL / STEP:
                consonant = max(end_before, begin + first - int(MAX_CONSONANT / STEP))
                syllables.append((consonant, begin + first, begin + last))
            end_before = begin + last
    table = np.array(syllables, np.int64).reshape(-1, 3)
    return Speech(_extended(envelope).astype(np.float32), aperiodicity.astype(np.float32), table)


def _runs(voiced: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(voiced.astype(int), prepend=0, append=0))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _parts(power: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Cut a voiced stretch at the minima of its level."""
    smooth = np.convolve(power, np.hanning(9) / np.hanning(9).sum(), mode="same")
    inside = np.flatnonzero((smooth[1:-1] < smooth[:-2]) & (smooth[1:-1] <= smooth[2:])) + 1
    cuts = [int(i) for i in inside if smooth[i] < 0.6 * min(smooth[:i].max(), smooth[i:].max())]
    edges = [0, *cuts, len(power)]
    return list(pairwise(edges))


def _extended(envelope: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fill the highest frequencies, which speech of 16 kHz lacks, with the level below them."""
    n = envelope.shape[1]
    edge = int(n * 7200 / (RATE / 2))
    mirrored = envelope[:, edge - np.arange(1, n - edge + 1)]
    slope = 10 ** (-1.2 * np.linspace(0, 1, n - edge))
    extended = envelope.copy()
    extended[:, edge:] = np.maximum(extended[:, edge:], mirrored * slope)
    return extended


@cache
def takes(folder: Path, name: str) -> tuple[Speech, ...]:
    """Return the analysed recordings of a speaker, made where they are not in the folder."""
    home = folder / "speech"
    home.mkdir(parents=True, exist_ok=True)
    out = []
    for number in range(TAKES):
        path = home / f"{name}-{number:02d}.flac"
        if not path.exists():
            rng = np.random.default_rng([31, number])
            sf.write(path, spoken(name, nonsense(rng, SPEAKERS[name].cyrillic)), RATE)
        speech = analysed(sf.read(path, dtype="float32")[0])
        if len(speech.syllables) > 5:
            out.append(speech)
    return tuple(out)


def sing(rng: Rng, phrase: Phrase, recordings: tuple[Speech, ...], warp: float = 1.0) -> Wave:
    """Sing a phrase with the syllables of a speaker.

    Parameters
    ----------
    recordings
        The recordings of the speaker, from :func:`takes`.
    warp
        Factor of the frequencies of the spectral envelope.

    Returns
    -------
    Wave
        Shape (sample,) at `RATE`, as long as the phrase, root mean square about 0.2.
    """
    import pyworld

    speech = recordings[int(rng.integers(len(recordings)))]
    n, n_bins = len(phrase.pitch), speech.envelope.shape[1]
    source, gain = np.zeros(n, np.int64), np.zeros(n)
    voiced = np.zeros(n, bool)
    number = int(rng.integers(len(speech.syllables)))
    vowel = speech.syllables[number]
    melisma = float(rng.choice([0.2, 0.7, 1.0]))
    for index, note in enumerate(phrase.notes):
        onset = int(note.onset_s / STEP)
        end = phrase.notes[index + 1].onset_s if index + 1 < len(phrase.notes) else n * STEP
        end = min(int(end / STEP), n)
        if index == 0 or not (note.legato and rng.random() < melisma):
            number = (number + 1) % len(speech.syllables)
            vowel = speech.syllables[number]
            length = min(int(vowel[1] - vowel[0]), onset)
            source[onset - length : onset] = np.arange(vowel[1] - length, vowel[1])
            gain[onset - length : onset] = max(phrase.level[onset : onset + 20].max(initial=0), 0.2)
            voiced[onset - length : onset] = False
        source[onset:end] = _stretched(vowel, end - onset)
        gain[onset:end] = phrase.level[onset:end]
        voiced[onset:end] = True
    envelope = speech.envelope[source]
    loud = np.sqrt(envelope.mean(axis=1))
    steady = np.sqrt(np.median(loud[voiced] ** 2)) if voiced.any() else 1.0
    levelled = np.where(voiced, (steady / np.maximum(loud, 1e-9)) ** 1.4, 1.0)
    position = np.clip(np.arange(n_bins) / warp, 0, n_bins - 1)
    lower = np.minimum(position.astype(int), n_bins - 2)
    share = position - lower
    envelope = envelope[:, lower] * (1 - share) + envelope[:, lower + 1] * share
    envelope = envelope * (levelled * np.where(voiced, gain, np.minimum(gain, 1)) ** 2)[:, None]
    hertz = np.where(voiced, 440 * 2 ** ((phrase.pitch - 69) / 12), 0.0)
    wave = pyworld.synthesize(
        hertz,
        np.ascontiguousarray(np.maximum(envelope, 1e-16), np.float64),
        np.ascontiguousarray(speech.aperiodicity[source], np.float64),
        RATE,
        1000 * STEP,
    )
    return (0.2 * wave / (np.sqrt(np.mean(wave**2)) + 1e-9)).astype(np.float32)


def _stretched(syllable: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Return the frames of a vowel that fill `n` frames: begin, held middle to and fro, end."""
    _, first, last = (int(value) for value in syllable)
    length = last - first
    if n <= length:
        return first + np.linspace(0, length - 1, n).astype(np.int64)
    third = max(length // 3, 1)
    held = n - 2 * third
    middle = np.arange(first + third, max(last - third, first + third + 1))
    cycle = np.concatenate([middle, middle[::-1]])
    slow = (np.arange(held) // 3) % len(cycle)
    return np.concatenate(
        [np.arange(first, first + third), cycle[slow], np.arange(last - third, last)]
    )[:n]
