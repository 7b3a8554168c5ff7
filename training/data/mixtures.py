"""Short scenes with balanced classes, from which the recogniser learns.

There are three kinds of scenes: isolated notes with silence between them; one to four streams, each
a few notes on one instrument and then a few on another, so that concurrent notes are unrelated; and
music of one to four players. Mixtures are hardest, so there are additional scenes of several
players, of voices, and of songs. Bows, winds and voices play single notes or continuous lines; the
formant singer (:mod:`training.sounds.singing`) sings the lines of the synthetic voices.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.music.harmony import Harmony, draw_harmony
from training.music.parts import SUNG_RANGE, Part, draw_style, drums, line, piano, player
from training.music.performance import Clock, Played, clock
from training.music.render import played, tuning
from training.rng import Rng
from training.sounds import banks, resynthesis, scaled, soundfonts, synthetic
from training.sounds.banks import Bank
from training.sounds.classes import EXTRA, FAMILY_OF, LEFT_OUT, MADE, SCALED, WEIGHTS
from training.sounds.degrade import degrade
from training.sounds.instruments import BY_NAME, LABELS
from training.sounds.samples import RATE

SECONDS = 10.0
"""Length of a scene."""

KIND_SHARES = {"alone": 0.45, "streams": 0.15, "music": 0.4}
"""Shares of the kinds among scenes of any kind."""

LINE_SHARE = 0.5
"""Share of continuous lines among the parts of bows, winds and voices."""

SINGER_WEIGHT = 3.0
"""Weight of the formant singer among the origins of voices."""

CHORDS = {"piano", "electric-piano", "organ", "guitar-nylon", "guitar-steel", "electric-guitar"}
"""Classes that play the chords of songs."""

FOLDER = "recognizer"
"""Folder of the cache with the recogniser's banks, notes and runs."""


class SceneKind(Enum):
    """Kinds of scenes that a seed can ask for, each with the seeds from `first_seed` on."""

    ANY = None, 0
    ISOLATED = "alone", 1_000_000
    SEVERAL = "together", 2_000_000
    ACCOMPANIED = "accompanied", 3_000_000
    MUSIC = "music", 4_000_000
    SUNG = "sung", 6_000_000
    SONG = "song", 7_000_000

    @property
    def maker(self) -> str | None:
        """Key of :data:`MAKERS`; None for a random one."""
        return self.value[0]

    @property
    def first_seed(self) -> int:
        """The first seed of this kind."""
        return self.value[1]


@dataclass(frozen=True)
class Choice:
    """A bank, its class, and how often it is drawn."""

    bank: Bank
    label: str
    origin: str
    weight: float

    @property
    def is_singer(self) -> bool:
        """Whether the formant singer stands for the bank."""
        return self.label == "voice" and self.origin == "otowake"

    @property
    def pitches(self) -> tuple[int, int]:
        """Lowest and highest MIDI pitch."""
        if self.is_singer:
            return SUNG_RANGE
        return int(self.bank.pitches[0]), int(self.bank.pitches[-1])


Plan = list[tuple[Choice, Part]]


def choices(cache_folder: Path, *, unnamed: bool = False) -> list[Choice]:
    """Return all banks that have a class of the recogniser, and if `unnamed` the others too."""
    available = []
    for bank in [*banks.load_all(cache_folder), *banks.load_all(cache_folder / FOLDER)]:
        name = bank.instrument.name
        if (name in LABELS or unnamed) and bank.name not in LEFT_OUT:
            label, weight = LABELS.get(name, (name, 1.0))
            available.append(Choice(bank, label, origin_of(bank.name), weight))
    return available


def origin_of(name: str) -> str:
    """Return the origin of a bank with this name."""
    source = name.rsplit(".", 1)[0]
    source = "otowake" if source.startswith("otowake-") else re.sub(r"-\d{3}(-\d+)?$", "", source)
    source = "VSCO2" if source.startswith("vsco2-") else source
    return FAMILY_OF.get(name, FAMILY_OF.get(source, source))


def build(cache_folder: Path) -> None:
    """Make the banks that only the recogniser uses, where they are missing."""
    home = cache_folder / FOLDER / f"banks{banks.VERSION}"
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
        for bank in [*banks.load_all(cache_folder), *banks.load_all(cache_folder / FOLDER)]
    }
    for name, stands_for, semitones in SCALED:
        folder = home / f"{name.rsplit('.', 1)[0]}.{stands_for}"
        if name in known and not (folder / "bank.json").exists():
            bank, instrument = known[name], BY_NAME[stands_for]
            banks.make(folder, bank.source, instrument, scaled.takes(bank, instrument, semitones))


def draw(rng: Rng, available: list[Choice]) -> Choice:
    """Draw a bank: first the class, then the origin, then one of the banks."""
    labels = sorted({c.label for c in available})
    label = labels[int(rng.integers(len(labels)))]
    same = [c for c in available if c.label == label]
    origins = sorted({c.origin for c in same})
    weights = WEIGHTS | {c.origin: SINGER_WEIGHT for c in same if c.is_singer}
    odds = np.array(
        [weights.get(o, 1.0) * max(c.weight for c in same if c.origin == o) for o in origins]
    )
    origin = origins[int(rng.choice(len(origins), p=odds / odds.sum()))]
    same = [c for c in same if c.origin == origin]
    odds = np.array([c.weight for c in same])
    return same[int(rng.choice(len(same), p=odds / odds.sum()))]


def _run(rng: Rng, choice: Choice, start: float) -> tuple[Part, float]:
    """Make a few notes on one instrument from `start` on; return them and the time of the next."""
    low, high = choice.pitches
    pitch, time, notes = int(rng.integers(low, high + 1)), start, []
    legato, slow = rng.random() < 0.5, float(np.exp(rng.uniform(np.log(0.15), np.log(1.5))))
    for _ in range(int(rng.integers(2, 6))):
        length = float(np.clip(slow * np.exp(0.4 * rng.standard_normal()), 0.1, 3))
        chord = {pitch}
        if choice.bank.instrument.voices > 1 and rng.random() < 0.25:
            chord |= {
                int(np.clip(pitch + rng.integers(-9, 10), low, high))
                for _ in range(rng.integers(1, 3))
            }
        velocity = int(rng.triangular(20, 80, 125))
        notes += [Played(time, time + length, p, velocity) for p in chord]
        time += length * (1.0 if legato else float(rng.uniform(1.0, 1.6)))
        pitch = int(np.clip(pitch + rng.integers(-7, 8), low, high))
    part = _part(rng, choice, tuple(notes), float(rng.triangular(-14, 0, 2)))
    return part, time + float(rng.uniform(0, 0.5))


def _part(rng: Rng, choice: Choice, notes: tuple[Played, ...], level: float) -> Part:
    """Make a part of single notes or a continuous line."""
    part = Part(choice.bank, notes, level, _expression(rng, choice))
    if _is_line(rng, choice):
        part = replace(part, style=draw_style(rng, choice.bank), sung=choice.is_singer)
    return part


def _is_line(rng: Rng, choice: Choice) -> bool:
    """Draw whether a part is a continuous line; the formant singer sings nothing else."""
    can_glide = choice.bank.instrument.family in resynthesis.FAMILIES
    return choice.is_singer or (can_glide and rng.random() < LINE_SHARE)


def _player(rng: Rng, choice: Choice, ground: Harmony, time: Clock) -> Part:
    """Make a part of a piece."""
    if _is_line(rng, choice):
        return line(rng, choice.bank, ground, time, sung=choice.is_singer)
    return player(rng, choice.bank, ground, time)


def _expression(rng: Rng, choice: Choice) -> float:
    return float(rng.choice([0, 0.5, 1])) if not choice.bank.instrument.rings else 0.0


def _isolated(rng: Rng, available: list[Choice]) -> Plan:
    """Make isolated notes, each of a random instrument, with silence between them."""
    plan, time = [], float(rng.uniform(0.0, 0.5))
    while time < SECONDS - 0.4:
        choice = draw(rng, available)
        length = float(np.exp(rng.uniform(np.log(0.2), np.log(1.5))))
        low, high = choice.pitches
        pitch = int(rng.integers(low, high + 1))
        note = Played(time, time + length, pitch, int(rng.triangular(25, 80, 127)))
        plan.append((choice, _part(rng, choice, (note,), 0.0)))
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
    """Make a piece for up to four players, mostly with chords in one part.

    An accompanied piece has a piano part for both hands.
    """
    pitched = [c for c in available if c.label != "drums"]
    sizes = np.arange(fewest, 5)
    odds = np.array([0.25, 0.3, 0.3, 0.15])[sizes - 1]
    players = [draw(rng, pitched) for _ in range(int(rng.choice(sizes, p=odds / odds.sum())))]
    if accompanied:
        players[0] = draw(rng, [c for c in pitched if c.label == "piano" and not c.bank.held_out])
    elif len(players) > 1 and rng.random() < 0.7:
        name = "piano" if rng.random() < 0.5 else None
        players[0] = draw(
            rng, [c for c in pitched if c.bank.instrument.voices > 2 and name in (None, c.label)]
        )
    return piece(rng, players, *draw_ground(rng), accompanied)


def draw_ground(rng: Rng, seconds: float = SECONDS) -> tuple[Harmony, Clock]:
    """Draw the harmony and the tempo of a piece."""
    tempo = float(np.clip(rng.lognormal(np.log(95), 0.35), 40, 220))
    ground = draw_harmony(rng, float(np.ceil(seconds * tempo / 60)))
    return ground, clock(rng, ground.beats, tempo)


def piece(
    rng: Rng, players: list[Choice], ground: Harmony, time: Clock, accompanied: bool = False
) -> Plan:
    """Make a part for each player, the first one for two hands if `accompanied`."""
    plan = []
    for index, choice in enumerate(players):
        level = float(rng.triangular(-14, -2, 3)) if index else 0.0
        both_hands = (
            piano(rng, [choice.bank], ground, time, False) if accompanied and index == 0 else None
        )
        plan.append(
            (choice, replace(both_hands or _player(rng, choice, ground, time), level=level))
        )
    return plan


def _sung(rng: Rng, available: list[Choice]) -> Plan:
    """Make a voice, in half of the scenes with one or two others."""
    voices = [c for c in available if c.label == "voice"]
    others = [c for c in available if c.label not in ("voice", "drums")]
    players = [draw(rng, voices)]
    players += [draw(rng, others) for _ in range(int(rng.choice([0, 1, 2], p=[0.5, 0.3, 0.2])))]
    return piece(rng, players, *draw_ground(rng))


def _song(rng: Rng, available: list[Choice]) -> Plan:
    """Make a song: a voice, mostly with a bass, one or two instruments for chords, and drums."""
    labels = {"voice"}, {"electric-bass", "double-bass"}, CHORDS, CHORDS
    shares = 1.0, 0.8, 0.9, 0.5
    band = [
        draw(rng, [c for c in available if c.label in label])
        for label, share in zip(labels, shares, strict=True)
        if rng.random() < share
    ]
    ground, time = draw_ground(rng)
    plan = piece(rng, band, ground, time)
    if rng.random() < 0.7:
        kit = draw(rng, [c for c in available if c.label == "drums"])
        level = float(rng.triangular(-14, -3, 3))
        beat = drums(rng, [kit.bank], time, ground, False)
        plan += [(kit, replace(part, level=level)) for part in beat]
    return plan


MAKERS = {
    "alone": _isolated,
    "streams": _streams,
    "music": _music,
    "together": partial(_music, fewest=2),
    "accompanied": partial(_music, fewest=2, accompanied=True),
    "sung": _sung,
    "song": _song,
}


def kind_of(seed: int) -> SceneKind:
    """Return the kind of scene that a seed asks for."""
    return [kind for kind in SceneKind if seed >= kind.first_seed][-1]


def scene(
    seed: int, available: list[Choice], maker: str | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Make a scene.

    `maker` is a key of :data:`MAKERS`; None for a random one.

    Returns
    -------
    A sound at 22,050 Hz; rows of (onset, offset, midi, level in dB); of each note the index of the
    bank in `available`; and the number of the player.
    """
    rng = np.random.default_rng([20_261_125, seed])
    off = tuning(rng)
    ratio = 2 ** (off / 12)
    length = int(SECONDS * RATE)
    mixture, rows, bank, players = np.zeros(length, np.float32), [], [], []
    maker = maker or str(rng.choice(list(KIND_SHARES), p=list(KIND_SHARES.values())))
    plan = MAKERS[maker](rng, available)
    index = {id(choice): i for i, choice in enumerate(available)}
    for number, (choice, part) in enumerate(plan):
        begin, sound, notes = rendered(rng, part)
        end = min(begin + len(sound), length)
        mixture[begin:end] += sound[: end - begin]
        for onset, offset, _, midi, _, _, _, level in notes:
            key = int(rng.integers(28, 95)) if choice.label == "drums" else midi
            rows.append((onset + begin / RATE, offset + begin / RATE, key, level))
            bank.append(index[id(choice)])
            players.append(number)
    wave = mixture
    if abs(off) > 0.03:  # resampling detunes the whole scene
        position = np.arange(length) * ratio
        wave = np.interp(position, np.arange(length), mixture).astype(np.float32)
    table = np.array(rows, float).reshape(-1, 4)
    table[:, :2] /= ratio
    if maker == "alone" and rng.random() < 0.5:
        wave = wave / (np.abs(wave).max() + 1e-9)
    else:
        wave = degrade(rng, wave)
    return wave, table, np.array(bank, np.int64), np.array(players, np.int64)


def rendered(
    rng: Rng, part: Part, seconds: float = SECONDS
) -> tuple[int, NDArray[np.float32], list[tuple]]:
    """Render a part of a piece of some seconds.

    Returns
    -------
    The first sample, the sound, and the notes relative to it.
    """
    inside = [note for note in part.notes if note.start < seconds - 0.05]
    if not inside:
        return 0, np.zeros(0, np.float32), []
    begin = max(0, int((inside[0].start - 0.15) * RATE))
    shift = begin / RATE
    notes = tuple(
        replace(n, start=n.start - shift, end=n.end - shift, released=n.released - shift)
        for n in inside
    )
    length = min(max(n.end for n in notes) + 1.5, seconds - shift)
    return begin, *played(rng, replace(part, notes=notes), int(length * RATE), 1.0, length)
