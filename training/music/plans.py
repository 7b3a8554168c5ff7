"""Plans of clips: kinds of clips, and the instruments of each."""

from dataclasses import replace

import numpy as np

from training.music.harmony import Harmony, draw_harmony
from training.music.parts import Part, choose_bank, drums, line, piano, pick, player
from training.music.performance import Clock, clock
from training.rng import Rng
from training.sounds import resynthesis
from training.sounds.banks import Bank

SECONDS = 20.0
"""Length of a clip."""

KIND_SHARES = {
    "piano": 0.33,
    "reed": 0.10,
    "solo": 0.10,
    "voice": 0.12,
    "line": 0.10,
    "ensemble": 0.22,
    "distractor": 0.03,
}
"""Shares of the kinds of clips."""

_SOLO_FAMILIES = {
    "keys": 2,
    "organ": 1.5,
    "guitar": 4,
    "harp": 1,
    "bass": 0.5,
    "strings": 4,
    "pizzicato": 0.5,
    "section": 1,
    "brass": 2,
    "wind": 4,
    "voice": 1,
    "mallets": 1.5,
    "synth": 0.7,
}
_ENSEMBLE_FAMILIES = {
    "keys": 1,
    "organ": 0.7,
    "reed": 1,
    "guitar": 2,
    "harp": 0.6,
    "bass": 1.5,
    "strings": 5,
    "pizzicato": 0.5,
    "section": 1,
    "brass": 3,
    "wind": 5,
    "voice": 0.7,
    "mallets": 0.7,
    "synth": 0.4,
}
_LINE_FAMILIES = {"strings": 4, "wind": 4, "brass": 2}


def plan(rng: Rng, banks: list[Bank], unseen: bool = False, seconds: float = SECONDS) -> list[Part]:
    """Draw the parts of a clip."""
    kind = pick(rng, KIND_SHARES)
    tempo = float(np.clip(rng.lognormal(np.log(95), 0.35), 40, 220))
    ground = draw_harmony(rng, float(np.ceil(seconds * tempo / 60)))
    time = clock(rng, ground.beats, tempo)
    if kind == "distractor":
        return drums(rng, banks, time, ground, unseen) if rng.random() < 0.7 else []
    if kind == "piano":
        return [p for p in [piano(rng, banks, ground, time, unseen)] if p]
    if kind in ("reed", "solo"):
        family = "reed" if kind == "reed" else pick(rng, _SOLO_FAMILIES)
        bank = choose_bank(rng, banks, family, unseen)
        return [player(rng, bank, ground, time)] if bank else []
    if kind == "line":
        return _lines(rng, banks, ground, time, unseen, [pick(rng, _LINE_FAMILIES)])
    if kind == "voice":
        return _voices(rng, banks, ground, time, unseen)
    if rng.random() < 0.35:
        return _chamber(rng, banks, ground, time, unseen)
    return _ensemble(rng, banks, ground, time, unseen)


def _ensemble(
    rng: Rng, banks: list[Bank], ground: Harmony, time: Clock, unseen: bool
) -> list[Part]:
    size = int(rng.choice([2, 3, 4, 5, 6], p=[0.3, 0.35, 0.2, 0.1, 0.05]))
    parts = [piano(rng, banks, ground, time, unseen)] if rng.random() < 0.55 else []
    while len(parts) < size:
        bank = choose_bank(rng, banks, pick(rng, _ENSEMBLE_FAMILIES), unseen)
        continuous = bank and bank.instrument.family in resynthesis.FAMILIES and rng.random() < 0.5
        make = line if continuous else player
        parts.append(make(rng, bank, ground, time) if bank else None)
    if rng.random() < 0.2:
        parts += drums(rng, banks, time, ground, unseen)
    return _balanced(rng, [part for part in parts if part])


def _balanced(rng: Rng, parts: list[Part], low: float = -12) -> list[Part]:
    """Draw the levels of parts."""
    return [replace(part, level=float(rng.triangular(low, 0, 2))) for part in parts]


def _lines(
    rng: Rng, banks: list[Bank], ground: Harmony, time: Clock, unseen: bool, families: list[str]
) -> list[Part]:
    """Make a continuous part for each of some families that has a bank."""
    chosen = [choose_bank(rng, banks, family, unseen) for family in families]
    return [line(rng, bank, ground, time) for bank in chosen if bank]


def _chamber(rng: Rng, banks: list[Bank], ground: Harmony, time: Clock, unseen: bool) -> list[Part]:
    """Make a duet or trio of continuous parts, in half of the cases with a piano."""
    families = [pick(rng, _LINE_FAMILIES) for _ in range(int(rng.integers(2, 4)))]
    parts = _lines(rng, banks, ground, time, unseen, families)
    if rng.random() < 0.5:
        parts += [part for part in [piano(rng, banks, ground, time, unseen)] if part]
    return _balanced(rng, parts, low=-9)


def _voices(rng: Rng, banks: list[Bank], ground: Harmony, time: Clock, unseen: bool) -> list[Part]:
    """Make a solo voice, a choir of two to four, or a voice with one or two instruments."""
    kind = pick(rng, {"solo": 0.45, "choir": 0.2, "accompanied": 0.35})
    count = int(rng.integers(2, 5)) if kind == "choir" else 1
    parts = _lines(rng, banks, ground, time, unseen, ["voice"] * count)
    if kind == "accompanied":
        for family in ("piano", "guitar", "keys", "bass", "organ"):
            if rng.random() > (0.5 if family in ("piano", "guitar") else 0.15):
                continue
            if family == "piano":
                parts += [p for p in [piano(rng, banks, ground, time, unseen)] if p]
            elif bank := choose_bank(rng, banks, family, unseen):
                parts.append(player(rng, bank, ground, time))
    return _balanced(rng, parts, low=-9) if len(parts) > 1 else parts
