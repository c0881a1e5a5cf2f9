"""
Throughput: how much of a day's value has settled by when.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import altair as alt
import polars as pl

from paysim.plotting import style
from paysim.plotting.reading import PLACES, frame
from paysim.plotting.ticks import Span, note, thinned

if TYPE_CHECKING:
    from altair.typing import ChartType

    from paysim.results import Results

MARKS: Final = (50, 75)
"""Shares, in percent, whose ticks are marked."""

LINES_MAX: Final = 6
"""Days that are lines of their own; of more, the median and the range."""

POINTS: Final = 600

_NAME = "throughput"
_Y = alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1])


def throughput(results: Results, day: int | None = None) -> ChartType:
    """
    Return the chart of the share of each day's value that has settled by the end of each tick.

    The value of a day is what arrived in it and what was unsettled when it opened. Dots mark the
    first ticks at which half and three quarters of it have settled. Up to six days are a line each;
    of more, the median and the range over the days are drawn.

    Args:
        results: The run.
        day: The day to show; all of them if absent.

    Raises:
        ScenarioError: There is no such day.
    """
    frame(results, "ticks", [], day)
    shares = day_shares(results)
    if day is not None:
        shares = shares.filter(pl.col("day") == day)
    if not shares["settled"].cast(pl.Boolean).any():
        return style.message(_NAME, "No transaction has settled")
    days = shares["day"].n_unique()
    if days == 1:
        return _one_day(results, shares)
    return _days(results, shares) if days <= LINES_MAX else _range(results, shares)


def day_shares(results: Results) -> pl.DataFrame:
    """
    Return by tick what of its day's value has arrived and settled so far, and the day's value.

    Columns: `tick`, `tick_of_day`, `day`, `arrived`, `settled`, `due`, the last three in minor
    units; what was unsettled when the day opened counts as arrived. Days without value are left
    out.
    """
    columns = ["arrived_value", "settled_value", "internal_queue_value", "central_queue_value"]
    ticks = frame(results, "ticks", ["tick", "day", *columns], None)
    wide = ticks.with_columns(pl.col(column).cast(pl.Int128) for column in columns)
    unsettled = (pl.col("internal_queue_value") + pl.col("central_queue_value")).shift(1)
    return (
        wide.with_columns(before=unsettled.fill_null(0))
        .with_columns(
            arrived=pl.col("before").first().over("day")
            + pl.col("arrived_value").cum_sum().over("day"),
            settled=pl.col("settled_value").cum_sum().over("day"),
            tick_of_day=pl.col("tick") % results.scenario.ticks_per_day,
        )
        .with_columns(due=pl.col("arrived").last().over("day"))
        .filter(pl.col("due") > 0)
        .select("tick", "tick_of_day", "day", "arrived", "settled", "due")
    )


def reached(shares: pl.DataFrame, percent: int) -> dict[int, int]:
    """
    Return by day the first tick by the end of which so many percent of its value have settled.
    """
    there = shares.filter(pl.col("settled") * 100 >= pl.col("due") * percent)
    first = there.group_by("day").agg(pl.col("tick").min()).sort("day")
    return dict(zip(first["day"], first["tick"], strict=True))


def _share(column: str) -> pl.Expr:
    return (pl.col(column).cast(pl.Float64) / pl.col("due").cast(pl.Float64)).round(PLACES)


def _marks(shares: pl.DataFrame, is_of_day: bool) -> pl.DataFrame:
    """
    Return the points at which the marked shares are reached.
    """
    parts = []
    for percent in MARKS:
        ticks = list(reached(shares, percent).values())
        part = shares.filter(pl.col("tick").is_in(ticks)).with_columns(mark=pl.lit(percent))
        parts.append(part)
    rows = pl.concat(parts)
    tick = pl.col("tick_of_day" if is_of_day else "tick")
    return rows.select(
        tick.alias("tick"),
        pl.format("day {}", "day").alias("day"),
        _share("settled").alias("share"),
        (pl.col("mark") / 100).alias("rule"),
        pl.format("{} % at tick {}", "mark", tick).alias("text"),
    )


def _rules() -> Any:
    rows = pl.DataFrame({"share": [percent / 100 for percent in MARKS]})
    marked = alt.Chart(rows).mark_rule(color=style.GREY, strokeDash=[4, 4], strokeWidth=1)
    return marked.encode(y=alt.Y("share:Q"))


def _y() -> alt.Y:
    return alt.Y(
        "share:Q", title="Share of the day's value", scale=alt.Scale(domain=[0, 1]), axis=_Y
    )


def _one_day(results: Results, shares: pl.DataFrame) -> ChartType:
    span = Span.of(results, shares)
    labels = {"settled": "settled", "arrived": "arrived"}
    long = shares.select("tick", *(_share(column).alias(column) for column in labels)).unpivot(
        list(labels), index="tick", variable_name="curve", value_name="share"
    )
    rows, width = thinned(long, span, "share", POINTS, ["curve"])
    legend = alt.Legend(symbolType="stroke", symbolSize=400)
    scale = style.scale(list(labels), (style.COLOURS[0], style.GREY))
    lines = (
        alt.Chart(rows)
        .mark_line(interpolate="step-after")
        .encode(
            x=span.x(),
            y=_y(),
            color=alt.Color("curve:N", title=None, scale=scale, legend=legend),
            strokeDash=alt.StrokeDash(
                "curve:N", title=None, scale=style.scale(list(labels), style.DASHES)
            ),
            tooltip=["curve:N", "tick:Q", alt.Tooltip("share:Q", format=".1%")],
        )
    )
    marks = alt.Chart(_marks(shares, is_of_day=False)).encode(x=span.x(), y=_y())
    dots = marks.mark_point(filled=True, size=60, opacity=1, color=style.COLOURS[1])
    chart = alt.layer(_rules(), lines, dots, *_texts(shares, span)).properties(height=style.HEIGHT)
    return style.finished(chart, _NAME, note(width) + _missed(shares))


def _texts(shares: pl.DataFrame, span: Span) -> list[Any]:
    """
    Return the layers that say at the end of a marked line when it is reached.

    A curve that rises leaves room above the line on the left, and one that rises early below it on
    the right. Under each text lies a white edge of it, as a curve may still be there.
    """
    rows = _marks(shares, is_of_day=False)
    is_early = pl.col("tick") < span.first + span.length // 4
    late = alt.Chart(rows.filter(~is_early)).encode(x=alt.datum(span.first))
    early = alt.Chart(rows.filter(is_early)).encode(x=alt.datum(span.end))
    layers = []
    for edge in (4, 0):
        white: Any = {"stroke": "white", "strokeWidth": edge} if edge else {}
        layers += [
            late.mark_text(align="left", baseline="bottom", dx=6, dy=-3, fontSize=11, **white),
            early.mark_text(align="right", baseline="top", dx=-6, dy=4, fontSize=11, **white),
        ]
    return [layer.encode(y=alt.Y("rule:Q"), text="text:N") for layer in layers]


def _days(results: Results, shares: pl.DataFrame) -> ChartType:
    span = Span(0, max(shares["tick_of_day"]) + 1, results.scenario.ticks_per_day)
    labels = [f"day {day}" for day in shares["day"].unique().sort()]
    rows, width = thinned(
        shares.select(
            pl.col("tick_of_day").alias("tick"),
            pl.format("day {}", "day").alias("day"),
            _share("settled").alias("share"),
        ),
        span,
        "share",
        POINTS,
        ["day"],
    )
    legend = alt.Legend(symbolType="stroke", symbolSize=400, columns=style.columns(labels))
    x = span.x(title="Tick of the day")
    colour = alt.Color("day:N", title=None, scale=style.scale(labels), legend=legend)
    dash = alt.StrokeDash("day:N", title=None, scale=style.scale(labels, style.DASHES))
    tooltip: list[Any] = ["day:N", "tick:Q", alt.Tooltip("share:Q", format=".1%")]
    lines = (
        alt.Chart(rows)
        .mark_line(interpolate="step-after")
        .encode(x=x, y=_y(), color=colour, strokeDash=dash, tooltip=tooltip)
    )
    dots = (
        alt.Chart(_marks(shares, is_of_day=True))
        .mark_point(filled=True, size=60, opacity=1)
        .encode(x=x, y=_y(), color=colour, tooltip=["day:N", "text:N"])
    )
    chart = alt.layer(_rules(), lines, dots).properties(height=style.HEIGHT)
    return style.finished(chart, _NAME, note(width) + _reached(shares) + _missed(shares))


def _range(results: Results, shares: pl.DataFrame) -> ChartType:
    span = Span(0, max(shares["tick_of_day"]) + 1, results.scenario.ticks_per_day)
    share = _share("settled")
    over_days = (
        shares.group_by(pl.col("tick_of_day").alias("tick"))
        .agg(lowest=share.min(), share=share.median().round(PLACES), highest=share.max())
        .sort("tick")
    )
    rows, width = thinned(over_days, span, "share", POINTS)
    base = alt.Chart(rows).encode(x=span.x(title="Tick of the day"))
    band = base.mark_area(interpolate="step-after", color=style.COLOURS[0], opacity=0.2).encode(
        y=alt.Y("lowest:Q"), y2="highest:Q"
    )
    line = base.mark_line(interpolate="step-after", color=style.COLOURS[0]).encode(
        y=_y(), tooltip=["tick:Q", alt.Tooltip("share:Q", format=".1%")]
    )
    chart = alt.layer(_rules(), band, line).properties(height=style.HEIGHT)
    days = shares["day"].n_unique()
    notes = [f"Line: the median of {days:,} days. Area: from the lowest to the highest of them."]
    return style.finished(chart, _NAME, notes + note(width) + _reached(shares) + _missed(shares))


def _reached(shares: pl.DataFrame) -> list[str]:
    """
    Return the sentence that says when the marked shares are reached, over several days.
    """
    told = []
    per_day = dict(zip(shares["tick"], shares["tick_of_day"], strict=True))
    for percent in MARKS:
        ticks = [per_day[tick] for tick in reached(shares, percent).values()]
        if ticks:
            span = f"{min(ticks)}" if min(ticks) == max(ticks) else f"{min(ticks)} to {max(ticks)}"
            told.append(f"{percent} % at tick {span} of the day")
    return [f"Reached: {', '.join(told)}."] if told else []


def _missed(shares: pl.DataFrame) -> list[str]:
    """
    Return the sentences that say which of the marked shares some days do not reach.
    """
    days = shares["day"].n_unique()
    notes = []
    for percent in MARKS:
        missing = days - len(reached(shares, percent))
        if missing:
            where = "not reached" if days == 1 else f"not reached on {missing:,} of {days:,} days"
            notes.append(f"{percent} % is {where}.")
    return notes
