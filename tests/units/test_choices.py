"""The choices of an option are the entries of the table that carries them out."""

import itertools

import numpy as np
import pytest

from otowake.music.transcription.notes import find_notes
from otowake.nmf import factorize
from otowake.nmf.multistart import EFFORT_SETTINGS
from otowake.nmf.solvers import SOLVER_TABLE
from otowake.options import EFFORTS, INITS, SOLVERS, TRANSCRIBERS, NoteSpec


@pytest.mark.parametrize(
    ("choices", "table"), [(SOLVERS, SOLVER_TABLE), (EFFORTS, EFFORT_SETTINGS)]
)
def test_choices_are_the_entries_of_the_table(choices, table):
    assert set(choices) == set(table)


def test_each_solver_gives_factors_of_its_own(planted):
    fits = [
        factorize(planted, n_components=3, loss="euclidean", solver=name, max_iter=20)
        for name in SOLVERS
    ]
    for one, other in itertools.combinations(fits, 2):
        assert not np.array_equal(one.W, other.W)


def test_each_initialisation_gives_initial_factors_of_its_own(planted):
    fits = [factorize(planted, n_components=3, init=name, max_iter=1) for name in INITS]
    for one, other in itertools.combinations(fits, 2):
        assert not np.allclose(one.initial.W, other.initial.W)


def test_each_transcriber_finds_the_melody_in_a_way_of_its_own(melody):
    notes = [find_notes(melody, NoteSpec(transcriber=name))[0] for name in TRANSCRIBERS]
    assert all({60, 64, 67, 72} <= {note.midi for note in detected} for detected in notes)
    for one, other in itertools.combinations(notes, 2):
        assert one != other
