"""The command line, with a module for each command and options from the specs."""

from __future__ import annotations

import gc
import io
import os
import sys

import click

from otowake import __version__, text
from otowake.cli import (
    again,
    archive,
    compare,
    completion,
    edit,
    evaluate,
    repair,
    serve,
    show,
    song,
    split,
)
from otowake.cli.building import (
    CANCELLED,
    FAILED,
    OK,
    WRONG_USAGE,
    Program,
    complain,
    language_option,
)
from otowake.errors import OtowakeError
from otowake.text import Language

COMMANDS = (
    split.command,
    split.demo_command,
    song.command,
    show.command,
    edit.command,
    repair.command,
    compare.command,
    evaluate.command,
    serve.command,
    again.command,
    archive.command,
    completion.command,
)
"""Functions that make a command in one language, in the order of the help."""


def main(arguments: list[str] | None = None) -> None:
    """Run the program and exit with its code."""
    arguments = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    language = _language(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        code = program(language).main(arguments, prog_name="otowake", standalone_mode=False)
        sys.exit(code or OK)
    except click.ClickException as error:
        complain(_usage_sentence(error, language), language)
        sys.exit(WRONG_USAGE)
    except OtowakeError as error:
        complain(error.in_language(language), language)
        sys.exit(FAILED)
    except (KeyboardInterrupt, click.Abort):
        click.echo(text.INTERRUPTED.format(language), err=True)
        sys.exit(CANCELLED)
    except MemoryError:
        complain(text.NO_MEMORY.format(language), language)
        sys.exit(FAILED)
    except OSError as error:
        complain(text.NOT_PRINTED.format(language, why=text.reason_of(error)), language)
        sys.exit(FAILED)


def entry() -> None:
    """Run the program and end the process without the interpreter's cleanup.

    The cleanup would take a tenth of the running time.
    """
    gc.set_threshold(200_000)  # imports make many objects and little garbage
    sys.setswitchinterval(0.0005)  # threads write the figure and the sounds at the same time
    language = _language(sys.argv[1:])
    code = FAILED
    try:
        main()
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else FAILED
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError as error:
        complain(text.NOT_PRINTED.format(language, why=text.reason_of(error)), language)
        code = FAILED
    os._exit(code)


def _language(arguments: list[str]) -> Language:
    """Return the language of --lang, or of the locale, before click parses the options."""
    requested = None
    for i, argument in enumerate(arguments):
        if argument == "--lang":
            requested = "".join(arguments[i + 1 : i + 2])
        elif argument.startswith("--lang="):
            requested = argument.removeprefix("--lang=")
    if requested is None:
        names = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
        return "ja" if next((name for name in names if name), "").startswith("ja") else "en"
    return "ja" if requested == "ja" else "en"


def _usage_sentence(error: click.ClickException, language: Language) -> str:
    if isinstance(error, click.NoSuchOption):
        return text.USAGE_NO_OPTION.format(language, name=error.option_name)
    if (
        isinstance(error, click.MissingParameter)
        and error.param
        and error.param.name in ("files", "inputs")
    ):
        return text.USAGE_NO_FILE.format(language)
    if isinstance(error, click.UsageError) and error.message.startswith("No such command"):
        return text.USAGE_NO_COMMAND.format(language, name=error.message.split("'")[1])
    return text.USAGE_OTHER.format(language, message=error.format_message())


def program(language: Language) -> click.Group:
    """Make the command line in one language."""
    settings = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
    shown_version = click.Option(
        ["--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        help=text.HELP_VERSION.format(language),
        callback=_show_version,
    )
    group = Program(
        "otowake",
        language,
        params=[language_option(language), shown_version],
        help=text.HELP_PROGRAM.format(language),
        epilog=text.HELP_EXIT_CODES.format(language),
        context_settings=settings,
        callback=lambda **_: None,
    )
    for command in COMMANDS:
        group.add_command(command(language))
    return group


def _show_version(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        click.echo(f"otowake {__version__}")
        ctx.exit()
