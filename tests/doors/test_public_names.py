"""The frozen list of public names."""

import ast
from pathlib import Path

import pytest

import otowake

NAMES = [
    "Activator",
    "Analysis",
    "Audio",
    "BadInput",
    "Chord",
    "Component",
    "Factors",
    "Fit",
    "FitSpec",
    "IncompleteResult",
    "InputWarning",
    "Key",
    "LoadSpec",
    "MissingExtra",
    "NotConverged",
    "Note",
    "NoteSpec",
    "OtowakeError",
    "Part",
    "PartSpec",
    "Pitch",
    "Progress",
    "Rhythm",
    "Spectrogram",
    "StftSpec",
    "TheorySpec",
    "__version__",
    "analyse",
    "apply_edits",
    "demo_path",
    "edit_folder",
    "factorize",
    "load",
    "load_analysis",
    "note_name",
    "plot",
    "progress",
    "repair_folder",
    "save_analysis",
    "separate_song",
    "spectrogram",
    "write_report",
]
EXTRAS = {"NMF"}


def test_the_list_of_names_is_frozen():
    assert sorted(otowake.__all__) == NAMES
    assert otowake.NEEDS_EXTRA == EXTRAS


@pytest.mark.parametrize("name", NAMES)
def test_every_name_exists_and_is_documented(name):
    value = getattr(otowake, name)
    assert name == "__version__" or value.__doc__


@pytest.mark.parametrize("name", EXTRAS)
def test_names_that_need_an_extra_exist(name):
    assert getattr(otowake, name).__doc__


def test_the_stub_lists_the_same_names():
    stub = Path(otowake.__file__).with_suffix(".pyi")
    names = set()
    for node in ast.parse(stub.read_text()).body:
        if isinstance(node, ast.ImportFrom):
            names |= {alias.asname for alias in node.names}
        elif isinstance(node, ast.AnnAssign):
            names.add(node.target.id)
    assert sorted(names) == sorted([*NAMES, *EXTRAS])


def test_unknown_names_are_errors():
    with pytest.raises(AttributeError, match="no attribute 'factorise'"):
        _ = otowake.factorise
