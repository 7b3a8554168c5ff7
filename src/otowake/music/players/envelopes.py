"""What each note does by itself, told by a factorisation that knows the notes.

In a mixture, what is heard at a note's partials belongs to other notes as well. :func:`otowake.music.separation.score_informed.fit_notes` tells them
apart: its activations are the note's envelope, its spectra the strengths of the pitch's partials. A struck string fades from
its onset, a blown or bowed note holds: among several players this is what tells them apart best.
"""

from __future__ import annotations

import numpy as np

from otowake.music.separation.config import FITTING
from otowake.music.separation.layout import components_of_pitch
from otowake.music.separation.score_informed import STFT, fit_notes
from otowake.music.theory.names import midi_to_hz
from otowake.types import Audio, Floats, Note, Segment

EDGES = (0.0, 0.03, 0.07, 0.12, 0.18, 0.25, 0.35, 0.5, 0.7, 0.95, 1.3, 1.8)
"""Seconds from the onset between which the envelope is told; the last stretch has no end."""

QUARTERS = 4
"""Parts of a note's own length in which the envelope is told, too."""

PARTIALS = 20
"""Partials whose strengths are told."""

DEPTH, LOWEST_PARTIAL = 40.0, 60.0
"""Decibels under the peak of the envelope, and under the strongest partial, that count as nothing."""

NUMBERS = 2 * len(EDGES) + QUARTERS + 3 + PARTIALS

SECONDS = STFT.hop / STFT.sample_rate


def contours(samples: Floats, onset: Floats, offset: Floats, midi: Floats) -> Floats:
    """What is told of each note.

    Parameters
    ----------
    samples
        Shape (sample,), at 22,050 Hz.
    onset, offset, midi
        Shape (note,): every note of the recording; times in seconds.

    Returns
    -------
    Shape (note, :data:`NUMBERS`), 0 for notes that the factorisation knows nothing of: the envelope in stretches of time, whether
    the note sounds in each, the envelope in quarters of the note, its length, how much its pitch and its strength waver, and
    its partials' strengths.

    Examples
    --------
    >>> t = np.arange(22050) / 22050
    >>> fading, held = (np.sin(2 * np.pi * f * t) * np.exp(-a * t) for f, a in ((440, 5), (660, 0)))
    >>> its = contours(fading + held, np.zeros(2), np.ones(2), np.array([69, 76]))
    >>> last = 2 * len(EDGES) + QUARTERS - 1
    >>> bool(its[0, last] < its[1, last] - 0.3)
    True
    """
    found = np.zeros((len(onset), NUMBERS), np.float32)
    notes = [
        Note(float(a), float(max(b, a)), round(float(key)))
        for a, b, key in zip(onset, offset, midi, strict=True)
    ]
    seen = set()
    sound = Audio(np.asarray(samples, np.float32), STFT.sample_rate)
    for piece in fit_notes(sound, notes).segments:
        for which, row, start, stop in piece.spans.tolist():
            if which not in seen:  # a note that two pieces share is told by the first
                seen.add(which)
                found[which] = _told(piece, row, start, stop, notes[which])
    return found


def _told(piece: Segment, row: int, start: int, stop: int, note: Note) -> Floats:
    mine = components_of_pitch(row)
    W, H = piece.W[:, mine], piece.H[mine, start:stop]
    strengths = H * W.sum(axis=0)[:, None]
    total = strengths.sum(axis=0)
    if not total.max(initial=0) > 0:
        return np.zeros(NUMBERS, np.float32)
    heard = 20 / FITTING.power * np.log10(np.maximum(total / total.max(), 1e-6))
    at = (piece.first + start + np.arange(len(total))) * SECONDS - note.onset
    sounds = at < note.offset - note.onset + SECONDS
    if not sounds.any():
        sounds[:] = True
    stretches = [
        sounds & (at >= low) & (at < high)
        for low, high in zip(EDGES, [*EDGES[1:], np.inf], strict=True)
    ]
    stretches[0] = sounds & (at < EDGES[1])
    inside = np.array([where.any() for where in stretches], float)
    curve = np.array([heard[where].mean() if where.any() else -DEPTH for where in stretches])
    own = heard[sounds]
    begun = own[: max(3, np.searchsorted(at[sounds], 0.08))].max()
    quarters = [part.max() if len(part) else own[-1] for part in np.array_split(own, QUARTERS)]
    detunings = np.array(FITTING.detunings)
    cents = (strengths * detunings[:, None]).sum(axis=0) / np.maximum(total, 1e-20)
    ripple = np.diff(np.maximum(own, -DEPTH), 2).std() if len(own) > 3 else 0.0
    held = cents[sounds].std()
    shapes = [
        np.clip(1 + curve / DEPTH, 0, 1),
        inside,
        np.clip((np.array(quarters) - begun) / (DEPTH / 2), -2, 1),
        [np.log2(max(sounds.sum(), 1)) / 4, held / 20, ripple / 3],
        _partials(W @ H.mean(axis=1), float(midi_to_hz(note.midi))),
    ]
    return np.concatenate(shapes).astype(np.float32)


def _partials(spectrum: Floats, f0: float) -> Floats:
    """The strengths of a spectrum's partials, from 0 to 1, in decibels under the strongest."""
    bin_hz = STFT.sample_rate / STFT.n_fft
    peaks = np.zeros(PARTIALS)
    for n in range(PARTIALS):
        low, high = (
            (n + 1) * f0 * 2 ** (cents / 1200) / bin_hz
            for cents in (FITTING.detunings[0], FITTING.detunings[-1])
        )
        near = spectrum[int(np.floor(low)) : int(np.ceil(high)) + 1]
        peaks[n] = near.max(initial=0)
    strength = 20 / FITTING.power * np.log10(np.maximum(peaks / max(peaks.max(), 1e-30), 1e-6))
    return np.clip(1 + strength / LOWEST_PARTIAL, 0, 1)
