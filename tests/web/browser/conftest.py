"""Chromium with Playwright, and a server in its own process."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from urllib.parse import urlparse

import pytest
from browsing import WAIT, expect, sync_api

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def address():
    process = subprocess.Popen(
        [sys.executable, "-m", "otowake", "serve", "--port", "0", "--lang", "en"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    with process:
        match = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
        yield match[0]
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


@pytest.fixture(scope="module")
def chromium():
    if CHROMIUM is None:
        pytest.skip("the browser tests need Debian's chromium; none is installed")
    expect.set_options(timeout=WAIT)
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, address):
    """Open the page for a new visitor; check for errors and foreign requests at the end."""
    contexts, complaints, hosts = [], [], set()

    def open_page(locale="ja-JP", width=1280):
        context = chromium.new_context(locale=locale, viewport={"width": width, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda message: message.type == "error" and complaints.append(message.text)
        )
        page.on("request", lambda request: hosts.add(urlparse(request.url).netloc))
        page.goto(address)
        page.wait_for_selector("#presets label")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
    assert hosts - {""} == {urlparse(address).netloc}
