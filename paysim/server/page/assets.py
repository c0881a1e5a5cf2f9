"""
The live page: its files, and the scenarios that it offers.

The page is a handful of files without a build step. All but the first are served under a name that
changes with what they hold, so that a browser may keep them for good.
"""

from __future__ import annotations

import functools
import hashlib
import html
import json
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import attrs

from paysim import __version__, looks
from paysim.errors import ScenarioError
from paysim.loading import load_scenario, loads_scenario
from paysim.server.page import charts

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""The content security policy of the page: its own files, and nothing that comes as text."""

MEDIA_TYPES: Final = {".css": "text/css", ".js": "text/javascript"}

_FOLDER: Final = Path(__file__).parent
_INLINED: Final = "# As read from the file: a scenario that comes over HTTP reads none.\n"
_READS_FILE: Final = re.compile(r"^transactions:\n(?:[ \t].*\n|\n)+", re.MULTILINE)


@attrs.frozen
class Assets:
    """
    The files of the page.

    Attributes:
        version: Name of the folder that they are served from, which changes with them.
        files: What each holds, by name.
        page: The page itself.
    """

    version: str
    files: Mapping[str, bytes]
    page: bytes


@functools.cache
def assets() -> Assets:
    """
    Read the files of the page, once.
    """
    found = {"base.css": looks.style().encode()} | {
        path.name: path.read_bytes()
        for path in sorted(_FOLDER.iterdir())
        if path.suffix in MEDIA_TYPES
    }
    digest = hashlib.sha256()
    for name, content in found.items():
        digest.update(f"{name} {len(content)} ".encode() + content)
    folder = digest.hexdigest()[:16]
    page = (_FOLDER / "page.html").read_text(encoding="utf-8")
    script = charts.script_name()
    for mark, text in (
        ("FOLDER", f"/page/{folder}"),
        ("SCRIPT", f"/page/{script}" if script else ""),
        ("MISSING", charts.missing()),
        ("VERSION", __version__),
    ):
        page = page.replace(f"[[{mark}]]", html.escape(text))
    return Assets(folder, found, page.encode())


@functools.cache
def shipped() -> list[dict[str, str]]:
    """
    Return the scenarios that come with paysim, each as a text that can be sent to the service.
    """
    folder = Path(str(files("paysim") / "shipped"))
    found = []
    for path in sorted(folder.glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        try:
            loads_scenario(text, path.name)
        except ScenarioError:
            text = _inlined(path, text)
        found.append({"name": path.stem, "title": _question(text), "text": text})
    return found


def _head(text: str) -> list[str]:
    """
    Return the lines of the comment with which a text begins.
    """
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line)
    return lines


def _question(text: str) -> str:
    """
    Return the first paragraph of the comment with which a scenario begins.
    """
    words = []
    for line in _head(text):
        said = line.lstrip("#").strip()
        if not said:
            break
        words.append(said)
    return " ".join(words)


def _inlined(path: Path, text: str) -> str:
    """
    Return the text of a scenario that reads a file beside it, with what the file holds in it.
    """
    scenario = load_scenario(path).to_dict()
    rows = "".join(
        # JSON is YAML as well.
        f"  - {json.dumps(_terse(row), ensure_ascii=False)}\n"
        for row in scenario["transactions"]
    )
    times = "".join(f"{key}: {scenario[key]}\n" for key in ("ticks_per_day", "num_days"))
    return _READS_FILE.sub(lambda _: f"{times}\n{_INLINED}transactions:\n{rows}\n", text)


def _terse(row: dict[str, Any]) -> dict[str, Any]:
    """
    Return a transaction without what is at its default.
    """
    defaults = {"priority": 5, "divisible": True}
    return {key: value for key, value in row.items() if defaults.get(key) != value}
