"""A recording on its way through the web page.

A job goes from `sending` (its place is reserved, the sound is on its way) over `waiting` and
`running` to `done`, `failed` or `cancelled`. All of it is in one folder, whose name we chose; the
name that a person gave is only ever text.
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
    """A request that is not carried out, with the HTTP status that says so."""

    def __init__(self, status: int, sentence: Text, **facts: Any) -> None:
        super().__init__(sentence, **facts)
        self.status = status


@dataclass(eq=False)
class Job:
    """One recording of one person on its way.

    A job may be ended, and even run again, while the process that did it is still ending. So
    `run` is a new object each time that it runs.
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
    stages_done: list[str] = field(default_factory=list)
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
        """Change the state, with the sentence that says why."""
        self.state, self.since, self.progress = state, time.monotonic(), {}
        self.run = object() if state == "running" else None
        self.message = sentence and {each: sentence.format(each, **facts) for each in LANGUAGES}

    def end(self, state: str, sentence: Text | None = None, **facts: Any) -> None:
        """Change to a state without a result; after a correction the result stays as it was."""
        self.become("done" if "edits" in self.order else state, sentence, **facts)
        self.order.pop("edits", None)
