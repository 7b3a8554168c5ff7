"""What a visitor does on the web page in a browser."""

from __future__ import annotations

import csv
import re
import zipfile

from playwright import sync_api

expect = sync_api.expect
WAIT = 300_000
QUICK = {"n_components": "2", "max_iter": "30"}


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
