"""
The matrix of bilateral flows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import altair as alt
import polars as pl

from paysim.plotting import style
from paysim.plotting.reading import PLACES, Group, Unit, frame, sums, weights_of

if TYPE_CHECKING:
    from altair.typing import ChartType

    from paysim.results import Results

NUMBERS_MAX: Final = 10
"""Agents up to which each cell holds its number."""

DARK: Final = 0.3
"""
Share of the largest value above which a cell is dark: on a scale by the square root it is about the
middle.
"""

_NAME = "bilateral_flows"
_LEGEND_WIDTH = 150
_CHARACTER = 5.5


def bilateral_flows(results: Results, day: int | None = None) -> ChartType:
    """
    Return the matrix of the value that settled from each sender to each receiver, in minor units.

    The agents stand by value paid. Of more than 25 agents 20 are shown, and the others as the mean
    over their pairs, so that one cell compares with another.

    Args:
        results: The run.
        day: The day to show; the sum of all if absent.

    Raises:
        ScenarioError: There is no such day.
    """
    columns = ["sender_id", "receiver_id", "settled_value"]
    pairs = frame(results, "bilateral", columns, day).filter(pl.col("settled_value") > 0)
    if pairs.is_empty():
        return style.message(_NAME, "No transaction has settled")
    weights = weights_of(pairs, "settled_value", "sender_id")
    group = Group.of(results, weights, rest="others, mean")
    named = pairs.select(
        "settled_value", sender=group.label("sender_id"), receiver=group.label("receiver_id")
    )
    cells = {
        pair: value / _pairs(group, *pair)
        for pair, (value,) in sorted(sums(named, ["settled_value"], ["sender", "receiver"]).items())
    }
    largest = max(cells.values())
    unit = Unit.of([largest])
    rows = pl.DataFrame(
        [(*pair, unit.number(value)) for pair, value in cells.items()],
        schema=["sender", "receiver", "value"],
        orient="row",
    )
    dark = round(largest / unit.scale * DARK, PLACES)
    return matrix(rows, group.all_labels(), unit.name, str(dark), unit.scale)


def matrix(data: Any, labels: list[str], unit: str, dark: str, scale: int | None) -> ChartType:
    """
    Return the matrix of flows.

    Args:
        data: Rows with `sender`, `receiver` and `value`.
        labels: The agents in their order.
        unit: Name of the unit of the values.
        dark: The value above which a cell is dark, as a Vega expression.
        scale: How many minor units one unit of the data is.
    """
    room = style.WIDTH - _LEGEND_WIDTH - _CHARACTER * max(map(len, labels))
    size = max(14, min(48, int(room) // len(labels)))
    agents = alt.Scale(domain=labels)
    x = alt.X(
        "receiver:N",
        title="Receiver",
        scale=agents,
        axis=alt.Axis(orient="top", labelAngle=-60, ticks=False, domain=False),
    )
    y = alt.Y("sender:N", title="Sender", scale=agents, axis=alt.Axis(ticks=False, domain=False))
    colour = alt.Color(
        "value:Q",
        title=["Settled value", f"({unit})"],
        scale=alt.Scale(type="sqrt", scheme="cividis", reverse=True, domainMin=0),
        legend=alt.Legend(orient="right", direction="vertical", gradientLength=180, tickCount=5),
    )
    base = alt.Chart(data).encode(x=x, y=y)
    layers = [
        base.mark_rect(stroke="white", strokeWidth=0.5).encode(
            color=colour, tooltip=["sender:N", "receiver:N", "value:Q"]
        )
    ]
    if len(labels) <= NUMBERS_MAX:
        is_dark = f"datum.value > {dark}"
        layers.append(
            base.mark_text(fontSize=10).encode(
                text=alt.Text("value:Q", format=",.4~r" if scale == 1 else ",.3~r"),
                color=alt.condition(is_dark, alt.value("white"), alt.value("black")),
            )
        )
    chart = alt.layer(*layers).properties(width=size * len(labels), height=size * len(labels))
    return style.finished(chart, _NAME, fits=False, scale=scale)


def _pairs(group: Group, sender: str, receiver: str) -> int:
    """
    Return how many pairs of agents one cell stands for.
    """
    if sender == receiver:
        return group.others * (group.others - 1)
    return group.others if group.rest in (sender, receiver) else 1
