"""From parts to sound and to what is truly heard in it."""

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.fft import next_fast_len
from scipy.signal import lfilter

from training.music.performance import Played
from training.music.plans import SECONDS, Part
from training.rng import Rng
from training.sounds.banks import Bank
from training.sounds.instruments import NUMBER
from training.sounds.samples import LEAD, RATE

Wave = NDArray[np.float32]

NOTE = np.dtype(
    [
        ("onset_s", "f4"),
        ("offset_s", "f4"),
        ("released_s", "f4"),
        ("midi", "i2"),
        ("pitch", "f4"),
        ("velocity", "u1"),
        ("instrument", "u1"),
        ("level_db", "f4"),
    ]
)
"""A note as it is heard: `offset_s` is where it is stopped or has fallen 40 dB below its own peak, `released_s` where the
key is let go if that is earlier (the pedal holds it), `pitch` is `midi` and what it
is out of tune, `level_db` its loudness (50 ms around its peak) against full scale before the clip is degraded."""


def tuning(rng: Rng) -> float:
    """How far a whole clip is out of tune, in semitones: mostly within ±0.2, at most ±0.5."""
    return float(
        rng.triangular(-0.5, 0, 0.5) if rng.random() < 0.35 else rng.triangular(-0.2, 0, 0.2)
    )


def render(rng: Rng, parts: list[Part], seconds: float = SECONDS) -> tuple[Wave, NDArray[np.void]]:
    """The sound of all parts, (sample,), and the notes in it, of dtype `NOTE`, in the order of their onsets.

    The clip's tuning is made by reading the whole mixture a little faster or slower.
    """
    off = tuning(rng)
    ratio = 2 ** (off / 12)
    length = int(np.ceil(seconds * ratio * RATE)) + RATE
    mixture = np.zeros(length, np.float32)
    rows = []
    for part in parts:
        sound, notes = played(rng, part, length, ratio, seconds)
        mixture += sound
        if part.bank.instrument.family != "drums":
            rows += notes
    heard = soxr.resample(mixture, RATE * ratio, RATE)
    notes = np.array(rows, NOTE)
    notes["pitch"] += off
    wave = np.zeros(int(seconds * RATE), np.float32)
    wave[: len(heard)] = heard[: len(wave)]
    return wave, notes[np.lexsort((notes["midi"], notes["onset_s"]))]


def played(
    rng: Rng, part: Part, length: int, ratio: float, seconds: float
) -> tuple[Wave, list[tuple]]:
    """The sound of one part, (`length`,), read `ratio` times too fast later on, and its notes as rows: onset, offset, MIDI
    pitch, how much out of tune, velocity, instrument, level."""
    bank, sound, rows = part.bank, np.zeros(length, np.float32), []
    touch = float(rng.uniform(1.2, 2.4))  # amplitude grows with velocity to this power
    detune = float(rng.normal(0, 0.03)) if not bank.instrument.rings else 0.0
    scatter = float(rng.choice([0.0, 0.02, 0.05])) if not bank.instrument.rings else 0.0
    louder = 10 ** (part.level / 20)
    shape, body = _Shape(rng, part), _Body(rng, part)
    for note in part.notes:
        if note.start >= seconds - 0.05 or not bank.pitches[0] <= note.pitch <= bank.pitches[-1]:
            continue
        off = detune + scatter * float(rng.standard_normal())
        wave, stop = _note(rng, bank, note, off, shape, body)
        volume = louder * (note.velocity / 100) ** touch
        level = 20 * np.log10(volume * 0.1 + 1e-9)
        begin = round(note.start * ratio * RATE) - LEAD
        first = max(0, -begin)
        end = min(len(wave), length - begin)
        sound[begin + first : begin + end] += volume * wave[first:end]
        offset = min(note.start + stop, seconds)
        released = min(note.released, offset)
        number = NUMBER[bank.instrument.name]
        pitch = note.pitch + off
        rows.append((note.start, offset, released, note.pitch, pitch, note.velocity, number, level))
    return body.coloured(sound), rows


class _Body:
    """What makes another instrument of a bank, drawn once for a part: its colour, a faster decay, notes taken from
    neighbouring keys, a second string out of tune."""

    def __init__(self, rng: Rng, part: Part):
        rings = part.bank.instrument.rings
        self.octaves = np.linspace(np.log2(40), np.log2(RATE / 2), 10)
        self.colour = (
            float(rng.choice([0, 3, 5])) * rng.standard_normal(10) if rng.random() < 0.7 else None
        )
        self.decay = (
            float(np.exp(rng.uniform(np.log(0.4), np.log(4))))
            if rings and rng.random() < 0.4
            else np.inf
        )
        self.borrowed = int(rng.integers(-3, 4)) if rng.random() < 0.3 else 0
        honky = part.bank.instrument.family in ("piano", "keys", "reed") and rng.random() < 0.06
        self.beating = float(rng.uniform(0.02, 0.1)) if honky else 0.0

    def coloured(self, sound: Wave) -> Wave:
        """The part's sound through the body's own filter, zero phase."""
        if self.colour is None:
            return sound
        size = next_fast_len(len(sound), real=True)
        place = np.log2(np.maximum(np.fft.rfftfreq(size, 1 / RATE), 20))
        response = 10 ** (np.interp(place, self.octaves, np.clip(self.colour, -10, 10)) / 20)
        return np.fft.irfft(np.fft.rfft(sound, size) * response, size)[: len(sound)].astype(
            np.float32
        )

    def ring(self, seconds: float) -> float:
        """When a note has fallen by 40 dB that would have after `seconds`."""
        return 40 / (40 / max(seconds, 1e-3) + 20 * np.log10(np.e) / self.decay)


class _Shape:
    """How a part bends its notes: vibrato, scoops from below, swells; drawn once for the part."""

    def __init__(self, rng: Rng, part: Part):
        instrument, amount = part.bank.instrument, part.expression
        self.vibrato = (
            amount * instrument.vibrato / 100 * float(rng.uniform(0.2, 1))
            if rng.random() < 0.6
            else 0.0
        )
        self.rate = float(rng.uniform(4.2, 7))
        self.scoop = float(rng.choice([0, 0.1, 0.4])) if amount and instrument.vibrato else 0.0
        self.depth = float(rng.uniform(0.3, 1.0))
        self.swell = float(rng.choice([0, 0.3, 0.7])) if not instrument.rings else 0.0
        tremolo = (
            instrument.family in ("reed", "organ", "mallets", "keys", "voice")
            and rng.random() < 0.2
        )
        self.tremolo = float(rng.uniform(0.05, 0.4)) if tremolo else 0.0

    def pitch(self, rng: Rng, length: int) -> NDArray[np.float64]:
        """Semitones by which a note is bent at each of its samples; 0 when it is not."""
        time = np.arange(length) / RATE
        bend = np.zeros(length)
        if self.vibrato and length > 0.3 * RATE:
            late = np.clip((time - 0.15) / 0.3, 0, 1)
            rate = self.rate * float(rng.uniform(0.9, 1.1))
            bend += self.vibrato * late * np.sin(2 * np.pi * rate * time + float(rng.uniform(0, 6)))
        if self.scoop and rng.random() < self.scoop:
            bend -= (
                self.depth
                * float(rng.uniform(0.3, 1))
                * np.exp(-time / float(rng.uniform(0.03, 0.09)))
            )
        return bend

    def loudness(self, rng: Rng, length: int, note_length: int) -> Wave | None:
        """What a note's samples are multiplied by, or None."""
        points = None
        if self.swell and rng.random() < self.swell:
            shape = ((0.4, 1, 0.8), (1, 0.7, 0.35), (0.5, 0.8, 1), (0.6, 1, 0.5))[
                int(rng.integers(4))
            ]
            points = np.interp(np.arange(length), np.linspace(0, max(note_length, 1), 3), shape)
        if self.tremolo:
            wobble = 1 + self.tremolo * np.sin(2 * np.pi * self.rate * np.arange(length) / RATE)
            points = wobble if points is None else points * wobble
        return None if points is None else points.astype(np.float32)


def _note(
    rng: Rng, bank: Bank, note: Played, off: float, shape: _Shape, body: _Body
) -> tuple[Wave, float]:
    """One note from its bank, `off` semitones out of tune (onset at `LEAD`), and the seconds after its onset when it is
    over."""
    row = note.pitch - int(bank.pitches[0])
    borrowed = body.borrowed if 0 <= row - body.borrowed < len(bank.pitches) else 0
    row -= borrowed
    off += borrowed
    layer = int(np.argmin(np.abs(bank.velocities - note.velocity - 12 * rng.standard_normal())))
    undamped = bank.instrument.family == "piano" and note.pitch > 88
    held = bank.seconds - 0.02 if undamped else min(note.end - note.start, bank.seconds - 0.02)
    damp = bank.instrument.damp * (1.6 if note.pitch < 45 else 1.0)
    length = min(LEAD + int((held + damp * 1.2) * RATE), bank.notes.shape[2])
    wave = bank.notes[row, layer, :length].astype(np.float32) * np.float32(
        bank.gain[row, layer] / 32768
    )
    bend = shape.pitch(rng, length)
    if off or body.beating or bend.any():
        single = wave
        wave = bent(wave, off + bend)
        if body.beating:
            wave = 0.6 * (wave + bent(single, off + bend + body.beating))
    darker = int(bank.velocities[layer]) - note.velocity
    if abs(darker) > 6:
        wave = darkened(wave, darker)
    if np.isfinite(body.decay):
        wave[LEAD:] *= np.exp(-np.arange(length - LEAD) / (body.decay * RATE)).astype(np.float32)
    gain = shape.loudness(rng, length, int(held * RATE))
    if gain is not None:
        wave = wave * gain
    stop = LEAD + int(held * RATE)
    tail = length - stop
    if tail > 0:
        fall = np.exp(-np.log(1000) * np.arange(tail) / (damp * RATE)) * np.minimum(
            np.arange(tail, 0, -1) / (0.1 * tail), 1
        )
        wave[stop:] *= fall.astype(np.float32)
    return wave, min(held, body.ring(float(bank.ring[row, layer])))


def bent(wave: Wave, semitones: NDArray[np.float64] | float) -> Wave:
    """A note (onset at `LEAD`) read at a changing speed, by cubic interpolation; its onset stays where it is."""
    speed = 2 ** (np.broadcast_to(semitones, wave.shape) / 12)
    place = np.cumsum(speed) - speed
    place += LEAD - place[LEAD]
    np.clip(place, 1, len(wave) - 3, out=place)
    whole = place.astype(np.int64)
    t = (place - whole).astype(np.float32)
    a, b, c, d = wave[whole - 1], wave[whole], wave[whole + 1], wave[whole + 2]
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))


def darkened(wave: Wave, velocity: float) -> Wave:
    """A note as if played `velocity` softer: its high frequencies (above 1.5 kHz) down by up to 9 dB, or up by 4."""
    keep = 10 ** (-float(np.clip(velocity, -27, 60)) * 0.15 / 20)
    pole = np.exp(-2 * np.pi * 1500 / RATE)
    low = lfilter([1 - pole], [1, -pole], wave).astype(np.float32)
    return low + np.float32(keep) * (wave - low)
