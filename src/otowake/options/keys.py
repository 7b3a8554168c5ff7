"""Read the name of a key."""

from __future__ import annotations

import re

_KEY = re.compile(r"([A-Ga-g])(##?|bb?|♯|♭)?\s*(major|minor|maj|min|m)?", re.ASCII)
_KEY_JA = re.compile(r"([嬰変]?)([ハニホヘトイロ])([長短])調")


def key_form(words: str) -> str:
    """Return the name of a key in its usual form.

    The mode is major unless it is stated or the tonic is a small letter. Japanese names work, too.

    Raises
    ------
    ValueError
        If the words name no key.

    Examples
    --------
    >>> key_form("F#m"), key_form("bb minor"), key_form("E♭"), key_form("変ロ長調")
    ('F# minor', 'Bb minor', 'Eb major', 'Bb major')
    """
    words = words.strip()
    if japanese := _KEY_JA.fullmatch(words):
        sign, letter, mode = japanese.groups()
        tonic = "CDEFGAB"["ハニホヘトイロ".index(letter)] + {"嬰": "#", "変": "b", "": ""}[sign]
        return f"{tonic} {'major' if mode == '長' else 'minor'}"
    named = _KEY.fullmatch(words) or _KEY.fullmatch(words.capitalize().replace(" M", " m"))
    if named is None:
        raise ValueError(f"{words} is no key")
    letter, sign, mode = named.groups()
    tonic = letter.upper() + (sign or "").replace("♯", "#").replace("♭", "b")
    is_minor = mode in ("minor", "min", "m") or (mode is None and letter.islower())
    return f"{tonic} {'minor' if is_minor else 'major'}"
