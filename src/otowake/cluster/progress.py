"""The progress of a run over an archive, and of learning a dictionary."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Learning:
    """The progress of the learning.

    Attributes
    ----------
    recordings, read, failed
        Recordings among the inputs, recordings read, and unreadable ones.
    unsearched
        Folders among the inputs that could not be searched.
    frames
        Frames of all recordings.
    passes, most
        Passes done, and the largest number of passes.
    loss
        The loss of the latest pass.
    stopped
        Whether the learning was stopped before the end.
    dashboard
        The address of Dask's dashboard, if there is one.
    """

    recordings: int = 0
    read: int = 0
    failed: int = 0
    unsearched: int = 0
    frames: int = 0
    passes: int = 0
    most: int = 0
    loss: float | None = None
    stopped: bool = False
    dashboard: str | None = None


@dataclass(frozen=True)
class Tally:
    """The progress of a run.

    Attributes
    ----------
    recordings, done, failed
        Distinct recordings among the inputs, analysed and failed ones, earlier runs included.
    unsearched
        Folders among the inputs that could not be searched.
    now
        Recordings analysed in this run.
    incomplete
        Recordings of this run whose result lacks a file that could not be written.
    seconds
        Seconds of audio analysed in this run.
    elapsed
        Seconds since the analysis began.
    reading
        Whether workers still read the inputs.
    stopped
        Whether the run was stopped before the end.
    dashboard
        The address of Dask's dashboard, if there is one.
    """

    recordings: int = 0
    done: int = 0
    failed: int = 0
    unsearched: int = 0
    now: int = 0
    incomplete: int = 0
    seconds: float = 0.0
    elapsed: float = 0.0
    reading: bool = True
    stopped: bool = False
    dashboard: str | None = None

    @property
    def speed(self) -> float:
        """Seconds of audio per second of time."""
        return self.seconds / self.elapsed if self.elapsed else 0.0

    @property
    def left(self) -> float | None:
        """Estimated seconds to the end at the present speed; None if unknown."""
        waiting = self.recordings - self.done - self.failed
        return self.elapsed / self.now * waiting if self.now and not self.reading else None
