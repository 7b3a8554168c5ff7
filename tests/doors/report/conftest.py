"""A report, and a browser that shows it."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from report_cases import HOSTILE

import otowake
from otowake.plot import Snapshots
from otowake.results.save import write_analysis

BROWSER = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)


@pytest.fixture(scope="session")
def analysed():
    """Analyse the start of the demo under a name that contains HTML."""
    audio = replace(otowake.load(otowake.demo_path(), duration=4.5), name=HOSTILE)
    snapshots = Snapshots(most=8)
    return otowake.analyse(audio, n_components=8, max_iter=100, tol=0, watch=snapshots), snapshots


@pytest.fixture(scope="session")
def folder(analysed, tmp_path_factory):
    path = tmp_path_factory.mktemp("result")
    write_analysis(analysed[0], path, "en", analysed[1])
    return path


@pytest.fixture(scope="module")
def browser():
    if BROWSER is None:
        pytest.skip(
            "no browser: install chromium (apt-get install chromium) to test the report in one"
        )
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: extra [test]"
    )
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def report_page(browser, folder):
    """Open the report from disk; check that it makes no requests and logs no errors."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    requests, errors = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((folder / "report.html").as_uri())
    page.wait_for_function("() => window.otowake && document.querySelector('#course-at')")
    yield page
    page.close()
    assert not [url for url in requests if not url.startswith(("file://", "data:", "blob:"))]
    assert not errors
