"""Test the built documentation site: warnings, requests to other hosts, page widths, links.

Takes about a minute: ``pytest -n 0 -m site``.
"""

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
FETCHED = {"src", "srcset", "poster", "data"}
WIDTHS = (390, 1280)

pytestmark = pytest.mark.site


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """Build the site; a warning is an error."""
    pytest.importorskip("sphinx", reason="the site needs the extra [docs]")
    target = tmp_path_factory.mktemp("site")
    search_path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [ROOT / "scripts" / "docs", target],
        env={**os.environ, "PATH": search_path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return target


def html(site: Path) -> list[Path]:
    return sorted(path for path in site.rglob("*.html") if "_static" not in path.parts)


class Links(HTMLParser):
    """URLs that a page fetches and the target of its link to the other language."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.other = ""
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.fetched += [value for name, value in given.items() if name in FETCHED]
        if tag == "link":
            self.fetched.append(given.get("href", ""))
        if "data-other-language" in given:
            self.other = given["href"]


def test_no_page_names_another_host_to_fetch_from(site):
    pages = html(site)
    assert len(pages) > 60
    for page in pages:
        outside = [url for url in Links(page).fetched if re.match(r"(https?:)?//", url)]
        assert not outside, (page, outside)
    for sheet in site.rglob("*.css"):
        urls = re.findall(
            r"(?:url\(|@import )[\"']?((?:https?:)?//[^\"')]+)", sheet.read_text(encoding="utf-8")
        )
        assert not urls, (sheet, urls)


def test_every_page_leads_to_the_same_page_in_the_other_language(site):
    for page in html(site):
        if page.parent != site:
            assert (page.parent / Links(page).other).resolve().is_file(), page


def test_explicit_anchors_are_in_both_languages(site):
    for path in sorted((ROOT / "docs" / "en").glob("*.md")):
        anchors = re.findall(r"^\((\S+)\)=$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for language in ("en", "ja"):
            html_text = (site / language / f"{path.stem}.html").read_text(encoding="utf-8")
            for anchor in anchors:
                assert f'id="{anchor}"' in html_text, (language, path.name, anchor)


def test_in_a_browser_nothing_is_fetched_nothing_is_too_wide_and_the_search_finds(site):
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="the browser test needs playwright"
    )
    if not CHROMIUM:
        pytest.skip("the browser test needs chromium")
    outside: list[str] = []
    wide: list[tuple[str, int]] = []
    with playwright.sync_playwright() as run:
        browser = run.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.on("request", lambda r: r.url.startswith(("file:", "data:")) or outside.append(r.url))
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            for path in html(site):
                page.goto(path.as_uri())
                over = page.evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                )
                if over > 0:
                    wide.append((f"{path.relative_to(site)} at {width}", over))
        for language, words in ("en", "screening"), ("ja", "基底スペクトル"), ("ja", "損失"):
            page.goto(f"{(site / language / 'search.html').as_uri()}?q={words}")
            page.wait_for_selector("#search-results li a")
        browser.close()
    assert not outside and not wide
