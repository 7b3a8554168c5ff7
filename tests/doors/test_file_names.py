"""Recordings with hard names, given to the command line."""

import subprocess
import sys

import pytest
from archives import clip, otowake

OPTIONS = ["--stages", "components", "--n-components", "3", "--max-iter", "10"]
ALL_NAMES = (
    "名前 {x} %s $HOME.wav",
    "é😀'.wav",
    "あ" * 83 + ".wav",
    "x" * 251 + ".wav",
    "l" * 249 + ".mp3",
)
HARD_NAMES = (
    "..wav",
    "...mp3",
    ".x.wav",
    ". .wav",
    "a .wav",
    "aux.txt.wav",
    'a:b?"<\\.wav',
    "x\ny.wav",
    ".wav",
)


def test_any_file_name_works(tmp_path):
    recording = clip(tmp_path / "recording.wav", 0, seconds=2)
    paths = [tmp_path / "music" / name for name in (*ALL_NAMES, *HARD_NAMES)]
    (tmp_path / "music").mkdir()
    for path in paths:
        path.write_bytes(recording.read_bytes())
    out, options = tmp_path / "out", [*OPTIONS, "--checkpoint", "0.000001"]
    done = otowake("split", *paths, "-o", out, *options, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    names = [path.name for path in out.iterdir()]
    assert len(names) == len(paths) and all((out / name / "figure.png").is_file() for name in names)
    assert {name[:-4] for name in ALL_NAMES} < {*names}
    assert not [
        name for name in names if name[0] == "." or name[-1] in ". " or set(name) & set('\n:?"<\\')
    ]


@pytest.mark.parametrize("name", [b"\xff\xfe.wav", b"a" * 300 + b".wav"])
def test_impossible_names_give_one_sentence(tmp_path, name):
    done = subprocess.run(
        [sys.executable.encode(), b"-m", b"otowake", b"split", name],
        capture_output=True,
        cwd=tmp_path,
        check=False,
    )
    assert (
        done.returncode == 1 and done.stderr.count(b"\n") == 1 and b"Traceback" not in done.stderr
    )
