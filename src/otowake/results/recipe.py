"""Describe how to analyse a recording: the recipe, a serialisable value, and its storage."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from otowake import __version__, text
from otowake.atomic import recover
from otowake.errors import BadInput
from otowake.io.audio import RATES, Path_, Recording, check_file, open_recording, sha256
from otowake.io.csv_cells import cell_of, word_of
from otowake.io.dictionary import load_dictionary, start_of
from otowake.io.notes import MOST_BYTES
from otowake.io.spool import spooled_spectrogram
from otowake.music import analyse
from otowake.options import (
    STAGES,
    FitSpec,
    LoadSpec,
    NoteSpec,
    PartSpec,
    StftSpec,
    TheorySpec,
    checked_stages,
)
from otowake.types import Analysis, Note, Sound, Source, Spectrogram
from otowake.untrusted import DAMAGE, content_of, json_of, number, reason, whole, word

GIVEN = "given.csv"
"""The file in a result folder with the score that replaced note detection."""

_COLUMNS: dict[str, type] = {
    "onset": float,
    "offset": float,
    "midi": int,
    "velocity": float,
    "programme": int,
    "is_drum": int,
    "instrument": str,
}


@dataclass(frozen=True)
class Recipe:
    """Everything that determines the result of an analysis except the recording.

    Examples
    --------
    >>> recipe = Recipe(("components",), fit=FitSpec(seed=3))
    >>> Recipe.of(recipe.facts()) == recipe
    True
    """

    stages: tuple[str, ...] = STAGES
    load: LoadSpec = field(default_factory=LoadSpec)
    stft: StftSpec = field(default_factory=StftSpec)
    fit: FitSpec = field(default_factory=FitSpec)
    note: NoteSpec = field(default_factory=NoteSpec)
    part: PartSpec = field(default_factory=PartSpec)
    theory: TheorySpec = field(default_factory=TheorySpec)
    score: tuple[Note, ...] | None = None
    dictionary: Source | None = None

    def with_dictionary(self, path: Path_) -> Recipe:
        """Return the recipe with the components of a dictionary in place of learnt components.

        Raises
        ------
        BadInput
            If the file is no dictionary, or has other frequencies than the spectrogram.
        """
        dictionary = load_dictionary(path)
        start_of(dictionary, self.stft)
        fit = self.fit.with_options(n_components=dictionary.W.shape[1])
        return replace(self, fit=fit, dictionary=dictionary.source)

    def facts(self) -> dict[str, Any]:
        """Return the recipe without the score as JSON-compatible values."""
        specs = ("load", "stft", "fit", "note", "part", "theory")
        return {
            "stages": list(self.stages),
            **{name: asdict(getattr(self, name)) for name in specs},
        } | ({"dictionary": asdict(self.dictionary)} if self.dictionary else {})

    @classmethod
    def of(cls, facts: dict[str, Any], score: Sequence[Note] | None = None) -> Recipe:
        """Build a recipe from the values of :meth:`facts`; missing options have their defaults."""
        kinds = {
            "load": LoadSpec,
            "stft": StftSpec,
            "fit": FitSpec,
            "note": NoteSpec,
            "part": PartSpec,
            "theory": TheorySpec,
        }
        specs: Any = {name: kind.recorded(facts.get(name, {})) for name, kind in kinds.items()}
        given = source_of(facts["dictionary"]) if facts.get("dictionary") else None
        notes = None if score is None else tuple(score)
        return cls(checked_stages(facts["stages"]), **specs, score=notes, dictionary=given)

    def digest(self) -> str:
        """Return a digest, equal for recipes that give equal results with this version."""
        needed = {"fit": "components", "note": "notes", "part": "instruments"}
        used = {
            name: value
            for name, value in self.facts().items()
            if name != "dictionary" and (name not in needed or needed[name] in self.stages)
        }
        if self.dictionary and "components" in self.stages:
            used["dictionary"] = self.dictionary.sha256
        facts = [__version__, used, self.score and given_table(self.score)]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def open(self, path: Path_, scratch: Path) -> tuple[Sound, Spectrogram | None]:
        """Open the recording; for a long one to factorise, spool its spectrogram to `scratch`."""
        audio = open_recording(path, start=self.load.start, duration=self.load.duration)
        is_long = "components" in self.stages and isinstance(audio, Recording)
        return audio, spooled_spectrogram(audio, self.stft, scratch) if is_long else None

    def analyse(
        self,
        audio: Sound,
        V: Spectrogram | None = None,
        *,
        by: Callable[..., Analysis] | None = None,
        **more: Any,
    ) -> Analysis:
        """Call :func:`otowake.analyse`, or the function `by`, with `more` keyword arguments."""
        names = ("stft", "fit", "note", "part", "theory")
        specs = {name: getattr(self, name) for name in names}
        if self.dictionary is None or "components" not in self.stages:
            return (by or analyse)(
                audio, stages=self.stages, V=V, score=self.score, **specs, **more
            )
        start = start_of(load_dictionary(self.dictionary.path, self.dictionary.sha256), self.stft)
        analysis = (by or analyse)(
            audio, stages=self.stages, V=V, score=self.score, start=start, **specs, **more
        )
        return replace(analysis, dictionary=self.dictionary)


class Input(NamedTuple):
    """The recording as ``analysis.json`` describes it.

    `samples` is the number of samples per channel; `source` is None for sound without a file.
    """

    name: str
    rate: int
    channels: int
    samples: int
    source: Source | None


def input_of(facts: dict[str, Any]) -> Input | None:
    """Return the description of the recording in the facts of a result; None without one.

    Raises
    ------
    One of :data:`otowake.untrusted.DAMAGE`
        If a value is invalid.
    """
    described = facts["input"]
    if described is None:
        return None
    return Input(
        word(described, "name"),
        whole(described, "rate", RATES.start, RATES.stop - 1),
        whole(described, "channels", 1),
        whole(described, "samples", 1),
        source_of(described) if "path" in described else None,
    )


def source_of(facts: Any) -> Source:
    """Return the file that facts of a result name; errors are those of :func:`input_of`."""
    duration = None if facts["duration"] is None else number(facts, "duration", 0)
    return Source(word(facts, "path"), word(facts, "sha256"), number(facts, "start", 0), duration)


def recipe_of(folder: Path_) -> tuple[Recipe, dict[str, Any]]:
    """Return the recipe of a result folder and its ``analysis.json``.

    Raises
    ------
    BadInput
        If the folder is no result, the recording came from no file, or the run was cancelled.
    """
    folder = Path(folder)
    recover(folder)
    try:
        facts = json_of(folder / "analysis.json")
        described, options = facts["input"], facts["options"]
        source = source_of(described) if described and "path" in described else None
        load = {"start": source.start, "duration": source.duration} if source else None
        word(facts, "otowake")
        stopped = "stop" in facts and facts["stop"]["reason"] == "cancelled"
        score = read_given(folder, facts["given"]) if facts.get("given") else None
        recipe = Recipe.of(
            {
                **options,
                "stages": facts["stages"],
                "load": load or {},
                "dictionary": facts.get("dictionary"),
            },
            score,
        )
    except DAMAGE as error:
        raise BadInput(text.NOT_A_RESULT, path=folder, why=reason(error)) from error
    if load is None:
        raise BadInput(text.AGAIN_NO_FILE, path=folder)
    if stopped:
        raise BadInput(text.AGAIN_STOPPED, path=folder)
    return recipe, facts


def recording_of(facts: dict[str, Any]) -> Path:
    """Return the path of the recording that ``analysis.json`` names.

    Raises
    ------
    BadInput
        If the file is missing or has changed.
    """
    path, digest = Path(facts["input"]["path"]), facts["input"]["sha256"]
    check_file(path)
    if (now := sha256(path)) != digest:
        raise BadInput(text.AGAIN_ANOTHER, path=path, got=now[:12], was=digest[:12])
    return path


def given_table(notes: Sequence[Note]) -> str:
    """Format notes as CSV in full precision."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for note in notes:
        values = [(kind, getattr(note, name)) for name, kind in _COLUMNS.items()]
        writer.writerow(
            [cell_of(value) if kind is str else repr(kind(value)) for kind, value in values]
        )
    return out.getvalue()


def read_given(folder: Path, facts: dict[str, Any]) -> list[Note]:
    """Read the table of :func:`given_table`; `facts` is its entry in ``analysis.json``.

    Raises
    ------
    One of :data:`otowake.untrusted.DAMAGE`
        If the table is invalid, or `facts` names another file.
    """
    if word(facts, "file") != GIVEN:
        raise ValueError(f"the given notes are not in {GIVEN}")
    lines = io.StringIO(content_of(folder / GIVEN, MOST_BYTES).decode("utf-8"), newline="")
    table = csv.DictReader(lines)
    kinds = {name: word_of if kind is str else kind for name, kind in _COLUMNS.items()}
    rows = [{name: kind(row[name]) for name, kind in kinds.items()} for row in table]
    if table.fieldnames != [*_COLUMNS] or facts.get("notes", len(rows)) != len(rows):
        raise ValueError(f"{GIVEN} has {len(rows)} notes, or other columns")
    return [Note(**{**row, "is_drum": bool(row["is_drum"])}) for row in rows]
