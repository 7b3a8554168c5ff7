"""Draw formulas as pictures during the build; readers need no script and no font."""

from html import escape

import ziamath
from docutils import nodes
from sphinx.application import Sphinx

SIZE = 17.0  # pixels


def drawn(node: nodes.Element, *, inline: bool) -> str:
    formula = ziamath.Latex(node.astext(), size=SIZE, color="currentColor", inline=inline)
    down = f"vertical-align: {formula.getyofst():.1f}px" if inline else ""
    named = f'<svg role="img" aria-label="{escape(node.astext(), quote=True)}" style="{down}" '
    return formula.svg().replace("<svg ", named, 1)


def inline(writer, node: nodes.Element) -> None:
    writer.body.append(drawn(node, inline=True))
    raise nodes.SkipNode


def block(writer, node: nodes.Element) -> None:
    writer.body.append(f'<div class="math">{drawn(node, inline=False)}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_html_math_renderer("drawn", (inline, None), (block, None))
    return {"parallel_read_safe": True}
