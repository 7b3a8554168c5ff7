"""The analysis of a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from otowake import text
from otowake.errors import BadInput
from otowake.options import STAGES, NoteSpec, PartSpec, StftSpec
from otowake.types.fit import Fit
from otowake.types.music import Chord, Component, Key, Note, Part, Rhythm
from otowake.types.sound import Floats, Sound, Source


class DrumSamples(NamedTuple):
    """The drums of a piece whose strokes all sound the same, sample by sample (:mod:`otowake.music.separation.drum_samples`).

    Attributes
    ----------
    rate
        The recording's sampling rate, Hz.
    waves
        How each of them sounds, float32 of shape (drum, channel, sample).
    hits
        Shape (stroke, 3): a stroke's id, which of the drums it is of, and the sample of the recording with which it begins, below 0 where it
        began before.
    gains
        How strong each stroke is, float32 of shape (stroke,).
    """

    rate: int
    waves: Floats
    hits: NDArray[np.int64]
    gains: Floats


class Segment(NamedTuple):
    """What was learnt of notes from some neighbouring frames (:mod:`otowake.music.separation.score_informed`).

    Attributes
    ----------
    first
        Its first frame in the recording.
    W, H
        Spectra and activations, float32 of shapes (frequency, component) and (component, frame).
    D, G
        The same of drums, whose spectra go on for some frames: shapes (frequency, drum, lag) and (drum, frame).
    spans
        Shape (note, 4): a note's id, its pitch's place among those of this piece, or its drum's after all pitches, and the first
        frame, counted from `first`, that is its own and the first one that no longer is.
    drum_samples
        Its drums that always sound the same; None where nobody has looked for them.
    """

    first: int
    W: Floats
    H: Floats
    D: Floats
    G: Floats
    spans: NDArray[np.intp]
    drum_samples: DrumSamples | None = None


@dataclass(frozen=True, eq=False)
class NoteFactors:
    """A recording explained by notes: its segments in order, and the mean magnitude by which they were divided.

    Examples
    --------
    >>> NoteFactors((), 1.0).segments
    ()
    """

    segments: tuple[Segment, ...]
    scale: float


@dataclass(frozen=True, eq=False)
class Analysis:
    """What was found in a recording.

    Attributes
    ----------
    audio
        The recording; None in a saved analysis whose sound can no longer be found.
    fit
        The factors, components ordered by pitch (those without one last, by brightness); None where the stage
        `components` was not asked for (:meth:`fitted` says so in a sentence).
    components
        Their description, in the same order.
    frequencies, times
        Axes of W and H, in Hz and seconds; of length 0 without them.
    scale
        What the magnitude spectrogram was divided by; 1 where there is none.
    tuning_hz
        The recording's A4, as the components tell, or without them the notes.
    stft
        The options of the spectrogram.
    notes
        The notes in order of onset, then of pitch; empty where the stage `notes` was not asked for, as are:
    chords, key, rhythm
        What follows from the notes: chord names over time, the key, tempo and beats.
    parts
        The notes gathered by instrument.
    note_spec
        The options that the notes were found with; None where the stage `notes` was not asked for.
    part_spec
        The same of the stage `instruments`.
    note_factors
        What each note contributes to the recording; None where the stage `stems` was not asked for.
    score
        The notes that were given in place of those that would have been found, as they were given.
    stems
        Gives, block by block, the parts as sound: an array of shape (channel, sample) for each, and last one for the
        rest; all together are the recording. None without `note_factors` or `audio`.
    found
        What was found before it was corrected by hand, and `edits` the corrections; None and none where nothing was.
    reported
        Whether the stage `report` was asked for: a page that shows all this lies in the saved folder.
    dictionary
        The file of the dictionary whose spectra the components are; None where they were learnt from the recording.

    Examples
    --------
    >>> import otowake
    >>> analysis = otowake.analyse(otowake.load(otowake.demo_path(), duration=2), n_components=2)
    >>> len(analysis.components), analysis.fit.W.shape, 430 < analysis.tuning_hz < 450
    (2, (1025, 2), True)
    >>> [note.midi for note in analysis.notes]
    [60, 62, 64]
    >>> analysis
    <Analysis of demo.ogg: 2 components, 3 notes, 1 part>
    """

    audio: Sound | None
    fit: Fit | None
    components: tuple[Component, ...]
    frequencies: Floats
    times: Floats
    scale: float
    tuning_hz: float
    stft: StftSpec
    notes: tuple[Note, ...] = ()
    chords: tuple[Chord, ...] = ()
    key: Key | None = None
    rhythm: Rhythm | None = None
    parts: tuple[Part, ...] = ()
    note_spec: NoteSpec | None = None
    part_spec: PartSpec | None = None
    note_factors: NoteFactors | None = field(default=None, repr=False)
    found: Analysis | None = field(default=None, repr=False)
    edits: tuple[dict[str, Any], ...] = ()
    score: tuple[Note, ...] | None = None
    stems: Callable[[], Iterator[list[Floats]]] | None = field(default=None, repr=False)
    reported: bool = False
    dictionary: Source | None = None

    def __repr__(self) -> str:
        name = self.audio.name if self.audio else "no sound"
        held = (
            (len(self.components), "component"),
            (len(self.notes), "note"),
            (len(self.parts), "part"),
        )
        counts = ", ".join(f"{n} {what}{'' if n == 1 else 's'}" for n, what in held)
        return f"<Analysis of {name}: {counts}>"

    @property
    def stages(self) -> tuple[str, ...]:
        """What was asked for, in the order of :data:`otowake.options.STAGES`."""
        done = {
            "components": self.fit is not None,
            "notes": self.note_spec is not None,
            "instruments": self.part_spec is not None,
            "stems": self.note_factors is not None,
            "report": self.reported,
        }
        return tuple(stage for stage in STAGES if done[stage])

    def fitted(self) -> Fit:
        """The factorisation, or :class:`BadInput` where there is none."""
        if self.fit is None:
            raise BadInput(text.NO_STAGE, stage="components")
        return self.fit

    def separated(self) -> tuple[Sound, NoteFactors]:
        """The recording and what its notes contribute to it, or :class:`BadInput` where either is missing."""
        if self.note_factors is None:
            raise BadInput(text.NO_STAGE, stage="stems")
        if self.audio is None:
            raise BadInput(text.SOUND_GONE, path="stems")
        return self.audio, self.note_factors
