"""Notes as sound: a simple synthesiser, to hear what was found and what was not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from otowake.music.theory.names import midi_to_hz
from otowake.types import Floats, Note

ATTACK, RELEASE = 0.008, 0.06
"""Seconds that a note takes to sound fully, and to end."""

DECAY = 1.5
"""How fast a held note fades, in nepers a second …"""

LEAST = 0.25
"""… down to this part of its beginning."""

TABLE = 2048
"""Samples in one period of the wave."""

PARTIALS = 8

LOUDNESS = 0.12
"""The amplitude of one note struck as hard as can be."""

BLOCK_SECONDS = 10


def synthesised(
    notes: Sequence[Note], rate: int, n_samples: int, tuning_hz: float = 440.0
) -> Iterator[Floats]:
    """Notes as sound, in blocks of shape (sample,), float32.

    Each note is a tone of 8 partials that fall by 9 dB an octave, those above half the rate left out; it is as far off
    its pitch as the note's cents say. Drums are silent.

    Parameters
    ----------
    notes
        In any order.
    rate
        Sampling rate in Hz.
    n_samples
        How long it is to be.
    tuning_hz
        A4.

    Examples
    --------
    >>> sound = np.concatenate(list(synthesised([Note(0, 0.5, 69)], 22050, 22050)))
    >>> sound.shape, int(np.abs(np.fft.rfft(sound)).argmax())
    ((22050,), 440)
    """
    pitched = sorted((note for note in notes if not note.is_drum), key=lambda note: note.onset)
    size = BLOCK_SECONDS * rate
    sounding: list[Note] = []
    for start in range(0, n_samples, size):
        stop = min(start + size, n_samples)
        while pitched and pitched[0].onset * rate < stop:
            sounding.append(pitched.pop(0))
        block = np.zeros(stop - start, np.float32)
        for note in sounding:
            _add(block, note, rate, start, tuning_hz)
        sounding = [note for note in sounding if (note.offset + RELEASE) * rate > stop]
        yield block


def _add(block: Floats, note: Note, rate: int, start: int, tuning_hz: float) -> None:
    """Add what a block, from sample `start`, hears of a note."""
    begin = max(round(note.onset * rate), start)
    end = min(round((note.offset + RELEASE) * rate), start + len(block))
    if end <= begin:
        return
    hz = float(midi_to_hz(note.midi + (note.cents or 0.0) / 100, tuning_hz))
    wave = _wave(max(min(PARTIALS, int(0.45 * rate / hz)), 1))
    since = np.arange(begin, end) / rate - note.onset
    sound = wave[((since * hz) % 1 * TABLE).astype(np.int32) % TABLE]
    held = np.maximum(np.exp(-DECAY * since), LEAST)
    edges = np.clip(
        np.minimum(since / ATTACK, (note.offset + RELEASE - since - note.onset) / RELEASE), 0, 1
    )
    block[begin - start : end - start] += (
        (LOUDNESS * (0.2 + 0.8 * note.velocity)) * sound * held * edges
    )


@lru_cache
def _wave(partials: int) -> Floats:
    """One period with so many partials, of amplitude 1."""
    number = np.arange(1, partials + 1)[:, None]
    phase = np.arange(TABLE) / TABLE
    wave = (np.sin(2 * np.pi * number * phase) / number**1.5).sum(axis=0)
    return (wave / np.abs(wave).max()).astype(np.float32)
