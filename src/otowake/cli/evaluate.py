"""The command ``otowake evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console

from otowake import text
from otowake.cli import completers
from otowake.cli.building import OK, Command, language_option, options_given, spec_options
from otowake.cli.save_figure import check_figure, save_figure
from otowake.errors import BadInput
from otowake.options import EvaluationSpec
from otowake.text import Language


def command(language: Language) -> click.Command:
    return Command(
        "evaluate",
        language,
        params=[
            click.Argument(
                ["folder"],
                shell_complete=completers.folders,
                metavar=text.HELP_FOLDER.format(language),
            ),
            click.Argument(
                ["reference"],
                shell_complete=completers.files,
                metavar=text.HELP_REFERENCE.format(language),
            ),
            click.Option(
                ["-o", "--output"],
                shell_complete=completers.files,
                metavar="FILE",
                help=text.HELP_EVALUATION_FIGURE.format(language),
                default=None,
            ),
            language_option(language),
            *spec_options(language, ((text.HEADING_NOTES, EvaluationSpec),)),
        ],
        help=text.HELP_EVALUATE.format(language),
        callback=lambda **given: evaluate_notes(language, **given),
    )


def evaluate_notes(
    language: Language,
    *,
    folder: str,
    reference: str,
    output: str | None,
    lang: str | None,
    **given: Any,
) -> int:
    """Evaluate the notes of a result folder against a reference and save a figure."""
    from otowake import summary
    from otowake.io.notes import read_reference
    from otowake.music.transcription.evaluation import evaluate
    from otowake.plot import evaluation_figure
    from otowake.results import load_analysis

    output = output or str(Path(folder) / "agreement.png")
    check_figure(output)
    spec = EvaluationSpec().with_options(**options_given(given))
    analysis = load_analysis(folder, sound=False)
    if analysis.note_spec is None:
        raise BadInput(text.NO_STAGE, stage="notes")
    evaluation = evaluate(read_reference(reference), analysis.notes, spec)
    save_figure(evaluation_figure(evaluation, title=Path(folder).name, language=language), output)
    for what, rates in (
        (text.ONSETS, (evaluation.precision, evaluation.recall, evaluation.f1)),
        (
            text.ONSETS_OFFSETS,
            (evaluation.precision_offsets, evaluation.recall_offsets, evaluation.f1_offsets),
        ),
    ):
        facts = {
            name: f"{rate:.3f}"
            for name, rate in zip(("precision", "recall", "f1"), rates, strict=True)
        }
        click.echo(text.EVALUATED.format(language, what=what, **facts))
    Console().print(summary.errors_table(evaluation, language))
    click.echo(text.WROTE.format(language, folder=output))
    return OK
