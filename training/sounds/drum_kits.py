"""Single hits of drum kits, from soundfonts, recorded and synthesised, and beats made of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from otowake.music.theory.instruments import KIT
from training import files
from training.rng import Rng
from training.sounds import soundfonts
from training.sounds.instruments import BY_NAME
from training.sounds.samples import LEAD, RATE, from_onset, read

HIT_SECONDS = 1.5
"""Length of a hit."""

VERSION = 1
"""Version of the kits: a change that gives other kits for the same sounds increases it."""

KEYS: dict[str, tuple[int, ...]] = {
    "kick": (35, 36),
    "snare": (37, 38, 39, 40),
    "tom": (41, 43, 45, 47, 48, 50, 60, 61, 62, 63, 64, 65, 66),
    "hi-hat": (42, 44, 46),
    "cymbal": (49, 51, 52, 53, 55, 57, 59),
    "shaken": (54, 69, 70),
}
"""Keys of General MIDI's drum kits by kind, without cowbells, wood blocks, whistles, …"""

DRUM_OF_KIND = {"kick": 0, "snare": 1, "tom": 1, "hi-hat": 2, "cymbal": 2, "shaken": 2}
"""The drum of :data:`otowake.music.theory.instruments.KIT` that each kind counts as."""

KITS: dict[str, tuple[int, ...]] = {
    "FluidR3": (0, 8, 16, 24, 25, 32, 40, 48),
    "MuseScore_General": (0, 8, 16, 24, 25, 32, 40, 48),
    "GMbank": (0,),
}
"""Programs of the kits; a soundfont that lacks one plays its standard kit, which is kept once."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


RECORDED: dict[str, tuple[str, ...]] = {
    "kick": _words(
        "drum_heavy_kick drum_bass_hard drum_bass_soft bd_808 bd_ada bd_boom bd_fat bd_gas bd_haus"
        " bd_klub bd_pure bd_sone bd_tek bd_zome bd_zum elec_hollow_kick elec_soft_kick"
    ),
    "snare": _words(
        "drum_snare_hard drum_snare_soft sn_dolf sn_dub sn_zome elec_snare elec_lo_snare"
        " elec_mid_snare elec_hi_snare elec_filt_snare"
    ),
    "tom": tuple(
        f"drum_tom_{size}_{force}" for size in ("hi", "mid", "lo") for force in ("hard", "soft")
    ),
    "hi-hat": ("drum_cymbal_closed", "drum_cymbal_pedal", "drum_cymbal_open"),
    "cymbal": _words(
        "drum_cymbal_hard drum_cymbal_soft drum_splash_hard drum_splash_soft elec_cymbal"
    ),
}
"""Recordings in Debian's sonic-pi-samples (all CC0) by kind; they make a kit."""

RECORDED_KEY = 1000
"""Key of the first recorded hit: outside MIDI, as each recording has a key of its own."""

SOFT, HARD = 60, 100
"""Velocities of recorded hits."""

SONIC_PI = Path("/usr/share/sonic-pi/samples")

HELD_OUT = (
    "FluidR3-025",
    "FluidR3-040",
    "MuseScore_General-032",
    "GMbank-000",
    "otowake-000",
    "otowake-001",
    "otowake-002",
)
"""Kits of held-out clips."""

SYNTHESISED = 24
"""Number of synthesised kits."""


@dataclass(frozen=True)
class Kit:
    """Hits of one kit.

    Attributes
    ----------
    name
        Name of the kit.
    waves
        Shape (hit, sample), int16: hits at full scale, with the onset at index LEAD.
    kind
        Shape (hit,): index in :data:`KEYS`.
    key, velocity
        Shape (hit,).
    """

    name: str
    waves: NDArray[np.int16]
    kind: NDArray[np.int64]
    key: NDArray[np.int64]
    velocity: NDArray[np.int64]


def build(cache: Path) -> list[Kit]:
    """Return all kits, made where they are not in the cache."""
    home = cache / "kits" / f"v{VERSION}"
    kits: list[Kit] = []
    wanted = [
        (f"{font}-{program:03d}", font, program)
        for font, programs in KITS.items()
        for program in programs
    ]
    for name, font, program in wanted:
        path = home / f"{name}.npz"
        if not path.exists():
            _save(_played(name, font, program), path)
        kit = _load(path)
        if not any(np.array_equal(kit.waves[:8], other.waves[:8]) for other in kits):
            kits.append(kit)
    path = home / "sonic-pi.npz"
    if not path.exists():
        _save(recorded(path.stem), path)
    kits.append(_load(path))
    for number in range(SYNTHESISED):
        path = home / f"otowake-{number:03d}.npz"
        if not path.exists():
            _save(synthesised(path.stem, np.random.default_rng([4, number])), path)
        kits.append(_load(path))
    return kits


def beat(
    rng: Rng, kit: Kit, seconds: float, tempo: float | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Make a beat on a kit.

    `tempo` is in beats a minute; without it each kind of drum has another tempo.

    Returns
    -------
    The sound, (drum, sample), and rows of (onset in seconds, drum).
    """
    length = int(seconds * RATE)
    waves, rows = np.zeros((len(KIT), length + RATE), np.float32), []
    kinds = list(KEYS)
    odds = {"kick": 0.85, "snare": 0.85, "tom": 0.25, "hi-hat": 0.8, "cymbal": 0.3, "shaken": 0.15}
    playing = [
        kind for n, kind in enumerate(kinds) if rng.random() < odds[kind] and (kit.kind == n).any()
    ]
    for kind in playing or ["hi-hat"]:
        keys = np.unique(kit.key[kit.kind == kinds.index(kind)])
        gain = 10 ** (float(rng.normal(0, 4)) / 20) * {
            "hi-hat": 0.7,
            "shaken": 0.5,
            "cymbal": 0.7,
        }.get(kind, 1.0)
        choke = kind == "hi-hat"
        pitch = 2 ** (float(rng.normal(0, 2)) / 12)
        main = int(rng.choice(keys))
        onsets, accents = _times(rng, seconds, tempo)
        end = 0
        for onset, accent in sorted(zip(onsets, accents, strict=True), reverse=True):
            key = main if rng.random() < 0.85 else int(rng.choice(keys))
            hits = np.flatnonzero(kit.key == key)
            hit = kit.waves[hits[np.abs(kit.velocity[hits] - 127 * accent).argmin()]] / np.float32(
                32768
            )
            if abs(pitch - 1) > 0.01:
                hit = np.interp(np.arange(int(len(hit) / pitch)) * pitch, np.arange(len(hit)), hit)
            first = int(onset * RATE)
            hit = hit[int(LEAD / pitch) :].copy()
            if choke and end:
                hit = hit[: max(end - first, 64)]
                hit[-64:] *= np.linspace(1, 0, 64)
            last = min(first + len(hit), waves.shape[1])
            waves[DRUM_OF_KIND[kind], first:last] += (
                gain * accent**1.5 * hit[: last - first]
            ).astype(np.float32)
            end = first
            rows.append((onset, DRUM_OF_KIND[kind]))
    return waves[:, :length], np.array(sorted(rows)).reshape(-1, 2)


def _times(rng: Rng, seconds: float, tempo: float | None) -> tuple[list[float], list[float]]:
    """Draw onsets and strengths: a bar with variations; without a tempo, sometimes at random."""
    if tempo is None and rng.random() < 0.2:
        n = int(rng.integers(2, 40))
        return np.sort(rng.uniform(0.02, seconds - 0.3, n)).tolist(), rng.uniform(
            0.3, 1, n
        ).tolist()
    beat_s = 60 / (tempo or float(np.clip(rng.lognormal(np.log(105), 0.3), 50, 220)))
    per = int(rng.choice([2, 3, 4]))
    steps = per * int(rng.choice([3, 4, 4, 4]))
    pattern = rng.random(steps) < rng.uniform(0.1, 0.75)
    if rng.random() < 0.3:
        pattern = np.arange(steps) % int(rng.choice([1, 2, per])) == 0
    accent = np.clip(rng.uniform(0.35, 1, steps), 0, 1)
    swing = float(rng.uniform(0, 0.3)) if per == 2 and rng.random() < 0.4 else 0.0
    onsets, strengths = [], []
    for step in range(int(seconds / beat_s * per) + 1):
        position = step % steps
        if pattern[position] ^ (rng.random() < 0.05):
            at = (step + swing * (step % 2)) * beat_s / per + float(rng.normal(0, 0.008))
            if 0 <= at < seconds - 0.1:
                onsets.append(at)
                strengths.append(float(np.clip(accent[position] + rng.normal(0, 0.08), 0.2, 1)))
    return onsets, strengths


def _save(kit: Kit, path: Path) -> None:
    files.store(
        path, {"waves": kit.waves, "kind": kit.kind, "key": kit.key, "velocity": kit.velocity}
    )


def _load(path: Path) -> Kit:
    with np.load(path, allow_pickle=False) as file:
        return Kit(path.stem, *(file[name] for name in ("waves", "kind", "key", "velocity")))


def _kit(name: str, hits: list[tuple[NDArray[np.float32], str, int, int]]) -> Kit:
    size = LEAD + int(HIT_SECONDS * RATE)
    fade = np.minimum(np.arange(size)[::-1] / (0.1 * RATE), 1)
    waves = np.zeros((len(hits), size), np.int16)
    for row, (wave, *_) in enumerate(hits):
        cut = np.pad(wave[:size], (0, max(0, size - len(wave)))) * fade
        waves[row] = np.rint(32767 * cut / (np.abs(cut).max() + 1e-9))
    kinds = list(KEYS)
    columns = (
        np.array([kinds.index(kind) for _, kind, _, _ in hits]),
        *(np.array([s[i] for s in hits]) for i in (2, 3)),
    )
    return Kit(name, waves, *columns)


def _played(name: str, font: str, program: int) -> Kit:
    kind_of = {key: kind for kind, keys in KEYS.items() for key in keys}
    preset = soundfonts.Preset(font, soundfonts.DRUM_KIT, "drums", (45, 85, 120), variation=program)
    takes = soundfonts.takes(preset, BY_NAME["drums"], int(HIT_SECONDS * RATE))
    return _kit(
        name, [(t.wave, kind_of[t.pitch], t.pitch, t.velocity) for t in takes if t.pitch in kind_of]
    )


def recorded(name: str) -> Kit:
    """Return a kit of recorded hits; each has a key of its own, so a beat repeats one of them."""
    if not SONIC_PI.exists():
        raise FileNotFoundError(
            f"{SONIC_PI} is not on this machine: install the Debian package sonic-pi-samples"
        )
    hits = []
    for kind, names in RECORDED.items():
        for file in names:
            wave = from_onset(read(SONIC_PI / f"{file}.flac"), int(HIT_SECONDS * RATE))
            hits.append((wave, kind, RECORDED_KEY + len(hits), SOFT if "soft" in file else HARD))
    return _kit(name, hits)


def synthesised(name: str, rng: Rng) -> Kit:
    """Synthesise a kit as of a drum machine, from swept sines, square waves and filtered noise."""
    hits = []
    kind_of = {key: kind for kind, keys in KEYS.items() for key in keys}
    for make, keys in _MAKERS.items():
        for key in keys:
            sound = make(rng, key)
            hits += [
                (
                    np.concatenate([np.zeros(LEAD), sound * min(1.0, v / 100)]).astype(np.float32),
                    kind_of[key],
                    key,
                    v,
                )
                for v in (60, 110)
            ]
    return _kit(name, hits)


_TIME = np.arange(int(HIT_SECONDS * RATE)) / RATE


def _falling(life: float) -> NDArray[np.float64]:
    return np.exp(-_TIME / life)


def _noise(rng: Rng, low: float, high: float) -> NDArray[np.float64]:
    sos = butter(2, [low, min(high, 0.49 * RATE)], "bandpass", fs=RATE, output="sos")
    return sosfilt(sos, rng.standard_normal(len(_TIME)))


def _swept(rng: Rng, low: float, high: float, sweep: float, life: float) -> NDArray[np.float64]:
    frequency = low + (high - low) * np.exp(-_TIME / sweep)
    return np.sin(2 * np.pi * np.cumsum(frequency) / RATE + rng.uniform(0, 1)) * _falling(life)


def _between(rng: Rng, low: float, high: float) -> float:
    """Draw from a log-uniform distribution."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _kick(rng: Rng, _: int) -> NDArray[np.float64]:
    base = _between(rng, 38, 75)
    body = _swept(
        rng, base, base * rng.uniform(1.5, 6), _between(rng, 0.008, 0.06), _between(rng, 0.06, 0.5)
    )
    click = (
        rng.uniform(0, 0.4)
        * _noise(rng, 800, _between(rng, 2000, 8000))
        * _falling(_between(rng, 0.002, 0.012))
    )
    return np.tanh(rng.uniform(0.8, 3) * body) + click


def _snare(rng: Rng, key: int) -> NDArray[np.float64]:
    base = _between(rng, 140, 280)
    skin = _swept(rng, base, base * 1.4, 0.01, _between(rng, 0.03, 0.15))
    skin += 0.6 * _swept(
        rng, base * rng.uniform(1.5, 1.9), base * 2, 0.01, _between(rng, 0.02, 0.1)
    )
    wires = _noise(rng, _between(rng, 300, 2000), 10500) * _falling(_between(rng, 0.04, 0.25))
    if key == 39:  # hand claps
        bursts = sum(
            np.roll(_falling(0.006), int(at * RATE))
            for at in np.cumsum(rng.uniform(0.006, 0.014, 3))
        )
        return _noise(rng, 700, _between(rng, 2500, 6000)) * (
            bursts + 0.5 * _falling(_between(rng, 0.05, 0.2))
        )
    return rng.uniform(0.1, 1) * skin + rng.uniform(0.3, 1) * wires


def _tom(rng: Rng, _: int) -> NDArray[np.float64]:
    base = _between(rng, 70, 400)
    body = _swept(
        rng, base, base * rng.uniform(1.05, 1.8), _between(rng, 0.02, 0.1), _between(rng, 0.08, 0.4)
    )
    return body + rng.uniform(0, 0.3) * _noise(rng, 300, 6000) * _falling(0.01)


def _metal(rng: Rng) -> NDArray[np.float64]:
    """Make detuned square waves and noise."""
    base = _between(rng, 200, 600)
    waves = sum(
        np.sign(np.sin(2 * np.pi * base * ratio * _TIME + rng.uniform(0, 6)))
        for ratio in rng.uniform(1, 4, 6)
    )
    return rng.uniform(0, 1) * waves / 6 + rng.uniform(0.2, 1) * rng.standard_normal(len(_TIME))


def _high(rng: Rng, wave: NDArray[np.float64], low: float) -> NDArray[np.float64]:
    return sosfilt(butter(int(rng.choice([2, 4])), low, "highpass", fs=RATE, output="sos"), wave)


def _hat(rng: Rng, key: int) -> NDArray[np.float64]:
    life = _between(rng, 0.1, 0.5) if key == 46 else _between(rng, 0.012, 0.08)
    return _high(rng, _metal(rng), _between(rng, 3000, 8000)) * _falling(life)


def _cymbal(rng: Rng, _: int) -> NDArray[np.float64]:
    wave = _high(rng, _metal(rng), _between(rng, 1000, 5000))
    return wave * (_falling(_between(rng, 0.2, 1.0)) + rng.uniform(0, 2) * _falling(0.03))


def _shaken(rng: Rng, _: int) -> NDArray[np.float64]:
    rise = np.minimum(_TIME / _between(rng, 0.002, 0.03), 1)
    return (
        _high(rng, rng.standard_normal(len(_TIME)), _between(rng, 2500, 7000))
        * rise
        * _falling(_between(rng, 0.02, 0.1))
    )


_MAKERS = {
    _kick: (35, 36),
    _snare: (38, 39, 40),
    _tom: (45, 50),
    _hat: (42, 46),
    _cymbal: (49, 51),
    _shaken: (54, 70),
}
