"""Single hits of drum kits, from soundfonts, recorded and synthesised."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from otowake.music.theory.instruments import KIT, drum_of
from training import files
from training.rng import Rng
from training.sounds import drum_synthesis, soundfonts
from training.sounds.drum_synthesis import HIT_SECONDS
from training.sounds.instruments import BY_NAME
from training.sounds.samples import LEAD, RATE, from_onset, read

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
    """Synthesise a kit like a drum machine's."""
    return _kit(
        name,
        [
            (wave, list(KIT)[drum_of(key)], key, velocity)
            for wave, key, velocity in drum_synthesis.hits(rng)
        ],
    )
