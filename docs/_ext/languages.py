"""Two languages, page for page: the same anchors in both, a link from each page to the other, a search in Japanese."""

import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.search.ja import BaseSplitter

WIDE = re.compile(r"[、-ヿ㐀-鿿！-～①-⑳]")
RUN = re.compile(r"[一-鿿々ァ-ヶー]+|[A-Za-z0-9_]+")


class Words(BaseSplitter):
    """Runs of kanji and katakana, and every two neighbouring characters of them.

    The search in the page takes what is typed as one word, so what a dictionary would part must stay together.
    """

    def split(self, input: str) -> list[str]:
        runs = RUN.findall(input)
        pairs = [run[i : i + 2] for run in runs if not run.isascii() for i in range(len(run) - 1)]
        return [*runs, *pairs]


def headings(page: Path) -> list[tuple[int, str]]:
    """The level and the words of each heading of a page written in Markdown."""
    found, fence = [], ""
    for line in page.read_text(encoding="utf-8").splitlines():
        mark = re.match(r"(`{3,}|:{3,})", line)
        if mark:
            fence = "" if fence and mark[1].startswith(fence) else fence or mark[1]
        heading = re.match(r"(#{1,6}) +(.+)", line)
        if heading and not fence:
            found.append((len(heading[1]), heading[2].strip()))
    return found


def join_lines(app: Sphinx, doctree: nodes.document) -> None:
    """Take away line ends between Japanese characters, which browsers show as spaces."""
    if app.config.language != "ja":
        return
    for element in doctree.findall(nodes.TextElement):
        if isinstance(element, nodes.FixedTextElement):
            continue
        texts = [
            text
            for text in element.findall(nodes.Text)
            if not isinstance(text.parent, nodes.literal)
        ]
        whole = "".join(texts)
        if "\n" not in whole:
            continue
        at = 0
        for text in texts:
            kept = [
                c
                for i, c in enumerate(text, at)
                if not (
                    c == "\n" and WIDE.match(whole[i - 1 : i]) and WIDE.match(whole[i + 1 : i + 2])
                )
            ]
            at += len(text)
            text.parent.replace(text, nodes.Text("".join(kept)))


def share_anchors(app: Sphinx, doctree: nodes.document) -> None:
    """Give the headings of a Japanese page the anchors of the English one."""
    english = Path(app.srcdir).parent / "en" / f"{app.env.docname}.md"
    if app.config.language != "ja" or not english.exists():
        return
    sections = list(doctree.findall(nodes.section))
    words = [words for _, words in headings(english)]
    if len(sections) != len(words):  # a page that takes in another; its headings are that one's
        return
    taken: set[str] = set()
    for section, heading in zip(sections, words, strict=True):
        anchor = nodes.make_id(heading)
        if anchor and anchor not in taken:
            section["ids"] = [anchor, *(name for name in section["ids"] if name != anchor)]
            taken.add(anchor)


def other_page(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Where the same page is in the other language."""
    other = "en" if app.config.language == "ja" else "ja"
    above = "../" * (page.count("/") + 1)
    context["other_language"] = other
    context["other_page"] = f"{above}{other}/{page}.html"


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", share_anchors, priority=100)
    app.connect("doctree-read", join_lines)
    app.connect("html-page-context", other_page)
    return {"parallel_read_safe": True}
