"""The documentation site: `nox -s docs` builds it into `build/site`."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

import filterpatterns

project = "filterpatterns"
version = release = filterpatterns.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
templates_path = ["_templates"]
exclude_patterns = ["_templates"]

myst_heading_anchors = 4  # sections have the names that GitHub gives them

default_role = "code"  # what `backticks` mean in docstrings
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
# the docstrings can be read without them
autodoc_mock_imports = [
    "boto3",
    "duckdb",
    "ministack",
    "moto",
    "numpy",
    "polars",
    "pyarrow",
    "pyspark",
]
maximum_signature_line_length = 88

copybutton_prompt_text = "$ "
copybutton_line_continuation_character = "\\"

html_theme = "furo"
html_title = "filterpatterns"
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_context = {"playground": False}  # `-A playground=1` if the site has the page
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "playground-link.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}


def setup(app: Sphinx) -> None:
    """Connect what this project adds."""
    app.connect("doctree-read", _drop_comments)
    app.connect("doctree-read", _show_folders)


def _drop_comments(app: Sphinx, doctree: nodes.document) -> None:
    """Leave out the HTML comments: they are for the tests of the code blocks."""
    for node in list(doctree.findall(nodes.raw)):
        if node.astext().lstrip().startswith("<!--"):
            node.parent.remove(node)


def _show_folders(app: Sphinx, doctree: nodes.document) -> None:
    """Make the name of a folder of the repository of a link to it: the site does not have it."""
    page = Path(doctree["source"])
    for node in list(doctree.findall(pending_xref)):
        if node["reftype"] == "myst" and (page.parent / node["reftarget"]).is_dir():
            node.replace_self(node.children)
