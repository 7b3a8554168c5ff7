"""A sentence in two languages."""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple

Language = Literal["en", "ja"]
LANGUAGES: tuple[Language, ...] = ("en", "ja")


_ONE_OR_MORE = re.compile(r"\{(\w+)\|([^|{}]*)\|([^|{}]*)\}")


class Text(NamedTuple):
    """A template in both languages; ``{n|note|notes}`` is the first word where n is 1, else the second.

    Examples
    --------
    >>> some = Text("{n} {n|note|notes}", "音符 {n} 個")
    >>> some.format("ja", n=3), some.format(n=3), some.format(n=1)
    ('音符 3 個', '3 notes', '1 note')
    """

    en: str
    ja: str

    def format(self, language: Language = "en", **facts: Any) -> str:
        """The template in `language`, filled in; facts that are themselves `Text` are put into it too."""
        words = {k: v.format(language) if isinstance(v, Text) else v for k, v in facts.items()}
        template = self.ja if language == "ja" else self.en
        if not facts:
            return template
        template = _ONE_OR_MORE.sub(
            lambda found: found[2 if str(words[found[1]]) == "1" else 3], template
        )
        return template.format(**words)
