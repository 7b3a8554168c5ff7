"""Lyrics of the formant singer: words, vowels, one syllable repeated, solfège, or humming."""

from dataclasses import dataclass

from training.music.phrases import Phrase
from training.rng import Rng
from training.sounds.phonemes import CONSONANTS, NASALS, SONORANTS, SUNG_VOWELS
from training.sounds.singers import Singer


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
    vowels = list(singer.vowels()) if singer.kind != "whistle" else list(SUNG_VOWELS)
    manner = _manner(rng)
    tonic = int(rng.integers(12))
    melisma = float(rng.choice([0.3, 0.7, 1.0]))
    plain = str(rng.choice(vowels))
    only = Syllable(str(rng.choice(["l", "l", "n", "d", "b", "t", "m", "y", "h"])), plain)
    nasal = str(rng.choice(NASALS))
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
