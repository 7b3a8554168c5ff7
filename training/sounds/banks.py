"""Banks: every note of one instrument of one source, made once and kept on disk.

A bank's notes are 16-bit samples at 22,050 Hz, each at full scale with its onset at index `LEAD`; how loud a note is beside
the others is kept apart. They are mapped from disk, not read.
"""

import json
import logging
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.sounds import assets, soundfonts, synthetic
from training.sounds.instruments import BY_NAME, Instrument
from training.sounds.samples import (
    LEAD,
    RATE,
    Take,
    checked,
    envelope,
    from_onset,
    read,
    steady_end,
    sustained,
    transposed,
)

VERSION = 2
REACH = 3
"""Semitones by which a sample may be transposed."""
log = logging.getLogger("training")


@dataclass(frozen=True)
class Bank:
    """All notes of one instrument.

    `notes` (pitch, layer, sample) int16; `pitches` (pitch,) MIDI numbers without gaps; `velocities` (layer,) rising;
    `gain` (pitch, layer) what to multiply a note (as ±1) by so that all are about equally loud; `ring` (pitch, layer)
    seconds after its onset when a note has fallen 40 dB below its peak (the bank's length if it never does).
    """

    name: str
    instrument: Instrument
    source: str
    held_out: bool
    notes: NDArray[np.int16]
    pitches: NDArray[np.int16]
    velocities: NDArray[np.int16]
    gain: NDArray[np.float32]
    ring: NDArray[np.float32]

    @property
    def seconds(self) -> float:
        """How long a note can be heard."""
        return (self.notes.shape[2] - LEAD) / RATE


def length_of(instrument: Instrument) -> int:
    """Samples kept of each note after its onset."""
    seconds = {"piano": 8.0, "drums": 2.0}.get(instrument.family, 6.0 if instrument.rings else 5.0)
    return int(seconds * RATE)


def ring_time(wave: NDArray[np.float32]) -> float:
    """Seconds after the onset when a note (onset at `LEAD`) has fallen for good 40 dB below its peak."""
    level = envelope(wave, 0.03)
    loud = np.flatnonzero(level > level.max() * 0.01)
    return (int(loud[-1]) - LEAD) / RATE if len(loud) else 0.0


def arrange(
    takes: list[Take], instrument: Instrument, layers: int
) -> tuple[list[int], list[list[Take]]]:
    """For every pitch that some take reaches, `layers` takes from soft to loud: the pitches and the takes' rows.

    Takes come from the recorded pitch nearest by; without stated velocities the darkest is taken to be the softest.
    """
    by_pitch: dict[int, list[Take]] = {}
    for take in takes:
        by_pitch.setdefault(round(take.pitch), []).append(take)
    for group in by_pitch.values():
        group.sort(key=lambda take: (take.velocity, _brightness(take.wave)))
    pitches, rows = [], []
    for pitch in range(
        max(instrument.low, min(by_pitch) - REACH), min(instrument.high, max(by_pitch) + REACH) + 1
    ):
        nearest = min(by_pitch, key=lambda recorded: (abs(recorded - pitch), recorded))
        if abs(nearest - pitch) <= REACH:
            group = by_pitch[nearest]
            pitches.append(pitch)
            rows.append([group[round(place)] for place in np.linspace(0, len(group) - 1, layers)])
    return _longest_run(pitches, rows)


def _brightness(wave: NDArray[np.float32]) -> float:
    spectrum = np.abs(np.fft.rfft(wave[LEAD : LEAD + 8192]))
    return float((spectrum * np.arange(len(spectrum))).sum() / (spectrum.sum() + 1e-9))


def _longest_run(pitches: list[int], rows: list[list[Take]]) -> tuple[list[int], list[list[Take]]]:
    breaks = [
        0,
        *(i for i in range(1, len(pitches)) if pitches[i] != pitches[i - 1] + 1),
        len(pitches),
    ]
    begin, end = max(pairwise(breaks), key=lambda run: run[1] - run[0])
    return pitches[begin:end], rows[begin:end]


def make(folder: Path, source: str, instrument: Instrument, takes: list[Take]) -> bool:
    """Write a bank of these takes into `folder`; False (and nothing written) if they are too few to play on."""
    heard, dropped = (
        (takes, 0) if instrument.family == "drums" else checked(takes, steady=not instrument.rings)
    )
    log.info("%s: %d takes, %d dropped for their pitch", folder.name, len(takes), dropped)
    if not instrument.rings:  # staccato notes cannot be made to last
        heard = [take for take in heard if steady_end(take.wave) > LEAD + RATE // 2] or heard
    if not heard:
        return False
    stated = sorted({take.velocity for take in heard if take.velocity})
    most = max(np.bincount([round(take.pitch) for take in heard]))
    velocities = stated or {1: [80], 2: [55, 100]}.get(int(most), [45, 75, 108])
    pitches, rows = arrange(heard, instrument, len(velocities))
    if len(pitches) < 8:
        return False
    length = length_of(instrument)
    notes = np.zeros((len(pitches), len(velocities), LEAD + length), np.int16)
    loudness = np.zeros(notes.shape[:2])
    ring = np.zeros(notes.shape[:2], np.float32)
    for p, (pitch, row) in enumerate(zip(pitches, rows, strict=True)):
        for v, take in enumerate(row):
            shift = 0.0 if instrument.family == "drums" else pitch - take.pitch
            wave = fitted(transposed(take.wave, shift), length, instrument.rings)
            ring[p, v] = ring_time(wave) if instrument.rings else length / RATE
            peak = np.abs(wave).max() + 1e-9
            loudness[p, v] = 20 * np.log10(
                envelope(wave[: LEAD + RATE // 2], 0.05).max() / peak + 1e-6
            )
            notes[p, v] = np.rint(wave / peak * 32767)
    gain = 10 ** ((-20 - loudness) / 20)
    _write(folder, source, instrument, notes, np.array(pitches), np.array(velocities), gain, ring)
    return True


def fitted(wave: NDArray[np.float32], length: int, rings: bool) -> NDArray[np.float32]:
    """A note of LEAD + `length` samples: a sustained one is made to last, a ringing one faded out at its end."""
    if not rings:
        return sustained(wave, length)
    wave = np.pad(wave[: LEAD + length], (0, max(0, LEAD + length - len(wave))))
    sounding = np.flatnonzero(wave)
    end = int(sounding[-1]) + 1 if len(sounding) else len(wave)
    fade = min(end - LEAD, RATE)
    wave[end - fade : end] *= np.linspace(1, 0, fade, dtype=np.float32) ** 2
    return wave


def _write(folder, source, instrument, notes, pitches, velocities, gain, ring) -> None:
    fresh = folder.with_name(folder.name + ".part")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    np.save(fresh / "notes.npy", notes)
    facts = {
        "instrument": instrument.name,
        "source": source,
        "pitches": pitches.tolist(),
        "velocities": velocities.tolist(),
        "gain": np.round(gain, 5).tolist(),
        "ring": np.round(ring.astype(float), 4).tolist(),
    }
    (fresh / "bank.json").write_text(json.dumps(facts))
    fresh.rename(folder)


def load(folder: Path) -> Bank:
    """The bank kept in `folder`, its notes mapped from disk."""
    facts = json.loads((folder / "bank.json").read_text())
    return Bank(
        folder.name,
        BY_NAME[facts["instrument"]],
        facts["source"],
        facts["source"] in assets.HELD_OUT,
        np.load(folder / "notes.npy", mmap_mode="r"),
        np.array(facts["pitches"], np.int16),
        np.array(facts["velocities"], np.int16),
        np.array(facts["gain"], np.float32),
        np.array(facts["ring"], np.float32),
    )


def load_all(cache: Path) -> list[Bank]:
    """All banks of a cache, in the order of their names."""
    return [load(path.parent) for path in sorted((cache / f"banks{VERSION}").glob("*/bank.json"))]


def _from_samples(home: Path, samples: Iterable[assets.Sample]) -> None:
    groups: dict[tuple[str, str], list[assets.Sample]] = {}
    for sample in samples:
        if sample.instrument in BY_NAME:
            groups.setdefault((sample.source, sample.instrument), []).append(sample)
    for (source, name), group in sorted(groups.items()):
        folder, instrument = home / f"{source}.{name}", BY_NAME[name]
        if not (folder / "bank.json").exists():
            length = length_of(instrument) + RATE
            takes = [Take(from_onset(read(s.path), length), s.pitch, s.velocity) for s in group]
            make(
                folder,
                source,
                instrument,
                [Take(np.trim_zeros(t.wave, "b"), t.pitch, t.velocity) for t in takes],
            )


def build(cache: Path, extra: Path | None = None) -> None:
    """Make every bank that is not in the cache yet; `extra` is an optional folder of samples with a manifest."""
    home = cache / f"banks{VERSION}"
    home.mkdir(parents=True, exist_ok=True)
    for preset in soundfonts.PRESETS:
        folder, instrument = home / preset.bank_name, BY_NAME[preset.instrument]
        if not (folder / "bank.json").exists():
            make(
                folder,
                preset.font,
                instrument,
                soundfonts.takes(preset, instrument, length_of(instrument)),
            )
    for name, instrument, timbre in synthetic.timbres():
        folder = home / name
        if not (folder / "bank.json").exists():
            make(
                folder,
                "otowake",
                instrument,
                synthetic.takes(timbre, instrument, length_of(instrument)),
            )
    _from_samples(home, assets.salamander(cache))
    _from_samples(home, assets.tonejs(cache))
    sources = dict(assets.SOURCES)
    if extra is not None:
        samples, more = assets.extra_samples(extra)
        _from_samples(home, samples)
        sources |= more
    used = {bank.source for bank in load_all(cache)}
    (cache / "credits.tsv").write_text(
        assets.credit_table({n: s for n, s in sources.items() if n in used}), encoding="utf-8"
    )
