"""Examples of painting: a brush stroke moves shares between components."""

import numpy as np
import pytest

import otowake
from otowake.music.editing.config import PAINTING
from otowake.music.editing.painting import BrushStroke, paint
from otowake.signal import separate
from otowake.types import Audio, Factors


@pytest.fixture(scope="module")
def analysis(melody):
    return otowake.analyse(melody, stages=["components"], n_components=5, max_iter=60)


def energy(audio: Audio, start: float, end: float) -> float:
    part = audio.samples[:, round(start * audio.rate) : round(end * audio.rate)]
    return float(np.square(part, dtype=float).sum())


def test_without_brush_strokes_painting_is_the_multiplicative_update(planted):
    rng = np.random.default_rng(3)
    start = Factors(rng.random((30, 4)) + 0.1, rng.random((4, 50)) + 0.1)
    ours = paint(planted, start, [])
    fit = otowake.factorize(
        planted,
        n_components=4,
        solver="mu",
        W=start.W,
        H=start.H,
        tol=0,
        max_iter=PAINTING.iterations,
    )
    assert np.allclose(ours.product(), fit.factors.product(), rtol=2e-2, atol=1e-3)


@pytest.mark.parametrize("belongs", [True, False])
def test_a_brush_stroke_silences_or_raises_a_component(analysis, melody, belongs):
    V = otowake.spectrogram(melody, analysis.stft)
    start, stop = np.searchsorted(V.times, (0.5, 1.0))

    def energy_of(factors: Factors, k: int) -> float:
        return energy(sounds(factors, [k], melody, analysis)[0], 0.55, 0.95)

    factors = analysis.fitted().factors
    loudness = [energy_of(factors, k) for k in range(5)]
    k = int(np.argmin(loudness) if belongs else np.argmax(loudness))
    painted = paint(
        V.values, factors, [BrushStroke(k, 0, len(V.frequencies), start, stop, belongs)]
    )
    free = paint(V.values, factors, [])
    if belongs:
        assert energy_of(painted, k) > 10 * energy_of(free, k)
    else:
        assert energy_of(painted, k) < 0.1 * energy_of(free, k)
    total = sum(sound.samples for sound in sounds(painted, range(5), melody, analysis))
    assert np.allclose(total, melody.samples, atol=1e-5)


def sounds(factors: Factors, which, audio: Audio, analysis) -> list[Audio]:
    blocks = list(separate(audio, factors, analysis.stft, only=list(which)))
    return [
        Audio(np.concatenate([block[i] for block in blocks], axis=1), audio.rate)
        for i in range(len(blocks[0]))
    ]
