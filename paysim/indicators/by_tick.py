"""
The indicators over time, one row per tick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from paysim.indicators.facts import LSM_CAUSES, Facts, system_flow
from paysim.indicators.flows import due_by_day
from paysim.indicators.names import TICK_COLUMNS
from paysim.indicators.over_time import gridlock_ticks, positions_in_use
from paysim.indicators.structure import throughput
from paysim.indicators.tables import indicator_table

if TYPE_CHECKING:
    from paysim._kernel import Table


def tick_table(facts: Facts) -> Table:
    """
    Return the table of ticks.
    """
    return indicator_table(TICK_COLUMNS, tick_columns(facts))


def tick_columns(facts: Facts) -> dict[str, list[Any]]:
    """
    Return the indicators by name, for each tick of the days asked for.
    """
    flow, period = system_flow(facts), range(facts.first_tick, facts.end_tick)
    shares: list[float | None] = []
    for settled, due in zip(facts.by_day(flow.settled), due_by_day(facts, flow), strict=True):
        shares += throughput(settled, due) or [None] * len(settled)
    copied = {
        name: list(facts.of_period(facts.system(name)))
        for name in TICK_COLUMNS
        if name in facts.results.ticks.column_names
    }
    return {
        **copied,
        "tick_of_day": [tick % facts.ticks_per_day for tick in period],
        "throughput_share": shares,
        **{f"lsm_{measure}": _lsm(facts, measure) for measure in ("volume", "value")},
        "liquidity_in_use_value": positions_in_use(facts),
        "is_gridlock": gridlock_ticks(facts),
    }


def _lsm(facts: Facts, measure: str) -> list[int]:
    columns = [facts.of_period(facts.system(f"{cause}_{measure}")) for cause in LSM_CAUSES]
    return [sum(tick) for tick in zip(*columns, strict=True)]
