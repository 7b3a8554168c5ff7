"""Archives survive kills at random times: no result is lost or repeated, tables are unchanged."""

import os
import random
import signal
import subprocess

import pytest
from archives import (
    FAST,
    LEARN,
    Cluster,
    end_by_signal,
    interrupt_and_resume,
    interrupt_and_resume_learning,
    kill_group,
    results,
)

pytestmark = pytest.mark.soak


def descendants(process: int) -> list[int]:
    """Return the child processes of a process, and their children."""
    listed = subprocess.run(
        ["pgrep", "-P", str(process)], capture_output=True, text=True, check=False
    )
    children = [int(number) for number in listed.stdout.split()]
    return [*children, *(process for child in children for process in descendants(child))]


def soak(command, archive, undisturbed, kill, rng, which):
    """Kill at the beginning or soon after a number of results, and print the time."""
    after = rng.choice([0, *range(1, 12)])
    wait = rng.uniform(0, 0.4 if after else 8)
    kept = interrupt_and_resume(command, archive, undisturbed, kill, wait=wait, after=after)
    print(f"killed: {which}, {wait:.2f} s after {after} results; {kept} of 12 were kept")


@pytest.fixture(scope="module")
def nanny_cluster(tmp_path_factory):
    """Give a cluster whose nannies restart killed workers."""
    made = Cluster(tmp_path_factory.mktemp("nursed"))
    made.add(nanny=True)
    made.add(nanny=True)
    yield made
    made.end()


@pytest.mark.parametrize("seed", range(50))
def test_on_a_cluster(tmp_path, corpus, undisturbed, nanny_cluster, seed):
    """The driver, a worker, or both are killed."""
    rng = random.Random(seed)
    which = ("driver", "worker", "both")[seed % 3]

    def kill(run):
        if which != "driver":
            workers = [
                number for nanny in nanny_cluster.workers for number in descendants(nanny.pid)
            ]
            os.kill(rng.choice(workers), signal.SIGKILL)
        if which != "worker":
            kill_group(run)

    archive = tmp_path / "out"
    command = ["archive", "run", corpus, "-o", archive, "--scheduler", nanny_cluster.file, *FAST]
    soak(command, archive, undisturbed, kill, rng, which)


def killer(rng, which):
    """Return a function that kills all processes of a run, its driver, or another one."""

    def kill(run):
        others = descendants(run.pid)
        if which == "all":
            kill_group(run)
        else:
            os.kill(rng.choice(others) if which == "one" and others else run.pid, signal.SIGKILL)

    return kill


@pytest.mark.parametrize("seed", range(50, 62))
def test_on_this_machine(tmp_path, corpus, undisturbed, seed):
    rng = random.Random(seed)
    which = ("all", "driver", "one")[seed % 3]
    archive = tmp_path / "out"
    command = ["archive", "run", corpus, "-o", archive, "--workers", 2, *FAST]
    soak(command, archive, undisturbed, killer(rng, which), rng, which)


@pytest.mark.parametrize("seed", range(62, 74))
def test_learning(tmp_path, corpus, learnt, seed):
    rng = random.Random(seed)
    which = ("all", "driver", "one")[seed % 3]
    file = tmp_path / "music.npz"
    command = ["archive", "learn", corpus, "-o", file, *LEARN]
    after_state = seed % 4 > 0
    wait = rng.uniform(0, 1 if after_state else 12)
    kill = killer(rng, which)
    kept = interrupt_and_resume_learning(
        command, file, learnt, kill, wait=wait, after_state=after_state
    )
    print(
        f"killed: {which}, {wait:.2f} s after {'a state' if after_state else 'the start'}; "
        f"state kept: {kept}"
    )


@pytest.mark.parametrize("seed", range(50))
def test_on_one_machine_ended_by_a_signal(tmp_path, corpus, seed):
    """The exit code shows the signal unless the run was complete."""
    rng = random.Random(seed)
    number = rng.choice([signal.SIGTERM, signal.SIGHUP])
    archive = tmp_path / "out"
    command = ["archive", "run", corpus, "-o", archive, "--workers", 2, *FAST]
    code = end_by_signal(command, archive, number, rng.uniform(0, 6))
    assert code == 128 + number or (code == 0 and len(results(archive)) == 12)
