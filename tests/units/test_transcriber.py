"""Test the transcriber with random and with shipped weights."""

import importlib

import numpy as np
import pytest

from otowake import Audio
from otowake.music.transcription import transcriber
from otowake.music.transcription.decoding import FRAME_PERIOD
from otowake.music.transcription.transcriber import (
    CONTEXT_FRAMES,
    HARMONIC_TAPS,
    N_HEADS,
    N_KEYS,
    NARROW_CHANNELS,
    WIDE_CHANNELS,
    load_pretrained,
    posteriors,
    transcribe,
)
from otowake.signal.vqt import CHANNELS, RATE, frames_of, level, vqt
from otowake.types import Floats


def random_weights(seed: int = 0) -> transcriber.Weights:
    rng = np.random.default_rng(seed)
    shapes = {
        "near1": (9, CHANNELS, NARROW_CHANNELS),
        "near2": (9, NARROW_CHANNELS, NARROW_CHANNELS),
        "harmonic1": (len(HARMONIC_TAPS), NARROW_CHANNELS, WIDE_CHANNELS),
        "time1": (5, WIDE_CHANNELS, WIDE_CHANNELS),
        "harmonic2": (len(HARMONIC_TAPS), NARROW_CHANNELS, WIDE_CHANNELS),
        "time2": (5, WIDE_CHANNELS, WIDE_CHANNELS),
        "near3": (9, WIDE_CHANNELS, WIDE_CHANNELS),
        "time3": (5, WIDE_CHANNELS, WIDE_CHANNELS),
        "harmonic3": (len(HARMONIC_TAPS), NARROW_CHANNELS, WIDE_CHANNELS),
        "time4": (5, WIDE_CHANNELS, WIDE_CHANNELS),
        "time5": (5, WIDE_CHANNELS, WIDE_CHANNELS),
    }
    weights = {k: rng.normal(size=s) / np.sqrt(s[0] * s[1]) for k, s in shapes.items()}
    weights |= {f"{k}.bias": rng.normal(size=s[2]) / 10 for k, s in shapes.items()}
    weights["harmonic1.bias"] = rng.normal(size=(N_KEYS, WIDE_CHANNELS)) / 10
    weights |= {
        f"harmonic{k}.reduce": rng.normal(size=(WIDE_CHANNELS, NARROW_CHANNELS)) / 8 for k in (2, 3)
    }
    weights |= {
        "frame": rng.normal(size=(WIDE_CHANNELS, WIDE_CHANNELS)) / 8,
        "heads": rng.normal(size=(WIDE_CHANNELS, N_HEADS)) / 8,
    }
    weights["heads.bias"] = np.zeros(N_HEADS)
    return {k: v.astype(np.float32) for k, v in weights.items()}


def tones(seconds: float = 5.0, seed: int = 0) -> Floats:
    """Synthesise decaying tones with six partials at random pitches."""
    rng = np.random.default_rng(seed)
    at = np.arange(round(seconds * RATE)) / RATE
    sound = np.zeros(len(at))
    for start in np.arange(0.2, seconds - 0.3, 0.25):
        hz = 440 * 2 ** ((rng.integers(45, 80) - 69) / 12)
        since = np.maximum(at - start, 0)
        tone = sum(np.sin(2 * np.pi * hz * k * since) / k**1.5 for k in range(1, 7))
        sound += tone * np.exp(-3 * since) * np.minimum(since / 0.005, 1) * rng.uniform(0.3, 1)
    return (0.1 * sound).astype(np.float32)


def test_blocks_of_any_size_give_the_whole() -> None:
    weights, sound = random_weights(), Audio(tones(), RATE)
    whole = posteriors(sound, weights, block=frames_of(sound.n_samples))
    for block in (50, 64):
        for a, b in zip(whole, posteriors(sound, weights, block=block), strict=True):
            np.testing.assert_allclose(a.astype(float), b.astype(float), atol=5e-3)


def test_the_receptive_field_is_limited() -> None:
    weights, sound = random_weights(), tones(6)
    changed = sound.copy()
    changed[: RATE // 2] *= -0.5
    reference = level(sound)
    a, b = (np.asarray(transcriber._forward(weights, vqt(s, reference))) for s in (sound, changed))
    first = int(0.5 / FRAME_PERIOD + 8192 / 2 / 512) + 2 + CONTEXT_FRAMES
    np.testing.assert_allclose(a[:, first:], b[:, first:], atol=1e-4)
    assert np.abs(a[:, : first - CONTEXT_FRAMES] - b[:, : first - CONTEXT_FRAMES]).max() > 1e-3


@pytest.mark.parametrize("gain", [10 ** (-30 / 20), 8.0])
def test_the_level_does_not_matter(gain: float) -> None:
    audio, scaled = Audio(tones(), RATE), Audio(tones() * np.float32(gain), RATE)
    a, b = transcribe(audio), transcribe(scaled)
    assert len(a.onset) > 5
    np.testing.assert_array_equal(a.midi, b.midi)
    np.testing.assert_allclose(a.onset, b.onset, atol=2e-3)


def test_silence_and_nothing_give_no_notes() -> None:
    for samples in (np.zeros(3 * RATE), np.zeros(1), np.zeros(0)):
        assert len(transcribe(Audio(samples, RATE)).onset) == 0


@pytest.mark.parametrize("seed", range(3))
def test_noise_gives_few_notes(seed: int) -> None:
    noise = np.random.default_rng(seed).normal(size=10 * RATE).astype(np.float32) * 0.1
    assert len(transcribe(Audio(noise, RATE)).onset) <= 2


def test_single_notes_at_any_rate_and_number_of_channels() -> None:
    for rate, midi in ((16000, 60), (44100, 69), (48000, 45)):
        at = np.arange(2 * rate) / rate
        since, hz = np.maximum(at - 0.5, 0), 440 * 2 ** ((midi - 69) / 12)
        tone = sum(np.sin(2 * np.pi * hz * k * since) / k**1.5 for k in range(1, 9))
        tone = 0.2 * tone * np.exp(-2 * since) * np.minimum(since / 0.003, 1)
        notes = transcribe(Audio(np.stack([tone, 0.5 * tone]), rate))
        loudest = notes.confidence.argmax()
        assert notes.midi[loudest] == midi
        assert abs(notes.onset[loudest] - 0.5) < 0.04


def test_the_shipped_weights_are_small_and_whole() -> None:
    weights = load_pretrained().weights
    assert {k: v.shape for k, v in weights.items()} == {
        k: v.shape for k, v in random_weights().items()
    }
    assert all(np.isfinite(v).all() for v in weights.values())


def test_features_of_an_excerpt_equal_those_of_the_whole() -> None:
    sound = tones(3)
    whole = vqt(sound, 0.1)
    np.testing.assert_allclose(vqt(sound, 0.1, -4, 30)[4:], whole[:30], atol=2e-3)
    assert not vqt(sound, 0.1, -20, -10).any()


def test_jax_and_torch_agree() -> None:
    torch = pytest.importorskip("torch")
    network_module = importlib.import_module("training.networks.transcriber")
    torch.manual_seed(0)
    network = network_module.Network()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    features = torch.randn(1, CHANNELS, 140, 100).relu()
    network.train()
    network(features)
    network.eval()
    with torch.no_grad():
        expected = torch.sigmoid(network(features))[0].numpy()
    output = transcriber._forward(network.weights(), features[0].permute(1, 2, 0).numpy())
    np.testing.assert_allclose(np.asarray(output), expected, atol=1e-4)


def test_torch_returns_the_weights_it_loaded() -> None:
    torch = pytest.importorskip("torch")
    network = importlib.import_module("training.networks.transcriber").Network()
    weights = random_weights()
    network.settle(weights)
    network.eval()
    back = network.weights()
    assert back.keys() == weights.keys()
    for name, values in weights.items():
        np.testing.assert_allclose(back[name], values, atol=1e-5)
    assert not network.training and torch.is_grad_enabled()


def test_torch_starts_from_weights_without_the_newest_layer() -> None:
    torch = pytest.importorskip("torch")
    network = importlib.import_module("training.networks.transcriber").Network()
    weights = random_weights()
    older = {k: v for k, v in weights.items() if not k.startswith("time5")}
    older |= {"heads": weights["heads"][:, :3], "heads.bias": weights["heads.bias"][:3]}
    network.settle(older)
    back = network.weights()
    np.testing.assert_allclose(back["near1"], weights["near1"], atol=1e-5)
    np.testing.assert_allclose(back["heads"][:, :3], weights["heads"][:, :3], atol=1e-5)
    assert np.abs(back["time5"]).max() > 0 and torch.is_grad_enabled()
