"""Rendering of parts to sound, with the true notes."""

from dataclasses import replace

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.fft import next_fast_len
from scipy.signal import lfilter

from training.music.parts import Part
from training.music.performance import Played
from training.music.phrases import STEP, monophonic, phrase
from training.music.plans import SECONDS
from training.rng import Rng
from training.sounds import resynthesis, singing
from training.sounds.banks import Bank
from training.sounds.instruments import NUMBER
from training.sounds.samples import LEAD, RATE, sustained

Wave = NDArray[np.float32]

LOUDNESS = 0.1
"""Root mean square of a note of velocity 100."""

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
"""A note in a clip.

`offset_s` is where it is stopped, or 40 dB below the peak. `released_s` is the release of the key,
earlier if the pedal holds the note. `pitch` is `midi` with the detuning. `level_db` is the loudness
(50 ms around the peak) relative to full scale before the clip is degraded.
"""


def tuning(rng: Rng) -> float:
    """Draw the detuning of a clip in semitones: mostly within ±0.2, at most ±0.5."""
    return float(
        rng.triangular(-0.5, 0, 0.5) if rng.random() < 0.35 else rng.triangular(-0.2, 0, 0.2)
    )


def drift(rng: Rng) -> float:
    """Draw by how many semitones a clip rises from the beginning to the end."""
    return float(rng.choice([-1, 1]) * rng.uniform(0.03, 0.4)) if rng.random() < 0.15 else 0.0


def drifting(wave: Wave, notes: NDArray[np.void], semitones: float) -> Wave:
    """Raise the pitch of a sound steadily, half of it below the pitch that it had; in time, too.

    Changes the times and pitches of the notes.
    """
    seconds = len(wave) / RATE
    grid = np.linspace(0, seconds, 2001)
    rise = semitones * (grid / seconds - 0.5)
    position = np.concatenate([[0], np.cumsum(2 ** (rise[:-1] / 12) * seconds / 2000)])
    for name in ("onset_s", "offset_s", "released_s"):
        notes[name] = np.interp(notes[name], position, grid)
    notes["pitch"] += semitones * (notes["onset_s"] / seconds - 0.5)
    at = np.interp(np.arange(len(wave)) / RATE, grid, position) * RATE
    return read_at(wave, at)


def render(rng: Rng, parts: list[Part], seconds: float = SECONDS) -> tuple[Wave, NDArray[np.void]]:
    """Render parts: the sound, (sample,), and the notes of dtype `NOTE`, in order of onset.

    Resampling the mixture detunes it.
    """
    off, rise = tuning(rng), drift(rng)
    rise = float(np.clip(rise, -1 + 2 * abs(off), 1 - 2 * abs(off)))
    ratio = 2 ** (off / 12)
    length = int(np.ceil(seconds * ratio * RATE)) + RATE
    mixture = np.zeros(length, np.float32)
    rows = []
    for part in parts:
        sound, notes = played(rng, part, length, ratio, seconds)
        mixture += sound
        if part.bank.instrument.family != "drums":
            rows += notes
    detuned = soxr.resample(mixture, RATE * ratio, RATE)
    notes = np.array(rows, NOTE)
    notes["pitch"] += off
    wave = np.zeros(int(seconds * RATE), np.float32)
    wave[: len(detuned)] = detuned[: len(wave)]
    if rise:
        wave = drifting(wave, notes, rise)
    return wave, notes[np.lexsort((notes["midi"], notes["onset_s"]))]


def played(
    rng: Rng, part: Part, length: int, ratio: float, seconds: float
) -> tuple[Wave, list[tuple]]:
    """Render one part for a later resampling by `ratio`; return the sound, (`length`,), and rows.

    The rows have the fields of :data:`NOTE`.
    """
    if part.style is not None:
        return continuous(rng, part, length, ratio, seconds)
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
        level = 20 * np.log10(volume * LOUDNESS + 1e-9)
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


def continuous(
    rng: Rng, part: Part, length: int, ratio: float, seconds: float
) -> tuple[Wave, list[tuple]]:
    """Render one part as a phrase, with what :func:`played` returns.

    The label of a note is the semitone nearest to its pitch after the resampling.
    """
    assert part.style is not None
    bank, sound = part.bank, np.zeros(length, np.float32)
    notes = [
        replace(n, start=n.start * ratio, end=min(n.end, seconds + 0.5) * ratio)
        for n in part.notes
        if n.start < seconds - 0.05
    ]
    if not monophonic(notes):
        return sound, []
    line = phrase(rng, notes, part.style)
    wave = singing.render(rng, line) if part.sung else resynthesis.play(rng, bank, line)
    sounding = np.sqrt(np.mean(line.level**2) / (np.mean(wave**2) + 1e-12))
    volume = 10 ** (part.level / 20) * LOUDNESS * 1.27**part.style.touch
    end = min(len(wave), length)
    sound[:end] = volume * sounding * wave[:end]
    number, rows = NUMBER[bank.instrument.name], []
    for note in line.notes:
        onset, offset = note.onset_s / ratio, min(note.offset_s / ratio, seconds)
        midi = round(note.pitch + 12 * np.log2(ratio))
        peak = line.level[int(note.onset_s / STEP) : int(note.offset_s / STEP) + 1].max()
        level = 20 * np.log10(volume * peak + 1e-9)
        rows.append((onset, offset, offset, midi, note.pitch, note.velocity, number, level))
    return _Body(rng, part).coloured(sound), rows


class _Body:
    """Random changes that make another instrument of a bank, drawn once for a part.

    A filter, a faster decay, samples of neighbouring keys, a second detuned string.
    """

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
        """Apply the filter to the part's sound, with zero phase."""
        if self.colour is None:
            return sound
        size = next_fast_len(len(sound), real=True)
        octave = np.log2(np.maximum(np.fft.rfftfreq(size, 1 / RATE), 20))
        response = 10 ** (np.interp(octave, self.octaves, np.clip(self.colour, -10, 10)) / 20)
        return np.fft.irfft(np.fft.rfft(sound, size) * response, size)[: len(sound)].astype(
            np.float32
        )

    def ring(self, seconds: float) -> float:
        """Return when a note is 40 dB below the peak that would be after `seconds`."""
        return 40 / (40 / max(seconds, 1e-3) + 20 * np.log10(np.e) / self.decay)


class _Shape:
    """Expression of a part: vibrato, scoops from below, swells; drawn once for the part."""

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
        """Draw the bend of a note in semitones, (sample,)."""
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
        """Draw the gain of a note, (sample,), or None."""
        points = None
        if self.swell and rng.random() < self.swell:
            shapes = ((0.4, 1, 0.8), (1, 0.7, 0.35), (0.5, 0.8, 1), (0.6, 1, 0.5))
            if note_length > 2 * RATE:
                shapes += ((0.2, 1, 0.3), (1, 0.4, 0.15), (0.2, 0.5, 1))
            shape = shapes[int(rng.integers(len(shapes)))]
            points = np.interp(np.arange(length), np.linspace(0, max(note_length, 1), 3), shape)
        if self.tremolo:
            wobble = 1 + self.tremolo * np.sin(2 * np.pi * self.rate * np.arange(length) / RATE)
            points = wobble if points is None else points * wobble
        return None if points is None else points.astype(np.float32)


def _note(
    rng: Rng, bank: Bank, note: Played, off: float, shape: _Shape, body: _Body
) -> tuple[Wave, float]:
    """Render a note, detuned by `off` semitones (onset at `LEAD`); return it with its duration."""
    row = note.pitch - int(bank.pitches[0])
    borrowed = body.borrowed if 0 <= row - body.borrowed < len(bank.pitches) else 0
    row -= borrowed
    off += borrowed
    layer = int(np.argmin(np.abs(bank.velocities - note.velocity - 12 * rng.standard_normal())))
    undamped = bank.instrument.family == "piano" and note.pitch > 88
    rings = bank.instrument.rings
    longest = bank.seconds - 0.02 if rings else SECONDS
    held = longest if undamped else min(note.end - note.start, longest)
    damp = bank.instrument.damp * (1.6 if note.pitch < 45 else 1.0)
    length = LEAD + int((held + damp * 1.2) * RATE)
    wave = bank.notes[row, layer, :length].astype(np.float32) * np.float32(
        bank.gain[row, layer] / 32768
    )
    if length > len(wave) and not rings:
        wave = sustained(wave, length - LEAD)
    length = len(wave)
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
    return wave, min(held, body.ring(float(bank.ring[row, layer]))) if rings else held


def bent(wave: Wave, semitones: NDArray[np.float64] | float) -> Wave:
    """Bend a note (onset at `LEAD`) by cubic interpolation; the onset stays."""
    speed = 2 ** (np.broadcast_to(semitones, wave.shape) / 12)
    position = np.cumsum(speed) - speed
    return read_at(wave, position + LEAD - position[LEAD])


def read_at(wave: Wave, position: NDArray[np.float64]) -> Wave:
    """Read a sound at fractional indices, by cubic interpolation."""
    position = np.clip(position, 1, len(wave) - 3)
    whole = position.astype(np.int64)
    t = (position - whole).astype(np.float32)
    a, b, c, d = wave[whole - 1], wave[whole], wave[whole + 1], wave[whole + 2]
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))


def darkened(wave: Wave, velocity: float) -> Wave:
    """Change a note to one `velocity` softer: up to 9 dB less, or 4 dB more, above 1.5 kHz."""
    keep = 10 ** (-float(np.clip(velocity, -27, 60)) * 0.15 / 20)
    pole = np.exp(-2 * np.pi * 1500 / RATE)
    low = lfilter([1 - pole], [1, -pole], wave).astype(np.float32)
    return low + np.float32(keep) * (wave - low)
