"""
What a page that draws charts needs: the script that draws, and JSON that can stand inside a script.
"""

from __future__ import annotations

import functools
from typing import Final

import altair
import vl_convert

from paysim.errors import PaysimError

VERSION: Final = ".".join(altair.SCHEMA_VERSION.lstrip("v").split(".")[:2])
"""Version of Vega-Lite that Altair writes."""

_ESCAPES: Final = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


@functools.cache
def drawing_script(snippet: str) -> str:
    """
    Return a script with all that it imports, of the libraries that draw; it takes seconds to make.

    Args:
        snippet: The script, for which Vega, Vega-Lite and Vega-Embed are there.

    Raises:
        PaysimError: What the libraries give cannot stand inside a `<script>`.
    """
    script = str(vl_convert.javascript_bundle(snippet, vl_version=VERSION))
    if "</script" in script.lower() or "<!--" in script:
        raise PaysimError("the script of vl-convert cannot stand inside a page: update paysim")
    return script


def in_script(text: str) -> str:
    """
    Return JSON that can stand inside a `<script>`, whatever texts it holds.

    What could end the element, begin another or end a line of JavaScript is written as escapes.
    """
    return text.translate(_ESCAPES)
