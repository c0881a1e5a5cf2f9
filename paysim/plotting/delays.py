"""
How long transactions wait from arrival to settlement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import altair as alt
import polars as pl

from paysim.indicators.delay import mean_delay, median_delay, weighted_median_delay
from paysim.plotting import style
from paysim.plotting.reading import PLACES, frame, sums
from paysim.plotting.ticks import nice

if TYPE_CHECKING:
    from altair.typing import ChartType

    from paysim.results import Results

BINS_MAX: Final = 16
"""Bars of those that waited, besides the one of those that did not."""

FIGURES: Final = ["volume", "value"]

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
    number = pl.when(delay == 0).then(0).otherwise((delay - 1) // width + 1).alias("bin")
    bins = sums(delays, FIGURES, [number])
    totals = [sum(values) for values in zip(*bins.values(), strict=True)]
    labels = [_label(number, width) for number in range(-(-longest // width) + 1)]
    bars = [
        (label, figure, round(bins.get(number, (0, 0))[place] / totals[place], PLACES))
        for number, label in enumerate(labels)
        for place, figure in enumerate(FIGURES)
    ]
    rows = pl.DataFrame(bars, schema=["ticks", "of", "share"], orient="row")
    chart = (
        alt.Chart(rows)
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
            xOffset=alt.XOffset("of:N", scale=alt.Scale(domain=FIGURES)),
            y=alt.Y("share:Q", title="Share of what has settled", axis=alt.Axis(format="%")),
            color=alt.Color(
                "of:N", title=None, scale=style.scale(FIGURES, (style.COLOURS[4], style.COLOURS[0]))
            ),
            tooltip=["of:N", "ticks:N", alt.Tooltip("share:Q", format=".2%")],
        )
        .properties(height=style.HEIGHT)
    )
    return style.finished(chart, _NAME, [_told(delays)])


def _label(number: int, width: int) -> str:
    """
    Return the delays of a bar, of which the one of no delay is number 0.
    """
    last = number * width
    first = last - width + 1
    return str(last) if number == 0 or width == 1 else f"{first:,}\N{EN DASH}{last:,}"


def _told(delays: pl.DataFrame) -> str:
    """
    Return the sentence with the mean and the median delay, of volume and of value.
    """
    by_delay = sums(delays, FIGURES, ["delay"]).items()
    told = []
    for place, (figure, median) in enumerate(
        (("volume", median_delay), ("value", weighted_median_delay))
    ):
        weights = {delay: values[place] for delay, values in by_delay}
        told.append(
            f"mean {mean_delay(weights):,.2f} and median {median(weights):,.10g} by {figure}"
        )
    return f"Delay in ticks: {', '.join(told)}."
