"""
Delay against liquidity over many runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import altair as alt
import attrs
import polars as pl

from paysim.errors import ScenarioError, shown
from paysim.plotting import style
from paysim.plotting.reading import PLACES, Unit, labelled

if TYPE_CHECKING:
    from altair.typing import ChartType

    from paysim.results import Results

    Runs = Mapping[str, Results | Sequence[Results]] | Sequence[Results]

NAMES_IN_LEGEND: Final = 8
"""Names that a legend tells apart; of more, each stands beside its point where there is room."""

RUNS_MAX: Final = 5_000

_SHAPES = (
    "circle",
    "square",
    "triangle-up",
    "diamond",
    "cross",
    "triangle-down",
    "triangle-left",
    "triangle-right",
)
_NAME = "trade_off"
_CHARACTER = 6.2
_LINE = 13


def trade_off(runs: Runs) -> ChartType:
    """
    Return the chart of delay against liquidity, one point per run.

    Both are indicators of `Results.indicators`, of which `docs/reference/indicators.md` has the
    formulas and sources: the liquidity used on the mean day, in minor units, and the delay
    indicator of all days, 0 if all settles at once and 1 if nothing settles before the close.
    Runs in which nothing could wait have no delay indicator, and are left out.

    Args:
        runs: Runs by name, or in a sequence, numbered from 1; several runs of one name, such as
            replications with other seeds, are points of one colour.

    Raises:
        ScenarioError: There is no run, or too many.
    """
    points = list(_points(runs))
    if not 1 <= len(points) <= RUNS_MAX:
        raise ScenarioError(f"runs must be 1 to {RUNS_MAX:,} (got {len(points):,})")
    drawn = [point for point in points if point.delay is not None]
    if not drawn:
        return style.message(_NAME, "No transaction has arrived")
    notes = []
    if len(drawn) < len(points):
        left_out = len(points) - len(drawn)
        notes = [f"Left out: {left_out:,} without a delay indicator, as nothing could wait."]
    points = drawn
    labels = labelled(dict.fromkeys(point.name for point in points))
    unit = Unit.of(point.liquidity for point in points)
    rows = pl.DataFrame(
        {
            "run": [labels[point.name] for point in points],
            "liquidity": [point.liquidity for point in points],
            "delay": [round(point.delay or 0.0, PLACES) for point in points],
        },
        schema={"run": pl.String, "liquidity": pl.Float64, "delay": pl.Float64},
    ).with_columns(unit.column("liquidity"))
    names = list(labels.values())
    x = alt.X("liquidity:Q", title=f"Liquidity used ({unit.name})", scale=_scale(rows["liquidity"]))
    title = "Delay indicator (0 at once, 1 at the close)"
    y = alt.Y("delay:Q", title=title, scale=_scale(rows["delay"]))
    base = alt.Chart(rows).encode(x=x, y=y, tooltip=["run:N", "liquidity:Q", "delay:Q"])
    marks = base.mark_point(filled=True, size=70, opacity=0.85)
    if len(names) <= NAMES_IN_LEGEND:
        chart: Any = marks.encode(
            color=alt.Color(
                "run:N",
                title=None,
                scale=style.scale(names),
                legend=alt.Legend(columns=style.columns(names)),
            ),
            shape=alt.Shape("run:N", title=None, scale=style.scale(names, _SHAPES)),
        )
    else:
        beside = alt.Chart(_with_room(rows)).encode(x=x, y=y, text="run:N")
        texts = beside.mark_text(align="left", dx=7, fontSize=10)
        chart = alt.layer(marks.encode(color=alt.value(style.COLOURS[0])), texts)
    return style.finished(chart.properties(height=style.HEIGHT + 40), _NAME, notes)


@attrs.frozen
class _Point:
    name: str
    liquidity: float
    delay: float | None


def _points(runs: Runs) -> Iterator[_Point]:
    if isinstance(runs, str) or not isinstance(runs, Iterable):
        raise ScenarioError(f"runs must be results of runs (got {shown(runs)})")
    named = runs.items() if isinstance(runs, Mapping) else enumerate(runs, 1)
    for name, given in named:
        for results in given if isinstance(given, Sequence) else [given]:
            if not hasattr(results, "indicators"):
                raise ScenarioError(f"runs must be results of runs (got {shown(results)})")
            found = results.indicators()
            used = found["liquidity_used_daily_mean_value"]
            yield _Point(str(name), used or 0.0, found["delay_indicator"])


def _scale(values: pl.Series) -> alt.Scale:
    # Neither figure is ever negative, and no axis goes below zero.
    low, high = min(values), max(values)
    is_near_zero = low <= (high - low) / 10
    return (
        alt.Scale(zero=True) if low == high or is_near_zero else alt.Scale(zero=False, padding=20)
    )


def _with_room(rows: pl.DataFrame) -> pl.DataFrame:
    """
    Return the points whose names can stand right of them without touching what is there.
    """
    columns = [rows["liquidity"].to_list(), rows["delay"].to_list()]
    spans = [(min(column), (max(column) - min(column)) or 1.0) for column in columns]
    sizes = (style.WIDTH - 120, style.HEIGHT)
    at = [
        tuple(
            (value - low) / span * size
            for value, (low, span), size in zip(point, spans, sizes, strict=True)
        )
        for point in zip(*columns, strict=True)
    ]
    taken = [(x - 5, x + 5, y - 5, y + 5) for x, y in at]
    chosen = []
    for row, (x, y) in enumerate(at):
        right = x + 7 + _CHARACTER * len(rows["run"][row])
        box = (x + 6, right, y - _LINE / 2, y + _LINE / 2)
        free = all(
            box[1] < other[0] or other[1] < box[0] or box[3] < other[2] or other[3] < box[2]
            for other in taken
        )
        if free and right < sizes[0] + 40:
            taken.append(box)
            chosen.append(row)
    return rows[chosen]
