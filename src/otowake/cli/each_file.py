"""The files of a command that makes a folder for each, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import click

from otowake import text
from otowake.cli.building import CANCELLED, FAILED, OK, complain
from otowake.cli.signals import stopped_by_hand
from otowake.errors import OtowakeError
from otowake.text import Language


def each_file(
    files: Sequence[str],
    output: Path,
    one: Callable[[str, Path, Callable[[], bool]], int],
    language: Language,
) -> int:
    """Process files, each with a folder of its own, and return the exit code.

    Parameters
    ----------
    files
        Paths of recordings.
    output
        The folder that has the folders.
    one
        Processes a file: path, folder, and whether to stop; returns the exit code. The others are
        processed even if it raises :class:`~otowake.errors.OtowakeError`.
    language
        The language of messages.
    """
    failed, codes = 0, {OK}
    with stopped_by_hand(language) as stopped:
        for path, folder in zip(files, folders_for(files, output), strict=True):
            try:
                codes.add(one(path, folder, stopped))
            except OtowakeError as error:
                sentence, name = error.in_language(language), Path(path).name
                if sentence.startswith(f"{name}: "):
                    sentence = sentence.replace(name, path, 1)
                complain(sentence, language)
                failed += 1
            if stopped():
                return CANCELLED
    if failed and len(files) > 1:
        click.echo(text.SOME_FAILED.format(language, failed=failed, total=len(files)), err=True)
    return FAILED if failed else max(codes)


def folders_for(files: Sequence[str], output: Path) -> list[Path]:
    """Name a folder after each file; a second file of the same name gets ``-2``."""
    from otowake.io.names import longest_name, safe_names

    return [
        output / name
        for name in safe_names((Path(file).stem for file in files), longest_name(output))
    ]
