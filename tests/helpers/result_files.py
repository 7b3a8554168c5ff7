"""Read and compare the files of a result as other programs would."""

import csv
import filecmp
import json

import mido
import numpy as np
import soundfile
from PIL import Image

SAMPLES = 33075
"""Length of the sounds of the result."""


def read(path):
    """Read a file of a result, or all files of a folder, as other programs would."""
    if path.is_dir():
        assert [read(child) for child in sorted(path.iterdir())]
    elif path.suffix in (".json", ".jams"):
        json.loads(path.read_text())
    elif path.suffix in (".csv", ".txt"):
        with path.open(newline="") as file:
            assert [*csv.reader(file)]
    elif path.suffix == ".npz":
        with np.load(path) as arrays:
            assert [arrays[name] for name in arrays]
    elif path.suffix in (".flac", ".wav"):
        assert len(soundfile.read(path)[0]) == SAMPLES
    elif path.suffix in (".png", ".gif"):
        with Image.open(path) as picture:
            picture.load()
    elif path.suffix == ".mid":
        assert mido.MidiFile(path).length > 0
    else:
        end = {".musicxml": "</score-partwise>", ".html": "</html>"}[path.suffix]
        assert path.read_text().rstrip().endswith(end)


def alike(folder, complete):
    """Whether all files in a folder and its subfolders equal those of another result."""
    names = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return filecmp.cmpfiles(folder, complete, names, shallow=False) == (names, [], [])
