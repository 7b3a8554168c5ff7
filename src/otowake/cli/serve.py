"""The command ``otowake serve``."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any

import click

from otowake import text
from otowake.cli.building import OK, Command, language_option, options_given, spec_options
from otowake.options import ServeSpec
from otowake.text import Language


def command(language: Language) -> click.Command:
    ask = click.Option(["--password"], is_flag=True, help=text.HELP_PASSWORD.format(language))
    options = spec_options(language, ((text.HEADING_SERVE, ServeSpec),))
    return Command(
        "serve",
        language,
        params=[ask, language_option(language), *options],
        help=text.HELP_SERVE.format(language),
        callback=lambda **given: serve(language, **given),
    )


def serve(language: Language, *, password: bool, lang: str | None, **given: Any) -> int:
    """Serve the web page until a signal stops it."""
    from otowake.web import serve as run

    spec = ServeSpec().with_options(**options_given(given))
    prompt = text.ASK_PASSWORD.format(language)
    secret = click.prompt(prompt, hide_input=True) if password else None
    before = signal.signal(signal.SIGTERM, _interrupt), signal.getsignal(signal.SIGHUP)
    if before[1] != signal.SIG_IGN:  # nohup ignores SIGHUP
        signal.signal(signal.SIGHUP, _terminate)
    try:
        run(spec, password=secret, ready=lambda address: _say(address, language))
    except KeyboardInterrupt:
        click.echo(text.INTERRUPTED.format(language), err=True)
    finally:
        for number, handler in zip((signal.SIGTERM, signal.SIGHUP), before, strict=True):
            signal.signal(number, handler)
    return OK


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _terminate(number: int, frame: FrameType | None) -> None:
    signal.raise_signal(signal.SIGTERM)  # uvicorn handles it while it serves


def _say(address: str, language: Language) -> None:
    click.echo(text.SERVING.format(language, address=address))
