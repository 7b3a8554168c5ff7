"""The recipe of an analysis: all that its result depends on beside the recording, as a value that can be kept and sent."""

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
from otowake.options import STAGES, FitSpec, LoadSpec, NoteSpec, PartSpec, StftSpec, checked_stages
from otowake.types import Analysis, Note, Sound, Source, Spectrogram
from otowake.untrusted import DAMAGE, content_of, json_of, number, reason, whole, word

GIVEN = "given.csv"
"""The file of a result folder with the notes that were given in place of those that would be found."""

_NOTE: dict[str, type] = {
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
    """How a recording is to be analysed.

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
    score: tuple[Note, ...] | None = None
    dictionary: Source | None = None

    def with_dictionary(self, path: Path_) -> Recipe:
        """The recipe with the components of a dictionary in place of those that would be learnt.

        Raises
        ------
        BadInput
            If the file is none, or was learnt with another spectrogram.
        """
        found = load_dictionary(path)
        start_of(found, self.stft)
        fit = self.fit.with_options(n_components=found.W.shape[1])
        return replace(self, fit=fit, dictionary=found.source)

    def facts(self) -> dict[str, Any]:
        """The recipe as plain words and numbers, but for the score."""
        specs = ("load", "stft", "fit", "note", "part")
        return {
            "stages": list(self.stages),
            **{name: asdict(getattr(self, name)) for name in specs},
        } | ({"dictionary": asdict(self.dictionary)} if self.dictionary else {})

    @classmethod
    def of(cls, facts: dict[str, Any], score: Sequence[Note] | None = None) -> Recipe:
        """The recipe of which these are the facts; what is missing has its default."""
        kinds = {
            "load": LoadSpec,
            "stft": StftSpec,
            "fit": FitSpec,
            "note": NoteSpec,
            "part": PartSpec,
        }
        specs: Any = {name: kind.recorded(facts.get(name, {})) for name, kind in kinds.items()}
        given = source_of(facts["dictionary"]) if facts.get("dictionary") else None
        notes = None if score is None else tuple(score)
        return cls(checked_stages(facts["stages"]), **specs, score=notes, dictionary=given)

    def digest(self) -> str:
        """The same for recipes that give the same result with this version."""
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
        """The recording; of a long one that is to be factorised, its spectrogram too, on the disk of `scratch`."""
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
        """Do it: :func:`otowake.analyse`, or what is given in its place, with `more` of its arguments."""
        specs = {"stft": self.stft, "fit": self.fit, "note": self.note, "part": self.part}
        if self.dictionary is None or "components" not in self.stages:
            return (by or analyse)(
                audio, stages=self.stages, V=V, score=self.score, **specs, **more
            )
        start = start_of(load_dictionary(self.dictionary.path, self.dictionary.sha256), self.stft)
        found = (by or analyse)(
            audio, stages=self.stages, V=V, score=self.score, start=start, **specs, **more
        )
        return replace(found, dictionary=self.dictionary)


class Input(NamedTuple):
    """What ``analysis.json`` says of the recording; `source` where it was in a file, `samples` of each channel."""

    name: str
    rate: int
    channels: int
    samples: int
    source: Source | None


def input_of(facts: dict[str, Any]) -> Input | None:
    """What the facts of a result say of the recording; None if they say nothing.

    Raises
    ------
    One of :data:`otowake.untrusted.DAMAGE`
        If something of it is not what it must be.
    """
    found = facts["input"]
    if found is None:
        return None
    return Input(
        word(found, "name"),
        whole(found, "rate", RATES.start, RATES.stop - 1),
        whole(found, "channels", 1),
        whole(found, "samples", 1),
        source_of(found) if "path" in found else None,
    )


def source_of(facts: Any) -> Source:
    """The file that facts of a result name; errors are those of :func:`input_of`."""
    duration = None if facts["duration"] is None else number(facts, "duration", 0)
    return Source(word(facts, "path"), word(facts, "sha256"), number(facts, "start", 0), duration)


def recipe_of(folder: Path_) -> tuple[Recipe, dict[str, Any]]:
    """The recipe that a result folder was made by, and what its ``analysis.json`` says of the input.

    Raises
    ------
    BadInput
        If it is no result, or one that doesn't say it: made from sound that was in no file, or stopped by hand.
    """
    folder = Path(folder)
    recover(folder)
    try:
        facts = json_of(folder / "analysis.json")
        found, how = facts["input"], facts["options"]
        source = source_of(found) if found and "path" in found else None
        load = {"start": source.start, "duration": source.duration} if source else None
        word(facts, "otowake")
        stopped = "stop" in facts and facts["stop"]["reason"] == "cancelled"
        score = read_given(folder, facts["given"]) if facts.get("given") else None
        recipe = Recipe.of(
            {
                **how,
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
    """The recording that a result was made from, by what its ``analysis.json`` says.

    Raises
    ------
    BadInput
        If it is gone, or another file now.
    """
    path, digest = Path(facts["input"]["path"]), facts["input"]["sha256"]
    check_file(path)
    if (now := sha256(path)) != digest:
        raise BadInput(text.AGAIN_ANOTHER, path=path, got=now[:12], was=digest[:12])
    return path


def given_table(notes: Sequence[Note]) -> str:
    """Notes as CSV, with every digit."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_NOTE)
    for note in notes:
        values = [(kind, getattr(note, name)) for name, kind in _NOTE.items()]
        writer.writerow(
            [cell_of(each) if kind is str else repr(kind(each)) for kind, each in values]
        )
    return out.getvalue()


def read_given(folder: Path, facts: dict[str, Any]) -> list[Note]:
    """The notes of :func:`given_table` in a result folder, of which ``analysis.json`` says `facts`.

    Raises
    ------
    One of :data:`otowake.untrusted.DAMAGE`
        If it is no such table, or another file.
    """
    if word(facts, "file") != GIVEN:
        raise ValueError(f"the notes that were given are not in {GIVEN}")
    lines = io.StringIO(content_of(folder / GIVEN, MOST_BYTES).decode("utf-8"), newline="")
    table = csv.DictReader(lines)
    kinds = {name: word_of if kind is str else kind for name, kind in _NOTE.items()}
    rows = [{name: kind(row[name]) for name, kind in kinds.items()} for row in table]
    if table.fieldnames != [*_NOTE] or facts.get("notes", len(rows)) != len(rows):
        raise ValueError(f"{GIVEN} has {len(rows)} notes, or other columns")
    return [Note(**{**row, "is_drum": bool(row["is_drum"])}) for row in rows]
