"""Repair a result folder: make its missing files from its data."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from otowake.io.audio import Path_
from otowake.results.files import ANIMATION_PICTURES, REPORT, Saving
from otowake.results.read import load_analysis
from otowake.results.recipe import recipe_of, recording_of
from otowake.results.report import NEEDED
from otowake.results.save import listed_files, missing_files, warn_of, write_files
from otowake.text import Language

if TYPE_CHECKING:
    from otowake.plot import Snapshots


def repair_folder(folder: Path_, *, language: Language = "en") -> tuple[str, ...]:
    """Make the files of a result that ``analysis.json`` lists and that are missing.

    Existing files do not change, except a report that lacks one of the new files: it is written
    again, with the beginning and the end of the learning only. ``learning.gif`` takes a second
    factorisation.

    Parameters
    ----------
    folder
        A folder written by :func:`otowake.save_analysis` or the command line.
    language
        The language of the figures' labels.

    Returns
    -------
    The names of the new files.

    Raises
    ------
    BadInput
        If the folder is no result, or its data are damaged or missing.

    Warns
    -----
    IncompleteResult
        If a file can't be made.

    Examples
    --------
    >>> import otowake, tempfile
    >>> analysis = otowake.analyse(otowake.load(otowake.demo_path(), duration=2), stages=["notes"])
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     folder = otowake.save_analysis(analysis, parent + "/scale")
    ...     (folder / "notes.mid").unlink()
    ...     repair_folder(folder)
    ('notes.mid',)
    """
    folder = Path(folder)
    analysis = load_analysis(folder)
    listed, missing = listed_files(folder), missing_files(folder)
    if REPORT in listed and not {REPORT}.union(missing).isdisjoint(NEEDED):
        missing = [*missing, REPORT]
    failed = write_files(Saving(analysis, folder, language, listed), missing)
    warn_of(failed, folder)
    return tuple(name for name in dict.fromkeys(missing) if name not in failed)


def relearn_components(folder: Path) -> Snapshots:
    """Repeat the factorisation of a result and record snapshots of the learning.

    Raises
    ------
    BadInput
        If the recording is missing or changed, or the first factorisation was cancelled.
    """
    from otowake.plot import Snapshots

    recipe, facts = recipe_of(folder)
    snapshots = Snapshots(ANIMATION_PICTURES)
    with tempfile.TemporaryDirectory() as scratch:
        audio, V = recipe.open(recording_of(facts), Path(scratch))
        replace(recipe, stages=("components",)).analyse(audio, V, watch=snapshots)
    return snapshots
