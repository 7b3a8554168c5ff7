"""``otowake again``."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import click

from otowake import __version__, text
from otowake.cli.building import FAILED, OK, Command, language_option
from otowake.cli.process import ended_well, told
from otowake.errors import BadInput
from otowake.machine import keep_compiled_programs, quiet_decoders, threads, use_threads
from otowake.text import Language


def command(language: Language) -> click.Command:
    return Command(
        "again",
        language,
        params=[
            click.Argument(["folder"], metavar=text.HELP_FOLDER.format(language)),
            click.Option(
                ["-o", "--output"], metavar="DIR", help=text.HELP_AGAIN_OUTPUT.format(language), default=None
            ),
            language_option(language),
        ],
        help=text.HELP_AGAIN.format(language),
        callback=lambda **given: again(language, **given),
    )


def again(language: Language, *, folder: str, output: str | None, lang: str | None) -> int:
    """Make a result again and compare it with what it was."""
    was = _threads_of(folder)
    if was and not use_threads(was):
        _warn(language, text.AGAIN_THREADS.format(language, was=was, got=threads()))
    from otowake.io.audio import check_file, sha256
    from otowake.io.edits import read_edits
    from otowake.io.folders import EDITS, new_folder
    from otowake.io.recipe import recipe_of
    from otowake.io.repetition import compare
    from otowake.io.results import write_analysis
    from otowake.music.edits import apply_edits

    recipe, facts = recipe_of(folder)
    path, digest = Path(facts["input"]["path"]), facts["input"]["sha256"]
    check_file(path)
    if (now := sha256(path)) != digest:
        raise BadInput(text.AGAIN_ANOTHER, path=path, got=now[:12], was=digest[:12])
    if facts["otowake"] != __version__:
        _warn(language, text.AGAIN_VERSION.format(language, was=facts["otowake"], got=__version__))
    keep_compiled_programs()
    with (
        ended_well(),
        tempfile.TemporaryDirectory() as scratch,
        new_folder(output or Path(scratch) / "again") as place,
    ):
        with told(language), quiet_decoders():
            audio, V = recipe.open(path, place)
        analysis = recipe.analyse(audio, V)
        if (Path(folder) / EDITS).is_file():
            analysis = apply_edits(analysis, read_edits(Path(folder) / EDITS))
        with told(language):
            write_analysis(analysis, place, language, only_data=output is None)
        found = compare(Path(folder), place)
    click.echo(found.sentence(language))
    if output:
        click.echo(text.WROTE.format(language, folder=output))
    return OK if found.alike else FAILED


def _threads_of(folder: str) -> int | None:
    """How many threads a result was made with; asked before anything is loaded that computes."""
    from otowake.outside import DAMAGE, json_of

    try:
        facts: Any = json_of(Path(folder) / "analysis.json")
        return int(facts["made_with"]["threads"])
    except DAMAGE:
        return None


def _warn(language: Language, message: str) -> None:
    click.echo(text.WARNING.format(language, message=message), err=True)
