"""The learning figure shows what it should, where it should, in words that can be read."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from otowake.options import StftSpec
from otowake.plot import analysis_figure, learning_figure
from otowake.plot.fonts import drawable, families, shortened
from otowake.plot.scales import columns, decibels, log_rows, pooled, pooled_product
from otowake.text import LANGUAGES, figure_labels
from otowake.types import Analysis, Audio, Component, Factors

AWKWARD = "$\\frac$ 음악 🎹 か\u3099 \udcff\tÅ_東京.wav"


def figure_of(example, **options):
    fit, frequencies, times, pitches = example
    return learning_figure(fit, frequencies, times, **({"pitches": pitches} | options))


def panels(figure):
    """Loss, H, W and WH."""
    loss, product, activations, spectra = figure.axes[:4]
    return loss, activations, spectra, product


def images(figure):
    """Return the data of H, W and WH."""
    return [np.asarray(axes.images[0].get_array()) for axes in panels(figure)[1:]]


def drawn(figure):
    FigureCanvasAgg(figure).draw()
    return figure


def texts(figure):
    """All words on a figure but the labels of ticks out of view, which are not drawn."""
    texts = {t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()}
    for axis in figure.findobj(Axis):
        low, high = sorted(axis.get_view_interval())
        away = [tick for tick in axis.get_major_ticks() if not low <= tick.get_loc() <= high]
        texts -= {label for tick in away for label in (tick.label1, tick.label2)}
    return list(texts)


def tick_words(axis):
    return [t.get_text() for t in axis.get_ticklabels() if t.get_text()]


@pytest.mark.parametrize("before", [False, True])
def test_levels_span_60_db_below_the_maximum(example, before):
    silent = replace(
        example.fit, H=example.fit.H * (np.arange(90) > 9), initial=example.fit.factors
    )
    for image in images(figure_of(example._replace(fit=silent), before=before)):
        assert image.max() == 0
        assert image.min() == -60


def test_a_silent_panel_is_all_floor():
    assert np.all(decibels(np.zeros((3, 4))) == -60)


def test_level_does_not_matter(example):
    fit = example.fit
    louder = replace(fit, W=fit.W * 8, H=fit.H / 32)
    for a, b in zip(
        images(figure_of(example)), images(figure_of(example._replace(fit=louder))), strict=True
    ):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_time_and_frequency_are_shared(example):
    _, activations, spectra, product = panels(figure_of(example))
    product.set_xlim(0.5, 1.0)
    product.set_ylim(60, 72)
    assert activations.get_xlim() == (0.5, 1.0)
    assert spectra.get_ylim() == (60, 72)


@pytest.mark.parametrize("hz", [110.0, 440.0, 1000.0, 7040.0])
def test_a_tone_is_drawn_at_its_frequency_and_time(example, hz):
    W, H = np.zeros((2049, 1)), np.zeros((1, 90))
    frequencies = np.linspace(0, 11025, 2049)
    W[np.abs(frequencies - hz).argmin()], H[0, 60] = 1, 1
    fit = replace(example.fit, W=W, H=H)
    product = panels(learning_figure(fit, frequencies, example.times))[-1]
    image = product.images[0]
    left, right, bottom, top = image.get_extent()
    rows, cols = np.nonzero(image.get_array() == 0)
    height, width = image.get_array().shape
    row = (top - bottom) / height
    within = row + 12 * np.log2(1 + 5.5 / hz)  # a row and a bin
    assert bottom + (rows.mean() + 0.5) * row == pytest.approx(
        69 + 12 * np.log2(hz / 440), abs=within
    )
    assert left + (cols.mean() + 0.5) * (right - left) / width == pytest.approx(example.times[60])


@pytest.mark.parametrize(("language", "note"), [("en", "C5"), ("ja", "ド5")])
def test_note_names_stand_at_their_frequencies(example, language, note):
    product = panels(drawn(figure_of(example, language=language)))[-1]
    (notes,) = product.child_axes
    positions = dict(zip(tick_words(notes.yaxis), notes.get_yticks(), strict=True))
    assert positions[note] == 72
    hertz = dict(
        zip(tick_words(panels(product.figure)[2].yaxis), product.get_yticks(), strict=True)
    )
    assert hertz["500"] < positions[note] < hertz["1k"]


def test_before_shows_the_initial_factors_and_no_curve(example):
    initial = replace(example.fit, W=example.fit.initial.W, H=example.fit.initial.H)
    before = figure_of(example, before=True)
    for a, b in zip(images(before), images(figure_of(example._replace(fit=initial))), strict=True):
        np.testing.assert_array_equal(a, b)
    loss = panels(before)[0]
    assert len(loss.lines[0].get_xdata()) == 0
    assert figure_labels.NO_CURVE.en in [t.get_text() for t in loss.texts]


def test_the_curve_is_the_logarithm_of_the_loss(example):
    x, y = panels(figure_of(example))[0].lines[0].get_data()
    np.testing.assert_array_equal(x, np.arange(1, 41))
    np.testing.assert_allclose(np.exp(y), example.fit.losses)


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("en", ["G3", "A3", "B3", "C#4", "D#4", "6"]),
        ("ja", ["ソ3", "ラ3", "シ3", "ド♯4", "レ♯4", "6"]),
    ],
)
def test_components_are_called_by_their_pitch(example, language, names):
    _, activations, spectra, _ = panels(figure_of(example, language=language))
    assert tick_words(activations.yaxis) == names == tick_words(spectra.xaxis)


def test_neighbours_of_one_pitch_share_a_label(example):
    pitches = [example.pitches[k] for k in (0, 0, 0, 1, 1)] + [None]
    axis = panels(figure_of(example, pitches=pitches))[1].yaxis
    assert tick_words(axis) == ["G3", "A3", "6"]
    np.testing.assert_allclose(axis.get_majorticklocs(), [2, 4.5, 6])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("size", [(15, 10), (9, 6)])
@pytest.mark.parametrize("n_components", [1, 6, 9, 20, 60])
def test_labels_are_complete_and_do_not_overlap(make_example, language, before, size, n_components):
    example = make_example(n_components)
    figure = drawn(
        figure_of(example, title=AWKWARD * 9, before=before, language=language, size=size)
    )
    boxes = [text.get_window_extent() for text in texts(figure)]
    assert len(boxes) > 20
    width, height = figure.bbox.width, figure.bbox.height
    assert all(b.x0 >= 0 and b.y0 >= 0 and b.x1 <= width and b.y1 <= height for b in boxes)
    words = [
        (text.get_text(), box.shrunk(0.9, 0.8))
        for text, box in zip(texts(figure), boxes, strict=True)
    ]
    assert not [(a, b) for (a, box), (b, other) in combinations(words, 2) if box.overlaps(other)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_settings_of_the_user_neither_matter_nor_change(example, language):
    with mpl.rc_context({"font.family": "serif", "axes.facecolor": "black", "font.size": 30}):
        settings = dict(mpl.rcParams)
        figure = drawn(figure_of(example, title="題", language=language))
        assert dict(mpl.rcParams) == settings
    assert {tuple(t.get_fontfamily()) for t in texts(figure)} == {families()}
    assert max(t.get_fontsize() for t in texts(figure)) == 15
    assert panels(figure)[0].get_facecolor() == (1, 1, 1, 1)


def test_pyplot_is_not_needed():
    code = "import sys, otowake.plot; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_analysis_figure_is_named_after_the_recording_and_its_pitches(example):
    parts = tuple(Component(i, pitch, 0.1, 0.0, 1.0) for i, pitch in enumerate(example.pitches))
    audio = Audio(np.zeros(8), 22050, "song.wav")
    axes = (example.frequencies, example.times)
    figure = analysis_figure(
        Analysis(audio, example.fit, parts, *axes, 1.0, 440.0, StftSpec()), language="ja"
    )
    assert figure.texts[0].get_text() == "song.wav"
    assert figure.texts[1].get_text() == "6 成分 · I-ダイバージェンス 179 · 反復を 40 回行いました"
    assert "ラ3" in tick_words(panels(figure)[1].yaxis)


@pytest.mark.parametrize("n_iter", [0, 1, 2, 12_345])
def test_any_number_of_iterations(make_example, n_iter):
    loss = panels(drawn(figure_of(make_example(n_iter=n_iter))))[0]
    assert len(loss.lines[0].get_xdata()) == n_iter
    assert len(tick_words(loss.xaxis)) == {0: 0, 1: 1, 2: 2, 12_345: 5}[n_iter]


def test_the_curve_is_that_of_the_fit_alone(make_example):
    example = make_example(n_iter=80)
    screened = np.geomspace(9e5, 3e5, 10)[None].repeat(4, axis=0)
    example = example._replace(fit=replace(example.fit, screening_losses=screened))
    figure = drawn(figure_of(example))
    (curve,) = panels(figure)[0].lines
    assert curve.get_xdata().tolist() == list(range(1, 81))
    assert "screening" not in "".join(artist.get_text() for artist in figure.findobj(Text))


def test_the_smallest_recording(make_example):
    for image in images(drawn(figure_of(make_example(n_components=2, n_bins=9, n_frames=1)))):
        assert image.max() == 0


@pytest.mark.parametrize("n_frames", [7, 400, 4001])
def test_the_pooled_product_is_the_product_pooled(n_frames):
    rng = np.random.default_rng(3)
    factors = Factors(rng.random((65, 3)), rng.random((3, n_frames)))
    rows, cols = log_rows(np.linspace(0, 4000, 65), 40), columns(n_frames, 50)
    whole = pooled(pooled(factors.product(), rows, 0), cols, 1)
    np.testing.assert_allclose(pooled_product(factors, rows, cols), whole)
    assert whole.max() == factors.product()[rows[0] :].max()


def test_missing_characters_become_boxes():
    assert drawable(AWKWARD) == "$\\frac$ □□ □ が □□Å_東京.wav"


@pytest.mark.parametrize("width", [4, 9, 10.5, 20])
def test_shortened_names_fit_and_keep_both_ends(width):
    short = shortened("あaいbうcえdおeかfきgくh", width)
    assert sum(0.6 if c.isascii() else 1 for c in short) <= width
    assert short[0] == "あ"
    assert short[-1] == "h"
