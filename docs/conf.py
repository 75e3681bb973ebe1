"""Sphinx configuration: ``make docs``."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

from django_metrics_statsd import __version__  # noqa: E402

project = "django-metrics-statsd"
author = "The django-metrics-statsd maintainers"
project_copyright = author
version = release = __version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "settings_page"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_title = f"{project} {version}"
html_copy_source = False
html_show_sphinx = False

default_role = "code"
highlight_language = "python"
smartquotes = False  # quotes in these pages are the code's
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
# Signatures name types that have no page here: Python's and Django's, and our own inner ones.
nitpick_ignore_regex = [
    ("py:.*", r"(?!django_metrics_statsd\.).*"),
    ("py:.*", r"django_metrics_statsd\..*\.(P|R|TagsIn|Pipeline|_Timing|Record)"),
]
