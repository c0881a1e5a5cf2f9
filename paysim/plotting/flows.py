"""
The matrix of bilateral flows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import altair as alt
import polars as pl

from paysim.plotting import style
from paysim.plotting.reading import PLACES, Group, Unit, exact_sum, frame, weights_of

if TYPE_CHECKING:
    from altair.typing import ChartType

    from paysim.results import Results

NUMBERS_MAX: Final = 10
"""Agents up to which each cell holds its number."""

_NAME = "bilateral_flows"
_LEGEND_WIDTH = 150
_CHARACTER = 5.5
# Of the largest value; on a scale by the square root this is the middle, where grey is dark.
_DARK = 0.3


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
    others = pl.lit(group.others)
    of_sender, of_receiver = (
        pl.when(pl.col(column) == group.rest).then(others).otherwise(1)
        for column in ("sender", "receiver")
    )
    among = (pl.col("sender") == group.rest) & (pl.col("receiver") == group.rest)
    count = pl.when(among).then(others * (others - 1)).otherwise(of_sender * of_receiver)
    cells = (
        pairs.with_columns(sender=group.label("sender_id"), receiver=group.label("receiver_id"))
        .group_by("sender", "receiver")
        .agg(exact_sum("settled_value"))
        .select("sender", "receiver", value=pl.col("settled_value").cast(pl.Float64) / count)
        .sort("sender", "receiver")
    )
    largest = max(cells["value"])
    unit = Unit.of([largest])
    rows = cells.with_columns(unit.column("value"))
    labels = group.all_labels()
    room = style.WIDTH - _LEGEND_WIDTH - _CHARACTER * max(map(len, labels))
    size = max(14, min(48, int(room) // len(labels)))
    scale = alt.Scale(domain=labels)
    x = alt.X(
        "receiver:N",
        title="Receiver",
        scale=scale,
        axis=alt.Axis(orient="top", labelAngle=-60, ticks=False, domain=False),
    )
    y = alt.Y("sender:N", title="Sender", scale=scale, axis=alt.Axis(ticks=False, domain=False))
    colour = alt.Color(
        "value:Q",
        title=["Settled value", f"({unit.name})"],
        scale=alt.Scale(type="sqrt", scheme="cividis", reverse=True, domainMin=0),
        legend=alt.Legend(orient="right", direction="vertical", gradientLength=180, tickCount=5),
    )
    base = alt.Chart(rows).encode(x=x, y=y)
    layers = [
        base.mark_rect(stroke="white", strokeWidth=0.5).encode(
            color=colour, tooltip=["sender:N", "receiver:N", "value:Q"]
        )
    ]
    if len(labels) <= NUMBERS_MAX:
        is_dark = f"datum.value > {round(largest / unit.scale * _DARK, PLACES)}"
        layers.append(
            base.mark_text(fontSize=10).encode(
                text=alt.Text("value:Q", format=",.4~r" if unit.scale == 1 else ",.3~r"),
                color=alt.condition(is_dark, alt.value("white"), alt.value("black")),
            )
        )
    chart = alt.layer(*layers).properties(width=size * len(labels), height=size * len(labels))
    return style.finished(chart, _NAME, fits=False)
