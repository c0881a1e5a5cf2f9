"""
Settings of Sphinx, for `make docs`.
"""

project = "paysim"
extensions = ["myst_parser"]
html_theme = "furo"
exclude_patterns = ["examples"]
myst_heading_anchors = 3
