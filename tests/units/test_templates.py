"""Test musically informed starts: combs, gates, scores, dictionaries, and their factorisation."""

import numpy as np
import pytest
from template_cases import BIN, FREQUENCIES, RATE, TIMES

from otowake.errors import BadInput
from otowake.music.components.measure import energies
from otowake.music.components.pitch import find_pitches, tuning_of_frames
from otowake.music.components.templates import (
    PIANO_PITCHES,
    as_notes,
    comb_start,
    from_dictionary,
    from_score,
    harmonic_combs,
    score_gates,
)
from otowake.music.theory.names import midi_to_hz
from otowake.nmf import factorize
from otowake.signal import separate, spectrogram
from otowake.types import Audio, Factors, Note


def test_a_comb_has_the_pitch_it_is_for():
    pitches = range(40, 97)
    W = harmonic_combs(pitches, FREQUENCIES, decay=1.0, tolerance=0)
    assert [p and p.midi for p in find_pitches(W, FREQUENCIES)] == list(pitches)


def test_each_pitch_may_have_its_own_inharmonicity():
    both = harmonic_combs([40, 60], FREQUENCIES, inharmonicity=[1e-4, 1e-3])
    np.testing.assert_array_equal(
        both[:, :1], harmonic_combs([40], FREQUENCIES, inharmonicity=1e-4)
    )
    np.testing.assert_array_equal(
        both[:, 1:], harmonic_combs([60], FREQUENCIES, inharmonicity=1e-3)
    )


def test_above_the_last_frequency_there_is_nothing():
    assert not harmonic_combs([140], FREQUENCIES).any()
    assert np.flatnonzero(harmonic_combs([120], FREQUENCIES)[:, 0]).max() * BIN < 9000


def test_drums_have_no_gates_and_no_components():
    drum = Note(0, 4, 60, is_drum=True)
    assert not score_gates([drum], TIMES, [60]).any()
    start = from_score([drum, Note(0, 1, 62)], FREQUENCIES, TIMES)
    assert (start.pitches.tolist(), start.component_of.tolist()) == ([62], [-1, 0])
    with pytest.raises(BadInput, match="no pitched notes"):
        from_score([drum], FREQUENCIES, TIMES)


SCORE = [Note(0, 1, 64), Note(1, 2, 60), Note(2, 3, 64), Note(0, 2, 60, programme=40)]


@pytest.mark.parametrize(
    ("component_per", "pitches", "component_of"),
    [
        ("pitch", [60, 64], [1, 0, 1, 0]),
        ("part", [60, 64, 60], [1, 0, 1, 2]),
        ("note", [64, 60, 64, 60], [0, 1, 2, 3]),
    ],
)
def test_notes_that_share_a_component(component_per, pitches, component_of):
    start = from_score(SCORE, FREQUENCIES, TIMES, component_per=component_per)
    assert start.pitches.tolist() == pitches
    assert start.component_of.tolist() == component_of
    np.testing.assert_array_equal(start.W, harmonic_combs(pitches, FREQUENCIES))
    for k in range(len(pitches)):
        own = [note for note, component in zip(SCORE, component_of, strict=True) if component == k]
        np.testing.assert_array_equal(start.H[k], score_gates(own, TIMES, [pitches[k]])[0])


@pytest.mark.parametrize(
    "wrong",
    [
        (-1, 1, 60),
        (2, 1, 60),
        (0, np.inf, 60),
        (np.nan, 1, 60),
        (0, 1, 128),
        (0, 1, 60, 1.5),
        (0, 1, 60, 0.5, 128),
    ],
)
def test_invalid_notes_are_rejected(wrong):
    with pytest.raises(BadInput, match="a note must have"):
        Note(*wrong)


def test_notes_from_tables_of_three_or_four_columns():
    assert as_notes(np.array([[0.5, 1, 60]])) == [Note(0.5, 1, 60)]
    assert as_notes([[0.5, 1, 60, 0.25]]) == [Note(0.5, 1, 60, 0.25)]


def test_a_dictionary_is_unchanged_at_its_own_frequencies():
    W = np.random.default_rng(0).random((1025, 5))
    np.testing.assert_array_equal(from_dictionary(W, FREQUENCIES, FREQUENCIES), W)
    np.testing.assert_array_equal(
        from_dictionary(W, FREQUENCIES, FREQUENCIES, only=[3, 1]), W[:, [3, 1]]
    )
    with pytest.raises(BadInput, match="shape"):
        from_dictionary(W, FREQUENCIES[1:], FREQUENCIES)


@pytest.mark.parametrize(
    ("rate", "n_fft"), [(22050, 1024), (22050, 4096), (44100, 4096), (16000, 1024)]
)
def test_resampling_keeps_pitches_and_levels(rate, n_fft):
    pitches = [60, 67, 72, 79]
    frequencies = np.arange(n_fft // 2 + 1) * rate / n_fft
    W = harmonic_combs(pitches, FREQUENCIES, n_partials=10, tolerance=0, decay=1)
    moved = from_dictionary(W, FREQUENCIES, frequencies)
    assert moved.shape == (len(frequencies), 4)
    assert [p and p.midi for p in find_pitches(moved, frequencies)] == pitches
    np.testing.assert_allclose(moved.sum(axis=0) * frequencies[1], W.sum(axis=0) * BIN, rtol=0.02)


def tone(midi, seconds, tuning_hz=440.0):
    """Synthesise a decaying tone of eight partials, with a short attack and end."""
    t = np.arange(round(seconds * RATE)) / RATE
    hz = midi_to_hz(midi, tuning_hz)
    edge = np.minimum(1, np.minimum(t, t[::-1]) / 0.01)
    phases = np.random.default_rng(midi).uniform(0, 2 * np.pi, 8)
    return (
        edge
        * np.exp(-t)
        * sum(np.sin(2 * np.pi * hz * n * t + phases[n - 1]) / n for n in range(1, 9))
        / 8
    )


def stem(note, seconds):
    out = np.zeros(round(seconds * RATE), dtype=np.float32)
    sound = tone(note.midi, note.offset - note.onset)
    at = round(note.onset * RATE)
    out[at : at + len(sound)] = sound
    return out


def snr(truth, estimate):
    return 10 * np.log10(np.square(truth).sum() / np.square(truth - estimate).sum())


def test_a_score_separates_the_notes_of_chords():
    chords = [(60, 64, 67), (60, 65, 69), (59, 62, 67), (60, 64, 67)]
    notes = [Note(0.6 * k, 0.6 * k + 0.5, midi) for k, chord in enumerate(chords) for midi in chord]
    stems = [stem(note, 2.6) for note in notes]
    audio = Audio(sum(stems), RATE)
    V = spectrogram(audio)
    start = from_score(notes, V.frequencies, V.times, component_per="note")
    fit = factorize(V.values, n_components=len(notes), W=start.W, H=start.H, max_iter=50)
    assert ((fit.W > 0) == (start.W > 0)).all()
    for note, h in zip(notes, fit.H, strict=True):
        outside = (V.times < note.onset - 0.05) | (V.times > note.offset + 0.1)
        assert not h[outside].any()
        inside = (V.times >= note.onset) & (V.times <= note.offset)
        assert np.square(h[inside]).sum() > 0.95 * np.square(h).sum()
    blocks = zip(*separate(audio, fit.factors, V.spec), strict=True)
    for truth, sound in zip(
        stems, (np.concatenate(block, axis=1)[0] for block in blocks), strict=True
    ):
        assert snr(truth, sound) - snr(truth, audio.mono()) > 10


MELODY = [48, 52, 55, 60, 64, 67, 72, 76, 79, 84, 60, 57]


@pytest.mark.parametrize("tuning_hz", [440.0, 447.0])
def test_combs_for_all_keys_respond_to_the_played_keys(tuning_hz):
    V = spectrogram(Audio(np.concatenate([tone(midi, 0.4, tuning_hz) for midi in MELODY]), RATE))
    estimated_hz = tuning_of_frames(V.values, V.frequencies)
    assert abs(1200 * np.log2(estimated_hz / tuning_hz)) < 3
    start = comb_start(V.frequencies, len(V.times), tuning_hz=estimated_hz)
    played = np.isin(PIANO_PITCHES, MELODY)
    for options in ({"H": start.H, "keep_W": True}, {}):
        fit = factorize(V.values, n_components=88, W=start.W, max_iter=50, **options)
        for energy in (energies(fit.factors), np.square(fit.H).sum(axis=1)):
            assert energy[played].sum() > 0.95 * energy.sum()


def test_a_dictionary_learnt_in_one_recording_names_the_notes_of_another():
    low, high = ([48, 55, 60], [72, 76, 79])
    V = spectrogram(
        Audio(np.concatenate([tone(midi, 0.4) for midi in low + high]), RATE), n_fft=4096
    )
    start = from_score(
        as_notes([(0.4 * k, 0.4 * k + 0.4, p) for k, p in enumerate(low + high)]),
        V.frequencies,
        V.times,
    )
    learnt = factorize(V.values, n_components=6, W=start.W, H=start.H, max_iter=50).W
    other = spectrogram(Audio(np.concatenate([tone(midi, 0.4) for midi in high[::-1]]), RATE))
    W = from_dictionary(learnt, V.frequencies, other.frequencies)
    H = factorize(other.values, n_components=6, W=W, keep_W=True).H
    share = energies(Factors(W, H))
    assert share[3:].sum() > 0.95 * share.sum()
