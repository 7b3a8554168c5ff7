"""Amplitude envelopes and partial levels of notes, from score-informed NMF.

In a mixture, partials of different notes overlap.
:func:`otowake.music.separation.score_informed.fit_notes` separates them: the activations are a
note's amplitude envelope, the spectra give the levels of a pitch's partials. A struck string decays
from the onset, a blown or bowed note sustains; among several players this is the most useful
feature.
"""

from __future__ import annotations

import numpy as np

from otowake.music.players.config import ENVELOPE
from otowake.music.separation.config import FITTING
from otowake.music.separation.layout import components_of_pitch
from otowake.music.separation.score_informed import STFT, fit_notes
from otowake.music.theory.names import midi_to_hz
from otowake.types import Floats, Note, Segment, Sound

ENVELOPE_EDGES = (0.0, 0.03, 0.07, 0.12, 0.18, 0.25, 0.35, 0.5, 0.7, 0.95, 1.3, 1.8)
"""Seconds from the onset, starts of the stretches of the envelope; the last stretch is open."""

ENVELOPE_QUARTERS = 4
"""Equal parts of a note's own duration."""

ENVELOPE_PARTIALS = 20
"""Partials whose levels are features."""

ENVELOPE_FEATURES = 2 * len(ENVELOPE_EDGES) + ENVELOPE_QUARTERS + 3 + ENVELOPE_PARTIALS
"""Features of a note."""

PARTIAL_COLUMNS = slice(ENVELOPE_FEATURES - ENVELOPE_PARTIALS, ENVELOPE_FEATURES)
"""Columns of the features that hold the levels of partials."""

ENVELOPE_FRAME_PERIOD = STFT.hop / STFT.sample_rate
"""Seconds from frame to frame."""


def note_envelopes(sound: Sound, onset: Floats, offset: Floats, midi: Floats) -> Floats:
    """Compute the envelope features of each note.

    Parameters
    ----------
    sound
        The recording.
    onset, offset, midi
        Shape (note,): every note of the recording; times in seconds.

    Returns
    -------
    Shape (note, :data:`ENVELOPE_FEATURES`), 0 for notes without factors: the envelope in stretches
    of time, whether the note sounds in each stretch, the envelope in quarters of the note, its
    length, the deviation of its pitch and of its envelope, and the levels of its partials.

    Examples
    --------
    >>> from otowake.types import Audio
    >>> t = np.arange(22050) / 22050
    >>> decaying, sustained = (
    ...     np.sin(2 * np.pi * f * t) * np.exp(-a * t) for f, a in ((440, 5), (660, 0))
    ... )
    >>> notes = np.zeros(2), np.ones(2), np.array([69, 76])
    >>> features = note_envelopes(Audio(decaying + sustained, 22050), *notes)
    >>> last_quarter = 2 * len(ENVELOPE_EDGES) + ENVELOPE_QUARTERS - 1
    >>> bool(features[0, last_quarter] < features[1, last_quarter] - 0.3)
    True
    """
    features = np.zeros((len(onset), ENVELOPE_FEATURES), np.float32)
    notes = [
        Note(float(a), float(max(b, a)), round(float(key)))
        for a, b, key in zip(onset, offset, midi, strict=True)
    ]
    seen = set()
    for segment in fit_notes(sound, notes).segments:
        for index, row, start, stop in segment.spans.tolist():
            if index not in seen:  # the first of two segments that share a note counts
                seen.add(index)
                features[index] = _features(segment, row, start, stop, notes[index])
    return features


def _features(segment: Segment, row: int, start: int, stop: int, note: Note) -> Floats:
    """Compute the features of one note, which has the components of a pitch from start to stop."""
    depth = ENVELOPE.dynamic_range
    components = components_of_pitch(row)
    W, H = segment.W[:, components], segment.H[components, start:stop]
    strengths = H * W.sum(axis=0)[:, None]
    total = strengths.sum(axis=0)
    if not total.max(initial=0) > 0:
        return np.zeros(ENVELOPE_FEATURES, np.float32)
    envelope = 20 / FITTING.power * np.log10(np.maximum(total / total.max(), 1e-6))
    times = (segment.first + start + np.arange(len(total))) * ENVELOPE_FRAME_PERIOD - note.onset
    active = times < note.offset - note.onset + ENVELOPE_FRAME_PERIOD
    if not active.any():
        active[:] = True
    stretches = [
        active & (times >= low) & (times < high)
        for low, high in zip(ENVELOPE_EDGES, [*ENVELOPE_EDGES[1:], np.inf], strict=True)
    ]
    stretches[0] = active & (times < ENVELOPE_EDGES[1])
    occupied = np.array([stretch.any() for stretch in stretches], float)
    curve = np.array(
        [envelope[stretch].mean() if stretch.any() else -depth for stretch in stretches]
    )
    own = envelope[active]
    attack_frames = np.searchsorted(times[active], ENVELOPE.attack)
    attack = own[: max(ENVELOPE.min_attack_frames, attack_frames)].max()
    quarters = [
        quarter.max() if len(quarter) else own[-1]
        for quarter in np.array_split(own, ENVELOPE_QUARTERS)
    ]
    cents = (strengths * np.array(FITTING.detunings)[:, None]).sum(axis=0) / np.maximum(
        total, 1e-20
    )
    ripple = np.diff(np.maximum(own, -depth), 2).std() if len(own) > 3 else 0.0
    deviation = cents[active].std()
    scalars = [
        np.log2(max(active.sum(), 1)) / ENVELOPE.length_scale,
        deviation / ENVELOPE.pitch_deviation_scale,
        ripple / ENVELOPE.ripple_scale,
    ]
    features = [
        np.clip(1 + curve / depth, 0, 1),
        occupied,
        np.clip((np.array(quarters) - attack) / (depth / 2), *ENVELOPE.quarter_limits),
        scalars,
        _partial_levels(W @ H.mean(axis=1), float(midi_to_hz(note.midi))),
    ]
    return np.concatenate(features).astype(np.float32)


def _partial_levels(spectrum: Floats, f0: float) -> Floats:
    """Return the levels of a spectrum's partials, from 0 to 1, relative to the strongest, in dB."""
    bin_hz = STFT.sample_rate / STFT.n_fft
    peaks = np.zeros(ENVELOPE_PARTIALS)
    for n in range(ENVELOPE_PARTIALS):
        low, high = (
            (n + 1) * f0 * 2 ** (cents / 1200) / bin_hz
            for cents in (FITTING.detunings[0], FITTING.detunings[-1])
        )
        near = spectrum[int(np.floor(low)) : int(np.ceil(high)) + 1]
        peaks[n] = near.max(initial=0)
    levels = 20 / FITTING.power * np.log10(np.maximum(peaks / max(peaks.max(), 1e-30), 1e-6))
    return np.clip(1 + levels / ENVELOPE.partial_range, 0, 1)
