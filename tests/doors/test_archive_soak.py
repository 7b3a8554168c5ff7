"""Many kills at moments that a seed says: nothing is lost, nothing done twice, the tables are those of a run in peace."""

import os
import random
import signal
import subprocess

import pytest
from archives import FAST, Cluster, kill_all_of_it, killed_and_gone_on_with

pytestmark = pytest.mark.soak


def below(process: int) -> list[int]:
    """The processes that one has begun, and those that they have."""
    found = subprocess.run(["pgrep", "-P", str(process)], capture_output=True, text=True, check=False)
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


@pytest.mark.parametrize("seed", range(50, 62))
def test_on_this_machine(tmp_path, corpus, undisturbed, seed):
    """All processes are killed, or the driver alone, or one of those that it has begun."""
    chance = random.Random(seed)
    which = ("all", "driver", "one")[seed % 3]

    def kill(run):
        others = below(run.pid)
        if which == "all":
            kill_all_of_it(run)
        else:
            os.kill(chance.choice(others) if which == "one" and others else run.pid, signal.SIGKILL)

    archive = tmp_path / "out"
    command = ["archive", "run", corpus, "-o", archive, "--workers", 2, *FAST]
    soak(command, archive, undisturbed, kill, chance, which)
