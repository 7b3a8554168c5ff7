"""Scores of the music21 corpus as plain notes in quarter notes, with metre, pick-up and key.

Only collections that music21 distributes without a restriction of use are read: old music (out of
copyright) in encodings that their makers have given to music21. `essenFolksong` (non-commercial),
`airdsAirs` and others are left out. Files are read without music21's parsers, which are slow.
"""

from __future__ import annotations

import json
import multiprocessing
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

COLLECTIONS = {
    "bach": 1,
    "beethoven": 1,
    "haydn": 1,
    "mozart": 1,
    "schumann_robert": 1,
    "oneills1850": 2,
    "ryansMammoth": 1,
}
"""Collections, and of how many files one is read."""

MAX_QUARTERS = 400.0
"""Quarter notes that are read of a piece."""

MIN_NOTES = 24
"""Notes that a piece must have."""

STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


class Piece(NamedTuple):
    """A piece of the corpus, from its beginning to the first change of metre.

    Attributes
    ----------
    name
        File and number of the piece.
    notes
        Onset and duration in quarter notes and MIDI number, shape (note, 3).
    metre
        Upper and lower number of the time signature.
    pick_up
        Quarter notes before the first downbeat.
    tonic, mode
        The key; the mode is ``"major"``, ``"minor"``, or empty if unknown.
    """

    name: str
    notes: NDArray[np.float64]
    metre: tuple[int, int]
    pick_up: float
    tonic: int
    mode: str


class _Read(NamedTuple):
    """A score as read: notes, starts of bars, metres, sharps, and tonic and mode if stated."""

    rows: list[tuple[float, float, float]]
    bars: list[float]
    metres: list[tuple[float, int, int]]
    sharps: int | None
    stated: tuple[int, str] | None


def pieces(cache: Path) -> list[Piece]:
    """Read the collections, or the cache of an earlier reading."""
    if not cache.exists():
        with multiprocessing.Pool(2) as pool:
            loaded = [piece for some in pool.imap(_pieces_of, _paths(), 8) for piece in some]
        cache.parent.mkdir(parents=True, exist_ok=True)
        rows = [piece._replace(notes=piece.notes.tolist()) for piece in loaded]
        cache.write_text(json.dumps(rows), encoding="utf-8")
    read = [Piece(*row) for row in json.loads(cache.read_text(encoding="utf-8"))]
    return [
        piece._replace(notes=np.array(piece.notes), metre=(piece.metre[0], piece.metre[1]))
        for piece in read
    ]


def _paths() -> list[str]:
    import music21

    home = Path(music21.__file__).parent / "corpus"
    paths = []
    for name, every in COLLECTIONS.items():
        files = [path for path in (home / name).rglob("*") if path.suffix in (".mxl", ".abc")]
        paths += [str(path) for path in sorted(files)[::every]]
    return paths


def _pieces_of(path: str) -> list[Piece]:
    name = f"{Path(path).parent.name}/{Path(path).name}"
    try:
        reads = [_xml(path)] if path.endswith(".mxl") else list(_abc(path))
    except Exception as error:
        print(name, error, flush=True)
        return []
    made = [_piece(f"{name}:{number}", read) for number, read in enumerate(reads)]
    return [piece for piece in made if piece is not None]


def _piece(name: str, read: _Read) -> Piece | None:
    if not read.metres:
        return None
    (_, top, bottom), bar = read.metres[0], 4 * read.metres[0][1] / read.metres[0][2]
    others = [at for at, *metre in read.metres if metre != [top, bottom]]
    end = min([*others, MAX_QUARTERS])
    rows = sorted({row for row in read.rows if row[0] < end})
    starts = [at for at in read.bars if at < end]
    whole = [round(a % bar, 3) for a, b in pairwise(starts) if abs(b - a - bar) < 1e-6]
    if len(rows) < MIN_NOTES or not whole:
        return None
    phase, n_in_phase = Counter(whole).most_common(1)[0]
    if n_in_phase < 0.9 * len(whole):  # bars that are cut by repeats move the later ones
        return None
    tonic, mode = _key(read, rows)
    return Piece(name, np.array(rows), (top, bottom), phase, tonic, mode)


def _key(read: _Read, rows: Sequence[tuple[float, float, float]]) -> tuple[int, str]:
    """Return the stated key, or that key of the signature which the last bass note confirms."""
    if read.stated is not None or read.sharps is None:
        return read.stated or (0, "")
    major = read.sharps * 7 % 12
    end = max(onset + length for onset, length, _ in rows)
    bass = min(midi for onset, length, midi in rows if onset + length > end - 0.01) % 12
    if bass == major:
        return major, "major"
    return (int(bass), "minor") if bass == (major + 9) % 12 else (0, "")


def _xml(path: str) -> _Read:  # noqa: PLR0912
    """Read a compressed MusicXML file: all parts, tie_types joined, grace notes left out."""
    with zipfile.ZipFile(path) as archive:
        container = ElementTree.fromstring(archive.read("META-INF/container.xml"))
        (first, *_) = (e.attrib["full-path"] for e in container.iter() if "full-path" in e.attrib)
        score = ElementTree.fromstring(archive.read(first))
    rows: list[tuple[float, float, float]] = []
    bars: list[float] = []
    metres: list[tuple[float, int, int]] = []
    sharps: int | None = None
    for number, part in enumerate(score.iter("part")):
        at, divisions = 0.0, 1.0
        tied: dict[int, tuple[float, float, float]] = {}
        for measure in part.iter("measure"):
            now = latest = at
            last = at
            if number == 0:
                bars.append(at)
            for item in measure:
                if item.tag == "attributes":
                    divisions = float(item.findtext("divisions") or divisions)
                    if number == 0 and item.find("time/beats") is not None:
                        top = sum(int(n) for n in (item.findtext("time/beats") or "4").split("+"))
                        metres.append((at, top, int(item.findtext("time/beat-type") or 4)))
                    if sharps is None and item.find("key/fifths") is not None:
                        sharps = int(item.findtext("key/fifths") or 0) if number == 0 else None
                elif item.tag in ("backup", "forward"):
                    step = float(item.findtext("duration") or 0) / divisions
                    now += step if item.tag == "forward" else -step
                elif item.tag == "note" and item.find("grace") is None:
                    length = float(item.findtext("duration") or 0) / divisions
                    onset = last if item.find("chord") is not None else now
                    pitch = item.find("pitch")
                    if pitch is not None and length > 0:
                        midi = (
                            12 * (int(pitch.findtext("octave") or 4) + 1)
                            + STEPS[pitch.findtext("step") or "C"]
                            + int(float(pitch.findtext("alter") or 0))
                        )
                        tie_types = {tie.attrib["type"] for tie in item.iter("tie")}
                        row = (onset, length, float(midi))
                        if "stop" in tie_types and midi in tied:
                            start, before, _ = tied.pop(midi)
                            row = (start, before + length, float(midi))
                        if "start" in tie_types:
                            tied[midi] = row
                        else:
                            rows.append(row)
                    if item.find("chord") is None:
                        last, now = now, now + length
                latest = max(latest, now)
            at = latest
    return _Read(rows, bars, metres, sharps, None)


_TOKEN = re.compile(
    r"""(?P<skip>"[^"]*"|\{[^}]*\}|![^!]*!|\[[A-Z]:[^]]*\]|%.*)
    |(?P<tuplet>\((?P<size>[2-9]))
    |(?P<bar>:*\|[|\]:]*|::)
    |(?P<broken>[<>]+)
    |(?P<open>\[(?![1-9]))|(?P<close>\](?P<chord>[0-9/]*))
    |(?P<sign>\^{1,2}|_{1,2}|=)?(?P<letter>[A-Ga-gzx])(?P<octave>[,']*)
    (?P<length>[0-9/]*)(?P<tie>-?)
    """,
    re.VERBOSE,
)
_TUPLETS = {2: 3 / 2, 3: 2 / 3, 4: 3 / 4, 5: 2 / 5, 6: 1 / 3, 7: 2 / 7, 8: 3 / 8, 9: 2 / 9}
_MODES = {"": "major", "maj": "major", "m": "minor", "min": "minor"}
_FIFTHS = {"dor": -2, "mix": -1, "phr": -4, "lyd": 1, "loc": -5, "aeo": -3}


def _abc(path: str) -> Iterator[_Read]:
    """Read the tunes of an ABC file: notes, tuplets, broken rhythm, chords and ties."""
    content = Path(path).read_text(encoding="utf-8", errors="replace")
    for tune in re.split(r"(?m)^X:", content)[1:]:
        fields = dict(re.findall(r"(?m)^([A-Z]):\s*(.*?)\s*(?:%.*)?$", tune)[::-1])
        metre = str(fields.get("M", ""))
        metre = {"C": "4/4", "C|": "2/2"}.get(metre, metre)
        key = re.match(r"([A-G])([#b]?)\s*([A-Za-z]*)", fields.get("K", ""))
        if not re.fullmatch(r"\d+/\d+", metre) or key is None:
            continue
        top, bottom = (int(number) for number in metre.split("/"))
        unit = str(fields.get("L", "1/8" if top / bottom >= 0.75 else "1/16"))
        first, second = (int(number) for number in [*unit.split("/"), "1"][:2])
        body = tune[tune.index("K:") :].split("\n", 1)[-1]
        if re.search(r"(?m)^[MLK]:|\[[MLK]:", body):
            continue
        letter, sign, mode = key.groups()
        mode = mode.lower()[:3]
        tonic = (STEPS[letter] + {"#": 1, "b": -1, "": 0}[sign]) % 12
        named = _MODES.get(mode, "")
        fifths = (tonic * 7 + 5) % 12 - 5 + (_FIFTHS.get(mode, 0) - 3 * (named == "minor"))
        rows, bars = _abc_notes(body, 4 * first / second, fifths)
        stated = (tonic, named) if named else (0, "")
        yield _Read(rows, bars, [(0.0, top, bottom)], None, stated)


def _abc_length(words: str) -> float:
    """Read a length such as 3, /2, // or 3/2, in units."""
    if not words:
        return 1.0
    upper, *lower = words.split("/")
    value = float(upper or 1)
    for number in lower:
        value /= float(number or 2)
    return value


def _abc_notes(  # noqa: PLR0912, PLR0915
    body: str, unit: float, fifths: int
) -> tuple[list[tuple[float, float, float]], list[float]]:
    """Read the notes and the starts of bars of a tune."""
    order = "FCGDAEB"
    signature = dict.fromkeys(order[: max(fifths, 0)], 1) | dict.fromkeys(
        order[::-1][: max(-fifths, 0)], -1
    )
    lines = [line for line in body.split("\n") if not re.match(r"[A-Za-z%]:|%", line)]
    rows: list[tuple[float, float, float]] = []
    bars, now, signs = [0.0], 0.0, dict(signature)
    tuplet, ratio, broken, in_chord, longest = 0, 1.0, 1.0, False, 0.0
    tied: dict[int, int] = {}
    for match in _TOKEN.finditer(" ".join(lines)):
        if match["tuplet"]:
            tuplet = int(match["size"])
            ratio = _TUPLETS[tuplet]
        elif match["bar"]:
            if now > bars[-1] + 1e-9:
                bars.append(now)
            signs = dict(signature)
        elif match["broken"] and rows:
            part = 0.5 ** len(match["broken"])
            longer = match["broken"][0] == ">"
            onset, length, midi = rows[-1]
            change = length * ((1 - part) if longer else (part - 1))
            rows[-1] = (onset, length + change, midi)
            now, broken = now + change, part if longer else 2 - part
        elif match["open"]:
            in_chord, longest = True, 0.0
        elif match["close"]:
            in_chord = False
            now += longest
        elif match["letter"]:
            letter = match["letter"]
            length = unit * _abc_length(match["length"]) * broken * (ratio if tuplet else 1.0)
            if letter in "zx":
                tied = {}
            else:
                upper = letter.upper()
                if match["sign"]:
                    signs[upper] = match["sign"].count("^") - match["sign"].count("_")
                height = match["octave"].count("'") - match["octave"].count(",")
                octave = (6 if letter.islower() else 5) + height
                midi = 12 * octave + STEPS[upper] + signs.get(upper, 0)
                if midi in tied:
                    onset, before, _ = rows[tied[midi]]
                    rows[tied[midi]] = (onset, before + length, float(midi))
                    tied = {midi: tied[midi]} if match["tie"] else {}
                else:
                    rows.append((now, length, float(midi)))
                    tied = {midi: len(rows) - 1} if match["tie"] else {}
            if in_chord:
                longest = max(longest, length)
            else:
                now, broken = now + length, 1.0
                if tuplet:
                    tuplet -= 1
    return rows, bars
