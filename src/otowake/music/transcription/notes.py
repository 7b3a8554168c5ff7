"""Detect the notes of a recording, clean them and measure their deviation from the tuning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from otowake.music.components.pitch import tuning_of
from otowake.music.theory.contours import joined_contour, median_of_contour, shifted_contour
from otowake.music.theory.names import hz_to_midi, midi_to_hz
from otowake.music.transcription import template_nmf
from otowake.music.transcription.alignment import align
from otowake.music.transcription.config import CENTS, CLEANING
from otowake.music.transcription.pitch_contours import measure_contours
from otowake.music.transcription.transcriber import load_pretrained, posteriors
from otowake.options import NoteSpec
from otowake.signal.mono import as_mono
from otowake.signal.vqt import RATE
from otowake.types import Contour, Floats, Note, Sound


def find_notes(
    sound: Sound, spec: NoteSpec | None = None, tuning_hz: float | None = None
) -> tuple[tuple[Note, ...], float]:
    """Detect the notes of a recording and its tuning.

    Parameters
    ----------
    sound
        Of any rate, length, loudness and number of channels.
    spec
        Method and cleaning level.
    tuning_hz
        The recording's A4, the reference of the deviations; estimated from the notes by default.

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
    mono = as_mono(sound)
    if spec.transcriber == "template-nmf":
        detected = template_nmf.transcribe(mono)
    else:
        transcriber = load_pretrained()
        detected = transcriber.notes(posteriors(mono, transcriber.weights))
    notes = clean_notes([round_note(note) for note in detected.as_list()], spec.clean)
    return with_cents(notes, mono.samples, tuning_hz)


def notes_of_score(
    score: Sequence[Note], sound: Sound, tuning_hz: float | None = None
) -> tuple[tuple[Note, ...], float]:
    """Align the notes of a score to a recording; also return the recording's tuning.

    Examples
    --------
    >>> import otowake
    >>> from otowake.io.midi import read_notes
    >>> audio = otowake.load(otowake.demo_path(), duration=3)
    >>> score = read_notes(otowake.demo_path().with_suffix(".mid"))[:5]
    >>> [round(note.onset, 1) for note in notes_of_score(score, audio)[0]]
    [0.5, 1.0, 1.5, 2.0, 2.5]
    """
    mono = as_mono(sound)
    moved = sorted(align(score, mono), key=lambda note: (note.onset, note.midi))
    return with_cents([round_note(note) for note in moved], mono.samples, tuning_hz)


def round_note(note: Note) -> Note:
    """Round a note to the precision of tables: 0.1 ms, and 0.001 for velocity and confidence."""
    digits_of = {"onset": 4, "offset": 4, "velocity": 3, "confidence": 3}
    values = {name: round(getattr(note, name), digits) for name, digits in digits_of.items()}
    return replace(
        note, **values, decay_end=None if note.decay_end is None else round(note.decay_end, 4)
    )


def clean_notes(notes: Sequence[Note], level: int) -> list[Note]:
    """Remove clutter from notes; the result is in order of onset, then of pitch.

    Examples
    --------
    >>> notes = [Note(0, 1, 60), Note(1.01, 1.5, 60, confidence=0.4), Note(2, 2.02, 72)]
    >>> [(note.onset, note.offset, note.midi) for note in clean_notes(notes, 2)]
    [(0, 1.5, 60)]
    """
    rule = CLEANING.rules[level]
    last: dict[tuple[int, str], int] = {}
    kept: list[Note] = []
    for note in sorted(notes, key=lambda note: (note.onset, note.midi)):
        voice = (note.midi, note.instrument)
        before = last.get(voice)
        if (
            before is not None
            and note.confidence < rule.merge_confidence
            and note.onset - kept[before].offset <= rule.max_gap
        ):
            kept[before] = _merged(kept[before], note)
            continue
        if note.offset - note.onset >= rule.min_duration and note.confidence >= rule.min_confidence:
            last[voice] = len(kept)
            kept.append(note)
    return kept


def _merged(first: Note, second: Note) -> Note:
    """Extend a note to the end of another."""
    either = first.decay_end is not None or second.decay_end is not None
    decay_end = max(first.sounding_end, second.sounding_end) if either else None
    return replace(
        first,
        offset=max(first.offset, second.offset),
        decay_end=decay_end,
        contour=joined_contour(first.contour, second.contour, second.onset - first.onset),
    )


def with_cents(
    notes: Sequence[Note], samples: Floats, tuning_hz: float | None = None
) -> tuple[tuple[Note, ...], float]:
    """Measure the deviation of notes in cents, and the tuning that the deviations refer to.

    One Hann window covers the note after its attack. Each partial that stands out from its
    surroundings gives a deviation, by a parabola through three log magnitudes; partials shared with
    another note of the same time are skipped. The deviation is the median, weighted by level and
    partial number. A note without clear or consistent partials gets none. A note whose pitch varies
    gets its contour, and the median of the contour as its deviation.

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
    contour_of = measure_contours(notes, samples)
    cents = np.array([median_of_contour(c) if c else np.nan for c in contour_of])
    order = np.argsort(onsets)
    longest = float((offsets - onsets).max(initial=0))
    for i, note in enumerate(notes):
        too_short = note.offset - note.onset < CENTS.min_duration
        if note.is_drum or too_short or contour_of[i]:
            continue
        first = int(np.searchsorted(onsets, note.onset - longest)) if len(order) else 0
        last = int(np.searchsorted(onsets, note.offset))
        nearby = slice(first, last)
        overlapping = (offsets[nearby] > note.onset + CENTS.min_overlap) & (
            pitches[nearby] != note.midi
        )
        cents[i] = _deviation(samples, note, np.unique(pitches[nearby][overlapping]))
    confidence = np.array([note.confidence for note in notes])
    known = np.isfinite(cents)
    exact = midi_to_hz(pitches + np.nan_to_num(cents) / 100)
    tuning = (
        tuning_of(exact[known], confidence[known], offsets[known] - onsets[known])
        if tuning_hz is None
        else tuning_hz
    )
    shift = 100 * float(hz_to_midi(tuning) - 69)
    return (
        tuple(
            _with_deviation(note, float(off), contour, shift)
            for note, off, contour in zip(notes, cents, contour_of, strict=True)
        ),
        tuning,
    )


def _with_deviation(note: Note, cents: float, contour: Contour, shift: float) -> Note:
    """Set cents and contour, both above a tuning that is `shift` cents above 440 Hz."""
    moved = shifted_contour(contour, cents=-shift)
    if moved:
        return replace(note, cents=median_of_contour(moved), contour=moved)
    return replace(note, cents=round(cents - shift, 1)) if np.isfinite(cents) else note


def _deviation(samples: Floats, note: Note, others: Floats) -> float:
    """Measure cents from equal temperament at 440 Hz; NaN without consistent partials."""
    far = _deviation_within(CENTS.far_reach, samples, note, others)
    if abs(far) > CENTS.near_reach:
        return far
    return _deviation_within(CENTS.near_reach, samples, note, others)


def _deviation_within(reach: float, samples: Floats, note: Note, others: Floats) -> float:
    hz = float(midi_to_hz(note.midi))
    start_s = note.onset + min(
        CENTS.settling_time, CENTS.settling_share * (note.offset - note.onset)
    )
    size = min(round((note.offset - start_s) * RATE), CENTS.max_window)
    if size * hz < CENTS.min_periods * RATE:
        return np.nan
    start = max(round(start_s * RATE), 0)
    window = samples[start : start + size]
    if len(window) < size:
        return np.nan
    spectrum = np.abs(np.fft.rfft(window * np.hanning(size), 2 * CENTS.max_window))
    bins = 2 * CENTS.max_window / RATE
    number = np.arange(1, CENTS.n_partials + 1)
    number = number[number * hz < CENTS.max_frequency * RATE]
    other_partials = (
        midi_to_hz(others)[:, None] * np.arange(1, CENTS.other_partials * CENTS.n_partials)
    ).ravel()
    lobe = 2 * RATE / size
    free = (
        ~np.any(np.abs(number[:, None] * hz - other_partials) < lobe, axis=1)
        if len(other_partials)
        else np.full(len(number), True)
    )
    deviations, weights = [], []
    for n in number[free].tolist():
        cents, level = _peak(spectrum, n * hz * bins, lobe * bins, reach)
        if level > 0:
            deviations.append(cents)
            weights.append(np.sqrt(level) * n)
    if not deviations:
        return np.nan
    middle, spread = _weighted_median(np.array(deviations), np.array(weights))
    return middle if spread < CENTS.max_spread else np.nan


def _peak(spectrum: Floats, position: float, lobe: float, cents: float) -> tuple[float, float]:
    """Locate the highest peak near a position in bins.

    Returns the distance in cents and the magnitude of the peak; both 0 without a clear peak.
    """
    reach = position * (2 ** (cents / 1200) - 1)
    low, high = round(position - reach), round(position + reach) + 1
    if low < 1 or high + 1 >= len(spectrum):
        return 0.0, 0.0
    top = low + int(spectrum[low:high].argmax())
    left, middle, right = np.log(spectrum[top - 1 : top + 2] + 1e-12)
    width = CENTS.surroundings * lobe
    surroundings = spectrum[max(int(position - width), 0) : int(position + width) + 1]
    is_peak = middle >= left and middle >= right
    if not is_peak or spectrum[top] < CENTS.peak_prominence * np.median(surroundings):
        return 0.0, 0.0
    exact = top + (right - left) / (2 * max(2 * middle - left - right, 1e-9))
    return float(1200 * np.log2(exact / position)), float(spectrum[top])


def _weighted_median(values: Floats, weights: Floats) -> tuple[float, float]:
    """Compute the weighted median, and the weighted mean distance from it."""
    order: NDArray[np.intp] = np.argsort(values)
    running = np.cumsum(weights[order])
    middle = float(values[order][int(np.searchsorted(running, running[-1] / 2))])
    return middle, float(np.average(np.abs(values - middle), weights=weights))
