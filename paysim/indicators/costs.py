"""
Costs: exact sums by component.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal
from typing import Final

COMPONENTS: Final = (
    "overdraft",
    "delay",
    "liquidity",
    "split_friction",
    "deadline_penalty",
    "end_of_day_penalty",
    "end_of_day_borrowing",
)

_CONTEXT: Final = Context(prec=100)


def exact_sum(costs: Iterable[str]) -> str:
    """
    Return the sum of exact decimal texts as an exact decimal text, without trailing zeros.

    Unit: minor units.
    """
    total = Decimal(0)
    for cost in costs:
        if cost != "0":
            total = _CONTEXT.add(total, Decimal(cost))
    text = format(total, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
