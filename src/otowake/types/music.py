"""Notes, chords, keys, rhythm, parts and components."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from otowake import text
from otowake.chords import chord_parts
from otowake.errors import BadInput
from otowake.types.sound import Audio, Floats


@dataclass(frozen=True)
class Pitch:
    """A pitch: `hz` its fundamental frequency, `midi` the nearest note (69 is A4), `cents` off that note.

    The deviation is counted from the recording's own tuning. `confidence` is from 0 to 1.

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
        When it begins and ends, in seconds.
    midi
        Its pitch; 69 is A4. For drums, which drum it is.
    velocity
        How hard it is struck, from 0 to 1.
    programme
        Its instrument: the General MIDI programme, from 0.
    is_drum
        Whether it belongs to a drum kit; then `midi` is no pitch.
    cents
        How far its pitch is from `midi` in the recording's own tuning; None where that is not known.
    confidence
        How sure it is that the note was played, from 0 to 1; 1 for the notes of a score.
    instrument
        The name of its instrument, such as ``"french-horn"``; empty where nobody has looked.
    decay_end
        Until when it is heard, in seconds, where that is known: a string may ring on after its key is let go.
    id
        What corrections call it: its place among the notes that were found, or, for one added by hand, a number after
        those. None outside an analysis.

    Raises
    ------
    BadInput
        If one of these is out of its bounds; by :meth:`audio`, if the sound is not to be had.

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
    id: int | None = field(default=None, compare=False)
    render: Callable[[Note], Audio] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        in_time = 0 <= self.onset <= self.offset <= self.sounding_end < np.inf
        if not (
            in_time
            and 0 <= self.midi <= 127
            and 0 <= self.velocity <= 1
            and 0 <= self.programme <= 127
        ):
            raise BadInput(text.NOT_A_NOTE, value=self)

    @property
    def sounding_end(self) -> float:
        """When it has faded, or ends."""
        return self.offset if self.decay_end is None else self.decay_end

    def audio(self) -> Audio:
        """The note alone as sound, at the recording's own rate, length and channels."""
        if self.render is None:
            raise BadInput(text.SOUND_GONE, path=f"note {self.midi} at {self.onset:.2f} s")
        return self.render(self)


@dataclass(frozen=True)
class Chord:
    """A chord and when it sounds, in seconds.

    Attributes
    ----------
    onset, offset
        When it begins and ends, in seconds.
    name
        Such as ``"C"``, ``"Dm"``, ``"G7"``, ``"G/D"``; ``"N"`` for no chord.
    root, bass
        Its spelled tones, such as ``"Bb"``; the bass is the root unless the name has another. None
        for no chord.
    quality
        What follows the root in the name: a key of ``otowake.chords.QUALITIES``. None for no chord.

    Raises
    ------
    BadInput
        If no chord has such a name.

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
    """The key of a piece: its tonic as a pitch class from 0 (C) to 11, and its mode.

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
        """Sharps (above 0) or flats (below 0) of its signature, from −5 to 6."""
        return ((self.tonic + (3 if self.mode == "minor" else 0)) * 7 + 5) % 12 - 5


@dataclass(frozen=True, eq=False)
class Rhythm:
    """How a piece is counted.

    Attributes
    ----------
    tempo
        Beats (quarter notes) a minute, the median over the piece.
    beats
        Shape (beat,): when the beats fall, in seconds, from before the first note to after the last.
    metre
        Beats in a bar.
    downbeat
        The place in `beats` of the first first beat of a bar, from 0 to `metre` − 1.

    Examples
    --------
    >>> Rhythm(120.0, np.arange(0, 4, 0.5), 4, 0).metre
    4
    """

    tempo: float
    beats: Floats
    metre: int = 4
    downbeat: int = 0


class SharedNote(NamedTuple):
    """What a part may have of a note that is another part's: two may play the same pitch at the same time, and whose a note is is not always sure.

    Attributes
    ----------
    note
        The note's place in :attr:`Analysis.notes`.
    share
        From 0 to 1: the probability that the note is of this part.
    id
        What its sound in this part is called in :class:`NoteFactors`, below 0.
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
        What it is called in files: the instrument, from the second of a kind on with a number (``"violin-2"``).
    instrument
        The instrument's name; ``"unknown"`` where that is unsure.
    notes
        The places of its notes in :attr:`Analysis.notes`.
    probabilities
        Of the instruments it may be, the likeliest first.
    shared
        What it may have of other parts' notes. After a correction by hand a share may be of its own note: then nobody else has it.

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
        """The part alone as sound, at the recording's own rate, length and channels."""
        if self.render is None:
            raise BadInput(text.SOUND_GONE, path=f"part {self.name}")
        return self.render(self)


@dataclass(frozen=True, eq=False)
class Component:
    """One component of a recording: what it is and when it sounds.

    Attributes
    ----------
    index
        Its place in W and H, from 0.
    pitch
        None where the spectrum has no pitch.
    energy
        Its share of the recording's energy, from 0 to 1.
    start, end
        When it sounds, in seconds: from the first to the last frame within 30 dB of its loudest.
    name
        What somebody has called it, empty where nobody has.

    Raises
    ------
    BadInput
        By :meth:`audio`, if the sound is no longer to be had.

    Examples
    --------
    >>> import otowake
    >>> component = otowake.analyse(otowake.load(otowake.demo_path(), duration=2), n_components=2).components[0]
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
        """The component as sound, at the recording's own rate, length and channels."""
        if self.render is None:
            raise BadInput(text.SOUND_GONE, path=f"component {self.index + 1}")
        return self.render(self.index)
