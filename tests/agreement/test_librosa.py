"""Agreement with librosa, which the lecture manual uses; otowake itself does not import it."""

import subprocess
import sys

import librosa
import numpy as np
import pytest
import soundfile

from otowake.io import load
from otowake.signal import spectrogram, stft

LENGTHS = (2048, 2049, 22050, 30011)


@pytest.mark.parametrize("n_samples", LENGTHS)
@pytest.mark.parametrize(("n_fft", "hop"), [(2048, 512), (1024, 256), (512, 100)])
def test_stft_is_librosas(n_samples, n_fft, hop):
    x = np.random.default_rng(n_samples).standard_normal(n_samples).astype(np.float32)
    ours, theirs = stft(x, n_fft, hop), librosa.stft(x, n_fft=n_fft, hop_length=hop)
    assert ours.shape == theirs.shape and ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize("rate", [16000, 22050, 44100, 48000])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_spectrogram_is_the_manuals(tmp_path, rate, channels):
    x = np.random.default_rng(0).uniform(-0.5, 0.5, (rate, channels))
    soundfile.write(tmp_path / "x.wav", x, rate)
    y, _ = librosa.load(tmp_path / "x.wav", mono=True)
    expected = np.abs(librosa.stft(y))
    expected = expected / expected.mean() + 1e-10
    np.testing.assert_allclose(spectrogram(load(tmp_path / "x.wav")).values, expected, atol=1e-3)


def test_otowake_does_not_import_librosa():
    code = (
        "import sys, otowake; audio = otowake.load(otowake.demo_path(), duration=1);"
        "otowake.analyse(audio, n_components=2, max_iter=1); import otowake.cli; otowake.plot;"
        "print(any(m.startswith('librosa') for m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
