"""Invariance of the notes to level, rate, channels, coding and cuts."""

import io

import numpy as np
import pytest
import soundfile
import soxr

import otowake
from otowake import Audio, Note
from otowake.music.transcription.evaluation import evaluate
from otowake.music.transcription.notes import find_notes

CUT_MARGIN = 1.0
"""Seconds around a cut within which notes can differ."""


@pytest.fixture(scope="module")
def clip():
    return otowake.load(otowake.demo_path())


@pytest.fixture(scope="module")
def notes(clip):
    return find_notes(clip)[0]


def at_rate(audio, rate):
    return Audio(soxr.resample(audio.samples.T, audio.rate, rate).T.astype(np.float32), rate)


def coded(audio):
    """Encode as MP3 of about 96 kbit/s and decode."""
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
def test_the_notes_do_not_change(clip, notes, change):
    again = find_notes(CHANGES[change](clip))[0]
    score = evaluate(notes, again)
    assert score.f1 >= 0.95, (score.f1, score.missed, score.false_positives)


def test_excerpts_have_the_notes_of_the_whole(clip, notes):
    size, joined = 6 * clip.rate, []
    for start in range(0, clip.n_samples, size):
        excerpt = Audio(clip.samples[:, start : start + size], clip.rate)
        at = start / clip.rate
        joined += [Note(n.onset + at, n.offset + at, n.midi) for n in find_notes(excerpt)[0]]
    cuts = np.arange(size, clip.n_samples, size) / clip.rate

    def away(candidates):
        return [note for note in candidates if np.abs(cuts - note.onset).min() > CUT_MARGIN]

    score = evaluate(away(notes), away(joined))
    assert score.f1 == 1, (score.f1, score.missed, score.false_positives)
