"""
Charts into files: SVG, PNG, PDF and HTML, without a browser and without a network.
"""

from __future__ import annotations

import html
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import altair
import vl_convert

from paysim.errors import PaysimError, ScenarioError, shown
from paysim.plotting.kinds import SUFFIXES
from paysim.plotting.scripts import VERSION, drawing_script, in_script
from paysim.state_file import as_path, place, replace_file

if TYPE_CHECKING:
    from altair.typing import ChartType

PNG_SCALE: Final = 2
"""Pixels of a PNG per pixel of the chart: sharp on paper at 180 mm."""

_SNIPPET = "window.vegaEmbed = vegaEmbed;"

_REFERRED = re.compile(
    r'(<clipPath id="|<linearGradient id="|url\(#)(clip|gradient_)([0-9]+)("|\))'
)

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline';\
 style-src 'unsafe-inline'; img-src data:; font-src data:">
<title>{title}</title>
<link rel="icon" href="data:,">
</head>
<body>
<div id="chart"></div>
<script>{library}</script>
<script>
vegaEmbed("#chart", {spec}, {{mode: "vega-lite", renderer: "svg", actions: false, ast: true}});
</script>
</body>
</html>
"""


def save(chart: ChartType, path: str | os.PathLike[str]) -> None:
    """
    Save a chart to a file, whose suffix says how: `.svg`, `.png`, `.pdf` or `.html`.

    The file appears whole or not at all, in the place of one that is there. An HTML file holds all
    that it needs and loads nothing.

    Args:
        chart: Any Altair chart whose data are its own.
        path: Where.

    Raises:
        ScenarioError: `chart` is no chart, or `path` is no path or has another suffix.
        PaysimError: The chart cannot be drawn, or the file cannot be written.
    """
    target = checked(path)
    if not isinstance(chart, altair.TopLevelMixin):
        raise ScenarioError(f"chart must be an Altair chart (got {shown(chart)})")
    try:
        content = _WRITERS[target.suffix.lower()](chart.to_dict())
    except (ValueError, altair.utils.schemapi.SchemaValidationError) as error:
        raise PaysimError(f"the chart cannot be drawn: {_reason(error)}") from error
    replace_file(target, [content])


def checked(path: str | os.PathLike[str]) -> Path:
    """
    Return the path of a file that a chart can be saved to, as far as its name tells.

    Raises:
        ScenarioError: It is no path or has another suffix.
    """
    target = as_path(path)
    if target.suffix.lower() not in SUFFIXES:
        raise ScenarioError(
            f"{place(target)}  must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
        )
    return target


def _reason(error: Exception) -> str:
    """
    Return what an error says on one line, without the places in the script that draws.
    """
    lines = [line.strip() for line in str(error).splitlines()]
    return " ".join(line for line in lines if line and not line.startswith("at "))


def _page(spec: dict[str, Any]) -> bytes:
    # What cannot be drawn from its own data would be an empty page.
    _svg(spec)
    title = spec.get("title")
    text = title.get("text") if isinstance(title, dict) else title
    page = _PAGE.format(
        title=html.escape(text if isinstance(text, str) else "chart"),
        library=drawing_script(_SNIPPET),
        spec=in_script(json.dumps(spec, separators=(",", ":"))),
    )
    return page.encode()


def _svg(spec: dict[str, Any]) -> bytes:
    svg = vl_convert.vegalite_to_svg(spec, vl_version=VERSION, allowed_base_urls=[])
    # Vega counts the parts that others refer to over all that a process draws.
    numbers: dict[str, int] = {}

    def renumbered(match: re.Match[str]) -> str:
        number = numbers.setdefault(match[2] + match[3], len(numbers))
        return f"{match[1]}{match[2]}{number}{match[4]}"

    return _REFERRED.sub(renumbered, svg).encode()


def _png(spec: dict[str, Any]) -> bytes:
    return vl_convert.vegalite_to_png(
        spec, vl_version=VERSION, scale=PNG_SCALE, allowed_base_urls=[]
    )


def _pdf(spec: dict[str, Any]) -> bytes:
    return vl_convert.vegalite_to_pdf(spec, vl_version=VERSION, allowed_base_urls=[])


_WRITERS: Final[dict[str, Callable[[dict[str, Any]], bytes]]] = {
    ".svg": _svg,
    ".png": _png,
    ".pdf": _pdf,
    ".html": _page,
}
