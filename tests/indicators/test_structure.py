"""
Netting, concentration, inequality and throughput by hand, and the tools of BCBS 248.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from paysim.indicators.bcbs248 import (
    available_at_start,
    daily_maximum_usage,
    intraday_throughput,
    time_specific_obligations,
    total_payments,
)
from paysim.indicators.costs import exact_sum
from paysim.indicators.figures import running
from paysim.indicators.liquidity import net_positions
from paysim.indicators.structure import (
    bilateral_net_debits,
    equal_size_number,
    gini,
    herfindahl,
    mean_time,
    netting_ratio,
    provision_gini,
    reached,
    throughput,
)

# The flows of a bank's day as an example of Oracle Financial Services Liquidity Risk, User Guide
# 8.0.8, Intraday Throughput, has them; received on the left, paid on the right, from 9:00 to 17:00.
FLOWS = [
    *((223, 0), (0, 19), (95, 0), (0, 223), (0, 99), (0, 108), (400, 0)),
    *((22, 0), (0, 10), (5, 0), (0, 45), (0, 379), (102, 0), (0, 11)),
]
BY_HOUR = [0, 19, 430, 0, 0, 10, 424, 0, 11]
PUBLISHED = ["0.00", "2.13", "50.22", "50.22", "50.22", "51.34", "98.77", "98.77", "100.00"]


def test_netting():
    """
    A owes B 100 and B owes A 80: 20 of 180 remain. In a ring netting two by two saves nothing.
    """
    pair = {("A", "B"): 100, ("B", "A"): 80}
    ring = {("A", "B"): 5, ("B", "C"): 5, ("C", "A"): 5}
    assert bilateral_net_debits(pair) == 20
    assert netting_ratio(180, 20) == pytest.approx(160 / 180)
    assert netting_ratio(15, bilateral_net_debits(ring)) == 0
    assert netting_ratio(15, 0) == 1
    assert netting_ratio(0, 0) is None


def test_concentration():
    """
    Shares of 50, 30 and 20 % give 0.38, as concentrated as 2.63 equal ones.
    """
    assert herfindahl([50, 30, 20]) == Fraction(38, 100)
    assert equal_size_number(herfindahl([50, 30, 20])) == pytest.approx(2.6315789)
    assert equal_size_number(herfindahl([7, 7, 7, 7])) == 4
    assert herfindahl([0, 0]) is equal_size_number(None) is None


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [([1, 2, 3, 4], 0.25), ([0, 0, 0, 1], 0.75), ([5, 5], 0), ([0, 0], None), ([], None)],
)
def test_gini(sizes, expected):
    """
    The coefficient is 0 for equals and 1 - 1/n if one has all, whatever their order.
    """
    assert gini(sizes) == gini(sizes[::-1]) == expected


def test_gini_is_over_all_pairs():
    """
    It is the sum of the differences of all pairs, over 2 n times the sum.
    """
    sizes = [3, 1, 4, 1, 5]
    differences = sum(abs(x - y) for x in sizes for y in sizes)
    assert gini(sizes) == differences / (2 * 5 * 14)


def test_provision():
    """
    Provision is relative to payments: 10 for 100 and 5 for 50 are equal; who paid nothing is out.
    """
    assert provision_gini([10, 5, 0], [100, 50, 0]) == 0
    assert provision_gini([10, 0], [100, 50]) == 0.5
    assert provision_gini([0], [100]) is None


def test_throughput():
    """
    Of 80 due, 20 settle at tick 0, 40 at 2 and 10 at 3: three quarters by 2, and never all.
    """
    settled = [20, 0, 40, 10]
    assert throughput(settled, 80) == [0.25, 0.25, 0.75, 0.875]
    halves = [reached(running(settled), 80, Fraction(part, 8)) for part in (2, 4, 6, 7, 8)]
    assert halves == [0, 2, 2, 3, None]
    assert throughput(settled, 0) is None
    assert reached([], 0, Fraction(1, 2)) is reached([0], 0, Fraction(1, 2)) is None
    assert mean_time(settled) == (40 * 2 + 10 * 3) / 70


def test_published_throughput():
    """
    C(i) gives the percentages published for the example day.
    """
    assert [f"{share:.2%}"[:-1] for share in intraday_throughput([BY_HOUR])] == PUBLISHED
    assert intraday_throughput([[0, 0]]) is intraday_throughput([]) is None


def test_throughput_over_days():
    """
    C(i) of several days is the mean of the daily shares, whatever the value of a day.
    """
    assert intraday_throughput([[1, 0, 3], [0, 0, 0], [50, 50, 0]]) == [0.375, 0.625, 1]


def test_net_positions_of_the_day():
    """
    The example day goes up to 299 before 10:15 and down to -138 at 15:00, and ends at -47.
    """
    positions = net_positions(*zip(*FLOWS, strict=True))
    assert (max(positions), min(positions), positions[-1]) == (299, -138, -47)
    usage = daily_maximum_usage([min(positions)], [max(positions)])
    assert usage == {
        "negative": {"largest": [-138], "mean": -138},
        "positive": {"largest": [299], "mean": 299},
    }


def test_three_largest():
    """
    Of a month the three largest days are shown, and the mean of all.
    """
    usage = daily_maximum_usage([-1, -9, -4, -6], [0, 3, 8, 1])
    assert usage["negative"] == {"largest": [-9, -6, -4], "mean": -5}
    assert usage["positive"] == {"largest": [8, 3, 1], "mean": 3}
    payments = total_payments([5, 7], [0, 2])
    assert payments == {
        "sent": {"largest": [7, 5], "mean": 6},
        "received": {"largest": [2, 0], "mean": 1},
    }


def test_available_at_start():
    """
    The smallest days come with their sources; of the balance, what was allocated is told apart.
    """
    found = available_at_start([100, 20, 60, -5], [30, 0, 60, 0], [0, 50, 10, 10])
    assert [day["total"] for day in found["smallest"]] == [5, 70, 70]
    assert found["smallest"][2] == {
        "total": 70,
        "own_balance": 0,
        "allocated_from_pool": 60,
        "credit_limit": 10,
    }
    assert found["mean"]["total"] == (100 + 70 + 70 + 5) / 4
    assert available_at_start([], [], [])["mean"]["total"] is None


def test_obligations():
    """
    A(iv) names what had to settle by a time, and what of it did not.
    """
    assert time_specific_obligations(
        [1, 0, 4, 2], [30, 0, 40, 20], [1, 0, 0, 0], [10, 0, 0, 0]
    ) == {
        "volume": 7,
        "value": 90,
        "missed_volume": 1,
        "missed_value": 10,
        "daily_value": {"largest": [40, 30, 20], "mean": 22.5},
        "daily_missed_value": {"largest": [10, 0, 0], "mean": 2.5},
    }


def test_costs_are_exact():
    """
    Sums of costs lose no digit, however far apart they are.
    """
    assert exact_sum(["0.0000000000000000001", "99999999999999999999", "0"]) == (
        "99999999999999999999.0000000000000000001"
    )
    assert exact_sum(["0.5", "0.5"]) == "1"
    assert exact_sum([]) == "0"
