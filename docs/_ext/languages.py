"""Connect the two languages of the site page by page.

Pages whose headings have the same levels share their anchors; explicit anchors, ``(name)=``, are
the same in both languages, which a test holds. Every page links to its translation, and the search
splits Japanese text.
"""

import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.search.ja import BaseSplitter

WIDE = re.compile(r"[、-ヿ㐀-鿿！-～①-⑳]")
RUN = re.compile(r"[一-鿿々ァ-ヶー]+|[A-Za-z0-9_]+")


class Words(BaseSplitter):
    """Split Japanese text into runs of kanji and katakana and into pairs of their characters.

    The search box treats its input as one word, so compounds must stay whole.
    """

    def split(self, input: str) -> list[str]:
        runs = RUN.findall(input)
        pairs = [run[i : i + 2] for run in runs if not run.isascii() for i in range(len(run) - 1)]
        return [*runs, *pairs]


def headings(page: Path) -> list[tuple[int, str]]:
    """Return the level and the text of each heading of a Markdown page."""
    result, fence = [], ""
    for line in page.read_text(encoding="utf-8").splitlines():
        mark = re.match(r"(`{3,}|:{3,})", line)
        if mark:
            fence = "" if fence and mark[1].startswith(fence) else fence or mark[1]
        heading = re.match(r"(#{1,6}) +(.+)", line)
        if heading and not fence:
            result.append((len(heading[1]), heading[2].strip()))
    return result


def join_lines(app: Sphinx, doctree: nodes.document) -> None:
    """Remove line ends between Japanese characters; browsers show them as spaces."""
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
    """Give the headings of a Japanese page the anchors of the English page.

    Pages whose headings differ in number or level keep their own anchors.
    """
    english = Path(app.srcdir).parent / "en" / f"{app.env.docname}.md"
    japanese = Path(app.srcdir) / f"{app.env.docname}.md"
    if app.config.language != "ja" or not (english.exists() and japanese.exists()):
        return
    sections = list(doctree.findall(nodes.section))
    words = [words for _, words in headings(english)]
    levels = [[level for level, _ in headings(path)] for path in (english, japanese)]
    if len(sections) != len(words) or levels[0] != levels[1]:
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
    """Tell the template where the translation of a page is."""
    other = "en" if app.config.language == "ja" else "ja"
    above = "../" * (page.count("/") + 1)
    context["other_language"] = other
    context["other_page"] = f"{above}{other}/{page}.html"


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", share_anchors, priority=100)
    app.connect("doctree-read", join_lines)
    app.connect("html-page-context", other_page)
    return {"parallel_read_safe": True}
