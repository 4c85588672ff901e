"""How Sphinx builds these pages: `make docs`."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

import limpyd  # noqa: E402 - it is found where the lines above say

project = "limpyd"
author = "the authors of limpyd"
copyright = "the authors of limpyd"  # noqa: A001 - the name that Sphinx asks for
version = release = limpyd.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton", "tools.api_reference"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_heading_anchors = 3
nitpicky = True
# Aliases that annotations name as texts.
nitpick_ignore = [("py:class", alias) for alias in ("NewScore", "Repair", "Source", "Sources")]
default_role = "code"

html_theme = "furo"
html_title = f"limpyd {release}"
html_static_path: list[str] = []
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
