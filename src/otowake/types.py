"""The values that travel through the program: frozen dataclasses of NumPy arrays, with shapes and units."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from otowake import text
from otowake.chords import chord_parts
from otowake.errors import BadInput
from otowake.options import STAGES, FitSpec, NoteSpec, PartSpec, StftSpec
from otowake.text import Language, Text

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Source:
    """Where a sound came from: the file, the SHA-256 of its bytes, and the part that was read (seconds)."""

    path: str
    sha256: str
    start: float = 0.0
    duration: float | None = None


class Sound(Protocol):
    """A recording, in memory (:class:`Audio`) or on disk: what the analysis needs of it."""

    @property
    def rate(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def source(self) -> Source | None: ...
    @property
    def n_channels(self) -> int: ...
    @property
    def n_samples(self) -> int: ...
    def blocks(self, size: int) -> Iterator[Floats]:
        """The samples in pieces of shape (channel, at most `size`), in order."""
        ...


@dataclass(frozen=True, eq=False)
class Audio:
    """Sound in memory.

    Parameters
    ----------
    samples
        Shape (channel, sample), full scale ±1. One-dimensional input becomes one channel.
    rate
        Sampling rate in Hz.
    name
        What to call it in messages and figures.
    source
        The file it was read from, if any.

    Raises
    ------
    BadInput
        If the samples are not real numbers, not finite, or have another shape.

    Examples
    --------
    >>> audio = Audio(np.zeros(22050), 22050)
    >>> audio.samples.shape, audio.duration
    ((1, 22050), 1.0)
    """

    samples: Floats
    rate: int
    name: str = "audio"
    source: Source | None = None

    def __post_init__(self) -> None:
        if not (isinstance(self.rate, (int, np.integer)) and self.rate > 0):
            must = Text("a whole number above 0", " 0 より大きい整数")
            raise BadInput(text.OPTION, name="rate", must=must, value=repr(self.rate))
        samples = np.asarray(self.samples)
        if samples.dtype.kind not in "fiu":
            raise BadInput(text.NOT_NUMBERS, name=self.name, got=samples.dtype)
        samples = np.atleast_2d(samples)
        if samples.ndim != 2 or samples.shape[0] == 0:
            raise BadInput(
                text.BAD_SHAPE, name=self.name, need="(channel, sample)", got=samples.shape
            )
        if samples.dtype.kind != "f" or samples.dtype.itemsize < 4:
            samples = samples.astype(np.float32)
        bad = samples.size - np.count_nonzero(np.isfinite(samples))
        if bad:
            raise BadInput(text.NOT_FINITE, name=self.name, count=bad, total=samples.size)
        object.__setattr__(self, "samples", samples)

    @property
    def n_channels(self) -> int:
        return self.samples.shape[0]

    @property
    def n_samples(self) -> int:
        """Samples in each channel."""
        return self.samples.shape[1]

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.rate

    def mono(self) -> Floats:
        """The mean of the channels, shape (sample,)."""
        return self.samples[0] if self.n_channels == 1 else self.samples.mean(axis=0)

    def blocks(self, size: int) -> Iterator[Floats]:
        """The samples in pieces of shape (channel, at most `size`), in order."""
        for start in range(0, self.n_samples, size):
            yield self.samples[:, start : start + size]


class Matrix(Protocol):
    """V of shape (frequency, frame), non-negative, not necessarily in memory."""

    @property
    def shape(self) -> tuple[int, int]: ...

    def frames(self, start: int, stop: int) -> Floats:
        """The columns from `start` to `stop`, shape (frequency, stop − start)."""
        ...


@dataclass(frozen=True, eq=False)
class Spectrogram:
    """A magnitude spectrogram with its axes.

    `values` has the shape (frequency, frame), mean 1 (before 1e-10 was added to it); it is an array, or where a
    recording is too long for memory, a :class:`Matrix` on disk. `scale` is the mean that it was divided by.
    `frequencies` are in Hz, `times` (the centres of the windows) in seconds.

    Examples
    --------
    >>> import otowake
    >>> V = otowake.spectrogram(otowake.load(otowake.demo_path(), duration=1))
    >>> V.values.shape, round(float(V.frequencies[-1])), round(float(V.times[-1]), 2)
    ((1025, 44), 11025, 1.0)
    """

    values: Any
    frequencies: Floats
    times: Floats
    scale: float
    spec: StftSpec


@dataclass(frozen=True)
class Stop:
    """Why a fit ended: `reason` for programs, :meth:`sentence` for people."""

    reason: Literal["converged", "max_iter", "cancelled"]
    template: Text
    facts: dict[str, Any] = field(default_factory=dict)

    def sentence(self, language: Language = "en") -> str:
        return self.template.format(language, **self.facts)

    def __str__(self) -> str:
        return self.sentence()


@dataclass(frozen=True, eq=False)
class Factors:
    """Components and their activations: `W` of shape (frequency, component), `H` of (component, frame).

    Examples
    --------
    >>> factors = Factors(np.ones((3, 2)), np.ones((2, 4)))
    >>> factors.n_components, factors.product().shape
    (2, (3, 4))
    """

    W: Floats
    H: Floats

    @property
    def n_components(self) -> int:
        return self.W.shape[1]

    def product(self) -> Floats:
        """W·H, shape (frequency, frame)."""
        return self.W @ self.H

    def permuted(self, order: NDArray[np.integer[Any]]) -> Factors:
        """The same with the components in another order."""
        return Factors(self.W[:, order], self.H[order])


class Curve(NamedTuple):
    """How well each number of components foretells entries of V that were held out.

    `numbers` of shape (number,), `losses` of shape (number, fold), per entry.
    """

    numbers: Floats
    losses: Floats

    def best(self) -> int:
        """The smallest number that is worse than the best by no more than one standard error of the difference.

        The folds differ more than the numbers do, so the difference is taken in each fold.

        Examples
        --------
        >>> Curve(np.array([2, 4, 8]), np.array([[3.0, 3.2], [1.1, 1.3], [1.2, 1.15]])).best()
        4
        """
        worse = self.losses - self.losses[int(np.argmin(self.losses.mean(axis=1)))]
        error = worse.std(axis=1, ddof=1) / np.sqrt(worse.shape[1])
        return int(self.numbers[int(np.argmax(worse.mean(axis=1) <= error))])


@dataclass(frozen=True, eq=False)
class Fit:
    """The result of a factorisation V ≈ W·H.

    Attributes
    ----------
    W
        Components' spectra 基底スペクトル, shape (frequency, component).
    H
        Activations アクティベーション, shape (component, frame).
    losses
        Shape (look,): the loss in nats (`kl`) or its own units, each time that it was measured.
    iterations
        Shape (look,): after how many updates of both factors that was. `mu` and `adam` measure after every
        update, the fast solvers after every tenth: a measurement costs as much as half an update.
    initial
        The factors before learning, in the same order of components.
    stop
        Why it ended.
    spec
        The options that made it.
    restarts
        Shape (run,): the final loss of each of the `n_init` runs, of which this is the best.
    agreement
        Shape (run,): how alike the spectra of each run are to those of the best, from 0 to 1
        (:func:`otowake.nmf.likeness.likeness`); 1 for the best itself.
    curve
        With ``n_components="auto"``: how well each number foretold held-out entries.
    auditions
        Shape (start, look): the loss of each start that was tried on few frames, after every 10 iterations,
        scaled to all frames; empty if none was tried.

    Examples
    --------
    >>> import otowake
    >>> fit = otowake.factorize(np.eye(3) + 1, n_components=2, max_iter=7, tol=0)
    >>> fit.n_iter, fit.stop.reason, str(fit.stop), fit.losses.shape
    (7, 'max_iter', 'ran its 7 iterations', (1,))
    """

    W: Floats
    H: Floats
    losses: Floats
    iterations: NDArray[np.int64]
    initial: Factors
    stop: Stop
    spec: FitSpec
    auditions: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    restarts: Floats = field(default_factory=lambda: np.zeros(0))
    curve: Curve | None = None
    agreement: Floats = field(default_factory=lambda: np.zeros(0))

    @property
    def factors(self) -> Factors:
        return Factors(self.W, self.H)

    @property
    def n_iter(self) -> int:
        """Updates done."""
        return int(self.iterations[-1]) if len(self.iterations) else 0

    @property
    def loss(self) -> float:
        """The final loss."""
        return float(self.losses[-1])

    def permuted(self, order: NDArray[np.integer[Any]]) -> Self:
        """The same fit with its components in another order."""
        now = self.factors.permuted(order)
        return replace(self, W=now.W, H=now.H, initial=self.initial.permuted(order))


@dataclass(frozen=True, eq=False)
class Progress:
    """How far a fit has come: what a watcher is called with between chunks of iterations.

    `losses` are those measured so far, `iterations` after how many updates each; `factors` fetches the present
    factors when called, `state` all the arrays that it takes to go on from here later.

    Examples
    --------
    >>> import otowake
    >>> seen = []
    >>> fit = otowake.factorize(np.eye(3) + 1, n_components=1, max_iter=20, tol=0, watch=lambda now: seen.append(now.iteration))
    >>> seen
    [0, 10, 20]
    """

    iterations: NDArray[np.int64]
    max_iter: int
    losses: Floats
    factors: Callable[[], Factors]
    state: Callable[[], dict[str, Floats]] = dict

    @property
    def iteration(self) -> int:
        """Updates done."""
        return int(self.iterations[-1]) if len(self.iterations) else 0


Watcher = Callable[[Progress], bool | None]
"""Called between chunks; returning True asks the fit to stop and keep what it has."""


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
    fades
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
    fades: float | None = None
    id: int | None = field(default=None, compare=False)
    render: Callable[[Note], Audio] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        in_time = 0 <= self.onset <= self.offset <= self.heard_until < np.inf
        if not (
            in_time
            and 0 <= self.midi <= 127
            and 0 <= self.velocity <= 1
            and 0 <= self.programme <= 127
        ):
            raise BadInput(text.NOT_A_NOTE, value=self)

    @property
    def heard_until(self) -> float:
        """When it has faded, or ends."""
        return self.offset if self.fades is None else self.fades

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


class Share(NamedTuple):
    """What a part may have of a note that is another part's: two may play the same pitch at the same time, and whose a note is is not always sure.

    Attributes
    ----------
    note
        The note's place in :attr:`Analysis.notes`.
    share
        From 0 to 1: the probability that the note is of this part.
    id
        What its sound in this part is called in :class:`Explained`, below 0.
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
    shared: tuple[Share, ...] = ()
    render: Callable[[Part], Audio] | None = field(default=None, repr=False)

    def audio(self) -> Audio:
        """The part alone as sound, at the recording's own rate, length and channels."""
        if self.render is None:
            raise BadInput(text.SOUND_GONE, path=f"part {self.name}")
        return self.render(self)


class Repeats(NamedTuple):
    """The drums of a piece whose strokes all sound the same, sample by sample (:mod:`otowake.music.repeats`).

    Attributes
    ----------
    rate
        The recording's sampling rate, Hz.
    waves
        How each of them sounds, float32 of shape (drum, channel, sample).
    strokes
        Shape (stroke, 3): a stroke's id, which of the drums it is of, and the sample of the recording with which it begins, below 0 where it
        began before.
    gains
        How strong each stroke is, float32 of shape (stroke,).
    """

    rate: int
    waves: Floats
    strokes: NDArray[np.int64]
    gains: Floats


class Piece(NamedTuple):
    """What was learnt of notes from some neighbouring frames (:mod:`otowake.music.scored`).

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
    repeats
        Its drums that always sound the same; None where nobody has looked for them.
    """

    first: int
    W: Floats
    H: Floats
    D: Floats
    G: Floats
    spans: NDArray[np.intp]
    repeats: Repeats | None = None


@dataclass(frozen=True, eq=False)
class Explained:
    """A recording explained by notes: its pieces in order, and the mean magnitude by which they were divided.

    Examples
    --------
    >>> Explained((), 1.0).pieces
    ()
    """

    pieces: tuple[Piece, ...]
    scale: float


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
    explained
        What each note contributes to the recording; None where the stage `stems` was not asked for.
    score
        The notes that were given in place of those that would have been found, as they were given.
    stems
        Gives, block by block, the parts as sound: an array of shape (channel, sample) for each, and last one for the
        rest; all together are the recording. None without `explained` or `audio`.
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
    explained: Explained | None = field(default=None, repr=False)
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
            "stems": self.explained is not None,
            "report": self.reported,
        }
        return tuple(stage for stage in STAGES if done[stage])

    def fitted(self) -> Fit:
        """The factorisation, or :class:`BadInput` where there is none."""
        if self.fit is None:
            raise BadInput(text.NO_STAGE, stage="components")
        return self.fit

    def separated(self) -> tuple[Sound, Explained]:
        """The recording and what its notes contribute to it, or :class:`BadInput` where either is missing."""
        if self.explained is None:
            raise BadInput(text.NO_STAGE, stage="stems")
        if self.audio is None:
            raise BadInput(text.SOUND_GONE, path="stems")
        return self.audio, self.explained
