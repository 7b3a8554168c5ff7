"""Resolve references to ``otowake.types`` and ``otowake.options`` to public names."""

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

PACKAGES = ("otowake.types.", "otowake.options.")


def resolve_public_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.Element
) -> nodes.Element | None:
    """Look up ``otowake.Name`` for a reference to ``otowake.types.Name``."""
    target = node.get("reftarget", "")
    package = next((package for package in PACKAGES if target.startswith(package)), None)
    if package is None or node.get("refdomain") != "py":
        return None
    public = "otowake." + target.removeprefix(package)
    domain = env.domains["py"]
    return domain.resolve_xref(
        env, node["refdoc"], app.builder, node["reftype"], public, node, content
    )


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("missing-reference", resolve_public_name)
    return {"parallel_read_safe": True}
