"""
The monitoring tools for intraday liquidity of the Basel Committee, for each agent.

Source of all: Basel Committee on Banking Supervision (2013), Monitoring tools for intraday
liquidity management, BCBS 248: A(i) to A(iv) for all banks, C(i) for direct participants. B(i) and
B(ii) concern customers of correspondent banks, which are no agents here.
Extremes and means are over days, as the report of a month has them. Values are minor units.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from paysim.indicators.figures import PRECISION_BITS, quotient, running

SHOWN: Final = 3
"""Days of which a report gives the extremes."""

SOURCES: Final = ("own_balance", "allocated_from_pool", "credit_limit")
"""What liquidity at the start of a day consists of."""


def largest(values: Sequence[int]) -> dict[str, Any]:
    """
    Return the three largest daily values, the largest first, and the mean of all days.
    """
    return {"largest": sorted(values, reverse=True)[:SHOWN], "mean": _mean(values)}


def daily_maximum_usage(lowest: Sequence[int], highest: Sequence[int]) -> dict[str, Any]:
    """
    Return tool A(i): the largest negative and positive net cumulative positions.

    Args:
        lowest: Lowest net position of each day, at most 0.
        highest: Highest net position of each day, at least 0.
    """
    negative = {"largest": sorted(lowest)[:SHOWN], "mean": _mean(lowest)}
    return {"negative": negative, "positive": largest(highest)}


def available_at_start(
    balances: Sequence[int], allocated: Sequence[int], credit_limits: Sequence[int]
) -> dict[str, Any]:
    """
    Return tool A(ii): what was available at the start of the day, by source.

    The balance is told apart into what was allocated from the pool this morning and the rest. What
    is still in the pool does not count: it cannot be brought in before the next day.

    Args:
        balances: Opening balance of each day, what was allocated included.
        allocated: Liquidity allocated from the pool at the opening.
        credit_limits: Credit limit at the opening.
    """
    days = [
        {"total": b + c, "own_balance": b - a, "allocated_from_pool": a, "credit_limit": c}
        for b, a, c in zip(balances, allocated, credit_limits, strict=True)
    ]
    means = {key: _mean([day[key] for day in days]) for key in ("total", *SOURCES)}
    return {"smallest": sorted(days, key=lambda day: day["total"])[:SHOWN], "mean": means}


def total_payments(sent: Sequence[int], received: Sequence[int]) -> dict[str, Any]:
    """
    Return tool A(iii): the gross value sent and received.

    Args:
        sent: Value settled as sender in each day.
        received: Value settled as receiver in each day.
    """
    return {"sent": largest(sent), "received": largest(received)}


def time_specific_obligations(
    volumes: Sequence[int],
    values: Sequence[int],
    missed_volumes: Sequence[int],
    missed_values: Sequence[int],
) -> dict[str, Any]:
    """
    Return tool A(iv): the obligations that had to settle by a given time, and those that did not.

    Here they are the transactions with a deadline, by the day in which they arrived; one is missed
    if it was unsettled at its deadline.
    """
    return {
        "volume": sum(volumes),
        "value": sum(values),
        "missed_volume": sum(missed_volumes),
        "missed_value": sum(missed_values),
        "daily_value": largest(values),
        "daily_missed_value": largest(missed_values),
    }


def intraday_throughput(days: Iterable[Sequence[int]]) -> list[float] | None:
    """
    Return tool C(i): the share of the outgoing value that has settled by the end of each part.

    Of several days it is the mean of the shares of each, those left out on which nothing was sent.
    None if nothing was sent on any.

    Args:
        days: Value settled as sender in each part of the day, of each day.
    """
    shares: list[list[int]] = []
    for sent in days:
        so_far = running(sent)
        if so_far and so_far[-1]:
            shares.append([(value << PRECISION_BITS) // so_far[-1] for value in so_far])
    whole = len(shares) << PRECISION_BITS
    return [sum(part) / whole for part in zip(*shares, strict=True)] or None


def _mean(values: Sequence[int]) -> float | None:
    return quotient(sum(values), len(values))
