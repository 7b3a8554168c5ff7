"""The command ``otowake compare``."""

from __future__ import annotations

import click

from otowake import text
from otowake.cli import completers
from otowake.cli.building import OK, Command, language_option
from otowake.cli.save_figure import check_figure, save_figure
from otowake.errors import BadInput
from otowake.text import Language


def command(language: Language) -> click.Command:
    output = "comparison.png"
    words = text.HELP_COMPARISON.format(language) + text.DEFAULT.format(language, value=output)
    return Command(
        "compare",
        language,
        params=[
            click.Argument(
                ["folders"],
                shell_complete=completers.folders,
                nargs=-1,
                required=True,
                metavar=text.HELP_FOLDERS.format(language),
            ),
            click.Option(
                ["-o", "--output"],
                default=output,
                shell_complete=completers.files,
                metavar="FILE",
                help=words,
            ),
            click.Option(["--overwrite"], is_flag=True, help=text.HELP_OVERWRITE.format(language)),
            language_option(language),
        ],
        help=text.HELP_COMPARE.format(language),
        callback=lambda **given: compare(language, **given),
    )


def compare(
    language: Language,
    *,
    folders: tuple[str, ...],
    output: str,
    overwrite: bool,
    lang: str | None,
) -> int:
    """Compare result folders: save a figure and print their losses and similarities."""
    from otowake.music.components.match import match_components, mean_similarity
    from otowake.plot import comparison_figure
    from otowake.results import load_analysis

    if len(folders) < 2:
        raise BadInput(text.COMPARE_TWO)
    check_figure(output, overwrite=overwrite)
    analyses = [load_analysis(folder) for folder in folders]
    save_figure(comparison_figure(analyses, folders, language=language), output)
    for folder, analysis in zip(folders, analyses, strict=True):
        facts = {
            "folder": folder,
            "n": analysis.fitted().factors.n_components,
            "loss": f"{analysis.fitted().loss:,.6g}",
            "similarity": f"{mean_similarity(match_components(analyses[0], analysis)):.3f}",
        }
        click.echo(text.COMPARED.format(language, **facts))
    click.echo(text.WROTE.format(language, folder=output))
    return OK
