"""Score-informed NMF: learn what each note contributes to a recording.

Every pitch of every part is a set of harmonic components, one for each of a few detunings, with
activations gated by the notes. First the components are tied: a pitch has one strength for each
partial, whatever the detuning, so all its partials move together (vibrato, deviations of tuning),
and partials that do not coincide separate the ones that do. Neighbouring pitches of a part have
similar spectra, so a part cannot absorb a sound that differs from its other pitches. Then the
spectra are free and learn the remainder from the recording. V is the magnitude spectrogram to the
power 1.5 and the loss is the β-divergence with β = 0.4: of the combinations tried, this one
separated best (``docs/en/accuracy.md``).

A drum hit is an onset of a convolutive component (:mod:`otowake.nmf.convolutive`). Its spectra of
0.74 s begin as the mean of many kits (:func:`otowake.music.drums.onsets.drum_templates`) and follow
the recording from the first iteration.

A note with several candidate parts gets components in each of them, whose initial activations are
scaled by the probability of the part (:func:`fit_parts`).

The segments of a long recording are learnt independently, so memory does not grow with its length.
:mod:`otowake.music.separation.stems` renders the result as sound.

Source: Ewert & Müller, "Using score-informed constraints for NMF-based source separation" (2012),
for the gates; :mod:`otowake.music.separation.factorisation` has those of the components.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from otowake.errors import BadInput
from otowake.music.components.pitch import tuning_of_frames
from otowake.music.components.templates import GATES
from otowake.music.drums.onsets import drum_templates
from otowake.music.separation.config import FITTING
from otowake.music.separation.factorisation import learn_factors, partial_lobes, pitch_proximity
from otowake.music.separation.layout import N_DETUNINGS, Span
from otowake.music.theory.instruments import drum_of, drum_role
from otowake.options import StftSpec
from otowake.signal.magnitude import axes
from otowake.signal.mono import as_mono
from otowake.types import Floats, Note, NoteFactors, Part, Segment, Sound

STFT = StftSpec(sample_rate=22050, n_fft=2048, hop=512)
"""Options of the spectrogram that is factorised."""

SEGMENT_FRAMES = 4096
"""Frames that are factorised at once, 95 s; they bound memory."""

PITCH_MULTIPLE, FRAME_MULTIPLE = 8, 256
"""Numbers of pitches and frames are padded to multiples, so that few programs are compiled."""


class LabelledNote(NamedTuple):
    """A note of a segment, and the part or drum to which it belongs.

    Attributes
    ----------
    label
        The part or the drum.
    note_id
        The id of the note.
    probability
        Factor of the initial activations.
    note
        The note.
    """

    label: int
    note_id: int
    probability: float
    note: Note


def ids_of(notes: Sequence[Note]) -> list[int]:
    """Return the ids that notes have in :class:`~otowake.types.NoteFactors`.

    A note without an id is referred to by its index.

    Examples
    --------
    >>> ids_of([Note(0, 1, 60), Note(0, 1, 64)]), ids_of([Note(0, 1, 60, id=7)])
    ([0, 1], [7])
    """
    return [index if note.id is None else note.id for index, note in enumerate(notes)]


def fit_notes(
    sound: Sound,
    notes: Sequence[Note],
    labels: Sequence[int] | None = None,
    *,
    probabilities: Sequence[float] | None = None,
    tuning_hz: float | None = None,
    known: NoteFactors | None = None,
    changed: Sequence[tuple[float, float]] = (),
) -> NoteFactors:
    """Learn what each note of a score contributes to a recording.

    Parameters
    ----------
    sound
        The recording.
    notes
        Its notes, in any order; notes beyond the end have no sound.
    labels
        The part of each note, any whole numbers; by default the programme, and for drum hits the
        key. Notes of a part share the spectra of their pitches. Hits of one role share a component,
        unless hits with different labels coincide.
    probabilities
        The probability that each note sounds at all, by default 1: a factor of its initial
        activations.
    tuning_hz
        The recording's A4; by default estimated from the loudest frames.
    known, changed
        An earlier result, and the stretches of time, in seconds, in which notes have changed since.
        Only the segments that these touch are learnt again, with the same result as from scratch.

    Returns
    -------
    Factors that :mod:`otowake.music.separation.stems` renders as sound.

    Examples
    --------
    >>> from otowake.music.separation.stems import sound_of
    >>> from otowake.types import Audio
    >>> t = np.arange(22050) / 22050
    >>> sound = Audio(np.sin(2 * np.pi * 440 * t) + np.sin(2 * np.pi * 660 * t), 22050)
    >>> note_factors = fit_notes(sound, [Note(0, 1, 69), Note(0, 1, 76)])
    >>> lower = sound_of(sound, note_factors, [0]).samples[0]
    >>> bool(np.abs(lower - np.sin(2 * np.pi * 440 * t))[4000:-4000].max() < 0.05)
    True
    """
    try:
        V, scale = as_mono(sound).magnitudes(STFT)
    except BadInput:
        return NoteFactors((), 1.0)
    if labels is None:
        labels = [-1 - note.midi if note.is_drum else note.programme for note in notes]
    probabilities = [1.0] * len(notes) if probabilities is None else probabilities
    labelled = [
        LabelledNote(*row) for row in zip(labels, ids_of(notes), probabilities, notes, strict=True)
    ]
    before = {segment.first: segment for segment in known.segments} if known else {}
    if scale < np.finfo(np.float32).tiny or not notes:
        return NoteFactors((), max(scale, float(np.finfo(np.float32).tiny)))
    frequencies, times = axes(STFT, V.shape[1])
    tuning_hz = tuning_of_frames(V, frequencies) if tuning_hz is None else tuning_hz
    segments = []
    for first in range(0, V.shape[1], SEGMENT_FRAMES):
        frames = slice(first, first + SEGMENT_FRAMES)
        early, late = (
            times[frames][0] - max(GATES.tail, FITTING.tail),
            times[frames][-1] + GATES.lead,
        )
        if known and not any(start <= late and stop >= early for start, stop in changed):
            segment = before.get(first)
        else:
            segment = _fit_segment(
                first, V[:, frames], frequencies, times[frames], labelled, tuning_hz
            )
        if segment is not None:
            segments.append(segment)
    return NoteFactors(tuple(segments), scale)


def fit_parts(
    sound: Sound,
    notes: Sequence[Note],
    parts: Sequence[Part],
    *,
    tuning_hz: float,
    known: NoteFactors | None = None,
    changed: Sequence[tuple[float, float]] = (),
) -> NoteFactors:
    """Learn what each note contributes, with components in every candidate part of a note.

    The arguments are those of :func:`fit_notes`. A note that a correction has turned into a drum
    hit is not shared.
    """
    labels = np.array([-2 - drum_of(note.midi) if note.is_drum else -1 for note in notes], int)
    probabilities = np.ones(len(notes))
    all_notes, shared = [*notes], []
    for number, part in enumerate(parts):
        labels[list(part.notes)] = number
        for index, share, note_id in part.shared:
            if index not in part.notes and not notes[index].is_drum:
                probabilities[index] -= share
                all_notes.append(replace(notes[index], id=note_id))
                shared.append((number, share))
    all_notes[: len(notes)] = [
        replace(note, id=note_id) for note, note_id in zip(notes, ids_of(notes), strict=True)
    ]
    return fit_notes(
        sound,
        all_notes,
        [*labels.tolist(), *(number for number, _ in shared)],
        probabilities=[*np.maximum(probabilities, 0).tolist(), *(share for _, share in shared)],
        tuning_hz=tuning_hz,
        known=known,
        changed=changed,
    )


def _fit_segment(
    first: int,
    V: Floats,
    frequencies: Floats,
    times: Floats,
    notes: Sequence[LabelledNote],
    tuning_hz: float,
) -> Segment | None:
    """Learn a segment that begins with frame `first`; None if no note sounds in it."""
    pitched, hits, half = [], [], STFT.hop / STFT.sample_rate / 2
    for labelled in notes:
        note = labelled.note
        if note.is_drum and times[0] - half <= note.onset < times[-1] + half:
            hits.append(labelled)
        elif (
            not note.is_drum
            and _gate_end(note) >= times[0]
            and note.onset - GATES.lead <= times[-1]
        ):
            pitched.append(labelled)
    if not pitched and not hits:
        return None
    keys = sorted({(labelled.label, labelled.note.midi) for labelled in pitched})
    n_pitches = _padded(len(keys), PITCH_MULTIPLE)
    n_frames = _padded(len(times), FRAME_MULTIPLE)
    gates, spans = _pitch_gates(pitched, keys, times, (n_pitches, n_frames))
    D, G, of_drums = _drum_gates(hits, frequencies, times, n_frames)
    spans += [span._replace(source=len(keys) + span.source) for span in of_drums]
    midi = np.full(n_pitches, keys[-1][1] if keys else 0)
    midi[: len(keys)] = [key for _, key in keys]
    lobes, partial_of = partial_lobes(midi, frequencies, tuning_hz)
    powered = np.zeros((len(frequencies), n_frames), np.float32)
    powered[:, : len(times)] = V**FITTING.power + 1e-6
    proximity = pitch_proximity(keys, n_pitches)
    H = gates.reshape(-1, n_frames)
    W, H, D, G = map(np.asarray, learn_factors(powered, lobes, partial_of, proximity, H, D, G))
    n = len(keys) * N_DETUNINGS
    return Segment(first, W[:, :n], H[:n, : len(times)], D, G[:, : len(times)], np.array(spans))


def _pitch_gates(
    notes: Sequence[LabelledNote],
    keys: Sequence[tuple[int, int]],
    times: Floats,
    shape: tuple[int, int],
) -> tuple[Floats, list[Span]]:
    """Return the initial activations, (pitch, detuning, frame), and the span of each note."""
    n_pitches, n_frames = shape
    gates = np.zeros((n_pitches, N_DETUNINGS, n_frames), np.float32)
    spans: list[Span] = []
    index_of = {key: index for index, key in enumerate(keys)}
    for label, note_id, probability, note in sorted(
        notes, key=lambda row: (row.label, row.note.midi, row.note.onset, row.note_id)
    ):
        pitch = index_of[label, note.midi]
        start, stop = np.searchsorted(times, [note.onset - GATES.lead, _gate_end(note)])
        stop = int(min(max(stop, start + 1), len(times)))
        _append(spans, Span(note_id, pitch, int(start), stop))
        gates[pitch, :, start:stop] = np.maximum(
            gates[pitch, :, start:stop], probability * _gate(note, times[start:stop])
        )
    return gates, spans


def _drum_gates(
    hits: Sequence[LabelledNote], frequencies: Floats, times: Floats, n_frames: int
) -> tuple[Floats, Floats, list[Span]]:
    """Return initial spectra (frequency, drum, lag), activations (drum, frame) and spans of hits.

    A drum begins to sound some frames before its onset, since windows reach ahead, and only there.
    """
    components = _drum_components(hits)
    kinds = sorted(set(components))
    D = drum_templates(frequencies)[:, [role for role, _ in kinds]] ** FITTING.power
    G = np.zeros((len(kinds), n_frames), np.float32)
    spans: list[Span] = []
    for component, (_, note_id, _, note) in sorted(
        zip(components, hits, strict=True),
        key=lambda row: (row[0], row[1].note.onset, row[1].note_id),
    ):
        drum = kinds.index(component)
        begin = (note.onset - times[0]) * STFT.sample_rate / STFT.hop - FITTING.drum_lead
        start, stop = max(round(begin) - 1, 0), min(max(round(begin) + 2, 1), len(times))
        _append(spans, Span(note_id, drum, start, stop))
        gains = np.maximum(1 - np.abs(np.arange(start, stop) - begin), FITTING.drum_side_gain)
        G[drum, start:stop] = np.maximum(G[drum, start:stop], gains)
    return D / np.maximum(D.sum(axis=(0, 2), keepdims=True), 1e-30), G, spans


def _drum_components(hits: Sequence[LabelledNote]) -> list[tuple[int, int]]:
    """Return the component of each hit: its role, and its label if the role has several.

    Drums of one role share a component, since a component of few hits adapts to the music around
    them. They have their own if two of them hit at the same time, as they may in a score.
    """
    roles = [drum_role(hit.note.midi) for hit in hits]
    frame = STFT.hop / STFT.sample_rate
    shared = set(roles)
    order = sorted(range(len(hits)), key=lambda i: (roles[i], hits[i].note.onset))
    for one, other in pairwise(order):
        gap = hits[other].note.onset - hits[one].note.onset
        if roles[one] == roles[other] and hits[one].label != hits[other].label and gap < frame:
            shared.discard(roles[one])
    return [
        (role, 0 if role in shared else hit.label) for role, hit in zip(roles, hits, strict=True)
    ]


def _append(spans: list[Span], span: Span) -> None:
    """Append a span; the one before ends, if of the same source, where the new one starts."""
    if spans and spans[-1].source == span.source:
        stop = min(spans[-1].stop, max(span.start, spans[-1].start))
        spans[-1] = spans[-1]._replace(stop=stop)
    spans.append(span)


def _gate(note: Note, times: Floats) -> Floats:
    """Return the initial activations of a note: from its offset on they decay.

    The energy after an offset belongs rather to notes that still sound.
    """
    if note.decay_end is None:
        return np.ones(len(times))
    return np.exp(-np.maximum(times - note.offset, 0) / FITTING.release)


def _gate_end(note: Note) -> float:
    """Return the time at which the gate of a note closes, s.

    A transcribed note may ring on in a room; a note of a score ends soon after its offset.
    """
    return note.offset + GATES.tail if note.decay_end is None else note.decay_end + FITTING.tail


def _padded(count: int, multiple: int) -> int:
    """Return the next multiple, so that few programs are compiled."""
    return -(-count // multiple) * multiple
