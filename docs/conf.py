"""The documentation site: `make docs` builds it without a network, executes every cell, and takes warnings for errors."""

from __future__ import annotations

import sys
from pathlib import Path

import tutelage

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "tutelage"
author = "the tutelage developers"
copyright = "the tutelage developers"
version = release = tutelage.__version__
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "mathml",
    "pages",
]
exclude_patterns = ["_build", "_ext"]
nitpicky = False

html_theme = "furo"
html_title = "tutelage"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
# Nothing is fetched by a reader's browser.
html_theme_options = {"source_view_link": "", "source_edit_link": ""}

myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist"]
myst_heading_anchors = 3
myst_dmath_double_inline = True
# "science-3a" is an anchor of its own; links between pages are checked by tests/test_pages.py too.
suppress_warnings = ["myst.xref_ambiguous"]

nb_execution_mode = "cache"
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_merge_streams = True

autosummary_generate = False
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
