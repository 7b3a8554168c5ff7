"""Engrave a score with Verovio: pages as SVG, and where and when each note stands in them."""

from __future__ import annotations

import gzip
import importlib.util
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np

from otowake.io.musicxml import musicxml
from otowake.music.notation.quantisation import TICKS_PER_BEAT
from otowake.music.notation.symbols import Player, Score
from otowake.report.page import Version
from otowake.types import Rhythm

TRANSPOSITIONS = {"": "C", "M2": "B♭", "M6": "E♭", "P5": "F"}
"""Intervals by which parts are written higher, and the keys of the instruments that read them."""

SCALE = 50
"""Per cent, the size of the staves."""

PAGE = (2100, 2970)
"""Tenths of a millimetre, the width and height of a page: A4."""

MARGIN_LEFT = 150
"""Tenths of a millimetre before scaling: room for Japanese names, which are wider than expected."""

LARGEST = 800_000
"""Bytes of all versions of a score together; versions beyond are left out, the full score first."""

_SVG = "{http://www.w3.org/2000/svg}"
_TRANSLATED = re.compile(r"translate\(([-\d.]+),\s*([-\d.]+)\)")


def is_available() -> bool:
    """Whether Verovio, the extra ``engraving``, is installed."""
    return importlib.util.find_spec("verovio") is not None


def engraved(score: Score, rhythm: Rhythm) -> list[Version]:
    """Engrave the full score, and each player alone in several transpositions.

    Parameters
    ----------
    score
        At least one player.
    rhythm
        The rhythm that the score follows.

    Returns
    -------
    The versions, of :data:`LARGEST` bytes at most.

    Examples
    --------
    >>> from otowake.music.notation.notate import notate
    >>> from otowake.types import Note
    >>> rhythm = Rhythm(120.0, np.arange(9) / 2)
    >>> score = notate([("Flute", [Note(0, 0.5, 60), Note(0.5, 1, 62)])], rhythm)
    >>> versions = engraved(score, rhythm)
    >>> (page,) = json.loads(gzip.decompress(versions[0].pages))
    >>> [(round(onset, 2), round(offset, 2)) for _, _, onset, offset in page["notes"]]
    [(0.0, 0.5), (0.5, 1.0)]
    """
    versions, left = [], LARGEST
    for number, players, interval in _wanted(score.players):
        pages = list(_pages(replace(score, players=players), rhythm, interval))
        packed = gzip.compress(json.dumps(pages).encode(), mtime=0)
        left -= len(packed)
        if left < 0:
            break
        versions.append(Version(number, interval, packed))
    return versions


def _wanted(players: list[Player]) -> Iterator[tuple[int, list[Player], str]]:
    if len(players) > 1:
        yield -1, players, ""
    for interval in TRANSPOSITIONS:
        for number, player in enumerate(players):
            yield number, [player], interval


def _pages(score: Score, rhythm: Rhythm, interval: str) -> Iterator[dict[str, Any]]:
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    width, height = (round(size * 100 / SCALE) for size in PAGE)
    toolkit.setOptions(
        {
            "scale": SCALE,
            "pageWidth": width,
            "pageHeight": height,
            "adjustPageHeight": True,
            "svgViewBox": True,
            "svgRemoveXlink": True,
            "pageMarginLeft": MARGIN_LEFT,
            "header": "none",
            "footer": "none",
            "transpose": interval,
            "xmlIdSeed": 1,  # the same pages for the same score
        }
    )
    if not toolkit.loadData(musicxml(score)):
        return
    times = _times(toolkit.renderToTimemap(), score, rhythm)
    for number in range(1, toolkit.getPageCount() + 1):
        svg = toolkit.renderToSVG(number)
        root = ET.fromstring(svg)
        inner = root.find(f"{_SVG}svg")
        if inner is None:
            continue
        _, _, page_width, page_height = map(float, root.attrib["viewBox"].split())
        _, _, *size = map(float, inner.attrib["viewBox"].split())
        yield {
            "svg": svg,
            "width": page_width,
            "height": page_height,
            "notes": list(_notes(inner, size, times)),
        }


def _times(
    timemap: list[Mapping[str, Any]], score: Score, rhythm: Rhythm
) -> dict[str, tuple[float, float]]:
    """Return onset and offset in the recording by the id of a note."""
    beats = np.arange(len(rhythm.beats))
    first = score.bars[0].start + score.origin

    def seconds(quarters: float) -> float:
        beat = first / TICKS_PER_BEAT + quarters / rhythm.beat_quarters
        return float(np.interp(beat, beats, rhythm.beats))

    onsets: dict[str, float] = {}
    times = {}
    for event in timemap:
        now = seconds(event["qstamp"])
        for note in event.get("off", ()):
            times[note] = (onsets.pop(note, now), now)
        onsets |= dict.fromkeys(event.get("on", ()), now)
    return times


def _notes(
    page: ET.Element, size: list[float], times: Mapping[str, tuple[float, float]]
) -> Iterator[list[float]]:
    """Yield the places and times of the notes of a page."""
    margin = page.find(f"{_SVG}g")
    moved = _TRANSLATED.search(margin.attrib.get("transform", "")) if margin is not None else None
    left, top = (float(value) for value in moved.groups()) if moved else (0.0, 0.0)
    for note in page.iterfind(f".//{_SVG}g[@class='note']"):
        head = note.find(f"./{_SVG}g[@class='notehead']/{_SVG}use")
        moved_to = head is not None and _TRANSLATED.search(head.attrib.get("transform", ""))
        if not moved_to or note.attrib["id"] not in times:
            continue
        x, y = (
            (float(value) + shift)
            for value, shift in zip(moved_to.groups(), (left, top), strict=True)
        )
        onset, offset = times[note.attrib["id"]]
        yield [round(x / size[0], 4), round(y / size[1], 4), round(onset, 3), round(offset, 3)]
