"""The documentation: both languages say the same, and what is printed runs."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

import otowake
from otowake.options import GROUPS, ArchiveSpec, LearnSpec, ScoreSpec, ServeSpec

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
MADE = {"gallery", "_examples"}
INCLUDE = re.compile(r"^```\{include\} (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^(`{3,})(\S*)[^\n]*\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
WORDED = {"{glossary}", "{toctree}"}
"""Blocks whose words differ from language to language."""


def pages(language: str) -> list[str]:
    files = (path.relative_to(DOCS / language) for path in (DOCS / language).rglob("*.md"))
    return sorted(str(path) for path in files if not MADE & set(path.parts))


PAGES = pages("en")


def page(language: str, name: str) -> str:
    """Read a page with its includes."""
    path = DOCS / language / name

    def include(match: re.Match[str]) -> str:
        words = (path.parent / match[1]).read_text(encoding="utf-8")
        options = dict(re.findall(r'^:([a-z-]+): "?(.*?)"?$', match[2], re.MULTILINE))
        words = "\n".join(words.split("\n")[int(options.get("start-line", 0)) :])
        if "start-after" in options:
            words = words.split(options["start-after"], 1)[1].split(options["end-before"], 1)[0]
        return words

    return INCLUDE.sub(include, path.read_text(encoding="utf-8"))


def blocks(words: str) -> list[tuple[str, str]]:
    return [(kind, content) for _, kind, content in FENCE.findall(words) if kind not in WORDED]


def levels(words: str) -> list[int]:
    return [len(marks) for marks in re.findall(r"^(#{1,6}) ", FENCE.sub("", words), re.MULTILINE)]


def figures(words: str) -> Iterator[list[str]]:
    """Yield the numbers of several digits in each table row; "2 乗誤差" is a word."""
    for row in re.findall(r"^\|.*\|$", FENCE.sub("", words), re.MULTILINE):
        yield sorted(re.findall(r"\d[\d,.]*\d", row))


def test_both_languages_have_the_same_pages():
    assert pages("ja") == PAGES and len(PAGES) > 20


@pytest.mark.parametrize("name", PAGES)
def test_both_languages_have_the_same_headings_and_code(name):
    english, japanese = page("en", name), page("ja", name)
    assert levels(japanese) == levels(english)
    assert language_free(blocks(japanese)) == language_free(blocks(english))


def language_free(fences: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Without the page's language in it: its name, and comments."""
    named = re.compile(r',? ?(language=)?"(en|ja)"|_(en|ja)(?=\.)')
    plain = [(kind, named.sub("", content)) for kind, content in fences]
    return [(kind, re.sub(r" *# .*", "", content)) for kind, content in plain]


@pytest.mark.parametrize(
    "name", ["benchmarks.md", "choosing.md", "accuracy.md", "manual.md", "cost.md"]
)
def test_both_languages_have_the_same_figures(name):
    assert list(figures(page("ja", name))) == list(figures(page("en", name)))


def test_both_readmes_have_the_same_code_and_figures():
    english, japanese = (
        (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.ja.md")
    )
    assert levels(japanese) == levels(english)
    spoken = re.compile(r' *#.*|,? ?(language=)?"ja"')
    assert [(kind, spoken.sub("", content)) for kind, content in blocks(japanese)] == [
        (kind, spoken.sub("", content)) for kind, content in blocks(english)
    ]


def runs(words: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = otowake.load(otowake.demo_path(), duration=4)
    soundfile.write(folder / "song.mp3", demo.samples.T, demo.rate)
    monkeypatch.chdir(folder)
    scope: dict[str, object] = {}
    for kind, content in blocks(words):
        if kind == "python":
            exec(compile(content, "block", "exec"), scope)


def with_python(paths: list[Path]) -> list[Path]:
    return [path for path in paths if "```python" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize(
    "path",
    with_python([ROOT / "README.md", *(DOCS / "en" / name for name in PAGES)]),
    ids=lambda path: path.name,
)
def test_python_on_the_pages_runs(path, tmp_path, monkeypatch, capsys):
    """Page by page; the Japanese pages have the same blocks."""
    runs(path.read_text(encoding="utf-8"), tmp_path, monkeypatch)


def test_the_reference_has_every_public_name_and_the_options_every_spec():
    reference = "".join(page("en", name) for name in PAGES if name.startswith("reference/"))
    named = set(re.findall(r"auto\w+:: otowake\.(\w+)$", reference, re.MULTILINE))
    assert named >= {*otowake.__all__, *otowake.NEEDS_EXTRA} - {"__version__", "plot"}
    assert set(re.findall(r"auto\w+:: otowake\.plot\.(\w+)", reference)) == set(
        otowake.plot.__all__
    )
    specs = set(re.findall(r"\{options\} (\w+)", page("en", "options.md")))
    assert specs == {
        spec.__name__
        for spec in (*(spec for _, spec in GROUPS), ScoreSpec, ServeSpec, ArchiveSpec, LearnSpec)
    }
