"""
Indicators as readable text, without a newline at the end.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from paysim.indicators.names import (
    AGENT_COLUMNS,
    SHARE,
    SYSTEM,
    TICK_COLUMNS,
    VALUE,
    Indicator,
)
from paysim.plain_text import shortened

if TYPE_CHECKING:
    from paysim._kernel import Table

AGENT_SHOWN: Final = {
    "agent_id": "",
    "settled_value": "paid",
    "liquidity_used_value": "liquidity used",
    "liquidity_lower_bound_value": "lower bound",
    "liquidity_upper_bound_value": "upper bound",
    "liquidity_bounds_position": "position",
    "turnover_ratio": "turnover",
    "delay_indicator": "delay",
    "delay_value_weighted_mean_ticks": "mean ticks",
    "unsettled_value": "unsettled",
    "total_cost": "cost",
}
"""Columns of the table of agents that a text has room for, and their heads."""

TICK_SHOWN: Final = {
    "tick": "tick",
    "settled_value": "settled",
    "throughput_share": "throughput",
    "lsm_value": "by a mechanism",
    "internal_queue_value": "internal queue",
    "central_queue_value": "central queue",
    "liquidity_in_use_value": "liquidity in use",
    "is_gridlock": "gridlock",
}

AGENT_NOTES: Final = (
    "(values and cost in minor units; position between the bounds: 0 is netting at the close,",
    " 1 settlement without delay; delay: the delay indicator, 0 all at once, 1 all at the close;",
    " mean ticks: from arrival to settlement, by value; - is undefined)",
)

TICK_NOTE: Final = "(values in minor units; queues, liquidity and gridlock at the end of the tick)"

ID_WIDTH: Final = 20


def system_text(indicators: dict[str, Any]) -> str:
    """
    Return the indicators of the system as sections of aligned lines, each with its unit.
    """
    shown = {
        title: [_line(indicators[name], indicator) for name, indicator in section.items()]
        for title, section in SYSTEM.items()
    }
    shown["Liquidity-saving mechanisms"] += [
        (f"share of value settled by {cause}", _share(figure["value_share"]), "")
        for cause, figure in indicators["settled_by"].items()
    ]
    curve = indicators["throughput"] or []
    shown["Throughput"] += [
        (f"settled by the end of tick {point['tick_of_day']}", _share(point["share"]), "")
        for point in curve
    ]
    costs = {**indicators["cost"], "total": indicators["total_cost"]}
    shown["Costs"] = [
        (name.replace("_", " "), f"{Decimal(cost):,f}", VALUE) for name, cost in costs.items()
    ]
    names = max(len(row[0]) for rows in shown.values() for row in rows)
    values = max(len(row[1]) for rows in shown.values() for row in rows)
    sections = [
        [
            title,
            *(
                f"  {label:{names}}  {value:>{values}}  {unit}".rstrip()
                for label, value, unit in rows
            ),
        ]
        for title, rows in shown.items()
    ]
    return "\n\n".join("\n".join(section) for section in sections)


def agents_text(table: Table) -> str:
    """
    Return the main indicators of each agent, one line per agent, and what they mean.
    """
    return "\n".join([_table_text(table, AGENT_SHOWN, AGENT_COLUMNS), *AGENT_NOTES])


def ticks_text(table: Table) -> str:
    """
    Return the main indicators over time, one line per tick, and what they mean.
    """
    return "\n".join([_table_text(table, TICK_SHOWN, TICK_COLUMNS), TICK_NOTE])


def _table_text(table: Table, heads: dict[str, str], columns: dict[str, Indicator]) -> str:
    cells = [
        [head, *(_shown(value, columns[name]) for value in table.column(name))]
        for name, head in heads.items()
    ]
    widths = [max(map(len, column)) for column in cells]
    lines = []
    for row in zip(*cells, strict=True):
        first, *rest = zip(row, widths, strict=True)
        is_text = columns[next(iter(heads))].type == "text"
        start = first[0].ljust(first[1]) if is_text else first[0].rjust(first[1])
        lines.append("  ".join([start, *(cell.rjust(width) for cell, width in rest)]).rstrip())
    return "\n".join(lines)


def _line(value: Any, indicator: Indicator) -> tuple[str, str, str]:
    """
    Return the cells of a line; a percentage, and what is undefined, need no unit.
    """
    has_unit = value is not None and indicator.unit != SHARE
    return indicator.label, _shown(value, indicator), indicator.unit if has_unit else ""


def _shown(value: Any, indicator: Indicator) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if indicator.type == "text":
        return shortened(value, ID_WIDTH)
    if indicator.type == "cost":
        return f"{Decimal(value):,.2f}"
    if indicator.unit == SHARE:
        return _share(value)
    if isinstance(value, float):
        return f"{value:,.4f}" if indicator.unit == "ratio" else f"{value:,.2f}"
    return f"{value:,}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2%}"
