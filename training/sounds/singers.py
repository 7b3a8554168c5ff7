"""Singers of the formant synthesis: kinds of voices, and random singers."""

from dataclasses import dataclass

import numpy as np

from training.music.phrases import Phrase
from training.rng import Rng
from training.sounds.phonemes import SPOKEN, TRAINED


@dataclass(frozen=True)
class Kind:
    """A kind of singer: lowest and highest median pitch (MIDI), weight, vowels, pitch of the break.

    `vowels` names a table of `TRAINED` or `SPOKEN`; `broken` is the MIDI pitch above which a
    voice that changes its register sings falsetto.
    """

    low: float
    high: float
    weight: float
    vowels: str
    broken: float = 200.0


KINDS = {
    "bass": Kind(38, 60, 1.0, "bass", 62),
    "tenor": Kind(46, 67, 1.0, "tenor", 66),
    "countertenor": Kind(55, 73, 0.4, "countertenor"),
    "alto": Kind(52, 73, 0.8, "alto", 69),
    "soprano": Kind(59, 84, 1.0, "soprano"),
    "man": Kind(38, 66, 2.5, "man", 63),
    "woman": Kind(51, 78, 2.5, "woman", 69),
    "child": Kind(57, 80, 0.8, "child"),
    "whistle": Kind(74, 98, 0.5, ""),
}
"""Kinds of singers."""


@dataclass(frozen=True)
class Singer:
    """A voice.

    Attributes
    ----------
    kind
        A key of `KINDS`.
    tract
        Factor of the formants' frequencies.
    damping
        Factor of the formants' bandwidths.
    open_quotient
        Share of the cycle in which the glottis is open, 0.4 (pressed) … 0.9 (breathy).
    tilt
        Frequency (Hz) above which the source falls by 12 instead of 6 dB per octave, at medium
        effort.
    breath
        Noise relative to the voice.
    jitter, shimmer
        Random deviations of pitch (semitones) and level from one 5-ms frame to the next.
    inhale
        Level of breaths in rests; 0 for none.
    fry
        Chance that a note before a rest ends with a creak.
    falsetto
        Whether the register changes above the kind's break.
    glide
        Standard deviation (s) of the smoothing of formants: how slowly the mouth moves.
    diction
        Level of consonants.
    """

    kind: str
    tract: float = 1.0
    damping: float = 1.0
    open_quotient: float = 0.6
    tilt: float = 900.0
    breath: float = 0.02
    jitter: float = 0.03
    shimmer: float = 0.02
    inhale: float = 0.0
    fry: float = 0.0
    falsetto: bool = False
    glide: float = 0.018
    diction: float = 1.0

    def vowels(self) -> dict[str, tuple[float, ...]]:
        """Return the formants (Hz) of the kind's vowels."""
        name = KINDS[self.kind].vowels
        return TRAINED.get(name) or SPOKEN[name]


def draw_singer(rng: Rng, phrase: Phrase) -> Singer:
    """Draw a singer whose range fits the median pitch of a phrase."""
    middle = float(np.median([note.pitch for note in phrase.notes])) if phrase.notes else 60.0
    outside = {
        name: max(kind.low - middle, middle - kind.high, 0.0) for name, kind in KINDS.items()
    }
    fitting = [name for name in KINDS if outside[name] <= min(outside.values())]
    weights = np.array([KINDS[name].weight for name in fitting])
    kind = str(rng.choice(fitting, p=weights / weights.sum()))
    trained = KINDS[kind].vowels in TRAINED
    # 0: pressed and bright, 1: breathy and dull
    soft = float(rng.beta(2, 3))
    rough = float(rng.random() < 0.15)
    return Singer(
        kind,
        tract=float(np.exp(rng.normal(0, 0.05))),
        damping=float(np.exp(rng.normal(0.1, 0.25))),
        open_quotient=float(np.clip(0.45 + 0.4 * soft + rng.normal(0, 0.05), 0.4, 0.9)),
        tilt=float(np.exp(rng.normal(np.log(1300), 0.5) - 1.2 * soft)),
        breath=float(10 ** (rng.uniform(-2.4, -1.7) + soft + 0.3 * rough)),
        jitter=float(rng.uniform(0.01, 0.05) + 0.06 * rough),
        shimmer=float(rng.uniform(0.01, 0.05) + 0.06 * rough),
        inhale=float(10 ** rng.uniform(-2.2, -0.9)) if rng.random() < 0.7 else 0.0,
        fry=0.0 if trained or rng.random() < 0.6 else float(rng.uniform(0.1, 0.7)),
        falsetto=bool(rng.random() < (0.3 if trained else 0.5)),
        glide=float(rng.uniform(0.012, 0.03)),
        diction=float(np.exp(rng.normal(-0.4, 0.5))),
    )
