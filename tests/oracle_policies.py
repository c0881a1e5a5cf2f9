"""
The built-in policies as the oracle knows them, written from the specification alone.
"""

from __future__ import annotations

from typing import Any

DEFAULTS = {"urgency_threshold": 10, "target_buffer": 100_000, "num_splits": 2}
DEFAULTS |= {"max_splits": 5, "min_split_amount": 10_000}


def parts_wanted(t: Any, free: int, tick: int, ticks_per_day: int) -> int:
    """
    Give what its sender's policy wants of a held transaction.

    That is 0 to hold it, 1 to release it whole, else the number of parts to split it into.
    """
    policy = t.sender.policy
    given = DEFAULTS | (policy if isinstance(policy, dict) else vars(t.sender) | {"type": policy})
    name = given["type"].lower()
    last_tick_of_day = (t.arrival_tick // ticks_per_day + 1) * ticks_per_day - 1
    deadline = last_tick_of_day if t.deadline_tick is None else t.deadline_tick
    urgent = t.is_overdue or deadline - tick <= given["urgency_threshold"]
    if name == "deadline":
        return int(urgent)
    if name == "liquidity_aware":
        roomy = free - t.amount >= given["target_buffer"]
        return int(roomy or t.is_overdue or (urgent and t.amount <= free))
    if name == "liquidity_splitting" and not t.is_overdue and t.amount > free:
        counts = range(2, given["max_splits"] + 1) if t.divisible else []
        fitting = [n for n in counts if given["min_split_amount"] <= t.amount // n <= free]
        return min(fitting, default=0)
    parts = given["num_splits"]
    return parts if name == "mock_splitting" and t.divisible and t.amount >= parts else 1
