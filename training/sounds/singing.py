"""A formant singer: phrases sung by source and filter, with words, breath and registers.

The source is a band-limited pulse train with the spectrum of the glottal flow's derivative (a
glottal formant and a spectral tilt; Doval, d'Alessandro and Henrich, "The spectrum of glottal flow
models", Acta Acustica 92, 2006), and breath noise that follows the glottal cycle. The filter is a
cascade of formants, and an antiformant in nasals (Klatt, "Software for a cascade/parallel formant
synthesizer", JASA 67, 1980), constant over frames that overlap.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from training.music.phrases import STEP, Phrase, SungNote
from training.rng import Rng
from training.sounds.samples import RATE, Wave

TAIL = 0.25
"""Seconds after the end of a phrase."""

LOUD = 0.2
"""Root mean square of a voice at level 1."""

HOP = 220
"""Samples from one frame of the filter to the next."""

SIZE = 2048
"""Length of the Fourier transform of a frame, samples."""

AHEAD_OF_FRAME = 400
"""Samples of the transform before a frame, for the part of the response before time 0."""

TOP = 9800.0
"""Highest harmonic, Hz."""

Curve = NDArray[np.float64]

_P_AND_B = ["i", "ih", "eh", "ae", "a", "aw", "uh", "u", "ah", "er"]
_SUNG = ["a", "e", "i", "o", "u"]

SPOKEN: dict[str, dict[str, tuple[float, ...]]] = {
    kind: dict(zip(_P_AND_B, [(*row, *upper) for row in rows], strict=True))
    for kind, upper, rows in (
        (
            "man",
            (3500, 4500),
            (
                (270, 2290, 3010), (390, 1990, 2550), (530, 1840, 2480), (660, 1720, 2410),
                (730, 1090, 2440), (570, 840, 2410), (440, 1020, 2240), (300, 870, 2240),
                (640, 1190, 2390), (490, 1350, 1690),
            ),
        ),
        (
            "woman",
            (4100, 5200),
            (
                (310, 2790, 3310), (430, 2480, 3070), (610, 2330, 2990), (860, 2050, 2850),
                (850, 1220, 2810), (590, 920, 2710), (470, 1160, 2680), (370, 950, 2670),
                (760, 1400, 2780), (500, 1640, 1960),
            ),
        ),
        (
            "child",
            (4600, 5900),
            (
                (370, 3200, 3730), (530, 2730, 3600), (690, 2610, 3570), (1010, 2320, 3320),
                (1030, 1370, 3170), (680, 1060, 3180), (560, 1410, 3310), (430, 1170, 3260),
                (850, 1590, 3360), (560, 1820, 2160),
            ),
        ),
    )
}  # fmt: skip
"""Formants (Hz) of spoken vowels, the means of Peterson and Barney, JASA 24, 1952; F4 and F5 added.

The vowels: heed, hid, head, had, hod, hawed, hood, who'd, hud and the one of bird.
"""

TRAINED: dict[str, dict[str, tuple[float, ...]]] = {
    kind: dict(zip(_SUNG, rows, strict=True))
    for kind, rows in (
        (
            "bass",
            (
                (600, 1040, 2250, 2450, 2750), (400, 1620, 2400, 2800, 3100),
                (250, 1750, 2600, 3050, 3340), (400, 750, 2400, 2600, 2900),
                (350, 600, 2400, 2675, 2950),
            ),
        ),
        (
            "tenor",
            (
                (650, 1080, 2650, 2900, 3250), (400, 1700, 2600, 3200, 3580),
                (290, 1870, 2800, 3250, 3540), (400, 800, 2600, 2800, 3000),
                (350, 600, 2700, 2900, 3300),
            ),
        ),
        (
            "countertenor",
            (
                (660, 1120, 2750, 3000, 3350), (440, 1800, 2700, 3000, 3300),
                (270, 1850, 2900, 3350, 3590), (430, 820, 2700, 3000, 3300),
                (370, 630, 2750, 3000, 3400),
            ),
        ),
        (
            "alto",
            (
                (800, 1150, 2800, 3500, 4950), (400, 1600, 2700, 3300, 4950),
                (350, 1700, 2700, 3700, 4950), (450, 800, 2830, 3500, 4950),
                (325, 700, 2530, 3500, 4950),
            ),
        ),
        (
            "soprano",
            (
                (800, 1150, 2900, 3900, 4950), (350, 2000, 2800, 3600, 4950),
                (270, 2140, 2950, 3900, 4950), (450, 800, 2830, 3800, 4950),
                (325, 700, 2700, 3800, 4950),
            ),
        ),
    )
}  # fmt: skip
"""Formants (Hz) of sung vowels, as in the Csound manual, appendix D.

In men the third to fifth are close together: the singer's formant (Sundberg, "The Science of the
Singing Voice", 1987).
"""


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


@dataclass(frozen=True)
class Consonant:
    """A consonant before a vowel.

    Attributes
    ----------
    formants
        F1–F3 (Hz) of a man: Klatt (1980), tables II and III; the first formant of nasals and
        their antiformants: Fujimura, "Analysis of nasal consonants", JASA 34, 1962.
    seconds
        Range of its duration.
    voice
        Level of the voice in it, relative to the vowel.
    burst
        Centre (Hz) of its noise; 0 for none.
    width
        Standard deviation of the noise's spectrum in octaves.
    noise
        Level of the noise, relative to the vowel.
    closure
        Share of the duration, from its beginning, without noise.
    zero
        Frequency (Hz) of the antiformant of a nasal; 0 for none.
    """

    formants: tuple[float, float, float]
    seconds: tuple[float, float]
    voice: float = 0.0
    burst: float = 0.0
    width: float = 0.5
    noise: float = 0.0
    closure: float = 0.0
    zero: float = 0.0


CONSONANTS = {
    "p": Consonant((400, 1100, 2150), (0.05, 0.13), 0, 900, 0.9, 0.25, 0.7),
    "t": Consonant((400, 1600, 2600), (0.05, 0.14), 0, 4500, 0.5, 0.4, 0.6),
    "k": Consonant((300, 1990, 2850), (0.06, 0.14), 0, 1900, 0.4, 0.35, 0.6),
    "b": Consonant((200, 1100, 2150), (0.04, 0.1), 0.15, 800, 0.9, 0.15, 0.85),
    "d": Consonant((200, 1600, 2600), (0.04, 0.09), 0.15, 4000, 0.6, 0.15, 0.85),
    "g": Consonant((200, 1990, 2850), (0.04, 0.1), 0.15, 1900, 0.5, 0.15, 0.8),
    "f": Consonant((340, 1100, 2080), (0.06, 0.14), 0, 7000, 1.3, 0.1),
    "s": Consonant((320, 1390, 2530), (0.07, 0.18), 0, 6800, 0.4, 0.35),
    "sh": Consonant((300, 1840, 2750), (0.07, 0.18), 0, 3300, 0.45, 0.4),
    "ts": Consonant((320, 1390, 2530), (0.08, 0.17), 0, 6500, 0.45, 0.4, 0.45),
    "ch": Consonant((300, 1840, 2750), (0.08, 0.17), 0, 3300, 0.5, 0.45, 0.45),
    "h": Consonant((500, 1500, 2500), (0.04, 0.13), 0, 1300, 1.1, 0.15),
    "v": Consonant((220, 1100, 2080), (0.04, 0.1), 0.35, 6000, 1.2, 0.05),
    "z": Consonant((240, 1390, 2530), (0.05, 0.12), 0.3, 6500, 0.5, 0.15),
    "m": Consonant((280, 1270, 2130), (0.05, 0.15), 0.4, zero=750),
    "n": Consonant((280, 1340, 2470), (0.05, 0.13), 0.4, zero=1450),
    "ng": Consonant((280, 1900, 2800), (0.05, 0.13), 0.35, zero=3000),
    "l": Consonant((310, 1050, 2880), (0.04, 0.12), 0.55),
    "r": Consonant((310, 1060, 1380), (0.04, 0.12), 0.5),
    "w": Consonant((290, 610, 2150), (0.04, 0.12), 0.5),
    "y": Consonant((260, 2070, 3020), (0.04, 0.12), 0.5),
}
"""Consonants at the beginning of syllables."""

SONORANTS = ["m", "n", "ng", "l", "r", "w", "y"]
"""Consonants that are sung: they lie before and after the onset."""

CLOSED = ("m", "n", "ng")

NASAL_BANDWIDTH = 300.0
"""Bandwidth of the antiformant, Hz."""


@dataclass(frozen=True)
class Syllable:
    """What a singer sings to a note: a consonant, or ""; and a vowel, or a nasal when humming.

    A second vowel ends a diphthong.
    """

    consonant: str
    vowel: str
    second: str = ""


Lyrics = tuple[Syllable, ...]
"""Syllables, one for each note of a phrase."""


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


_SOLFEGE = (
    ("d", "o"), ("d", "i"), ("r", "e"), ("r", "i"), ("m", "i"), ("f", "a"),
    ("f", "i"), ("s", "o"), ("s", "i"), ("l", "a"), ("l", "i"), ("t", "i"),
)  # fmt: skip
_STANDINS = {"e": "eh", "o": "aw"}


def _manner(rng: Rng) -> str:
    manners = {"words": 0.5, "vowels": 0.15, "one": 0.15, "solfege": 0.1, "hum": 0.1}
    return str(rng.choice(list(manners), p=list(manners.values())))


def draw_lyrics(rng: Rng, phrase: Phrase, singer: Singer) -> Lyrics:
    """Draw the syllables: words, vowels, one syllable repeated, solfège, or humming.

    Slurred notes mostly keep the vowel of the note before, without a consonant.
    """
    vowels = list(singer.vowels()) if singer.kind != "whistle" else list(_SUNG)
    manner = _manner(rng)
    tonic = int(rng.integers(12))
    melisma = float(rng.choice([0.3, 0.7, 1.0]))
    plain = str(rng.choice(vowels))
    only = Syllable(str(rng.choice(["l", "l", "n", "d", "b", "t", "m", "y", "h"])), plain)
    nasal = str(rng.choice(CLOSED))
    syllables: list[Syllable] = []
    for note in phrase.notes:
        slurred = bool(syllables) and note.legato
        if slurred and rng.random() < melisma:
            syllables.append(Syllable("", syllables[-1].second or syllables[-1].vowel))
        elif manner == "hum":
            syllables.append(Syllable("h" if rng.random() < 0.2 else "", nasal))
        elif manner == "one":
            syllables.append(only)
        elif manner == "vowels":
            same = rng.random() < 0.6
            syllables.append(Syllable("", plain if same else str(rng.choice(vowels))))
        elif manner == "solfege":
            consonant, vowel = _SOLFEGE[(round(note.pitch) - tonic) % 12]
            syllables.append(
                Syllable(consonant, vowel if vowel in vowels else _STANDINS.get(vowel, "a"))
            )
        else:
            pool = SONORANTS if slurred else list(CONSONANTS)
            consonant = "" if rng.random() < 0.15 else str(rng.choice(pool))
            second = str(rng.choice(vowels)) if rng.random() < 0.12 else ""
            syllables.append(Syllable(consonant, str(rng.choice(vowels)), second))
    return tuple(syllables)


def render(
    rng: Rng, phrase: Phrase, singer: Singer | None = None, lyrics: Lyrics | None = None
) -> Wave:
    """Sing a phrase.

    Consonants precede the onset, sonorant ones also follow it; the vowel begins at the onset. For a
    choir, several singers sing the same lyrics; for a doubling, one singer sings twice.

    Parameters
    ----------
    rng
        Draws the singer and the lyrics if they are not given, and all that varies.
    phrase
        Pitch, level and notes. Time 0 is the first sample.

    Returns
    -------
    Wave
        Shape (sample,) at `RATE`: the phrase and `TAIL` seconds. The root mean square is about
        `LOUD` where the level is 1.

    Examples
    --------
    >>> note = SungNote(0.1, 0.4, 60.0, 80, False)
    >>> level = np.r_[np.zeros(20), np.full(60, 0.5), np.zeros(20)].astype(np.float32)
    >>> wave = render(np.random.default_rng(0), Phrase(np.full(100, 60.0), level, (note,)))
    >>> wave.shape, wave.dtype
    ((16537,), dtype('float32'))
    """
    singer = singer or draw_singer(rng, phrase)
    pitch = _filled(phrase.pitch) + singer.jitter * rng.standard_normal(len(phrase.pitch))
    length = int(len(pitch) * STEP * RATE) + int(TAIL * RATE)
    if singer.kind == "whistle":
        return _whistle(rng, pitch, phrase, length)
    lyrics = lyrics or draw_lyrics(rng, phrase, singer)
    return _Performance(rng, phrase, singer, pitch, length).sing(lyrics)


def _filled(pitch: Curve) -> Curve:
    """Return the pitch with values that are not finite interpolated."""
    known = np.flatnonzero(np.isfinite(pitch))
    if len(known) == 0:
        return np.full(len(pitch), 60.0)
    return np.interp(np.arange(len(pitch)), known, np.asarray(pitch, float)[known])


def _sampled(curve: Curve, length: int) -> Curve:
    """Interpolate a curve of 5-ms frames at the samples; it keeps its last value."""
    return np.interp(np.arange(length) / (STEP * RATE), np.arange(len(curve)), curve)


def _phase(pitch: Curve, length: int) -> tuple[Curve, Curve]:
    """Return frequency (Hz) and phase (radians) at the samples."""
    hertz = _sampled(440 * 2 ** ((pitch - 69) / 12), length)
    return hertz, 2 * np.pi * np.cumsum(hertz) / RATE


def _pulses(hertz: Curve, phase: Curve) -> Curve:
    """Sum all harmonics up to `TOP` at amplitude 1, the last with a fraction, in closed form."""
    count = np.floor(TOP / hertz)
    below = np.sin(phase / 2)
    near = np.abs(below) < 1e-6
    kernel = np.sin((count + 0.5) * phase) / np.where(near, 1, below)
    total = np.where(near, count, 0.5 * (kernel - 1))
    return total + (TOP / hertz - count) * np.cos((count + 1) * phase)


def _whistle(rng: Rng, pitch: Curve, phrase: Phrase, length: int) -> Wave:
    """Whistle: a nearly pure tone in noise that the same resonance shapes."""
    _, phase = _phase(pitch, length)
    level = np.append(np.asarray(phrase.level, float), 0)
    loud = _sampled(level, length)
    second, wind = 10 ** rng.uniform(-2, -1.2), 10 ** rng.uniform(-2, -0.9)
    # slow noise times the tone is a band of noise around it
    slow = gaussian_filter1d(rng.standard_normal((2, length)), RATE / 1500)
    slow /= slow.std() + 1e-9
    tone = np.sin(phase) + second * np.sin(2 * phase + rng.uniform(0, 6))
    noise = slow[0] * np.sin(phase) + slow[1] * np.cos(phase)
    hiss = 0.1 * np.diff(rng.standard_normal(length + 1))
    wave = np.sqrt(2) * LOUD * (loud * tone + wind * loud**0.7 * (noise + hiss))
    return wave.astype(np.float32)


class _Performance:
    """A phrase in the making: curves of 5-ms frames that the syllables change, then the sound."""

    def __init__(self, rng: Rng, phrase: Phrase, singer: Singer, pitch: Curve, length: int) -> None:
        self.rng, self.phrase, self.singer = rng, phrase, singer
        self.pitch, self.length = pitch, length
        frames = len(pitch)
        self.level = np.asarray(phrase.level, float)
        self.voice = self.level.copy()
        self.breath = np.full(frames, singer.breath)
        self.formants = np.full((frames, 5), np.nan)
        self.zero = np.full(frames, np.nan)
        self.nasal = np.zeros(frames)
        self.creak = np.zeros(frames)
        self.effort = np.full(frames, 0.5)
        self.falsetto = np.zeros(frames)
        self.noise = np.zeros(length)
        self.man = SPOKEN["man"]["ah"][2] / np.mean([f[2] for f in singer.vowels().values()])

    def sing(self, lyrics: Lyrics) -> Wave:
        """Return the sound of the syllables."""
        notes = self.phrase.notes
        for index, (note, syllable) in enumerate(zip(notes, lyrics, strict=True)):
            before = notes[index - 1] if index else None
            after = notes[index + 1] if index + 1 < len(notes) else None
            self._note(note, syllable, after)
            if syllable.consonant:
                self._consonant(note, CONSONANTS[syllable.consonant], syllable.consonant, before)
            rest = (after.onset_s if after else len(self.pitch) * STEP) - note.offset_s
            if rest > 0.15 and self.rng.random() < self.singer.fry:
                self._end_in_creak(note)
            start = before.offset_s if before else 0.0
            if self.singer.inhale and note.onset_s - start > 0.35 and self.rng.random() < 0.8:
                self._inhale(start, note.onset_s)
        return self._sound()

    def _frame(self, seconds: float) -> int:
        return int(np.clip(round(seconds / STEP), 0, len(self.pitch)))

    def _shape(self, name: str) -> Curve:
        """Return the logarithms of the formants of a vowel or of a hummed nasal."""
        if name in CLOSED:
            middle = np.array([*CONSONANTS[name].formants, 3500, 4500]) / self.man
        else:
            middle = np.array(self.singer.vowels()[name])
        return np.log(middle * self.singer.tract * np.exp(self.rng.normal(0, 0.025, 5)))

    def _close(self, span: slice, zero: float) -> None:
        """Close the mouth for a nasal: an antiformant, and less of all above the first formant."""
        self.zero[span] = np.log(zero * self.singer.tract / self.man)
        self.nasal[span] = 1

    def _note(self, note: SungNote, syllable: Syllable, after: SungNote | None) -> None:
        start, stop = self._frame(note.onset_s), self._frame(note.offset_s)
        if after:
            stop = max(stop, self._frame(min(after.onset_s, note.offset_s + 0.3)))
        span = slice(start, stop)
        self.formants[span] = self._shape(syllable.vowel)
        if syllable.vowel in CLOSED:
            self._close(span, CONSONANTS[syllable.vowel].zero)
        if syllable.second:
            self.formants[start + (stop - start) * 6 // 10 : stop] = self._shape(syllable.second)
        broken = self.singer.falsetto and note.pitch > KINDS[self.singer.kind].broken
        self.falsetto[span] = broken
        self.effort[span] = 0.6 * note.velocity / 127 + 0.4 * self.level[span]

    def _consonant(
        self, note: SungNote, consonant: Consonant, name: str, before: SungNote | None
    ) -> None:
        start = before.onset_s + 0.6 * (note.onset_s - before.onset_s) if before else 0.0
        seconds = float(self.rng.uniform(*consonant.seconds))
        late = seconds * self.rng.uniform(0, 0.6) if name in SONORANTS else 0.0
        late = min(late, 0.25 * (note.offset_s - note.onset_s))
        end = note.onset_s + late
        begin = max(start, end - seconds)
        span = slice(self._frame(begin), self._frame(end))
        if span.stop <= span.start:
            return
        onset = self._frame(note.onset_s)
        loud = float(self.level[onset + 4 : onset + 30].max(initial=0))
        hertz = np.array([*consonant.formants, 3500, 4500]) * self.singer.tract / self.man
        self.formants[span] = np.log(hertz)
        self.effort[span] = self.effort[min(onset, len(self.effort) - 1)]
        if consonant.zero:
            self._close(span, consonant.zero)
        dip = consonant.voice * self.rng.uniform(0.6, 1.3)
        # a slow attack follows a soft consonant
        soon = float(self.level[onset + 4 : onset + 12].max(initial=0))
        self.voice[span.start : onset] = soon * dip
        self.voice[onset : span.stop] *= np.sqrt(dip)
        if consonant.noise:
            begin += consonant.closure * (end - begin)
            self._hiss(begin, end, consonant, loud * consonant.noise * self.singer.diction)

    def _hiss(self, begin: float, end: float, consonant: Consonant, level: float) -> None:
        """Add the noise of a consonant, which ends within 15 ms after the vowel begins."""
        start, size = int(begin * RATE), int((end - begin + 0.015) * RATE)
        size = min(size, self.length - start)
        if size < 32:
            return
        rise = 0.001 if consonant.closure else min(0.03, (end - begin) / 2)
        fall = 0.015 if not consonant.closure else min(0.02, (end - begin) / 2)
        time = np.arange(size) / RATE
        shape = np.clip(time / rise, 0, 1) * np.clip((size / RATE - time) / fall, 0, 1)
        centre = consonant.burst * (self.singer.tract / self.man) ** 0.5
        self.noise[start : start + size] += (
            level * LOUD * shape * self._coloured(size, [(float(centre), consonant.width, 1.0)])
        )

    def _coloured(self, size: int, bands: list[tuple[float, float, float]]) -> Curve:
        """Return noise of unit level in bands: centre (Hz), deviation in octaves, gain."""
        spectrum = np.fft.rfft(self.rng.standard_normal(size))
        octaves = np.log2(np.maximum(np.fft.rfftfreq(size, 1 / RATE), 20))
        gain = np.zeros(len(octaves))
        for centre, width, loud in bands:
            gain += loud * np.exp(-(((octaves - np.log2(centre)) / width) ** 2) / 2)
        made = np.fft.irfft(spectrum * (gain + 0.003), size)
        return made / (made.std() + 1e-9)

    def _end_in_creak(self, note: SungNote) -> None:
        stop = self._frame(note.offset_s)
        start = max(self._frame(note.onset_s + 0.1), stop - int(self.rng.integers(12, 40)))
        if stop > start:
            self.creak[start:stop] = np.linspace(0, self.rng.uniform(0.5, 1), stop - start)

    def _inhale(self, start: float, end: float) -> None:
        """Breathe in, or now and then out, in a rest: noise through an open mouth."""
        seconds = min(float(self.rng.uniform(0.2, 0.7)), end - start - 0.1)
        out = self.rng.random() < 0.2
        begin = start + 0.03 if out else end - seconds - self.rng.uniform(0.03, 0.1)
        first, size = int(begin * RATE), int(seconds * RATE)
        size = min(size, self.length - first)
        ramp = np.arange(size) / max(size, 1)
        shape = np.sin(np.pi * (1 - ramp if out else ramp) ** self.rng.uniform(0.6, 1.6)) ** 1.3
        scale = self.singer.tract / self.man
        bands = [
            (float(self.rng.uniform(*edges) * scale), float(self.rng.uniform(0.15, 0.5)), gain)
            for edges, gain in (((900, 1700), 1.0), ((1900, 2900), 0.8), ((4000, 6500), 0.4))
        ]
        self.noise[first : first + size] += (
            self.singer.inhale * LOUD * shape * self._coloured(size, bands)
        )

    def _sound(self) -> Wave:
        hertz, phase = _phase(self.pitch, self.length)
        shimmer = 1 + self.singer.shimmer * self.rng.standard_normal(len(self.voice))
        voice = _sampled(np.append(self.voice * shimmer, 0), self.length)
        source = voice * _pulses(hertz, phase)
        if self.creak.any():
            # every second pulse weakens: an octave below
            source *= 1 + _sampled(np.append(self.creak, 0), self.length) * np.cos(phase / 2)
        flow = 0.35 + 0.65 * (0.5 + 0.5 * np.cos(phase + 1)) ** 2
        breath = (1 + 3 * self.falsetto) * self.breath
        # from soft to loud the noise rises less than the voice
        airy = _sampled(np.append(breath * self.voice**0.7, 0), self.length)
        aspiration = airy * flow * self.rng.standard_normal(self.length)
        return (self._filtered(source, aspiration) + self.noise).astype(np.float32)

    def _filtered(self, source: Curve, aspiration: Curve) -> Curve:
        """Send source and noise through the vocal tract, in overlapping frames."""
        count = self.length // HOP + 2
        clock = np.minimum(np.arange(count) * HOP / RATE / STEP, len(self.pitch) - 1)
        glottis, tract = self._responses(clock)
        window = np.hanning(2 * HOP + 1)[:-1].astype(np.float32)
        spectra = []
        for signal in (source, aspiration):
            padded = np.zeros((count + 1) * HOP, np.float32)
            padded[HOP : HOP + self.length] = signal
            framed = np.lib.stride_tricks.sliding_window_view(padded, 2 * HOP)[::HOP]
            spectra.append(np.fft.rfft(framed * window, SIZE, axis=1))
        frames = np.fft.irfft((spectra[0] * glottis + spectra[1]) * tract, SIZE, axis=1)
        out = np.zeros((count + 1) * HOP + SIZE)
        for index, frame in enumerate(np.roll(frames, AHEAD_OF_FRAME, axis=1)):
            out[index * HOP : index * HOP + SIZE] += frame
        begin = HOP + AHEAD_OF_FRAME
        return out[begin : begin + self.length]

    def _responses(self, clock: Curve) -> tuple[NDArray[np.float32], NDArray[np.complex64]]:
        """Return the glottal response and that of the tract, (frame, frequency).

        The voice gets the level `LOUD`; formants reduce or raise it a little, as vowels do.
        """
        blur = self.singer.glide / STEP

        def at(curve: Curve, smooth: float = blur) -> Curve:
            smoothed = gaussian_filter1d(curve, smooth, mode="nearest")
            return np.interp(clock, np.arange(len(curve)), smoothed)

        pitch_hertz = 440 * 2 ** ((at(self.pitch, 1.0) - 69) / 12)
        formants = np.exp(np.stack([at(_filled(row)) for row in self.formants.T], axis=1))
        # singers open the mouth so that the first formant does not lie below the pitch
        formants[:, 0] = np.maximum(formants[:, 0], 1.03 * pitch_hertz)
        for index in range(1, 5):
            formants[:, index] = np.maximum(formants[:, index], formants[:, index - 1] + 180)
        tract = _cascade(formants, self.singer.damping) * self._upper()
        if self.nasal.any():
            tract = tract * _antiformant(np.exp(at(_filled(self.zero))), at(self.nasal))
        glottis = self._glottis(pitch_hertz, at(self.effort, 6.0), at(self.falsetto, 4.0))
        number = np.arange(1, 13)
        bins = np.rint(pitch_hertz[:, None] * number * SIZE / RATE).astype(int)
        rows = np.arange(len(bins))[:, None]
        bins = np.minimum(bins, SIZE // 2)
        size = np.abs(tract[rows, bins]) * glottis[rows, bins]
        power = (size**2 * (pitch_hertz[:, None] * number < TOP)).sum(axis=1) / 2
        usual = np.exp(np.mean(np.log(power + 1e-12)))
        gain = LOUD / np.sqrt(power**0.75 * usual**0.25)
        # noise of the level 1 is as loud as the voice: both have the tract's gain
        noise = LOUD / np.sqrt(np.mean(np.abs(tract) ** 2, axis=1) + 1e-12)
        glottis *= (gain / noise)[:, None]
        return glottis.astype(np.float32), (tract * noise[:, None]).astype(np.complex64)

    def _upper(self) -> NDArray[np.complex128]:
        """Return the response of the formants above the fifth, those of a uniform tube."""
        scale = self.singer.tract / self.man
        fifth = np.mean([formants[4] for formants in self.singer.vowels().values()])
        lowest = fifth * self.singer.tract + 700 * scale
        hertz = np.arange(lowest, 10400.0, 1000.0 * scale)[None]
        return _cascade(hertz, 1.5 * self.singer.damping)

    def _glottis(self, hertz: Curve, effort: Curve, falsetto: Curve) -> Curve:
        """Return the magnitude spectrum of the flow's derivative, (frame, frequency)."""
        quotient = np.clip(self.singer.open_quotient - 0.3 * (effort - 0.5), 0.4, 0.9)
        quotient += falsetto * (0.9 - quotient)
        formant = (0.75 / quotient * hertz)[:, None]
        tilt = self.singer.tilt * 2 ** (4 * (effort - 0.5) - 1.5 * falsetto)
        tilt = np.maximum(tilt, 0.6 * hertz)[:, None]
        frequency = np.maximum(np.fft.rfftfreq(SIZE, 1 / RATE), 10)[None].astype(np.float32)
        ratio = (frequency / formant.astype(np.float32)) ** 2
        resonance = np.sqrt(ratio / ((1 - ratio) ** 2 + ratio))
        return resonance / np.sqrt(1 + (frequency / tilt.astype(np.float32)) ** 2)


def bandwidth(hertz: Curve) -> Curve:
    """Return the bandwidths (Hz) of formants: Fant (1972), at most 250 Hz above 3 kHz.

    Examples
    --------
    >>> bandwidth(np.array([500.0, 1000.0])).round()
    array([40., 52.])
    """
    ratio = hertz / 500
    return np.minimum(15 / ratio**2 + 20 * np.sqrt(ratio) + 5 * ratio**2, 250)


def _cascade(hertz: Curve, damping: float) -> NDArray[np.complex128]:
    """Return the response (frame, frequency) of resonators in series, each 1 at 0 Hz."""
    radius = np.exp(-np.pi * damping * bandwidth(hertz) / RATE)
    turn = -2 * radius * np.cos(2 * np.pi * hertz / RATE)
    denominator = np.ones((len(hertz), 1))
    for index in range(hertz.shape[1]):
        longer = np.zeros((len(hertz), denominator.shape[1] + 2))
        longer[:, :-2] += denominator
        longer[:, 1:-1] += turn[:, index : index + 1] * denominator
        longer[:, 2:] += radius[:, index : index + 1] ** 2 * denominator
        denominator = longer / (1 + turn[:, index] + radius[:, index] ** 2)[:, None]
    return 1 / np.fft.rfft(denominator, SIZE, axis=1)


def _antiformant(hertz: Curve, depth: Curve) -> NDArray[np.complex128]:
    """Return the response of a zero, 1 at 0 Hz and limited above; `depth` 0 … 1 mixes it in."""
    radius = np.exp(-np.pi * NASAL_BANDWIDTH / RATE)
    poly = np.stack(
        [
            np.ones(len(hertz)),
            -2 * radius * np.cos(2 * np.pi * hertz / RATE),
            np.full(len(hertz), radius**2),
        ],
        axis=1,
    )
    zero = np.fft.rfft(poly / poly.sum(axis=1, keepdims=True), SIZE, axis=1)
    # two real poles take back the zero's rise of 12 dB per octave, a third dulls the murmur
    frequency = np.fft.rfftfreq(SIZE, 1 / RATE)[None]
    zero /= (1 + (frequency / hertz[:, None]) ** 2) * (1 + (frequency / 600) ** 2) ** 0.5
    return 1 + depth[:, None] * (zero - 1)
