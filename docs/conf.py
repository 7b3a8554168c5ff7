"""Configure the documentation site.

`scripts/docs` builds docs/en, and docs/ja with the tag `ja`.
"""

import sys
from pathlib import Path

DOCS = Path(__file__).parent
sys.path[:0] = [str(DOCS / "_ext"), str(DOCS.parent / "src")]

import otowake  # noqa: E402

language = "ja" if tags.has("ja") else "en"  # noqa: F821 - Sphinx puts `tags` here
project = "otowake 音分け"
author = "The otowake developers"
copyright = author
version = release = otowake.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "formulas",
    "languages",
    "options",
    "packages",
    "pictures",
]
exclude_patterns = ["_*", "gallery/*.py", "gallery/*.ipynb", "gallery/*.md5"]
nitpicky = True
default_role = "code"
# Other projects' names are not looked up: nothing is fetched while the site is built.
nitpick_ignore_regex = [("py:.*", r"(?!otowake\b).*"), ("py:.*", r"otowake\.types\.Floats")]

myst_enable_extensions = ["colon_fence", "dollarmath", "deflist"]
myst_heading_anchors = 3
numpydoc_show_class_members = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"
python_display_short_literal_types = True

sphinx_gallery_conf = {
    "examples_dirs": "_examples",  # made by the extension `pictures` from examples/
    "gallery_dirs": "gallery",
    "filename_pattern": r"plot_",
    "image_scrapers": ("pictures.scraped",),
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 1_000_000,
    "write_computation_times": False,
    "remove_config_comments": True,
    "copyfile_regex": "",
    "abort_on_example_error": True,
    "plot_gallery": True,
}

html_theme = "furo"
html_title = "otowake 音分け"
html_static_path = ["_static"]
templates_path = ["_templates"]
html_css_files = ["otowake.css"]
html_js_files = ["languages.js"]
html_copy_source = False
html_math_renderer = "drawn"
html_show_sphinx = False
html_search_options = {"type": "languages.Words"} if language == "ja" else {}
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/languages.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
