"""Notes, chords, keys, rhythm, parts and components."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from otowake import text
from otowake.chord_names import chord_parts
from otowake.errors import BadInput
from otowake.types.sound import Audio, Floats

Contour: TypeAlias = tuple[tuple[float, float], ...]
"""Breakpoints of a pitch contour: seconds after the onset of the note, and cents."""


@dataclass(frozen=True)
class Pitch:
    """A pitch.

    Attributes
    ----------
    hz
        Fundamental frequency, in Hz.
    midi
        Nearest MIDI note number; 69 is A4.
    cents
        Deviation from that note in the tuning of the recording, in cents.
    confidence
        From 0 to 1.

    Examples
    --------
    >>> Pitch(hz=441.0, midi=69, cents=3.9, confidence=0.9).midi
    69
    """

    hz: float
    midi: int
    cents: float
    confidence: float


@dataclass(frozen=True)
class Note:
    """A note of a score or of a recording.

    Attributes
    ----------
    onset, offset
        Start and end, in seconds.
    midi
        MIDI note number; 69 is A4. For drums, the drum of the General MIDI kit.
    velocity
        From 0 to 1.
    programme
        General MIDI programme of the instrument, from 0.
    is_drum
        Whether the note belongs to a drum kit; then `midi` is not a pitch.
    cents
        Deviation from `midi` in the tuning of the recording, in cents; None if unknown.
    confidence
        Confidence of the detection, from 0 to 1; 1 for the notes of a score.
    instrument
        Name of the instrument, such as ``"french-horn"``; empty if not estimated.
    decay_end
        End of the audible decay, in seconds, if known: a string can ring after its key is released.
    contour
        Pitch contour: breakpoints (seconds after the onset, deviation from `midi` in cents) with
        straight lines between them, and constant before the first and after the last. Empty if the
        pitch is steady or unknown; otherwise `cents` is its median.
    id
        Identifier for edits: the index among the detected notes; added notes get higher numbers.
        None outside an analysis.
    render
        Renders the note as sound.

    Raises
    ------
    BadInput
        If a value is out of bounds.

    Examples
    --------
    >>> Note(0.5, 1.25, 60).offset
    1.25
    """

    onset: float
    offset: float
    midi: int
    velocity: float = 0.8
    programme: int = 0
    is_drum: bool = False
    cents: float | None = None
    confidence: float = 1.0
    instrument: str = ""
    decay_end: float | None = None
    contour: Contour = field(default=(), repr=False)
    id: int | None = field(default=None, compare=False)
    render: Callable[[Note], Audio] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        in_time = 0 <= self.onset <= self.offset <= self.sounding_end < np.inf
        if not (
            in_time
            and 0 <= self.midi <= 127
            and 0 <= self.velocity <= 1
            and 0 <= self.programme <= 127
            and _is_contour(self.contour)
        ):
            raise BadInput(text.NOT_A_NOTE, value=self)

    @property
    def sounding_end(self) -> float:
        """`decay_end`, or else `offset`."""
        return self.offset if self.decay_end is None else self.decay_end

    def cents_at(self, seconds: ArrayLike) -> Floats:
        """Return the deviation in cents at times after the onset; 0 if it is unknown.

        Examples
        --------
        >>> Note(0.5, 1.25, 60, contour=((0.5, -40.0), (1.0, 0.0))).cents_at([0, 0.75, 2]).tolist()
        [-40.0, -20.0, 0.0]
        """
        points = np.array(self.contour or ((0.0, self.cents or 0.0),))
        return np.interp(np.asarray(seconds, float), points[:, 0], points[:, 1])

    def audio(self) -> Audio:
        """Render the note as sound, with the rate, length and channels of the recording.

        Raises
        ------
        BadInput
            If the sound is no longer available.
        """
        if self.render is None:
            raise BadInput(text.SOUND_GONE, path=f"note {self.midi} at {self.onset:.2f} s")
        return self.render(self)


def _is_contour(contour: Contour) -> bool:
    """Check that the points are finite and in order of time, from the onset on."""
    if not contour:
        return True
    times = [time for time, _ in contour]
    in_order = all(a < b for a, b in pairwise(times))
    return times[0] >= 0 and in_order and all(np.isfinite(point).all() for point in contour)


@dataclass(frozen=True)
class Chord:
    """A chord in time.

    Attributes
    ----------
    onset, offset
        Start and end, in seconds.
    name
        Name, such as ``"C"``, ``"Dm"``, ``"G7"``, ``"G/D"``; ``"N"`` for no chord.
    root, bass
        Spelled pitch classes, such as ``"Bb"``; the bass is the root unless the name has another
        bass. None for no chord.
    quality
        The name without root and bass, a key of ``otowake.chord_names.QUALITIES``. None for no
        chord.

    Raises
    ------
    BadInput
        If the name is not a chord name.

    Examples
    --------
    >>> chord = Chord(0.0, 1.5, "Bbm7/Ab")
    >>> chord.root, chord.quality, chord.bass
    ('Bb', 'm7', 'Ab')
    """

    onset: float
    offset: float
    name: str
    root: str | None = field(init=False, repr=False, compare=False)
    quality: str | None = field(init=False, repr=False, compare=False)
    bass: str | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = zip(("root", "quality", "bass"), chord_parts(self.name), strict=True)
        for attribute, value in parts:
            object.__setattr__(self, attribute, value)


@dataclass(frozen=True)
class Key:
    """The key of a piece: the tonic as a pitch class from 0 (C) to 11, and the mode.

    Examples
    --------
    >>> Key(9, "minor", 0.8).fifths
    0
    """

    tonic: int
    mode: Literal["major", "minor"]
    confidence: float

    @property
    def fifths(self) -> int:
        """Sharps (positive) or flats (negative) of the key signature, from −5 to 6."""
        return ((self.tonic + (3 if self.mode == "minor" else 0)) * 7 + 5) % 12 - 5


@dataclass(frozen=True, eq=False)
class Rhythm:
    """The tempo and metre of a piece.

    Attributes
    ----------
    tempo
        Median tempo, in beats per minute.
    beats
        Times of the beats from before the first note to after the last, in seconds, shape (beat,).
    metre
        Beats per bar.
    downbeat
        Index in `beats` of the first downbeat, from 0 to `metre` − 1; notes before
        it are a pick-up.
    beat_quarters
        Length of a beat in quarter notes: 1.5 in 6/8 and 12/8, 0.5 in 7/8, otherwise 1.
    swing
        Whether the second eighth note of a beat is played late, in triplet rhythm.
    tempo_confidence, metre_confidence
        Probability of the tempo (its octave) and of the metre with its downbeats, from 0 to 1; 1 if
        the user has stated them.

    Examples
    --------
    >>> Rhythm(120.0, np.arange(0, 4, 0.5), 4, 0).signature
    (4, 4)
    >>> Rhythm(90.0, np.arange(9) * 2 / 3, 2, beat_quarters=1.5).signature
    (6, 8)
    """

    tempo: float
    beats: Floats
    metre: int = 4
    downbeat: int = 0
    beat_quarters: float = 1.0
    swing: bool = False
    tempo_confidence: float = 1.0
    metre_confidence: float = 1.0

    @property
    def signature(self) -> tuple[int, int]:
        """The time signature: its upper and its lower number."""
        if self.beat_quarters == 1:
            return self.metre, 4
        return round(2 * self.beat_quarters * self.metre), 8


class SharedNote(NamedTuple):
    """A part's share of a note that is assigned to another part.

    Two players can play the same pitch at once, and the assignment can be uncertain.

    Attributes
    ----------
    note
        Index of the note in :attr:`Analysis.notes`.
    share
        Probability that the note belongs to this part, from 0 to 1.
    id
        Id of the part's share of the note in :class:`NoteFactors`, negative.
    """

    note: int
    share: float
    id: int


@dataclass(frozen=True, eq=False)
class Part:
    """All notes of one player.

    Attributes
    ----------
    name
        Name in files: the instrument, numbered from the second player on (``"violin-2"``).
    instrument
        Name of the instrument; ``"unknown"`` if uncertain.
    notes
        Indices of the part's notes in :attr:`Analysis.notes`.
    probabilities
        Probability of each candidate instrument, most probable first.
    shared
        Shares of notes of other parts. After a manual edit, a share can refer to a note of this
        part; no other part has a share of it then.
    render
        Renders the part as sound.

    Examples
    --------
    >>> Part("piano", "piano", (0, 1), {"piano": 0.9}).instrument
    'piano'
    """

    name: str
    instrument: str
    notes: tuple[int, ...]
    probabilities: dict[str, float] = field(default_factory=dict)
    shared: tuple[SharedNote, ...] = ()
    render: Callable[[Part], Audio] | None = field(default=None, repr=False)

    def audio(self) -> Audio:
        """Render the part as sound, with the rate, length and channels of the recording.

        Raises
        ------
        BadInput
            If the sound is no longer available.
        """
        if self.render is None:
            raise BadInput(text.SOUND_GONE, path=f"part {self.name}")
        return self.render(self)


@dataclass(frozen=True, eq=False)
class Component:
    """The description of a component.

    Attributes
    ----------
    index
        Index in W and H, from 0.
    pitch
        The pitch; None for an unpitched spectrum.
    energy
        Share of the energy of the recording, from 0 to 1.
    start, end
        Times of the first and the last frame within 30 dB of the loudest, in seconds.
    name
        Name given by the user, or empty.
    render
        Renders the component as sound.

    Examples
    --------
    >>> import otowake
    >>> audio = otowake.load(otowake.demo_path(), duration=2)
    >>> component = otowake.analyse(audio, n_components=2).components[0]
    >>> component.index, component.audio().duration
    (0, 2.0)
    """

    index: int
    pitch: Pitch | None
    energy: float
    start: float
    end: float
    name: str = ""
    render: Callable[[int], Audio] | None = field(default=None, repr=False)

    def audio(self) -> Audio:
        """Render the component as sound, with the rate, length and channels of the recording.

        Raises
        ------
        BadInput
            If the sound is no longer available.
        """
        if self.render is None:
            raise BadInput(text.SOUND_GONE, path=f"component {self.index + 1}")
        return self.render(self.index)
