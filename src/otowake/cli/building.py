"""Commands with help in one language and options from the specs."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any

import click

from otowake import text
from otowake.cli.completers import OF_OPTIONS, one_of
from otowake.errors import BadInput, InputWarning
from otowake.options import GROUPS, Spec, specs_with
from otowake.text import LANGUAGES, Language, Text

OK, FAILED, WRONG_USAGE, INCOMPLETE, CANCELLED = 0, 1, 2, 3, 130


FORMER_COMMANDS = {"score": "evaluate"}
"""Names that commands had in the previous version, and their present names."""


class Command(click.Command):
    """A command with help in one language and options in groups."""

    def __init__(self, name: str, language: Language, **rest: Any) -> None:
        self.language: Language = language
        super().__init__(name, options_metavar=text.USAGE_OPTIONS.format(language), **rest)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        heading = text.HEADING_USAGE.format(self.language)
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), heading)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        option = super().get_help_option(ctx)
        if option:
            option.help = text.HELP_HELP.format(self.language)
        return option

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        grouped: dict[Text, list[tuple[str, str]]] = {text.HEADING_OPTIONS: []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record and isinstance(parameter, click.Option):
                grouped.setdefault(getattr(parameter, "group", text.HEADING_OPTIONS), []).append(
                    record
                )
        for heading, records in grouped.items():
            with formatter.section(heading.format(self.language)):
                formatter.write_dl(records)


class Program(Command, click.Group):
    """A group of commands."""

    def __init__(self, name: str, language: Language, **rest: Any) -> None:
        metavar = text.USAGE_COMMANDS.format(language)
        super().__init__(name, language, subcommand_metavar=metavar, **rest)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        present = FORMER_COMMANDS.get(cmd_name, cmd_name)
        command = super().get_command(ctx, present)
        if command and present != cmd_name and not ctx.resilient_parsing:
            warn(
                text.COMMAND_RENAMED.format(self.language, old=cmd_name, new=present), self.language
            )
        return command

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        commands = [
            (name, self.commands[name].get_short_help_str(200)) for name in self.list_commands(ctx)
        ]
        with formatter.section(text.HEADING_COMMANDS.format(self.language)):
            formatter.write_dl(commands)


class SpecOption(click.Option):
    """A command-line option for a field of a spec."""

    def __init__(self, group: Text, **rest: Any) -> None:
        self.group = group
        super().__init__(**rest)


def _check_language(
    ctx: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    if value is not None and value not in LANGUAGES:
        must = Text(
            *(
                text.MUST_BE_ONE_OF.format(known, choices=", ".join(LANGUAGES))
                for known in LANGUAGES
            )
        )
        raise BadInput(text.OPTION, name="lang", must=must, value=value)
    return value


def spec_options(
    language: Language, groups: Sequence[tuple[Text, type[Spec]]] = GROUPS
) -> list[click.Parameter]:
    """Make an option for each field of the specs."""
    parameters: list[click.Parameter] = []
    for group, spec in groups:
        defaults = {f.name: f.default for f in fields(spec)}
        for name, constraint in spec.constraints().items():
            words = constraint.help.format(language)
            if defaults[name] not in (None, MISSING) and constraint.kind is not bool:
                words += text.DEFAULT.format(language, value=defaults[name])
            flag = _flag(name)
            parameters.extend(
                SpecOption(group=group, param_decls=[_flag(former), former], hidden=True)
                for former in constraint.formerly
            )
            if constraint.kind is bool:
                both = f"{flag}/--no-{flag[2:]}"
                parameters.append(
                    SpecOption(group=group, param_decls=[both, name], default=None, help=words)
                )
                continue
            kind = {int: "N", float: "X", str: "NAME"}[constraint.kind]
            parameters.append(
                SpecOption(
                    group=group,
                    param_decls=[flag, name],
                    metavar="|".join(
                        [
                            *constraint.choices,
                            *([kind] if constraint.or_number or not constraint.choices else []),
                        ]
                    ),
                    help=words,
                    shell_complete=OF_OPTIONS.get(name) or one_of(constraint.choices),
                )
            )
    return parameters


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def current_specs(
    options: dict[str, Any], groups: Iterable[tuple[Text, type[Spec]]] = GROUPS
) -> dict[type[Spec], Any]:
    """Build specs from options, and print a warning for each former name or word."""
    context = click.get_current_context(silent=True)
    language: Language = getattr(context.command, "language", "en") if context else "en"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", InputWarning)
        specs = specs_with(options, groups)
    for warning in caught:
        if isinstance(warning.message, InputWarning):
            warn(warning.message.in_language(language), language)
    return specs


def options_given(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that the command line gives."""
    return {name: value for name, value in given.items() if value is not None}


def complain(message: str, language: Language) -> None:
    click.echo(text.ERROR.format(language, message=message), err=True)


def warn(message: str, language: Language) -> None:
    click.echo(text.WARNING.format(language, message=message), err=True)


def language_option(language: Language) -> click.Option:
    """Make the option ``--lang``."""
    return click.Option(
        ["--lang"],
        help=text.HELP_LANG.format(language),
        metavar="en|ja",
        callback=_check_language,
        shell_complete=one_of(LANGUAGES),
    )
