"""Notes of random timbres, where recordings are few and for variety."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.sounds.instruments import BY_NAME, Instrument
from training.sounds.samples import LEAD, RATE, Take, from_onset

Sound = NDArray[np.float64]


@dataclass(frozen=True)
class Timbre:
    """A random timbre: the kind and the seed determine the sound."""

    kind: str
    seed: int


Made = dict[str, tuple[str, ...]]
"""Instruments of the timbres of each kind."""

MADE: Made = {
    "reed": ("accordion", "harmonica", "harmonium", "bandoneon") * 3,
    "string": ("piano", "piano", "guitar-steel", "guitar-nylon", "koto"),
    "pipe": ("clarinet", "clarinet", "oboe", "organ", "recorder", "horn"),
    "bowed": ("violin", "viola", "viola", "cello"),
    "voice": ("choir", "choir"),
}
"""Timbres of the transcriber's clips."""


def timbres(made: Made = MADE) -> list[tuple[str, Instrument, Timbre]]:
    """Return the names of banks, their instruments and timbres."""
    return [
        (f"otowake-{kind}{index:02d}.{name}", BY_NAME[name], Timbre(kind, index))
        for kind, names in made.items()
        for index, name in enumerate(names)
    ]


def takes(timbre: Timbre, instrument: Instrument, length: int) -> list[Take]:
    """Synthesise all notes of a timbre at two velocities, LEAD + `length` samples each."""
    play = TUBES[instrument.name].play if timbre.kind == "tube" else _KINDS[timbre.kind]
    number = [*_KINDS, "tube"].index(timbre.kind)
    made = []
    for velocity in (50, 100):
        for pitch in range(instrument.low, instrument.high + 1):
            body = play(np.random.default_rng([2026, number, timbre.seed]), pitch, velocity, length)
            wave = np.concatenate([np.zeros(LEAD, np.float32), body.astype(np.float32)])
            made.append(Take(from_onset(wave, length), pitch, velocity))
    return made


def _hertz(pitch: float) -> float:
    return 440 * 2 ** ((pitch - 69) / 12)


def _series(
    base: float, level: Callable[[float], float], own: np.random.Generator, time: Sound
) -> Sound:
    """Sum harmonics of `base` Hz up to 10 kHz, with random deviations from `level(number)`."""
    sound = np.zeros(len(time))
    for harmonic in range(1, int(min(45, 10000 / base)) + 1):
        loud = level(harmonic) * own.uniform(0.6, 1.4)
        sound += loud * np.sin(2 * np.pi * base * harmonic * time + own.uniform(0, 2 * np.pi))
    return sound


def _formants(
    rng: np.random.Generator, low: float, high: float, count: int
) -> Callable[[float], float]:
    """Draw formants between two frequencies (Hz); return the gain as a function of frequency."""
    middles, lifts = np.exp(rng.uniform(np.log(low), np.log(high), count)), rng.uniform(1, 4, count)
    widths = rng.uniform(4, 20, count)
    return lambda hertz: (
        1 + float(np.sum(lifts * np.exp(-(np.log2(hertz / middles) ** 2) * widths)))
    )


def _attacked(
    sound: Sound, time: Sound, attack: float, wind: float, own: np.random.Generator
) -> Sound:
    sound = sound / np.abs(sound).max() + wind * own.standard_normal(len(sound))
    unsteady = 1 + 0.04 * np.sin(2 * np.pi * own.uniform(0.3, 3) * time + own.uniform(0, 6))
    return sound * np.minimum(time / attack, 1) ** 1.5 * unsteady


def _reed(rng: np.random.Generator, pitch: int, velocity: int, length: int) -> Sound:
    """Synthesise one to three slightly detuned reeds with a little wind noise."""
    slope, even, body = rng.uniform(0.4, 1.3), rng.uniform(0.3, 1.0), _formants(rng, 400, 5000, 3)
    reeds, beat, octave = int(rng.choice([1, 2, 2, 3])), rng.uniform(0.5, 7), rng.random() < 0.3
    wind, attack = 10 ** rng.uniform(-3.5, -2.2), rng.uniform(0.01, 0.07)
    own = np.random.default_rng([int(rng.integers(1 << 30)), pitch])
    time = np.arange(length) / RATE
    sound = np.zeros(length)
    steep = slope + (100 - velocity) / 120
    for reed in range(reeds):
        base = _hertz(pitch) * (2 if octave and reed == 2 else 1)
        base += (reed - (reeds - 1) / 2) * beat * own.uniform(0.8, 1.2) * (base / 440) ** 0.3

        def tone(n: float, base: float = base) -> float:
            return n**-steep * (even if n % 2 == 0 else 1) * body(base * n)

        sound += _series(base, tone, own, time)
    return _attacked(sound, time, attack, wind, own)


def _mouth(rng: np.random.Generator, pitch: int, velocity: int, length: int) -> Sound:
    """Synthesise a reed in cupped hands that open and close; the note starts a little flat."""
    slope, even, body = rng.uniform(0.3, 1.1), rng.uniform(0.5, 1.0), _formants(rng, 600, 5000, 4)
    wind, attack, flat = (
        10 ** rng.uniform(-3.2, -2.0),
        rng.uniform(0.012, 0.06),
        rng.uniform(0, 0.4),
    )
    depth, rate = rng.choice([0, 0, 1]) * rng.uniform(0.1, 0.4), rng.uniform(3, 7)
    own = np.random.default_rng([int(rng.integers(1 << 30)), pitch])
    time = np.arange(length) / RATE
    hand = np.sin(2 * np.pi * rate * own.uniform(0.9, 1.1) * time + own.uniform(0, 6))
    bend = -flat * own.uniform(0, 1) * np.exp(-time / 0.05) + 0.1 * depth * hand
    base, steep = _hertz(pitch), slope + (100 - velocity) / 120
    phase = 2 * np.pi * base * np.cumsum(2 ** (bend / 12)) / RATE
    sound = np.zeros(length)
    for harmonic in range(1, int(min(45, 10000 / base)) + 1):
        loud = harmonic**-steep * (even if harmonic % 2 == 0 else 1) * body(base * harmonic)
        swell = 1 + depth * min(1, harmonic / 4) * hand
        sound += loud * own.uniform(0.6, 1.4) * swell * np.sin(harmonic * phase + own.uniform(0, 6))
    return _attacked(sound, time, attack, wind, own)


def _pipe(rng: np.random.Generator, pitch: int, velocity: int, length: int) -> Sound:
    """Synthesise a pipe: low notes have weak even harmonics, high notes few harmonics; breath."""
    slope, even, body = rng.uniform(0.6, 1.6), rng.uniform(0.02, 0.9), _formants(rng, 500, 3500, 2)
    wind, attack = 10 ** rng.uniform(-3.2, -1.9), rng.uniform(0.015, 0.06)
    own = np.random.default_rng([int(rng.integers(1 << 30)), pitch])
    time = np.arange(length) / RATE
    base = _hertz(pitch)
    steep = slope + (100 - velocity) / 80 + max(0, pitch - 60) / 40
    weak = min(1.0, even * (1 + max(0, pitch - 60) / 12))
    sound = _series(
        base, lambda n: n**-steep * (weak if n % 2 == 0 else 1) * body(base * n), own, time
    )
    return _attacked(sound, time, attack, wind, own)


def _bowed(rng: np.random.Generator, pitch: int, velocity: int, length: int) -> Sound:
    """Synthesise a bowed string: a saw-tooth in a body of narrow resonances.

    The vibrato moves each harmonic over the resonances, so the harmonics swell independently.
    """
    slope, body = rng.uniform(0.7, 1.2), _formants(rng, 250, 5000, 12)
    wind, attack = 10 ** rng.uniform(-3.2, -2.2), rng.uniform(0.03, 0.1)
    depth, rate = rng.uniform(0, 0.25), rng.uniform(4.5, 6.5)
    own = np.random.default_rng([int(rng.integers(1 << 30)), pitch])
    time = np.arange(length) / RATE
    wave = (
        depth
        * np.clip((time - 0.1) / 0.3, 0, 1)
        * np.sin(2 * np.pi * rate * own.uniform(0.9, 1.1) * time)
    )
    base = _hertz(pitch)
    phase = 2 * np.pi * base * np.cumsum(2 ** (wave / 12)) / RATE
    sound = np.zeros(length)
    for harmonic in range(1, int(min(40, 9500 / base)) + 1):
        hertz, steep = base * harmonic, slope + (100 - velocity) / 120
        level, change = body(hertz), (body(hertz * 1.01) - body(hertz)) / 0.17
        loud = harmonic**-steep * np.maximum(level + change * wave, 0.1) * own.uniform(0.7, 1.3)
        sound += loud * np.sin(harmonic * phase + own.uniform(0, 6))
    return _attacked(sound, time, attack, wind, own)


def _voice(rng: np.random.Generator, pitch: int, velocity: int, length: int) -> Sound:
    """Synthesise one to six singers with another vowel at each pitch, vibrato and breath."""
    singers, depth, wind = (
        int(rng.choice([1, 1, 3, 6])),
        rng.uniform(0.1, 0.45),
        10 ** rng.uniform(-3, -2),
    )
    attack, slope = rng.uniform(0.03, 0.1), rng.uniform(0.9, 1.5)
    own = np.random.default_rng([int(rng.integers(1 << 30)), pitch])
    time = np.arange(length) / RATE
    vowel = np.array([own.uniform(300, 850), own.uniform(800, 2300), own.uniform(2400, 3200)])
    lifts = np.array([5, 3, 2.5]) * own.uniform(0.5, 1.5, 3)
    sound = np.zeros(length)
    for _ in range(singers):
        rate, off = own.uniform(4.8, 6.8), own.normal(0, 0.08 if singers > 1 else 0)
        bend = off + depth * np.clip((time - 0.15) / 0.4, 0, 1) * np.sin(
            2 * np.pi * rate * time + own.uniform(0, 6)
        )
        phase = 2 * np.pi * _hertz(pitch) * np.cumsum(2 ** (bend / 12)) / RATE
        for harmonic in range(1, int(min(30, 6000 / _hertz(pitch))) + 1):
            near = np.exp(-((np.log2(_hertz(pitch) * harmonic / vowel)) ** 2) * 20)
            loud = harmonic ** -(slope + (100 - velocity) / 120) * (
                0.3 + float((lifts * near).sum())
            )
            sound += loud * np.sin(harmonic * phase + own.uniform(0, 6))
    return _attacked(sound, time, attack, wind, own)


def _string(rng: np.random.Generator, pitch: int, velocity: int, length: int) -> Sound:
    """Synthesise a struck or plucked string: stretched partials, two-stage decay, and a knock."""
    excitation, slope = rng.uniform(0.08, 0.25), rng.uniform(0.6, 1.6)
    stretch = 10 ** (rng.uniform(-4.3, -3.6) + max(0, pitch - 45) / 40)
    life, knock = rng.uniform(1.5, 5), 10 ** rng.uniform(-2.2, -0.9)
    own = np.random.default_rng([int(rng.integers(1 << 30)), pitch])
    time = np.arange(length) / RATE
    sound = np.zeros(length)
    slow = life * 2 ** (-(pitch - 48) / 16)
    for harmonic in range(1, 60):
        frequency = (
            _hertz(pitch) * harmonic * np.sqrt(1 + stretch * harmonic**2) / np.sqrt(1 + stretch)
        )
        if frequency > 10000:
            break
        loud = abs(np.sin(np.pi * harmonic * excitation)) * harmonic ** -(
            slope + (100 - velocity) / 100
        )
        decay = slow / (1 + 0.1 * harmonic)
        shape = 0.7 * np.exp(-time / (decay * 0.3)) + 0.3 * np.exp(-time / (decay * 1.5))
        sound += (
            own.uniform(0.5, 1.5)
            * loud
            * shape
            * np.sin(2 * np.pi * frequency * time + own.uniform(0, 6))
        )
    noise = own.standard_normal(length) * np.exp(-time / 0.02)
    return (sound / np.abs(sound).max() + knock * noise) * np.minimum(time / 0.002, 1)


@dataclass(frozen=True)
class _Tube:
    """A reed or lips on a conical or flared tube.

    The radiated level rises to `cutoff`, where the bell or the holes let sound out and where the
    formant is, and falls above, the steeper the softer the note.

    Attributes
    ----------
    cutoff
        Range (lowest, highest) from which a timbre draws a frequency in Hz, as all ranges.
    rise, fall
        Slopes below and above, as powers of the frequency.
    lift
        Level of the formant.
    second
        Frequency of a second formant, as a multiple of the first; 0 for none.
    attack
        Seconds.
    wind
        Level of the noise, as a power of ten.
    vibrato
        Semitones.

    Notes
    -----
    Sources: Meyer, "Acoustics and the Performance of Music" (5th ed., 2009), for formants and
    slopes; Fletcher and Rossing, "The Physics of Musical Instruments" (2nd ed., 1998), chapters 14
    and 15, for the radiation of bells and tone holes.
    """

    cutoff: tuple[float, float]
    rise: tuple[float, float] = (0.6, 1.2)
    fall: tuple[float, float] = (1.8, 4.0)
    lift: tuple[float, float] = (0.0, 1.5)
    second: float = 0.0
    attack: tuple[float, float] = (0.02, 0.08)
    wind: tuple[float, float] = (-3.6, -2.4)
    vibrato: tuple[float, float] = (0.0, 0.1)

    def play(self, rng: np.random.Generator, pitch: int, velocity: int, length: int) -> Sound:
        """Synthesise a note."""
        cutoff, rise, fall = (
            np.exp(rng.uniform(*np.log(self.cutoff))),
            rng.uniform(*self.rise),
            self.fall,
        )
        lift, attack, wind = (
            rng.uniform(*self.lift),
            rng.uniform(*self.attack),
            10 ** rng.uniform(*self.wind),
        )
        depth, rate, second = (
            rng.uniform(*self.vibrato),
            rng.uniform(4.5, 6.2),
            rng.uniform(0.9, 1.1),
        )
        steep = fall[0] + (fall[1] - fall[0]) * (rng.uniform(0.1, 0.6) + (100 - velocity) / 125)
        lag, body = rng.uniform(0.1, 1.0), _formants(rng, 300, 5000, 3)
        own = np.random.default_rng([int(rng.integers(1 << 30)), pitch])
        time = np.arange(length) / RATE
        swing = np.sin(2 * np.pi * rate * own.uniform(0.9, 1.1) * time + own.uniform(0, 6))
        bend = depth * np.clip((time - 0.2) / 0.4, 0, 1) * swing - 0.3 * own.uniform(0, 1) * np.exp(
            -time / 0.03
        )
        base = _hertz(pitch)
        phase = 2 * np.pi * base * np.cumsum(2 ** (bend / 12)) / RATE
        sound = np.zeros(length)
        for harmonic in range(1, int(min(50, 10000 / base)) + 1):
            x = base * harmonic / cutoff
            level = (
                x**rise
                / (1 + x ** (2 * (rise + steep))) ** 0.5
                * (1 + lift * np.exp(-((3 * np.log2(x)) ** 2)))
            )
            if self.second:
                level *= 1 + 2 * lift * np.exp(-((4 * np.log2(x / (self.second * second))) ** 2))
            late = attack * (1 + lag * np.log2(harmonic))
            wave = np.sin(harmonic * phase + own.uniform(0, 6)) * np.minimum(time / late, 1) ** 1.5
            sound += level * body(base * harmonic) ** 0.4 * own.uniform(0.75, 1.25) * wave
        return _attacked(sound, time, attack, wind, own)


TUBES = {
    "horn": _Tube((270, 540), (0.8, 1.7), (2.5, 5.0), attack=(0.03, 0.1)),
    "trombone": _Tube((480, 820), fall=(1.2, 4.0), attack=(0.02, 0.08)),
    "trumpet": _Tube((1000, 1600), fall=(1.5, 3.5), attack=(0.015, 0.06), vibrato=(0.0, 0.2)),
    "tuba": _Tube((180, 330), fall=(2.0, 4.5), attack=(0.03, 0.1)),
    "oboe": _Tube(
        (950, 1250), (0.8, 1.6), (2.0, 4.0), (0.5, 3), 2.6, (0.015, 0.05), vibrato=(0, 0.25)
    ),
    "english-horn": _Tube(
        (800, 1050), (0.8, 1.6), (2.0, 4.0), (0.5, 3), 2.3, (0.02, 0.06), vibrato=(0, 0.25)
    ),
    "bassoon": _Tube((400, 560), (0.7, 1.4), (1.8, 3.5), (0.5, 3), 2.4, (0.015, 0.06)),
    "saxophone": _Tube(
        (450, 1300), (0.2, 0.7), (1.3, 3.2), (0.0, 2), 2.5, (0.02, 0.06), (-3.2, -2), (0, 0.3)
    ),
}
"""Tubes of the instruments of the kind ``tube``."""

_KINDS = {
    "reed": _reed,
    "string": _string,
    "pipe": _pipe,
    "bowed": _bowed,
    "voice": _voice,
    "mouth": _mouth,
}
