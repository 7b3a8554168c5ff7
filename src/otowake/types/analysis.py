"""The analysis of a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from otowake import text
from otowake.errors import BadInput
from otowake.options import STAGES, NoteSpec, PartSpec, StftSpec, TheorySpec
from otowake.types.fit import Fit
from otowake.types.music import Chord, Component, Key, Note, Part, Rhythm
from otowake.types.sound import Floats, Sound, Source


class DrumSamples(NamedTuple):
    """Drum samples of a segment (:mod:`otowake.music.separation.drum_samples`).

    Attributes
    ----------
    rate
        Sampling rate of the recording, in Hz.
    waves
        Waveform of each drum, float32 of shape (drum, channel, sample).
    hits
        Note id, index of the drum, and first sample in the recording (negative if before its
        start) of each hit, shape (hit, 3).
    gains
        Gain of each hit, float32 of shape (hit,).
    """

    rate: int
    waves: Floats
    hits: NDArray[np.int64]
    gains: Floats


class Segment(NamedTuple):
    """Score-informed NMF of a segment (:mod:`otowake.music.separation.score_informed`).

    Attributes
    ----------
    first
        First frame of the segment in the recording.
    W, H
        Spectra and activations of pitches, float32 of shapes (frequency, component) and
        (component, frame).
    D, G
        Convolutive spectra and activations of drums, shapes (frequency, drum, lag) and
        (drum, frame).
    spans
        Note id, index of the pitch (drums follow the pitches), first frame and end frame of each
        note, shape (note, 4). Frames count from `first`.
    drum_samples
        Drums with a constant waveform; None if they have not been estimated.
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
    """Score-informed factors of a recording: its segments in order, and the scale of V.

    `sources` has the source of each note of a song (vocals, bass, drums, other) by its id
    (:mod:`otowake.music.song.masks`); None if the recording is not a song.

    Examples
    --------
    >>> NoteFactors((), 1.0).segments
    ()
    """

    segments: tuple[Segment, ...]
    scale: float
    sources: dict[int, int] | None = None


@dataclass(frozen=True, eq=False)
class Analysis:
    """The analysis of a recording.

    Attributes
    ----------
    audio
        The recording; None in a saved analysis whose sound is no longer available.
    fit
        The factorisation, components ordered by pitch, unpitched components last by brightness;
        None without the stage `components` (see :meth:`fitted`).
    components
        Description of the components, in the same order.
    frequencies, times
        Axes of W and H, in Hz and seconds; empty without a fit.
    scale
        Divisor of the magnitude spectrogram; 1 without a fit.
    tuning_hz
        Frequency of A4 in the recording: as stated, or estimated from the components or else from
        the notes.
    stft
        Parameters of the spectrogram.
    notes
        The notes, ordered by onset, then by pitch; empty without the stage `notes`.
    chords, key, rhythm
        Chords over time, key, tempo and beats; empty or None without the stage `notes`.
    parts
        The notes by player; empty without the stage `instruments`.
    note_spec
        Parameters of the transcription; None without the stage `notes`.
    theory_spec
        What the caller has stated about the music.
    part_spec
        Parameters of the parts; None without the stage `instruments`.
    note_factors
        Score-informed factors of the notes; None without the stage `stems`.
    score
        Notes given by the caller in place of a transcription; None otherwise.
    stems
        Yields the stems block by block: an array of shape (channel, sample) for each part, and one
        for the residual; they add up to the recording. None without `note_factors` or `audio`.
    detected
        The analysis before manual edits; None without edits.
    edits
        The manual edits, in order.
    reported
        Whether the stage `report` was requested.
    dictionary
        File of the dictionary that the spectra come from; None if the fit has learnt them.

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
    theory_spec: TheorySpec = field(default_factory=TheorySpec)
    part_spec: PartSpec | None = None
    note_factors: NoteFactors | None = field(default=None, repr=False)
    detected: Analysis | None = field(default=None, repr=False)
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
        """The stages of this analysis, in the order of :data:`otowake.options.STAGES`."""
        done = {
            "components": self.fit is not None,
            "notes": self.note_spec is not None,
            "instruments": self.part_spec is not None,
            "stems": self.note_factors is not None,
            "report": self.reported,
        }
        return tuple(stage for stage in STAGES if done[stage])

    def fitted(self) -> Fit:
        """Return the factorisation.

        Raises
        ------
        BadInput
            Without the stage `components`.
        """
        if self.fit is None:
            raise BadInput(text.NO_STAGE, stage="components")
        return self.fit

    def separated(self) -> tuple[Sound, NoteFactors]:
        """Return the recording and the factors of its notes.

        Raises
        ------
        BadInput
            Without the stage `stems`, or if the sound is no longer available.
        """
        if self.note_factors is None:
            raise BadInput(text.NO_STAGE, stage="stems")
        if self.audio is None:
            raise BadInput(text.SOUND_GONE, path="stems")
        return self.audio, self.note_factors
