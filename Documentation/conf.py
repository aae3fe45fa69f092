# SPDX-License-Identifier: GPL-2.0-only
"""Sphinx: see scripts/doc."""
# pylint: disable=invalid-name

project = "smbsign"
author = "The smbsign authors"
root_doc = "index"
html_theme = "alabaster"
html_copy_source = False
highlight_language = "none"
smartquotes = False
nitpicky = True
