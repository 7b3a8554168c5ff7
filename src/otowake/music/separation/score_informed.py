"""What each note contributes to a recording, by a factorisation that knows the notes.

Every pitch of every part is a set of harmonic components, one for each of a few detunings, that may sound only while its
notes do. First they are tied: a pitch has one strength for each partial, whichever way it is detuned, so that all its
partials move together (vibrato, a tuning of its own) and partials that several notes share are told apart by those that
they do not; and neighbouring pitches of a part have spectra alike, so that a part can't take what does not sound as it does elsewhere.
Then the spectra are freed and learn what is left from the recording. V is the magnitude spectrogram to the
power 1.5 and the loss β = 0.4: of what was tried this separated best (``docs/en/accuracy.md``).

A stroke on a drum is the onset of a convolutive component (:mod:`otowake.nmf.convolutive`): spectra of 0.74 s that begin as kits
mostly sound (:func:`otowake.music.drums.onsets.templates`) and follow the recording from the start: while the pitches are
still tied, they leave to the drums what is theirs.

A note that may be of several parts is a note of each, with a share that its components begin with (:func:`fit_parts`).

The pieces of a long recording are learnt each by itself, so memory does not grow with it. :mod:`otowake.music.separation.stems` makes sound of
what is learnt.

Sources: Ewert & Müller, "Using score-informed constraints for NMF-based source separation" (2012), for the gates; Hennequin,
Badeau & David, "NMF with time-frequency activations to model nonstationary audio events" (2011), for components that
follow a moving pitch by their partials' strengths; Smaragdis, "Non-negative matrix factor deconvolution" (2004), for the drums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from otowake.errors import BadInput
from otowake.music.components.pitch import tuning_of_frames
from otowake.music.components.templates import GATES, MAIN_LOBE
from otowake.music.drums.onsets import templates
from otowake.music.theory.instruments import drum_of
from otowake.music.theory.names import midi_to_hz
from otowake.nmf.convolutive import gathered, shifted
from otowake.nmf.penalties import exponent
from otowake.nmf.updates import multiplied, slopes_H, slopes_W
from otowake.options import StftSpec
from otowake.programs import program
from otowake.signal.magnitude import axes, magnitudes
from otowake.types import Floats, Note, NoteFactors, Part, Segment, Sound

STFT = StftSpec(sample_rate=22050, n_fft=2048, hop=512)

POWER = 1.5
"""Of the magnitudes that are factorised."""

BETA = 0.4

TAIL, FADING = 2.0, 0.2
"""For so many seconds after it was last heard a note of the recording may sound on, in a room; one of a score for :data:`LATE`
after its end. From its end on it begins with less, by 1/e for each `FADING` seconds: what is heard then is rather of notes that still sound."""

DETUNINGS = (-36.0, -18.0, 0.0, 18.0, 36.0)
"""Cents."""

TOLERANCE = 8.0
"""Cents by which a partial's lobe is wider than the window's."""

PARTIALS = 30
DECAY = 2.0
"""At the start partial n has the magnitude n to the power of −`DECAY`."""

ALIKE, ALIKE_PITCH = 0.5, 3.0
"""How far, in each iteration with tied spectra, a pitch's are drawn to those of its part's pitches about it (a weighted geometric mean), and how
far these reach, in semitones, as the deviation of a bell. Those count most that the part surely plays for long: what is heard of a pitch may be
another part's."""

TIED, FREE = 10, 20
"""Iterations with tied and with free spectra. Many more let components learn each other's notes."""

AHEAD, BESIDE = 1.5, 0.3
"""How many frames before its stroke a drum begins to sound, as windows reach ahead, and with how much of that in the frames beside;
nowhere else may it begin."""

EVEN = 0.05
"""How hard a drum's strokes are drawn towards one strength, against what the recording says: where two drums are mostly struck
together, that tells how much of each they are."""

PIECE = 4096
"""Frames that are learnt together, 95 s."""

PITCH_STEP, FRAME_STEP = 8, 256
"""Pitches and frames are padded to multiples of these, so that few programs are compiled."""


def ids_of(notes: Sequence[Note]) -> list[int]:
    """What the notes are called in :class:`~otowake.types.NoteFactors`: their ids, or their places where they have none.

    Examples
    --------
    >>> ids_of([Note(0, 1, 60), Note(0, 1, 64)]), ids_of([Note(0, 1, 60, id=7)])
    ([0, 1], [7])
    """
    return [place if note.id is None else note.id for place, note in enumerate(notes)]


def fit_notes(
    sound: Sound,
    notes: Sequence[Note],
    labels: Sequence[int] | None = None,
    *,
    shares: Sequence[float] | None = None,
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
        Its notes, in any order; those that lie beyond its end have no sound.
    labels
        Which part each note belongs to, any whole numbers; by default the programmes, and of strokes on drums the keys. Notes of a
        part share their pitches' spectra, strokes of a part are one drum's.
    shares
        For each note the probability that it sounds at all, 1 if not given: the less, the less its components begin with.
    tuning_hz
        The recording's A4; found from the loudest frames if not given.
    known, changed
        What was learnt before, and from when to when, in seconds, the notes have changed since: only the pieces that
        those times touch are learnt again, each as if it were learnt for the first time.

    Returns
    -------
    What :mod:`otowake.music.separation.stems` makes sound of.

    Examples
    --------
    >>> from otowake.music.separation.stems import sound_of
    >>> from otowake.types import Audio
    >>> t = np.arange(22050) / 22050
    >>> sound = Audio(np.sin(2 * np.pi * 440 * t) + np.sin(2 * np.pi * 660 * t), 22050)
    >>> note_factors = fit_notes(sound, [Note(0, 1, 69), Note(0, 1, 76)])
    >>> alone = sound_of(sound, note_factors, [0]).samples[0]
    >>> bool(np.abs(alone - np.sin(2 * np.pi * 440 * t))[4000:-4000].max() < 0.05)
    True
    """
    try:
        V = np.concatenate(list(magnitudes(sound, STFT)), axis=1)
    except BadInput:
        return NoteFactors((), 1.0)
    scale = float(V.mean(dtype=np.float64))
    if labels is None:
        labels = [-1 - note.midi if note.is_drum else note.programme for note in notes]
    shares = [1.0] * len(notes) if shares is None else shares
    before = {piece.first: piece for piece in known.segments} if known else {}
    if scale < np.finfo(np.float32).tiny or not notes:
        return NoteFactors((), max(scale, float(np.finfo(np.float32).tiny)))
    V /= np.float32(scale)
    frequencies, times = axes(STFT, V.shape[1])
    tuning_hz = tuning_of_frames(V, frequencies) if tuning_hz is None else tuning_hz
    pieces = []
    for first in range(0, V.shape[1], PIECE):
        span = slice(first, first + PIECE)
        early, late = times[span][0] - max(GATES.tail, TAIL), times[span][-1] + GATES.lead
        if known and not any(start <= late and stop >= early for start, stop in changed):
            piece = before.get(first)
        else:
            piece = _piece(
                first, V[:, span], frequencies, times[span], notes, labels, shares, tuning_hz
            )
        if piece is not None:
            pieces.append(piece)
    return NoteFactors(tuple(pieces), scale)


def _piece(
    first: int,
    V: Floats,
    frequencies: Floats,
    times: Floats,
    notes: Sequence[Note],
    labels: Sequence[int],
    shares: Sequence[float],
    tuning_hz: float,
) -> Segment | None:
    heard, hit, half = [], [], STFT.hop / STFT.sample_rate / 2
    for note, label, share, name in zip(notes, labels, shares, ids_of(notes), strict=True):
        if note.is_drum and times[0] - half <= note.onset < times[-1] + half:
            hit.append((label, note.onset, name, note))
        elif (
            not note.is_drum and _silent(note) >= times[0] and note.onset - GATES.lead <= times[-1]
        ):
            heard.append((label, note.midi, note.onset, name, share, note))
    if not heard and not hit:
        return None
    keys = sorted({(label, midi) for label, midi, *_ in heard})
    n_pitches, n_frames = (
        -(-n // step) * step for n, step in ((len(keys), PITCH_STEP), (len(times), FRAME_STEP))
    )
    D, G, detect_drums = _drums(hit, frequencies, times, n_frames)
    gates = np.zeros((n_pitches, len(DETUNINGS), n_frames), np.float32)
    spans = []
    rows = {key: row for row, key in enumerate(keys)}
    for label, midi, onset, name, share, note in sorted(heard, key=lambda each: each[:4]):
        row = rows[label, midi]
        start, stop = np.searchsorted(times, [onset - GATES.lead, _silent(note)])
        stop = int(min(max(stop, start + 1), len(times)))
        if spans and spans[-1][1] == row:
            spans[-1][3] = min(spans[-1][3], max(int(start), spans[-1][2]))
        spans.append([name, row, int(start), stop])
        gates[row, :, start:stop] = np.maximum(
            gates[row, :, start:stop], share * _gate(note, times[start:stop])
        )
    spans += [[name, len(keys) + drum, start, stop] for name, drum, start, stop in detect_drums]
    pitches = np.full(n_pitches, keys[-1][1] if keys else 0)
    pitches[: len(keys)] = [midi for _, midi in keys]
    lobes, partial_of = _lobes(pitches, frequencies, tuning_hz)
    powered = np.zeros((len(frequencies), n_frames), np.float32)
    powered[:, : len(times)] = V**POWER + 1e-6
    W, H, D, G = (
        np.asarray(factor)
        for factor in _learnt(
            powered, lobes, partial_of, _near(keys, n_pitches), gates.reshape(-1, n_frames), D, G
        )
    )
    n = len(keys) * len(DETUNINGS)
    return Segment(first, W[:, :n], H[:n, : len(times)], D, G[:, : len(times)], np.array(spans))


def _near(keys: Sequence[tuple[int, int]], n_pitches: int) -> Floats:
    """How near pitches of one part are to each other, shape (pitch, pitch); 0 for those of different parts."""
    near = np.zeros((n_pitches, n_pitches), np.float32)
    label, midi = np.array(keys, float).reshape(-1, 2).T
    bell = np.exp(-0.5 * ((midi[:, None] - midi) / ALIKE_PITCH) ** 2)
    near[: len(keys), : len(keys)] = bell * (label[:, None] == label)
    return near


def _drums(
    hit: Sequence[tuple[int, float, int, Note]], frequencies: Floats, times: Floats, n_frames: int
) -> tuple[Floats, Floats, list[tuple[int, int, int, int]]]:
    """Spectra and gates of the drums that are struck, shapes (frequency, drum, lag) and (drum, frame), and for each stroke its id, its
    drum, and the frames in which its drum may begin to sound for it."""
    labels = sorted({label for label, *_ in hit})
    known = templates(frequencies)
    kinds = [
        drum_of(next(note.midi for its, _, _, note in hit if its == label)) for label in labels
    ]
    D = known[:, kinds] ** POWER
    G, spans = np.zeros((len(labels), n_frames), np.float32), []
    for label, onset, name, _ in sorted(hit, key=lambda each: each[:3]):
        drum, at = labels.index(label), (onset - times[0]) * STFT.sample_rate / STFT.hop - AHEAD
        start, stop = max(round(at) - 1, 0), min(max(round(at) + 2, 1), len(times))
        if spans and spans[-1][1] == drum:
            spans[-1] = (*spans[-1][:3], min(spans[-1][3], max(start, spans[-1][2])))
        spans.append((name, drum, start, stop))
        begins = np.maximum(1 - np.abs(np.arange(start, stop) - at), BESIDE)
        G[drum, start:stop] = np.maximum(G[drum, start:stop], begins)
    return D / np.maximum(D.sum(axis=(0, 2), keepdims=True), 1e-30), G, spans


def _gate(note: Note, times: Floats) -> Floats:
    """What a note's components begin with while they may sound."""
    return (
        np.ones(len(times))
        if note.decay_end is None
        else np.exp(-np.maximum(times - note.offset, 0) / FADING)
    )


def _silent(note: Note) -> float:
    """When nothing of a note is left."""
    return note.offset + GATES.tail if note.decay_end is None else note.decay_end + TAIL


def _lobes(
    pitches: NDArray[np.intp], frequencies: Floats, tuning_hz: float
) -> tuple[Floats, NDArray[np.int32]]:
    """Spectra with all partials of the height 1, shape (frequency, component), and for every entry the partial that it
    belongs to, counted over all pitches."""
    bin_hz = frequencies[1]
    L = np.zeros((len(frequencies), len(pitches), len(DETUNINGS)), np.float32)
    owner = np.zeros(L.shape, np.int32)
    for row, midi in enumerate(pitches.tolist()):
        for place, cents in enumerate(DETUNINGS):
            f0 = float(midi_to_hz(midi + cents / 100, tuning_hz))
            for n in range(PARTIALS):
                centre = (n + 1) * f0
                reach = MAIN_LOBE * bin_hz + centre * (2 ** (TOLERANCE / 1200) - 1)
                low, high = int((centre - reach) / bin_hz) + 1, int((centre + reach) / bin_hz) + 1
                if high >= len(frequencies):
                    break
                off = np.abs(frequencies[low:high] - centre) / reach
                height = np.cos(np.pi / 2 * np.minimum(off, 1)) ** (2 * POWER)
                higher = height > L[low:high, row, place]
                L[low:high, row, place][higher] = height[higher]
                owner[low:high, row, place][higher] = n
    owner += (np.arange(len(pitches)) * PARTIALS)[None, :, None].astype(np.int32)
    return L.reshape(len(L), -1), owner.reshape(len(L), -1)


@program()
def _learnt(
    V: Array, lobes: Array, partial_of: Array, near: Array, H: Array, D: Array, G: Array
) -> tuple[Array, ...]:
    """W, H, D and G from gates: tied spectra of pitches first, then free ones; those of drums are free from the start."""
    power, free = exponent(BETA), jnp.zeros((), bool)
    n_pitches = lobes.shape[1] // len(DETUNINGS)
    strengths = jnp.tile(jnp.arange(1.0, PARTIALS + 1) ** (-DECAY * POWER), n_pitches)
    n, detect_drums, gates = len(H), D.shape[1:], G
    n_lagged = detect_drums[0] * detect_drums[1]

    def every_W(W: Array, D: Array) -> Array:
        return jnp.concatenate([W, D.reshape(len(D), n_lagged)], axis=1)

    def every_H(H: Array, G: Array) -> Array:
        return jnp.concatenate([H, shifted(G, detect_drums[1]).reshape(n_lagged, V.shape[1])])

    def grouped(values: Array) -> Array:
        return jax.ops.segment_sum(
            (values * lobes).ravel(), partial_of.ravel(), n_pitches * PARTIALS
        )

    kin = near * H.reshape(n_pitches, len(DETUNINGS), V.shape[1]).sum(axis=(1, 2))

    def alike(table: Array) -> Array:
        mean = (kin @ table) / (kin.sum(axis=1, keepdims=True) + 1e-20)
        drawn = jnp.exp((1 - ALIKE) * jnp.log(table + 1e-8) + ALIKE * jnp.log(mean + 1e-8))
        return drawn / drawn.sum(axis=1, keepdims=True)

    def learn_H(W: Array, H: Array, D: Array, G: Array) -> tuple[Array, Array]:
        less, more = slopes_H(V, every_W(W, D), every_H(H, G), BETA)
        negative, positive = (
            gathered(half[n:].reshape(*detect_drums, V.shape[1])) for half in (less, more)
        )
        even = gates * (G.sum(axis=1) / (gates.sum(axis=1) + 1e-20))[:, None]
        G = multiplied(
            G, negative + EVEN * positive * even / (G + 1e-20), (1 + EVEN) * positive, power, free
        )
        return multiplied(H, less[:n], more[:n], power, free), G

    def learn_D(D: Array, less: Array, more: Array) -> Array:
        return multiplied(
            D, less[:, n:].reshape(D.shape), more[:, n:].reshape(D.shape), power, free
        )

    def tied(_: Array, carried: tuple[Array, ...]) -> tuple[Array, ...]:
        strengths, H, D, G = carried
        W = lobes * strengths[partial_of]
        H, G = learn_H(W, H, D, G)
        less, more = slopes_W(V, every_W(W, D), every_H(H, G), BETA)
        learnt = multiplied(strengths, grouped(less[:, :n]), grouped(more[:, :n]), power, free)
        table = learnt.reshape(n_pitches, PARTIALS)
        total = table.sum(axis=1, keepdims=True) + 1e-20
        H = H * jnp.repeat(total, len(DETUNINGS), axis=0)
        return alike(table / total).ravel(), H, learn_D(D, less, more), G

    def untied(_: Array, carried: tuple[Array, ...]) -> tuple[Array, ...]:
        W, H, D, G = carried
        H, G = learn_H(W, H, D, G)
        less, more = slopes_W(V, every_W(W, D), every_H(H, G), BETA)
        return multiplied(W, less[:, :n], more[:, :n], power, free), H, learn_D(D, less, more), G

    strengths, H, D, G = jax.lax.fori_loop(0, TIED, tied, (strengths, H, D, G))
    return jax.lax.fori_loop(0, FREE, untied, (lobes * strengths[partial_of], H, D, G))


def fit_parts(
    sound: Sound,
    notes: Sequence[Note],
    parts: Sequence[Part],
    *,
    tuning_hz: float,
    known: NoteFactors | None = None,
    changed: Sequence[tuple[float, float]] = (),
) -> NoteFactors:
    """:func:`fit_notes` for notes that parts may share: each part that may have a note has components for it.

    A note that has become a stroke by hand is nobody else's.
    """
    labels = np.array([-2 - drum_of(note.midi) if note.is_drum else -1 for note in notes], int)
    shares = np.ones(len(notes))
    every, more = [*notes], []
    for number, part in enumerate(parts):
        labels[list(part.notes)] = number
        for note, share, its in part.shared:
            if note not in part.notes and not notes[note].is_drum:
                shares[note] -= share
                every.append(replace(notes[note], id=its))
                more.append((number, share))
    ids = ids_of(notes)
    every[: len(notes)] = [replace(note, id=its) for note, its in zip(notes, ids, strict=True)]
    labels = [*labels.tolist(), *(number for number, _ in more)]
    shares = [*np.maximum(shares, 0).tolist(), *(share for _, share in more)]
    return fit_notes(
        sound, every, labels, shares=shares, tuning_hz=tuning_hz, known=known, changed=changed
    )
