"""
The headline numbers of a report and the table of all indicators of the system.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from paysim.report.parts import Column, Number, Table
from paysim.report.run import Run
from paysim.summary import cost_text, number

NOTHING: Final = "–"
"""What stands for an indicator that is not defined, as 0/0 is not."""


class Headline(NamedTuple):
    """
    One headline number: its label, the indicator's name, and how to read it.
    """

    label: str
    name: str
    note: str = ""


HEADLINES: Final = (
    Headline("Value settled", "settled_value"),
    Headline("Share of the value due that settled", "settled_share"),
    Headline("Value unsettled at the end", "unsettled_value"),
    Headline("Liquidity used a day", "liquidity_used_daily_mean_value", "sum over agents, mean"),
    Headline("Turnover ratio", "turnover_ratio", "value settled per liquidity used"),
    Headline(
        "Position between the liquidity bounds",
        "liquidity_bounds_position",
        "0: netting at the close, 1: no delay",
    ),
    Headline("Payments funded by receipts", "recycled_share", "within a tenth of the day"),
    Headline("Delay indicator", "delay_indicator", "0: all at once, 1: all at the close"),
    Headline("Mean delay, by value", "delay_value_weighted_mean_ticks"),
    Headline("Half the value settled by", "throughput_50_tick_of_day"),
    Headline("Three quarters settled by", "throughput_75_tick_of_day"),
    Headline("Peak of the central queue", "central_queue_peak_value"),
    Headline("Ticks that end in gridlock", "gridlock_index"),
    Headline("Value settled by mechanisms", "lsm_value_share", "liquidity-saving mechanisms"),
    Headline("Inequality of provision", "liquidity_provision_gini", "Gini: 0 equal, 1 one alone"),
    Headline("Total cost", "total_cost"),
)

_PERCENT: Final = ("_share", "gridlock_index")
_UNITS: Final = {
    "_tick_of_day": "tick of the day",
    "_tick": "tick",
    "_ticks": "ticks",
    "_volume": "transactions",
    "_value": "minor units",
    "cost": "minor units",
}
"""Units by how the name of an indicator ends."""

_SMALL: Final = 0.0005


def numbers(run: Run) -> list[Number]:
    """
    Return the headline numbers.
    """
    return [
        Number(line.label, figure(line.name, run.indicators[line.name]), unit(line.name), line.note)
        for line in HEADLINES
    ]


def indicator_table(run: Run) -> Table:
    """
    Return every indicator of the system that is one figure.
    """
    found = dict(_flat(run.indicators))
    return Table(
        "Indicators of the system",
        (Column("indicator", False), Column("value"), Column("unit", False)),
        tuple((name, figure(name, value), unit(name)) for name, value in found.items()),
        note="Formulas and sources stand in docs/reference/indicators.md; paysim indicators RUN "
        "gives those of each agent and tick, and the monitoring tools of BCBS 248. "
        f"{NOTHING}: not defined for this run.",
    )


def figure(name: str, value: Any) -> str:
    """
    Return the value of an indicator as people read it.
    """
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return cost_text(Decimal(value))
    if name.endswith(_PERCENT):
        return "<0.1%" if 0 < value < _SMALL else f"{value:.1%}"
    if isinstance(value, int):
        return number(value)
    places = 1 if unit(name) else 3
    smallest = 10.0**-places
    return f"<{smallest:g}" if 0 < value < smallest / 2 else f"{value:,.{places}f}"


def unit(name: str) -> str:
    """
    Return the unit of an indicator, or empty text if it is a ratio.
    """
    return next((text for end, text in _UNITS.items() if name.endswith(end)), "")


def _flat(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """
    Return indicators that are one figure; those of agents and over time are left out.
    """
    found: list[tuple[str, Any]] = []
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and key != "bcbs248":
            ending = "_cost" if key == "cost" else ""
            found += [(f"{inner}{ending}", v) for inner, v in _flat(value, f"{name}." * (not ending))]
        elif value is None or isinstance(value, int | float | str):
            found.append((name, value))
    return found
