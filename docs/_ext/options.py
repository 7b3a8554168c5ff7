"""Define the directive ``options``: a table of the options of a spec."""

from dataclasses import MISSING, fields

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import otowake.options
from otowake.text import Text

HEADINGS = (
    Text("Option", "設定"),
    Text("Meaning", "意味"),
    Text("Must be", "値"),
    Text("Default", "既定"),
)


class Options(SphinxDirective):
    """``{options} FitSpec``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        language = "ja" if self.config.language == "ja" else "en"
        spec = getattr(otowake.options, self.arguments[0])
        defaults = {f.name: f.default for f in fields(spec)}
        lines = [
            "| " + " | ".join(words.format(language) for words in HEADINGS) + " |",
            "|---|---|---|---|",
        ]
        for name, constraint in spec.constraints().items():
            default = defaults[name]
            flag = name.replace("_", "-")
            shown = f"`--{flag}`" + (f", `--no-{flag}`" if constraint.kind is bool else "")
            shown += f"<br>`{name}`" if name != flag else ""
            words = [constraint.help.format(language), constraint.must_be().format(language)]
            value = "–" if default in (None, MISSING) else f"`{default}`"
            lines.append("| " + " | ".join([shown, *words, value]) + " |")
        return self.parse_text_to_nodes("\n".join(lines))


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("options", Options)
    return {"parallel_read_safe": True}
