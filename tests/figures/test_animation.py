"""Snapshots are few and well spread; the animation shows each of them."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from otowake.errors import BadInput, CannotWrite, MissingExtra
from otowake.options import StftSpec
from otowake.plot import Snapshots, animate, animate_analysis, matching_order
from otowake.plot.animation import HOLD_SECONDS
from otowake.types import Analysis, Audio, Component, Factors, Progress


def watched(example, n: int = 5) -> Snapshots:
    """Snapshots on the straight way from the initial factors to the final ones."""
    snapshots, fit = Snapshots(), example.fit
    for i in range(n):
        part = i / (n - 1)
        mixed = [
            (1 - part) * a + part * b for a, b in ((fit.initial.W, fit.W), (fit.initial.H, fit.H))
        ]
        snapshots.add(1 + i * 9, Factors(*mixed))
    snapshots.iterations, snapshots.losses = fit.iterations, fit.losses
    return snapshots


def frames(path) -> list[np.ndarray]:
    with Image.open(path) as image:
        images = []
        for i in range(image.n_frames):
            image.seek(i)
            images.append(np.asarray(image.convert("RGB")).astype(float))
        return images


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_gif_has_a_frame_for_each_snapshot(example, tmp_path, language):
    path = tmp_path / "learning.gif"
    animate(
        watched(example), example.frequencies, example.times, path, title="音 $", language=language
    )
    images = frames(path)
    assert len(images) == 5
    assert images[0].shape == (600, 900, 3)
    assert np.abs(images[0] - images[-1])[300:500, 300:700].mean() > 20
    assert np.all(images[-1][0, 0] == 255)
    assert [p.name for p in tmp_path.iterdir()] == ["learning.gif"]


def test_the_order_puts_components_in_their_places(example, tmp_path):
    shuffle = np.random.default_rng(0).permutation(6)
    straight, shuffled = watched(example, 2), watched(example, 2)
    shuffled.frames = [replace(s, factors=s.factors.permuted(shuffle)) for s in shuffled.frames]
    paths = [tmp_path / name for name in ("a.gif", "b.gif", "c.gif")]
    axes = example.frequencies, example.times
    animate(straight, *axes, paths[0])
    animate(shuffled, *axes, paths[1], order=np.argsort(shuffle))
    animate(shuffled, *axes, paths[2])
    a, b, c = (frames(path)[-1] for path in paths)
    np.testing.assert_array_equal(a, b)
    assert np.abs(a - c).mean() > 1


def test_snapshots_with_more_or_fewer_components_are_drawn(example, tmp_path):
    snapshots, fit = Snapshots(), example.fit
    snapshots.add(1, Factors(np.hstack([fit.W, fit.W]), np.vstack([fit.H, fit.H])))
    snapshots.add(2, fit.factors)
    snapshots.add(3, Factors(fit.W[:, :4], fit.H[:4]))
    animate(snapshots, example.frequencies, example.times, tmp_path / "a.gif", order=np.arange(6))
    more, same, fewer = (frame[270:] for frame in frames(tmp_path / "a.gif"))
    np.testing.assert_array_equal(more, same)
    assert np.abs(same - fewer).mean() > 1


def test_an_animated_analysis_begins_before_learning_and_ends_with_the_result(example, tmp_path):
    shuffle = np.random.default_rng(0).permutation(6)
    snapshots = watched(example)
    snapshots.frames = [replace(s, factors=s.factors.permuted(shuffle)) for s in snapshots.frames]
    parts = tuple(Component(i, pitch, 0.1, 0.0, 1.0) for i, pitch in enumerate(example.pitches))
    audio = Audio(np.zeros(8), 22050, "song.wav")
    axes = (example.frequencies, example.times)
    analysis = Analysis(audio, example.fit, parts, *axes, 1.0, 440.0, StftSpec())
    animate_analysis(snapshots, analysis, tmp_path / "a.gif", language="ja")
    images = frames(tmp_path / "a.gif")
    assert len(images) == 7
    pictures = [frame[300:500, 300:700] for frame in images]
    assert np.abs(pictures[0] - pictures[1]).mean() < 1
    assert np.abs(pictures[-2] - pictures[-1]).mean() < 1
    spectra = [frame[300:500, 80:200] for frame in images]
    assert np.abs(spectra[-2] - spectra[-1]).mean() < 1


@pytest.mark.parametrize(("n", "seconds"), [(3, 5), (60, 7.5)])
def test_an_animation_of_few_pictures_is_slow_enough_to_watch(example, tmp_path, n, seconds):
    animate(watched(example, n), example.frequencies, example.times, tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as image:
        durations = []
        for index in range(image.n_frames):
            image.seek(index)
            durations.append(image.info["duration"])
    assert sum(durations) / 1000 == pytest.approx(seconds + HOLD_SECONDS, abs=0.5)


def test_an_mp4_has_the_size_and_length_asked_for(example, tmp_path):
    av = pytest.importorskip("av")
    animate(watched(example), example.frequencies, example.times, tmp_path / "a.mp4", fps=4)
    with av.open(tmp_path / "a.mp4") as container:
        video = container.streams.video[0]
        assert (video.width, video.height) == (900, 600)
        assert sum(1 for _ in container.decode(video)) == 5 + 2 * 4


def test_mp4_without_its_extra_names_the_extra(example, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtra, match=r"otowake\[media\]"):
        animate(watched(example), example.frequencies, example.times, tmp_path / "a.mp4")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("a.png", {}, "must end in .gif or .mp4"),
        ("a.gif", {"fps": 0}, "fps must be a number"),
        ("a.gif", {"fps": 51}, "fps must be a number"),
    ],
)
def test_an_unwritable_path_gives_an_error(example, tmp_path, name, options, words):
    with pytest.raises(BadInput, match=words):
        animate(watched(example), example.frequencies, example.times, tmp_path / name, **options)


def test_no_snapshots_no_animation(example, tmp_path):
    with pytest.raises(BadInput, match="no snapshots"):
        animate(Snapshots(), example.frequencies, example.times, tmp_path / "a.gif")


def test_a_missing_folder_gives_an_error(example, tmp_path):
    with pytest.raises(CannotWrite, match="No such file"):
        animate(watched(example), example.frequencies, example.times, tmp_path / "none" / "a.gif")


@pytest.mark.parametrize(("chunk", "max_iter"), [(1, 100), (10, 10_000), (50, 1_000_000)])
def test_snapshots_are_few_and_spread_over_the_logarithm(chunk, max_iter):
    snapshots, factors = Snapshots(most=30), Factors(np.ones((3, 2)), np.ones((2, 5)))
    for n in range(chunk, max_iter + 1, chunk):
        snapshots(Progress(np.array([n]), max_iter, np.ones(1), lambda: factors))
    steps = np.log([s.iteration for s in snapshots.frames])
    assert 10 < len(snapshots.frames) <= 30
    assert snapshots.frames[0].iteration == chunk
    assert np.diff(steps[len(steps) // 2 :]).max() < 2 * np.log(max_iter) / 29


def test_snapshots_ask_for_factors_only_when_they_keep_them():
    calls = []

    def factors():
        calls.append(1)
        return Factors(np.ones((3, 2)), np.ones((2, 5)))

    snapshots = Snapshots(most=10)
    assert snapshots
    for n in range(1, 1001):
        snapshots(Progress(np.arange(1, n + 1), 1000, np.ones(n), factors))
    assert len(calls) == len(snapshots.frames) <= 10
    assert len(snapshots.losses) == 1000


def test_snapshots_are_copies_and_long_ones_are_averaged():
    rng = np.random.default_rng(5)
    W, H = rng.random((4, 2)), rng.random((2, 5001))
    snapshots = Snapshots()
    snapshots.add(1, Factors(W, H))
    kept, expected = snapshots.frames[0].factors, W @ H[:, :5000].reshape(2, 1000, 5).mean(axis=2)
    W[:] = 0
    assert kept.H.shape == (2, 1001)
    assert kept.W.dtype == kept.H.dtype == np.float32
    np.testing.assert_allclose(kept.product()[:, :1000], expected, rtol=1e-5)
    np.testing.assert_allclose(kept.H[:, -1], H[:, -1], rtol=1e-6)


def test_matching_finds_a_permutation_among_more_columns_and_among_fewer():
    W = np.random.default_rng(0).random((50, 7))
    order = np.array([3, 0, 6, 2])
    np.testing.assert_array_equal(matching_order(W, 5 * W[:, order]), order)
    np.testing.assert_array_equal(matching_order(W[:, [2, 0]], W[:, :3]), [1, 2, 0])
