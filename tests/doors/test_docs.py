"""Hold both languages of the documentation to the same facts, and run the code on the pages."""

import re
from pathlib import Path

import pytest
import soundfile

import otowake
from otowake.options import GROUPS, ArchiveSpec, EvaluationSpec, LearnSpec, ServeSpec

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
READMES = (ROOT / "README.md", ROOT / "README.ja.md")
GENERATED = {"gallery", "_examples"}
INCLUDE = re.compile(r"^```\{include\} (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^(`{3,})(\S*)[^\n]*\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
TABLE = re.compile(r"(?:^\|.*\|\n)+", re.MULTILINE)
TRANSLATED = {"{glossary}", "{toctree}"}
"""Kinds of blocks whose content differs between the languages."""


def page_names(language: str) -> list[str]:
    paths = (path.relative_to(DOCS / language) for path in (DOCS / language).rglob("*.md"))
    return sorted(str(path) for path in paths if not GENERATED & set(path.parts))


PAGES = page_names("en")


def page(language: str, name: str) -> str:
    """Read a page and expand its include directives."""
    path = DOCS / language / name

    def expand(match: re.Match[str]) -> str:
        included = (path.parent / match[1]).read_text(encoding="utf-8")
        options = dict(re.findall(r'^:([a-z-]+): "?(.*?)"?$', match[2], re.MULTILINE))
        included = "\n".join(included.split("\n")[int(options.get("start-line", 0)) :])
        if "start-after" in options:
            included = included.split(options["start-after"], 1)[1]
            included = included.split(options["end-before"], 1)[0]
        return included

    return INCLUDE.sub(expand, path.read_text(encoding="utf-8"))


def blocks(markdown: str) -> list[tuple[str, str]]:
    return [(kind, text) for _, kind, text in FENCE.findall(markdown) if kind not in TRANSLATED]


def code(markdown: str) -> list[tuple[str, str]]:
    """Return the blocks without comments and without the name of the page's language."""
    language = re.compile(r',? ?(language=)?"(en|ja)"|_(en|ja)(?=\.)| --lang (en|ja)')
    return [
        (kind, re.sub(r" *# .*", "", language.sub("", text))) for kind, text in blocks(markdown)
    ]


def tables(markdown: str) -> list[tuple[int, int]]:
    """Return the numbers of rows and columns of each table."""
    rows = [table.splitlines() for table in TABLE.findall(FENCE.sub("", markdown))]
    return [(len(lines), lines[1].count("|") - 1) for lines in rows]


def figures(markdown: str) -> list[list[str]]:
    """Return the numbers of two or more digits in each table row; "2 乗誤差" is a word.

    English pages write .45, Japanese ones 0.45.
    """
    rows = re.findall(r"^\|.*\|$", FENCE.sub("", markdown), re.MULTILINE)
    numbers = [re.findall(r"\d[\d,.]*\d", re.sub(r"\b0\.", ".", row)) for row in rows]
    return [sorted(row) for row in numbers]


def images(markdown: str) -> list[str]:
    paths = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", markdown)
    return [re.sub(r"-(en|ja)(?=\.)", "", path) for path in paths]


def anchors(markdown: str) -> list[str]:
    """Return the explicit anchors, in order: ``(name)=`` on a line of its own."""
    return re.findall(r"^\((\S+)\)=$", FENCE.sub("", markdown), re.MULTILINE)


def test_both_languages_have_the_same_pages():
    assert page_names("ja") == PAGES and len(PAGES) > 20


@pytest.mark.parametrize("read", [code, tables, images, anchors])
@pytest.mark.parametrize("name", PAGES)
def test_both_languages_have_the_same(read, name):
    """Compare code, tables, images and anchors; headings and sentences may differ."""
    assert read(page("ja", name)) == read(page("en", name))


@pytest.mark.parametrize(
    "name", ["benchmarks.md", "choosing.md", "accuracy.md", "manual.md", "cost.md"]
)
def test_both_languages_have_the_same_figures_in_tables(name):
    assert figures(page("ja", name)) == figures(page("en", name))


@pytest.mark.parametrize("read", [code, tables, images])
def test_both_readmes_have_the_same(read):
    english, japanese = (path.read_text(encoding="utf-8") for path in READMES)
    assert read(japanese) == read(english)


def run_blocks(markdown: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = otowake.load(otowake.demo_path(), duration=4)
    soundfile.write(folder / "song.mp3", demo.samples.T, demo.rate)
    monkeypatch.chdir(folder)
    scope: dict[str, object] = {}
    for kind, text in blocks(markdown):
        if kind == "python":
            exec(compile(text, "block", "exec"), scope)


def with_python(paths: list[Path]) -> list[Path]:
    return [path for path in paths if "```python" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize(
    "path",
    with_python([ROOT / "README.md", *(DOCS / "en" / name for name in PAGES)]),
    ids=lambda path: path.name,
)
def test_python_on_the_pages_runs(path, tmp_path, monkeypatch, capsys):
    """Run the English pages; the Japanese pages have the same blocks."""
    run_blocks(path.read_text(encoding="utf-8"), tmp_path, monkeypatch)


def test_the_reference_has_every_public_name_and_the_options_every_spec():
    reference = "".join(page("en", name) for name in PAGES if name.startswith("reference/"))
    documented = set(re.findall(r"auto\w+:: otowake\.(\w+)$", reference, re.MULTILINE))
    assert documented >= {*otowake.__all__, *otowake.NEEDS_EXTRA} - {"__version__", "plot"}
    assert set(re.findall(r"auto\w+:: otowake\.plot\.(\w+)", reference)) == set(
        otowake.plot.__all__
    )
    specs = set(re.findall(r"\{options\} (\w+)", page("en", "options.md")))
    assert specs == {
        spec.__name__
        for spec in (
            *(spec for _, spec in GROUPS),
            EvaluationSpec,
            ServeSpec,
            ArchiveSpec,
            LearnSpec,
        )
    }
