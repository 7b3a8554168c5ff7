"""The page of a result: its report, with a way back, the archive, and the corrections."""

from __future__ import annotations

import re
from typing import Any

from otowake.options import ServeSpec
from otowake.text import Language
from otowake.web.page import filled

MARKS = ("<!-- head -->", "<!-- top -->", "<!-- after notes -->")
"""Where the parts of ``result.html`` stand in a report."""

OWN_SOURCES = {
    "script-src ": "script-src 'self' ",
    "style-src ": "style-src 'self' ",
    "img-src ": "connect-src 'self'; img-src 'self' ",
}
"""What the page may load in addition to what the report's own policy allows."""


def result_page(report: str, language: Language, spec: ServeSpec) -> str:
    """Put the parts of ``result.html`` into a report, and extend its policy for them.

    Names in a report are escaped, so none can be mistaken for a mark.
    """

    def extended(policy: re.Match[str]) -> str:
        content: Any = policy[0]
        for directive, wider in OWN_SOURCES.items():
            content = content.replace(directive, wider, 1)
        return content

    report = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', extended, report, count=1)
    parts = filled("result.html", language, spec).split("<!-- part -->\n")
    for mark, part in zip(MARKS, parts, strict=True):
        report = report.replace(mark, part, 1)
    return report
