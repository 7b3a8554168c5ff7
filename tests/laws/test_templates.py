"""Test musically informed starts: combs, gates, scores, dictionaries, and their factorisation."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from template_cases import BIN, FREQUENCIES, TIMES

from otowake.music.components.templates import (
    PIANO_PITCHES,
    harmonic_combs,
    score_gates,
)
from otowake.music.theory.names import midi_to_hz
from otowake.types import Note


def partials_of(midi, n_partials, inharmonicity=0.0, tuning_hz=440.0):
    n = np.arange(1, n_partials + 1)
    stretch = np.sqrt((1 + inharmonicity * n**2) / (1 + inharmonicity))
    return n * midi_to_hz(midi, tuning_hz) * stretch


COMB_OPTIONS = st.fixed_dictionaries(
    {
        "n_partials": st.integers(1, 40),
        "decay": st.floats(0, 3),
        "inharmonicity": st.floats(0, 1e-3),
        "tolerance": st.floats(0, 60),
        "tuning_hz": st.floats(428, 453),
    }
)


@given(st.floats(21, 120), COMB_OPTIONS)
def test_a_comb_is_0_except_in_lobes_around_the_partials(midi, options):
    (comb,) = harmonic_combs([midi], FREQUENCIES, **options).T
    partials = partials_of(
        midi, options["n_partials"], options["inharmonicity"], options["tuning_hz"]
    )
    partials = partials[partials <= FREQUENCIES[-1]]
    reach = 2 * BIN + partials * (2 ** (options["tolerance"] / 1200) - 1)
    inside = (np.abs(FREQUENCIES[:, None] - partials) < reach * (1 - 1e-9)).any(axis=1)
    near = (np.abs(FREQUENCIES[:, None] - partials) < reach * (1 + 1e-9)).any(axis=1)
    assert (comb[inside] > 0).all()
    assert (comb[~near] == 0).all()
    assert comb.max(initial=0) <= 1
    heights = comb[np.rint(partials / BIN).astype(int)]
    assert (
        heights
        >= np.arange(1, len(partials) + 1.0) ** -options["decay"] * np.cos(np.pi / 8) ** 2 - 1e-9
    ).all()


@given(st.integers(21, 90), st.floats(-50, 50))
def test_tuning_shifts_a_comb_as_its_pitch_does(midi, cents):
    tuned = harmonic_combs([midi], FREQUENCIES, tuning_hz=440 * 2 ** (cents / 1200))
    np.testing.assert_allclose(tuned, harmonic_combs([midi + cents / 100], FREQUENCIES), atol=1e-9)


@given(st.sampled_from([0.5, 2.0, 3.0]))
def test_scaling_all_frequencies_changes_nothing(factor):
    ways = [harmonic_combs(PIANO_PITCHES, f * FREQUENCIES, tuning_hz=f * 440) for f in (1, factor)]
    np.testing.assert_allclose(*ways, atol=1e-9)


NOTES = st.tuples(st.floats(0, 4), st.floats(0, 1), st.integers(60, 63)).map(
    lambda t: Note(t[0], t[0] + t[1], t[2])
)


@given(st.lists(NOTES, max_size=8), st.floats(0, 0.2), st.floats(0, 0.5))
def test_gates_are_open_for_exactly_the_notes_and_tolerances(notes, early, late):
    H = score_gates(notes, TIMES, [60, 61, 62], early=early, late=late)
    for row, pitch in enumerate([60, 61, 62]):
        for t, gate in zip(TIMES, H[row], strict=True):
            may = any(n.midi == pitch and n.onset - early <= t <= n.offset + late for n in notes)
            assert gate == may
