"""Examples of timbre: measured partials and attacks agree with synthesised ones."""

from dataclasses import replace

import numpy as np
import pytest

from otowake.errors import BadInput
from otowake.music import analyse
from otowake.music.separation.config import TIMBRE
from otowake.music.separation.timbre import timbre
from otowake.plot import parts_figure, timbre_figure
from otowake.types import Audio, Note

RATE = 22050
SLOPES = {"piano": 6.0, "violin": 12.0}
"""dB an octave."""


@pytest.fixture(scope="module")
def analysis():
    """Eight notes of two parts in turn: the first is percussive, the other swells for 200 ms."""
    x, score = np.zeros(9 * RATE), []
    t = np.arange(RATE) / RATE
    for i, midi in enumerate((57, 69, 60, 72, 64, 76, 62, 74)):
        slope = list(SLOPES.values())[i % 2] / 20 / np.log10(2)
        rise = (np.exp(-4 * t), np.minimum(t / 0.2, 1))[i % 2] * (t < 0.8)
        f0 = 440 * 2 ** ((midi - 69) / 12)
        partials = [
            np.sin(2 * np.pi * f0 * n * t + n) / n**slope for n in range(1, 14) if f0 * n < RATE / 2
        ]
        x[i * RATE + 1000 : (i + 1) * RATE + 1000] += 0.2 * rise * sum(partials)
        onset = i + 1000 / RATE
        score.append(Note(onset, onset + 0.8, midi, programme=40 * (i % 2)))
    return analyse(Audio(x.astype(np.float32), RATE), stages=["stems"], score=score)


def test_partials_have_the_slope_of_the_synthesis(analysis):
    levels = timbre(analysis).levels
    assert levels.shape == (2, TIMBRE.n_partials)
    octaves = np.log2(np.arange(1, 9))
    for part, mine in zip(analysis.parts, levels, strict=True):
        np.testing.assert_allclose(mine[:8], -SLOPES[part.name] * octaves, atol=2.5)


def test_a_percussive_part_rises_sooner_than_a_swelling_one(analysis):
    _, times, (percussive, swelling) = timbre(analysis)
    half = [times[int(np.argmax(rise >= 0.5))] for rise in (percussive, swelling)]
    assert half[0] < 0.03
    assert 0.06 < half[1] < 0.14
    assert percussive[-1] < 0.5
    assert swelling[-1] > 0.9


def test_level_does_not_matter(analysis):
    soft = analyse(
        Audio(analysis.audio.samples * 1e-3, RATE),
        stages=["stems"],
        score=[replace(n, id=None) for n in analysis.notes],
    )
    np.testing.assert_allclose(timbre(soft).levels, timbre(analysis).levels, atol=0.5)


@pytest.mark.parametrize("draw", [timbre, parts_figure, timbre_figure])
def test_without_stems_or_sound_there_is_one_sentence(analysis, draw):
    with pytest.raises(BadInput, match="this result has no stems"):
        draw(replace(analysis, note_factors=None))
    with pytest.raises(BadInput, match="neither the recording of this result nor"):
        draw(replace(analysis, audio=None))


def test_a_part_without_sound_has_no_level():
    silence = Audio(np.zeros(2 * RATE, np.float32), RATE)
    nothing = analyse(silence, stages=["stems"], score=[Note(0.0, 1.0, 60)])
    result = timbre(nothing)
    assert np.isnan(result.levels).all() and np.isnan(result.rises).all()
    assert timbre_figure(nothing).axes and parts_figure(nothing).axes


def test_no_parts_at_all():
    noise = Audio(np.random.default_rng(0).normal(0, 0.01, RATE).astype(np.float32), RATE)
    nothing = replace(analyse(noise, stages=["stems"], score=[Note(0.0, 0.5, 60)]), parts=())
    assert timbre(nothing).levels.shape == (0, TIMBRE.n_partials)
    assert timbre_figure(nothing).axes and parts_figure(nothing).axes
