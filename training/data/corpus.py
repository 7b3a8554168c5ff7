"""Scores of the music21 corpus as plain notes in quarter notes, with metre, pick-up and key.

Only collections that music21 distributes without a restriction of use are read: old music (out of
copyright) in encodings that their makers have given to music21. `essenFolksong` (non-commercial),
`airdsAirs` and others are left out. Files are read without music21's parsers, which are slow.
"""

from __future__ import annotations

import json
import multiprocessing
import zipfile
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from training.data import abc_tunes, musicxml_scores
from training.data.scores import Row, Score

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

INVALID = (zipfile.BadZipFile, ElementTree.ParseError, KeyError, ValueError, ZeroDivisionError)
"""What the readers raise if a file is damaged or has notation that they do not know."""


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
    read = musicxml_scores.read if path.endswith(".mxl") else abc_tunes.read
    try:
        scores = list(read(Path(path)))
    except INVALID as error:
        print(name, error, flush=True)
        return []
    made = [_piece(f"{name}:{number}", score) for number, score in enumerate(scores)]
    return [piece for piece in made if piece is not None]


def _piece(name: str, score: Score) -> Piece | None:
    if not score.metres:
        return None
    (_, top, bottom), bar = score.metres[0], 4 * score.metres[0][1] / score.metres[0][2]
    others = [at for at, *metre in score.metres if metre != [top, bottom]]
    end = min([*others, MAX_QUARTERS])
    rows = sorted({row for row in score.rows if row[0] < end})
    starts = [at for at in score.bars if at < end]
    whole = [round(a % bar, 3) for a, b in pairwise(starts) if abs(b - a - bar) < 1e-6]
    if len(rows) < MIN_NOTES or not whole:
        return None
    phase, n_in_phase = Counter(whole).most_common(1)[0]
    if n_in_phase < 0.9 * len(whole):  # bars that are cut by repeats move the later ones
        return None
    tonic, mode = _key(score, rows)
    return Piece(name, np.array(rows), (top, bottom), phase, tonic, mode)


def _key(score: Score, rows: Sequence[Row]) -> tuple[int, str]:
    """Return the stated key, or that key of the signature which the last bass note confirms."""
    if score.stated is not None or score.sharps is None:
        return score.stated or (0, "")
    major = score.sharps * 7 % 12
    end = max(onset + length for onset, length, _ in rows)
    bass = min(midi for onset, length, midi in rows if onset + length > end - 0.01) % 12
    if bass == major:
        return major, "major"
    return (int(bass), "minor") if bass == (major + 9) % 12 else (0, "")
