"""Hostile input: truncated, flipped, grown and spliced files are read or refused in a sentence.

The table of entry points is in ``benchmarks/fuzz.py``, which can also run longer.
"""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from otowake import BadInput, load, load_analysis
from otowake.cli.split import MOST_OPTIONS, specs_from
from otowake.cluster.inputs import recordings
from otowake.cluster.manifest import MANIFEST, Manifest
from otowake.io.notes import read_table

ROOT = Path(__file__).parents[2]


def test_damaged_files_of_every_kind_are_used_or_refused(whole_files):
    """The fuzzer runs in a process with limited memory and time."""
    command = [sys.executable, "-m", "benchmarks.fuzz", "--inputs", "150", "--quick"]
    done = subprocess.run(
        [*command, "--folder", str(whole_files.parent)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, str(ROOT)])},
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "content", ["x=" + "[" * 50_000, "x=" + "9" * 5000, "#" * (MOST_OPTIONS + 1)]
)
def test_option_files_too_deep_or_too_large(tmp_path, content):
    (tmp_path / "x.toml").write_text(content)
    with pytest.raises(BadInput, match=r"x\.toml: the option file could not be read"):
        specs_from(str(tmp_path / "x.toml"), {})


@pytest.mark.parametrize(
    "row", ["0,1,1e400", "0,1,nan", "0,1,1e300", "0,1,60\n0,1," + "9" * 200_000]
)
def test_numbers_that_no_note_has(tmp_path, row):
    (tmp_path / "x.csv").write_text(row)
    with pytest.raises(BadInput):
        read_table(tmp_path / "x.csv")


def test_a_rate_at_which_a_block_would_be_terabytes(tmp_path):
    head = (
        b"RIFF\x64\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0"
        + b"\xff\xff\xff\x7f"
        + b"\xff\xff\xff\x7f\2\0\x10\0"
    )
    (tmp_path / "x.wav").write_bytes(head + b"data\x40\0\0\0" + bytes(64))
    with pytest.raises(BadInput, match="sampling rate is 2147483647 Hz"):
        load(tmp_path / "x.wav")


def test_results_that_name_files_elsewhere(tmp_path):
    facts = {
        "options": {"stft": {}, "note": {}, "part": {}},
        "tuning_hz": 440,
        "stages": ["notes", "instruments"],
    }
    part = {"name": "../../x", "instrument": "violin", "notes": [0], "probabilities": {}}
    more = {"key": None, "rhythm": None, "chords": [], "parts": [part], "input": None}
    (tmp_path / "notes.csv").write_text("0,1,60")
    (tmp_path / "analysis.json").write_text(json.dumps({**facts, **more}))
    with pytest.raises(BadInput, match="no part can be called"):
        load_analysis(tmp_path)
    given = {"given": {"file": "../given.csv"}}
    (tmp_path / "analysis.json").write_text(json.dumps({**facts, **more, **given}))
    with pytest.raises(BadInput, match=r"not in given\.csv"):
        load_analysis(tmp_path)


def test_a_manifest_with_a_view_without_end_or_a_folder_elsewhere(tmp_path):
    manifest = Manifest(tmp_path)
    manifest.db.execute("INSERT INTO paths VALUES ('/a.wav', '', ?, NULL, 0)", ("0" * 64,))
    manifest.record_state("0" * 64, "../../elsewhere", "waiting")
    with pytest.raises(BadInput, match="no folder of a result"), manifest.errors_translated():
        list(manifest.waiting())
    manifest.close()
    with sqlite3.connect(tmp_path / MANIFEST) as db:
        db.execute("DROP TABLE paths")
        db.execute(
            "CREATE VIEW paths AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n) "
            "SELECT * FROM n"
        )
    db.close()
    with pytest.raises(BadInput, match="not those of a manifest"):
        Manifest(tmp_path, read_only=True)


@pytest.mark.parametrize("content", ["path\n" + "x" * 100_000, "path\na\0b\n"])
def test_lists_with_endless_lines_or_paths_that_are_none(tmp_path, content):
    (tmp_path / "x.csv").write_text(content)
    with pytest.raises(BadInput, match="the list could not be read"):
        list(recordings([tmp_path / "x.csv"], tmp_path / "out", pytest.fail))
