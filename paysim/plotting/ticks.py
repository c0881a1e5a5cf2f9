"""
Time on an axis: a span of ticks, its days, and how many ticks become one point.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import altair as alt
import attrs
import polars as pl

if TYPE_CHECKING:
    from paysim.results import Results

LABELS_MAX: Final = 12
"""Labels along the axis."""

DAYS_WITH_TICKS: Final = 6
"""Days of which ticks between the borders are labelled too."""

_BORDER = "#9A9A9A"


@attrs.frozen
class Span:
    """
    The ticks that are drawn.

    Attributes:
        first: The first tick.
        end: The tick after the last.
        ticks_per_day: Length of a day.
    """

    first: int
    end: int
    ticks_per_day: int

    @classmethod
    def of(cls, results: Results, frame: pl.DataFrame) -> Span:
        """
        Return the span of a data frame with at least one row, which has a column `tick`.
        """
        ticks: Any = frame["tick"]
        return cls(int(ticks.min()), int(ticks.max()) + 1, results.scenario.ticks_per_day)

    @property
    def length(self) -> int:
        """
        Number of ticks.
        """
        return self.end - self.first

    @property
    def days(self) -> int:
        """
        Number of days, the last perhaps not complete.
        """
        return -(-(self.end - self.first) // self.ticks_per_day)

    def x(self, name: str = "tick", labels: int = LABELS_MAX, title: str = "") -> alt.X:
        """
        Return the axis: ticks within one day, days and their ticks over several.

        Args:
            name: The column.
            labels: The most labels.
            title: What stands at the axis if it is one day; the tick and the day if empty.
        """
        day = self.first // self.ticks_per_day
        scale = alt.Scale(domain=[self.first, self.end], nice=False, zero=False)
        if self.days == 1:
            title = title or ("Tick" if day == 0 else f"Tick (day {day})")
            # Of few ticks each has its label, and nothing between them has one.
            marks: dict[str, Any] = {"tickCount": labels}
            if self.end - self.first <= labels:
                marks = {"values": list(range(self.first, self.end + 1))}
            axis = alt.Axis(title=title, format="~d", grid=False, labelFlush=True, **marks)
            return alt.X(f"{name}:Q", scale=scale, axis=axis)
        per_day = self.ticks_per_day
        values = self._labelled(labels)
        is_border = f"datum.value % {per_day} === 0"
        day_text = f"'day ' + datum.value / {per_day}"
        if self._has_ticks(labels):
            text = f"{is_border} ? ['0', {day_text}] : datum.value % {per_day}"
            title = "Tick of the day"
        else:
            text, title = day_text, "Day"
        axis = alt.Axis(
            title=title,
            values=values,
            labelExpr=text,
            labelAlign="left" if title == "Day" else "center",
            grid=True,
            gridColor=_conditional(is_border, _BORDER, "#FFFFFF00"),
            gridDash=_conditional(is_border, [3, 3], [1, 0]),
        )
        return alt.X(f"{name}:Q", scale=scale, axis=axis)

    def _has_ticks(self, labels: int) -> bool:
        return self.days <= DAYS_WITH_TICKS and labels >= 2 * self.days

    def _labelled(self, labels: int) -> list[int]:
        per_day = self.ticks_per_day
        if not self._has_ticks(labels):
            every = nice(-(-self.days // labels)) * per_day
            return list(range(-(-self.first // every) * every, self.end, every))
        each = labels // self.days
        step = nice(-(-per_day // each))
        # A label just before a border would run into that of the border.
        return [
            tick
            for start in range(self.first - self.first % per_day, self.end, per_day)
            for tick in range(start, min(start + per_day, self.end), step)
            if tick == start or start + per_day - tick >= step / 2
        ]


def nice(least: int) -> int:
    """
    Return the smallest of 1, 2, 5, 10, 20, 50 and so on that is not less than a number.
    """
    power = 1
    while True:
        for digit in (1, 2, 5):
            if digit * power >= least:
                return digit * power
        power *= 10


def thinned(
    frame: pl.DataFrame, span: Span, value: str, points: int, by: Sequence[str] = ()
) -> tuple[pl.DataFrame, int]:
    """
    Return at most so many rows per series, and of how many ticks they are.

    Of every so many ticks the row with the lowest and the one with the highest value stay, so that
    no extreme is lost; of equal ones the first. The first and the last row of a series stay too.
    The last row is repeated at the end of its tick, up to which it is drawn.

    Args:
        frame: Rows with columns `tick`, `value` and `by`, in order of ticks.
        span: The ticks.
        value: The column.
        points: The most rows of a series.
        by: What tells the series apart.
    """
    width = 1
    rows = frame.with_row_index("_row")
    ends = rows.group_by(by or pl.lit(0).alias("_all")).agg(
        pl.col("_row").min().alias("lowest"), pl.col("_row").max().alias("highest")
    )
    kept = rows["_row"]
    if span.length >= points:
        width = nice(-(-span.length // max(1, (points - 3) // 2)))
        bucket = (pl.col("tick") - span.first) // width
        extremes = rows.group_by(*by, bucket.alias("_bucket")).agg(
            pl.col("_row").get(pl.col(value).arg_min()).alias("lowest"),
            pl.col("_row").get(pl.col(value).arg_max()).alias("highest"),
        )
        edges = ("lowest", "highest")
        kept = pl.concat([part[edge] for part in (extremes, ends) for edge in edges]).unique()
    last = frame[ends["highest"].sort()].with_columns(pl.col("tick") + 1)
    return pl.concat([frame[kept.sort()], last]), width


def note(width: int) -> list[str]:
    """
    Return the sentence that says what a point is, if it is not one tick.
    """
    if width == 1:
        return []
    return [f"Of every {width:,} ticks the lowest and the highest point are drawn."]


def bars(span: Span, most: int) -> int:
    """
    Return how many ticks become one bar: a whole part of a day, or whole days.
    """
    per_day = span.ticks_per_day
    least = -(-span.length // most)
    if least > per_day:
        return nice(-(-least // per_day)) * per_day
    divisors = (width for width in range(least, 2 * least + 1) if per_day % width == 0)
    return next(divisors, min(nice(least), per_day))


def _conditional(test: str, value: Any, otherwise: Any) -> Any:
    return {"condition": {"test": test, "value": value}, "value": otherwise}
