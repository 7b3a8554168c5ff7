"""Components corrected by hand: what must hold after each kind of edit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import otowake
from otowake.errors import BadInput
from otowake.music.editing.painting import ITERATIONS, Stroke, edit_components, paint
from otowake.signal import separate
from otowake.types import Audio, Factors


@pytest.fixture(scope="module")
def analysis(melody):
    return otowake.analyse(melody, stages=["components"], n_components=5, max_iter=60)


def energy(audio: Audio, start: float, end: float) -> float:
    part = audio.samples[:, round(start * audio.rate) : round(end * audio.rate)]
    return float(np.square(part, dtype=float).sum())


def share(factors: Factors, k: int, rows: slice, frames: slice) -> float:
    return float(np.outer(factors.W[rows, k], factors.H[k, frames]).sum())


@given(seed=st.integers(0, 1000), k=st.integers(0, 2), belongs=st.booleans())
def test_a_stroke_moves_the_share_and_not_the_sum(seed, k, belongs):
    rng = np.random.default_rng(seed)
    V = (rng.gamma(0.5, size=(20, 3)) @ rng.gamma(0.5, size=(3, 30)) + 0.01).astype(np.float32)
    start = Factors(rng.random((20, 3)) + 0.1, rng.random((3, 30)) + 0.1)
    rows, frames = slice(0, 20), slice(10, 20)
    free = paint(V, start, [])
    painted = paint(V, start, [Stroke(k, 0, 20, 10, 20, belongs)])
    before, after = (share(f, k, rows, frames) for f in (free, painted))
    assert after > before if belongs else after < before
    # Where nobody is shut out, each iteration keeps the sum of every frame.
    assert np.allclose(free.product().sum(), V.sum(), rtol=1e-3)
    again = paint(V, start, [Stroke(k, 0, 20, 10, 20, belongs)])
    assert np.array_equal(painted.W, again.W) and np.array_equal(painted.H, again.H)


def test_without_a_stroke_it_is_the_plain_multiplicative_update(planted):
    rng = np.random.default_rng(3)
    start = Factors(rng.random((30, 4)) + 0.1, rng.random((4, 50)) + 0.1)
    ours = paint(planted, start, [])
    fit = otowake.factorize(
        planted, n_components=4, solver="mu", W=start.W, H=start.H, tol=0, max_iter=ITERATIONS
    )
    assert np.allclose(ours.product(), fit.factors.product(), rtol=2e-2, atol=1e-3)


def test_names_go_with_their_components_whatever_their_numbers_become(analysis):
    names = [{"do": "name", "component": k, "name": f"{k}."} for k in range(1, 6)]
    named = otowake.apply_edits(analysis, names)
    edited = edit_components(
        named, [{"do": "delete", "component": 2}, {"do": "split", "component": 3}]
    )
    called = [each.name for each in edited.components]
    assert sorted(called) == ["", "1.", "3.", "4.", "5."]
    assert [each.name for each in edited.unedited.components] == [""] * 5
    again = otowake.apply_edits(edited, edited.edits)
    assert [each.name for each in again.components] == called
    undone = otowake.apply_edits(edited, [edit for edit in edited.edits if edit["name"] != "4."])
    assert sorted(each.name for each in undone.components) == ["", "", "1.", "3.", "5."]


@pytest.mark.parametrize("belongs", [True, False])
def test_a_painted_component_falls_silent_or_sounds_there(analysis, melody, belongs):
    V = otowake.spectrogram(melody, analysis.stft)
    start, stop = np.searchsorted(V.times, (0.5, 1.0))

    def heard(factors: Factors, k: int) -> float:
        return energy(sounds(factors, [k], melody, analysis)[0], 0.55, 0.95)

    factors = analysis.fitted().factors
    loudness = [heard(factors, k) for k in range(5)]
    k = int(np.argmin(loudness) if belongs else np.argmax(loudness))
    painted = paint(V.values, factors, [Stroke(k, 0, len(V.frequencies), start, stop, belongs)])
    free = paint(V.values, factors, [])
    if belongs:
        assert heard(painted, k) > 10 * heard(free, k)
    else:
        assert heard(painted, k) < 0.1 * heard(free, k)
    total = sum(sound.samples for sound in sounds(painted, range(5), melody, analysis))
    assert np.allclose(total, melody.samples, atol=1e-5)


def sounds(factors: Factors, which, audio: Audio, analysis) -> list[Audio]:
    blocks = list(separate(audio, factors, analysis.stft, only=list(which)))
    return [
        Audio(np.concatenate([block[i] for block in blocks], axis=1), audio.rate)
        for i in range(len(blocks[0]))
    ]


def test_painting_from_times_and_hertz(analysis):
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
        edit_components(analysis, [each]).fitted()
        for each in (edit, {**edit, "end_s": 0.5, "high_hz": 200})
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
    total = sum(each.audio().samples for each in edited.components)
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
def test_what_is_no_edit_is_one_sentence(analysis, edit, sentence):
    with pytest.raises(BadInput, match=sentence):
        edit_components(analysis, [edit])


def test_the_last_component_stays(analysis):
    with pytest.raises(BadInput, match="this is the last component"):
        edit_components(analysis, [{"do": "delete", "component": k} for k in range(1, 6)])
