"""
How long transactions wait from arrival to settlement.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

import altair as alt
import polars as pl

from paysim.plotting import style
from paysim.plotting.reading import PLACES, exact_sum, frame
from paysim.plotting.ticks import nice

if TYPE_CHECKING:
    from altair.typing import ChartType

    from paysim.results import Results

BINS_MAX: Final = 16
"""Bars of those that waited, besides the one of those that did not."""

_NAME = "delay_distribution"
_CHARACTERS = 60


def delay_distribution(results: Results, day: int | None = None) -> ChartType:
    """
    Return the chart of the share of volume and value by ticks from arrival to settlement.

    What settles in the tick of its arrival is a bar of its own. What has not settled is not in it.

    Args:
        results: The run.
        day: The day of arrival to show; all of them if absent.

    Raises:
        ScenarioError: There is no such day.
    """
    delays = frame(results, "delays", ["delay", "volume", "value"], day)
    if delays.is_empty():
        return style.message(_NAME, "No transaction has settled")
    longest = int(max(delays["delay"]))
    width = nice(-(-longest // BINS_MAX))
    delay = pl.col("delay")
    bins = (
        delays.group_by(bin=pl.when(delay == 0).then(0).otherwise((delay - 1) // width + 1))
        .agg(exact_sum("volume", "value"))
        .sort("bin")
    )
    totals = {column: int(bins[column].sum()) for column in ("volume", "value")}
    every = pl.DataFrame(
        {"bin": range(-(-longest // width) + 1)}, schema={"bin": bins.schema["bin"]}
    )
    rows = (
        every.join(bins, on="bin", how="left")
        .with_columns(ticks=pl.col("bin").map_elements(_namer(width), return_dtype=pl.String))
        .unpivot(
            ["volume", "value"], index=["bin", "ticks"], variable_name="of", value_name="share"
        )
        .with_columns(
            share=(
                pl.col("share").fill_null(0).cast(pl.Float64)
                / pl.col("of").replace_strict(totals, return_dtype=pl.Float64)
            ).round(PLACES)
        )
    )
    labels = rows["ticks"].unique(maintain_order=True).to_list()
    figures = ["volume", "value"]
    chart = (
        alt.Chart(rows.drop("bin"))
        .mark_bar()
        .encode(
            x=alt.X(
                "ticks:N",
                title="Ticks from arrival to settlement",
                scale=alt.Scale(domain=labels, paddingInner=0.25),
                axis=alt.Axis(
                    labelAngle=-45 if len("".join(labels)) > _CHARACTERS else 0, ticks=False
                ),
            ),
            xOffset=alt.XOffset("of:N", scale=alt.Scale(domain=figures)),
            y=alt.Y("share:Q", title="Share of what has settled", axis=alt.Axis(format="%")),
            color=alt.Color(
                "of:N", title=None, scale=style.scale(figures, (style.COLOURS[4], style.COLOURS[0]))
            ),
            tooltip=["of:N", "ticks:N", alt.Tooltip("share:Q", format=".2%")],
        )
        .properties(height=style.HEIGHT)
    )
    return style.finished(chart, _NAME, [_told(delays, totals)])


def _namer(width: int) -> Any:
    def name(number: int) -> str:
        last = number * width
        first = last - width + 1
        return str(last) if number == 0 or width == 1 else f"{first:,}\N{EN DASH}{last:,}"

    return name


def _told(delays: pl.DataFrame, totals: dict[str, int]) -> str:
    """
    Return the sentence with the mean and the median delay, of volume and of value.

    The median of an even volume is the mean of the middle two; the one of value is the smallest
    delay by which half of the value had settled.
    """
    told = []
    for weight, total in totals.items():
        by_delay = list(delays.group_by("delay").agg(exact_sum(weight)).sort("delay").iter_rows())
        mean = sum(delay * amount for delay, amount in by_delay) / total
        upper = total // 2 if weight == "volume" else (total - 1) // 2
        median = (_at(by_delay, (total - 1) // 2) + _at(by_delay, upper)) / 2
        told.append(f"mean {mean:,.2f} and median {median:,.10g} by {weight}")
    return f"Delay in ticks: {', '.join(told)}."


def _at(by_delay: list[tuple[int, int]], place: int) -> int:
    """
    Return the delay of the unit of weight at a place, from 0, in the order of delays.
    """
    so_far = itertools.accumulate(weight for _, weight in by_delay)
    return next(delay for (delay, _), below in zip(by_delay, so_far, strict=True) if place < below)
