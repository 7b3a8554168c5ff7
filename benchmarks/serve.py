"""The web page under load: people who upload at once, all answered or told to wait, none lost, memory bounded.

    python -m benchmarks.serve [--people 20] [--seconds 3]

Each is a session of its own that sends a clip of the demo, comes back when the queue is full, and asks until it has its
archive. Prints how many were done, told to come back and lost, how long it took, and the most memory that the server's
process and its jobs had.
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
class Person:
    """Somebody with a file; `end` is what became of it."""

    address: str
    sound: bytes
    end: str = "lost"
    told_to_come_back: int = 0
    longest_answer: float = 0.0
    cookie: str = ""
    waited: list[int] = field(default_factory=list)

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
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

    def go(self, patience: float) -> None:
        """From the upload to the archive."""
        end = time.monotonic() + patience
        order = json.dumps({"name": "clip.wav", "size": len(self.sound), **ORDER}).encode()
        while True:
            status, content = self.ask("POST", "/jobs", order)
            if status != 503 or time.monotonic() > end:
                break
            self.told_to_come_back += 1
            time.sleep(2)
        if status != 201:
            self.end = f"refused ({status})"
            return
        job = json.loads(content)["id"]
        self.ask("PUT", f"/jobs/{job}/sound", self.sound)
        while time.monotonic() < end:
            now = json.loads(self.ask("GET", f"/jobs/{job}")[1])
            if now["state"] not in ("sending", "waiting", "running"):
                break
            self.waited.append(now["position"])
            time.sleep(0.5)
        if now["state"] == "done":
            archive = zipfile.ZipFile(io.BytesIO(self.ask("GET", f"/jobs/{job}/archive.zip")[1]))
            self.end = "done" if archive.testzip() is None else "damaged"
        else:
            self.end = now["state"]


def memory(process: int) -> float:
    """The memory of a process, in MiB."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def children(process: int) -> list[int]:
    return [
        int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--patience", type=float, default=900.0)
    asked = parser.parse_args()
    audio = otowake.load(otowake.demo_path(), duration=asked.seconds)
    file = io.BytesIO()
    soundfile.write(file, audio.samples.T, audio.rate, format="WAV")
    command = [sys.executable, "-m", "otowake", "serve", "--port", "0", "--lang", "en"]
    command += ["--per-address", str(asked.people)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        said = server.stdout.readline() if server.stdout else ""
        address = re.search(r"http://\S+/", said)
        if not address:
            raise SystemExit(said)
        people = [Person(address[0], file.getvalue()) for _ in range(asked.people)]
        threads = [threading.Thread(target=person.go, args=(asked.patience,)) for person in people]
        begun, before, most, jobs = time.monotonic(), memory(server.pid), 0.0, 0
        for thread in threads:
            thread.start()
        jobs_most = 0.0
        while any(thread.is_alive() for thread in threads):
            most = max(most, memory(server.pid))
            running = children(server.pid)
            jobs = max(jobs, len(running))
            for each in running:
                try:
                    jobs_most = max(jobs_most, memory(each))
                except OSError:
                    continue
            time.sleep(0.25)
        took = time.monotonic() - begun
        server.terminate()
        server.wait(20)
    ends = [person.end for person in people]
    print(
        f"{asked.people} people, clips of {asked.seconds:g} s, {len(file.getvalue()) / 2**20:.2f} MiB each"
    )
    print(f"ends: { {end: ends.count(end) for end in sorted(set(ends))} }")
    print(
        f"told to come back and came: {sum(person.told_to_come_back > 0 for person in people)} people"
    )
    print(
        f"all done after {took:.0f} s; longest answer {max(p.longest_answer for p in people):.2f} s"
    )
    print(
        f"server's memory: {before:.0f} MiB before, at most {most:.0f} MiB; a job's at most {jobs_most:.0f} MiB; processes at most {jobs}"
    )


if __name__ == "__main__":
    main()
