"""The page: template, style, program and content in one file without external requests."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal, NamedTuple

from otowake.plot.animation import Snapshots
from otowake.report.content import content_of
from otowake.text import Language, Text
from otowake.text.report import WORDS
from otowake.types import Analysis

SCRIPTS = (
    "core",
    "player",
    "chart",
    "overview",
    "roll",
    "score",
    "panels",
    "course",
    "tables",
    "main",
)
"""The files of the program, in the order in which the page contains them."""

STRETCH = "vendor/signalsmith-stretch"
"""The library that keeps or changes the pitch, a script of its own."""

POLICY = (
    "default-src 'none'; script-src '{script}' '{stretch}' data: 'wasm-unsafe-eval'; "
    "style-src '{style}'; img-src data: blob:; "
    "media-src data: blob: file: 'self'; base-uri 'none'; form-action 'none'"
)
"""The page may load only itself, its audio worklet, and audio from its folder."""


@dataclass(frozen=True)
class Track:
    """A sound: the recording, its synthesised notes, a part, the rest, or a component.

    `index` counts parts or components from 0. The audio is `data` (FLAC) or the file at `link`,
    relative to the page; `original` is the file in full quality. `peaks` are those of equal parts
    of the length, a byte each, on a scale of square roots.
    """

    kind: Literal["mixture", "notes", "part", "other", "component"]
    index: int = 0
    data: bytes | None = None
    link: str | None = None
    original: str | None = None
    peaks: bytes = b""


@dataclass(frozen=True)
class File:
    """A download: its content, or its path relative to the page."""

    name: str
    what: Text
    data: bytes | None = None
    link: str | None = None


class Version(NamedTuple):
    """A version of a score.

    Attributes
    ----------
    player
        The index of the player, -1 for all.
    interval
        How much higher than it sounds it is written, such as ``"M2"``; empty for concert pitch.
    pages
        JSON, compressed by gzip: a list of pages with ``svg``, ``width``, ``height``, and
        ``notes``: position from left and top in shares of the page, onset and offset in seconds.
    """

    player: int
    interval: str
    pages: bytes


class EngravedScore(NamedTuple):
    """A score by player: the names of the players, and the versions that can be shown."""

    players: list[str]
    versions: list[Version]


def page(
    analysis: Analysis,
    tracks: Sequence[Track] = (),
    offered: Sequence[File] = (),
    *,
    snapshots: Snapshots | None = None,
    score: EngravedScore | None = None,
    language: Language = "en",
) -> str:
    """Make the HTML page of an analysis, in both languages.

    Parameters
    ----------
    analysis
        The page shows the stages that it has.
    tracks
        The sounds of the player.
    offered
        The downloads.
    snapshots
        Of the learning, if there are any; otherwise the page shows its start and its end.
    score
        The engraved score; without versions the page tells how to see it.
    language
        The language that the page opens in.

    Examples
    --------
    >>> import otowake
    >>> audio = otowake.load(otowake.demo_path(), duration=2)
    >>> text = page(otowake.analyse(audio, stages=["notes"]))
    >>> own = text.replace(_asset(f"{STRETCH}.js"), "")
    >>> own.startswith("<!doctype html>"), "http://" in own or "https://" in own
    (True, False)
    """
    content = content_of(analysis, snapshots, language)
    content["tracks"] = [
        {
            "kind": track.kind,
            "index": track.index,
            "link": track.link,
            "original": track.original,
            "embedded": track.data is not None,
            "peaks": _base64(track.peaks),
        }
        for track in tracks
    ]
    if score is not None:
        content["scorePlayers"] = score.players
        content["score"] = [
            {**version._asdict(), "pages": _base64(version.pages)} for version in score.versions
        ]
    content["files"] = [
        {
            "name": file.name,
            "what": file.what._asdict(),
            "link": file.link,
            "data": None if file.data is None else _base64(file.data),
        }
        for file in offered
    ]
    sounds = "\n".join(
        f'<script type="text/plain" id="sound-{number}">{_base64(track.data)}</script>'
        for number, track in enumerate(tracks)
        if track.data is not None
    )
    style = _asset("report.css")
    script = (
        '"use strict";\n(() => {\n'
        + "\n".join(_asset(f"{name}.js") for name in SCRIPTS)
        + "\n})();\n"
    )
    stretch = _asset(f"{STRETCH}.js")
    digests = {"script": _digest(script), "stretch": _digest(stretch), "style": _digest(style)}
    parts = {
        "language": language,
        "policy": html.escape(POLICY.format(**digests)),
        "title": html.escape(str(content["name"])),
        "noscript": html.escape(" ".join(WORDS["noscript"])),
        "style": style,
        "script": script,
        "stretch": stretch,
        "data": _json(content),
        "sounds": sounds,
    }
    pieces = _asset("report.html").split("{{")
    rest = (piece.split("}}", 1) for piece in pieces[1:])
    return pieces[0] + "".join(parts[name] + after for name, after in rest)


def _asset(name: str) -> str:
    return (files("otowake.report") / "assets" / name).read_text(encoding="utf-8")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _digest(content: str) -> str:
    return "sha256-" + _base64(hashlib.sha256(content.encode()).digest())


def _json(content: object) -> str:
    """Encode JSON that cannot end the script element around it."""
    return json.dumps(content, ensure_ascii=True, separators=(",", ":"), allow_nan=False).replace(
        "<", "\\u003c"
    )
