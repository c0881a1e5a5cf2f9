"""
How all charts look: colours, fonts, sizes, and the chart that says that there is nothing to draw.

Colours of categories are those of Okabe and Ito (2008), which the colour-blind tell apart, yellow
last as it is faint on paper; matrices use cividis (Nuñez, Anderton and Renslow 2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import altair as alt

from paysim.plotting.kinds import KINDS

if TYPE_CHECKING:
    from altair.typing import ChartType

WIDTH: Final = 680
"""Width of a chart with its axes in pixels: 180 mm, which fits on A4 upright."""

HEIGHT: Final = 340

COLOURS: Final = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#E69F00",
    "#000000",
    "#F0E442",
)

DASHES: Final = ((1, 0), (6, 3), (2, 2), (8, 3, 2, 3), (4, 4), (10, 2), (1, 3), (12, 3, 2, 3, 2, 3))

GREY: Final = "#767676"
"""Of what is for comparison; dark enough to be read as text."""

PALE: Final = "#D9D9D9"

_INK = "#222222"
_FONT = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
_WRAP = 105
_CHARACTER = 6.2


def config() -> dict[str, Any]:
    """
    Return the Vega-Lite configuration that every chart carries, as a dict of one's own.

    To restyle a chart, change what of it you like: `chart.configure(**config() | {...})`.
    """
    return {
        "background": "white",
        "font": _FONT,
        "view": {"stroke": None},
        "title": {
            "anchor": "start",
            "frame": "bounds",
            "color": _INK,
            "fontSize": 14,
            "subtitleColor": GREY,
            "subtitleFontSize": 11,
            "subtitlePadding": 4,
            "offset": 10,
        },
        "axis": {
            "labelColor": _INK,
            "titleColor": _INK,
            "labelFontSize": 10,
            "titleFontSize": 11,
            "titleFontWeight": "normal",
            "titlePadding": 8,
            "gridColor": "#E5E5E5",
            "domainColor": GREY,
            "tickColor": GREY,
            "labelLimit": 200,
        },
        "legend": {
            "orient": "top",
            "direction": "horizontal",
            "labelColor": _INK,
            "titleColor": _INK,
            "labelFontSize": 11,
            "titleFontSize": 11,
            "titleFontWeight": "normal",
            "labelLimit": 200,
            "symbolStrokeWidth": 2,
        },
        "header": {
            "labelColor": _INK,
            "labelFontSize": 11,
            "labelAnchor": "start",
            "labelLimit": 190,
            "titleColor": _INK,
        },
        "line": {"strokeWidth": 1.5},
        "range": {"category": list(COLOURS)},
    }


def finished(
    chart: Any,
    name: str,
    notes: Sequence[str] = (),
    fits: bool = True,
    scale: int | None = None,
) -> ChartType:
    """
    Return a chart with its title, its notes below the title, its size and the configuration.

    Args:
        chart: What is drawn.
        name: Name of its kind.
        notes: Sentences on what a point is; each begins a line.
        fits: Whether the width is that of the whole chart; a chart of panels has its own.
        scale: How many minor units one unit of its data is, to be noted in the specification.
    """
    lines = [line for note in notes for line in _wrapped(note)]
    title = alt.TitleParams(KINDS[name].title, subtitle=lines or alt.Undefined)
    chart = chart.properties(title=title)
    if fits:
        chart = chart.properties(
            width=WIDTH, autosize=alt.AutoSizeParams(type="fit-x", contains="padding")
        )
    if scale is not None:
        chart = chart.properties(usermeta={"scale": scale})
    configured: ChartType = chart.configure(**config())
    return configured


def message(name: str, text: str) -> ChartType:
    """
    Return the chart that says that there is nothing to draw.
    """
    chart = (
        alt.Chart(alt.InlineData(values=[{"text": text}]))
        .mark_text(fontSize=14, color=GREY)
        .encode(text="text:N")
        .properties(height=160)
    )
    return finished(chart, name)


def scale(labels: Sequence[str], values: Sequence[Any] = COLOURS) -> alt.Scale:
    """
    Return the scale that gives each label its colour or dash, over again if they are many.
    """
    return alt.Scale(
        domain=list(labels), range=[values[i % len(values)] for i in range(len(labels))]
    )


def columns(labels: Sequence[str]) -> int:
    """
    Return how many labels of a legend stand side by side.
    """
    widest = max(map(len, labels), default=1)
    return max(1, min(len(labels), int((WIDTH - 100) / (widest * _CHARACTER + 45))))


def _wrapped(text: str) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > _WRAP:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return lines
