"""The training loop: agreement with a plain loop, resuming, and files of weights."""

import copy
import csv
import importlib
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")
dense, export, loop = (
    importlib.import_module(f"training.networks.{name}") for name in ("dense", "export", "fit")
)

PLANS = {
    "attention": loop.FitPlan(20, 1e-2, 10, averaging_start=0),
    "recognizer": loop.FitPlan(20, 1e-2, 10, weight_decay=0.05, warm_up=5, averaging=0.7),
    "transcriber": loop.FitPlan(20, 1e-2, 10, decay_vectors=False),
    "offsets": loop.FitPlan(20, 1e-2, 10, betas=(0.9, 0.999), averaging=0.0, max_norm=None),
}


def new_network():
    torch.manual_seed(0)
    return dense.DenseNetwork((4, 8, 3), drop=0.2)


def losses_of(network):
    def losses_at(step):
        rng = np.random.default_rng((0, step))
        x = torch.from_numpy(rng.normal(size=(16, 4)).astype(np.float32))
        label = torch.from_numpy(rng.integers(0, 3, 16))
        return {loop.LOSS: torch.nn.functional.cross_entropy(network(x), label)}

    return losses_at


def run(plan, **options):
    network = new_network()
    return loop.fit(network, losses_of(network), lambda average: {"metric": 0.5}, plan, **options)


def plain_loop(plan):
    """Train with AdamW and an average of the parameters, without the shared loop."""
    network = new_network()
    average = copy.deepcopy(network)
    vector_decay = plan.weight_decay if plan.decay_vectors else 0.0
    groups = [
        {"params": [p], "weight_decay": plan.weight_decay if p.ndim > 1 else vector_decay}
        for p in network.parameters()
    ]
    optimiser = torch.optim.AdamW(groups, lr=plan.rate, betas=plan.betas)
    losses_at = losses_of(network)
    for step in range(plan.steps):
        cosine = 0.505 + 0.495 * math.cos(math.pi * step / plan.steps)
        for group in optimiser.param_groups:
            group["lr"] = plan.rate * min(1.0, (step + 1) / plan.warm_up) * cosine
        optimiser.zero_grad()
        losses_at(step)[loop.LOSS].backward()
        if plan.max_norm is not None:
            torch.nn.utils.clip_grad_norm_(network.parameters(), plan.max_norm)
        optimiser.step()
        count = step + plan.averaging_start
        keep = min(plan.averaging, count / (count + 10))
        with torch.no_grad():
            for mean, value in zip(average.parameters(), network.parameters(), strict=True):
                mean.lerp_(value, 1 - keep)
    return average


def assert_equal(a, b):
    for (name, x), y in zip(a.state_dict().items(), b.state_dict().values(), strict=True):
        assert torch.equal(x, y), name


@pytest.mark.parametrize("name", PLANS)
def test_fit_agrees_with_a_plain_loop(name):
    assert_equal(run(PLANS[name]), plain_loop(PLANS[name]))


def test_a_resumed_run_gives_the_same_weights(tmp_path):
    plan = PLANS["recognizer"]

    class Interrupted(Exception):
        pass

    def interrupt(average, metrics):
        raise Interrupted

    with pytest.raises(Interrupted):
        run(plan, folder=tmp_path, export=interrupt)
    torch.rand(7)
    assert_equal(run(plan, folder=tmp_path), run(plan))


def test_the_log_has_a_row_for_each_evaluation(tmp_path):
    exported = []
    plan = PLANS["attention"]
    run(plan, folder=tmp_path, export=lambda average, metrics: exported.append(dict(metrics)))
    with (tmp_path / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["10", "20"]
    assert list(rows[0]) == ["step", "seconds", "rate", "loss", "metric"]
    assert exported == [{"metric": 0.5}] * 2


def test_weights_are_written_as_half_precision_and_replaced_by_prefix(tmp_path):
    weights = {"a": np.ones((2, 3), np.float32), "ends.b": np.zeros(2, np.float32)}
    export.write(tmp_path / "a.npz", weights, temperature=1.5)
    content = (tmp_path / "a.npz").read_bytes()
    export.replace(content, "ends.", {"ends.c": np.ones(4, np.float32)}, tmp_path / "b.npz")
    with np.load(tmp_path / "b.npz", allow_pickle=False) as file:
        assert {name: file[name].dtype.str for name in file.files} == {
            "a": "<f2",
            "temperature": "<f4",
            "ends.c": "<f2",
        }


def test_standardisation_folds_into_the_first_layer():
    rng = np.random.default_rng(0)
    matrix, bias, mean, spread, x = (rng.normal(size=s) for s in ((4, 3), 3, 4, 4, (5, 4)))
    folded, folded_bias = export.fold_standardisation(matrix, bias, mean, spread)
    expected = (x - mean) / spread @ matrix + bias
    np.testing.assert_allclose(x @ folded + folded_bias, expected)
