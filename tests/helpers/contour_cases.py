"""Notes with pitch contours for their tests."""

import mido
import numpy as np

from otowake.io import midi
from otowake.music.theory.contours import (
    median_of_contour,
)
from otowake.options import NoteSpec, StftSpec
from otowake.types import Analysis, Note

LENGTH = 2.0


def bent(contour, onset=0.5, pitch=69, **facts):
    return Note(
        onset,
        onset + LENGTH,
        pitch,
        cents=median_of_contour(contour),
        contour=contour,
        **facts,
    )


def of_notes(*notes):
    """Build an analysis of notes, with A4 = 442 Hz."""
    none, spec = np.zeros(0), NoteSpec()
    return Analysis(
        None, None, (), none, none, 1.0, 442.0, StftSpec(), notes=notes, note_spec=spec
    )  # fmt: skip


def wheels(path, pitch):
    """Return the channel of a note, and times and positions of the wheel of the channel."""
    events, channel = [], None
    for messages in mido.MidiFile(path).tracks:
        ticks = 0
        for message in messages:
            ticks += message.time
            seconds = ticks / midi.TICKS_PER_BEAT / 2
            if message.type == "note_on" and message.note == pitch and message.velocity:
                channel = message.channel
            if message.type == "pitchwheel":
                events.append((seconds, message.channel, message.pitch))
    own = [(seconds, position) for seconds, of, position in sorted(events) if of == channel]
    return channel, np.array([(-1.0, 0), *own])
