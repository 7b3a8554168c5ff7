"""Synthesise notes as simple tones, to compare a transcription with a recording by ear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from otowake.music.theory.names import midi_to_hz
from otowake.music.transcription.config import SYNTH
from otowake.types import Floats, Note


def synthesise(
    notes: Sequence[Note], rate: int, n_samples: int, tuning_hz: float = 440.0
) -> Iterator[Floats]:
    """Synthesise notes, in float32 blocks of shape (sample,).

    Each note is a tone of 8 partials that fall by 9 dB per octave, without partials near or above
    half the rate, at its pitch plus its cents, or along its contour. Drums are silent.

    Parameters
    ----------
    notes
        In any order.
    rate
        Sampling rate in Hz.
    n_samples
        Total length.
    tuning_hz
        A4.

    Examples
    --------
    >>> sound = np.concatenate(list(synthesise([Note(0, 0.5, 69)], 22050, 22050)))
    >>> sound.shape, int(np.abs(np.fft.rfft(sound)).argmax())
    ((22050,), 440)
    """
    pitched = sorted((note for note in notes if not note.is_drum), key=lambda note: note.onset)
    size = SYNTH.block_seconds * rate
    sounding: list[Note] = []
    for start in range(0, n_samples, size):
        stop = min(start + size, n_samples)
        while pitched and pitched[0].onset * rate < stop:
            sounding.append(pitched.pop(0))
        block = np.zeros(stop - start, np.float32)
        for note in sounding:
            _add(block, note, rate, start, tuning_hz)
        sounding = [note for note in sounding if (note.offset + SYNTH.release) * rate > stop]
        yield block


def _add(block: Floats, note: Note, rate: int, start: int, tuning_hz: float) -> None:
    """Add a note to a block that begins at sample `start`."""
    begin = max(round(note.onset * rate), start)
    end = min(round((note.offset + SYNTH.release) * rate), start + len(block))
    if end <= begin:
        return
    hz = float(midi_to_hz(note.midi + (note.cents or 0.0) / 100, tuning_hz))
    wave = _wave(max(min(SYNTH.n_partials, int(SYNTH.max_frequency * rate / hz)), 1))
    elapsed = np.arange(begin, end) / rate - note.onset
    turns = hz * (elapsed if not note.contour else _bent(note, elapsed))
    sound = wave[(turns % 1 * SYNTH.table_size).astype(np.int32) % SYNTH.table_size]
    decay = np.maximum(np.exp(-SYNTH.decay * elapsed), SYNTH.min_level)
    ramps = np.clip(
        np.minimum(
            elapsed / SYNTH.attack,
            (note.offset + SYNTH.release - elapsed - note.onset) / SYNTH.release,
        ),
        0,
        1,
    )
    block[begin - start : end - start] += (
        (SYNTH.loudness * (SYNTH.min_loudness + SYNTH.velocity_range * note.velocity))
        * sound
        * decay
        * ramps
    )


def _bent(note: Note, elapsed: Floats) -> Floats:
    """Integrate the frequency along a contour, in units of the frequency at `cents`.

    Between two breakpoints the frequency is an exponential of time.
    """
    points = np.array(note.contour)
    times = np.concatenate(
        [[0.0], points[:, 0], [max(note.offset - note.onset, points[-1, 0]) + 1]]
    )
    octaves = (note.cents_at(times) - (note.cents or 0.0)) / 1200
    spans = np.diff(times)
    rates = np.log(2) * np.diff(octaves) / np.maximum(spans, 1e-9)

    def turns(segment: NDArray[np.intp] | slice, seconds: Floats) -> Floats:
        rate = rates[segment]
        safe = np.where(np.abs(rate) < 1e-9, 1.0, rate)
        grown = np.where(np.abs(rate) < 1e-9, seconds, np.expm1(safe * seconds) / safe)
        return 2 ** octaves[:-1][segment] * grown

    before = np.concatenate([[0.0], np.cumsum(turns(slice(None), spans))])
    segment = np.clip(np.searchsorted(times, elapsed, side="right") - 1, 0, len(spans) - 1)
    return before[segment] + turns(segment, elapsed - times[segment])


@lru_cache
def _wave(partials: int) -> Floats:
    """Compute one period of a wave of `partials` partials, with amplitude 1."""
    number = np.arange(1, partials + 1)[:, None]
    phase = np.arange(SYNTH.table_size) / SYNTH.table_size
    wave = (np.sin(2 * np.pi * number * phase) / number**SYNTH.partial_decay).sum(axis=0)
    return (wave / np.abs(wave).max()).astype(np.float32)
