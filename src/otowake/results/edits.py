"""Apply manual corrections to a result folder: ``edits.json`` and the files that depend on it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from otowake import text
from otowake.errors import BadInput
from otowake.io.audio import Path_, check_file
from otowake.music.editing.edits import apply_edits
from otowake.results.files import COMPONENTS, FILES, REWRITTEN, Saving
from otowake.results.folders import EDITS, new_folder
from otowake.results.read import load_analysis
from otowake.results.save import listed_files, warn_of, write_files
from otowake.results.sounds import component_file
from otowake.text import Language
from otowake.types import Analysis
from otowake.untrusted import json_of, reason


def read_edits(path: Path_) -> Any:
    """Read corrections as plain data, which :func:`otowake.apply_edits` validates.

    Raises
    ------
    BadInput
        If the file is missing, unreadable or no JSON.
    """
    path = Path(path)
    check_file(path)
    try:
        return json_of(path)
    except OSError as error:
        raise BadInput(text.NOT_READABLE, path=path, why=text.reason_of(error)) from error
    except ValueError as error:
        raise BadInput(text.NOT_EDITS_FILE, path=path, why=reason(error)) from error


def _example(analysis: Analysis) -> str:
    """Return corrections of the analysis, as JSON in one line."""
    part = analysis.parts[0].name if analysis.parts else "piano"
    edit = {"do": "instrument", "part": part, "instrument": "violin"}
    return json.dumps({"version": 1, "edits": [edit]}, ensure_ascii=False)


def edit_folder(
    folder: Path_, edits: Sequence[Any] | dict[str, Any] | None = None, *, language: Language = "en"
) -> Analysis:
    """Apply manual corrections to a result folder and rewrite everything that depends on the notes.

    Parameters
    ----------
    folder
        A folder written by :func:`otowake.save_analysis` or the command line.
    edits
        All corrections, as :func:`otowake.apply_edits` takes them; by default, the folder's
        ``edits.json``. An empty list restores the detected notes and parts.
    language
        The language of the figures' labels.

    Returns
    -------
    The corrected analysis.

    Raises
    ------
    BadInput
        If a correction is invalid, or the recording is missing; the folder does not change.
    CannotWrite
        If its data can't be written; the folder does not change.

    Warns
    -----
    IncompleteResult
        If a file derived from the data can't be written; :func:`otowake.repair_folder` makes it
        later.

    Examples
    --------
    >>> import otowake, tempfile
    >>> clip = otowake.load(otowake.demo_path(), duration=2)
    >>> analysis = otowake.analyse(clip, stages=["instruments"])
    >>> rename = {"do": "instrument", "part": "accordion", "instrument": "harmonica"}
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     folder = otowake.save_analysis(analysis, parent + "/scale")
    ...     edited = edit_folder(folder, [rename])
    >>> [part.name for part in edited.parts]
    ['harmonica']
    """
    folder = Path(folder)
    now = load_analysis(folder)
    if edits is None:
        if not (folder / EDITS).exists():
            raise BadInput(text.NO_EDITS_FILE, path=folder / EDITS, example=_example(now))
        edits = read_edits(folder / EDITS)
    edited = apply_edits(now, edits)
    if edited.audio is None:
        raise BadInput(text.SOUND_GONE, path=folder)
    before = listed_files(folder)
    changed = set(REWRITTEN)
    if list(map(component_file, now.components)) != list(map(component_file, edited.components)):
        changed |= {COMPONENTS} & {*before}  # their files have the names of pitches
    rewritten = [
        file.name
        for file in FILES
        if (file.corrected or file.name in changed) and file.belongs(edited)
    ]
    kept = [name for name in before if name not in changed]
    listed = [file.name for file in FILES if file.name in (*kept, *rewritten)]
    with new_folder(folder, overwrite=True) as scratch:
        shutil.copytree(
            folder,
            scratch,
            symlinks=True,
            ignore=lambda parent, names: (
                changed.intersection(names) if Path(parent) == folder else ()
            ),
            copy_function=_link_or_copy,
            dirs_exist_ok=True,
        )
        failed = write_files(Saving(edited, scratch, language, listed), rewritten)
    warn_of(failed, folder)
    return edited


def _link_or_copy(source: str, target: str) -> None:
    """Make a hard link, or a copy where the file system refuses one."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)
