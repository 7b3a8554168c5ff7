"""The command ``otowake song``."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import click

from otowake import text
from otowake.cli import completers
from otowake.cli.building import (
    OK,
    Command,
    current_specs,
    language_option,
    options_given,
    spec_options,
)
from otowake.cli.each_file import each_file
from otowake.errors import BadInput
from otowake.options import LoadSpec
from otowake.options.spec import filled
from otowake.runtime import keep_compiled_programs, quiet_decoders
from otowake.text import Language

SONG_GROUPS = ((text.HEADING_READING, LoadSpec),)
"""The specs of the command with their headings."""


def command(language: Language) -> click.Command:
    output = "otowake-songs"
    return Command(
        "song",
        language,
        params=[
            click.Argument(
                ["files"],
                nargs=-1,
                required=True,
                metavar=text.HELP_FILES.format(language),
                shell_complete=completers.files,
            ),
            click.Option(
                ["-o", "--output"],
                default=output,
                metavar="DIR",
                help=text.HELP_OUTPUT.format(language)
                + text.DEFAULT.format(language, value=output),
                shell_complete=completers.folders,
            ),
            click.Option(
                ["--only"],
                metavar="A,B",
                help=text.HELP_ONLY.format(language, names=", ".join(_names())),
                shell_complete=completers.lists(_names),
            ),
            click.Option(["--overwrite"], is_flag=True, help=text.HELP_OVERWRITE.format(language)),
            language_option(language),
            *spec_options(language, SONG_GROUPS),
        ],
        help=text.HELP_SONG.format(language),
        callback=lambda **given: song(language, **given),
    )


def _names() -> list[str]:
    """Return the names of the files."""
    sources = ("vocals", "bass", "drums", "other")
    return [*sources, *(f"without-{name}" for name in sources[:-1])]


def song(
    language: Language,
    *,
    files: tuple[str, ...],
    output: str,
    only: str | None,
    overwrite: bool,
    lang: str | None,
    **given: Any,
) -> int:
    """Separate songs, write a folder for each, and return the exit code."""
    load = current_specs(options_given(given), SONG_GROUPS)[LoadSpec]
    names = () if only is None else tuple(name.strip() for name in only.split(","))
    for name in names:
        if name not in _names():
            must = filled(text.MUST_BE_ONE_OF, choices=", ".join(_names()))
            raise BadInput(text.OPTION, name="only", must=must, value=repr(name))

    def one(path: str, folder: Path, stopped: Callable[[], bool]) -> int:
        return one_song(path, folder, load, names, overwrite, language, stopped)

    keep_compiled_programs()
    return each_file(files, Path(output), one, language)


def one_song(
    path: str,
    folder: Path,
    load: LoadSpec,
    only: Collection[str],
    overwrite: bool,
    language: Language,
    stopped: Callable[[], bool],
) -> int:
    """Separate a song, write its folder, say where it is, and return the exit code."""
    from otowake.io.audio import open_recording
    from otowake.results.folders import new_sounds
    from otowake.results.sounds import write_sources

    with new_sounds(folder, _names(), overwrite=overwrite) as new, quiet_decoders():
        audio = open_recording(path, start=load.start, duration=load.duration)
        write_sources(audio, new, only, stopped)
    click.echo(text.WROTE.format(language, folder=folder))
    return OK
