# SPDX-License-Identifier: GPL-2.0-only
"""Sphinx: see scripts/doc."""
# pylint: disable=invalid-name

import pathlib

from docutils import nodes
from sphinx.util import logging

project = "smbsign"
author = "The smbsign authors"
root_doc = "index"
html_theme = "alabaster"
html_theme_options = {"page_width": "1240px", "sidebar_width": "220px",
                      "body_max_width": "none", "font_size": "15px"}
html_static_path = ["style.css"]
html_css_files = ["style.css"]
html_copy_source = False
highlight_language = "none"
smartquotes = False
nitpicky = True


def link_pages(app, doctree):
    """A link to X.rst, as it works where the sources are read, leads to X.html."""
    for link in doctree.findall(nodes.reference):
        page, dot, anchor = link.get("refuri", "").partition(".rst")
        if not dot or "/" in page:
            continue
        if not pathlib.Path(app.srcdir, f"{page}.rst").exists():
            logging.getLogger(__name__).warning("no page %s.rst", page)
        link["refuri"] = f"{page}.html{anchor}"


def setup(app):
    app.connect("doctree-read", link_pages)
