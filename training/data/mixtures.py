"""What the recogniser is taught with: short scenes in which every class is heard equally often, and the notes' patches.

There are three kinds: notes one by one, with silence between them; one to four streams, each a few notes on one instrument and then
a few on another, so that what is heard at once is unrelated; and music of one to four players. Most of what there is to learn about notes in
mixtures is in the music of several, of which there are scenes besides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from otowake.music.players.envelopes import note_envelopes
from otowake.music.players.features import FEATURE_KEYS, NoteFeatures, note_patches, pool_patches
from otowake.music.theory.instruments import NAMES
from otowake.music.transcription import transcriber
from otowake.music.transcription.decoding import decode
from training import files
from training.music import composition
from training.music.performance import Played, clock
from training.music.plans import Part, piano, player
from training.music.render import played, tuning
from training.rng import Rng
from training.sounds import banks, scaled, soundfonts, synthetic
from training.sounds.banks import Bank
from training.sounds.classes import EXTRA, FAMILY_OF, LABELS, LEFT_OUT, MADE, SCALED, WEIGHTS
from training.sounds.degrade import degrade
from training.sounds.instruments import BY_NAME
from training.sounds.samples import RATE

SECONDS = 10.0
"""Length of a scene."""
KINDS = {"alone": 0.45, "streams": 0.15, "music": 0.4}
"""How often each kind of scene is made."""
SHARD = 40
"""Scenes in a file."""
ONE_BY_ONE, TOGETHER, ACCOMPANIED, MUSIC = 1_000_000, 2_000_000, 3_000_000, 4_000_000
"""Scenes from these seeds on are of notes one by one, of music of two to four players, of those with a piano played by both hands, and of
one to four players."""
NOBODY = -1
"""The label, bank and player of a note that nobody plays, or that is too short to learn from."""
COLUMNS = {
    **{
        "onset": np.float32,
        "offset": np.float32,
        "midi": np.int16,
        "label": np.int64,
        "bank": np.int16,
    },
    **{"scene": np.int32, "player": np.int16},
}
"""What is kept of every note besides its description."""
HEARD = 0.5
"""Share of the scenes whose notes are those that the listener hears; in the others they are the true ones, somewhat wrong."""
VERSION = 7


@dataclass(frozen=True)
class Choice:
    """A bank that stands for a class, and how often."""

    bank: Bank
    label: str
    origin: str
    weight: float


class Lessons(NamedTuple):
    """Descriptions of notes, their pitch, label (a place in the recogniser's table) and bank (a place in `names`)."""

    known: NoteFeatures
    midi: NDArray[np.int16]
    label: NDArray[np.int64]
    bank: NDArray[np.int16]
    names: tuple[str, ...]


Plan = list[tuple[Choice, Part]]


def choices(cache_folder: Path) -> list[Choice]:
    """Every bank that stands for a class of the recogniser."""
    every = banks.load_all(cache_folder) + banks.load_all(cache_folder / "who")
    found = []
    for bank in every:
        name = bank.instrument.name
        if name in LABELS and bank.name not in LEFT_OUT:
            label, weight = LABELS[name]
            found.append(Choice(bank, label, origin_of(bank.name), weight))
    return found


def origin_of(name: str) -> str:
    """Where a bank of this name comes from."""
    source = name.rsplit(".", 1)[0]
    source = "otowake" if source.startswith("otowake-") else re.sub(r"-\d{3}(-\d+)?$", "", source)
    return FAMILY_OF.get(name, FAMILY_OF.get(source, source))


def build(cache_folder: Path) -> None:
    """Make the banks that only the recogniser uses."""
    home = cache_folder / "who" / f"banks{banks.VERSION}"
    for preset in EXTRA:
        folder, instrument = home / preset.bank_name, BY_NAME[preset.instrument]
        if not (folder / "bank.json").exists():
            length = banks.length_of(instrument)
            banks.make(
                folder, preset.font, instrument, soundfonts.takes(preset, instrument, length)
            )
    for name, instrument, timbre in synthetic.timbres(MADE):
        if not (home / name / "bank.json").exists():
            length = banks.length_of(instrument)
            banks.make(
                home / name, "otowake", instrument, synthetic.takes(timbre, instrument, length)
            )
    known = {
        bank.name: bank
        for bank in [*banks.load_all(cache_folder), *banks.load_all(cache_folder / "who")]
    }
    for name, stands_for, semitones in SCALED:
        folder = home / f"{name.rsplit('.', 1)[0]}.{stands_for}"
        if name in known and not (folder / "bank.json").exists():
            bank, instrument = known[name], BY_NAME[stands_for]
            banks.make(folder, bank.source, instrument, scaled.takes(bank, instrument, semitones))


def draw(rng: Rng, available: list[Choice]) -> Choice:
    """A bank: first the class, then the source, then one of its banks."""
    labels = sorted({c.label for c in available})
    label = labels[int(rng.integers(len(labels)))]
    same = [c for c in available if c.label == label]
    origins = sorted({c.origin for c in same})
    odds = np.array(
        [WEIGHTS.get(o, 1.0) * max(c.weight for c in same if c.origin == o) for o in origins]
    )
    origin = origins[int(rng.choice(len(origins), p=odds / odds.sum()))]
    same = [c for c in same if c.origin == origin]
    odds = np.array([c.weight for c in same])
    return same[int(rng.choice(len(same), p=odds / odds.sum()))]


def _run(rng: Rng, choice: Choice, start: float) -> tuple[Part, float]:
    """A few notes on one instrument from `start` on, and when the next may begin."""
    low, high = int(choice.bank.pitches[0]), int(choice.bank.pitches[-1])
    pitch, time, notes = int(rng.integers(low, high + 1)), start, []
    legato, slow = rng.random() < 0.5, float(np.exp(rng.uniform(np.log(0.15), np.log(1.5))))
    for _ in range(int(rng.integers(2, 6))):
        length = float(np.clip(slow * np.exp(0.4 * rng.standard_normal()), 0.1, 3))
        together = {pitch}
        if choice.bank.instrument.voices > 1 and rng.random() < 0.25:
            together |= {
                int(np.clip(pitch + rng.integers(-9, 10), low, high))
                for _ in range(rng.integers(1, 3))
            }
        velocity = int(rng.triangular(20, 80, 125))
        notes += [Played(time, time + length, p, velocity) for p in together]
        time += length * (1.0 if legato else float(rng.uniform(1.0, 1.6)))
        pitch = int(np.clip(pitch + rng.integers(-7, 8), low, high))
    part = Part(
        choice.bank, tuple(notes), float(rng.triangular(-14, 0, 2)), _expression(rng, choice)
    )
    return part, time + float(rng.uniform(0, 0.5))


def _expression(rng: Rng, choice: Choice) -> float:
    return float(rng.choice([0, 0.5, 1])) if not choice.bank.instrument.rings else 0.0


def _alone(rng: Rng, available: list[Choice]) -> Plan:
    """Notes one by one, each of another instrument, with silence between."""
    plan, time = [], float(rng.uniform(0.0, 0.5))
    while time < SECONDS - 0.4:
        choice = draw(rng, available)
        length = float(np.exp(rng.uniform(np.log(0.2), np.log(1.5))))
        pitch = int(rng.choice(choice.bank.pitches))
        note = Played(time, time + length, pitch, int(rng.triangular(25, 80, 127)))
        plan.append((choice, Part(choice.bank, (note,), 0.0, _expression(rng, choice))))
        time += length + choice.bank.instrument.damp + float(rng.uniform(0.1, 0.5))
    return plan


def _streams(rng: Rng, available: list[Choice]) -> Plan:
    plan = []
    for _ in range(int(rng.choice([1, 2, 3, 4], p=[0.4, 0.3, 0.2, 0.1]))):
        time = float(rng.uniform(0.05, 0.8))
        while time < SECONDS - 0.3:
            choice = draw(rng, available)
            part, time = _run(rng, choice, time)
            plan.append((choice, part))
    return plan


def _music(rng: Rng, available: list[Choice], fewest: int = 1, accompanied: bool = False) -> Plan:
    """Up to four players at the same piece, mostly one of them at chords, or `accompanied` by a piano played by both hands."""
    pitched = [c for c in available if c.label != "drums"]
    sizes = np.arange(fewest, 5)
    odds = np.array([0.25, 0.3, 0.3, 0.15])[sizes - 1]
    team = [draw(rng, pitched) for _ in range(int(rng.choice(sizes, p=odds / odds.sum())))]
    if accompanied:
        team[0] = draw(rng, [c for c in pitched if c.label == "piano" and not c.bank.held_out])
    elif len(team) > 1 and rng.random() < 0.7:
        name = "piano" if rng.random() < 0.5 else None
        team[0] = draw(
            rng, [c for c in pitched if c.bank.instrument.voices > 2 and name in (None, c.label)]
        )
    tempo = float(np.clip(rng.lognormal(np.log(95), 0.35), 40, 220))
    ground = composition.harmony(rng, float(np.ceil(SECONDS * tempo / 60)))
    time = clock(rng, ground.beats, tempo)
    plan = []
    for place, choice in enumerate(team):
        level = float(rng.triangular(-14, -2, 3)) if place else 0.0
        both_hands = (
            piano(rng, [choice.bank], ground, time, False) if accompanied and not place else None
        )
        plan.append(
            (choice, replace(both_hands or player(rng, choice.bank, ground, time), level=level))
        )
    return plan


MAKERS = {
    "alone": _alone,
    "streams": _streams,
    "music": _music,
    "together": partial(_music, fewest=2),
    "accompanied": partial(_music, fewest=2, accompanied=True),
}


def kind_of(seed: int) -> str | None:
    """The kind of scene that a seed asks for; any if None."""
    kinds = (
        (MUSIC, "music"),
        (ACCOMPANIED, "accompanied"),
        (TOGETHER, "together"),
        (ONE_BY_ONE, "alone"),
    )
    return next((kind for first, kind in kinds if seed >= first), None)


def scene(
    seed: int, available: list[Choice], kind: str | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """A sound at 22,050 Hz, its notes as rows (onset, offset, midi, level in dB), each note's place in `available`, and its
    player's number."""
    rng = np.random.default_rng([20_261_125, seed])
    off = tuning(rng)
    ratio = 2 ** (off / 12)
    length = int(SECONDS * RATE)
    mixture, rows, who, players = np.zeros(length, np.float32), [], [], []
    kind = kind or str(rng.choice(list(KINDS), p=list(KINDS.values())))
    plan = MAKERS[kind](rng, available)
    places = {id(choice): place for place, choice in enumerate(available)}
    for number, (choice, part) in enumerate(plan):
        begin, sound, notes = _heard(rng, part)
        end = min(begin + len(sound), length)
        mixture[begin:end] += sound[: end - begin]
        for onset, offset, _, midi, _, _, _, level in notes:
            key = int(rng.integers(28, 95)) if choice.label == "drums" else midi
            rows.append((onset + begin / RATE, offset + begin / RATE, key, level))
            who.append(places[id(choice)])
            players.append(number)
    wave = mixture
    if abs(off) > 0.03:  # the whole scene out of tune, by reading it faster or slower
        at = np.arange(length) * ratio
        wave = np.interp(at, np.arange(length), mixture).astype(np.float32)
    table = np.array(rows, float).reshape(-1, 4)
    table[:, :2] /= ratio
    if kind == "alone" and rng.random() < 0.5:
        wave = wave / (np.abs(wave).max() + 1e-9)
    else:
        wave = degrade(rng, wave)
    return wave, table, np.array(who, np.int64), np.array(players, np.int64)


def _heard(rng: Rng, part: Part) -> tuple[int, NDArray[np.float32], list[tuple]]:
    """A part's sound, at which sample it begins, and its notes counted from there."""
    if not part.notes:
        return 0, np.zeros(0, np.float32), []
    begin = max(0, int((part.notes[0].start - 0.15) * RATE))
    shift = begin / RATE
    notes = tuple(
        replace(n, start=n.start - shift, end=n.end - shift, released=n.released - shift)
        for n in part.notes
        if n.start < SECONDS - 0.05
    )
    seconds = min(max((n.end for n in notes), default=0.0) + 1.5, SECONDS - shift)
    return begin, *played(rng, replace(part, notes=notes), int(seconds * RATE), 1.0, seconds)


def prepare(cache_folder: Path, first: int) -> Path:
    """The descriptions of the notes in the scenes from seed `first` on, in a file of the cache."""
    path = cache_folder / "who" / f"notes-v{VERSION}" / f"{first:06d}.npz"
    if path.exists():
        return path
    available = _choices(cache_folder)
    found: dict[str, list] = {name: [] for name in (*FEATURE_KEYS, *COLUMNS)}
    for seed in range(first, first + SHARD):
        wave, table, who, players = scene(seed, available, kind_of(seed))
        rng = np.random.default_rng([3, seed])
        notes_of = _heard_notes if rng.random() < HEARD else _known_notes
        onset, offset, midi, which_true = notes_of(rng, wave, table)
        clear = (which_true >= 0) & (offset - onset > 0.05) & (onset < SECONDS - 0.2)
        if not clear.any():
            continue
        bank = np.where(clear, who[which_true], NOBODY)
        labels = [NAMES.index(available[i].label) if i >= 0 else NOBODY for i in bank]
        player = np.where(clear, players[which_true], NOBODY)
        envelopes = note_envelopes(wave, onset, offset, midi)
        for which, batch in note_patches(wave, onset, offset, midi):
            features = pool_patches(batch, envelopes[which])
            for name, values in zip(FEATURE_KEYS, features, strict=True):
                found[name].append(values.astype(np.float16))
            columns = (onset, offset, midi, labels, bank, np.full(len(onset), seed), player)
            for (name, dtype), column in zip(COLUMNS.items(), columns, strict=True):
                found[name].append(np.asarray(column)[which].astype(dtype))
    names = {"names": np.array([c.bank.name for c in available])}
    files.store(path, names | {k: np.concatenate(v) for k, v in found.items()})
    return path


Found = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]
"""Onset, offset and pitch of notes, and which true note each of them is, −1 where it is none."""


def _known_notes(rng: Rng, _: NDArray[np.float32], table: NDArray[np.float64]) -> Found:
    """The true notes as somebody may have written them down: a few missing, an octave off, badly timed."""
    onset = np.maximum(table[:, 0] + rng.normal(0.008, 0.02, len(table)), 0)
    offset = np.maximum(table[:, 1] + rng.normal(0, 0.05, len(table)), onset + 0.05)
    midi = table[:, 2] + rng.choice([0, -12, 12], len(table), p=[0.96, 0.02, 0.02])
    known = np.flatnonzero((table[:, 1] - table[:, 0] > 0.07) & (rng.random(len(table)) > 0.08))
    return onset[known], offset[known], midi[known], known


def _heard_notes(_: Rng, wave: NDArray[np.float32], table: NDArray[np.float64]) -> Found:
    """The notes that the listener hears, each as long as it hears it."""
    mind = transcriber.trained()
    heard = decode(*transcriber.posteriors(wave, mind.weights, 128), mind.thresholds)
    far = np.abs(heard.onset[:, None] - table[:, 0])
    far[heard.midi[:, None] != table[:, 2]] = np.inf
    nearest = far.argmin(axis=1) if len(table) else np.zeros(len(heard.onset), np.int64)
    right = far.min(axis=1, initial=np.inf) < 0.06
    return heard.onset, heard.offset, heard.midi.astype(float), np.where(right, nearest, -1)


@cache
def _choices(folder: Path) -> list[Choice]:
    return choices(folder)


def load(paths: list[Path]) -> Lessons:
    """The notes of some files together, without those that nobody plays."""
    parts = [arrays_of(path) for path in paths]
    taught = [part["label"] != NOBODY for part in parts]
    columns = {
        name: np.concatenate([part[name][use] for part, use in zip(parts, taught, strict=True)])
        for name in (*FEATURE_KEYS, *Lessons._fields[1:-1])
    }
    known = NoteFeatures(*(columns.pop(name) for name in FEATURE_KEYS))
    return Lessons(known, **columns, names=tuple(parts[0]["names"].tolist()))


def arrays_of(path: Path) -> dict[str, NDArray[Any]]:
    """What :func:`prepare` kept."""
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}
