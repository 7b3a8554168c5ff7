"""Learning of one dictionary for an archive: independent of workers, resumed after faults."""

import os
import signal

import numpy as np
import pytest
from archives import Cluster, clip, otowake, until

from otowake.cluster import learn_dictionary, run_archive
from otowake.cluster.portion import Total, folded
from otowake.cluster.workers import workers_of
from otowake.errors import BadInput
from otowake.io import load
from otowake.io.audio import sha256
from otowake.io.dictionary import Dictionary, load_dictionary, save_dictionary
from otowake.nmf import factorize
from otowake.nmf.multistart import thin
from otowake.options import ArchiveSpec, FitSpec, LearnSpec, StftSpec
from otowake.results import load_analysis
from otowake.results.recipe import Recipe, recipe_of
from otowake.signal import spectrogram

distributed = pytest.importorskip("distributed")
STFT = StftSpec(sample_rate=8000, n_fft=256, hop=64)
RECIPE = Recipe(("components",), stft=STFT, fit=FitSpec(n_components=3, tol=0.0))
PASSES, PORTIONS = 25, 5


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Seven clips of different lengths, about two blocks of frames, the first of them twice."""
    folder = tmp_path_factory.mktemp("clips")
    for i in range(7):
        clip(folder / f"{i}.wav", i, 1.0 + 0.4 * i)
    clip(folder / "again" / "0.wav", 0, 1.0)
    return folder


def learn(clips, file, client=None, watch=None, scheduler=None):
    spec = LearnSpec(epochs=PASSES, portions=PORTIONS, scheduler=scheduler)
    return learn_dictionary([clips], file, recipe=RECIPE, spec=spec, client=client, watch=watch)


@pytest.fixture(scope="module")
def workers(tmp_path_factory):
    """Give a cluster of one worker, and its client."""
    made = Cluster(tmp_path_factory.mktemp("workers"))
    made.add()
    with distributed.Client(scheduler_file=str(made.file), set_as_default=False) as client:
        yield made, client
    made.end()


@pytest.fixture(scope="module")
def by_one(tmp_path_factory, workers, clips):
    """Return the dictionary that one worker learns, then add a second worker."""
    made, client = workers
    file = tmp_path_factory.mktemp("by-one") / "music.npz"
    until(lambda: len(workers_of(client)) == 1, "one worker")
    done = learn(clips, file, client)
    assert (done.recordings, done.read, done.failed, done.passes) == (8, 7, 0, PASSES)
    made.add()
    until(lambda: len(workers_of(client)) == 2, "two workers")
    return file


@pytest.mark.parametrize("count", [2, 4])
def test_more_workers_learn_what_one_does_bit_for_bit(by_one, workers, clips, tmp_path, count):
    made, client = workers
    for _ in range(len(workers_of(client)), count):
        made.add()
    until(lambda: len(workers_of(client)) >= count, f"{count} workers")
    learn(clips, tmp_path / "music.npz", scheduler=str(workers[0].file))
    assert (tmp_path / "music.npz").read_bytes() == by_one.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["music.npz"]


def test_the_loss_of_every_pass_is_stored_and_never_rises(by_one):
    dictionary = load_dictionary(by_one)
    assert dictionary.W.shape == (129, 3) and dictionary.losses.shape == (PASSES,)
    losses = dictionary.losses
    assert (np.diff(losses) <= 1e-6 * losses[0]).all() and losses[-1] < losses[0]


def test_it_is_the_factorisation_of_all_frames_by_multiplicative_updates(by_one, clips):
    dictionary = load_dictionary(by_one)
    ordered = sorted(clips.glob("*.wav"), key=sha256)
    digests = [recording["sha256"] for recording in dictionary.facts["recordings"]]
    assert digests == [sha256(path) for path in ordered]
    values = [spectrogram(load(path), STFT).values for path in ordered]
    n = len(values)
    portions = [
        np.concatenate(values[i * n // PORTIONS : (i + 1) * n // PORTIONS], axis=1)
        for i in range(PORTIONS)
    ]
    sample = np.concatenate(
        [V[:, thin(V.shape[1], -(-2048 // PORTIONS))] for V in portions], axis=1
    )
    start = factorize(sample, spec=RECIPE.fit)
    fit = factorize(
        np.concatenate(values, axis=1), 3, W=start.W, solver="mu", max_iter=PASSES - 1, tol=0.0
    )
    order = [int(np.argmin(np.abs(fit.W - w[:, None]).sum(axis=0))) for w in dictionary.W.T]
    assert sorted(order) == [0, 1, 2]
    np.testing.assert_allclose(dictionary.W, fit.W[:, order], rtol=1e-3, atol=1e-4 * fit.W.max())
    assert dictionary.losses[-2] >= fit.loss >= dictionary.losses[-1] * (1 - 1e-5)


def test_stopped_and_begun_again_it_ends_with_the_same(by_one, workers, clips, tmp_path):
    seen = []

    def until_14(now):
        return now.passes >= 14

    def watch(now):
        seen.append(now.passes)

    assert learn(clips, tmp_path / "music.npz", workers[1], until_14).stopped
    assert not (tmp_path / "music.npz").exists()
    learn(clips, tmp_path / "music.npz", workers[1], watch)
    assert min(passes for passes in seen if passes) == 11
    assert (tmp_path / "music.npz").read_bytes() == by_one.read_bytes()


def test_a_worker_that_dies_changes_nothing(by_one, workers, clips, tmp_path):
    made, client = workers
    before = len(workers_of(client))
    victim = made.add()
    until(lambda: len(workers_of(client)) > before, "one worker more")

    def watch(now):
        if now.passes == 13 and victim.poll() is None:
            os.killpg(victim.pid, signal.SIGKILL)
            victim.wait()

    learn(clips, tmp_path / "music.npz", client, watch)
    assert victim.poll() is not None
    assert (tmp_path / "music.npz").read_bytes() == by_one.read_bytes()


def test_runs_find_the_activations_of_a_dictionary(by_one, workers, clips, tmp_path):
    recipe = RECIPE.with_dictionary(by_one)
    paths = [clips / "1.wav", clips / "2.wav"]
    done = run_archive(
        paths, tmp_path / "out", recipe=recipe, spec=ArchiveSpec(), client=workers[1]
    )
    assert (done.done, done.failed) == (2, 0)
    W = load_dictionary(by_one).W
    for folder in (tmp_path / "out").glob("results/*/*"):
        analysis = load_analysis(folder)
        assert np.array_equal(analysis.fitted().W, W) and analysis.fitted().H.any()
        assert analysis.dictionary == recipe.dictionary
        assert recipe_of(folder)[0].digest() == recipe.digest()
    again = otowake("again", folder)
    assert again.returncode == 0, again.stderr
    other = Dictionary(
        W[:, ::-1], load_dictionary(by_one).frequencies, np.ones(1), {"options": {"stft": {}}}
    )
    save_dictionary(other, tmp_path / "other.npz")
    with pytest.raises(BadInput, match="was started with"):
        run_archive(paths, tmp_path / "out", recipe=RECIPE.with_dictionary(tmp_path / "other.npz"))


@pytest.mark.parametrize("count", range(1, 10))
def test_sums_do_not_depend_on_who_adds_them(count):
    rng = np.random.default_rng(count)
    parts = [Total(*rng.standard_normal((3, 4)).astype(np.float32)) for _ in range(count)]
    nodes = {(0, i): part for i, part in enumerate(parts)}
    (whole,) = folded(nodes, count).values()
    np.testing.assert_allclose(
        whole.negative, sum(part.negative for part in parts), rtol=1e-4, atol=1e-5
    )
    for cut in range(count + 1):
        shares = (
            {k: v for k, v in nodes.items() if (k[1] < cut) == left} for left in (True, False)
        )
        sent = {node: total for share in shares for node, total in folded(share, count).items()}
        (again,) = folded(sent, count).values()
        assert all(np.array_equal(a, b) for a, b in zip(whole, again, strict=True))


def test_invalid_inputs_and_options_are_refused_in_one_sentence(by_one, workers, clips, tmp_path):
    (tmp_path / "no.wav").write_text("no sound")
    with pytest.raises(BadInput, match="none of the recordings could be read"):
        learn(tmp_path, tmp_path / "d.npz", workers[1])
    (tmp_path / "no.wav").unlink()
    with pytest.raises(BadInput, match="no recordings in"):
        learn_dictionary([tmp_path], tmp_path / "d.npz")
    with pytest.raises(BadInput, match="smooth_H is not possible"):
        learn_dictionary([clips], tmp_path / "d.npz", recipe=Recipe(fit=FitSpec(smooth_H=1.0)))
    with pytest.raises(
        BadInput, match="learnt with sample_rate = 8000 and n_fft = 256; use the same values"
    ):
        Recipe().with_dictionary(by_one)
    (tmp_path / "no.npz").write_bytes(by_one.read_bytes()[:1000])
    with pytest.raises(BadInput, match="not a dictionary of otowake"):
        load_dictionary(tmp_path / "no.npz")
    assert not [*tmp_path.glob("d.npz*")]


def test_the_command_learns_from_what_it_can_read(clips, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "no.wav").write_text("no sound")
    options = ["--workers", 1, "--epochs", 2, "--n-components", 2]
    options += ["--sample-rate", 8000, "--n-fft", 256, "--hop", 64]
    done = otowake("archive", "learn", tmp_path / "in", clips, "-o", tmp_path / "d.npz", *options)
    assert done.returncode == 1 and "2 epochs over 7 recordings" in done.stdout
    assert done.stderr.count("\n") == 1 and "no.wav" in done.stderr
    assert len(load_dictionary(tmp_path / "d.npz").facts["recordings"]) == 7
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d.npz", "in"]
