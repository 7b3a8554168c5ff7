"""``otowake edit``."""

from __future__ import annotations

import click

from otowake import text
from otowake.cli.building import OK, Command, language_option
from otowake.cli.process import keep_compiled_programs, quiet_decoders, told
from otowake.text import Language


def command(language: Language) -> click.Command:
    return Command(
        "edit",
        language,
        params=[
            click.Argument(["folder"], metavar=text.HELP_FOLDER.format(language)),
            click.Option(["--edits"], metavar="FILE", help=text.HELP_EDITS.format(language)),
            language_option(language),
        ],
        help=text.HELP_EDIT.format(language),
        callback=lambda **given: edit(language, **given),
    )


def edit(language: Language, *, folder: str, edits: str | None, lang: str | None) -> int:
    """Correct a result folder by hand and say what it holds now."""
    from otowake import console
    from otowake.io.edits import edit_folder, read_edits

    keep_compiled_programs()
    with told(language), quiet_decoders():
        edited = edit_folder(folder, read_edits(edits) if edits is not None else None, language=language)
    lines = [text.EDITED.format(language, n=len(edited.edits))]
    if edited.note_spec is not None:
        lines += console.notes_found(edited, language)
    if edited.part_spec is not None:
        lines.append(console.parts_found(edited, language))
    for line in (*lines, text.WROTE.format(language, folder=folder)):
        click.echo(line)
    return OK
