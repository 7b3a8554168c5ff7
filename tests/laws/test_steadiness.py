"""The same music gives the same notes, however it comes: softer, at another rate, in stereo, coded, in pieces."""

import io

import numpy as np
import pytest
import soundfile
import soxr

import otowake
from otowake import Audio, Note
from otowake.music.transcription.evaluation import evaluate
from otowake.music.transcription.notes import find_notes

SEAM = 1.0
"""Seconds about a seam within which notes may differ."""


@pytest.fixture(scope="module")
def clip():
    return otowake.load(otowake.demo_path())


@pytest.fixture(scope="module")
def notes(clip):
    return find_notes(clip)[0]


def at_rate(audio, rate):
    return Audio(soxr.resample(audio.samples.T, audio.rate, rate).T.astype(np.float32), rate)


def coded(audio):
    """As MP3 of about 96 kbit/s and back."""
    file = io.BytesIO()
    soundfile.write(
        file,
        audio.samples.T,
        audio.rate,
        format="MP3",
        bitrate_mode="CONSTANT",
        compression_level=0.75,
    )
    kilobits = len(file.getvalue()) * 8 / 1000 / audio.duration
    assert 80 < kilobits < 112, kilobits
    file.seek(0)
    samples, rate = soundfile.read(file, dtype="float32", always_2d=True)
    return Audio(samples.T, rate)


CHANGES = {
    "30 dB down": lambda audio: Audio(audio.samples * np.float32(10 ** (-30 / 20)), audio.rate),
    "16 kHz": lambda audio: at_rate(audio, 16000),
    "48 kHz": lambda audio: at_rate(audio, 48000),
    "stereo": lambda audio: Audio(
        np.concatenate([1.2 * audio.samples, 0.8 * audio.samples]), audio.rate
    ),
    "MP3": coded,
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_notes_stay(clip, notes, change):
    again = find_notes(CHANGES[change](clip))[0]
    score = evaluate(notes, again)
    assert score.f1 >= 0.95, (score.f1, score.missed, score.false_positives)


def test_pieces_give_the_notes_of_the_whole(clip, notes):
    size, found = 6 * clip.rate, []
    for start in range(0, clip.n_samples, size):
        piece = Audio(clip.samples[:, start : start + size], clip.rate)
        at = start / clip.rate
        found += [Note(n.onset + at, n.offset + at, n.midi) for n in find_notes(piece)[0]]
    seams = np.arange(size, clip.n_samples, size) / clip.rate

    def away(these):
        return [note for note in these if np.abs(seams - note.onset).min() > SEAM]

    score = evaluate(away(notes), away(found))
    assert score.f1 == 1, (score.f1, score.missed, score.false_positives)
