"""The report in a browser: what it shows, and whom it serves."""

from __future__ import annotations

import contextlib
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
import soundfile
from axe_playwright_python.sync_playwright import Axe
from report_cases import (
    HOSTILE,
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_no_barrier_is_found_by_axe(report_page, language, scheme):
    report_page.emulate_media(color_scheme=scheme)
    report_page.click(f"[data-language={language}]")
    open_note_list(report_page)
    violations = Axe().run(report_page).response["violations"]
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in violations] == []


def test_the_score_lights_the_notes_that_sound_and_is_transposed(report_page, analysed):
    note = analysed[0].notes[2]
    lit = "() => [...document.querySelectorAll('#pages .mark')].filter(mark => !mark.hidden).length"
    report_page.wait_for_function("() => document.querySelectorAll('#pages .mark').length > 6")
    report_page.evaluate("time => otowake.player.seek(time)", (note.onset + note.offset) / 2)
    assert report_page.evaluate(lit) == 1
    height = "() => document.querySelector('#pages .mark:not([hidden])').style.top"
    before = report_page.evaluate(height)
    report_page.select_option("#score-interval", "M6")
    report_page.wait_for_function(
        "old => [...document.querySelectorAll('#pages .mark:not([hidden])')]"
        ".some(mark => mark.style.top !== old)",
        arg=before,
    )
    report_page.evaluate("() => otowake.player.seek(0)")
    assert report_page.evaluate(lit) == 0
    report_page.locator("#pages .page").click(position={"x": 400, "y": 60})
    onsets = [round(note.onset, 2) for note in analysed[0].notes]
    at = report_page.evaluate("() => otowake.player.time")
    assert min(abs(at - onset) for onset in onsets) < 0.15


def test_a_click_moves_the_cursor_and_selects_the_note(report_page, analysed):
    roll = report_page.locator("#roll canvas").nth(1)
    box, note = roll.bounding_box(), analysed[0].notes[2]
    report_page.evaluate(
        "() => { window.chosen = [];"
        " otowake.events.addEventListener('select-notes', e => chosen.push(e.detail)); }"
    )
    middle = (note.onset + note.offset) / 2
    low, high = report_page.evaluate("() => [otowake.views.pitch.low, otowake.views.pitch.high]")
    x = 48 + (box["width"] - 64) * middle / 4.5
    y = 24 + (box["height"] - 62) * (1 - (note.midi - low) / (high - low))
    roll.click(position={"x": x, "y": y})
    assert report_page.evaluate("() => otowake.player.time") == pytest.approx(middle, abs=0.02)
    assert report_page.evaluate("() => chosen") == [[2]]
    report_page.locator("#WH canvas").nth(1).click(position={"x": 44, "y": 100})
    assert report_page.evaluate("() => otowake.player.time") == pytest.approx(0, abs=0.02)


def test_a_region_is_selected_with_shift(report_page):
    box = report_page.locator("#WH canvas").nth(1)
    box.scroll_into_view_if_needed()
    area = box.bounding_box()
    report_page.keyboard.down("Shift")
    report_page.mouse.move(area["x"] + 100, area["y"] + 60)
    report_page.mouse.down()
    report_page.mouse.move(area["x"] + 300, area["y"] + 160, steps=4)
    report_page.mouse.up()
    report_page.keyboard.up("Shift")
    region = report_page.evaluate("() => otowake.selection.region")
    assert 0 < region["start"] < region["end"] < 4.5 and 40 < region["low"] < region["high"] < 11025


def test_the_language_is_switched_in_the_page(report_page):
    assert report_page.evaluate("() => document.documentElement.lang") == "en"
    report_page.click("[data-language=ja]")
    assert report_page.evaluate("() => document.documentElement.lang") == "ja"
    assert report_page.locator("#listen h2").inner_text() == "聴く"
    assert "アコーディオン" in report_page.locator("#mixer").inner_text()
    assert report_page.locator("#component-table thead").inner_text().split()[:2] == [
        "成分",
        "音名",
    ]


def test_the_name_is_text(report_page):
    assert report_page.locator("h1").inner_text() == HOSTILE
    assert (
        report_page.title() == HOSTILE + " – otowake"
        and report_page.locator("img:not(#pages img)").count() == 0
    )


def test_the_learning_is_shown_from_its_start(report_page):
    before = report_page.evaluate("() => document.querySelector('#W canvas').toDataURL()")
    label = report_page.locator("#course output").inner_text
    assert label() == "after 100 iterations"  # as the figure and the animation count them
    report_page.locator("#course-at").fill("0")
    assert label() == "before learning"
    report_page.wait_for_function(
        "old => document.querySelector('#W canvas').toDataURL() !== old", arg=before
    )


def test_a_file_is_saved_from_the_page_itself(report_page, folder):
    with report_page.expect_download() as waiting:
        report_page.click("text=notes.mid")
    assert waiting.value.suggested_filename == "notes.mid"
    assert waiting.value.path().read_bytes() == (folder / "notes.mid").read_bytes()


@contextlib.contextmanager
def served(folder):
    """Serve a folder, and give its address."""
    handler = partial(SimpleHTTPRequestHandler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_stem_is_saved_from_its_file_or_else_from_the_page(browser, folder, tmp_path):
    def saved(address):
        page = browser.new_page()
        page.goto(address)
        page.wait_for_function("() => window.otowake")
        with page.expect_download() as waiting:
            page.click("[data-track=part-0] .save")
        content = soundfile.read(waiting.value.path())
        name = waiting.value.suggested_filename
        page.close()
        return name, content

    (stem,) = [path for path in (folder / "stems").iterdir() if path.stem != "other"]
    shutil.copy(folder / "report.html", tmp_path / "alone.html")
    with served(folder) as home, served(tmp_path) as other:
        name, (samples, rate) = saved(f"{home}/report.html")
        assert name == stem.name and rate == soundfile.info(stem).samplerate
        for address in (f"{other}/alone.html", (tmp_path / "alone.html").as_uri()):
            name, (samples, rate) = saved(address)
            assert name == "part-0.flac" and len(samples) > 4 * rate and samples.any()


def open_note_list(page):
    """Open the list of notes and wait for its rows."""
    page.locator("#note-list summary").click()
    page.wait_for_function(
        "() => document.querySelectorAll('#note-list tbody tr[aria-rowindex]').length"
        " === otowake.data.notes.length"
    )


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_phone_does_not_scroll_horizontally(report_page, language):
    report_page.set_viewport_size({"width": 390, "height": 844})
    report_page.click(f"[data-language={language}]")
    open_note_list(report_page)
    assert report_page.evaluate("() => document.documentElement.scrollWidth") == 390


def test_everything_can_be_reached_and_has_a_name(report_page):
    open_note_list(report_page)
    nameless = report_page.evaluate(
        "() => [...document.querySelectorAll("
        "'button, input, a, canvas[tabindex], [role=slider], [role=group]')]"
        ".filter(e => !e.closest('[hidden]') &&"
        " !(e.getAttribute('aria-label') || e.textContent.trim()"
        " || e.closest('label')?.textContent.trim())).map(e => e.outerHTML)"
    )
    assert nameless == []
    assert report_page.locator("main").count() == 1 and report_page.locator("h1").count() == 1
