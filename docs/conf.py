"""How the documents are built: Markdown by MyST, the reference from docstrings, nothing from the network."""

from assay import __version__

project = "Assay"
author = "The Assay authors"
copyright = "the Assay authors, Apache-2.0"  # noqa: A001 -- Sphinx wants this name
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
myst_heading_anchors = 3

napoleon_google_docstring = False
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
default_role = "code"  # our docstrings write `name`

html_theme = "furo"
html_title = "Assay"
html_copy_source = False
