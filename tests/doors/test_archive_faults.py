"""Recovery of archives: killed runs, workers and schedulers, harmful recordings, full disks."""

import os
import random
import shutil
import signal
import subprocess

import pytest
from archives import (
    FAST,
    LEARN,
    Cluster,
    begin,
    clip,
    end_by_signal,
    interrupt_and_resume,
    interrupt_and_resume_learning,
    kill_group,
    otowake,
    results,
    tables,
    until,
)

from otowake.cluster.tasks import read_digests


@pytest.mark.parametrize("seed", range(2))
def test_a_driver_that_is_killed_on_a_cluster(tmp_path, corpus, undisturbed, cluster, seed):
    archive = tmp_path / "out"
    command = ["archive", "run", corpus, "-o", archive, "--scheduler", cluster.file, *FAST]
    chance = random.Random(seed)
    interrupt_and_resume(
        command,
        archive,
        undisturbed,
        kill_group,
        wait=chance.uniform(0, 0.3),
        after=chance.randrange(10),
    )


def test_this_machine_dies(tmp_path, corpus, undisturbed):
    archive = tmp_path / "out"
    command = ["archive", "run", corpus, "-o", archive, "--workers", 2, *FAST]
    run = begin("-m", "otowake", *command)
    until(lambda: results(archive), "a first result")
    kill_group(run)
    run.communicate(timeout=60)
    before = results(archive)
    done = otowake(*command)
    assert done.returncode == 0, done.stderr
    assert before.items() <= results(archive).items() and tables(archive) == tables(undisturbed)
    assert not [*archive.rglob(".partial*")]


def test_this_machine_dies_while_it_learns(tmp_path, corpus, learnt):
    file = tmp_path / "music.npz"
    command = ["archive", "learn", corpus, "-o", file, *LEARN]
    interrupt_and_resume_learning(command, file, learnt, kill_group, wait=0.0, after_state=True)


def test_stopped_by_hand_and_gone_on_with(tmp_path, corpus, undisturbed):
    archive = tmp_path / "out"
    command = ["archive", "run", corpus, "-o", archive, "--workers", 1, *FAST]
    run = begin("-m", "otowake", *command)
    until(lambda: results(archive), "a first result")
    os.killpg(run.pid, signal.SIGINT)
    out, err = run.communicate(timeout=60)
    assert run.returncode == 130, err
    assert (
        err == "Stopping; press Ctrl-C again to quit at once.\n"
        and "recordings are done, 0 failed" in out
    )
    before = results(archive)
    done = otowake(*command)
    assert done.returncode == 0 and before.items() <= results(archive).items()
    assert tables(archive) == tables(undisturbed)


@pytest.mark.parametrize(
    ("number", "wait"), [(signal.SIGTERM, 0.5), (signal.SIGTERM, 3.0), (signal.SIGHUP, 2.0)]
)
def test_a_signal_to_a_run_ends_it_well(tmp_path, corpus, number, wait):
    archive = tmp_path / "out"
    command = ["archive", "run", corpus, "-o", archive, "--workers", 2, *FAST]
    code = end_by_signal(command, archive, number, wait)
    assert code == 128 + number or len(results(archive)) == 12
    assert otowake(*command).returncode == 0 and len(results(archive)) == 12


def test_recordings_that_kill_hang_or_fail_are_put_aside(tmp_path, hooked):
    music = tmp_path / "music"
    for i, name in enumerate(["a", "b-kills", "c", "d-hangs", "e-raises", "f"]):
        clip(music / f"{name}.wav", i)
    done = subprocess.run(
        [os.sys.executable, hooked, music, tmp_path / "out", "{'time_limit': 6}"],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    reasons = dict(line.split(" ", 1) for line in sorted(done.stderr.splitlines()))
    assert [path.rpartition("/")[2] for path in reasons] == [
        "b-kills.wav",
        "d-hangs.wav",
        "e-raises.wav",
    ]
    kills, hangs, raises = reasons.values()
    assert kills.startswith("its worker died twice") and raises == "RuntimeError: a mistake"
    assert hangs.startswith("it took longer than 6 s")
    begun = (tmp_path / "begun").read_text().split()
    assert (begun.count("b-kills.wav"), begun.count("d-hangs.wav")) == (2, 1)
    assert len(results(tmp_path / "out")) == 3


def test_a_worker_that_is_killed_and_one_that_is_cut_off(tmp_path, corpus, undisturbed):
    cluster = Cluster(tmp_path, ttl="5s")
    archive = tmp_path / "out"
    try:
        first, second, _ = cluster.add(), cluster.add(), cluster.add()
        command = ["archive", "run", corpus, "-o", archive, "--scheduler", cluster.file, *FAST]
        run = begin("-m", "otowake", *command)
        until(lambda: [*archive.glob(".trying/*")] or results(archive), "work")
        os.kill(first.pid, signal.SIGKILL)
        os.kill(second.pid, signal.SIGSTOP)
        _, err = run.communicate(timeout=120)
        assert run.returncode == 0, err
        os.kill(second.pid, signal.SIGCONT)
        assert len(results(archive)) == 12 and tables(archive) == tables(undisturbed)
    finally:
        cluster.end()


def test_a_scheduler_that_is_killed_and_the_rest_done_on_this_machine(
    tmp_path, corpus, undisturbed
):
    cluster = Cluster(tmp_path)
    archive = tmp_path / "out"
    try:
        cluster.add()
        command = ["archive", "run", corpus, "-o", archive, *FAST]
        run = begin("-m", "otowake", *command, "--scheduler", cluster.file, "--timeout", 2)
        until(lambda: results(archive), "a first result")
        os.kill(cluster.scheduler.pid, signal.SIGKILL)
        _, err = run.communicate(timeout=120)
        if run.returncode:  # else it was done already
            assert "the same command resumes from here" in err and err.count("\n") == 1
    finally:
        cluster.end()
    before = results(archive)
    done = otowake(*command)
    assert done.returncode == 0, done.stderr
    assert before.items() <= results(archive).items() and tables(archive) == tables(undisturbed)


@pytest.fixture
def small_disk(tmp_path):
    """Mount a file system of 400 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", folder],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip(f"no file system may be mounted here: {made.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_disk_that_is_full(small_disk, corpus, undisturbed, cluster):
    archive = small_disk / "out"
    command = ["archive", "run", corpus, "-o", archive, "--scheduler", cluster.file, *FAST]
    full = otowake(*command)
    assert full.returncode == 1
    assert (
        full.stderr.count("\n") == 1
        and "free some space, and the same command resumes from here" in full.stderr
    )
    still = otowake(*command)
    assert still.returncode == 1 and still.stderr.count("\n") == 1
    before = results(archive)
    assert len(before) < 12
    subprocess.run(["mount", "-o", "remount,size=50m", small_disk], check=True)
    done = otowake(*command)
    assert done.returncode == 0, done.stderr
    assert before.items() <= results(archive).items()
    assert tables(archive) == tables(undisturbed)


def test_clocks_that_disagree(tmp_path, corpus, undisturbed):
    """Workers have Python clocks years off, files are from the future and the past."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(
        "import os, time\n_now = time.time\noff = float(os.environ['OFF'])\n"
        "time.time = lambda: _now() + off\n"
    )
    music = shutil.copytree(corpus, tmp_path / "music")
    for i, path in enumerate(sorted(music.rglob("*.wav"))):
        os.utime(path, (i % 3 * 2**30, i % 3 * 2**30))
    cluster = Cluster(tmp_path)
    archive = tmp_path / "out"
    try:
        for off in ("1e8", "-1e8"):
            path = os.pathsep.join([str(tmp_path / "site"), *os.sys.path])
            cluster.add(PYTHONPATH=path, OFF=off)
        command = ["archive", "run", music, "-o", archive, "--scheduler", cluster.file, *FAST]
        done = otowake(*command)
        assert done.returncode == 0, done.stderr
        before = results(archive)
        for path in music.rglob("*.wav"):
            os.utime(path)
        again = otowake(*command)
        assert again.returncode == 0 and "in this run: 0 of them" in again.stdout
        assert results(archive) == before and before.keys() == results(undisturbed).keys()
    finally:
        cluster.end()


def test_digests_of_what_cannot_be_read(tmp_path):
    (tmp_path / "empty.wav").touch()
    (_, sha256, reason), *_ = read_digests([str(tmp_path / "empty.wav")], "ja")
    assert sha256 is None and reason.endswith("ファイルが空です。")
