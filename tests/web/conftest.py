"""Fixtures of the web page's tests: a server in this process, and short sounds."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import socket
import sys
import threading
import time

import pytest
import soundfile

pytest.importorskip("starlette")
pytest.importorskip("httpx2")

import uvicorn
from starlette.testclient import TestClient

from otowake.options import ServeSpec
from otowake.web.app import create_app
from otowake.web.connection import Limits, connection

HERE = "http://localhost"
QUICK = {"stages": ["components"], "options": {"n_components": 2, "max_iter": 5}}


class Browser(TestClient):
    """A visitor who comes from our own page."""

    def __init__(self, app, origin=HERE, address="192.0.2.1"):
        facts = {"headers": {"Origin": origin}, "client": (address, 50000)}
        super().__init__(app, base_url=HERE, follow_redirects=False, **facts)

    def order(self, sound=None, name="a.wav", **fields):
        """Ask for an analysis and send the sound, if the order is taken."""
        facts = {"name": name, "size": len(sound or b""), **QUICK, **fields}
        answer = self.post("/jobs", content=json.dumps(facts))
        if answer.status_code != 201 or fields.get("demo"):
            return answer
        return self.put(f"/jobs/{answer.json()['id']}/sound", content=sound)

    def ended(self, job, seconds=60):
        """Wait for the end of a job."""
        return self.until(
            job, lambda now: now["state"] not in ("sending", "waiting", "running"), seconds
        )

    def until(self, job, holds, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            now = self.get(f"/jobs/{job}").json()
            if holds(now):
                return now
            time.sleep(0.05)
        raise AssertionError(f"nothing came of it in {seconds} s: {now}")


@pytest.fixture
def served(tmp_path):
    """Start a server with these limits; return a function that makes visitors."""
    with contextlib.ExitStack() as stack:

        def start(password=None, **limits):
            app = create_app(ServeSpec(**limits), tmp_path, password)
            first = Browser(app)
            stack.enter_context(first)  # the server lives in the first visitor's loop

            def another(**rest):
                visitor = Browser(app, **rest)
                visitor.portal = first.portal
                return visitor

            first.another, first.jobs = another, app.state.jobs
            return first

        yield start


class Programs:
    """Starts these programs as processes, one after the other, the last of them again and again."""

    def __init__(self, *programs):
        self.left, self.made = list(programs), []

    async def start(self, *_, **__):
        program = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        if isinstance(program, OSError):
            raise program
        pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
        command = sys.executable, "-c", program
        process = await asyncio.create_subprocess_exec(*command, **pipes, start_new_session=True)
        self.made.append(process)
        return process

    async def end(self):
        for process in self.made:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


class Wire:
    """A connection to a server of which every byte is ours."""

    def __init__(self, port, source="127.0.0.1"):
        where = ("127.0.0.1", port)
        self.socket = socket.create_connection(where, timeout=60, source_address=(source, 0))

    def send(self, text):
        self.socket.sendall(text.encode() if isinstance(text, str) else text)

    def ask(self, method, path, body=None, length=None, **headers):
        """Send a request, or its beginning if more of its body is promised."""
        body = body.encode() if isinstance(body, str) else body or b""
        facts = {"Host": "localhost", "Origin": HERE, **headers}
        facts["Content-Length"] = length or len(body)
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in facts.items())
        self.send(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)

    def status(self):
        """Return the status of the next answer, or 0 if the connection is closed."""
        try:
            return int(self.socket.recv(65536).split(b" ", 2)[1])
        except (ConnectionError, IndexError):
            return 0

    def is_quiet(self):
        """Whether nothing comes for a moment."""
        self.socket.settimeout(0.05)
        try:
            return not self.socket.recv(65536)
        except TimeoutError:
            return True

    def is_closed(self, beat=b""):
        """Wait until the server closes it, sending something now and then."""
        self.socket.settimeout(0.05)
        for _ in range(600):
            with contextlib.suppress(TimeoutError):
                try:
                    self.socket.sendall(beat)
                    if not self.socket.recv(65536):
                        return True
                except ConnectionError:
                    return True
        return False


@pytest.fixture
def live(tmp_path):
    """Start a server on 127.0.0.1, as `serve` does; return its state, with `dial` to connect."""
    with contextlib.ExitStack() as stack:

        def start(limits=Limits(), password=None, proxies=None, **spec):  # noqa: B008
            app = create_app(ServeSpec(proxies=proxies, **spec), tmp_path, password)
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            config = uvicorn.Config(
                app,
                http=connection(proxies, limits),
                ws="none",
                log_level="error",
                proxy_headers=proxies is not None,
                forwarded_allow_ips=proxies,
                timeout_graceful_shutdown=1,
            )
            server = uvicorn.Server(config)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()

            def stop():
                server.should_exit = True
                thread.join(60)

            stack.callback(stop)
            port = listener.getsockname()[1]

            def dial(source="127.0.0.1"):
                wire = Wire(port, source)
                stack.callback(wire.socket.close)
                return wire

            app.state.dial = dial
            return app.state

        yield start


@pytest.fixture(scope="session")
def wav(melody):
    file = io.BytesIO()
    soundfile.write(file, melody.samples.T, melody.rate, format="WAV")
    return file.getvalue()


@pytest.fixture(scope="session")
def mp3(melody):
    file = io.BytesIO()
    soundfile.write(file, melody.samples.T, melody.rate, format="MP3")
    return file.getvalue()


@pytest.fixture(scope="session")
def programs():
    return Programs
