"""The command ``otowake again``."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import click

from otowake import __version__, text
from otowake.atomic import recover
from otowake.cli.building import FAILED, Command, language_option, warn
from otowake.cli.signals import ended_well, exit_code, report_warnings
from otowake.runtime import keep_compiled_programs, quiet_decoders, threads, use_threads
from otowake.text import Language

MOST_THREADS = 1024
"""The largest number of threads that a result may record."""


def command(language: Language) -> click.Command:
    return Command(
        "again",
        language,
        params=[
            click.Argument(["folder"], metavar=text.HELP_FOLDER.format(language)),
            click.Option(
                ["-o", "--output"],
                metavar="DIR",
                help=text.HELP_AGAIN_OUTPUT.format(language),
                default=None,
            ),
            language_option(language),
        ],
        help=text.HELP_AGAIN.format(language),
        callback=lambda **given: again(language, **given),
    )


def again(language: Language, *, folder: str, output: str | None, lang: str | None) -> int:
    """Repeat the analysis of a result folder and compare the two results."""
    recover(Path(folder))
    was = _threads_of(folder)
    if was and not use_threads(was):
        warn(text.AGAIN_THREADS.format(language, was=was, got=threads()), language)
    from otowake.music.editing.edits import apply_edits
    from otowake.results.comparison import compare
    from otowake.results.edits import read_edits
    from otowake.results.files import BASIC, DEFAULT_KINDS
    from otowake.results.folders import EDITS, new_folder
    from otowake.results.recipe import recipe_of, recording_of
    from otowake.results.save import warn_of, write_analysis

    recipe, facts = recipe_of(folder)
    path = recording_of(facts)
    if facts["otowake"] != __version__:
        sentence = text.AGAIN_VERSION.format(language, was=facts["otowake"], got=__version__)
        warn(sentence, language)
    keep_compiled_programs()
    with (
        ended_well(),
        tempfile.TemporaryDirectory() as scratch,
        new_folder(output or Path(scratch) / "again") as new,
    ):
        with report_warnings(language), quiet_decoders():
            audio, V = recipe.open(path, new)
        analysis = recipe.analyse(audio, V)
        if (Path(folder) / EDITS).is_file():
            analysis = apply_edits(analysis, read_edits(Path(folder) / EDITS))
        failed = write_analysis(analysis, new, language, kinds=DEFAULT_KINDS if output else BASIC)
        repetition = compare(Path(folder), new)
    with report_warnings(language) as warned:
        warn_of(failed, output)
    click.echo(repetition.sentence(language))
    if output:
        click.echo(text.WROTE.format(language, folder=output))
    return exit_code(warned) if repetition.alike else FAILED


def _threads_of(folder: str) -> int | None:
    """Return the number of threads that a result records.

    It is read before any module that computes is imported.
    """
    from otowake.untrusted import DAMAGE, json_of, whole

    try:
        facts: Any = json_of(Path(folder) / "analysis.json")
        return whole(facts["made_with"], "threads", 1, MOST_THREADS)
    except DAMAGE:
        return None
