"""The notebooks, run as in Jupyter, and their players, tables and live figure."""

import ast
import base64
import io
import re
import runpy
import sys
import types
from pathlib import Path

import jupytext
import numpy as np
import pytest
import soundfile
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from rich.console import Console
from traitlets.config import Config

import otowake
from otowake import notebook, progress_bars
from otowake.errors import MissingExtra

TOP = Path(__file__).parents[2]
SOURCES = sorted((TOP / "notebooks").glob("*.py"))
CHAPTERS = {
    "manual_ja": "ライブラリのインポート/Google Drive との連携/音楽ファイルの読み込み/NMF/"
    "NMF の実装/グラフの設定/学習/結果の出力/音符/楽器/音/結果の保存",
    "manual_en": "Importing the libraries/Google Drive/Loading the music/NMF/Implementing NMF/"
    "The figure/Learning/The results/Notes/Instruments/Sound/Saving the results",
}
SHORTER = {"SECONDS = 30": "SECONDS = 4", "MAX_ITER = 10_000": "MAX_ITER = 30"}


def named(path):
    return path.stem


@pytest.fixture
def shell():
    """Run IPython in this process, without a history."""
    interactive = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    formatter = interactive.display_formatter
    formatter.active_types = formatter.format_types
    yield interactive
    InteractiveShell.clear_instance()


def code_of(source):
    return [cell.source for cell in jupytext.read(source).cells if cell.cell_type == "code"]


def run_cell(shell, code):
    """Run a cell; return what it displays and its value, as MIME bundles."""
    with capture_output() as captured:
        done = shell.run_cell(code)
    done.raise_error()
    last = [] if done.result is None else [shell.display_formatter.format(done.result)[0]]
    return [output.data for output in captured.outputs] + last


@pytest.mark.parametrize("source", SOURCES, ids=named)
def test_the_notebook_matches_its_source(source):
    made_from = runpy.run_path(str(TOP / "scripts" / "notebooks"))["made_from"]
    assert source.with_suffix(".ipynb").read_text("utf-8") == made_from(source)


@pytest.mark.parametrize("source", SOURCES, ids=named)
def test_the_chapters_follow_the_manual(source):
    headings = re.findall(r"^# ## (\d+)\. (.+)$", source.read_text("utf-8"), re.MULTILINE)
    assert [int(number) for number, _ in headings] == list(range(1, 13))
    assert "/".join(words for _, words in headings) == CHAPTERS[source.stem]


def test_both_languages_run_the_same_code():
    plain = [
        re.sub(
            r"(, )?(language=)?'(ja|en)'", "", ast.unparse(ast.parse("\n".join(code_of(source))))
        )
        for source in SOURCES
    ]
    assert plain[0] == plain[1]


@pytest.mark.parametrize("source", SOURCES, ids=named)
def test_the_notebook_runs_shows_and_saves(source, shell, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = code_of(source)
    for long, short in SHORTER.items():
        assert sum(long in cell for cell in code) == 1
        code = [cell.replace(long, short) for cell in code]
    shown = [run_cell(shell, cell) for cell in code]
    outputs_of = dict(zip(code, shown, strict=True))
    htmls = ["".join(data.get("text/html", "") for data in outputs) for outputs in shown]
    assert (
        sum(html.count("<audio") for html in htmls) == 7
    )  # recording, three components, one part, two notes
    live = [outputs_of[cell] for cell in code if "live_figure" in cell]
    assert [{"image/png"} <= data.keys() for outputs in live for data in outputs[:1]] == [
        True,
        True,
    ]
    assert all(len([data for data in outputs if "image/png" in data]) > 1 for outputs in live)
    figures = [cell for cell in code if cell.startswith("otowake.plot.")]
    assert len(figures) == 3 and all("image/png" in outputs_of[cell][0] for cell in figures)
    formulas = next(cell for cell in code if "divergence(" in cell)
    loss, program, printed = ast.literal_eval(outputs_of[formulas][0]["text/plain"])
    assert program == pytest.approx(loss, rel=1e-4) and abs(printed - loss) > 0.01 * loss
    table = next(html for cell, html in zip(code, htmls, strict=True) if cell == "analysis")
    assert table.count("<tr>") == 1 + 20 + 1 + 1 and ("アコーディオン" in table) == (
        source.stem == "manual_ja"
    )
    saved = tmp_path / "otowake-results" / "demo"
    assert {"figure.png", "notes.mid", "stems", "components"} <= {
        path.name for path in saved.iterdir()
    }


@pytest.mark.parametrize("source", SOURCES, ids=named)
def test_drive_is_mounted_only_on_colab(source, shell, monkeypatch):
    mounted = []
    drive = types.SimpleNamespace(mount=mounted.append)
    monkeypatch.setitem(sys.modules, "google", types.ModuleType("google"))
    monkeypatch.setitem(sys.modules, "google.colab", types.SimpleNamespace(drive=drive))
    run_cell(shell, next(cell for cell in code_of(source) if "drive.mount" in cell))
    assert mounted == ["/content/drive"]
    assert shell.user_ns["RESULTS"] == Path("/content/drive/MyDrive/otowake-results")


@pytest.mark.parametrize("source", SOURCES, ids=named)
def test_the_first_cell_installs_the_package(source, shell, monkeypatch):
    commands = []
    monkeypatch.setattr(shell, "run_line_magic", lambda *given: commands.append(given))
    run_cell(shell, code_of(source)[0])
    assert commands == []
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    run_cell(shell, code_of(source)[0].replace('"otowake"  #', '"some/where.whl"  #'))
    assert commands == [("pip", "install --quiet some/where.whl")]


def embedded(html):
    kind, data = re.search(r'src="data:audio/(\w+);base64,([^"]+)"', html).groups()
    return kind, *soundfile.read(io.BytesIO(base64.b64decode(data)), always_2d=True)


@pytest.mark.parametrize(
    ("channels", "rate", "kind"), [(1, 44100, "mpeg"), (3, 44100, "flac"), (2, 96000, "flac")]
)
def test_a_player_holds_the_sound(channels, rate, kind):
    t = np.arange(rate) / rate
    samples = np.array(
        [0.5 * np.sin(2 * np.pi * 220 * (c + 1) * t) for c in range(channels)], np.float32
    )
    player = notebook.player(otowake.Audio(samples, rate, "<b>"))
    got, sound, at = embedded(player._repr_html_())
    assert (got, at, sound.shape[1]) == (kind, rate, channels)
    assert "&lt;b&gt; (1.0 s)" in player._repr_html_() and repr(player) == "<b> (1.0 s)"
    tones = np.abs(np.fft.rfft(sound[: len(t)], axis=0)).argmax(axis=0) * rate / len(t)
    np.testing.assert_allclose(tones, 220 * np.arange(1, channels + 1), atol=1)
    assert np.abs(sound).max() == pytest.approx(0.5, abs=0.02)


def test_a_note_is_played_with_a_margin(melody):
    note = otowake.Note(0.5, 1.0, 64, render=lambda note: melody)
    player = notebook.player(note, language="ja")
    assert repr(player) == "0.50 秒の ミ4（0.9 秒）"
    assert len(embedded(player.html)[1]) / melody.rate == pytest.approx(0.9, abs=0.1)


def test_without_ipython_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", None)
    with pytest.raises(
        MissingExtra, match=r"need IPython; install the extra: pip install 'otowake\[notebook\]'"
    ):
        notebook.enable()


def test_outside_a_notebook_nothing_changes():
    notebook.enable()


def test_the_progress_bar_in_a_notebook_needs_no_widgets(shell, planted):
    with capture_output() as captured:
        jupyter = Console(force_jupyter=True)
        with progress_bars.progress("a < b", "ja", jupyter) as watch:
            fit = otowake.factorize(planted, n_components=2, max_iter=30, tol=0, watch=watch)
    last = captured.outputs[-1].data
    assert last["text/html"].startswith(
        '<div>a &lt; b <progress max="30" value="30"></progress> 反復 30/30'
    )
    assert last["text/plain"] == f"a < b 反復 30/30、損失 {fit.loss:,.6g}"
