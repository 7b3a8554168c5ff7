"""The command ``otowake repair``."""

from __future__ import annotations

from pathlib import Path

import click

from otowake import text
from otowake.cli import completers
from otowake.cli.building import Command, language_option
from otowake.cli.signals import ended_well, exit_code, report_warnings
from otowake.runtime import keep_compiled_programs, quiet_decoders
from otowake.text import Language


def command(language: Language) -> click.Command:
    return Command(
        "repair",
        language,
        params=[
            click.Argument(
                ["folder"],
                shell_complete=completers.folders,
                metavar=text.HELP_FOLDER.format(language),
            ),
            language_option(language),
        ],
        help=text.HELP_REPAIR.format(language),
        callback=lambda **given: repair(language, **given),
    )


def repair(language: Language, *, folder: str, lang: str | None) -> int:
    """Write the missing files of a result folder and return the exit code."""
    from otowake.results.repair import repair_folder

    keep_compiled_programs()
    with ended_well(), report_warnings(language) as warned, quiet_decoders():
        made = repair_folder(Path(folder), language=language)
    if made:
        click.echo(text.REPAIRED.format(language, files=", ".join(made)))
    elif not warned:
        click.echo(text.NOTHING_MISSING.format(language, folder=folder))
    return exit_code(warned)
