"""
The monitoring tools of BCBS 248 for one agent, out of the tables.
"""

from __future__ import annotations

from typing import Any

from paysim.indicators.bcbs248 import (
    available_at_start,
    daily_maximum_usage,
    intraday_throughput,
    time_specific_obligations,
    total_payments,
)
from paysim.indicators.facts import Facts
from paysim.indicators.figures import by_tenth

OBLIGATIONS = ("timed_volume", "timed_value", "missed_volume", "missed_value")


def monitoring_tools(facts: Facts, place: int) -> dict[str, Any]:
    """
    Return the tools A(i) to A(iv) and C(i) for an agent, by its place in scenario order.
    """

    def column(name: str) -> list[int]:
        return facts.positions(name, place)

    length = facts.ticks_per_day
    sent = facts.by_day(facts.agent("paid_value", place))
    return {
        "a1_daily_maximum_usage": daily_maximum_usage(
            column("lowest_net_position"), column("highest_net_position")
        ),
        "a2_available_at_start": available_at_start(
            column("opening_balance"),
            column("liquidity_allocated"),
            column("opening_credit_limit"),
        ),
        "a3_total_payments": total_payments(column("paid_value"), column("received_value")),
        "a4_time_specific_obligations": time_specific_obligations(
            *(column(name) for name in OBLIGATIONS)
        ),
        "c1_throughput": intraday_throughput(
            # A day that is not over has no whole yet of which to take a share.
            by_tenth(day, length)
            for day in sent
            if len(day) == length
        ),
    }
