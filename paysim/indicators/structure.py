"""
Structure: netting, concentration, inequality, throughput.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from paysim.indicators.figures import PRECISION_BITS, quotient


def netting_ratio(gross: int, net_debits: int) -> float | None:
    """
    Return what netting saves of a set of payments: 1 - sum of net debits / gross value.

    Unit: none.
    Source: the usual measure of what netting saves; the net debits of all agents together are the
    lower bound of liquidity (Leinonen and Soramäki 1999).
    """
    return quotient(gross - net_debits, gross)


def bilateral_net_debits(values: Mapping[tuple[str, str], int]) -> int:
    """
    Return the sum over pairs of agents of what one owes the other net.

    Args:
        values: Value by sender and receiver.

    Unit: minor units.
    """
    return sum(
        max(0, value - values.get((receiver, sender), 0))
        for (sender, receiver), value in values.items()
    )


def herfindahl(sizes: Iterable[int]) -> Fraction | None:
    """
    Return the concentration of sizes: H = sum of squared shares, from 1/n to 1.

    None if all are 0.

    Unit: none.
    Source: Herfindahl (1950) and Hirschman (1945).
    """
    sizes = list(sizes)
    whole = sum(sizes)
    return Fraction(sum(size * size for size in sizes), whole * whole) if whole else None


def equal_size_number(concentration: Fraction | None) -> float | None:
    """
    Return how many agents of equal size would be as concentrated: 1/H.

    Unit: agents.
    Source: Adelman (1969), the numbers equivalent of the Herfindahl index.
    """
    return None if concentration is None else quotient(1, concentration)


def gini(sizes: Sequence[int]) -> float | None:
    """
    Return the inequality of sizes: sum over all pairs |x - y| / (2 n sum of x), from 0 to 1 - 1/n.

    0 if all are equal. None if there are none, or all are 0.

    Unit: none.
    Source: Gini (1912).
    """
    # In ascending order the x at place k, from 0, is the larger in k pairs, the smaller in n-1-k.
    n = len(sizes)
    spread = sum((2 * place - n + 1) * size for place, size in enumerate(sorted(sizes)))
    return quotient(spread, n * sum(sizes))


def provision_gini(used: Sequence[int], paid: Sequence[int]) -> float | None:
    """
    Return how unequally agents provide liquidity for what they pay: the Gini coefficient of U / P.

    Agents that paid nothing are left out.

    Args:
        used: Liquidity used by each agent.
        paid: Value that each agent paid.

    Unit: none.
    Source: liquidity provided relative to payments made is the cost-based measure of Denbee,
    Garratt and Zimmerman, Identification of over and under provision of liquidity in real-time
    payment systems, Journal of Financial Market Infrastructures.
    """
    return gini([(u << PRECISION_BITS) // p for u, p in zip(used, paid, strict=True) if p])


def throughput(settled: Sequence[int], due: int) -> list[float] | None:
    """
    Return the share of the value due in a day that has settled by the end of each tick or part.

    Args:
        settled: Value settled in each tick or part of the day.
        due: Value that arrived in the day or was unsettled when it opened.

    Unit: none.
    Source: the throughput rules of CHAPS, by which a share of the day's value is sent by given
    times.
    """
    if not due:
        return None
    so_far, shares = 0, []
    for value in settled:
        so_far += value
        shares.append(so_far / due)
    return shares


def reached(settled_so_far: Sequence[int], due: int, share: Fraction) -> int | None:
    """
    Return the first tick of the day by whose end a share of the value due has settled.

    None if it never was, or nothing was due.

    Args:
        settled_so_far: Value settled up to the end of each tick of the day.
        due: Value due in the day.
        share: More than 0.

    Unit: tick of the day, from 0.
    """
    tick = bisect_left(settled_so_far, due * share)
    return tick if due and tick < len(settled_so_far) else None


def mean_time(values: Sequence[int]) -> float | None:
    """
    Return the mean tick of the day weighted by values, such as those settled in each tick.

    Unit: tick of the day, from 0.
    """
    return quotient(sum(map(int.__mul__, values, range(len(values)))), sum(values))
