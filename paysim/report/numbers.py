"""
The headline numbers of a report, and all indicators of the system in tables.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from paysim.indicators.names import RATIO, SHARE, SYSTEM
from paysim.plain_text import cost_text, number
from paysim.report.parts import Column, Number, Table
from paysim.report.run import Run

NOTHING: Final = "\N{EN DASH}"
"""What stands for an indicator that is not defined, as 0/0 is not."""


class Headline(NamedTuple):
    """
    One headline number: its label, the name of the indicator, and how it is to be read.
    """

    label: str
    name: str
    note: str = ""


HEADLINES: Final = (
    Headline("Value settled", "settled_value"),
    Headline("Share of the value due that settled", "settled_share"),
    Headline("Value unsettled at the end", "unsettled_value"),
    Headline("Value delayed", "delayed_value_share", "settled after the tick of its arrival"),
    Headline("Delay indicator", "delay_indicator", "0: all at once, 1: all at the close"),
    Headline("Mean delay, by value", "delay_value_weighted_mean_ticks"),
    Headline("Half of the value settled", "throughput_50_tick_of_day", "by this tick of the day"),
    Headline("Three quarters settled", "throughput_75_tick_of_day", "by this tick of the day"),
    Headline(
        "Liquidity used in a day",
        "liquidity_used_daily_mean_value",
        "largest net debits, all agents, mean of the days",
    ),
    Headline(
        "Position between its bounds",
        "liquidity_bounds_position",
        "0: netting at the close, 1: no delay, below 0: not enough to settle all",
    ),
    Headline("Turnover ratio", "turnover_ratio", "value settled per liquidity used"),
    Headline("Payments funded by receipts", "recycled_share", "of the same tenth of the day"),
    Headline("Central queue at its peak", "central_queue_peak_value"),
    Headline("Ticks that end in a gridlock", "gridlock_index"),
    Headline("Settled by saving mechanisms", "lsm_value_share", "of the value settled"),
    Headline("Total cost", "total_cost"),
)

_INDICATORS: Final = {name: it for section in SYSTEM.values() for name, it in section.items()}
_COST_UNIT: Final = "minor units"


def numbers(run: Run) -> list[Number]:
    """
    Return the headline numbers.
    """
    found = []
    for label, name, note in HEADLINES:
        value = run.indicators[name]
        unit = "" if value is None else _unit(name)
        found.append(Number(label, figure(name, value), unit, note))
    return found


def indicator_tables(run: Run) -> list[Table]:
    """
    Return the indicators of the system, a table for each of their subjects.
    """
    tables = []
    for section, indicators in SYSTEM.items():
        rows, above = [], ""
        for name, indicator in indicators.items():
            # What is set in belongs to the figure above it.
            is_part = indicator.label.startswith(" ")
            label = f"{above}: {indicator.label.strip()}" if is_part else indicator.label
            above = above if is_part else label
            rows.append((label, figure(name, run.indicators[name]), _unit(name), name))
        if section != "Run":
            heads = Column("indicator", False), Column("value"), Column("unit", False)
            columns = (*heads, Column("name", False))
            tables.append(Table(f"Indicators: {section.lower()}", columns, tuple(rows)))
    return tables


def figure(name: str, value: Any) -> str:
    """
    Return the value of an indicator as people read it.
    """
    unit = _INDICATORS[name].unit if name in _INDICATORS else ""
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return cost_text(value)
    if unit == SHARE:
        return "<0.1%" if 0 < value < 0.0005 else f"{value:.1%}"
    if isinstance(value, int):
        return number(value)
    if abs(value) >= 1_000:
        return f"{value:,.0f}"
    places = 3 if unit == RATIO else 1
    least = 10.0**-places
    return f"<{least:g}" if 0 < value < least / 2 else f"{value:,.{places}f}"


def _unit(name: str) -> str:
    """
    Return the unit of an indicator, or empty text if its figure tells by itself.
    """
    unit = _INDICATORS[name].unit if name in _INDICATORS else _COST_UNIT
    return "" if unit in (SHARE, RATIO) else unit
