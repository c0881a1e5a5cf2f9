"""
The queues and the settlements over time.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

import altair as alt
import polars as pl

from paysim.plotting import style
from paysim.plotting.reading import Unit, check_results, frame, sums
from paysim.plotting.ticks import Span, bars, note, thinned

if TYPE_CHECKING:
    from altair.typing import ChartType

    from paysim.results import Results

QUEUES: Final = {"internal": "held by agents", "central": "in the central queue"}

POINTS: Final = 800

BARS_MAX: Final = 100


def queue_value(results: Results, day: int | None = None) -> ChartType:
    """
    Return the chart of the value in the internal queues and in the central queue, in minor units.

    Args:
        results: The run.
        day: The day to show; all of them if absent.

    Raises:
        ScenarioError: There is no such day.
    """
    name = "queue_value"
    columns = [f"{queue}_queue_value" for queue in QUEUES]
    ticks = frame(results, "ticks", ["tick", *columns], day)
    if ticks.is_empty():
        return style.message(name, "No tick has been run")
    if not any(ticks[column].cast(pl.Boolean).any() for column in columns):
        return style.message(name, "Nothing has waited in a queue at the end of a tick")
    span = Span.of(results, ticks)
    labels = list(QUEUES.values())
    long = ticks.rename(dict(zip(columns, labels, strict=True))).unpivot(
        labels, index="tick", variable_name="queue"
    )
    rows, width = thinned(long, span, "value", POINTS, ["queue"])
    unit = Unit.of(rows["value"])
    data = rows.with_columns(unit.column("value"))
    return queues_chart(data, span.x(), unit.name, note(width), unit.scale)


def queues_chart(data: Any, x: alt.X, unit: str, notes: list[str], scale: int | None) -> ChartType:
    """
    Return the chart of the value in the queues.

    Args:
        data: Rows with `tick`, `queue` and `value`.
        x: The axis of ticks.
        unit: Name of the unit of the values.
        notes: Sentences that stand below the title.
        scale: How many minor units one unit of the data is.
    """
    labels = list(QUEUES.values())
    colour = alt.Color(
        "queue:N",
        title=None,
        scale=style.scale(labels),
        legend=alt.Legend(symbolType="stroke", symbolSize=400, symbolOpacity=1),
    )
    dash = alt.StrokeDash("queue:N", title=None, scale=style.scale(labels, style.DASHES))
    y = alt.Y("value:Q", title=f"Value at the end of the tick ({unit})", stack=None)
    base = alt.Chart(data).encode(x=x, y=y, color=colour)
    areas = base.mark_area(interpolate="step-after", opacity=0.15)
    lines = base.mark_line(interpolate="step-after").encode(
        strokeDash=dash, tooltip=["queue:N", "tick:Q", "value:Q"]
    )
    chart = alt.layer(areas, lines).properties(height=style.HEIGHT)
    return style.finished(chart, "queue_value", notes, scale=scale)


def settlements_by_means(results: Results, day: int | None = None) -> ChartType:
    """
    Return the chart of the value that settled in every so many ticks, by means, in minor units.

    Args:
        results: The run.
        day: The day to show; all of them if absent.

    Raises:
        ScenarioError: There is no such day.
    """
    check_results(results)
    name = "settlements_by_means"
    means = means_of(results.ticks.column_names)
    columns = [f"{each}_value" for each in means]
    ticks = frame(results, "ticks", ["tick", *columns], day)
    occurring = [each for each in means if ticks[f"{each}_value"].cast(pl.Boolean).any()]
    if not occurring:
        return style.message(name, "No transaction has settled")
    span = Span.of(results, ticks)
    width = bars(span, BARS_MAX)
    per_day = span.ticks_per_day
    tick = pl.col("tick")
    whole_days = max(1, width // per_day)
    start = (tick - span.first) // (per_day * whole_days) * per_day * whole_days + span.first
    if width < per_day:
        start += tick % per_day // width * width
    columns = [f"{each}_value" for each in occurring]
    buckets = sorted(sums(ticks, columns, [start.alias("start")]).items())
    ends = [tick for tick, _ in buckets[1:]] + [span.end]
    unit = Unit.of(sum(values) for _, values in buckets)
    labels = [each.replace("_", " ") for each in occurring]
    bricks = [
        (label, first, end, unit.number(value), unit.number(top - value), unit.number(top))
        for (first, values), end in zip(buckets, ends, strict=True)
        for label, value, top in zip(labels, values, itertools.accumulate(values), strict=True)
        if value
    ]
    names = ["means", "start", "end", "value", "from", "to"]
    rows = pl.DataFrame(bricks, schema=names, orient="row", infer_schema_length=None)
    title = "Settled value per tick" if width == 1 else f"Settled value per {width:,} ticks"
    colours = [style.COLOURS[means.index(each) % len(style.COLOURS)] for each in occurring]
    scale = alt.Scale(domain=labels, range=colours)
    return means_chart(rows, scale, span.x("start"), f"{title} ({unit.name})", unit.scale)


def means_chart(
    data: Any, colours: alt.Scale, x: alt.X, title: str, scale: int | None
) -> ChartType:
    """
    Return the chart of what settled, by means.

    Args:
        data: Rows with `means`, `start`, `end`, `value`, and `from` and `to` of the stack.
        colours: The colour of each of the means.
        x: The axis of ticks.
        title: What stands at the other axis.
        scale: How many minor units one unit of the data is.
    """
    colour = alt.Color("means:N", title=None, scale=colours)
    chart = (
        alt.Chart(data)
        .mark_bar(stroke="white", strokeWidth=0.3, binSpacing=0)
        .encode(
            x=x,
            x2="end:Q",
            y=alt.Y("from:Q", title=title),
            y2="to:Q",
            color=colour,
            tooltip=["means:N", "start:Q", "value:Q"],
        )
        .properties(height=style.HEIGHT)
    )
    return style.finished(chart, "settlements_by_means", scale=scale)


def means_of(columns: list[str]) -> list[str]:
    """
    Return the means of settlement that the columns of the ticks tell apart, in their order.
    """
    first, last = columns.index("settled_value"), columns.index("internal_queue_volume")
    names = [column for column in columns[first + 1 : last] if column.endswith("_value")]
    return [name.removesuffix("_value") for name in names]
