"""What the tests of the web page share: a server in this process, and sounds that are quickly analysed."""

from __future__ import annotations

import contextlib
import io
import json
import time

import pytest
import soundfile

pytest.importorskip("starlette")
pytest.importorskip("httpx2")

from starlette.testclient import TestClient

from otowake.options import ServeSpec
from otowake.web.app import create_app

HERE = "http://localhost"
QUICK = {"stages": ["components"], "options": {"n_components": 2, "max_iter": 5}}


class Browser(TestClient):
    """A visitor who comes from our own page."""

    def __init__(self, app, origin=HERE):
        super().__init__(app, base_url=HERE, headers={"Origin": origin}, follow_redirects=False)

    def order(self, sound=None, name="a.wav", **asked):
        """Ask for an analysis and send the sound, if the order is taken."""
        facts = {"name": name, "size": len(sound or b""), **QUICK, **asked}
        answer = self.post("/jobs", content=json.dumps(facts))
        if answer.status_code != 201 or asked.get("demo"):
            return answer
        return self.put(f"/jobs/{answer.json()['id']}/sound", content=sound)

    def ended(self, job, seconds=60):
        """What became of a job."""
        return self.until(job, lambda now: now["state"] not in ("sending", "waiting", "running"), seconds)

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
    """Starts a server with these limits; gives a maker of visitors."""
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
