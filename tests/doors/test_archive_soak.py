"""Many kills at moments that a seed says: nothing is lost, nothing done twice, the tables are those of a run in peace."""

import os
import random
import signal
import subprocess

import pytest
from archives import (
    FAST,
    LEARN,
    Cluster,
    ended_by_a_signal,
    kill_all_of_it,
    killed_and_gone_on_with,
    learning_killed_and_gone_on_with,
    results,
)

pytestmark = pytest.mark.soak


def below(process: int) -> list[int]:
    """The processes that one has begun, and those that they have."""
    found = subprocess.run(
        ["pgrep", "-P", str(process)], capture_output=True, text=True, check=False
    )
    children = [int(number) for number in found.stdout.split()]
    return [*children, *(each for child in children for each in below(child))]


def soak(command, archive, undisturbed, kill, chance, which):
    """Kill at a moment of the beginning, or soon after so many results; say when it was."""
    after = chance.choice([0, *range(1, 12)])
    wait = chance.uniform(0, 0.4 if after else 8)
    there = killed_and_gone_on_with(command, archive, undisturbed, kill, wait=wait, after=after)
    print(f"killed: {which}, {wait:.2f} s after {after} results; {there} of 12 were kept")


@pytest.fixture(scope="module")
def nursed(tmp_path_factory):
    """A cluster whose workers are begun anew when they die."""
    made = Cluster(tmp_path_factory.mktemp("nursed"))
    made.add(nanny=True)
    made.add(nanny=True)
    yield made
    made.end()


@pytest.mark.parametrize("seed", range(50))
def test_on_a_cluster(tmp_path, corpus, undisturbed, nursed, seed):
    """The driver, a worker, or both are killed."""
    chance = random.Random(seed)
    which = ("driver", "worker", "both")[seed % 3]

    def kill(run):
        if which != "driver":
            workers = [number for nanny in nursed.workers for number in below(nanny.pid)]
            os.kill(chance.choice(workers), signal.SIGKILL)
        if which != "worker":
            kill_all_of_it(run)

    archive = tmp_path / "out"
    command = ["archive", "run", corpus, "-o", archive, "--scheduler", nursed.file, *FAST]
    soak(command, archive, undisturbed, kill, chance, which)


def killer(chance, which):
    """Kills all processes of a run, or the driver alone, or one of those that it has begun."""

    def kill(run):
        others = below(run.pid)
        if which == "all":
            kill_all_of_it(run)
        else:
            os.kill(chance.choice(others) if which == "one" and others else run.pid, signal.SIGKILL)

    return kill


@pytest.mark.parametrize("seed", range(50, 62))
def test_on_this_machine(tmp_path, corpus, undisturbed, seed):
    chance = random.Random(seed)
    which = ("all", "driver", "one")[seed % 3]
    archive = tmp_path / "out"
    command = ["archive", "run", corpus, "-o", archive, "--workers", 2, *FAST]
    soak(command, archive, undisturbed, killer(chance, which), chance, which)


@pytest.mark.parametrize("seed", range(62, 74))
def test_learning(tmp_path, corpus, learnt, seed):
    chance = random.Random(seed)
    which = ("all", "driver", "one")[seed % 3]
    file = tmp_path / "music.npz"
    command = ["archive", "learn", corpus, "-o", file, *LEARN]
    after_state = seed % 4 > 0
    wait = chance.uniform(0, 1 if after_state else 12)
    kill = killer(chance, which)
    kept = learning_killed_and_gone_on_with(
        command, file, learnt, kill, wait=wait, after_state=after_state
    )
    print(
        f"killed: {which}, {wait:.2f} s after {'a state' if after_state else 'the start'}; state kept: {kept}"
    )


@pytest.mark.parametrize("seed", range(50))
def test_on_one_machine_ended_by_a_signal(tmp_path, corpus, seed):
    """The exit code tells that it was ended, unless it had done everything."""
    chance = random.Random(seed)
    number = chance.choice([signal.SIGTERM, signal.SIGHUP])
    archive = tmp_path / "out"
    command = ["archive", "run", corpus, "-o", archive, "--workers", 2, *FAST]
    code = ended_by_a_signal(command, archive, number, chance.uniform(0, 6))
    assert code == 128 + number or (code == 0 and len(results(archive)) == 12)
