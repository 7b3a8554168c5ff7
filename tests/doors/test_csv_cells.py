"""Words in CSV cells: no formulas for spreadsheets, and equal when read back."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otowake.io.csv_cells import cell_of, word_of
from otowake.io.notes import notes_table, read_table
from otowake.music import analyse
from otowake.results.data import component_row
from otowake.results.recipe import GIVEN, given_table, read_given
from otowake.types import Analysis, Audio, Component, Note

FORMULAS = [
    '=HYPERLINK("http://127.0.0.1","x")',
    "+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1",
    "'=1",
    "''+1",
]
NAMES = [*FORMULAS, "'cello", "violin-2", "", "ピアノ", "a=b", 'x,"y"']


@given(st.text() | st.text("'=+-@\t\r\n＝a", max_size=6))
def test_any_word_comes_back_and_none_begins_a_formula(word):
    cell = cell_of(word)
    assert word_of(cell) == word
    assert cell[:1] not in tuple("=+-@\t\r\n＝＋－＠")
    assert cell in (word, f"'{word}")


@pytest.mark.parametrize("name", NAMES)
def test_a_component_is_no_formula(name):
    cell = component_row(Component(0, None, 0.5, 0.0, 1.0, name))["name"]
    assert word_of(cell) == name and (cell != name) == (name in FORMULAS)
    assert component_row(Component(0, None, 0.5, 0.0, 1.0, name))["energy"] == 0.5


@pytest.fixture(scope="module")
def silence() -> Analysis:
    return analyse(Audio(np.zeros(22050), 22050), stages=["notes"])


@pytest.mark.parametrize("name", [name for name in NAMES if "\n" not in name and "\r" not in name])
def test_an_instrument_is_no_formula_and_numbers_stay_numbers(tmp_path, silence, name):
    """Names are of one line: what is read as a table is."""
    note = Note(0.5, 1.0, 60, cents=-3.5, instrument=name)
    table = notes_table(replace(silence, notes=(note,)))
    (row,) = csv.DictReader(table.splitlines())
    assert (row["instrument"] != name) == (name in FORMULAS) and row["cents"] == "-3.5"
    (tmp_path / "notes.csv").write_text(table, encoding="utf-8", newline="")
    assert read_table(tmp_path / "notes.csv")[0].instrument == name


@pytest.mark.parametrize("name", [name for name in NAMES if "\r" not in name])
def test_an_instrument_of_a_score_is_no_formula(tmp_path, name):
    notes = [Note(0.5, 1.0, 60, instrument=name)]
    (tmp_path / GIVEN).write_text(given_table(notes), encoding="utf-8", newline="")
    (row,) = csv.DictReader(io.StringIO(given_table(notes), newline=""))
    assert (row["instrument"] != name) == (name in FORMULAS)
    assert read_given(tmp_path, {"file": GIVEN}) == notes
