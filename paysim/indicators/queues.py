"""
Queues: peaks, averages over time, and what was left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from paysim.indicators.figures import quotient


def peak(values: Sequence[int], first_tick: int = 0) -> tuple[int, int | None]:
    """
    Return the largest of values at the ends of ticks, and the first tick at which it was reached.

    The tick is None if it is 0 throughout.

    Unit: of the values; tick.
    """
    highest = max(values, default=0)
    return highest, first_tick + values.index(highest) if highest else None


def time_average(values: Sequence[int]) -> float | None:
    """
    Return the mean over time of values at the ends of ticks.

    Unit: of the values.
    """
    return quotient(sum(values), len(values))


def queued_value(stays: Iterable[tuple[str, int]], left_out: frozenset[str] = frozenset()) -> int:
    """
    Return the value of the transactions that were in the central queue, each counted once.

    Args:
        stays: Transaction and amount of each stay in the queue; who was withdrawn may come again.
        left_out: Transactions that do not count, as they were split and their parts do.

    Unit: minor units.
    """
    amounts = dict(stays)
    return sum(amount for id, amount in amounts.items() if id not in left_out)


def gridlock_index(gridlocks: Iterable[bool | None]) -> float | None:
    """
    Return the share of ticks that ended in a gridlock, those without an answer left out.

    In a gridlock no queued transaction could settle alone, but the largest ordered set of the
    central queue is not empty: a set that keeps each sender's order could settle together. Where
    not even that is possible it is a deadlock, and does not count.

    Unit: none.
    Source: the definition of Bech and Soramäki (2001), Bank of Finland DP 9/2001.
    """
    answers = [answer for answer in gridlocks if answer is not None]
    return quotient(sum(answers), len(answers))
