"""The report: its content, and the files that belong to it."""

from __future__ import annotations

import base64
import html
import re
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest
from report_cases import (
    HOSTILE,
    content,
    sound_in,
)

import otowake
from otowake.report.content import content_of
from otowake.results import report as reports
from otowake.signal.resampling import resample
from otowake.text.report import WORDS


def test_the_page_makes_no_requests_and_escapes_names(folder):
    text, data = content(folder / "report.html")
    own = text[: text.index('id="sound-0"')] + text[text.rindex("<script>") :]
    assert not re.search(r"https?:|//[a-z]+\.[a-z]|@import|url\(", own)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    assert "default-src 'none'" in html.unescape(policy)
    assert "unsafe" not in policy.replace("wasm-unsafe-eval", "")
    assert data["name"] == HOSTILE and "<img" not in text
    assert text.count("</script>") == len(re.findall(r"<script[ >]", text))


def test_the_page_has_all_results(analysed, folder):
    analysis, snapshots = analysed
    _, data = content(folder / "report.html")
    assert data["stages"] == ["components", "notes", "instruments", "stems", "report"]
    assert [note[2] for note in data["notes"]] == [note.midi for note in analysis.notes]
    assert data["fit"]["losses"] == [float(loss) for loss in analysis.fit.losses]
    course = data["pictures"]["course"]["iterations"]
    assert course[0] == 0 and course[-1] == analysis.fit.n_iter
    assert set(course[1:-1]) <= {snapshot.iteration for snapshot in snapshots.frames}
    kinds = [track["kind"] for track in data["tracks"]]
    assert kinds == [
        "mixture",
        "notes",
        *["part"] * len(analysis.parts),
        "other",
        *["component"] * 8,
    ]
    midi = next(file for file in data["files"] if file["name"] == "notes.mid")
    assert base64.b64decode(midi["data"]) == (folder / "notes.mid").read_bytes()


def test_no_instrument_is_listed_as_more_probable_than_that_of_the_part(analysed):
    analysis = analysed[0]
    probabilities = {"double-bass": 0.7, "trombone": 0.2, "cello": 0.05, "tuba": 0.001}
    part = replace(analysis.parts[0], instrument="trombone", probabilities=probabilities)
    (shown,) = content_of(replace(analysis, parts=(part,)), None, "en")["parts"]
    listed = [(title["en"], probability) for title, probability in shown["probabilities"]]
    assert listed == [("trombone", 0.2), ("cello", 0.05)]


def test_all_words_of_the_program_exist():
    assets = files("otowake.report") / "assets"
    program = "".join(
        asset.read_text(encoding="utf-8") for asset in assets.iterdir() if asset.is_file()
    )
    for name in re.findall(r'word\("(\w+)"|data-(?:word|label)="(\w+)"', program):
        assert "".join(name) in WORDS


def test_sounds_in_the_page_are_those_of_the_analysis(analysed, folder):
    analysis, _ = analysed
    text, data = content(folder / "report.html")
    for number, track in enumerate(data["tracks"]):
        if track["kind"] in ("component", "part"):
            of = analysis.components if track["kind"] == "component" else analysis.parts
            samples, rate = sound_in(text, number)
            whole = resample(of[track["index"]].audio().mono(), 44100, rate)
            assert np.abs(samples - whole).max() < 1e-3
        if track["kind"] != "component":
            peaks = (np.frombuffer(base64.b64decode(track["peaks"]), np.uint8) / 255.0) ** 2
            assert len(peaks) == 1200
            parts = np.array_split(np.abs(sound_in(text, number)[0]), 60)
            loudest = np.array([part.max() for part in parts])
            assert np.corrcoef(peaks.reshape(60, 20).max(axis=1), loudest)[0, 1] > 0.99


def test_sounds_beyond_the_size_limit_are_files(analysed, folder, monkeypatch, tmp_path):
    analysis, _ = analysed
    monkeypatch.setattr(reports, "MOST_EMBEDDED", 400_000)
    _, data = content(otowake.write_report(analysis, folder / "small.html", folder=folder))
    embedded = [track["embedded"] for track in data["tracks"]]
    assert True in embedded and False in embedded
    assert all(
        (folder / track["link"]).is_file() for track in data["tracks"] if not track["embedded"]
    )
    monkeypatch.setattr(reports, "LONGEST_EMBEDDED", 1.0)
    _, data = content(otowake.write_report(analysis, tmp_path / "a page.html"))
    assert not any(track["embedded"] for track in data["tracks"])
    assert (tmp_path / "a page-sound" / "mixture.flac").is_file()
    assert all(track["link"].startswith("a%20page-sound/") for track in data["tracks"])


def test_loaded_results_have_a_report(folder, tmp_path):
    loaded = otowake.load_analysis(folder)
    assert "report" in loaded.stages
    _, data = content(otowake.write_report(loaded, tmp_path / "again.html", language="ja"))
    assert data["language"] == "ja" and data["pictures"]["course"]["iterations"] == [
        0,
        loaded.fit.n_iter,
    ]
    assert [track["kind"] for track in data["tracks"]].count("component") == 8
    assert [path.name for path in tmp_path.iterdir()] == ["again.html"]


def test_a_page_needs_neither_sound_nor_stages(analysed, tmp_path):
    bare = otowake.analyse(analysed[0].audio, stages=["report"])
    assert bare.stages == ("report",) and bare.fit is None
    _, data = content(otowake.write_report(bare, tmp_path / "bare.html"))
    assert [track["kind"] for track in data["tracks"]] == ["mixture"] and "V" in data["pictures"]
    quiet = otowake.analyse(otowake.Audio(np.zeros(22050), 22050), stages=["notes", "report"])
    _, data = content(otowake.write_report(quiet, tmp_path / "quiet.html"))
    assert data["notes"] == [] and {"notes.csv", "notes.labels.txt"} <= {
        file["name"] for file in data["files"]
    }
    silent = replace(analysed[0], audio=None)
    _, data = content(otowake.write_report(silent, tmp_path / "silent.html"))
    assert data["tracks"] == [] and "V" not in data["pictures"] and "WH" in data["pictures"]


def test_an_unwritable_path_gives_one_sentence(analysed, tmp_path):
    with pytest.raises(otowake.OtowakeError, match="could not be written"):
        otowake.write_report(analysed[0], tmp_path / "no" / "such" / "report.html")
