"""
What the indicators have in common: shares, sums over days, and tenths of a day.

Everything is computed in integers; a quotient is rounded once, to the nearest float.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final

TENTHS: Final = 10
"""Equal parts of a day in which throughput and recycling are measured."""

PRECISION_BITS: Final = 128
"""Binary places to which ratios are taken that are summed; a float has 53."""


def quotient(part: int | Fraction, whole: int | Fraction) -> float | None:
    """
    Return part / whole rounded once, and None where the whole is 0: 0/0 is not a figure.
    """
    if not whole:
        return None
    if isinstance(part, int) and isinstance(whole, int):
        return part / whole
    return float(Fraction(part) / Fraction(whole))


def running(values: Iterable[int]) -> list[int]:
    """
    Return the running totals of values, the first value first.
    """
    totals, so_far = [], 0
    for value in values:
        so_far += value
        totals.append(so_far)
    return totals


def tenth_ends(ticks_per_day: int) -> list[int]:
    """
    Return for each tenth of a day how many ticks of the day have passed at its end.

    Tick t of the day, from 0, belongs to the tenth floor(10 t / ticks_per_day). A day of fewer than
    ten ticks has tenths without a tick.
    """
    return [-(-part * ticks_per_day // TENTHS) for part in range(1, TENTHS + 1)]


def by_tenth(values: Sequence[int], ticks_per_day: int) -> list[int]:
    """
    Return the sum of each tenth of one day.

    Args:
        values: One for each tick of the day; a day that was not run to its end has fewer.
        ticks_per_day: Ticks of a whole day.
    """
    ends = tenth_ends(ticks_per_day)
    return [sum(values[start:end]) for start, end in zip([0, *ends], ends, strict=False)]
