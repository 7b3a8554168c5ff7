"""The command line, built from the option specs."""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import os
import signal
import sys
import threading
import tomllib
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from types import FrameType
from typing import Any

import click
from rich.console import Console

from otowake import __version__, text
from otowake.errors import BadInput, InputWarning, OtowakeError
from otowake.options import (
    STAGES,
    FitSpec,
    LoadSpec,
    NoteSpec,
    PartSpec,
    RunSpec,
    ScoreSpec,
    Spec,
    StftSpec,
    checked_stages,
)
from otowake.text import LANGUAGES, Language, Text
from otowake.types import Analysis, Note, Progress

OK, FAILED, WRONG_USAGE, CANCELLED = 0, 1, 2, 130

GROUPS: tuple[tuple[Text, type[Spec]], ...] = (
    (text.HEADING_READING, LoadSpec),
    (text.HEADING_STFT, StftSpec),
    (text.HEADING_FIT, FitSpec),
    (text.HEADING_NOTES, NoteSpec),
    (text.HEADING_PARTS, PartSpec),
    (text.HEADING_RUN, RunSpec),
)

SCORING: tuple[tuple[Text, type[Spec]], ...] = ((text.HEADING_NOTES, ScoreSpec),)


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
        _complain(_usage_sentence(error, language), language)
        sys.exit(WRONG_USAGE)
    except OtowakeError as error:
        _complain(error.in_language(language), language)
        sys.exit(FAILED)
    except (KeyboardInterrupt, click.Abort):
        click.echo(text.INTERRUPTED.format(language), err=True)
        sys.exit(CANCELLED)
    except OSError as error:
        _complain(text.NOT_PRINTED.format(language, why=error.strerror or error), language)
        sys.exit(FAILED)


def entry() -> None:
    """The program as a process: it ends without the interpreter's clearing up, which takes a tenth of its time."""
    gc.set_threshold(200_000)  # imports make many objects and hardly any garbage
    sys.setswitchinterval(0.0005)  # figure and sounds are made side by side
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
        _complain(text.NOT_PRINTED.format(language, why=error.strerror or error), language)
        code = FAILED
    os._exit(code)


def _language(arguments: list[str]) -> Language:
    """The language asked for with --lang, or that of the locale; help needs it before options are parsed."""
    asked = None
    for i, this in enumerate(arguments):
        if this == "--lang":
            asked = "".join(arguments[i + 1 : i + 2])
        elif this.startswith("--lang="):
            asked = this.removeprefix("--lang=")
    if asked is None:
        names = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
        return "ja" if next((name for name in names if name), "").startswith("ja") else "en"
    return "ja" if asked == "ja" else "en"


def _complain(message: str, language: Language) -> None:
    click.echo(text.ERROR.format(language, message=message), err=True)


def _usage_sentence(error: click.ClickException, language: Language) -> str:
    if isinstance(error, click.NoSuchOption):
        return text.USAGE_NO_OPTION.format(language, name=error.option_name)
    if isinstance(error, click.MissingParameter) and error.param and error.param.name == "files":
        return text.USAGE_NO_FILE.format(language)
    if isinstance(error, click.UsageError) and error.message.startswith("No such command"):
        return text.USAGE_NO_COMMAND.format(language, name=error.message.split("'")[1])
    return text.USAGE_OTHER.format(language, message=error.format_message())


class Command(click.Command):
    """A command whose help is in one language, with its options in groups."""

    def __init__(self, name: str, language: Language, **rest: Any) -> None:
        self.language: Language = language
        super().__init__(name, **rest)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        heading = text.HEADING_USAGE.format(self.language)
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), heading)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        found = super().get_help_option(ctx)
        if found:
            found.help = text.HELP_HELP.format(self.language)
        return found

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        grouped: dict[Text, list[tuple[str, str]]] = {text.HEADING_OUTPUT: []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record:
                grouped.setdefault(getattr(parameter, "group", text.HEADING_OUTPUT), []).append(record)
        for heading, records in grouped.items():
            with formatter.section(heading.format(self.language)):
                formatter.write_dl(records)


class Program(Command, click.Group):
    """The program: a group of commands."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        commands = [(name, self.commands[name].get_short_help_str(200)) for name in self.list_commands(ctx)]
        with formatter.section(text.HEADING_COMMANDS.format(self.language)):
            formatter.write_dl(commands)


class SpecOption(click.Option):
    """A command-line option for one field of a spec."""

    def __init__(self, group: Text, **rest: Any) -> None:
        self.group = group
        super().__init__(**rest)


def program(language: Language) -> click.Group:
    """The command line in one language."""
    settings = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
    lang = click.Option(
        ["--lang"], help=text.HELP_LANG.format(language), metavar="en|ja", callback=_check_language
    )
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
        params=[lang, shown_version],
        help=text.HELP_PROGRAM.format(language),
        context_settings=settings,
        callback=lambda **_: None,
    )
    files = click.Argument(["files"], nargs=-1, required=True, metavar=text.HELP_FILES.format(language))
    group.add_command(
        Command(
            "split",
            language,
            params=[files, *_output_options(language), *_spec_options(language)],
            help=text.HELP_SPLIT.format(language),
            callback=lambda **given: split(language, **given),
        )
    )
    group.add_command(
        Command(
            "demo",
            language,
            params=[*_output_options(language), *_spec_options(language)],
            help=text.HELP_DEMO.format(language),
            callback=lambda **given: demo(language, **given),
        )
    )
    folders = click.Argument(["folders"], nargs=-1, required=True, metavar=text.HELP_FOLDERS.format(language))
    group.add_command(
        Command(
            "compare",
            language,
            params=[folders, *_comparison_options(language)],
            help=text.HELP_COMPARE.format(language),
            callback=lambda **given: compare(language, **given),
        )
    )
    scored = [
        click.Argument(["folder"], metavar=text.HELP_FOLDER.format(language)),
        click.Argument(["reference"], metavar=text.HELP_REFERENCE.format(language)),
    ]
    group.add_command(
        Command(
            "score",
            language,
            params=[*scored, *_score_options(language), *_spec_options(language, SCORING)],
            help=text.HELP_SCORE.format(language),
            callback=lambda **given: score(language, **given),
        )
    )
    return group


def _score_options(language: Language) -> list[click.Parameter]:
    return [
        click.Option(
            ["-o", "--output"], metavar="FILE", help=text.HELP_SCORE_FIGURE.format(language), default=None
        ),
        click.Option(
            ["--lang"], help=text.HELP_LANG.format(language), metavar="en|ja", callback=_check_language
        ),
    ]


def _comparison_options(language: Language) -> list[click.Parameter]:
    output = "comparison.png"
    words = text.HELP_COMPARISON.format(language) + text.DEFAULT.format(language, value=output)
    return [
        click.Option(["-o", "--output"], default=output, metavar="FILE", help=words),
        click.Option(
            ["--lang"], help=text.HELP_LANG.format(language), metavar="en|ja", callback=_check_language
        ),
    ]


def _check_language(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and value not in LANGUAGES:
        must = Text(*(text.MUST_BE_ONE_OF.format(each, choices=", ".join(LANGUAGES)) for each in LANGUAGES))
        raise BadInput(text.OPTION, name="lang", must=must, value=value)
    return value


def _show_version(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        click.echo(f"otowake {__version__}")
        ctx.exit()


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
        ),
        click.Option(["--overwrite"], is_flag=True, help=help_of(text.HELP_OVERWRITE)),
        click.Option(["--animation"], is_flag=True, help=help_of(text.HELP_ANIMATION)),
        click.Option(["--stages"], help=help_of(text.HELP_STAGES, stages=", ".join(STAGES)), metavar="A,B"),
        click.Option(["--score"], metavar="FILE", help=help_of(text.HELP_SCORE_FILE)),
        click.Option(["--options"], metavar="FILE", help=help_of(text.HELP_OPTIONS)),
        click.Option(["--lang"], help=help_of(text.HELP_LANG), metavar="en|ja", callback=_check_language),
    ]


def _spec_options(
    language: Language, groups: Sequence[tuple[Text, type[Spec]]] = GROUPS
) -> list[click.Parameter]:
    found: list[click.Parameter] = []
    for group, spec in groups:
        defaults = {f.name: f.default for f in fields(spec)}
        for name, constraint in spec.constraints().items():
            words = constraint.help.format(language)
            if defaults[name] not in (None, MISSING) and constraint.kind is not bool:
                words += text.DEFAULT.format(language, value=defaults[name])
            flag = "--" + name.replace("_", "-")
            if constraint.kind is bool:
                both = f"{flag}/--no-{flag[2:]}"
                found.append(SpecOption(group=group, param_decls=[both, name], default=None, help=words))
                continue
            kind = {int: "N", float: "X", str: "NAME"}[constraint.kind]
            found.append(
                SpecOption(
                    group=group,
                    param_decls=[flag, name],
                    metavar="|".join(constraint.choices) or kind,
                    help=words,
                )
            )
    return found


def demo(language: Language, **given: Any) -> int:
    """Analyse the clip in the package; an earlier result of it is replaced, a result of anything else is not."""
    from otowake.io.audio import demo_path, sha256
    from otowake.io.results import input_digest

    clip = demo_path()
    again = input_digest(Path(given["output"]) / clip.stem) == sha256(clip)
    return split(language, files=(str(clip),), **{**given, "overwrite": given["overwrite"] or again})


def compare(language: Language, *, folders: tuple[str, ...], output: str, lang: str | None) -> int:
    """Two or more result folders side by side: a figure, and a table of how alike they are."""
    from otowake.io import load_analysis
    from otowake.music.compare import agreement, matched
    from otowake.plot import comparison_figure

    if len(folders) < 2:
        raise BadInput(text.COMPARE_TWO)
    _check_figure(output)
    analyses = [load_analysis(folder) for folder in folders]
    _save_figure(comparison_figure(analyses, folders, language=language), output)
    for folder, analysis in zip(folders, analyses, strict=True):
        facts = {
            "folder": folder,
            "n": analysis.fitted().factors.n_components,
            "loss": f"{analysis.fitted().loss:,.6g}",
            "likeness": f"{agreement(matched(analyses[0], analysis)):.3f}",
        }
        click.echo(text.COMPARED.format(language, **facts))
    click.echo(text.WROTE.format(language, folder=output))
    return OK


def score(
    language: Language,
    *,
    folder: str,
    reference: str,
    output: str | None,
    lang: str | None,
    **given: Any,
) -> int:
    """The notes of a result folder against a reference: figures, errors by kind, and a picture of them."""
    from otowake import console
    from otowake.io import load_analysis
    from otowake.io.notes import read_reference
    from otowake.music.evaluation import evaluate
    from otowake.plot import score_figure

    output = output or str(Path(folder) / "agreement.png")
    _check_figure(output)
    spec = ScoreSpec().with_options(**{name: value for name, value in given.items() if value is not None})
    analysis = load_analysis(folder)
    if analysis.note_spec is None:
        raise BadInput(text.NO_STAGE, stage="notes")
    found = evaluate(read_reference(reference), analysis.notes, spec)
    _save_figure(score_figure(found, title=Path(folder).name, language=language), output)
    for what, rates in (
        (text.ONSETS, (found.precision, found.recall, found.f1)),
        (text.ONSETS_OFFSETS, (found.precision_offsets, found.recall_offsets, found.f1_offsets)),
    ):
        facts = {name: f"{rate:.3f}" for name, rate in zip(("precision", "recall", "f1"), rates, strict=True)}
        click.echo(text.SCORED.format(language, what=what, **facts))
    Console().print(console.errors_table(found, language))
    click.echo(text.WROTE.format(language, folder=output))
    return OK


def _check_figure(name: str) -> None:
    if Path(name).suffix not in (".png", ".svg", ".pdf"):
        raise BadInput(text.COMPARE_SUFFIX, name=name)


def _save_figure(figure: Any, path: str) -> None:
    try:
        figure.savefig(path)
    except OSError as error:
        raise BadInput(text.CANT_WRITE, path=path, why=error.strerror) from error


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
    """Analyse files, each into a folder of its own; returns the exit code."""
    specs = specs_from(options, {name: value for name, value in given.items() if value is not None})
    asked = checked_stages(stage.strip() for stage in stages.split(",")) if stages is not None else STAGES
    notes = _score_of(score)
    out = Console()
    failed = 0
    with stopped_by_hand(language) as stopped:
        for path, folder in zip(files, folders_for(files, Path(output)), strict=True):
            try:
                one_file(path, folder, asked, specs, notes, overwrite, animation, language, out, stopped)
            except OtowakeError as error:
                sentence = error.in_language(language)
                name = Path(path).name
                sentence = sentence.replace(name, path, 1) if sentence.startswith(f"{name}: ") else sentence
                _complain(sentence, language)
                failed += 1
            if stopped():
                return CANCELLED
    if failed and len(files) > 1:
        click.echo(text.SOME_FAILED.format(language, failed=failed, total=len(files)), err=True)
    return FAILED if failed else OK


def _score_of(path: str | None) -> Sequence[Note] | None:
    if path is None:
        return None
    from otowake.io.midi import read_notes

    return read_notes(path)


def specs_from(options_file: str | None, given: dict[str, Any]) -> dict[type[Spec], Spec]:
    """The specs from a TOML file and, above it, the options given on the command line."""
    chosen = {**(_read_options(Path(options_file)) if options_file else {}), **given}
    known = {name: spec for _, spec in GROUPS for name in spec.constraints()}
    for name in chosen:
        if name not in known:
            raise BadInput(text.UNKNOWN_OPTION, name=name, known=", ".join(known))
    return {
        spec: spec().with_options(**{name: value for name, value in chosen.items() if known[name] is spec})
        for _, spec in GROUPS
    }


def _read_options(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise BadInput(text.NO_SUCH_FILE, path=path)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadInput(text.NOT_READABLE, path=path, why=error.strerror) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(text.BAD_OPTIONS_FILE, path=path, why=error) from error


def folders_for(files: tuple[str, ...], output: Path) -> list[Path]:
    """A folder for each file, named after it; a second file of that name gets ``-2``."""
    taken: set[str] = set()
    found = []
    for file in files:
        stem = Path(file).stem or "recording"
        name, count = stem, 1
        while name in taken:
            count += 1
            name = f"{stem}-{count}"
        taken.add(name)
        found.append(output / name)
    return found


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
) -> None:
    """Analyse one file, write its folder, and say what was found."""
    from otowake import console
    from otowake.io.audio import Recording, open_recording
    from otowake.io.checkpoint import Checkpoint, key_of
    from otowake.io.results import new_folder, write_analysis
    from otowake.io.spool import spooled_spectrogram
    from otowake.music import analyse

    _keep_compiled_programs()
    threading.Thread(target=importlib.import_module, args=("otowake.plot",), daemon=True).start()
    with new_folder(folder, overwrite=overwrite) as place:
        load_spec, stft_spec = specs[LoadSpec], specs[StftSpec]
        factorised = "components" in stages
        with _told(language), _quiet_decoders():
            audio = open_recording(path, start=load_spec.start, duration=load_spec.duration)
            is_long = factorised and isinstance(audio, Recording)
            V = spooled_spectrogram(audio, stft_spec, place) if is_long else None
        film = _film() if animation and factorised else None
        with console.progress(audio.name, language) as bar:
            key = key_of(__version__, audio.source, load_spec, stft_spec, specs[FitSpec])
            saved = Checkpoint(folder.parent / f".{folder.name}.checkpoint", specs[RunSpec].checkpoint, key)

            def watch(now: Progress) -> bool:
                bar(now)
                saved(now)
                if film:
                    film(now)
                return stopped()

            analysis = analyse(
                audio,
                stages=stages,
                V=V,
                stft=stft_spec,
                fit=specs[FitSpec],
                note=specs[NoteSpec],
                part=specs[PartSpec],
                score=score,
                watch=watch,
                resume=saved.read() if factorised else None,
            )
        with _told(language):
            write_analysis(analysis, place, language)
        if film:
            from otowake.plot import analysis_figure, animate_analysis

            analysis_figure(analysis, language=language, before=True).savefig(place / "figure-before.png")
            animate_analysis(film, analysis, place / "learning.gif", language=language)
    saved.remove()
    report(analysis, folder, language, out)


def _film() -> Any:
    from otowake.plot import Snapshots

    return Snapshots()


def report(analysis: Analysis, folder: Path, language: Language, out: Console) -> None:
    """Say what was found and where it was put."""
    from otowake import console

    fit, lines = analysis.fit, []
    if fit is not None:
        out.print(console.components_table(analysis, language))
        loss = f"{fit.loss:,.6g}"
        lines.append(text.HOW_IT_ENDED.format(language, stop=fit.stop.sentence(language), loss=loss))
        if len(fit.agreement) > 1:
            lines.append(console.restarts(fit, language))
        lines.append(console.heard(analysis, language))
    if analysis.note_spec is not None:
        lines += console.notes_found(analysis, language)
    if analysis.part_spec is not None:
        lines.append(console.parts_found(analysis, language))
    for line in (*lines, text.WROTE.format(language, folder=folder)):
        out.print(line, markup=False, highlight=False, soft_wrap=True)


@contextlib.contextmanager
def stopped_by_hand(language: Language) -> Iterator[Callable[[], bool]]:
    """A flag that the first Ctrl-C raises, so that the work can end well; a second one ends it at once."""
    pressed = False

    def press(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True
        click.echo(text.STOPPING.format(language), err=True)

    def end(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGINT, press), signal.signal(signal.SIGTERM, end)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before[0])
        signal.signal(signal.SIGTERM, before[1])


@contextlib.contextmanager
def _quiet_decoders() -> Iterator[None]:
    """Keep what decoding libraries write to standard error away."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextlib.contextmanager
def _told(language: Language) -> Iterator[None]:
    """Say our own warnings afterwards, each in one line; keep those of libraries away."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", InputWarning)
        yield
    for warning in caught:
        if isinstance(warning.message, InputWarning):
            message = warning.message.in_language(language)
            click.echo(text.WARNING.format(language, message=message), err=True)


def _keep_compiled_programs() -> None:
    """Let JAX keep what it compiles in the user's cache folder: the next run starts a second sooner."""
    import logging

    import jax
    import platformdirs

    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", message=".*compilation cache")
    folder = Path(platformdirs.user_cache_dir("otowake"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
