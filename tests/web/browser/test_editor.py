"""The corrections in a browser."""

from __future__ import annotations

import pytest
from browsing import (
    QUICK,
    applied,
    choose,
    downloaded,
    drawn,
    expect,
    first_two_corrected,
    quick_result,
    set_options,
    table,
    wait_for_text,
)


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
