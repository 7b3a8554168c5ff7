"""The web page in a browser: from a recording to its result."""

from __future__ import annotations

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import (
    QUICK,
    applied,
    choose,
    downloaded,
    expect,
    quick_result,
    set_options,
    set_options_open,
    wait_for_text,
)


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
