"""A job of the web page: the analysis of one recording.

A job goes from `sending` (a place is reserved, the upload is in progress) through `waiting` and
`running` to `done`, `failed` or `cancelled`. Its files are in one folder with a generated name; the
name that the user gave is only text.
"""

from __future__ import annotations

import asyncio
import time
from asyncio.subprocess import Process
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from otowake.errors import OtowakeError
from otowake.text import LANGUAGES, Language, Text

LIVE = ("sending", "waiting", "running")


class Refused(OtowakeError):
    """An error of a request, with its HTTP status."""

    def __init__(self, status: int, sentence: Text, **facts: Any) -> None:
        super().__init__(sentence, **facts)
        self.status = status


@dataclass(eq=False)
class Job:
    """The analysis of one recording for one user.

    A job may end, and even run again, while its former process is still ending. So `run` is a new
    object for each run.
    """

    id: str
    owner: str
    address: str
    name: str
    folder: Path
    order: dict[str, Any]
    state: str = "sending"
    since: float = field(default_factory=time.monotonic)
    stage: str = ""
    stage_since: float = 0.0
    stage_seconds: dict[str, float] = field(default_factory=dict)
    length: float | None = None
    ended: float | None = None
    summary: dict[str, Any] = field(default_factory=dict)
    progress: dict[str, Any] = field(default_factory=dict)
    message: dict[Language, str] | None = None
    warnings: list[dict[Language, str]] = field(default_factory=list)
    size: int = 0
    process: Process | None = None
    upload: asyncio.Timeout | None = None
    run: object = None

    @property
    def result(self) -> Path:
        return self.folder / "result"

    def become(self, state: str, sentence: Text | None = None, **facts: Any) -> None:
        """Change the state, with a message."""
        self.state, self.since, self.progress = state, time.monotonic(), {}
        self.run = object() if state == "running" else None
        self.ended = None if state in LIVE else time.time()
        self.message = sentence and {
            language: sentence.format(language, **facts) for language in LANGUAGES
        }

    def end(self, state: str, sentence: Text | None = None, **facts: Any) -> None:
        """Change to a final state; after a failed correction the job keeps its earlier result."""
        self.become("done" if "edits" in self.order else state, sentence, **facts)
        self.order.pop("edits", None)
