"""
Balances over time: few agents as lines in one picture, more of them as a panel each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import altair as alt
import polars as pl

from paysim.errors import ScenarioError, shown
from paysim.plotting import style
from paysim.plotting.reading import Group, Unit, frame, labelled, weights_of
from paysim.plotting.ticks import Span, note, thinned

if TYPE_CHECKING:
    from altair.typing import ChartType

    from paysim.results import Results

LINES_MAX: Final = 6
"""Agents whose lines share a picture."""

PANELS_MAX: Final = 12

PANEL_LABELS: Final = 4
"""Labels along the time of a panel."""

LINE_POINTS: Final = 600
PANEL_POINTS: Final = 240

_PANEL_WIDTH = 200
_PANEL_HEIGHT = 100
_NAME = "balances"


def balances(
    results: Results, day: int | None = None, agents: Sequence[str] | None = None
) -> ChartType:
    """
    Return the chart of each agent's balance at the end of each tick, in minor units.

    Up to six agents are lines in one picture, more are panels. Of more than twelve agents eleven
    are shown, those that paid most, and of the others the range from the lowest to the highest.
    The floor is dotted, where it lies within the range of the balances.

    Args:
        results: The run.
        day: The day to show; all of them if absent.
        agents: Ids of the agents to show, at most twelve, and no others.

    Raises:
        ScenarioError: There is no such day or agent, or there are too many.
    """
    columns = ["tick", "agent_id", "balance", "available_liquidity", "paid_value"]
    states = frame(results, "agents", columns, day)
    if agents is None:
        group = Group.of(
            results, weights_of(states, "paid_value"), PANELS_MAX - 1, PANELS_MAX, "others, range"
        )
    else:
        group = Group(labelled(_checked(results, agents)), 0, "")
    if states.is_empty():
        return style.message(_NAME, "No tick has been run")
    span = Span.of(results, states)
    states = states.with_columns(floor=pl.col("balance") - pl.col("available_liquidity"))
    in_panels = len(group.all_labels()) > LINES_MAX
    points = PANEL_POINTS if in_panels else LINE_POINTS
    is_shown = pl.col("agent_id").is_in(list(group.labels))
    shown_states = states.filter(is_shown)
    one_by_one, width = thinned(shown_states, span, "balance", points, ["agent_id"])
    rest = _range(states.filter(~is_shown & pl.lit(group.others > 0)), span, width)
    parts = [
        one_by_one.with_columns(agent=group.label()),
        rest.with_columns(agent=pl.lit(group.rest)),
    ]
    rows = pl.concat(parts, how="diagonal")
    drawn = pl.concat([rows[column] for column in ("balance", "low", "high")]).drop_nulls()
    low, high = min(0, *drawn), max(0, *drawn)
    unit = Unit.of([low, high])
    y = alt.Y(
        "balance:Q",
        title=f"Balance ({unit.name})",
        scale=alt.Scale(domain=[low / unit.scale, high / unit.scale] if high > low else [0, 1]),
        axis=alt.Axis(tickCount=4 if in_panels else 8),
    )
    rows = rows.with_columns(unit.column(name) for name in ("balance", "floor", "low", "high"))
    floors = shown_states["floor"]
    dotted = (
        ["Dotted: the floor, which is minus the credit limit."] if (floors >= low).any() else []
    )
    notes = [*dotted, *note(width)]
    labels, scale = group.all_labels(), unit.scale
    if in_panels:
        columns = ["tick", "agent", "balance", "floor", *(["low", "high"] if group.others else [])]
        x, y, notes = span.x(labels=PANEL_LABELS), y.title(None), [f"In {unit.name}.", *notes]
        return panels(rows.select(columns), labels, group.others > 0, x, y, notes, scale)
    columns = ["tick", "agent", "balance", "floor"]
    return lines(rows.select(columns), labels, span.x(), y, notes, scale)


def _range(states: pl.DataFrame, span: Span, width: int) -> pl.DataFrame:
    """
    Return the lowest and the highest balance of some agents in every so many ticks.
    """
    start = span.first + (pl.col("tick") - span.first) // width * width
    rows = (
        states.group_by(start.alias("tick"))
        .agg(low=pl.col("balance").min(), high=pl.col("balance").max())
        .sort("tick")
    )
    # The last stretch is drawn up to its end.
    return pl.concat([rows, rows.tail(1).with_columns(tick=pl.lit(span.end, rows["tick"].dtype))])


def lines(
    data: Any, labels: list[str], x: alt.X, y: alt.Y, notes: list[str], scale: int | None
) -> ChartType:
    """
    Return the balances of few agents in one picture.

    Args:
        data: Rows with `tick`, `agent`, `balance` and `floor`.
        labels: The agents from top to bottom.
        x: The axis of ticks.
        y: The axis of balances.
        notes: Sentences that stand below the title.
        scale: How many minor units one unit of the data is.
    """
    legend = alt.Legend(columns=style.columns(labels), symbolType="stroke", symbolSize=400)
    colour = alt.Color("agent:N", title=None, scale=style.scale(labels), legend=legend)
    dash = alt.StrokeDash("agent:N", title=None, scale=style.scale(labels, style.DASHES))
    base = alt.Chart(data).encode(x=x)
    tooltip = ["agent:N", "tick:Q", "balance:Q"]
    drawn = base.mark_line(interpolate="step-after").encode(
        y=y, color=colour, strokeDash=dash, tooltip=tooltip
    )
    floors = base.mark_line(
        interpolate="step-after", clip=True, strokeWidth=1, strokeDash=[1, 2]
    ).encode(y=alt.Y("floor:Q"), color=colour)
    chart = alt.layer(floors, drawn).properties(height=style.HEIGHT)
    return style.finished(chart, _NAME, notes, scale=scale)


def panels(
    data: Any,
    labels: list[str],
    has_range: bool,
    x: alt.X,
    y: alt.Y,
    notes: list[str],
    scale: int | None,
) -> ChartType:
    """
    Return the balances of more agents, a panel each.

    Args:
        data: Rows as for `lines`, and with `low` and `high` if the last panel is a range.
        labels: The agents in the order of their panels.
        has_range: Whether the last panel shows the range of the others.
        x: The axis of ticks.
        y: The axis of balances.
        notes: Sentences that stand below the title.
        scale: How many minor units one unit of the data is.
    """
    base = alt.Chart().encode(x=x)
    band = base.mark_area(interpolate="step-after", color=style.GREY, opacity=0.5).encode(
        y=alt.Y("low:Q"), y2="high:Q"
    )
    floors = base.mark_line(
        interpolate="step-after",
        clip=True,
        strokeWidth=1,
        strokeDash=[1, 2],
        color=style.COLOURS[1],
    ).encode(y=alt.Y("floor:Q"))
    drawn = base.mark_line(interpolate="step-after", strokeWidth=1, color=style.COLOURS[0]).encode(
        y=y, tooltip=["agent:N", "tick:Q", "balance:Q"]
    )
    layers = [floors, drawn, *([band] if has_range else [])]
    panel = alt.layer(*layers, data=data).properties(width=_PANEL_WIDTH, height=_PANEL_HEIGHT)
    facet = alt.Facet(
        "agent:N",
        title=None,
        sort=labels,
        header=alt.Header(labelPadding=3),
    )
    chart = panel.facet(facet=facet, columns=3, spacing={"row": 12, "column": 16})
    return style.finished(chart, _NAME, notes, fits=False, scale=scale)


def _checked(results: Results, agents: Sequence[str]) -> list[str]:
    known = {agent.id for agent in results.scenario.agent_configs}
    if isinstance(agents, str) or not 1 <= len(agents) <= PANELS_MAX:
        raise ScenarioError(f"agents must be 1 to {PANELS_MAX} ids (got {shown(agents)})")
    for agent in agents:
        if agent not in known:
            raise ScenarioError(f"agents must name agents of the scenario (got {shown(agent)})")
    return list(dict.fromkeys(agents))
