"""Which notes are played: the transcriber's, cleared of clutter, with their deviation from the tuning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from otowake.music.components.pitch import tuning_of
from otowake.music.theory.names import hz_to_midi, midi_to_hz
from otowake.music.transcription import template_nmf
from otowake.music.transcription.alignment import align
from otowake.music.transcription.transcriber import posteriors, trained
from otowake.options import NoteSpec
from otowake.signal.vqt import RATE, mono
from otowake.types import Floats, Note, Sound


class Clean(NamedTuple):
    """What is clutter: notes shorter than `shortest` seconds or less sure than `least`; notes of one pitch no further
    apart than `gap` seconds are one, where the second is less sure than `again`."""

    shortest: float
    least: float
    gap: float
    again: float


CLEAN = (
    Clean(0.0, 0.0, -1.0, 0.0),
    Clean(0.04, 0.0, 0.03, 0.0),
    Clean(0.06, 0.5, 0.03, 0.5),
    Clean(0.1, 0.65, 0.05, 0.65),
)
"""By the option `clean`."""

SUSTAINED = 0.12
"""The shortest note, in seconds, whose deviation is measured."""

N_FFT = 8192
"""The window of the measurement at its longest, in samples at 22,050 Hz."""

PARTIALS = 8
"""Partials that are looked at."""

CLEAR = 4.0
"""How far above its surroundings (their median) a partial's peak must stand."""

NEAR, FAR = 45.0, 60.0
"""Cents off the pitch at which a peak still counts as its partial; `FAR` where the partials agree on a deviation beyond `NEAR`, such as a
quarter tone."""

AGREED = 12.0
"""Cents that partials may differ by, in the mean, for the deviation to mean something."""


def find_notes(
    sound: Sound, spec: NoteSpec | None = None, tuning_hz: float | None = None
) -> tuple[tuple[Note, ...], float]:
    """The notes of a recording, and its tuning.

    Parameters
    ----------
    sound
        Of any rate, length, loudness and number of channels.
    spec
        How clean they shall be.
    tuning_hz
        The recording's A4, from which the deviations are counted; the one that the notes agree on if not given.

    Returns
    -------
    The notes in order of onset, then of pitch, and the tuning in Hz.

    Examples
    --------
    >>> import otowake
    >>> notes, tuning = find_notes(otowake.load(otowake.demo_path(), duration=2.6))
    >>> [otowake.note_name(note.midi) for note in notes], 435 < tuning < 445
    (['C4', 'D4', 'E4', 'F4', 'G4'], True)
    """
    spec = spec or NoteSpec()
    samples = mono(sound)
    if spec.transcriber == "template-nmf":
        found = template_nmf.transcribe(sound)
    else:
        listener = trained()
        found = listener.notes(posteriors(samples, listener.weights))
    notes = cleaned([rounded(note) for note in found.as_list()], spec.clean)
    return with_cents(notes, samples, tuning_hz)


def notes_of_score(
    score: Sequence[Note], sound: Sound, tuning_hz: float | None = None
) -> tuple[tuple[Note, ...], float]:
    """The notes of a score in the time of a recording, and the recording's tuning.

    Examples
    --------
    >>> import otowake
    >>> from otowake.io.midi import read_notes
    >>> audio = otowake.load(otowake.demo_path(), duration=3)
    >>> score = read_notes(otowake.demo_path().with_suffix(".mid"))[:5]
    >>> [round(note.onset, 1) for note in notes_of_score(score, audio)[0]]
    [0.5, 1.0, 1.5, 2.0, 2.5]
    """
    moved = sorted(align(score, sound), key=lambda note: (note.onset, note.midi))
    return with_cents([rounded(note) for note in moved], mono(sound), tuning_hz)


def rounded(note: Note) -> Note:
    """The note to a tenth of a millisecond and a thousandth, as it will stand in a table."""
    values = {"onset": 4, "offset": 4, "velocity": 3, "confidence": 3}
    facts = {name: round(getattr(note, name), digits) for name, digits in values.items()}
    return replace(
        note, **facts, decay_end=None if note.decay_end is None else round(note.decay_end, 4)
    )


def cleaned(notes: Sequence[Note], level: int) -> list[Note]:
    """Notes without clutter, in order of onset, then of pitch.

    Examples
    --------
    >>> played = [Note(0, 1, 60), Note(1.01, 1.5, 60, confidence=0.4), Note(2, 2.02, 72)]
    >>> [(note.onset, note.offset, note.midi) for note in cleaned(played, 2)]
    [(0, 1.5, 60)]
    """
    rule = CLEAN[level]
    last: dict[tuple[int, str], int] = {}
    kept: list[Note] = []
    for note in sorted(notes, key=lambda note: (note.onset, note.midi)):
        voice = (note.midi, note.instrument)
        before = last.get(voice)
        if (
            before is not None
            and note.confidence < rule.again
            and note.onset - kept[before].offset <= rule.gap
        ):
            kept[before] = _joined(kept[before], note)
            continue
        if note.offset - note.onset >= rule.shortest and note.confidence >= rule.least:
            last[voice] = len(kept)
            kept.append(note)
    return kept


def _joined(first: Note, second: Note) -> Note:
    """A note that goes on to the end of another."""
    either = first.decay_end is not None or second.decay_end is not None
    decay_end = max(first.sounding_end, second.sounding_end) if either else None
    return replace(first, offset=max(first.offset, second.offset), decay_end=decay_end)


def with_cents(
    notes: Sequence[Note], samples: Floats, tuning_hz: float | None = None
) -> tuple[tuple[Note, ...], float]:
    """Notes with their deviation in cents where it means something, and the tuning that it is counted from.

    A note is listened to once, where it has settled, through a Hann window as long as it allows. A peak near each
    partial that stands clear of its surroundings tells, by a parabola through three log magnitudes, how far the pitch
    is off; partials that a louder note of the same time shares are left out. Their median, weighted by level and
    number, is the deviation; where they disagree, or none is clear, there is none.

    Parameters
    ----------
    notes
        In order of onset.
    samples
        The recording, shape (sample,), at 22,050 Hz.
    tuning_hz
        The recording's A4, if it is known.
    """
    onsets, offsets, pitches = (
        np.array([getattr(note, name) for note in notes], float)
        for name in ("onset", "offset", "midi")
    )
    cents = np.full(len(notes), np.nan)
    order = np.argsort(onsets)
    longest = float((offsets - onsets).max(initial=0))
    for i, note in enumerate(notes):
        if note.is_drum or note.offset - note.onset < SUSTAINED:
            continue
        first = int(np.searchsorted(onsets, note.onset - longest)) if len(order) else 0
        last = int(np.searchsorted(onsets, note.offset))
        beside = slice(first, last)
        sounding = (offsets[beside] > note.onset + 0.05) & (pitches[beside] != note.midi)
        cents[i] = _deviation(samples, note, np.unique(pitches[beside][sounding]))
    sure = np.array([note.confidence for note in notes])
    known = np.isfinite(cents)
    exact = midi_to_hz(pitches + np.nan_to_num(cents) / 100)
    tuning = (
        tuning_of(exact[known], sure[known], offsets[known] - onsets[known])
        if tuning_hz is None
        else tuning_hz
    )
    shift = 100 * float(hz_to_midi(tuning) - 69)
    return (
        tuple(
            replace(note, cents=round(float(off) - shift, 1)) if np.isfinite(off) else note
            for note, off in zip(notes, cents, strict=True)
        ),
        tuning,
    )


def _deviation(samples: Floats, note: Note, others: Floats) -> float:
    """Cents from equal temperament at 440 Hz; not a number where the partials do not tell."""
    far = _deviation_within(FAR, samples, note, others)
    return far if abs(far) > NEAR else _deviation_within(NEAR, samples, note, others)


def _deviation_within(reach: float, samples: Floats, note: Note, others: Floats) -> float:
    hz = float(midi_to_hz(note.midi))
    begin = note.onset + min(0.05, 0.3 * (note.offset - note.onset))
    size = min(round((note.offset - begin) * RATE), N_FFT)
    if size * hz < 6 * RATE:
        return np.nan
    start = max(round(begin * RATE), 0)
    piece = samples[start : start + size]
    if len(piece) < size:
        return np.nan
    spectrum = np.abs(np.fft.rfft(piece * np.hanning(size), 2 * N_FFT))
    bins = 2 * N_FFT / RATE
    number = np.arange(1, PARTIALS + 1)
    number = number[number * hz < 0.45 * RATE]
    theirs = (midi_to_hz(others)[:, None] * np.arange(1, 3 * PARTIALS)).ravel()
    lobe = 2 * RATE / size
    free = (
        ~np.any(np.abs(number[:, None] * hz - theirs) < lobe, axis=1)
        if len(theirs)
        else np.full(len(number), True)
    )
    off, weight = [], []
    for n in number[free].tolist():
        cents, level = _peak(spectrum, n * hz * bins, lobe * bins, reach)
        if level > 0:
            off.append(cents)
            weight.append(np.sqrt(level) * n)
    if not off:
        return np.nan
    middle, spread = _weighted_median(np.array(off), np.array(weight))
    return middle if spread < AGREED else np.nan


def _peak(spectrum: Floats, place: float, lobe: float, cents: float) -> tuple[float, float]:
    """How far the highest peak near a place (in bins) is from it, in cents, and its magnitude; 0 where none is clear."""
    reach = place * (2 ** (cents / 1200) - 1)
    low, high = round(place - reach), round(place + reach) + 1
    if low < 1 or high + 1 >= len(spectrum):
        return 0.0, 0.0
    top = low + int(spectrum[low:high].argmax())
    left, middle, right = np.log(spectrum[top - 1 : top + 2] + 1e-12)
    around = spectrum[max(int(place - 6 * lobe), 0) : int(place + 6 * lobe) + 1]
    if not (middle >= left and middle >= right) or spectrum[top] < CLEAR * np.median(around):
        return 0.0, 0.0
    exact = top + (right - left) / (2 * max(2 * middle - left - right, 1e-9))
    return float(1200 * np.log2(exact / place)), float(spectrum[top])


def _weighted_median(values: Floats, weights: Floats) -> tuple[float, float]:
    """The weighted median, and the weighted mean distance from it."""
    order: NDArray[np.intp] = np.argsort(values)
    running = np.cumsum(weights[order])
    middle = float(values[order][int(np.searchsorted(running, running[-1] / 2))])
    return middle, float(np.average(np.abs(values - middle), weights=weights))
