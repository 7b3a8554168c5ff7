"""The command ``otowake completion``."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from otowake import text
from otowake.cli.building import OK, Command, language_option
from otowake.cli.completers import one_of
from otowake.errors import BadInput
from otowake.text import LANGUAGES, Language, Text

SHELLS = ("bash", "zsh", "fish")


def command(language: Language) -> click.Command:
    return Command(
        "completion",
        language,
        params=[
            click.Argument(["shell"], metavar="|".join(SHELLS), shell_complete=one_of(SHELLS)),
            language_option(language),
        ],
        help=text.HELP_COMPLETION.format(language),
        callback=completion,
    )


def completion(*, shell: str, lang: str | None) -> int:
    """Print the script with which a shell completes otowake's command line."""
    kind = get_completion_class(shell) if shell in SHELLS else None
    if kind is None:
        must = Text(
            *(text.MUST_BE_ONE_OF.format(known, choices=", ".join(SHELLS)) for known in LANGUAGES)
        )
        raise BadInput(text.OPTION, name="shell", must=must, value=shell)
    click.echo(kind(click.Group(), {}, "otowake", "_OTOWAKE_COMPLETE").source())
    return OK
