"""
What the pages that paysim makes share: how they look, and how they have charts drawn.

A report holds these texts; the live page is served them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).parent


def style() -> str:
    """
    Return the style sheet that stands before a page's own.
    """
    return (_FOLDER / "base.css").read_text(encoding="utf-8")


def drawing(snippet: str) -> str:
    """
    Return a script with `embed` and `hasNames` of `drawing.js` before it.

    Args:
        snippet: The script, to be given to `paysim.plotting.scripts.drawing_script`.
    """
    return f"{(_FOLDER / 'drawing.js').read_text(encoding='utf-8')}\n{snippet}"
