"""Examples of the downmix: the mean of the channels, without cancellation."""

import numpy as np
import pytest
from downmix_cases import BASS, LEAD, RATE, played

import otowake
from otowake.results.report import write_report
from otowake.signal import downmix, spectrogram
from otowake.types import Audio


def pitches(channels):
    notes = otowake.analyse(Audio(channels, RATE), stages="notes").notes
    return sorted((n.midi, round(n.onset, 1)) for n in notes)


def power(samples):
    return float(np.mean(np.square(samples, dtype=np.float64)))


def test_a_single_channel_stays_the_same_object():
    audio = Audio(played(LEAD), RATE)
    assert downmix(audio) is audio


@pytest.mark.parametrize(
    "gains", [(1, -1), (1, -0.9), (0.5, -0.5, 0, 0, 0, 0), (0, 0, 1, -1), (1, -1, 0.001)]
)
def test_sound_in_opposite_polarity_keeps_its_level(gains):
    x = played(LEAD)
    samples = np.array(gains, np.float32)[:, None] * x
    mixed = downmix(Audio(samples, RATE)).samples[0]
    expected = np.abs(gains).sum() / len(gains) * x
    assert min(power(mixed - expected), power(mixed + expected)) < 0.01 * power(expected)


def test_a_silent_channel_changes_only_the_level():
    x = played(LEAD)
    mixed = downmix(Audio(np.stack([x, 0 * x]), RATE)).samples[0]
    np.testing.assert_array_equal(mixed, x / 2)


@pytest.mark.parametrize("gains", [(1, -1), (0, 1), (1, 0, -1)])
def test_notes_are_detected_in_any_channels(gains):
    lead, bass = played(LEAD), played(BASS)
    samples = np.array(gains)[:, None] * lead + bass
    known = pitches(lead + bass)
    assert {midi for midi, _ in known} == {midi for *_, midi in LEAD + BASS}
    assert pitches(samples) == known


def test_an_inverted_channel_has_a_spectrogram_notes_and_stems(tmp_path):
    x = played(LEAD[:4], length=3.0)
    audio = Audio(np.stack([x, -x]), RATE)
    np.testing.assert_allclose(
        spectrogram(audio).values, spectrogram(Audio(x, RATE)).values, atol=1e-2
    )
    analysis = otowake.analyse(audio, n_components=4, max_iter=30)
    assert [note.midi for note in analysis.notes] == [midi for *_, midi in LEAD[:4]]
    stem = analysis.parts[0].audio().samples
    assert power(stem) > 0.5 * power(audio.samples)
    np.testing.assert_allclose(stem[0], -stem[1], atol=1e-5)
    write_report(analysis, tmp_path / "report.html")
    folder = otowake.save_analysis(analysis, tmp_path / "result")
    left = otowake.load(folder / "notes.flac").samples[0]
    assert power(left) > 0.5 * power(x)
