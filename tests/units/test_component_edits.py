"""Examples of the corrections of components: merge, delete, split and paint."""

import numpy as np
import pytest

import otowake
from otowake.errors import BadInput
from otowake.music.editing.component_edits import edit_components


@pytest.fixture(scope="module")
def analysis(melody):
    return otowake.analyse(melody, stages=["components"], n_components=5, max_iter=60)


def test_names_follow_renumbered_components(analysis):
    names = [{"do": "name", "component": k, "name": f"{k}."} for k in range(1, 6)]
    named = otowake.apply_edits(analysis, names)
    edited = edit_components(
        named, [{"do": "delete", "component": 2}, {"do": "split", "component": 3}]
    )
    called = [component.name for component in edited.components]
    assert sorted(called) == ["", "1.", "3.", "4.", "5."]
    assert [component.name for component in edited.detected.components] == [""] * 5
    again = otowake.apply_edits(edited, edited.edits)
    assert [component.name for component in again.components] == called
    undone = otowake.apply_edits(edited, [edit for edit in edited.edits if edit["name"] != "4."])
    assert sorted(component.name for component in undone.components) == ["", "", "1.", "3.", "5."]


def test_paint_takes_seconds_and_hertz(analysis):
    edit = {
        "do": "paint",
        "component": 1,
        "start_s": 0.5,
        "end_s": 1.0,
        "low_hz": 200,
        "high_hz": 800,
        "belongs": False,
    }
    edited, free = (
        edit_components(analysis, [variant]).fitted()
        for variant in (edit, {**edit, "end_s": 0.5, "high_hz": 200})
    )
    assert edited.W.shape == free.W.shape and not np.allclose(edited.H, free.H, rtol=1e-2)


@pytest.mark.parametrize(
    ("edits", "count"),
    [
        ([{"do": "merge", "components": [1, 2]}], 4),
        ([{"do": "delete", "component": 3}], 4),
        ([{"do": "split", "component": 1}], 6),
        (
            [
                {"do": "split", "component": 1},
                {"do": "merge", "components": [6, 2]},
                {"do": "delete", "component": 1},
            ],
            4,
        ),
    ],
)
def test_the_sounds_add_up_after_every_edit(analysis, melody, edits, count):
    edited = edit_components(analysis, edits)
    fit = edited.fitted()
    assert (
        len(edited.components)
        == fit.W.shape[1]
        == fit.initial.W.shape[1]
        == fit.spec.n_components
        == count
    )
    total = sum(component.audio().samples for component in edited.components)
    assert np.allclose(total, melody.samples, atol=1e-5)
    assert [c.index for c in edited.components] == list(range(count))
    assert np.array_equal(edit_components(analysis, edits).fitted().W, fit.W)


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        ({"do": "sing"}, "do must be one of merge, delete, split, paint; it is 'sing'"),
        ("paint", "do must be one of"),
        ({"do": "delete", "component": 9}, r"edit 1 \(delete\): there is no component 9"),
        ({"do": "delete"}, "component must be a whole number of at least 1; it is None"),
        ({"do": "merge", "components": [1, 1]}, "components must be at least two"),
        (
            {"do": "paint", "component": 1, "start_s": "x"},
            "start_s must be a number of at least 0; it is 'x'",
        ),
    ],
)
def test_an_invalid_edit_raises_one_sentence(analysis, edit, sentence):
    with pytest.raises(BadInput, match=sentence):
        edit_components(analysis, [edit])


def test_the_last_component_stays(analysis):
    with pytest.raises(BadInput, match="this is the last component"):
        edit_components(analysis, [{"do": "delete", "component": k} for k in range(1, 6)])
