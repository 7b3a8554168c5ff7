"""The manual's figure keeps the order of the factorisation, also in a saved result."""

import numpy as np
import pytest

import otowake
from otowake.cli import main
from otowake.music.editing.component_edits import edit_components
from otowake.plot import manual_figure
from otowake.plot.manual import FLOOR


@pytest.fixture(scope="module")
def analysis(melody):
    return otowake.analyse(
        melody, stages=["components"], n_components=6, solver="mu", max_iter=30, seed=3
    )


def activations_shown(analysis):
    return np.asarray(manual_figure(analysis).axes[1].images[0].get_array())


def test_components_keep_the_order_of_the_factorisation(analysis, melody, tmp_path):
    own = otowake.factorize(otowake.spectrogram(melody).values, spec=analysis.fit.spec)
    expected = np.log(np.maximum(own.H, FLOOR * own.H.max()))
    assert not np.allclose(analysis.fit.H, own.H, atol=1e-3)  # ordered by pitch
    np.testing.assert_allclose(activations_shown(analysis), expected, atol=1e-4)
    folder = otowake.save_analysis(analysis, tmp_path / "melody")
    loaded = otowake.load_analysis(folder)
    np.testing.assert_allclose(activations_shown(loaded), expected, atol=1e-4)


def test_corrected_components_have_no_order_but_their_own(analysis):
    edited = edit_components(analysis, [{"do": "merge", "components": [1, 2]}])
    shown = np.exp(activations_shown(edited))
    np.testing.assert_allclose(shown.max(axis=1), edited.fit.H.max(axis=1), rtol=1e-4)


def test_axes_are_the_manuals(analysis):
    loss, activations, spectra, product = manual_figure(analysis).axes
    np.testing.assert_allclose(loss.lines[0].get_ydata(), np.log(analysis.fit.losses))
    assert activations.yaxis_inverted() and not spectra.yaxis_inverted()
    assert [axes.get_yscale() for axes in (spectra, product)] == ["linear", "linear"]
    assert product.images[0].get_array().shape == (1025, activations.images[0].get_array().shape[1])


def test_the_command_keeps_an_existing_file(analysis, tmp_path, capsys):
    folder = otowake.save_analysis(analysis, tmp_path / "melody")
    picture = tmp_path / "manual.png"
    command = ["show", str(folder), "--manual-figure", str(picture)]
    for options, code in (([], 0), ([], 1), (["--overwrite"], 0)):
        with pytest.raises(SystemExit) as ended:
            main([*command, *options])
        assert ended.value.code == code, capsys.readouterr().err
    assert picture.read_bytes()[:4] == b"\x89PNG"
