"""Parts of clips: a bank, and the notes that it plays."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from training.music.harmony import Harmony
from training.music.performance import (
    Clock,
    Played,
    articulate,
    at_most,
    pedalled,
    perform,
    untangled,
)
from training.music.phrases import Style, style
from training.music.textures import (
    Beat,
    Texture,
    arpeggio,
    bass_line,
    block_chords,
    chorale,
    clusters,
    dense_chords,
    held,
    leaps,
    melody,
    octaves,
    pedal_point,
    reed_chords,
    repeated,
    scale_run,
    silence,
    tolling,
    trill,
    voices,
)
from training.rng import Rng
from training.sounds.banks import Bank

Key = TypeVar("Key")
Textures = Mapping[Texture, float]

MAX_RATE = 330.0
"""Notes or chords a minute of a texture, on average, at most; figures may be twice as fast."""

SUNG_RANGE = (40, 86)
"""Lowest and highest MIDI pitch of sung lines."""


@dataclass(frozen=True)
class Part:
    """A player: bank, notes, level relative to the other parts (dB), expression (0–1).

    With a style the part is one continuous line, otherwise single notes. A line is sung by formant
    synthesis (`sung`) or played on the bank.
    """

    bank: Bank
    notes: tuple[Played, ...]
    level: float = 0.0
    expression: float = 0.0
    style: Style | None = None
    sung: bool = False


_PIANO_BOTH = {
    block_chords: 2,
    dense_chords: 3,
    arpeggio: 2,
    leaps: 2,
    voices: 2,
    clusters: 2,
    repeated: 1,
    scale_run: 1,
    held: 1,
    octaves: 1,
    tolling: 1,
    chorale: 0.5,
}
_LEFT = {
    block_chords: 3,
    arpeggio: 4,
    leaps: 3,
    bass_line: 3,
    held: 2,
    octaves: 2,
    repeated: 1,
    melody: 1,
    scale_run: 1,
    silence: 1,
    tolling: 1.5,
}
_RIGHT = {
    melody: 5,
    octaves: 3,
    block_chords: 3,
    scale_run: 2,
    arpeggio: 3,
    trill: 1,
    repeated: 2,
    clusters: 1,
    voices: 1,
    silence: 0.5,
}
_LINE = {
    melody: 6,
    scale_run: 1.5,
    arpeggio: 1.5,
    repeated: 1,
    trill: 0.7,
    held: 1,
    clusters: 0.5,
    bass_line: 0.3,
    silence: 0.3,
}
_CHORDAL = {
    block_chords: 3,
    arpeggio: 3,
    melody: 2.5,
    held: 2,
    voices: 1.5,
    repeated: 1,
    octaves: 1,
    scale_run: 1,
    clusters: 0.5,
    leaps: 1,
    pedal_point: 1,
    chorale: 1.5,
}
_SLOW = {
    held: 3,
    chorale: 4,
    pedal_point: 2,
    block_chords: 1,
    voices: 1,
}
_CONTINUOUS = {
    melody: 7,
    scale_run: 0.5,
    arpeggio: 0.7,
    repeated: 0.7,
    trill: 0.3,
    bass_line: 0.5,
    silence: 0.3,
}
_SUNG = {
    melody: 8,
    arpeggio: 0.3,
    repeated: 0.5,
    silence: 0.4,
}
_REED = {
    reed_chords: 4,
    melody: 3,
    held: 2,
    block_chords: 2,
    scale_run: 1.5,
    octaves: 1,
    voices: 1,
    repeated: 0.5,
    arpeggio: 0.5,
    pedal_point: 1,
    chorale: 1.5,
}
_BASS = {
    bass_line: 6,
    melody: 1,
    arpeggio: 1,
    repeated: 1,
    held: 1,
}

_FREEDOM = {"voice": 1.0, "strings": 0.8, "wind": 0.4, "brass": 0.5}


def pick(rng: Rng, weights: Mapping[Key, float]) -> Key:
    """Draw a key with probability proportional to the weight."""
    keys = list(weights)
    odds = np.array([weights[key] for key in keys], float)
    return keys[int(rng.choice(len(keys), p=odds / odds.sum()))]


def choose_bank(rng: Rng, banks: list[Bank], family: str, unseen: bool) -> Bank | None:
    """Draw a bank of a family: first the instrument, then the source, then a bank.

    With `unseen`, mostly held-out banks where there are any; otherwise never a held-out bank.
    """
    eligible = [bank for bank in banks if bank.instrument.family == family]
    kept = [bank for bank in eligible if bank.held_out]
    eligible = (
        kept
        if unseen and kept and rng.random() < 0.8
        else [bank for bank in eligible if not bank.held_out]
    )
    if not eligible:
        return None
    name = pick(rng, {bank.instrument.name: bank.instrument.weight for bank in eligible})
    sources = {bank.source: 1.0 for bank in eligible if bank.instrument.name == name}
    source = pick(rng, sources)
    same = [bank for bank in eligible if (bank.instrument.name, bank.source) == (name, source)]
    return same[int(rng.integers(len(same)))]


def _sections(rng: Rng, ground: Harmony) -> list[Harmony]:
    """Cut the harmony into sections of a few chords; each starts at beat 0."""
    cuts, first = [], 0
    while first < len(ground.chords):
        size = int(rng.integers(2, 9))
        cuts.append(ground.chords[first : first + size])
        first += size
    sections = []
    for chords in cuts:
        begin = chords[0].start
        moved = tuple(chord._replace(start=chord.start - begin) for chord in chords)
        sections.append(Harmony(ground.scale, moved, moved[-1].start + moved[-1].length))
    return sections


def _written(
    rng: Rng, ground: Harmony, textures: Textures, low: int, high: int, density: float
) -> list[Beat]:
    """Write textures one after the other over the whole harmony, within a range."""
    notes, begin = [], 0.0
    texture = pick(rng, textures)
    for section in _sections(rng, ground):
        if rng.random() < 0.6:
            texture = pick(rng, textures)
        for note in texture(rng, section, low, high, density):
            if note.start < section.beats:
                notes.append(note._replace(start=note.start + begin))
        begin += section.beats
    return notes


def _level(rng: Rng) -> tuple[float, float]:
    """Draw a part's mean velocity and the variation."""
    return float(rng.triangular(30, 72, 115)), float(rng.choice([0, 8, 16, 28]))


def piano(rng: Rng, banks: list[Bank], ground: Harmony, time: Clock, unseen: bool) -> Part | None:
    """Make a piano part for both hands; None if there is no bank."""
    bank = choose_bank(rng, banks, "piano", unseen)
    if bank is None:
        return None
    low, high = int(bank.pitches[0]), int(bank.pitches[-1])
    most = MAX_RATE / time.tempo
    density = float(rng.choice([0.5, 1, 1.5, 2, 3]))
    level, span = _level(rng)
    played: list[Played] = []
    if rng.random() < 0.25:
        bottom = int(rng.integers(low, max(low + 1, min(60, high - 12))))
        top = int(rng.integers(min(max(bottom + 24, 60), high), high + 1))
        hands = [(_PIANO_BOTH, bottom, top, 0.0)]
    else:
        split = int(np.clip(rng.integers(48, 68), low + 10, high - 10))
        left = (max(low, split - int(rng.integers(14, 36))), split)
        right = (split - int(rng.integers(0, 8)), min(high, split + int(rng.integers(16, 42))))
        hands = [(_LEFT, *left, float(rng.triangular(-36, -8, 6))), (_RIGHT, *right, 0.0)]
    for textures, bottom, top, louder in hands:
        busy = min(density * float(rng.choice([0.5, 1, 1.5])), most)
        notes = articulate(rng, _written(rng, ground, textures, bottom, top, busy))
        played += perform(rng, notes, time, level + louder, span)
    if rng.random() < 0.55:
        every = int(rng.choice([1, 1, 1, 2, 4]))
        changes = [time.at(chord.start) for chord in ground.chords[::every]]
        played = pedalled(rng, played, changes)
    return Part(bank, tuple(untangled(played)))


def _textures(bank: Bank) -> Textures:
    family, many = bank.instrument.family, bank.instrument.voices > 2
    if family == "reed":
        return _REED
    if family == "bass":
        return _BASS
    return _CHORDAL if many else _LINE


def player(rng: Rng, bank: Bank, ground: Harmony, time: Clock) -> Part:
    """Make a part for a bank that is not a piano."""
    low, high = int(bank.pitches[0]), int(bank.pitches[-1])
    reach = int(rng.integers(12, 34))
    low = int(rng.integers(low, max(low, high - reach) + 1))
    high = min(high, low + reach)
    density = min(float(rng.choice([0.4, 0.75, 1, 1.5, 2, 3])), MAX_RATE / time.tempo)
    rings, voices = bank.instrument.rings, bank.instrument.voices
    if not rings and voices > 2 and rng.random() < 0.3:
        notes = _written(rng, ground, _SLOW, low, high, density / 2)
    else:
        notes = articulate(rng, _written(rng, ground, _textures(bank), low, high, density))
    level, span = _level(rng)
    played = untangled(perform(rng, notes, time, level, span))
    if voices == 2:
        voices = int(rng.choice([1, 1, 2]))
    if rings and rng.random() < 0.4:
        played = untangled(pedalled(rng, played, [time.at(chord.start) for chord in ground.chords]))
    expression = float(rng.choice([0, 0.5, 1])) if not rings else 0.0
    return Part(bank, tuple(at_most(played, voices)), 0.0, expression)


def line(rng: Rng, bank: Bank, ground: Harmony, time: Clock, *, sung: bool | None = None) -> Part:
    """Make a continuous part: a singer, a bow or a wind instrument that plays one line.

    The formant singer sings half of the lines of voices unless `sung` says.
    """
    voice = bank.instrument.family == "voice"
    if sung is None:
        sung = voice and rng.random() < 0.5
    low, high = SUNG_RANGE if sung else (int(bank.pitches[0]), int(bank.pitches[-1]))
    reach = int(rng.integers(7, 24))
    low = int(rng.integers(low, max(low, high - reach) + 1))
    most = MAX_RATE / time.tempo * (0.6 if voice else 1.0)
    density = min(float(rng.choice([0.25, 0.4, 0.75, 1, 1.5, 2])), most)
    textures = _SUNG if voice else _CONTINUOUS
    notes = _written(rng, ground, textures, low, min(high, low + reach), density)
    if rng.random() < 0.3:
        notes = articulate(rng, notes)
    level, span = _level(rng)
    played = at_most(untangled(perform(rng, notes, time, level, span)), 1)
    return Part(bank, tuple(played), style=draw_style(rng, bank), sung=sung)


def draw_style(rng: Rng, bank: Bank) -> Style:
    """Draw the style of a continuous line on a bank."""
    return style(rng, _FREEDOM[bank.instrument.family])


def drums(rng: Rng, banks: list[Bank], time: Clock, ground: Harmony, unseen: bool) -> list[Part]:
    """Make a beat of a few drums of a kit, with fills."""
    bank = choose_bank(rng, banks, "drums", unseen)
    if bank is None:
        return []
    kit = rng.choice(bank.pitches, int(rng.integers(2, 7)), replace=False)
    steps = int(rng.choice([8, 12, 16]))
    pattern = rng.random((len(kit), steps)) < rng.uniform(0.05, 0.6, (len(kit), 1))
    notes = []
    for bar in range(int(ground.beats // 4) + 1):
        for row, pitch in enumerate(kit):
            for step in range(steps):
                if pattern[row, step] ^ (rng.random() < 0.04):
                    notes.append(
                        Beat(
                            bar * 4 + step * 4 / steps, 1.0, int(pitch), 10.0 if step == 0 else 0.0
                        )
                    )
    return [Part(bank, tuple(perform(rng, notes, time, 80, 10)), float(rng.uniform(-15, 3)))]
