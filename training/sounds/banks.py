"""Banks: all notes of one instrument of one source, made once and kept on disk.

Notes are 16-bit samples at 22,050 Hz, at full scale, with the onset at index `LEAD`; gains state
how loud they are. The notes are mapped from disk, not read.
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
"""Version of the banks: a change that gives other banks for the same sounds increases it."""

MAX_TRANSPOSITION = 3
"""Semitones by which a sample may be transposed."""

MIN_PITCHES = 8
"""Pitches of a bank, at least."""

log = logging.getLogger("training")


@dataclass(frozen=True)
class Bank:
    """All notes of one instrument of one source.

    Attributes
    ----------
    name, instrument, source
        Name of the bank, instrument, name of the source.
    held_out
        Whether only clips for validation use it.
    notes
        Shape (pitch, layer, sample), int16.
    pitches
        Shape (pitch,): MIDI pitches without gaps.
    velocities
        Shape (layer,): rising velocities.
    gain
        Shape (pitch, layer): factor that makes notes of full scale about equally loud.
    ring
        Shape (pitch, layer): seconds from the onset until a note is 40 dB below the peak, at most
        the length of the bank's notes.
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
        """Longest duration of a note."""
        return (self.notes.shape[2] - LEAD) / RATE


def length_of(instrument: Instrument) -> int:
    """Return how many samples after the onset the notes of an instrument have."""
    seconds = {"piano": 8.0, "drums": 2.0}.get(instrument.family, 6.0 if instrument.rings else 5.0)
    return int(seconds * RATE)


def ring_time(wave: NDArray[np.float32]) -> float:
    """Return the seconds from the onset (at `LEAD`) until a note stays 40 dB below the peak."""
    level = envelope(wave, 0.03)
    loud = np.flatnonzero(level > level.max() * 0.01)
    return (int(loud[-1]) - LEAD) / RATE if len(loud) else 0.0


def arrange(
    takes: list[Take], instrument: Instrument, layers: int
) -> tuple[list[int], list[list[Take]]]:
    """Choose `layers` takes from soft to loud for each pitch; return the pitches and the takes.

    Takes come from the nearest recorded pitch. Without stated velocities the darkest take is the
    softest.
    """
    by_pitch: dict[int, list[Take]] = {}
    for take in takes:
        by_pitch.setdefault(round(take.pitch), []).append(take)
    for group in by_pitch.values():
        group.sort(key=lambda take: (take.velocity, _brightness(take.wave)))
    pitches, rows = [], []
    for pitch in range(
        max(instrument.low, min(by_pitch) - MAX_TRANSPOSITION),
        min(instrument.high, max(by_pitch) + MAX_TRANSPOSITION) + 1,
    ):
        nearest = min(by_pitch, key=lambda recorded: (abs(recorded - pitch), recorded))
        if abs(nearest - pitch) <= MAX_TRANSPOSITION:
            group = by_pitch[nearest]
            pitches.append(pitch)
            rows.append([group[round(index)] for index in np.linspace(0, len(group) - 1, layers)])
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
    """Write a bank of takes into `folder`; return False and write nothing if there are too few."""
    usable, dropped = (
        (takes, 0) if instrument.family == "drums" else checked(takes, steady=not instrument.rings)
    )
    log.info("%s: %d takes, %d dropped for their pitch", folder.name, len(takes), dropped)
    if not instrument.rings:  # staccato notes have no steady part to repeat
        usable = [take for take in usable if steady_end(take.wave) > LEAD + RATE // 2] or usable
    if not usable:
        return False
    stated = sorted({take.velocity for take in usable if take.velocity})
    most = max(np.bincount([round(take.pitch) for take in usable]))
    velocities = stated or {1: [80], 2: [55, 100]}.get(int(most), [45, 75, 108])
    pitches, rows = arrange(usable, instrument, len(velocities))
    if len(pitches) < MIN_PITCHES:
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
    """Fit a note to LEAD + `length` samples: extend a sustained one, fade a decaying one out."""
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
    """Load the bank in `folder`, with the notes mapped from disk."""
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
    """Load all banks of a cache, in the order of their names."""
    return [load(path.parent) for path in sorted((cache / f"banks{VERSION}").glob("*/bank.json"))]


def _from_samples(home: Path, samples: Iterable[assets.Sample]) -> None:
    groups: dict[tuple[str, str], list[assets.Sample]] = {}
    for sample in samples:
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
    """Make the banks that are not in the cache; `extra` is a folder of samples with a manifest."""
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
