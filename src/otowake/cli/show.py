"""The command ``otowake show``, and the summary that other commands end with."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
from rich.console import Console

from otowake import text
from otowake.cli import completers
from otowake.cli.building import OK, Command, language_option
from otowake.cli.save_figure import check_figure, save_figure
from otowake.errors import BadInput
from otowake.text import Language
from otowake.types import Analysis


def command(language: Language) -> click.Command:
    return Command(
        "show",
        language,
        params=[
            click.Argument(
                ["folder"],
                shell_complete=completers.folders,
                metavar=text.HELP_FOLDER.format(language),
            ),
            click.Option(
                ["--manual-figure"],
                shell_complete=completers.files,
                metavar="FILE",
                help=text.HELP_MANUAL_FIGURE.format(language),
            ),
            click.Option(["--overwrite"], is_flag=True, help=text.HELP_OVERWRITE.format(language)),
            language_option(language),
        ],
        help=text.HELP_SHOW.format(language),
        callback=lambda **given: show(language, **given),
    )


def show(
    language: Language,
    *,
    folder: str,
    manual_figure: str | None,
    overwrite: bool,
    lang: str | None,
) -> int:
    """Print the summary of a result folder, and save the manual's figure where asked to."""
    from otowake.results import load_analysis

    if manual_figure is not None:
        check_figure(manual_figure, overwrite=overwrite)
    analysis = load_analysis(folder, sound=False)
    report(analysis, Path(folder), language, Console())
    if manual_figure is not None:
        save_manual_figure(analysis, manual_figure)
        click.echo(text.WROTE.format(language, folder=manual_figure))
    return OK


def save_manual_figure(analysis: Analysis, path: str) -> None:
    """Save the four panels as the manual draws them; the analysis must have components."""
    from otowake import plot

    if analysis.fit is None:
        raise BadInput(text.NO_STAGE, stage="components")
    save_figure(plot.manual_figure(analysis), path)


def report(analysis: Analysis, folder: Path, language: Language, out: Console) -> None:
    """Print the results of an analysis and where they are."""
    from otowake import summary
    from otowake.results.save import missing_files

    if analysis.components:
        out.print(summary.components_table(analysis, language))
        more = len(analysis.components) - summary.MOST_ROWS
        if more > 0:
            summary.say(text.MORE_COMPONENTS.format(language, n=more), out)
        out.print()
    for line in summary.learning_lines(analysis, language):
        summary.say(line, out)
    for line in summary.note_lines(analysis, language):
        summary.say(line, out)
    if analysis.parts:
        out.print()
        out.print(summary.parts_table(analysis, language))
        out.print()
    elif analysis.part_spec is not None:
        summary.say(text.NO_PARTS.format(language), out)
    summary.say(text.WROTE.format(language, folder=folder), out)
    missing = missing_files(folder)
    if missing:
        facts = {"n": len(missing), "files": ", ".join(missing), "folder": shlex.quote(str(folder))}
        summary.say(text.MISSING_FILES.format(language, **facts), out)
    if analysis.reported and "report.html" not in missing:
        summary.say(text.LOOK_AND_LISTEN.format(language, path=folder / "report.html"), out)
