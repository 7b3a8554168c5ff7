"""The page in a real browser (Chromium with Playwright), with a server in its own process."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from urllib.parse import urlparse

import pytest
from axe_playwright_python.sync_playwright import Axe

sync_api = pytest.importorskip("playwright.sync_api", reason="the browser tests need Playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="the browser tests need Debian's chromium; none is installed"
)

expect = sync_api.expect
WAIT = 300_000
QUICK = {"n_components": "2", "max_iter": "30"}


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


def choose(page, content, name="melody.mp3"):
    page.set_input_files("#file", {"name": name, "mimeType": "audio/mpeg", "buffer": content})


def wait_for_text(page, where, pattern):
    """Wait until the page says something somewhere."""
    expect(page.locator(where)).to_have_text(re.compile(pattern))


def set_options(page, **options):
    page.click("#more summary")
    set_options_open(page, **options)


def quick_result(page, content, name="melody.mp3"):
    """Analyse two components of a recording and wait for the result."""
    choose(page, content, name)
    page.check("input[value=manual]")
    set_options(page, **QUICK)
    page.click("#go")
    expect(page.locator("#component-table tbody tr")).to_have_count(2)


def set_options_open(page, **options):
    """Set options of the open form."""
    for name, value in options.items():
        page.fill(f"#option-{name}", value)
        page.locator(f"#option-{name}").blur()


def test_three_clicks_from_a_file_to_one_instrument_in_japanese(visit, mp3):
    page = visit()
    assert page.inner_text("#go") == "分析を始める"
    choose(page, mp3)  # the first click opens the browser's own dialogue
    page.click("#go")
    page.click("[data-track=part-0] .only")
    page.click("#play")
    page.wait_for_function("() => otowake.player.time > 0.1")
    assert page.evaluate("() => otowake.player.tracks.filter(t => t.only).length") == 1
    assert page.inner_text("#name") == "melody.mp3"
    assert page.evaluate("document.documentElement.lang") == "ja"


def test_each_preset_sets_its_options_the_first_from_the_beginning(visit):
    page = visit("en-GB")
    page.click("#more summary")

    def options():
        return page.input_value("#option-stems"), page.input_value("#option-instruments")

    assert options() == ("song", "")
    page.check('#presets input[value="piano"]')
    assert options() == ("", "piano")
    page.check('#presets input[value="song"]')
    assert options() == ("song", "")


def test_watch_cancel_and_run_again_in_english(visit, mp3, tmp_path):
    page = visit("en-GB", width=390)
    assert page.inner_text("#go") == "Start analysis"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    choose(page, mp3, "<img src=x onerror=alert(1)>.mp3")
    page.check("input[value=manual]")
    set_options(page, tol="0", max_iter="1000000")
    page.click("#go")
    wait_for_text(page, "#state", r"iteration [1-9]")
    assert (
        page.is_visible("#loss")
        and page.inner_text("#work-name") == "<img src=x onerror=alert(1)>.mp3"
    )
    page.click("#cancel")
    page.wait_for_selector("#start:not([hidden])")
    assert page.inner_text("#alert") == "Cancelled."
    for name, value in QUICK.items():
        page.fill(f"#option-{name}", value)
        page.locator(f"#option-{name}").blur()
    page.click("#go")
    page.wait_for_selector("#component-table tbody tr")
    assert page.locator("#component-table tbody tr").count() == 2
    assert page.locator("h1 img").count() == 0
    page.click("[data-language=ja]")
    wait_for_text(page, "#archive", "すべてダウンロード")
    with downloaded(page, tmp_path / "archive.zip") as archive:
        assert archive.testzip() is None
        name = next(name for name in archive.namelist() if name.endswith("analysis.json"))
        assert json.loads(archive.read(name))["options"]["fit"]["n_components"] == 2

    page.click("#correct > summary")
    assert not page.is_visible("#restore")
    for box in page.locator("#component-checks input").all():
        box.check()
    page.click("[data-do=merge]")
    applied(page)
    expect(page.locator("#component-table tbody tr")).to_have_count(1)
    page.click("#correct > summary")
    page.click("#restore")
    expect(page.locator("#todo-list li")).to_have_count(1)
    applied(page)
    expect(page.locator("#component-table tbody tr")).to_have_count(2)
    assert not page.is_visible("#restore")


def test_a_correction_survives_a_slow_answer_to_an_earlier_request(visit, mp3):
    page = visit("en-GB")
    quick_result(page, mp3)
    page.click("#correct > summary")
    expect(page.locator("#component-checks input")).to_have_count(2)
    held = []

    def hold_the_first(route):
        if held:
            route.continue_()
        held.append(route)

    page.route("**/draft", hold_the_first)
    page.click("[data-language=ja]")  # opens the result again
    wait_for_text(page, "#archive", "すべてダウンロード")
    for box in page.locator("#component-checks input").all():
        box.check()
    page.click("[data-do=merge]")
    page.wait_for_timeout(500)
    with page.expect_response("**/draft"):
        held[0].continue_()
    expect(page.locator("#todo-list li")).to_have_count(1)
    page.wait_for_timeout(500)
    assert page.locator("#todo-list li").count() == 1


def test_the_cursor_of_the_editor_follows_the_player(visit):
    page = visit("en-GB")
    page.emulate_media(reduced_motion="reduce")  # the page scrolls at once
    page.click("#demo")
    page.wait_for_selector("#course-at")
    page.wait_for_function("() => document.querySelector('#pages img')?.complete ?? true")
    page.wait_for_selector("#part-rows select", state="attached")
    page.click("#mixer .title >> nth=0")
    expect(page.locator("#part-rows select >> nth=0")).to_be_focused()
    names = page.evaluate("() => otowake.data.noteNames.en")  # in the key of the piece
    assert page.locator("#note-midi option").all_text_contents()[::-1] == names
    assert "E♭4" in names
    page.focus("#editor-roll")
    scrolled = page.evaluate("scrollY")
    page.keyboard.press(" ")
    expect(page.locator("#roll-play")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#play")).to_have_attribute("aria-label", "Pause")
    wait_for_text(page, "#roll-state", r"cursor")
    picture = "document.getElementById('editor-roll').toDataURL()"
    before = page.evaluate(picture)
    page.wait_for_function(f"old => {picture} != old", arg=before)
    page.keyboard.press(" ")
    expect(page.locator("#roll-play")).to_have_attribute("aria-pressed", "false")
    assert page.evaluate("scrollY") == scrolled
    assert not page.evaluate("() => otowake.player.playing")


def test_a_result_has_an_address(visit, mp3):
    """Back, reload and a second tab work, speed and pitch too; a foreign address says why not."""
    page = visit("en-GB")
    quick_result(page, mp3)
    page.reload()
    page.wait_for_selector("#component-table tbody tr")
    second = page.context.new_page()
    second.goto(page.url)
    expect(second.locator("#component-table tbody tr")).to_have_count(2)
    second.evaluate("() => otowake.player.setRate(0.5)")
    second.click("#play")
    second.wait_for_function("() => otowake.player.stretch && otowake.player.time > 0.1")
    page.go_back()
    wait_for_text(page, "#jobs li a", "melody.mp3")
    wait_for_text(page, "#jobs li small", "0:0")
    stranger = visit("en-GB")
    stranger.goto(second.url)
    wait_for_text(stranger, "#alert", "This result is not here")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barrier_is_found_by_axe(visit, mp3, scheme):
    page = visit()
    page.emulate_media(color_scheme=scheme)

    def violations():
        rules = Axe().run(page).response["violations"]
        return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in rules]

    page.click("#more summary")
    assert violations() == []
    choose(page, mp3)
    set_options_open(page, **QUICK)
    page.click("#go")
    page.wait_for_selector("#live:not([hidden])")
    assert violations() == []
    page.click("#correct > summary")
    expect(page.locator("#part-rows select")).not_to_have_count(0)
    assert violations() == []
    page.click("#home")
    page.wait_for_selector("#jobs li")
    assert violations() == []


def test_the_last_picture_of_the_learning_stays(visit):
    page = visit("en-GB")
    page.click("#demo")
    page.wait_for_selector('#stages .now:has-text("Notes")')
    page.wait_for_timeout(1000)
    stages = page.evaluate(
        "async () => { const jobs = await (await fetch('jobs')).json(); return jobs[0].progress; }"
    )
    assert stages["losses"][-1][0] > 30 and stages["losses"][-1][1] < stages["losses"][0][1]
    assert page.is_visible("#loss")
    page.wait_for_selector("#mixer .track")


def table(archive, name):
    """Read the rows of a table in an archive."""
    path = next(
        member
        for member in archive.namelist()
        if member.count("/") == 1 and member.endswith("/" + name)
    )
    return list(csv.DictReader(archive.read(path).decode("utf-8-sig").splitlines()))


def downloaded(page, path):
    with page.expect_download() as waiting:
        page.click("#archive")
    waiting.value.save_as(path)
    return zipfile.ZipFile(path)


def applied(page):
    address = page.url.split("#")[0]
    page.click("#apply")
    page.wait_for_selector("#work:not([hidden])")
    page.wait_for_url(f"{address}*")
    expect(page.locator("#apply")).to_be_disabled()
    assert page.is_hidden("#alert")


def drawn(page):
    """Draw a note above all others with the pointer; return the page's text for it."""
    page.check("input[value=draw]")
    box = page.locator("#editor-roll").bounding_box()
    across, down = box["x"] + box["width"] * 0.3, box["y"] + 8
    page.mouse.move(across, down)
    page.mouse.down()
    page.mouse.move(across + 100, down + 2, steps=3)
    page.mouse.up()
    expect(page.locator("#todo-list li")).to_have_count(1)
    return {name: float(page.input_value(f"#note-{name}")) for name in ("from", "to", "midi")}


def first_two_corrected(page, n):
    """Move the first of `n` notes down, delete the second and undo that, with the keyboard."""
    edits = page.locator("#todo-list li")
    page.focus("#editor-roll")
    page.keyboard.press("Escape")
    for _ in range(n):
        page.keyboard.press("p")
    before = int(page.input_value("#note-midi"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#note-midi")).to_have_value(str(before - 2))
    page.keyboard.press("n")
    page.keyboard.press("Delete")
    expect(edits).to_have_count(3)
    page.keyboard.press("Control+z")
    expect(edits).to_have_count(2)


def test_notes_are_drawn_moved_deleted_and_restored(visit, mp3, tmp_path):
    page = visit()
    choose(page, mp3)
    set_options(page, **QUICK)
    page.click("#go")
    page.wait_for_selector("#mixer .track")
    before = table(downloaded(page, tmp_path / "found.zip"), "notes.csv")
    page.click("#correct > summary")
    wait_for_text(page, "#roll-state", "音符は選択されていません")
    new = drawn(page)
    assert new["midi"] > max(int(note["midi"]) for note in before)
    first_two_corrected(page, len(before))
    page.check("#component-checks input >> nth=1")
    page.fill("#component-name", "左手 <b>")
    page.locator("#component-name").blur()
    edits = page.locator("#todo-list li")
    expect(edits).to_have_count(3)
    applied(page)
    with downloaded(page, tmp_path / "corrected.zip") as archive:
        notes = {int(note["id"]): note for note in table(archive, "notes.csv")}
        assert table(archive, "components.csv")[1]["name"] == "左手 <b>"
    assert len(notes) == len(before) + 1
    added = notes[len(before)]
    assert int(added["midi"]) == new["midi"]
    assert [float(added[name]) for name in ("onset_s", "offset_s")] == pytest.approx(
        [new["from"], new["to"]], abs=0.01
    )
    assert int(notes[0]["midi"]) == int(before[0]["midi"]) - 2

    page.click("#home")
    page.click("#switch")
    page.click("#jobs li a >> nth=0")
    expect(page.locator("#component-table td").filter(has_text="左手 <b>")).to_have_count(1)
    expect(page.locator("[data-language=en]")).to_have_attribute("aria-pressed", "true")
    page.click("#correct > summary")
    expect(edits).to_have_count(3)
    for left in (2, 1, 0):
        page.click("#undo")
        expect(edits).to_have_count(left)
    applied(page)
    assert table(downloaded(page, tmp_path / "undone.zip"), "notes.csv") == before


def test_two_visitors_see_only_their_own_results(visit, mp3):
    pages = [visit("ja-JP"), visit("en-US")]
    for number, page in enumerate(pages):
        choose(page, mp3, f"mine-{number}.mp3")
        page.check("input[value=manual]")
        set_options(page, **QUICK)
    for page in pages:
        page.click("#go")
    for number, page in enumerate(pages):
        page.wait_for_selector("#component-table tbody tr")
        assert page.inner_text("h1") == f"mine-{number}.mp3"
        page.click("#home")
        page.wait_for_selector("#jobs li")
        assert page.locator("#jobs li").count() == 1
        page.reload()
        page.click("#jobs li a >> nth=0")
        page.wait_for_selector("#component-table tbody tr")


def test_a_file_without_sound_gives_an_error_on_the_page(visit):
    page = visit()
    page.click("#go")
    assert page.inner_text("#alert") == "先に音声を選択してください。"
    choose(page, b"no music" * 100, "../x.mp3")
    page.click("#go")
    wait_for_text(page, "#alert", "音声を読み込めません")
    assert page.is_visible("#start")
