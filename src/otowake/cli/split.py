"""The commands ``otowake split`` and ``otowake demo``."""

from __future__ import annotations

import importlib
import threading
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from otowake import __version__, text
from otowake.cli import completers
from otowake.cli.building import (
    Command,
    current_specs,
    language_option,
    options_given,
    spec_options,
)
from otowake.cli.each_file import each_file
from otowake.cli.show import report
from otowake.cli.signals import exit_code, report_warnings
from otowake.errors import BadInput
from otowake.options import (
    GROUPS,
    STAGES,
    FitSpec,
    LoadSpec,
    NoteSpec,
    PartSpec,
    RunSpec,
    Spec,
    StftSpec,
    TheorySpec,
    checked_stages,
)
from otowake.runtime import keep_compiled_programs, quiet_decoders
from otowake.text import Language, Text
from otowake.types import Note, Progress
from otowake.untrusted import content_of

MOST_OPTIONS = 64 * 2**10
"""Bytes, the largest option file that is read."""

if TYPE_CHECKING:
    from otowake.results.recipe import Recipe


def command(language: Language) -> click.Command:
    files = click.Argument(
        ["files"],
        nargs=-1,
        required=True,
        metavar=text.HELP_FILES.format(language),
        shell_complete=completers.files,
    )
    return Command(
        "split",
        language,
        params=[files, *_output_options(language), *spec_options(language)],
        help=text.HELP_SPLIT.format(language),
        callback=lambda **given: split(language, **given),
    )


def demo_command(language: Language) -> click.Command:
    return Command(
        "demo",
        language,
        params=[*_output_options(language), *spec_options(language)],
        help=text.HELP_DEMO.format(language),
        callback=lambda **given: demo(language, **given),
    )


def _output_options(language: Language) -> list[click.Parameter]:
    def help_of(sentence: Text, **facts: Any) -> str:
        return sentence.format(language, **facts)

    output = "otowake-results"
    return [
        click.Option(
            ["-o", "--output"],
            default=output,
            metavar="DIR",
            help=help_of(text.HELP_OUTPUT) + help_of(text.DEFAULT, value=output),
            shell_complete=completers.folders,
        ),
        click.Option(["--overwrite"], is_flag=True, help=help_of(text.HELP_OVERWRITE)),
        click.Option(["--animation"], is_flag=True, help=help_of(text.HELP_ANIMATION)),
        click.Option(
            ["--stages"],
            help=help_of(text.HELP_STAGES, stages=", ".join(STAGES)),
            metavar="A,B",
            shell_complete=completers.lists(lambda: STAGES),
        ),
        click.Option(
            ["--score"],
            metavar="FILE",
            help=help_of(text.HELP_SCORE_FILE),
            shell_complete=completers.files,
        ),
        click.Option(
            ["--options"],
            metavar="FILE",
            help=help_of(text.HELP_OPTIONS),
            shell_complete=completers.files,
        ),
        language_option(language),
    ]


def demo(language: Language, **given: Any) -> int:
    """Analyse the demo recording; replace an earlier result only if it is of the demo."""
    from otowake.io.audio import demo_path, sha256
    from otowake.results.read import input_digest

    clip = demo_path()
    again = input_digest(Path(given["output"]) / clip.stem) == sha256(clip)
    return split(
        language, files=(str(clip),), **{**given, "overwrite": given["overwrite"] or again}
    )


def split(
    language: Language,
    *,
    files: tuple[str, ...],
    output: str,
    overwrite: bool,
    animation: bool,
    stages: str | None,
    score: str | None,
    options: str | None,
    lang: str | None,
    **given: Any,
) -> int:
    """Analyse files, write a result folder for each, and return the exit code."""
    specs = specs_from(options, given)
    requested = (
        checked_stages(stage.strip() for stage in stages.split(","))
        if stages is not None
        else STAGES
    )
    notes = _score_of(score)
    out = Console()

    def one(path: str, folder: Path, stopped: Callable[[], bool]) -> int:
        return one_file(
            path, folder, requested, specs, notes, overwrite, animation, language, out, stopped
        )

    return each_file(files, Path(output), one, language)


def _score_of(path: str | None) -> Sequence[Note] | None:
    if path is None:
        return None
    from otowake.io.midi import read_notes

    return read_notes(path)


def specs_from(
    options_file: str | None,
    given: dict[str, Any],
    groups: Sequence[tuple[Text, type[Spec]]] = GROUPS,
) -> dict[type[Spec], Spec]:
    """Read the specs from a TOML file; options on the command line take precedence."""
    return current_specs(
        {**(_read_options(Path(options_file)) if options_file else {}), **options_given(given)},
        groups,
    )


def recipe_from(
    specs: dict[type[Spec], Any], stages: tuple[str, ...], score: Sequence[Note] | None = None
) -> Recipe:
    """Make a recipe of specs, stages and a score."""
    from otowake.results.recipe import Recipe

    fields = (specs[spec] for spec in (LoadSpec, StftSpec, FitSpec, NoteSpec, PartSpec, TheorySpec))
    return Recipe(stages, *fields, score=None if score is None else tuple(score))


def _read_options(path: Path) -> dict[str, Any]:
    from otowake.io.audio import check_file

    check_file(path)
    try:
        return tomllib.loads(content_of(path, MOST_OPTIONS).decode("utf-8-sig"))
    except OSError as error:
        raise BadInput(text.NOT_READABLE, path=path, why=text.reason_of(error)) from error
    except (ValueError, RecursionError) as error:
        raise BadInput(text.BAD_OPTIONS_FILE, path=path, why=error) from error


def one_file(
    path: str,
    folder: Path,
    stages: tuple[str, ...],
    specs: dict[type[Spec], Any],
    score: Sequence[Note] | None,
    overwrite: bool,
    animation: bool,
    language: Language,
    out: Console,
    stopped: Callable[[], bool],
) -> int:
    """Analyse a file, write its folder, print a summary, and return the exit code."""
    from otowake import progress_bars
    from otowake.results.checkpoint import Checkpoint, key_of
    from otowake.results.files import ANIMATION_PICTURES, DEFAULT_KINDS
    from otowake.results.folders import new_folder
    from otowake.results.save import warn_of, write_analysis

    keep_compiled_programs()
    threading.Thread(target=importlib.import_module, args=("otowake.plot",), daemon=True).start()
    recipe = recipe_from(specs, stages, score)
    with new_folder(folder, overwrite=overwrite) as new:
        factorised = "components" in stages
        with report_warnings(language), quiet_decoders():
            audio, V = recipe.open(path, new)
        watched = factorised and (animation or "report" in stages)
        film = _film(ANIMATION_PICTURES if animation else 24) if watched else None
        with progress_bars.progress(audio.name, language) as bar:
            key = key_of(__version__, audio.source, recipe.load, recipe.stft, recipe.fit)
            saved = Checkpoint(
                folder.parent / f".{folder.name}.checkpoint", specs[RunSpec].checkpoint, key
            )

            def watch(now: Progress) -> bool:
                bar(now)
                saved(now)
                if film:
                    film(now)
                return stopped()

            resume = saved.read() if factorised else None
            analysis = recipe.analyse(audio, V, watch=watch, resume=resume)
        kinds = (*DEFAULT_KINDS, "animation") if animation else DEFAULT_KINDS
        failed = write_analysis(analysis, new, language, film, kinds)
    saved.remove()
    with report_warnings(language) as warned:
        warn_of(failed, folder)
    report(analysis, folder, language, out)
    return exit_code(warned)


def _film(most: int) -> Any:
    from otowake.plot import Snapshots

    return Snapshots(most)
