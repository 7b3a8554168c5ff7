"""The terminal's summary of a result, and shell completion."""

import io
import re
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

import otowake
from otowake import summary, text
from otowake.cli import main
from otowake.cli.show import report
from otowake.options import NoteSpec, PartSpec
from otowake.types import Chord, Component, Factors, Fit, Key, Part, Pitch, Rhythm, Stop


@pytest.fixture(scope="module")
def analysis():
    """Build an analysis of 90 components, two parts and many chords."""
    rng = np.random.default_rng(0)
    start = Factors(rng.random((65, 90)), rng.random((90, 30)))
    stop = Stop("converged", text.STOP_CONVERGED, {"tol": 1e-3, "window": 10})
    fit = Fit(
        start.W,
        start.H,
        np.array([9e4]),
        np.array([10]),
        start,
        stop,
        otowake.FitSpec(n_components=90),
    )
    components = tuple(
        Component(i, Pitch(261.6, 60, -0.3, 0.9) if i < 89 else None, (i + 1) / 4095, 0.0, 10.0)
        for i in range(90)
    )
    notes = tuple(otowake.Note(i / 2, i / 2 + 0.4, 60 + i, instrument="violin") for i in range(6))
    parts = (
        Part("violin", "violin", (0, 1, 2, 3), {"violin": 0.93}),
        Part("violin-2", "violin", (4,), {"violin": 0.5}),
        Part("electric-piano", "electric-piano", ()),
    )
    return otowake.Analysis(
        None,
        fit,
        components,
        np.arange(65.0),
        np.arange(30.0),
        1.0,
        440.0,
        otowake.StftSpec(),
        notes=notes,
        chords=tuple(Chord(i, i + 1, "C#m7/G#") for i in range(40)),
        key=Key(9, "minor", 0.8),
        rhythm=Rhythm(120.0, np.arange(0, 4, 0.5)),
        parts=parts,
        note_spec=NoteSpec(),
        part_spec=PartSpec(),
    )


def shown(analysis, language, width, terminal=True, **environment):
    out = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=terminal,
        _environ={"TERM": "xterm", **environment},
    )
    report(analysis, "results/" + "long/" * 30, language, out)
    return out.file.getvalue()


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("width", [80, 60])
def test_a_terminal_gets_lines_within_its_width(analysis, language, width):
    lines = shown(analysis, language, width, NO_COLOR="1").splitlines()
    lines = [re.sub("\x1b.*?m", "", line) for line in lines]
    long = [line for line in lines if cell_len(line) > width]
    assert len(long) == 1 and "results/long/" in long[0]  # a path stays whole, to be copied
    assert len(lines) < 70
    assert not any(line.strip() and line.strip()[0] in summary.CLOSING for line in lines)


def test_the_table_has_the_loudest_components_and_refers_to_the_rest(analysis):
    lines = shown(analysis, "en", 80, terminal=False).splitlines()
    assert [int(line.split()[0]) for line in lines[1:41]] == list(range(51, 91))
    assert lines[41] == "50 more components with less energy: see components.csv."
    assert lines[1].split()[1:5] == ["C4", "261.6", "0", "90%"]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_named_components_get_a_column(analysis, language):
    assert (
        text.NAME.format(language)
        not in shown(analysis, language, 80, terminal=False).splitlines()[0]
    )
    names = {60: "left hand [red]", 61: "左手の" * 20}
    named = tuple(replace(c, name=names.get(c.index, "")) for c in analysis.components)
    lines = shown(replace(analysis, components=named), language, 80, terminal=False).splitlines()
    assert lines[0].split()[-1] == text.NAME.format(language)
    assert lines[11].rstrip().endswith("left hand [red]") and "左手" in lines[12]
    assert max(cell_len(line) for line in lines[:41]) <= 80
    assert lines[11].split()[2:5] == ["261.6", "0", "90%"]


def test_parts_are_a_table_and_piped_sentences_are_single_lines(analysis):
    lines = shown(analysis, "en", 80, terminal=False).splitlines()
    assert "violin 1            4  C4–D#4         93%   0.0–1.9" in lines
    assert "violin 2            1      E4         50%   2.0–2.4" in lines
    assert "electric piano      0" in map(str.rstrip, lines)
    assert "Notes: 6, A minor (80%), ♩ = 120, 4/4" in lines
    assert (
        sum(line.startswith("Chords: C#m7/G# C#m7/G#") and line.endswith(" …") for line in lines)
        == 1
    )
    assert "\x1b" not in "".join(lines)


def test_colours_follow_the_terminal(analysis):
    assert "\x1b[2m" in shown(analysis, "en", 80)  # the unsure ones are pale
    assert "\x1b[3" not in shown(analysis, "en", 80, NO_COLOR="1")
    assert "\x1b" not in shown(analysis, "en", 80, TERM="dumb")


def test_no_instruments_give_a_sentence(analysis):
    assert "No instruments detected." in shown(replace(analysis, parts=()), "en", 80)


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    return ended.value.code, printed.out, printed.err


@pytest.mark.parametrize(
    ("stages", "has"),
    [
        ("components", ("No.  pitch", "The factorisation ", "Pitches: C4 E4 G4 C5")),
        ("notes", ("Notes: ",)),
        ("instruments", ("Notes: ", "instrument  ")),
    ],
)
def test_show_prints_a_result_again(tmp_path, capsys, melody, stages, has):
    analysis = otowake.analyse(melody, stages=[stages], n_components=4, max_iter=100)
    folder = otowake.save_analysis(analysis, tmp_path / "melody")
    out = Console(file=io.StringIO(), width=80)
    report(analysis, folder, "en", out)
    code, printed, _ = run(capsys, "show", folder, "--lang", "en")
    assert code == 0 and printed == out.file.getvalue()
    every = ("No.  pitch", "The factorisation ", "Pitches: C4 E4 G4 C5", "Notes: ", "instrument  ")
    assert [words in printed for words in every] == [words in has for words in every]
    assert "結果:" in run(capsys, "show", folder, "--lang", "ja")[1]


def test_show_of_no_result_is_one_sentence(tmp_path, capsys):
    code, printed, complaint = run(capsys, "show", tmp_path, "--lang", "en")
    assert (code, printed) == (1, "") and "not a result folder of otowake" in complaint


def completed(capsys, monkeypatch, words):
    monkeypatch.setenv("_OTOWAKE_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
    return run(capsys)[1].split()


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("otowake s", "plain,split plain,song plain,show plain,serve"),
        ("otowake split --n-c", "plain,--n-components"),
        ("otowake split --solver a", "plain,accelerated plain,adam"),
        (
            "otowake split --stages notes,",
            "plain,notes,components plain,notes,instruments plain,notes,stems plain,notes,report",
        ),
        ("otowake split --instruments piano,vio", "plain,piano,violin plain,piano,viola"),
        ("otowake split --lang j", "plain,ja"),
        ("otowake split so", "file,so"),
        ("otowake split -o re", "dir,re"),
        ("otowake show re", "dir,re"),
        ("otowake compare a re", "dir,re"),
        ("otowake evaluate re", "dir,re"),
        ("otowake evaluate re so", "file,so"),
        ("otowake completion f", "plain,fish"),
    ],
)
def test_shell_completions(capsys, monkeypatch, typed, offered):
    assert sorted(completed(capsys, monkeypatch, typed)) == sorted(offered.split())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_a_shell(capsys, shell):
    code, script, _ = run(capsys, "completion", shell)
    assert code == 0 and f"_OTOWAKE_COMPLETE={shell}_complete" in script
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_an_unknown_shell_is_refused(capsys):
    code, _, complaint = run(capsys, "completion", "tcsh", "--lang", "en")
    assert code == 1 and "shell must be one of bash, zsh, fish; it is tcsh." in complaint
