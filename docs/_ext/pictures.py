"""Build the gallery: examples in the language of the site, with their figures and sounds.

Texts in an example are English up to a line ``ja:`` and Japanese from there on. The gallery shows
the figure named `figure` and the sounds in the dictionary `sounds` after each block of code.
"""

import base64
import io
import re
from html import escape
from pathlib import Path

import soundfile
from sphinx.application import Sphinx
from sphinx_gallery.scrapers import figure_rst

EXAMPLES = Path(__file__).parents[2] / "examples"
TEXT = re.compile(r'\A"""\n.*?^"""$|^# %%\n(?:^#[^\n]*\n)+', re.MULTILINE | re.DOTALL)
SECOND = re.compile(r"^(?:# )?ja:\n", re.MULTILINE)


def in_language(source: str, language: str) -> str:
    """Return an example with its texts in one language.

    >>> in_language('# %%\\n# Hear.\\n#\\n# ja:\\n#\\n# 聞く。\\nLANGUAGE = "en"\\n', "ja")
    '# %%\\n#\\n# 聞く。\\nLANGUAGE = "ja"\\n'
    """

    def select(match: re.Match[str]) -> str:
        english, japanese = SECOND.split(match[0])
        if language == "ja":
            return ("# %%\n" if match[0].startswith("#") else '"""\n') + japanese
        return english if match[0].startswith("#") else english + '"""'

    return TEXT.sub(select, source).replace('LANGUAGE = "en"', f'LANGUAGE = "{language}"')


def write_examples(app: Sphinx, config) -> None:
    """Write changed examples to the folder that the gallery reads."""
    folder = Path(app.srcdir) / "_examples"
    folder.mkdir(exist_ok=True)
    for path in [*EXAMPLES.glob("plot_*.py"), EXAMPLES / f"GALLERY_HEADER.{config.language}.rst"]:
        target = folder / path.name.replace(f".{config.language}.", ".")
        words = path.read_text(encoding="utf-8")
        words = in_language(words, config.language) if path.suffix == ".py" else words
        if not target.exists() or target.read_text(encoding="utf-8") != words:
            target.write_text(words, encoding="utf-8")


def scraped(block, block_vars: dict, gallery_conf: dict) -> str:
    """Return the output of a block of an example as reStructuredText."""
    made = block_vars["example_globals"]
    figure, sounds = made.pop("figure", None), made.pop("sounds", {})
    rst = ""
    if figure is not None:
        path = next(block_vars["image_path_iterator"])
        figure.savefig(path)
        rst += figure_rst([path], gallery_conf["src_dir"])
    if sounds:
        rows = "".join(
            f"<span>{escape(name)}</span>{player(audio)}" for name, audio in sounds.items()
        )
        rst += f"\n.. raw:: html\n\n    <div class='sounds'>{rows}</div>\n\n"
    return rst


def player(audio) -> str:
    """Return an audio player with embedded sound."""
    content = io.BytesIO()
    soundfile.write(content, audio.samples.T, audio.rate, format="OGG")
    data = base64.b64encode(content.getvalue()).decode()
    return f"<audio controls preload='metadata' src='data:audio/ogg;base64,{data}'></audio>"


def download_links(app: Sphinx, page: str, source: list[str]) -> None:
    """Translate the gallery's own labels, which sphinx-gallery has in English only."""
    if app.config.language == "ja" and page.startswith("gallery/"):
        source[0] = source[0].replace(
            "Download Python source code:", "Python のコードをダウンロード:"
        )
        source[0] = source[0].replace("Download Jupyter notebook:", "ノートブックをダウンロード:")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("config-inited", write_examples, priority=100)
    app.connect("source-read", download_links)
    return {"parallel_read_safe": True}
