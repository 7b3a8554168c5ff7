"""Errors and warnings; each carries its message in both languages."""

from __future__ import annotations

from typing import Any

from otowake.text import Language, Text


class OtowakeError(Exception):
    """An error with a message of one sentence.

    Parameters
    ----------
    sentence
        Template of the message, in both languages.
    **facts
        Values for the template.

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
        """Return the message in `language`."""
        return self.sentence.format(language, **self.facts)


class BadInput(OtowakeError, ValueError):
    """An invalid input or option."""


class NotConverged(OtowakeError):
    """The loss of a factorisation became infinite or NaN."""


class MissingExtra(OtowakeError, ImportError):
    """A required optional package is not installed."""


class CannotWrite(OtowakeError, OSError):
    """Results could not be written; no partial result remains."""


class WorkersGone(OtowakeError):
    """No worker or no scheduler is left to continue work on an archive."""


class InputWarning(UserWarning):
    """A part of the input is unusable or outdated; the message says which."""

    def __init__(self, sentence: Text, **facts: Any) -> None:
        super().__init__(sentence.format("en", **facts))
        self.sentence = sentence
        self.facts = facts

    def in_language(self, language: Language) -> str:
        """Return the message in `language`."""
        return self.sentence.format(language, **self.facts)


class IncompleteResult(InputWarning):
    """A file of a result could not be written; the message names it and the repair."""
