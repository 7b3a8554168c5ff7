"""Single hits of drum kits, from soundfonts, recorded and synthesised, and beats made of them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from otowake.music.theory.instruments import KIT, drum_of
from training import files
from training.rng import Rng
from training.sounds import soundfonts
from training.sounds.instruments import BY_NAME
from training.sounds.samples import LEAD, RATE, from_onset, read

HIT_SECONDS = 2.5
"""Length of a hit."""

VERSION = 2
"""Version of the kits: a change that gives other kits for the same sounds increases it."""

UNUSED_KEYS = frozenset((58, 71, 72, 73, 74, 78, 79, 80, 81))
"""Keys of General MIDI's drum kits with long sounds, as whistles and scrapers."""

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
"""Recordings in Debian's sonic-pi-samples (all CC0) by drum; they make a kit."""

RECORDED_KEY = 1000
"""Key of the first recorded hit: outside MIDI, as each recording has a key of its own."""

SOFT, HARD = 60, 100
"""Velocities of recorded hits."""

VELOCITY_SLOPE = 3.0
"""Velocity per dB of a recorded hit's level."""

SONIC_PI = Path("/usr/share/sonic-pi/samples")

LISTED: dict[str, str] = {
    "bass-drum": "percussion",
    "sidestick": "snare",
    "hihat-closed": "hi-hat",
    "hihat-open": "hi-hat",
    "hihat-pedal": "hi-hat",
    "ride": "cymbal",
    "crash": "cymbal",
    "china": "cymbal",
}
"""Drums of the names in ``drums.tsv``; a name that is no drum either is percussion."""

UNUSED_NAMES = frozenset(("guiro", "triangle"))
"""Names in ``drums.tsv`` of long sounds."""

HELD_OUT = (
    "FluidR3-024",
    "MuseScore_General-024",
    "FluidR3-032",
    "MuseScore_General-032",
    "GMbank-000",
    "gogodze",
    "otowake-000",
    "otowake-001",
    "otowake-002",
)
"""Kits of held-out clips. FluidR3 and MuseScore_General share samples."""

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
    drum
        Shape (hit,): index into :data:`~otowake.music.theory.instruments.KIT`.
    key, velocity
        Shape (hit,). Hits of one key are one sound at several velocities.
    """

    name: str
    waves: NDArray[np.int16]
    drum: NDArray[np.int64]
    key: NDArray[np.int64]
    velocity: NDArray[np.int64]


def build(cache: Path, samples: Path | None = None) -> list[Kit]:
    """Return all kits, made where they are not in the cache.

    `samples` is a folder with ``drums.tsv``, whose recorded kits are added.
    """
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
            _save(played(name, font, program), path)
        kit = _load(path)
        if not any(np.array_equal(kit.waves[:8], other.waves[:8]) for other in kits):
            kits.append(kit)
    path = home / "sonic-pi.npz"
    if not path.exists():
        _save(recorded(path.stem), path)
    kits.append(_load(path))
    for source, rows in listed(samples).items():
        path = home / f"{source}.npz"
        if not path.exists():
            _save(from_files(source, rows), path)
        kits.append(_load(path))
    for number in range(SYNTHESISED):
        path = home / f"otowake-{number:03d}.npz"
        if not path.exists():
            _save(synthesised(path.stem, np.random.default_rng([4, number])), path)
        kits.append(_load(path))
    return kits


LINE_ODDS = {
    "kick": (0.85,),
    "snare": (0.8, 0.15),
    "tom": (0.3, 0.2),
    "hi-hat": (0.7,),
    "cymbal": (0.45, 0.2),
    "percussion": (0.25, 0.1),
}
"""Probability of each line of a drum in a beat."""

GAINS = {"hi-hat": 0.7, "cymbal": 0.7, "percussion": 0.7}
"""Gains of drums that are softer than the kick, at the same peak."""

ROLL_ODDS = 0.12
"""Probability of a roll in a line."""


def beat(
    rng: Rng, kit: Kit, seconds: float, tempo: float | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Make a beat on a kit.

    `tempo` is in beats a minute; without it each line has another tempo.

    Returns
    -------
    The sound, (drum, sample), and rows of (onset in seconds, drum).
    """
    length = int(seconds * RATE)
    waves = np.zeros((len(KIT), length + RATE), np.float32)
    rows: list[tuple[float, int]] = []
    lines = [
        drum
        for drum, name in enumerate(KIT)
        for odds in LINE_ODDS[name]
        if rng.random() < odds and (kit.drum == drum).any()
    ]
    for drum in lines or [int(kit.drum[0])]:
        gain = 10 ** (float(rng.normal(0, 4)) / 20) * GAINS.get(list(KIT)[drum], 1.0)
        onsets, strengths = _times(rng, seconds, tempo)
        if rng.random() < ROLL_ODDS:
            onsets, strengths = _with_roll(rng, onsets, strengths, seconds)
        _play(rng, kit, drum, gain, sorted(zip(onsets, strengths, strict=True)), waves)
        rows += [(onset, drum) for onset in onsets]
    return waves[:, :length], np.array(sorted(rows)).reshape(-1, 2)


def _play(
    rng: Rng,
    kit: Kit,
    drum: int,
    gain: float,
    strikes: list[tuple[float, float]],
    waves: NDArray[np.float32],
) -> None:
    """Add the strikes (onset, strength) of a line to the sound, (drum, sample)."""
    keys = np.unique(kit.key[kit.drum == drum])
    main = int(rng.choice(keys))
    pitch = 2 ** (float(rng.normal(0, 2)) / 12)
    end = 0
    for onset, strength in reversed(strikes):
        key = main if rng.random() < 0.85 else int(rng.choice(keys))
        hits = np.flatnonzero(kit.key == key)
        distance = np.abs(kit.velocity[hits] - 127 * strength)
        nearest = hits[distance <= distance.min() + 8]
        hit = kit.waves[int(rng.choice(nearest))] / np.float32(32768)
        if abs(pitch - 1) > 0.01:
            hit = np.interp(np.arange(int(len(hit) / pitch)) * pitch, np.arange(len(hit)), hit)
        first = int(onset * RATE)
        hit = hit[int(LEAD / pitch) :].copy()
        if list(KIT)[drum] == "hi-hat" and end:
            hit = hit[: max(end - first, 64)]
            hit[-64:] *= np.linspace(1, 0, 64)
        last = min(first + len(hit), waves.shape[1])
        waves[drum, first:last] += (gain * strength**1.5 * hit[: last - first]).astype(np.float32)
        end = first


def _with_roll(
    rng: Rng, onsets: list[float], strengths: list[float], seconds: float
) -> tuple[list[float], list[float]]:
    """Put a roll, which swells or fades, in place of the strikes of its time."""
    n, gap = int(rng.integers(6, 24)), float(rng.uniform(0.06, 0.12))
    start = float(rng.uniform(0.02, max(seconds - 0.2 - n * gap, 0.03)))
    roll = [start + gap * i + float(rng.normal(0, 0.004)) for i in range(n)]
    ramp = np.linspace(*rng.permutation([0.35, 0.9]), n)
    strengths = [s for t, s in zip(onsets, strengths, strict=True) if not start < t < roll[-1]]
    onsets = [t for t in onsets if not start < t < roll[-1]]
    kept = [(t, s) for t, s in zip(roll, ramp.tolist(), strict=True) if 0 <= t < seconds - 0.1]
    return onsets + [t for t, _ in kept], strengths + [s for _, s in kept]


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
        path, {"waves": kit.waves, "drum": kit.drum, "key": kit.key, "velocity": kit.velocity}
    )


def _load(path: Path) -> Kit:
    with np.load(path, allow_pickle=False) as file:
        return Kit(path.stem, *(file[name] for name in ("waves", "drum", "key", "velocity")))


def _kit(name: str, hits: list[tuple[NDArray[np.float32], str, int, int]]) -> Kit:
    size = LEAD + int(HIT_SECONDS * RATE)
    fade = np.minimum(np.arange(size)[::-1] / (0.1 * RATE), 1)
    waves = np.zeros((len(hits), size), np.int16)
    for row, (wave, *_) in enumerate(hits):
        cut = np.pad(wave[:size], (0, max(0, size - len(wave)))) * fade
        waves[row] = np.rint(32767 * cut / (np.abs(cut).max() + 1e-9))
    drums = list(KIT)
    columns = (
        np.array([drums.index(drum) for _, drum, _, _ in hits]),
        *(np.array([s[i] for s in hits]) for i in (2, 3)),
    )
    return Kit(name, waves, *columns)


def played(name: str, font: str, program: int) -> Kit:
    preset = soundfonts.Preset(font, soundfonts.DRUM_KIT, "drums", (45, 85, 120), variation=program)
    takes = soundfonts.takes(preset, BY_NAME["drums"], int(HIT_SECONDS * RATE))
    used = [take for take in takes if take.pitch not in UNUSED_KEYS]
    return _kit(name, [(t.wave, list(KIT)[drum_of(t.pitch)], t.pitch, t.velocity) for t in used])


def listed(samples: Path | None) -> dict[str, list[tuple[Path, str]]]:
    """Return the files and drums of each source in ``drums.tsv``; nothing without the folder."""
    sources: dict[str, list[tuple[Path, str]]] = {}
    if samples is not None and (samples / "drums.tsv").exists():
        with (samples / "drums.tsv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                name = row["instrument"].removeprefix("drums-")
                if name not in UNUSED_NAMES:
                    entry = samples / row["file"], name
                    sources.setdefault(row["source"], []).append(entry)
    return sources


def from_files(name: str, rows: list[tuple[Path, str]]) -> Kit:
    """Make a kit of recorded hits: a key for each name, velocities by level below the loudest."""
    waves = [from_onset(read(path), int(HIT_SECONDS * RATE)) for path, _ in rows]
    level = np.array([20 * np.log10(np.std(w[LEAD : LEAD + RATE // 10]) + 1e-6) for w in waves])
    names = np.array([listed_name for _, listed_name in rows])
    hits = []
    for key, listed_name in enumerate(np.unique(names).tolist(), RECORDED_KEY):
        drum = LISTED.get(listed_name, listed_name if listed_name in KIT else "percussion")
        loudest = level[names == listed_name].max()
        for index in np.flatnonzero(names == listed_name):
            velocity = 127 + VELOCITY_SLOPE * (level[index] - loudest)
            hits.append((waves[index], drum, key, int(np.clip(velocity, 30, 127))))
    return _kit(name, hits)


def recorded(name: str) -> Kit:
    """Return a kit of recorded hits; each has a key of its own, so a beat repeats one of them."""
    if not SONIC_PI.exists():
        raise FileNotFoundError(
            f"{SONIC_PI} is not on this machine: install the Debian package sonic-pi-samples"
        )
    hits = []
    for drum, names in RECORDED.items():
        for file in names:
            wave = from_onset(read(SONIC_PI / f"{file}.flac"), int(HIT_SECONDS * RATE))
            hits.append((wave, drum, RECORDED_KEY + len(hits), SOFT if "soft" in file else HARD))
    return _kit(name, hits)


def synthesised(name: str, rng: Rng) -> Kit:
    """Synthesise a kit like a drum machine's from swept sines, square waves and filtered noise."""
    hits = []
    for make, keys in _MAKERS.items():
        for key in keys:
            sound = make(rng, key)
            hits += [
                (
                    np.concatenate([np.zeros(LEAD), sound * min(1.0, v / 100)]).astype(np.float32),
                    list(KIT)[drum_of(key)],
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


def _bell(rng: Rng, key: int) -> NDArray[np.float64]:
    """Make a cowbell (two square waves), or claves or a wood block (a short sine)."""
    if key == 56:
        base = _between(rng, 400, 900)
        waves = sum(np.sign(np.sin(2 * np.pi * base * ratio * _TIME)) for ratio in (1, 1.48))
        return _high(rng, waves, base) * _falling(_between(rng, 0.03, 0.15))
    base = _between(rng, 700, 3000)
    return _swept(rng, base, base * rng.uniform(1, 1.1), 0.01, _between(rng, 0.01, 0.05))


_MAKERS = {
    _kick: (35, 36),
    _snare: (38, 39, 40),
    _tom: (45, 50, 62, 64),
    _hat: (42, 46),
    _cymbal: (49, 51),
    _shaken: (54, 70),
    _bell: (56, 75, 76),
}
