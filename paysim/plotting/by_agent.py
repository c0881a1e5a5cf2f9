"""
What each agent used and bore: bars, one per agent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import altair as alt
import polars as pl

from paysim.plotting import style
from paysim.plotting.reading import Group, Unit, exact_sum, frame, weights_of
from paysim.summary import COMPONENTS

if TYPE_CHECKING:
    from altair.typing import ChartType

    from paysim.results import Results

ROW: Final = 20
"""Height of an agent's row in pixels."""

FIGURES: Final = ("lower bound", "used", "upper bound")

# An opening bracket, a dot and a closing bracket, as outlines in a square from -1 to 1.
_SHAPES = (
    "M-0.15,-1H0.5V-0.75H0.15V0.75H0.5V1H-0.15Z",
    "circle",
    "M0.15,-1H-0.5V-0.75H-0.15V0.75H-0.5V1H0.15Z",
)


def liquidity_used(results: Results, day: int | None = None) -> ChartType:
    """
    Return the chart of the liquidity that each agent used, between its bounds, in minor units.

    Used is the largest net debit position of a day, 0 if there is none. The lower bound is what is
    to be paid less what is to be received in the day, at least 0; the upper bound is what would be
    used if each transaction settled on arrival (Leinonen and Soramäki 1999). Over several days each
    figure is the mean of the days. The agents stand by value paid.

    Args:
        results: The run.
        day: The day to show; the mean of all if absent.

    Raises:
        ScenarioError: There is no such day.
    """
    name = "liquidity_used"
    columns = [
        "day",
        "agent_id",
        "paid_value",
        "lowest_net_position",
        "due_value",
        "expected_value",
        "immediate_lowest_net_position",
    ]
    positions = frame(results, "positions", columns, day)
    if not positions["due_value"].cast(pl.Boolean).any():
        return style.message(name, "No transaction has arrived")
    days = positions["day"].n_unique()
    net = pl.col("due_value").cast(pl.Int128) - pl.col("expected_value").cast(pl.Int128)
    daily = positions.select(
        "agent_id",
        net.clip(lower_bound=0).alias(FIGURES[0]),
        (-pl.col("lowest_net_position")).alias(FIGURES[1]),
        (-pl.col("immediate_lowest_net_position")).alias(FIGURES[2]),
    )
    group = Group.of(results, weights_of(positions, "paid_value"), rest="others, mean")
    means = _by_label(daily, group, FIGURES, days)
    unit = Unit.of(max(means[figure]) for figure in FIGURES)
    wide = means.with_columns(unit.column(figure) for figure in FIGURES)
    rows = wide.unpivot(list(FIGURES), index="agent", variable_name="figure")
    y = _agents_axis(group)
    title = "Liquidity" if days == 1 else f"Liquidity, mean of {days:,} days"
    x = alt.X("value:Q", title=f"{title} ({unit.name})", axis=alt.Axis(tickCount=8))
    ranges = (
        alt.Chart(wide.select("agent", start=FIGURES[0], end=FIGURES[2]))
        .mark_bar(height=6, color=style.PALE)
        .encode(y=y, x=alt.X("start:Q"), x2="end:Q")
    )
    scale = style.scale(FIGURES, (style.COLOURS[2], style.COLOURS[1], style.COLOURS[0]))
    points = (
        alt.Chart(rows)
        .mark_point(filled=True, size=70, opacity=1)
        .encode(
            y=y,
            x=x,
            color=alt.Color("figure:N", title=None, scale=scale, legend=alt.Legend(symbolSize=130)),
            shape=alt.Shape("figure:N", title=None, scale=style.scale(FIGURES, _SHAPES)),
            tooltip=["agent:N", "figure:N", "value:Q"],
        )
    )
    totals = daily.select(exact_sum(*FIGURES)).row(0)
    per_day = "" if days == 1 else " on the average day"
    told = ", ".join(
        f"{figure} {unit.text(value / days)}" for figure, value in zip(FIGURES, totals, strict=True)
    )
    notes = [f"All agents{per_day}, {unit.name}: {told}."]
    chart = alt.layer(ranges, points).properties(height=_height(group))
    return style.finished(chart, name, notes)


def cost_stack(results: Results, day: int | None = None) -> ChartType:
    """
    Return the chart of the cost of each agent by component, in minor units, the dearest first.

    Args:
        results: The run.
        day: The day to show; all of them if absent.

    Raises:
        ScenarioError: There is no such day.
    """
    name = "cost_stack"
    costs = frame(results, "costs", ["agent_id", "component", "cost"], day)
    if costs.is_empty():
        return style.message(name, "No cost has been borne")
    weights = dict(costs.group_by("agent_id").agg(pl.col("cost").sum()).iter_rows())
    group = Group.of(results, weights, rest="others, mean")
    components = [each for each in COMPONENTS if each in set(costs["component"])]
    components += sorted(set(costs["component"]) - set(components))
    count = pl.when(pl.col("agent") == group.rest).then(max(1, group.others)).otherwise(1)
    labels = {each: COMPONENTS.get(each, each.replace("_", " ")) for each in components}
    order = {component: at for at, component in enumerate(components)}
    rows = (
        costs.with_columns(agent=group.label())
        .group_by("agent", "component")
        .agg(pl.col("cost").sum().cast(pl.Float64))
        .with_columns(
            pl.col("cost") / count,
            order=pl.col("component").replace_strict(order, return_dtype=pl.Int32),
        )
        .sort("agent", "order")
        .with_columns(to=pl.col("cost").cum_sum().over("agent"))
        .with_columns(start=pl.col("to") - pl.col("cost"))
    )
    unit = Unit.of(rows["to"])
    rows = rows.select(
        "agent",
        pl.col("component").replace_strict(labels),
        *(unit.column(column) for column in ("cost", "start", "to")),
    )
    colours = [_colour(component) for component in components]
    chart = (
        alt.Chart(rows)
        .mark_bar(stroke="white", strokeWidth=0.5)
        .encode(
            y=_agents_axis(group),
            x=alt.X("start:Q", title=f"Cost ({unit.name})", axis=alt.Axis(tickCount=8)),
            x2="to:Q",
            color=alt.Color(
                "component:N",
                title=None,
                scale=alt.Scale(domain=list(labels.values()), range=colours),
            ),
            tooltip=["agent:N", "component:N", "cost:Q"],
        )
        .properties(height=_height(group))
    )
    total = unit.text(costs["cost"].sum())
    return style.finished(chart, name, [f"All agents: {total} {unit.name}."])


def _by_label(
    daily: pl.DataFrame, group: Group, columns: tuple[str, ...], days: int
) -> pl.DataFrame:
    """
    Return the mean per day, and of the others per agent, of columns of whole numbers.
    """
    count = pl.when(pl.col("agent") == group.rest).then(max(1, group.others)).otherwise(1) * days
    return (
        daily.with_columns(agent=group.label())
        .group_by("agent")
        .agg(exact_sum(*columns))
        .with_columns(pl.col(column).cast(pl.Float64) / count for column in columns)
        .sort(pl.col("agent").replace_strict(_places(group), return_dtype=pl.Int32))
    )


def _places(group: Group) -> dict[str, int]:
    return {label: at for at, label in enumerate(group.all_labels())}


def _agents_axis(group: Group) -> alt.Y:
    scale = alt.Scale(domain=group.all_labels())
    return alt.Y(
        "agent:N", title=None, scale=scale, axis=alt.Axis(grid=False, ticks=False, labelPadding=8)
    )


def _height(group: Group) -> int:
    return max(60, ROW * len(group.all_labels()))


def _colour(component: str) -> str:
    known = list(COMPONENTS)
    at = known.index(component) if component in known else len(known)
    return style.COLOURS[at % len(style.COLOURS)]
