"""A sentence in two languages."""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple

Language = Literal["en", "ja"]
LANGUAGES: tuple[Language, ...] = ("en", "ja")


_ONE_OR_MORE = re.compile(r"\{(\w+)\|([^|{}]*)\|([^|{}]*)\}")


class Text(NamedTuple):
    """A template in both languages.

    ``{n|note|notes}`` stands for the first word where n is 1, and for the second otherwise.

    Examples
    --------
    >>> count = Text("{n} {n|note|notes}", "音符 {n} 個")
    >>> count.format("ja", n=3), count.format(n=3), count.format(n=1)
    ('音符 3 個', '3 notes', '1 note')
    """

    en: str
    ja: str

    def format(self, language: Language = "en", **facts: Any) -> str:
        """Fill in the template of a language; a fact may itself be a `Text`."""
        words = {k: v.format(language) if isinstance(v, Text) else v for k, v in facts.items()}
        template = self.ja if language == "ja" else self.en
        if not facts:
            return template
        template = _ONE_OR_MORE.sub(
            lambda match: match[2 if str(words[match[1]]) == "1" else 3], template
        )
        return template.format(**words)

    def filled(self, **facts: Any) -> Text:
        """Fill in both templates, for a fact of another sentence."""
        return Text(*(self.format(language, **facts) for language in LANGUAGES))
