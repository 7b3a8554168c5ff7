"""What must hold of the recogniser, whatever it was taught."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from otowake import Audio
from otowake.music.players import recognizer
from otowake.music.players.assignment import assignment_scores
from otowake.music.players.attention import in_context
from otowake.music.players.envelopes import contours
from otowake.music.players.features import (
    BATCH,
    BEFORE,
    BELOW,
    ENVELOPES,
    FRAMES,
    INPUTS,
    PARTIALS,
    PLANES,
    SPAN,
    WIDE,
    described,
    enveloped,
    flat,
    patches,
)
from otowake.music.players.recognizer import HIDDEN, Recognizer, opened, recognize, trained
from otowake.music.theory.instruments import INSTRUMENT_NAMES, INSTRUMENTS
from otowake.signal.vqt import RATE
from otowake.types import Floats


def random_weights(seed: int = 0) -> recognizer.Weights:
    rng = np.random.default_rng(seed)
    sizes = (INPUTS, *HIDDEN, len(INSTRUMENTS))
    found = {}
    for name, (inputs, outputs) in zip(("first", "second", "names"), pairwise(sizes), strict=True):
        found[name] = rng.normal(size=(1, inputs, outputs)) / np.sqrt(inputs)
        found[f"{name}.bias"] = rng.normal(size=(1, outputs)) / 10
    return {k: v.astype(np.float32) for k, v in found.items()}


def tones(keys: list[float], every: float = 0.5) -> tuple[Floats, Floats, Floats, Floats]:
    """Struck tones one after the other, and their notes."""
    onset = 0.2 + every * np.arange(len(keys))
    at = np.arange(round((onset[-1] + 1.5) * RATE)) / RATE
    sound = np.zeros(len(at))
    for start, key in zip(onset, keys, strict=True):
        since, hz = np.maximum(at - start, 0), 440 * 2 ** ((key - 69) / 12)
        tone = sum(np.sin(2 * np.pi * hz * k * since) / k for k in range(1, 7))
        sound += 0.1 * tone * np.exp(-4 * since) * np.minimum(since / 0.005, 1)
    return sound.astype(np.float32), onset, onset + 0.4, np.array(keys, float)


def named(*given: Any) -> Floats:
    """Log-probabilities of notes."""
    return recognize(*given).together


def test_probabilities_add_up_to_one() -> None:
    sound, *notes = tones([60, 67, 72, 40])
    chances = named(Audio(sound, RATE), *notes, Recognizer(random_weights()))
    assert chances.shape == (4, len(INSTRUMENTS))
    np.testing.assert_allclose(np.exp(chances).sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("gain", [10 ** (-40 / 20), 5.0])
def test_the_level_does_not_matter(gain: float) -> None:
    sound, *notes = tones([60, 67, 72, 40])
    a, b = (
        named(Audio(g * sound, RATE), *notes, Recognizer(random_weights())) for g in (1.0, gain)
    )
    np.testing.assert_allclose(a, b, atol=5e-3)


def test_the_number_of_notes_done_at_once_does_not_matter() -> None:
    keys = np.random.default_rng(0).integers(36, 90, 9).tolist()
    sound, *notes = tones(keys, 0.3)
    (_, whole), *_ = patches(sound, *notes, size=20)
    parts = [batch for _, batch in patches(sound, *notes, size=2)]
    for name in ("tone", "stroke", "skew", "others", "sounding", "midi"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        np.testing.assert_allclose(joined, getattr(whole, name), atol=2e-3)


def test_notes_may_come_in_any_order_and_number() -> None:
    sound, *notes = tones([60, 67, 72, 40])
    order = np.array([2, 0, 3, 1])
    mind = Recognizer(random_weights())
    plain = named(Audio(sound, RATE), *notes, mind)
    moved = named(Audio(sound, RATE), *(column[order] for column in notes), mind)
    np.testing.assert_allclose(moved, plain[order], atol=1e-3)
    many = [np.tile(column, BATCH // 4 + 1) for column in notes]
    assert named(Audio(sound, RATE), *many, mind).shape == (BATCH + 4, len(INSTRUMENTS))


def test_a_patch_has_its_own_partials_in_their_rows() -> None:
    sound, *notes = tones([45, 57, 81])
    (_, batch), *_ = patches(sound, *notes)
    for tone in batch.tone:
        loud = tone[BEFORE + 4]
        assert {BELOW, BELOW + 12, BELOW + 19} <= set(np.argsort(loud)[-8:].tolist())


@pytest.mark.parametrize("off", [-0.55, -0.33, 0.33, 0.55])
def test_a_patch_follows_a_note_that_is_out_of_tune(off: float) -> None:
    plain, *notes = tones([57, 64, 76])
    moved, *_ = tones([57 + off, 64 + off, 76 + off])
    (_, a), *_ = patches(plain, *notes)
    (_, b), *_ = patches(moved, *notes)
    late = slice(BEFORE + 3, BEFORE + 16)
    partials = BELOW + PARTIALS[:6]
    np.testing.assert_allclose(b.tone[:, late, partials], a.tone[:, late, partials], atol=0.25)


def test_the_envelope_stays_where_it_is_when_the_pitch_moves() -> None:
    planes = np.zeros((2, PLANES, SPAN), np.float32)
    planes[0, ENVELOPES[0], BELOW + 24] = planes[1, ENVELOPES[0], BELOW + 12] = 0.7
    a, b = enveloped(planes, np.array([48, 60]))
    np.testing.assert_array_equal(a, b)
    assert a.max() == np.float32(0.7)


def test_others_are_told_from_the_note_itself() -> None:
    sound, onset, _, _ = tones([60])
    once = np.array([onset[0]])
    (_, alone), *_ = patches(sound, once, once + 1, np.array([60.0]))
    assert not alone.others.any()
    both = np.repeat(once, 2)
    (_, pair), *_ = patches(sound, both, both + 1, np.array([60.0, 67.0]))
    rows = set(np.flatnonzero(pair.others[0, BEFORE + 5]).tolist())
    assert rows == {BELOW + 7 + p for p in PARTIALS.tolist() if 7 + p <= WIDE - 1 - BELOW}


def test_silence_says_nothing() -> None:
    chances = named(Audio(np.zeros(RATE), RATE), [0.1], [0.5], [60], Recognizer(random_weights()))
    np.testing.assert_allclose(chances, -np.log(len(INSTRUMENTS)))
    assert named(Audio(np.zeros(RATE), RATE), [], [], [], Recognizer(random_weights())).shape == (
        0,
        len(INSTRUMENTS),
    )


def test_several_networks_are_asked_together() -> None:
    one, other = random_weights(1), random_weights(2)
    both = {k: np.concatenate([one[k], other[k]]) for k in one}
    sound, *notes = tones([60, 67])
    each = [named(Audio(sound, RATE), *notes, Recognizer(weights, 1.5)) for weights in (one, other)]
    mean = np.mean(each, axis=0)
    expected = mean - np.logaddexp.reduce(mean, axis=1, keepdims=True)
    np.testing.assert_allclose(
        named(Audio(sound, RATE), *notes, Recognizer(both, 1.5)), expected, atol=1e-4
    )


def test_those_around_count_in_part() -> None:
    sound, *notes = tones([60, 67, 72, 40])
    mind = Recognizer(random_weights(), 1.3, trained().context)
    alone, together, owners = recognize(Audio(sound, RATE), *notes, mind)
    np.testing.assert_allclose(
        alone, named(Audio(sound, RATE), *notes, Recognizer(random_weights(), 1.3))
    )
    assert mind.context is not None
    begin, end, pitch = (np.asarray(each, float) for each in notes)
    around = in_context(alone, begin, end, pitch, mind.context)
    weight = recognizer.AROUND * 4 / (4 + recognizer.FEW)
    pooled = (1 - weight) * alone + weight * around
    pooled -= np.logaddexp.reduce(pooled, axis=1, keepdims=True)
    np.testing.assert_allclose(together, pooled, atol=1e-4)
    assert np.abs(together - alone).max() > 0.01
    deaf = recognize(Audio(sound, RATE), *notes, mind, around=False)
    assert deaf.together is deaf.alone
    assert owners is None and mind.owners is None


def test_players_are_asked_with_what_each_note_is_by_itself() -> None:
    sound, *notes = tones([60, 67, 72, 40])
    mind = Recognizer(random_weights(), 1.3, owners=trained().owners)
    alone, _, owners = recognize(Audio(sound, RATE), *notes, mind)
    assert owners is not None and mind.owners is not None
    begin, end, pitch = (np.asarray(each, float) for each in notes)
    expected = assignment_scores(mind.owners, alone, begin, end, pitch, [0, 12])
    np.testing.assert_allclose(owners([0, 12]), expected, atol=1e-6)
    assert np.abs(expected).max() > 0.01
    file = io.BytesIO()
    np.savez(file, temperature=np.array(mind.temperature), **mind.arrays())
    kept = opened(file.getvalue())
    assert kept.owners is not None and set(kept.arrays()) == set(mind.arrays())


def test_notes_at_the_edges_of_sound_and_pitch_are_taken() -> None:
    sound, *_ = tones([60])
    chances = named(
        Audio(sound, RATE),
        [0.0, 1.6, 99.0],
        [0.01, 5.0, 99.5],
        [0, 127, 60],
        Recognizer(random_weights()),
    )
    assert np.isfinite(chances).all()


def test_the_shipped_weights_are_whole() -> None:
    weights = trained().weights
    assert {k: v.shape[1:] for k, v in weights.items()} == {
        k: v.shape[1:] for k, v in random_weights().items()
    }
    assert len({len(v) for v in weights.values()}) == 1
    assert all(np.isfinite(v).all() for v in weights.values())
    assert 0.3 < trained().temperature < 5


def test_all_weights_of_the_package_are_under_5_mb_together() -> None:
    sizes = {
        path.name: path.stat().st_size
        for path in Path(recognizer.__file__).parents[1].glob("data/*.npz")
    }
    assert sizes.keys() >= {"transcriber.npz", "recognizer.npz"}
    assert sum(sizes.values()) < 5_000_000


def test_the_shipped_recogniser_tells_a_struck_string_from_a_reed(melody: Audio) -> None:
    onset = np.arange(4) * 0.5
    detect_drums = named(melody, onset, onset + 0.45, [60, 64, 67, 72]).sum(axis=0)
    at = np.arange(2 * RATE) / RATE
    steady = sum(np.sin(2 * np.pi * 330 * k * at) / k**0.7 for k in range(1, 20, 1)) * np.minimum(
        at / 0.05, 1
    )
    reed = named(Audio(0.05 * steady, RATE), [0.0, 1.0], [1.0, 2.0], [64, 64]).sum(axis=0)
    blown = [
        INSTRUMENT_NAMES.index(name)
        for name in ("accordion", "harmonica", "organ", "oboe", "bassoon", "clarinet", "violin")
    ]
    rung = [
        INSTRUMENT_NAMES.index(name)
        for name in ("piano", "electric-piano", "guitar-nylon", "guitar-steel", "harp", "mallets")
    ]
    assert np.logaddexp.reduce(detect_drums[rung]) > np.logaddexp.reduce(detect_drums[blown])
    assert np.logaddexp.reduce(reed[blown]) > np.logaddexp.reduce(reed[rung])


def test_jax_gives_what_torch_gives() -> None:
    torch = pytest.importorskip("torch")
    network = pytest.importorskip("training.networks.recognizer").Network()
    sound, *notes = tones([60, 67, 72, 40])
    (_, batch), *_ = patches(sound, *notes)
    assert batch.tone.shape == (4, FRAMES, WIDE)
    given = flat(
        described(batch, contours(sound, *(np.asarray(each, float) for each in notes))), batch.midi
    )
    network.mean += 0.3
    network.spread *= 0.5
    network.eval()
    with torch.no_grad():
        expected = network(torch.from_numpy(given)).numpy()
    found = np.asarray(recognizer._forward(network.weights(), given))
    np.testing.assert_allclose(found, expected, atol=1e-3)
