"""Examples of the recogniser and of its features, for any weights."""

from __future__ import annotations

import importlib
import io
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import otowake
from otowake import Audio
from otowake.music.players import recognizer
from otowake.music.players.assignment import assignment_scores
from otowake.music.players.attention import contextual_log_probs
from otowake.music.players.config import PATCH, POOLING
from otowake.music.players.envelopes import note_envelopes
from otowake.music.players.features import (
    ENVELOPE_PLANES,
    FEATURE_PLANES,
    FEATURE_ROWS,
    FRAMES_BEFORE,
    INPUT_FEATURES,
    PARTIAL_ROWS,
    PATCH_FRAMES,
    PATCH_ROWS,
    ROWS_BELOW,
    network_input,
    note_patches,
    pool_patches,
    spectral_envelopes,
)
from otowake.music.players.parts import assign_parts
from otowake.music.players.recognizer import (
    HIDDEN_UNITS,
    Recognizer,
    load_recognizer,
    pretrained_recognizer,
    recognize,
)
from otowake.music.theory.instruments import INSTRUMENT_NAMES, INSTRUMENTS
from otowake.signal.vqt import RATE
from otowake.types import Floats
from training.music.performance import Played
from training.music.phrases import monophonic, phrase, style
from training.sounds import singing


def random_weights(seed: int = 0) -> recognizer.Weights:
    rng = np.random.default_rng(seed)
    sizes = (INPUT_FEATURES, *HIDDEN_UNITS, len(INSTRUMENTS))
    weights = {}
    for name, (inputs, outputs) in zip(("first", "second", "names"), pairwise(sizes), strict=True):
        weights[name] = rng.normal(size=(1, inputs, outputs)) / np.sqrt(inputs)
        weights[f"{name}.bias"] = rng.normal(size=(1, outputs)) / 10
    return {k: v.astype(np.float32) for k, v in weights.items()}


def tones(keys: list[float], every: float = 0.5) -> tuple[Floats, Floats, Floats, Floats]:
    """Synthesise decaying tones one after the other; return the sound and the notes."""
    onset = 0.2 + every * np.arange(len(keys))
    at = np.arange(round((onset[-1] + 1.5) * RATE)) / RATE
    sound = np.zeros(len(at))
    for start, key in zip(onset, keys, strict=True):
        since, hz = np.maximum(at - start, 0), 440 * 2 ** ((key - 69) / 12)
        tone = sum(np.sin(2 * np.pi * hz * k * since) / k for k in range(1, 7))
        sound += 0.1 * tone * np.exp(-4 * since) * np.minimum(since / 0.005, 1)
    return sound.astype(np.float32), onset, onset + 0.4, np.array(keys, float)


def predict(*arguments: Any) -> Floats:
    """Return the log-probabilities of notes."""
    return recognize(*arguments).contextual


def test_probabilities_add_up_to_one() -> None:
    sound, *notes = tones([60, 67, 72, 40])
    log_probs = predict(Audio(sound, RATE), *notes, Recognizer(random_weights()))
    assert log_probs.shape == (4, len(INSTRUMENTS))
    np.testing.assert_allclose(np.exp(log_probs).sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("gain", [10 ** (-40 / 20), 5.0])
def test_the_level_does_not_matter(gain: float) -> None:
    sound, *notes = tones([60, 67, 72, 40])
    a, b = (
        predict(Audio(g * sound, RATE), *notes, Recognizer(random_weights())) for g in (1.0, gain)
    )
    np.testing.assert_allclose(a, b, atol=5e-3)


def test_the_batch_size_does_not_matter() -> None:
    keys = np.random.default_rng(0).integers(36, 90, 9).tolist()
    sound, *notes = tones(keys, 0.3)
    (_, whole), *_ = note_patches(Audio(sound, RATE), *notes, size=20)
    parts = [batch for _, batch in note_patches(Audio(sound, RATE), *notes, size=2)]
    for name in ("long_window", "short_window", "skew", "others", "active", "midi"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        np.testing.assert_allclose(joined, getattr(whole, name), atol=2e-3)


def test_notes_may_come_in_any_order_and_number() -> None:
    sound, *notes = tones([60, 67, 72, 40])
    order = np.array([2, 0, 3, 1])
    model = Recognizer(random_weights())
    plain = predict(Audio(sound, RATE), *notes, model)
    moved = predict(Audio(sound, RATE), *(column[order] for column in notes), model)
    np.testing.assert_allclose(moved, plain[order], atol=1e-3)
    many = [np.tile(column, PATCH.batch_size // 4 + 1) for column in notes]
    assert predict(Audio(sound, RATE), *many, model).shape == (
        PATCH.batch_size + 4,
        len(INSTRUMENTS),
    )


def test_a_patch_has_its_own_partials_in_their_rows() -> None:
    sound, *notes = tones([45, 57, 81])
    (_, batch), *_ = note_patches(Audio(sound, RATE), *notes)
    for levels in batch.long_window:
        loudest = levels[FRAMES_BEFORE + 4]
        assert {ROWS_BELOW, ROWS_BELOW + 12, ROWS_BELOW + 19} <= set(
            np.argsort(loudest)[-8:].tolist()
        )


@pytest.mark.parametrize("detuning", [-0.55, -0.33, 0.33, 0.55])
def test_a_patch_follows_a_note_that_is_out_of_tune(detuning: float) -> None:
    plain, *notes = tones([57, 64, 76])
    moved, *_ = tones([57 + detuning, 64 + detuning, 76 + detuning])
    (_, a), *_ = note_patches(Audio(plain, RATE), *notes)
    (_, b), *_ = note_patches(Audio(moved, RATE), *notes)
    late = slice(FRAMES_BEFORE + 3, FRAMES_BEFORE + 16)
    partials = ROWS_BELOW + PARTIAL_ROWS[:6]
    np.testing.assert_allclose(
        b.long_window[:, late, partials], a.long_window[:, late, partials], atol=0.25
    )


def test_the_spectral_envelope_does_not_move_with_the_pitch() -> None:
    planes = np.zeros((2, FEATURE_PLANES, FEATURE_ROWS), np.float32)
    planes[0, ENVELOPE_PLANES[0], ROWS_BELOW + 24] = planes[
        1, ENVELOPE_PLANES[0], ROWS_BELOW + 12
    ] = 0.7
    a, b = spectral_envelopes(planes, np.array([48, 60]))
    np.testing.assert_array_equal(a, b)
    assert a.max() == np.float32(0.7)


def test_partials_of_other_notes_are_marked() -> None:
    sound, onset, _, _ = tones([60])
    once = np.array([onset[0]])
    (_, single), *_ = note_patches(Audio(sound, RATE), once, once + 1, np.array([60.0]))
    assert not single.others.any()
    both = np.repeat(once, 2)
    (_, pair), *_ = note_patches(Audio(sound, RATE), both, both + 1, np.array([60.0, 67.0]))
    rows = set(np.flatnonzero(pair.others[0, FRAMES_BEFORE + 5]).tolist())
    partials = (7 + p for p in PARTIAL_ROWS.tolist())
    assert rows == {ROWS_BELOW + p for p in partials if ROWS_BELOW + p < PATCH_ROWS}


def test_silence_is_uniform() -> None:
    silence, model = Audio(np.zeros(RATE), RATE), Recognizer(random_weights())
    log_probs = predict(silence, [0.1], [0.5], [60], model)
    np.testing.assert_allclose(log_probs, -np.log(len(INSTRUMENTS)))
    assert predict(silence, [], [], [], model).shape == (0, len(INSTRUMENTS))


def test_an_ensemble_averages_the_scores() -> None:
    one, other = random_weights(1), random_weights(2)
    both = {k: np.concatenate([one[k], other[k]]) for k in one}
    sound, *notes = tones([60, 67])
    audio = Audio(sound, RATE)
    single = [predict(audio, *notes, Recognizer(weights, 1.5)) for weights in (one, other)]
    mean = np.mean(single, axis=0)
    expected = mean - np.logaddexp.reduce(mean, axis=1, keepdims=True)
    log_probs = predict(audio, *notes, Recognizer(both, 1.5))
    np.testing.assert_allclose(log_probs, expected, atol=1e-4)


def test_the_context_is_weighted() -> None:
    sound, *notes = tones([60, 67, 72, 40])
    audio = Audio(sound, RATE)
    model = Recognizer(random_weights(), 1.3, pretrained_recognizer().attention)
    unary, contextual, assignment = recognize(audio, *notes, model)
    np.testing.assert_allclose(unary, predict(audio, *notes, Recognizer(random_weights(), 1.3)))
    assert model.attention is not None
    begin, end, pitch = (np.asarray(column, float) for column in notes)
    refined = contextual_log_probs(unary, begin, end, pitch, model.attention)
    weight = POOLING.contextual_weight * 4 / (4 + POOLING.half_weight_notes)
    pooled = (1 - weight) * unary + weight * refined
    pooled -= np.logaddexp.reduce(pooled, axis=1, keepdims=True)
    np.testing.assert_allclose(contextual, pooled, atol=1e-4)
    assert np.abs(contextual - unary).max() > 0.01
    without_context = recognize(audio, *notes, model, contextual=False)
    assert without_context.contextual is without_context.unary
    assert assignment is None and model.assignment is None


def test_players_are_scored_from_the_unary_predictions() -> None:
    sound, *notes = tones([60, 67, 72, 40])
    model = Recognizer(random_weights(), 1.3, assignment=pretrained_recognizer().assignment)
    unary, _, assignment = recognize(Audio(sound, RATE), *notes, model)
    assert assignment is not None and model.assignment is not None
    begin, end, pitch = (np.asarray(column, float) for column in notes)
    expected = assignment_scores(model.assignment, unary, begin, end, pitch, [0, 12])
    np.testing.assert_allclose(assignment([0, 12]), expected, atol=1e-6)
    assert np.abs(expected).max() > 0.01
    file = io.BytesIO()
    np.savez(file, temperature=np.array(model.temperature), **model.arrays())
    loaded = load_recognizer(file.getvalue())
    assert loaded.assignment is not None and set(loaded.arrays()) == set(model.arrays())


def test_notes_at_the_edges_of_sound_and_pitch_are_accepted() -> None:
    sound, *_ = tones([60])
    log_probs = predict(
        Audio(sound, RATE),
        [0.0, 1.6, 99.0],
        [0.01, 5.0, 99.5],
        [0, 127, 60],
        Recognizer(random_weights()),
    )
    assert np.isfinite(log_probs).all()


def test_the_shipped_weights_are_whole() -> None:
    weights = pretrained_recognizer().weights
    assert {k: v.shape[1:] for k, v in weights.items()} == {
        k: v.shape[1:] for k, v in random_weights().items()
    }
    assert len({len(v) for v in weights.values()}) == 1
    assert all(np.isfinite(v).all() for v in weights.values())
    assert 0.3 < pretrained_recognizer().temperature < 5


def test_all_weights_of_the_package_are_under_5_mb_together() -> None:
    data = Path(otowake.__file__).parent / "data"
    sizes = {path.name: path.stat().st_size for path in data.glob("*.npz")}
    assert sizes.keys() >= {"transcriber.npz", "recognizer.npz"}
    assert sum(sizes.values()) < 5_000_000


def test_the_pretrained_recogniser_separates_a_decaying_string_from_a_reed(melody: Audio) -> None:
    onset = np.arange(4) * 0.5
    string = predict(melody, onset, onset + 0.45, [60, 64, 67, 72]).sum(axis=0)
    at = np.arange(2 * RATE) / RATE
    partials = sum(np.sin(2 * np.pi * 330 * k * at) / k**0.7 for k in range(1, 20, 1))
    steady = Audio(0.05 * (partials * np.minimum(at / 0.05, 1)), RATE)
    reed = predict(steady, [0.0, 1.0], [1.0, 2.0], [64, 64]).sum(axis=0)
    sustained = [
        INSTRUMENT_NAMES.index(name)
        for name in ("accordion", "harmonica", "organ", "oboe", "bassoon", "clarinet", "violin")
    ]
    decaying = [
        INSTRUMENT_NAMES.index(name)
        for name in ("piano", "electric-piano", "guitar-nylon", "guitar-steel", "harp", "mallets")
    ]
    assert np.logaddexp.reduce(string[decaying]) > np.logaddexp.reduce(string[sustained])
    assert np.logaddexp.reduce(reed[sustained]) > np.logaddexp.reduce(reed[decaying])


def test_jax_agrees_with_torch() -> None:
    torch = pytest.importorskip("torch")
    network = importlib.import_module("training.networks.recognizer").Network()
    sound, *notes = tones([60, 67, 72, 40])
    (_, batch), *_ = note_patches(Audio(sound, RATE), *notes)
    assert batch.long_window.shape == (4, PATCH_FRAMES, PATCH_ROWS)
    envelopes = note_envelopes(Audio(sound, RATE), *(np.asarray(column, float) for column in notes))
    x = network_input(pool_patches(batch, envelopes), batch.midi)
    network.mean += 0.3
    network.spread *= 0.5
    network.eval()
    with torch.no_grad():
        expected = network(torch.from_numpy(x)).numpy()
    scores = np.asarray(recognizer._class_scores(network.weights(), x))
    np.testing.assert_allclose(scores, expected, atol=1e-3)


def test_a_sung_line_is_called_a_voice() -> None:
    """Eight singers, men, women and children, sing a line each, with words and vibrato."""
    names = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        lowest = int(rng.integers(46, 66))
        steps = np.cumsum(rng.integers(-3, 4, 10)) % 12
        played = [
            Played(0.45 * i, 0.45 * i + 0.4, lowest + int(step), 90) for i, step in enumerate(steps)
        ]
        line = phrase(rng, monophonic(played), style(rng, 1.0))
        onset, offset, midi = np.array(
            [(n.onset_s, n.offset_s, round(n.pitch)) for n in line.notes]
        ).T
        predictions = recognize(Audio(singing.render(rng, line), RATE), onset, offset, midi)
        columns = predictions.contextual, predictions.unary
        part, *_ = assign_parts(onset, offset, midi, *columns, assignment=predictions.assignment)
        names.append(part.instrument)
    assert names.count("voice") >= 6, names


def test_continued_training_begins_at_the_initial_weights() -> None:
    torch = pytest.importorskip("torch")
    network = importlib.import_module("training.networks.recognizer").Network()
    network.mean += 0.3
    network.spread *= 0.5
    weights = pretrained_recognizer().weights
    network.load(weights, 1)
    for name, array in network.weights().items():
        np.testing.assert_allclose(array[0], weights[name][1], atol=1e-4)
    assert torch.all(network.mean == 0.3)


def test_known_classes_keep_the_initial_predictions_and_the_new_class_does_not() -> None:
    torch = pytest.importorskip("torch")
    training = importlib.import_module("training.train.recognizer")
    voice, flute = INSTRUMENT_NAMES.index("voice"), INSTRUMENT_NAMES.index("flute")
    scores = torch.zeros(2, len(INSTRUMENT_NAMES))
    scores[:, voice], scores[:, flute] = 5.0, 4.0
    label = np.array([voice, flute])
    target = training.remembered([lambda _: scores], voice, 0.8, torch.zeros(2, 1), label)
    assert target.sum(1).tolist() == pytest.approx([1, 1])
    assert target[0].tolist() == pytest.approx(training.smoothed(scores, label)[0].tolist())
    others = len(INSTRUMENT_NAMES) - 2
    expected = 0.2 * 0.95 + 0.8 * np.exp(4) / (np.exp(4) + others)
    assert target[1, flute].item() == pytest.approx(expected, abs=0.01)
    assert target[1, voice].item() < 0.01
