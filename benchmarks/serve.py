"""Load-test the web page: clients that upload at once are all served or asked to retry.

    python -m benchmarks.serve [--people 20] [--seconds 3]

Each client is a session that sends a clip of the demo, retries while the queue is full, and polls
until it has the archive. The output is the number of clients that were done, had to retry and were
lost, the time, and the peak memory of the server's process and its jobs.
"""

from __future__ import annotations

import argparse
import http.client
import io
import json
import re
import subprocess
import sys
import threading
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import soundfile

import otowake

ORDER = {"stages": ["components"], "options": {"n_components": 4, "max_iter": 50}}


@dataclass
class Client:
    """Client with a file; `end` is the outcome."""

    address: str
    sound: bytes
    end: str = "lost"
    retries: int = 0
    longest_answer: float = 0.0
    cookie: str = ""
    waited: list[int] = field(default_factory=list)

    def request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        begun = time.monotonic()
        host = urlsplit(self.address).netloc
        connection = http.client.HTTPConnection(host, timeout=120)
        headers = {"Origin": f"http://{host}", **({"Cookie": self.cookie} if self.cookie else {})}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        if cookie := answer.headers.get("set-cookie"):
            self.cookie = cookie.split(";")[0]
        content = answer.read()
        connection.close()
        self.longest_answer = max(self.longest_answer, time.monotonic() - begun)
        return answer.status, content

    def run(self, timeout: float) -> None:
        """Upload the file and wait for the archive."""
        end = time.monotonic() + timeout
        order = json.dumps({"name": "clip.wav", "size": len(self.sound), **ORDER}).encode()
        while True:
            status, content = self.request("POST", "/jobs", order)
            if status != 503 or time.monotonic() > end:
                break
            self.retries += 1
            time.sleep(2)
        if status != 201:
            self.end = f"refused ({status})"
            return
        job = json.loads(content)["id"]
        self.request("PUT", f"/jobs/{job}/sound", self.sound)
        while time.monotonic() < end:
            now = json.loads(self.request("GET", f"/jobs/{job}")[1])
            if now["state"] not in ("sending", "waiting", "running"):
                break
            self.waited.append(now["position"])
            time.sleep(0.5)
        if now["state"] == "done":
            archive = zipfile.ZipFile(
                io.BytesIO(self.request("GET", f"/jobs/{job}/archive.zip")[1])
            )
            self.end = "done" if archive.testzip() is None else "damaged"
        else:
            self.end = now["state"]


def memory(process: int) -> float:
    """Return the memory of a process in MiB."""
    match = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    return int(match[1]) / 1024 if match else 0.0


def children(process: int) -> list[int]:
    path = Path(f"/proc/{process}/task/{process}/children")
    return [int(child) for child in path.read_text().split()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--patience", type=float, default=900.0)
    options = parser.parse_args()
    audio = otowake.load(otowake.demo_path(), duration=options.seconds)
    file = io.BytesIO()
    soundfile.write(file, audio.samples.T, audio.rate, format="WAV")
    command = [sys.executable, "-m", "otowake", "serve", "--port", "0", "--lang", "en"]
    command += ["--per-address", str(options.people)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        first_line = server.stdout.readline() if server.stdout else ""
        address = re.search(r"http://\S+/", first_line)
        if not address:
            raise SystemExit(first_line)
        clients = [Client(address[0], file.getvalue()) for _ in range(options.people)]
        threads = [
            threading.Thread(target=client.run, args=(options.patience,)) for client in clients
        ]
        begun, before, peak, n_processes = time.monotonic(), memory(server.pid), 0.0, 0
        for thread in threads:
            thread.start()
        job_peak = 0.0
        while any(thread.is_alive() for thread in threads):
            peak = max(peak, memory(server.pid))
            running = children(server.pid)
            n_processes = max(n_processes, len(running))
            for child in running:
                try:
                    job_peak = max(job_peak, memory(child))
                except OSError:
                    continue
            time.sleep(0.25)
        took = time.monotonic() - begun
        server.terminate()
        server.wait(20)
    ends = [client.end for client in clients]
    size = len(file.getvalue()) / 2**20
    print(f"{options.people} clients, clips of {options.seconds:g} s, {size:.2f} MiB each")
    print(f"outcomes: { {end: ends.count(end) for end in sorted(set(ends))} }")
    print(f"had to retry: {sum(client.retries > 0 for client in clients)} clients")
    longest = max(client.longest_answer for client in clients)
    print(f"all done after {took:.0f} s; longest answer {longest:.2f} s")
    print(
        f"server's memory: {before:.0f} MiB before, at most {peak:.0f} MiB; "
        f"a job's at most {job_peak:.0f} MiB; processes at most {n_processes}"
    )


if __name__ == "__main__":
    main()
