"""
Liquidity used and its bounds, of one agent or of all, out of the daily positions.
"""

from __future__ import annotations

from typing import Any

from paysim.indicators.facts import Facts
from paysim.indicators.figures import quotient
from paysim.indicators.liquidity import (
    bounds_position,
    liquidity_used,
    liquidity_used_ratio,
    lower_bound,
    turnover_ratio,
    upper_bound,
)


def position_indicators(facts: Facts, settled: int, place: int | None = None) -> dict[str, Any]:
    """
    Return liquidity used, its bounds and its turnover.

    Args:
        facts: The run.
        settled: Value that the agent paid, or that all paid.
        place: An agent's place in scenario order, or None for all.
    """
    agents = len(facts.ids) if place is None else 1
    daily = [0] * len(facts.days)
    for row, lowest in enumerate(facts.positions("lowest_net_position", place)):
        daily[row // agents] += liquidity_used(lowest)
    used = sum(daily)
    due = facts.positions("due_value", place)
    lower = sum(map(lower_bound, due, facts.positions("expected_value", place)))
    upper = sum(map(upper_bound, facts.positions("immediate_lowest_net_position", place)))
    return {
        "liquidity_used_value": used,
        "liquidity_used_daily_mean_value": quotient(used, len(daily)),
        "liquidity_used_daily_max_value": max(daily, default=0),
        "liquidity_lower_bound_value": lower,
        "liquidity_upper_bound_value": upper,
        "liquidity_bounds_position": bounds_position(used, lower, upper),
        "turnover_ratio": turnover_ratio(settled, used),
        "liquidity_used_ratio": liquidity_used_ratio(settled, used),
    }
