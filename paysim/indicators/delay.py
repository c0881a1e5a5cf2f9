"""
Delay: how long value waited, and how much of it.

A delay is counted in ticks from arrival to settlement; 0 is settlement in the tick of arrival.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from paysim.indicators.figures import quotient

Delays = Mapping[int, int]
"""Weight, a volume or a value, by delay in ticks."""


def waited(queued: Sequence[int]) -> int:
    """
    Return the value that waited times the ticks it waited, of one day: sum of a (c - s).

    What is queued at the end of a tick waits for one tick more; what is queued at the end of the
    last one has waited until the close, c = T.

    Args:
        queued: Value in both queues at the end of each tick of the day.

    Unit: minor units times ticks.
    """
    return sum(queued[:-1])


def could_wait(arrived: Sequence[int], carried: int) -> int:
    """
    Return the value times ticks if nothing settled before the close: sum of a (T - s).

    T is the last tick of the day. What was carried over from the day before counts from the first.

    Args:
        arrived: Value that arrived in each tick of the day.
        carried: Value in both queues when the day opened.

    Unit: minor units times ticks.
    """
    last = len(arrived) - 1
    ahead = range(last, -1, -1)
    return sum(map(int.__mul__, arrived, ahead)) + carried * max(last, 0)


def delay_indicator(waited: int, could_wait: int) -> float | None:
    """
    Return the delay indicator: sum of a (c - s) / sum of a (T - s), from 0 to 1.

    0 if everything settled when it arrived, 1 if everything waited until the close. For several
    days, or several agents, numerators and denominators are summed. None if nothing could wait.

    Unit: none.
    Source: Leinonen and Soramäki (1999), where it is the area of the queue over time divided by
    that of the queue if nothing settled.
    """
    return quotient(waited, could_wait)


def mean_delay(delays: Delays) -> float | None:
    """
    Return the mean delay: sum of weight times delay / sum of weights.

    Weights of volume give the plain mean, weights of value the value-weighted one. Only what
    settled has a delay. None if nothing settled.

    Unit: ticks.
    Source: value-weighted, the statistic of delay by which the Bank of Canada compares designs
    (Staff Discussion Paper 2022-3).
    """
    weighted = sum(delay * weight for delay, weight in delays.items())
    return quotient(weighted, sum(delays.values()))


def median_delay(delays: Delays) -> float | None:
    """
    Return the median delay; of an even number, the mean of the middle two.

    Unit: ticks.
    """
    middle, volume = 0, sum(delays.values())
    if not volume:
        return None
    for place in ((volume - 1) // 2, volume // 2):
        middle += _at(delays, place)
    return middle / 2


def weighted_median_delay(delays: Delays) -> int | None:
    """
    Return the smallest delay by which at least half of the value that settled had settled.

    Unit: ticks.
    """
    value = sum(delays.values())
    return _at(delays, (value - 1) // 2) if value else None


def delayed(delays: Delays) -> dict[int, int]:
    """
    Return what settled in a later tick than it arrived.
    """
    return {delay: weight for delay, weight in delays.items() if delay}


def weights(rows: Iterable[tuple[int, int]]) -> dict[int, int]:
    """
    Return the sum of weights by delay.

    Args:
        rows: Delays and weights.
    """
    sums: Counter[int] = Counter()
    for delay, weight in rows:
        sums[delay] += weight
    return sums


def _at(delays: Delays, place: int) -> int:
    """
    Return the delay of the unit of weight at a place, from 0, in the order of delays.
    """
    below = 0
    for delay in sorted(delays):
        below += delays[delay]
        if place < below:
            return delay
    raise IndexError(place)
