"""What can go wrong, as types. Every error carries its sentence in both languages."""

from __future__ import annotations

from typing import Any

from otowake.text import Language, Text


class OtowakeError(Exception):
    """An error with one clear sentence.

    Parameters
    ----------
    sentence
        The template of the message, in both languages.
    **facts
        What fills it in.

    Examples
    --------
    >>> from otowake.text import EMPTY_FILE
    >>> error = BadInput(EMPTY_FILE, path="a.wav")
    >>> str(error)
    'a.wav: the file is empty.'
    >>> error.in_language("ja")
    'a.wav: ファイルが空です。'
    """

    def __init__(self, sentence: Text, **facts: Any) -> None:
        super().__init__(sentence.format("en", **facts))
        self.sentence = sentence
        self.facts = facts

    def in_language(self, language: Language) -> str:
        """The message in `language`."""
        return self.sentence.format(language, **self.facts)


class BadInput(OtowakeError, ValueError):
    """Something given is not what it must be."""


class NotConverged(OtowakeError):
    """A factorisation went wrong: its loss is no longer a finite number."""


class MissingExtra(OtowakeError, ImportError):
    """An optional package is needed and not installed."""


class CannotWrite(OtowakeError, OSError):
    """Results could not be written; nothing half-written was left."""


class WorkersGone(OtowakeError):
    """An archive can't be worked on any further: no worker is left, or no scheduler."""


class InputWarning(UserWarning):
    """The input was usable only in part; the message says which part."""

    def __init__(self, sentence: Text, **facts: Any) -> None:
        super().__init__(sentence.format("en", **facts))
        self.sentence = sentence
        self.facts = facts

    def in_language(self, language: Language) -> str:
        """The message in `language`."""
        return self.sentence.format(language, **self.facts)


class IncompleteResult(InputWarning):
    """A file of a result could not be written; the message says which, why, and how to make it later."""
