"""
Liquidity by hand: what was used, the bounds, turnover, recycling.
"""

from __future__ import annotations

import pytest

from paysim.indicators.figures import by_tenth
from paysim.indicators.liquidity import (
    bounds_position,
    liquidity_in_use,
    liquidity_used,
    liquidity_used_ratio,
    lower_bound,
    net_positions,
    net_sender_index,
    recycled,
    turnover_ratio,
    upper_bound,
)

# A owes B 100 at once, B owes A 80 later. Without delay A pays 100 and gets 80 back; netted at the
# close A pays 20. In between, B pays 50 of its 80 first, so A uses 50.
#        due  expected  lowest if immediate  lowest in fact   lower  upper  used
DAYS = [
    ("A", 100, 80, -100, -50, 20, 100, 50),
    ("B", 80, 100, 0, -50, 0, 0, 50),
]


@pytest.mark.parametrize(("name", "due", "expected", "immediate", "lowest", *"luv"), DAYS)
def test_bounds(name, due, expected, immediate, lowest, l, u, v):  # noqa: E741
    """
    Liquidity used and its bounds follow from net positions and from what is due.
    """
    assert lower_bound(due, expected) == l
    assert upper_bound(immediate) == u
    assert liquidity_used(lowest) == v


def test_position():
    """
    The position is 0 at the lower bound and 1 at the upper, linear in between and beyond.
    """
    assert [bounds_position(used, 20, 100) for used in (20, 60, 100, 120, 0)] == [
        *(0, 0.5, 1, 1.25, -0.25)
    ]
    assert bounds_position(20, 20, 20) is None


def test_turnover():
    """
    RITS settled A$171 billion a day on A$16 billion in 2011, a turnover of 10.7 (RBA, RDP 2012-05).
    """
    assert turnover_ratio(171, 16) == 10.6875
    assert liquidity_used_ratio(171, 16) == pytest.approx(1 / 10.6875)
    assert turnover_ratio(171, 0) is None
    assert liquidity_used_ratio(0, 16) is None


def test_in_use():
    """
    In use at a time is what the net debtors of that time owe, so less than each at its own worst.
    """
    positions = [net_positions([0, 0, 9], [5, 2, 0]), net_positions([5, 2, 0], [0, 0, 9])]
    assert positions == [[-5, -7, 2], [5, 7, -2]]
    assert liquidity_in_use(positions) == [5, 7, 2]


def test_recycled():
    """
    A window's receipts fund payments of the same window, and no others.
    """
    assert recycled([5, 0, 8], [3, 4, 10]) == 3 + 0 + 8


def test_tenths():
    """
    Tick t of a day belongs to the tenth floor(10 t / ticks of the day).
    """
    assert by_tenth(range(20), 20) == [1, 5, 9, 13, 17, 21, 25, 29, 33, 37]
    assert by_tenth([1, 2, 3, 4], 4) == [1, 0, 2, 0, 0, 3, 0, 4, 0, 0]
    assert by_tenth([1, 2], 4) == [1, 0, 2, 0, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("positions", "index"),
    [([-5, -5], 1), ([5, 0], -1), ([-10, -10, 20], 0), ([-30, 10], 0.5), ([0], None), ([], None)],
)
def test_net_sender(positions, index):
    """
    An agent that is in debit throughout lends to the others, one in credit borrows from them.
    """
    assert net_sender_index(positions) == index
