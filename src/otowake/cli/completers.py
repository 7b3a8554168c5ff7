"""What a shell is told while an argument or the value of an option is typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem

Completer = Callable[[click.Context, click.Parameter, str], "list[CompletionItem[str]]"]


def one_of(known: Iterable[str]) -> Completer:
    """Completes one of these words."""

    def complete(
        ctx: click.Context, parameter: click.Parameter, typed: str
    ) -> list[CompletionItem[str]]:
        return [CompletionItem(word) for word in known if word.startswith(typed)]

    return complete


def lists(known: Callable[[], Iterable[str]]) -> Completer:
    """Completes the last of words between commas."""

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
    """Completes the name of a file, as the shell does it."""
    return [CompletionItem(typed, type="file")]


def folders(
    ctx: click.Context, parameter: click.Parameter, typed: str
) -> list[CompletionItem[str]]:
    """Completes the name of a folder, as the shell does it."""
    return [CompletionItem(typed, type="dir")]


def instruments() -> Iterable[str]:
    """The names of the instruments."""
    from otowake.music.theory.instruments import INSTRUMENTS  # takes a second to import

    return [each.name for each in INSTRUMENTS]


OF_OPTIONS = {"instruments": lists(instruments)}
"""For fields of specs whose words are not in their constraints."""
