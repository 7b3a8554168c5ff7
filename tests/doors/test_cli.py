"""The command line in both languages: as a process, and in this one."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile
from commands import TIMEOUT, run_here, run_process

import otowake
from otowake.options import GROUPS

FAST = ["--stages", "components", "--n-components", "3", "--max-iter", "10"]
SMALL = ["--stages", "components", "--n-components", "8", "--sample-rate", "8000"]
SMALL += ["--n-fft", "256", "--hop", "64"]


@pytest.fixture(scope="module")
def recording(tmp_path_factory, melody):
    path = tmp_path_factory.mktemp("music") / "melody.wav"
    soundfile.write(path, melody.samples.T, melody.rate)
    return path


def test_the_demo_prints_its_results_and_their_folder(tmp_path):
    done = run_process("demo", "-o", tmp_path / "results")
    assert done.returncode == 0, done.stderr
    pitches = next(line for line in done.stdout.splitlines() if line.startswith("Pitches:"))
    assert {"C4", "D4", "E4", "F4", "G4", "A4", "B4", "C5"} <= set(pitches.split())
    assert re.search(r"Notes: 35, C major \(\d+%\), ♩ = 120, 4/4 \(\d+%\)", done.stdout)
    assert "Chords: C Dm Em F G Am C Dm F G/D C" in done.stdout
    assert f"Results: {tmp_path / 'results' / 'demo'}" in done.stdout
    assert done.stderr == ""
    assert max(map(len, done.stdout.splitlines()[:21])) <= 80
    again = run_here("demo", "-o", tmp_path / "results", "--lang", "ja", *FAST)
    assert again.returncode == 0 and "検出した音高:" in again.stdout and "結果:" in again.stdout


def test_several_files_and_a_bad_one(tmp_path, recording):
    (tmp_path / "bad.mp3").write_text("no music")
    (tmp_path / "melody.wav").write_bytes(recording.read_bytes())
    files = [recording, tmp_path / "bad.mp3", tmp_path / "melody.wav"]
    done = run_here("split", *files, "-o", tmp_path / "out", *FAST)
    assert done.returncode == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["melody", "melody-2"]
    assert re.fullmatch(
        r"Error: .*bad\.mp3: no sound could be read.*\n1 of 3 files failed\.\n", done.stderr
    )


def test_options_from_the_line_and_from_a_file(tmp_path, recording):
    (tmp_path / "o.toml").write_text(
        'n_components = 4\nloss = "euclidean"\nseed = 5\n'
        'duration = 1.5\nclean = 2\nnames = "iroha"\n'
    )
    done = run_here(
        "split",
        recording,
        "-o",
        tmp_path,
        "--options",
        tmp_path / "o.toml",
        "--seed",
        6,
        "--max-iter",
        3,
        "--bend",
        "--stages",
        "components,notes",
    )
    assert done.returncode == 0, done.stderr
    facts = json.loads((tmp_path / "melody" / "analysis.json").read_text())
    fit = facts["options"]["fit"]
    assert (fit["n_components"], fit["loss"], fit["seed"], fit["max_iter"]) == (
        4,
        "euclidean",
        6,
        3,
    )
    assert facts["options"]["note"] == {
        "transcriber": "network",
        "clean": 2,
        "bend": True,
        "names": "iroha",
    }
    assert facts["input"]["duration"] == 1.5 and facts["input"]["samples"] == 33075


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (
            ["split", "nothing.wav"],
            1,
            "Error: nothing.wav: there is no such file; check the name and the folder.",
        ),
        (["split", "."], 1, "Error: .: this is a folder; give the audio files in it."),
        (
            ["split", "x.wav", "--n-components", "0"],
            1,
            "n_components must be a whole number from 1 to 1024, or auto; it is '0'.",
        ),
        (
            ["split", "x.wav", "--n-components", "10000"],
            1,
            "n_components must be a whole number from 1 to 1024",
        ),
        (
            ["split", "x.wav", "--stages", "melody"],
            1,
            "stages must be one of components, notes, instruments, stems, report; it is 'melody'.",
        ),
        (["split", "x.wav", "--options", "none.toml"], 1, "none.toml: there is no such file"),
        (["split", "x.wav", "--lang", "de"], 1, "lang must be one of en, ja; it is de."),
        (["split"], 2, "Error: give at least one file; see --help."),
        (
            ["split", "x.wav", "--colour", "red"],
            2,
            "Error: there is no option --colour; see --help.",
        ),
        (["spilt", "x.wav"], 2, "Error: there is no command spilt; see --help."),
    ],
)
def test_bad_usage_is_one_sentence(tmp_path, arguments, code, sentence):
    done = run_here(*arguments, cwd=tmp_path)
    assert done.returncode == code
    assert sentence in done.stderr and done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
    japanese = run_here(*arguments, cwd=tmp_path, LANG="ja_JP.UTF-8")
    assert japanese.returncode == code
    if "--lang" not in arguments:
        assert japanese.stderr.startswith("エラー: ")


@pytest.mark.parametrize(
    ("samples", "sentence"),
    [
        (np.zeros(30000), "the recording, mixed to mono, is silent"),
        (np.ones(1000) * 0.1, "at least one window long"),
        (np.full(30000, np.nan), "NaN or infinite"),
    ],
)
def test_bad_sound_leaves_nothing(tmp_path, samples, sentence):
    soundfile.write(tmp_path / "x.wav", samples, 22050, subtype="FLOAT")
    done = run_here("split", tmp_path / "x.wav", "-o", tmp_path / "out")
    assert done.returncode == 1 and sentence in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_too_many_components_for_the_clip(tmp_path, recording):
    done = run_here("split", recording, "-o", tmp_path / "out", "--n-components", 500)
    assert (
        done.returncode == 1
        and "at most the number of frames and of frequency bins (87); it is 500" in done.stderr
    )


def test_an_existing_result_is_kept_without_overwrite(tmp_path, recording):
    assert run_here("split", recording, "-o", tmp_path, *FAST).returncode == 0
    before = (tmp_path / "melody" / "analysis.json").stat().st_mtime_ns
    kept = run_here("split", recording, "-o", tmp_path, *FAST)
    assert (
        kept.returncode == 1
        and "exists already and is kept; replace it with overwrite (in a shell --overwrite)"
        in kept.stderr
    )
    assert (tmp_path / "melody" / "analysis.json").stat().st_mtime_ns == before
    assert run_here("split", recording, "-o", tmp_path, "--overwrite", *FAST).returncode == 0
    assert (tmp_path / "melody" / "analysis.json").stat().st_mtime_ns != before


def test_an_output_folder_that_cannot_be_written(tmp_path, recording):
    (tmp_path / "out").write_text("a file, not a folder")
    done = run_here("split", recording, "-o", tmp_path / "out", *FAST)
    assert done.returncode == 1 and "the results could not be written" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_damaged_file_is_analysed_with_a_warning(tmp_path, melody):
    soundfile.write(tmp_path / "x.mp3", np.tile(melody.samples[0], 3), melody.rate)
    whole = (tmp_path / "x.mp3").read_bytes()
    (tmp_path / "x.mp3").write_bytes(whole[: len(whole) // 2])
    done = run_here("split", tmp_path / "x.mp3", "-o", tmp_path / "out", *FAST)
    assert done.returncode == 0
    assert re.match(r"Warning: .*x\.mp3: the file is damaged or cut short", done.stderr)


def test_the_animation(tmp_path, recording):
    done = run_here("split", recording, "-o", tmp_path, "--animation", *FAST)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "melody" / "learning.gif").read_bytes()[:6] in (b"GIF87a", b"GIF89a")
    assert (tmp_path / "melody" / "figure-before.png").is_file()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_help_lists_every_option_of_every_spec(language):
    done = run_here("split", "--help", "--lang", language)
    assert done.returncode == 0
    for _, spec in GROUPS:
        for name, constraint in spec.constraints().items():
            assert "--" + name.replace("_", "-") in done.stdout
            assert constraint.help.format(language)[:8] in done.stdout
    assert ("使い方" in done.stdout) == (language == "ja")


def test_the_process_passes_the_exit_code_on():
    done = run_process("spilt", "x.wav", LANG="ja_JP.UTF-8")
    assert done.returncode == 2 and done.stderr.startswith("エラー: ")


def test_version_and_help():
    assert run_here("--version").stdout.strip() == f"otowake {otowake.__version__}"
    assert "split" in run_here("--help").stdout and "demo" in run_here("--help").stdout


def test_the_number_of_components_is_selected_and_results_are_compared(tmp_path, recording):
    for name, options in (
        ("a", ["--n-components", "auto", "--max-iter", 30]),
        ("b", ["--n-components", 3, "--n-init", 2, "--max-iter", 30]),
    ):
        done = run_here(
            "split", recording, "-o", tmp_path / name, "--stages", "components", *options
        )
        assert done.returncode == 0, done.stderr
        assert ("The best of 2 starts is kept" in done.stdout) == (name == "b")
    a, b = tmp_path / "a" / "melody", tmp_path / "b" / "melody"
    curve = otowake.load_analysis(a).fit.curve
    assert curve.best() == otowake.load_analysis(a).fit.W.shape[1]
    assert 4 <= curve.best() <= 8  # four tones, and what is between them
    assert (a / "figure-number.png").is_file()
    done = run_here("compare", a, b, "-o", tmp_path / "both.png")
    assert done.returncode == 0, done.stderr
    picture = tmp_path / "both.png"
    assert picture.read_bytes()[:4] == b"\x89PNG"
    picture.write_bytes(b"kept")
    again = run_here("compare", a, b, "-o", picture)
    assert again.returncode == 1 and "--overwrite" in again.stderr
    assert picture.read_bytes() == b"kept"
    assert run_here("compare", a, b, "-o", picture, "--overwrite").returncode == 0
    assert picture.read_bytes()[:4] == b"\x89PNG"
    cosine_similarity = re.findall(r"similarity to the first ([\d.]+)", done.stdout)
    assert float(cosine_similarity[0]) == 1 and 0.2 < float(cosine_similarity[1]) < 1
    assert run_here("compare", a).returncode == 1
    assert "not a result folder" in run_here("compare", a, tmp_path).stderr


def start_in_terminal(*arguments):
    """Start the program on a pseudo-terminal; return the process and the other end."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "otowake", *map(str, arguments)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "LANG": "C.UTF-8", "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(theirs)
    return process, ours


def read_until(terminal, pattern, seconds=TIMEOUT):
    seen, end = "", time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            seen += os.read(terminal, 4096).decode(errors="replace")
        except OSError:
            break
        if pattern and re.search(pattern, seen):
            return seen
    assert not pattern, f"{pattern} was not seen in: {seen[-2000:]}"
    return seen


def test_a_terminal_shows_progress_and_ctrl_c_keeps_the_partial_result(tmp_path, recording):
    process, terminal = start_in_terminal(
        "split", recording, "-o", tmp_path, "--solver", "adam", "--max-iter", 10**7,
        "--stages", "components",
    )  # fmt: skip
    read_until(terminal, r"iteration \d+ of 10000000, loss [\d.,e]+")
    process.send_signal(signal.SIGINT)
    rest = read_until(terminal, None)
    assert process.wait(TIMEOUT) == 130
    assert "stopped by the user" in rest
    facts = json.loads((tmp_path / "melody" / "analysis.json").read_text())
    assert facts["stop"]["reason"] == "cancelled" and facts["iterations"] > 0
    assert len(list((tmp_path / "melody" / "components").iterdir())) == 20


@pytest.mark.parametrize("solver", ["accelerated", "adam"])
def test_a_killed_run_resumes_and_gives_the_same_result(tmp_path, recording, solver):
    options = [*SMALL, "--solver", solver, "--max-iter", 3000, "--tol", 0, "--checkpoint", 0.05]
    assert run_here("split", recording, "-o", tmp_path / "unbroken", *options).returncode == 0
    broken = tmp_path / "broken"
    arguments = [sys.executable, "-m", "otowake", "split", recording, "-o", broken, *options]
    process = subprocess.Popen(list(map(str, arguments)), stdout=subprocess.DEVNULL)
    end = time.monotonic() + TIMEOUT
    while not (broken / ".melody.checkpoint").exists() and time.monotonic() < end:
        time.sleep(0.01)
    process.kill()
    process.wait()
    with np.load(broken / ".melody.checkpoint", allow_pickle=False) as arrays:
        assert 0 < len(arrays["losses"]) < 3000
    again = run_here("split", recording, "-o", broken, *options)
    assert again.returncode == 0, again.stderr
    assert sorted(path.name for path in broken.iterdir()) == ["melody"]
    with (
        np.load(tmp_path / "unbroken" / "melody" / "factors.npz") as one,
        np.load(broken / "melody" / "factors.npz") as other,
    ):
        for name in one.files:
            np.testing.assert_array_equal(one[name], other[name])


def test_without_arguments_there_is_help():
    done = run_process()
    assert done.returncode == 0 and "split" in done.stdout and "Traceback" not in done.stderr


def test_a_missing_cache_folder_prints_nothing(tmp_path, recording):
    nowhere = {"XDG_CACHE_HOME": "/dev/null", "HOME": "/dev/null"}
    done = run_process("split", recording, "-o", tmp_path, *FAST, **nowhere)
    assert done.returncode == 0
    assert done.stderr == ""


def test_the_demo_does_not_replace_another_result(tmp_path, recording):
    (tmp_path / "demo.wav").write_bytes(recording.read_bytes())
    assert run_here("split", tmp_path / "demo.wav", "-o", tmp_path / "out", *FAST).returncode == 0
    done = run_here("demo", "-o", tmp_path / "out", *FAST)
    assert done.returncode == 1 and "exists already and is kept" in done.stderr


def test_two_runs_at_once_do_not_replace_each_other(tmp_path, recording):
    arguments = list(
        map(str, [sys.executable, "-m", "otowake", "split", recording, "-o", tmp_path, *FAST])
    )
    both = [
        subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    assert sorted(process.wait(TIMEOUT) for process in both) == [0, 1]
    for process in both:
        process.stderr.close()
    assert [path.name for path in tmp_path.iterdir()] == ["melody"]
