"""Only a run reaches its workers; other users of the machine can't, even with Dask's client."""

import json
import os
import subprocess
import sys
from pathlib import Path

import distributed
import psutil
import pytest
from archives import (
    FAST,
    Cluster,
    begin,
    clip,
    environment,
    kill_group,
    otowake,
    results,
    until,
)

INTRUDER = """
import asyncio, http.client, json, os, sys, urllib.request
import distributed, tornado.platform.asyncio  # all that another user may not be able to read
from distributed.core import rpc

def here():
    return os.getuid()

async def answers(address, security):
    try:
        keys = security.get_connection_args("client")
        async with rpc(address, timeout=2, connection_args=keys) as server:
            return (await asyncio.wait_for(server.identity(), 4))["type"]
    except (OSError, TypeError, RuntimeError, ValueError):
        return None

def runs(address, security):
    with distributed.Client(address, security=security, timeout=3) as client:
        return client.run_on_scheduler(here)

def serves(port):
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2).status
    except (OSError, http.client.HTTPException):
        return None

ways = [("tcp", distributed.Security()), ("tls", distributed.Security.temporary())]
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
found = {"answered": [], "ran": [], "served": []}
for port in json.loads(sys.argv[1]):
    for protocol, security in ways:
        address = f"{protocol}://127.0.0.1:{port}"
        if kind := asyncio.run(answers(address, security)):
            found["answered"].append(kind)
        if kind == "Scheduler":
            found["ran"].append(runs(address, security))
    if serves(port):
        found["served"].append(port)
print(json.dumps({"me": os.getuid(), **found}))
"""


def connect_without_keys(ports: list[int]) -> dict[str, list[object]]:
    """Return what a process without keys gets from ports, as another user if this is root."""
    done = subprocess.run(
        [sys.executable, "-c", INTRUDER, json.dumps(ports)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env=environment(),
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    assert answers.pop("me") == (os.getuid() or 65534)
    return answers


@pytest.fixture
def running(tmp_path, hooked):
    """Give the processes of a run on this machine whose two workers are busy."""
    for i in range(4):
        clip(tmp_path / "music" / f"{i}.wav", i)
    (tmp_path / "scratch").mkdir()
    more = {"slow": "600", "TMPDIR": str(tmp_path / "scratch")}
    run = begin(hooked, tmp_path / "music", tmp_path / "out", "{}", **more)
    begun = tmp_path / "begun"
    until(lambda: begun.read_text().count("\n") == 2 or run.poll() is not None, "two workers")
    first = psutil.Process(run.pid)
    yield [first, *first.children(recursive=True)]
    kill_group(run)
    run.communicate(timeout=60)


def ports_of(processes):
    return sorted(
        {
            connection.laddr.port
            for process in processes
            for connection in process.net_connections("all")
            if connection.status == psutil.CONN_LISTEN
        }
    )


def test_no_port_of_a_local_run_serves_another_user(running):
    ports = ports_of(running)
    assert connect_without_keys(ports) == {"answered": [], "ran": [], "served": []}
    assert len(ports) == 5  # of the scheduler, of two workers and of the two nannies


def test_the_same_intruder_gets_into_a_cluster_without_tls(cluster):
    port = int(json.loads(cluster.file.read_text())["address"].rpartition(":")[2])
    assert connect_without_keys([port]) == {
        "answered": ["Scheduler"],
        "ran": [os.getuid()],
        "served": [],
    }


def test_a_cluster_with_the_documented_keys_refuses_clients_without_them(
    tmp_path, corpus, monkeypatch
):
    page = Path(__file__).parents[2] / "docs" / "en" / "archive.md"
    _, _, after = page.read_text().partition("cat > dask.yaml <<'END'\n")
    lines = after.partition("END\n")[0].replace("/shared/keys", str(tmp_path))
    (tmp_path / "dask.yaml").write_text(lines)
    made = distributed.Security.temporary()
    (tmp_path / "cert.pem").write_text(made.tls_ca_file)
    (tmp_path / "key.pem").write_text(made.tls_client_key)
    monkeypatch.setenv("DASK_CONFIG", str(tmp_path / "dask.yaml"))
    cluster = Cluster(tmp_path)
    try:
        cluster.add()
        command = ["archive", "run", corpus, "-o", tmp_path / "out", *FAST, "--scheduler"]
        done = otowake(*command, cluster.file)
        assert done.returncode == 0, done.stderr
        monkeypatch.delenv("DASK_CONFIG")
        address = json.loads(cluster.file.read_text())["address"]
        assert address.startswith("tls://")
        answers = connect_without_keys([int(address.rpartition(":")[2])])
        assert answers == {"answered": [], "ran": [], "served": []}
        (tmp_path / "in").mkdir()
        clip(tmp_path / "in" / "a.wav", 99)
        without = otowake("archive", "run", tmp_path / "in", *command[3:], address)
        assert without.returncode == 1
        assert f"Error: {address}: this scheduler uses TLS" in without.stderr
    finally:
        cluster.end()


def test_the_keys_of_a_run_are_in_no_file_command_line_or_environment(tmp_path, running):
    for process in running:
        shown = (Path(f"/proc/{process.pid}") / name for name in ("cmdline", "environ"))
        assert not any(b"PRIVATE KEY" in path.read_bytes() for path in shown)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in files if b"PRIVATE KEY" in path.read_bytes()]
    (private,) = (tmp_path / "scratch").glob("otowake-*")
    assert private.stat().st_mode & 0o077 == 0


def test_nothing_is_imported_from_a_folder_that_another_user_has_planted(tmp_path):
    clip(tmp_path / "music" / "a.wav", 0)
    planted = tmp_path / "tmp" / "dask-scratch-space"
    planted.mkdir(parents=True)
    planted.chmod(0o777)
    for name in ("soundfile", "numpy", "jax"):
        (planted / f"{name}.py").write_text(f"open({str(tmp_path / 'taken-in')!r}, 'w').close()\n")
    command = ["archive", "run", tmp_path / "music", "-o", tmp_path / "out", "--workers", 1, *FAST]
    done = otowake(*command, TMPDIR=str(tmp_path / "tmp"))
    assert not (tmp_path / "taken-in").exists()
    assert done.returncode == 0 and len(results(tmp_path / "out")) == 1, done.stderr
    assert [path.name for path in (tmp_path / "tmp").iterdir()] == ["dask-scratch-space"]
