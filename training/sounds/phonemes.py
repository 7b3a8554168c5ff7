"""Phonemes of the formant singer: formants of vowels, and consonants."""

from dataclasses import dataclass

_SPOKEN_VOWELS = ["i", "ih", "eh", "ae", "a", "aw", "uh", "u", "ah", "er"]
SUNG_VOWELS = ["a", "e", "i", "o", "u"]
"""Vowels of :data:`TRAINED`."""

SPOKEN: dict[str, dict[str, tuple[float, ...]]] = {
    kind: dict(zip(_SPOKEN_VOWELS, [(*row, *upper) for row in rows], strict=True))
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
    kind: dict(zip(SUNG_VOWELS, rows, strict=True))
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

NASALS = ("m", "n", "ng")
"""Consonants that can be hummed."""
