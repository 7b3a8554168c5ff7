"""The command ``otowake archive``: ``run``, ``learn`` and ``table``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from otowake import text
from otowake.cli.building import (
    CANCELLED,
    FAILED,
    GROUPS,
    INCOMPLETE,
    OK,
    Command,
    Program,
    complain,
    language_option,
    spec_options,
    warn,
)
from otowake.cli.signals import ended_well, stopped_by_hand
from otowake.cli.split import recipe_from, specs_from
from otowake.options import (
    STAGES,
    ArchiveSpec,
    FitSpec,
    LearnSpec,
    LoadSpec,
    RunSpec,
    Spec,
    StftSpec,
    checked_stages,
)
from otowake.text import Language, Text

ARCHIVE_GROUPS = (
    (text.HEADING_ARCHIVE, ArchiveSpec),
    *((heading, spec) for heading, spec in GROUPS if spec is not RunSpec),
)
"""The specs of a run; it resumes at whole recordings, so RunSpec with its checkpoints is absent."""

LEARN_GROUPS = (
    (text.HEADING_LEARN, LearnSpec),
    *((heading, spec) for heading, spec in GROUPS if spec in (LoadSpec, StftSpec, FitSpec)),
)
"""The specs of dictionary learning."""

DEFAULT_STAGES = ("components", "notes", "instruments")
"""The stages of a run without --stages."""


def command(language: Language) -> click.Command:
    group = Program(
        "archive",
        language,
        params=[language_option(language)],
        help=text.HELP_ARCHIVE.format(language),
        callback=lambda **_: None,
    )
    for make in COMMANDS:
        group.add_command(make(language))
    return group


def run_command(language: Language) -> click.Command:
    stages = text.HELP_ARCHIVE_STAGES.format(language, stages=", ".join(STAGES))
    return Command(
        "run",
        language,
        params=[
            *_input_and_output(language, "otowake-archive", "DIR", text.HELP_ARCHIVE_OUTPUT),
            click.Option(
                ["--stages"],
                help=stages + text.DEFAULT.format(language, value=",".join(DEFAULT_STAGES)),
                metavar="A,B",
            ),
            click.Option(
                ["--dictionary"], metavar="FILE", help=text.HELP_DICTIONARY.format(language)
            ),
            *_options(language, ARCHIVE_GROUPS),
        ],
        help=text.HELP_ARCHIVE_RUN.format(language),
        callback=lambda **given: run(language, **given),
    )


def _input_and_output(
    language: Language, output: str, metavar: str, help: Text
) -> list[click.Parameter]:
    """Make the parameters for the recordings and for the result."""
    return [
        click.Argument(
            ["inputs"], nargs=-1, required=True, metavar=text.HELP_INPUTS.format(language)
        ),
        click.Option(
            ["-o", "--output"],
            default=output,
            metavar=metavar,
            help=help.format(language) + text.DEFAULT.format(language, value=output),
        ),
    ]


def _options(
    language: Language, groups: Sequence[tuple[Text, type[Spec]]]
) -> list[click.Parameter]:
    """Make the option file, the language and the options of the specs."""
    return [
        click.Option(["--options"], metavar="FILE", help=text.HELP_OPTIONS.format(language)),
        language_option(language),
        *spec_options(language, groups),
    ]


def run(
    language: Language,
    *,
    inputs: tuple[str, ...],
    output: str,
    stages: str | None,
    dictionary: str | None,
    options: str | None,
    lang: str | None,
    **given: Any,
) -> int:
    """Analyse an archive, or the rest of it, and return the exit code."""
    specs: dict[Any, Any] = specs_from(options, given, ARCHIVE_GROUPS)
    requested = checked_stages(
        DEFAULT_STAGES if stages is None else (stage.strip() for stage in stages.split(","))
    )
    from otowake.cluster import run_archive

    recipe = recipe_from(specs, requested)
    if dictionary is not None:
        recipe = recipe.with_dictionary(dictionary)
    with stopped_by_hand(language) as stopped, Bar(language, _run_drawn) as watch:
        tally = run_archive(
            inputs,
            output,
            recipe=recipe,
            spec=specs[ArchiveSpec],
            watch=lambda now: watch(now) or stopped(),
            failed=lambda path, reason: complain(_failure(path, reason, language), language),
            incomplete=lambda path, remark: warn(_failure(path, remark, language), language),
            language=language,
        )
    facts = {
        "done": tally.done,
        "total": tally.recordings,
        "failed": tally.failed,
        "now": tally.now,
    }
    summary = text.ARCHIVE_DONE.format(
        language, **facts, hours=tally.seconds / 3600, speed=tally.speed
    )
    click.echo(summary)
    click.echo(text.WROTE.format(language, folder=output))
    if tally.stopped:
        return CANCELLED
    if tally.failed or tally.unsearched:
        return FAILED
    return INCOMPLETE if tally.incomplete else OK


def _failure(path: str, reason: str, language: Language) -> str:
    return (
        reason
        if path in reason
        else text.ARCHIVE_FAILURE.format(language, path=path, reason=reason)
    )


def learn_command(language: Language) -> click.Command:
    return Command(
        "learn",
        language,
        params=[
            *_input_and_output(
                language, "otowake-dictionary.npz", "FILE", text.HELP_DICTIONARY_OUTPUT
            ),
            *_options(language, LEARN_GROUPS),
        ],
        help=text.HELP_ARCHIVE_LEARN.format(language),
        callback=lambda **given: learn(language, **given),
    )


def learn(
    language: Language,
    *,
    inputs: tuple[str, ...],
    output: str,
    options: str | None,
    lang: str | None,
    **given: Any,
) -> int:
    """Learn the dictionary of an archive and return the exit code."""
    specs: dict[Any, Any] = specs_from(options, given, LEARN_GROUPS)
    from otowake.cluster import learn_dictionary
    from otowake.results.recipe import Recipe

    with stopped_by_hand(language) as stopped, Bar(language, _learn_drawn) as watch:
        now = learn_dictionary(
            inputs,
            output,
            recipe=Recipe(("components",), specs[LoadSpec], specs[StftSpec], specs[FitSpec]),
            spec=specs[LearnSpec],
            watch=lambda now: watch(now) or stopped(),
            failed=lambda path, reason: complain(_failure(path, reason, language), language),
            language=language,
        )
    if now.stopped:
        click.echo(text.LEARN_STOPPED.format(language, passes=now.passes))
        return CANCELLED
    click.echo(text.LEARN_DONE.format(language, **asdict(now)))
    click.echo(text.LEARN_WROTE.format(language, path=output))
    return FAILED if now.failed or now.unsearched else OK


class Bar:
    """A watcher that draws the progress of an archive; silent if the output is piped."""

    def __init__(
        self, language: Language, facts: Callable[[Any, Language], dict[str, Any]]
    ) -> None:
        console = Console(stderr=True)
        self.language: Language = language
        self.facts = facts
        self.shown = console.is_terminal
        self.linked = False
        self.drawn = Progress(
            BarColumn(bar_width=None),
            TextColumn("{task.description}", markup=False),
            console=console,
            transient=True,
            disable=not self.shown,
        )
        self.task = self.drawn.add_task("", total=None)

    def __enter__(self) -> Bar:
        self.drawn.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.drawn.stop()

    def __call__(self, now: Any) -> bool:
        if self.shown:
            if now.dashboard and not self.linked:
                self.linked = True
                self.drawn.console.print(text.DASHBOARD.format(self.language, link=now.dashboard))
            self.drawn.update(self.task, **self.facts(now, self.language))
        return False


def _run_drawn(now: Any, language: Language) -> dict[str, Any]:
    """Describe the progress of a run for a bar."""
    if now.reading:
        return {
            "description": text.ARCHIVE_READING.format(language, recordings=now.recordings),
            "total": now.recordings or None,
        }
    facts = {
        "done": now.done,
        "total": now.recordings,
        "failed": now.failed,
        "hours": now.seconds / 3600,
    }
    words = text.ARCHIVE_PROGRESS.format(language, **facts, speed=now.speed)
    if now.left is not None:
        minutes, seconds = divmod(round(now.left), 60)
        words += text.TIME_LEFT.format(language, left=f"{minutes}:{seconds:02d}")
    return {
        "description": words,
        "total": now.recordings or None,
        "completed": now.done + now.failed,
    }


def _learn_drawn(now: Any, language: Language) -> dict[str, Any]:
    """Describe the progress of dictionary learning for a bar."""
    words = text.LEARN_PROGRESS if now.passes else text.ARCHIVE_READING
    return {
        "description": words.format(language, **asdict(now)),
        "total": now.most,
        "completed": now.passes,
    }


def table_command(language: Language) -> click.Command:
    return Command(
        "table",
        language,
        params=[
            click.Argument(["archive"], metavar=text.HELP_ARCHIVE_DIR.format(language)),
            click.Option(
                ["-o", "--output"],
                metavar="DIR",
                default=None,
                help=text.HELP_TABLE_OUTPUT.format(language),
            ),
            language_option(language),
        ],
        help=text.HELP_ARCHIVE_TABLE.format(language),
        callback=lambda **given: table(language, **given),
    )


def table(language: Language, *, archive: str, output: str | None, lang: str | None) -> int:
    """Write the tables of an archive."""
    from otowake.cluster import write_tables

    with ended_well():
        written = write_tables(archive, output)
    for path, rows in written.items():
        click.echo(text.TABLE_WRITTEN.format(language, path=path, rows=rows))
    return OK


COMMANDS = (run_command, learn_command, table_command)
"""Functions that make a command in one language, in the order of the help."""
