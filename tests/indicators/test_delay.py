"""
Delay and queues by hand.
"""

from __future__ import annotations

import pytest

from paysim.indicators.delay import (
    could_wait,
    delay_indicator,
    delayed,
    mean_delay,
    median_delay,
    waited,
    weighted_median_delay,
    weights,
)
from paysim.indicators.queues import gridlock_index, peak, queued_value, time_average

# Ticks 0 to 3. 10 arrive at 0 and settle at 2, 20 arrive and settle at 1: 10 x 2 of the
# 10 x 3 + 20 x 2 that they could have waited.
QUEUED = [10, 10, 0, 0]
ARRIVED = [10, 20, 0, 0]


def test_indicator():
    """
    The area of the queue is sum a (c - s), that without settlement is sum a (T - s).
    """
    assert waited(QUEUED) == 10 * 2
    assert could_wait(ARRIVED, 0) == 10 * 3 + 20 * 2
    assert delay_indicator(20, 70) == pytest.approx(2 / 7)
    assert delay_indicator(0, 0) is None


def test_indicator_extremes():
    """
    It is 0 if nothing waits and 1 if everything waits until the close.
    """
    assert delay_indicator(waited([0, 0, 0]), could_wait([4, 4, 4], 0)) == 0
    assert delay_indicator(waited([4, 8, 12]), could_wait([4, 4, 4], 0)) == 1


def test_carried_over():
    """
    What was carried over could wait from the first tick of the day on.
    """
    assert could_wait(ARRIVED, 5) == 70 + 5 * 3
    assert could_wait([7], 5) == 0
    assert could_wait([], 0) == 0


@pytest.mark.parametrize(
    ("delays", "mean", "median", "weighted"),
    [
        ({0: 3, 2: 1}, 0.5, 0, 0),
        ({0: 1, 4: 1}, 2, 2, 0),
        ({0: 49, 3: 51}, 1.53, 3, 3),
        ({7: 1}, 7, 7, 7),
        ({5: 1, 1: 1, 3: 1}, 3, 3, 3),
        ({}, None, None, None),
    ],
)
def test_averages(delays, mean, median, weighted):
    """
    Means and medians count each delay by its weight.
    """
    assert mean_delay(delays) == mean
    assert median_delay(delays) == median
    assert weighted_median_delay(delays) == weighted


def test_delayed():
    """
    What settled in the tick of its arrival was not delayed.
    """
    assert delayed(weights([(0, 5), (2, 1), (2, 3)])) == {2: 4}


def test_queue_over_time():
    """
    The peak is at the first tick of the largest value, the average counts every tick.
    """
    assert peak([0, 7, 3, 7], first_tick=20) == (7, 21)
    assert peak([0, 0]) == peak([]) == (0, None)
    assert time_average([0, 7, 3, 7]) == 4.25
    assert time_average([]) is None


def test_ever_queued():
    """
    Who comes back to the queue counts once, and who was split not at all, as its parts do.
    """
    stays = [("a", 5), ("b", 7), ("a", 5), ("b/1", 3)]
    assert queued_value(stays) == 15
    assert queued_value(stays, frozenset({"b"})) == 8


def test_gridlock_index():
    """
    Ticks without an answer are left out of the share.
    """
    assert gridlock_index([True, False, False, None]) == pytest.approx(1 / 3)
    assert gridlock_index([None]) is None
