"""
Liquidity: what was used, between which bounds, and how far it went.

Values are minor units. A net position is what an agent received less what it paid since the
opening of the day.
"""

from __future__ import annotations

from collections.abc import Sequence

from paysim.indicators.figures import quotient, running


def liquidity_used(lowest_net_position: int) -> int:
    """
    Return the liquidity that an agent used in a day: U = max(0, max over time of -N(t)).

    N(t) is its net position after each posting; the lowest one, or 0, is given.

    Unit: minor units.
    Source: Leinonen and Soramäki (1999), Bank of Finland DP 16/1999; the largest negative net
    cumulative position of BCBS 248 (2013).
    """
    return max(0, -lowest_net_position)


def lower_bound(due: int, expected: int) -> int:
    """
    Return the least liquidity with which all that is due can settle: max(0, due - expected).

    It suffices if everything settles together at the close.

    Args:
        due: Value that the agent has to pay in the day.
        expected: Value that others have to pay to it in the day.

    Unit: minor units.
    Source: Leinonen and Soramäki (1999).
    """
    return max(0, due - expected)


def upper_bound(immediate_lowest_net_position: int) -> int:
    """
    Return the liquidity with which all that is due settles without delay.

    It is what would be used if each transaction settled alone at the moment it arrived, by the same
    rule of crediting; the lowest net position of that course is given.

    Unit: minor units.
    Source: Leinonen and Soramäki (1999).
    """
    return max(0, -immediate_lowest_net_position)


def bounds_position(used: int, lower: int, upper: int) -> float | None:
    """
    Return where the liquidity used lies between its bounds: (used - lower) / (upper - lower).

    0 is what netting at the close needs, 1 what settlement without delay needs. It is below 0 only
    if something stayed unsettled, and can be above 1: if receipts wait longer than payments, an
    agent uses more than without delay. None if the bounds are equal.

    Unit: none.
    Source: Leinonen and Soramäki (1999).
    """
    return quotient(used - lower, upper - lower)


def turnover_ratio(settled: int, used: int) -> float | None:
    """
    Return how often liquidity turned over: value settled / liquidity used.

    None if no liquidity was used.

    Unit: none.
    Source: Leinonen and Soramäki (1999); the Reserve Bank of Australia reports it for RITS (RDP
    2012-05).
    """
    return quotient(settled, used)


def liquidity_used_ratio(settled: int, used: int) -> float | None:
    """
    Return the liquidity used for a unit of value settled: the reciprocal of the turnover ratio.

    Small is good. None if nothing settled.

    Unit: none.
    Source: BIS Working Paper 1089 (2023), which finds 15% on average in nine economies; what it
    calls liquidity efficiency grows as this falls.
    """
    return quotient(used, settled)


def net_positions(received: Sequence[int], paid: Sequence[int]) -> list[int]:
    """
    Return the net positions of an agent at the ends of the ticks of a day.

    Args:
        received: Value received in each tick.
        paid: Value paid in each tick.
    """
    return running(map(int.__sub__, received, paid))


def liquidity_in_use(positions: Sequence[Sequence[int]]) -> list[int]:
    """
    Return the liquidity in use at the end of each tick: the sum of the net debit positions.

    At no time is more in use than the agents together used, as each was at its lowest at its own
    time.

    Args:
        positions: The net positions of each agent, tick by tick.

    Unit: minor units.
    Source: the daylight overdrafts of Fedwire Funds are measured so, at the end of each minute.
    """
    return [-sum(n for n in tick if n < 0) for tick in zip(*positions, strict=True)]


def recycled(received: Sequence[int], paid: Sequence[int]) -> int:
    """
    Return the value of payments that receipts of the same window funded: sum of min(out, in).

    Divided by the value paid it is the share of payments that were coordinated with receipts.

    Args:
        received: Value received in each window.
        paid: Value paid in each window.

    Unit: minor units.
    Source: liquidity recycling as in Becher, Galbiati and Tudela (2008), Federal Reserve Bank of
    New York Economic Policy Review 14(2).
    """
    return sum(map(min, received, paid))


def net_sender_index(positions: Sequence[int]) -> float | None:
    """
    Return whether an agent lends liquidity to the others or borrows it from them, from 1 to -1.

    With A the area of its net debit positions over time and B that of its net credit positions,
    (A - B) / (A + B): 1 if it was a net sender throughout, -1 if others' money was with it
    throughout. None if its position was always 0.

    Args:
        positions: Net positions at the ends of ticks.

    Unit: none.
    Source: the areas are those by which Diehl (2013), Journal of Financial Market Infrastructures
    1(3), looks at free riding; dividing by their sum is our choice.
    """
    return quotient(-sum(positions), sum(map(abs, positions)))
