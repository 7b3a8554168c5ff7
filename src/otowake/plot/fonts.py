"""Fonts and colours of the figures, independent of the user's Matplotlib settings."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

INK = "#222222"
QUIET = "#666666"
FAINT = "#bbbbbb"
FALLBACK = "DejaVu Sans"
MISSING = "□"


@cache
def families() -> tuple[str, ...]:
    """Return the font families of all labels: the packaged Japanese font, then DejaVu Sans.

    Examples
    --------
    >>> families()[-1]
    'DejaVu Sans'
    """
    path = _japanese()
    font_manager.fontManager.addfont(path)
    return font_manager.FontProperties(fname=path).get_name(), FALLBACK


def _japanese() -> str:
    return str(files("otowake") / "data" / "NotoSansJP-subset.ttf")


@cache
def _code_points() -> frozenset[int]:
    paths = _japanese(), font_manager.findfont(FALLBACK)
    return frozenset(point for path in paths for point in FT2Font(path).get_charmap())


def drawable(words: str) -> str:
    """Put text on one line, with □ for each character that neither font has.

    Combining accents, as in file names on macOS, are composed first.

    Examples
    --------
    >>> drawable("か\\u3099っき.wav"), drawable("\\tpiano \\U0001f3b9")
    ('がっき.wav', '□piano □')
    """
    composed = unicodedata.normalize("NFC", words)
    return "".join(c if c.isprintable() and ord(c) in _code_points() else MISSING for c in composed)


def shortened(words: str, width: float) -> str:
    """Shorten text to `width` ems by an ellipsis in the middle; a kanji is one em wide.

    Examples
    --------
    >>> shortened("a_very_long_name.wav", 6)
    'a_ver…wav'
    """
    ems = [1 if unicodedata.east_asian_width(c) in "WF" else 0.6 for c in words]
    if sum(ems) <= width:
        return words
    head, tail = 0, len(words)
    room = width - 1
    while room > 0:
        if sum(ems[:head]) <= 1.5 * sum(ems[tail:]):
            room -= ems[head]
            head += room >= 0
        else:
            room -= ems[tail - 1]
            tail -= room >= 0
    return words[:head] + "…" + words[tail:]


@contextmanager
def style() -> Iterator[None]:
    """Give new texts and axes the project's look during the block.

    Examples
    --------
    >>> with style():
    ...     mpl.rcParams["font.family"][-1]
    'DejaVu Sans'
    """
    settings: dict[Any, Any] = {
        "font.family": list(families()),
        "font.size": 9,
        "font.weight": "normal",
        "text.usetex": False,
        "text.parse_math": False,
        "text.color": INK,
        "figure.facecolor": "white",
        "savefig.facecolor": "auto",
        "axes.facecolor": "white",
        "axes.edgecolor": FAINT,
        "axes.linewidth": 0.8,
        "axes.labelcolor": QUIET,
        "axes.labelsize": 9,
        "axes.titlesize": 10.5,
        "axes.titlecolor": INK,
        "axes.titlelocation": "left",
        "axes.titlepad": 5,
        "axes.grid": False,
        "axes.spines.top": True,
        "axes.spines.right": True,
    }
    for axis in "xtick", "ytick":
        settings |= {
            f"{axis}.color": FAINT,
            f"{axis}.labelcolor": QUIET,
            f"{axis}.labelsize": 9,
            f"{axis}.direction": "out",
            f"{axis}.major.size": 3.5,
            f"{axis}.minor.size": 2,
        }
    with mpl.rc_context(settings):
        yield
