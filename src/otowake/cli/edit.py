"""The command ``otowake edit``."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from otowake import text
from otowake.cli import completers
from otowake.cli.building import Command, language_option
from otowake.cli.show import report
from otowake.cli.signals import ended_well, exit_code, report_warnings
from otowake.runtime import keep_compiled_programs, quiet_decoders
from otowake.text import Language


def command(language: Language) -> click.Command:
    return Command(
        "edit",
        language,
        params=[
            click.Argument(
                ["folder"],
                shell_complete=completers.folders,
                metavar=text.HELP_FOLDER.format(language),
            ),
            click.Option(["--edits"], metavar="FILE", help=text.HELP_EDITS.format(language)),
            language_option(language),
        ],
        help=text.HELP_EDIT.format(language),
        callback=lambda **given: edit(language, **given),
    )


def edit(language: Language, *, folder: str, edits: str | None, lang: str | None) -> int:
    """Apply manual corrections to a result folder and print its summary."""
    from otowake import summary
    from otowake.results.edits import edit_folder, read_edits

    keep_compiled_programs()
    with ended_well(), report_warnings(language) as warned, quiet_decoders():
        edited = edit_folder(
            folder, read_edits(edits) if edits is not None else None, language=language
        )
    out = Console()
    summary.say(text.EDITED.format(language, n=len(edited.edits)), out)
    report(edited, Path(folder), language, out)
    return exit_code(warned)
