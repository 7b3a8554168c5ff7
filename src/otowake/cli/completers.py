"""Shell completion of arguments and option values."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem

Completer = Callable[[click.Context, click.Parameter, str], "list[CompletionItem[str]]"]


def one_of(known: Iterable[str]) -> Completer:
    """Complete one of the given words."""

    def complete(
        ctx: click.Context, parameter: click.Parameter, typed: str
    ) -> list[CompletionItem[str]]:
        return [CompletionItem(word) for word in known if word.startswith(typed)]

    return complete


def lists(known: Callable[[], Iterable[str]]) -> Completer:
    """Complete the last word of a comma-separated list."""

    def complete(
        ctx: click.Context, parameter: click.Parameter, typed: str
    ) -> list[CompletionItem[str]]:
        before, comma, last = typed.rpartition(",")
        taken = before.split(",")
        return [
            CompletionItem(before + comma + word)
            for word in known()
            if word.startswith(last) and word not in taken
        ]

    return complete


def files(ctx: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem[str]]:
    """Let the shell complete a file name."""
    return [CompletionItem(typed, type="file")]


def folders(
    ctx: click.Context, parameter: click.Parameter, typed: str
) -> list[CompletionItem[str]]:
    """Let the shell complete a folder name."""
    return [CompletionItem(typed, type="dir")]


def instruments() -> Iterable[str]:
    """Return the names of the instruments."""
    from otowake.music.theory.instruments import INSTRUMENTS  # takes a second to import

    return [instrument.name for instrument in INSTRUMENTS]


OF_OPTIONS = {"instruments": lists(instruments)}
"""Completers of the options whose constraints list no choices."""
