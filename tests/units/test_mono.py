"""Examples of the mono signal that the stages of an analysis share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import soxr

import otowake
from otowake import Audio, StftSpec
from otowake.signal import mono, resample
from otowake.signal.mono import MonoSignal, as_mono
from otowake.signal.vqt import RATE

STEREO_RATE = 44_100


def chord(seconds: float = 3.0) -> Audio:
    """Synthesise two decaying tones in stereo."""
    t = np.arange(round(seconds * STEREO_RATE)) / STEREO_RATE
    tones = [
        sum(np.sin(2 * np.pi * f * n * t) / n for n in range(1, 7)) * np.exp(-(t % 1.5))
        for f in (261.63, 392.0)
    ]
    return Audio(0.2 * np.stack([tones[0] + tones[1], tones[0]]).astype(np.float32), STEREO_RATE)


@pytest.mark.parametrize("kept", [True, False])
def test_an_analysis_derives_each_input_once(monkeypatch: pytest.MonkeyPatch, kept: bool) -> None:
    calls: Counter[str] = Counter()

    def count(owner: Any, name: str) -> None:
        function: Callable[..., Any] = getattr(owner, name)

        def counted(*arguments: Any, **options: Any) -> Any:
            calls[name] += 1
            return function(*arguments, **options)

        monkeypatch.setattr(owner, name, counted)

    count(soxr, "ResampleStream")
    count(mono, "downmix")
    count(mono, "level")
    count(mono, "magnitudes")
    if not kept:
        monkeypatch.setattr(mono, "MAX_KEPT_BYTES", 0)
    stages = ("components", "notes", "instruments", "stems")
    analysis = otowake.analyse(chord(), stages=stages, n_components=2, max_iter=3)
    assert analysis.notes and analysis.parts and analysis.note_factors.segments
    spectrograms = 1 if kept else 3  # of the components, the envelopes and the stems
    assert calls == {"ResampleStream": 1, "downmix": 1, "level": 1, "magnitudes": spectrograms}


def test_the_samples_are_the_resampled_downmix() -> None:
    audio = chord()
    signal = as_mono(audio)
    assert (signal.rate, signal.n_channels, signal.name) == (RATE, 1, audio.name)
    assert signal.n_samples == 3 * RATE
    expected = resample(audio.samples.mean(axis=0), STEREO_RATE, RATE)
    np.testing.assert_allclose(signal.samples, expected, atol=1e-6)
    np.testing.assert_array_equal(np.concatenate([*signal.blocks(999)], axis=1)[0], signal.samples)
    assert as_mono(signal) is signal
    assert MonoSignal(Audio(np.zeros(0), RATE)).is_silent


@pytest.mark.parametrize("max_bytes", [0, 1 << 30])
@pytest.mark.parametrize("spec", [StftSpec(), StftSpec(n_fft=512, hop=200)])
def test_the_spectrogram_is_that_of_the_recording_to_the_last_bit(
    monkeypatch: pytest.MonkeyPatch, max_bytes: int, spec: StftSpec
) -> None:
    monkeypatch.setattr(mono, "MAX_KEPT_BYTES", max_bytes)
    audio = chord(25)
    signal = MonoSignal(audio)
    for _ in range(2):
        expected, V = otowake.spectrogram(audio, spec), signal.spectrogram(spec)
        assert V.scale == expected.scale
        assert V.values.strides == expected.values.strides
        np.testing.assert_array_equal(V.values, expected.values)
    kept = signal.magnitudes(spec).values
    assert (signal.magnitudes(spec).values is kept) == (not kept.flags.writeable) == bool(max_bytes)


def test_a_spectrogram_at_another_rate_is_that_of_the_recording() -> None:
    spec = StftSpec(sample_rate=16_000)
    expected = otowake.spectrogram(chord(), spec)
    np.testing.assert_array_equal(MonoSignal(chord()).spectrogram(spec).values, expected.values)


def test_silence_and_short_recordings_have_no_spectrogram() -> None:
    for samples in (np.zeros(RATE), np.ones(100), np.zeros(0)):
        with pytest.raises(otowake.BadInput):
            MonoSignal(Audio(samples, RATE)).spectrogram(StftSpec())
