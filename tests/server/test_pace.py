"""
The pace of a run: as many ticks as the time says, however late each batch is.
"""

from __future__ import annotations

import pytest

from paysim.server.desk.pace import BATCHES_PER_SECOND, Pace


@pytest.mark.parametrize("per_second", [0.1, 0.7, 1, 3, 29.97, 60, 61, 100, 999.5, 5_000])
@pytest.mark.parametrize("lateness", [0.0, 0.004, 0.011])
def test_pace(per_second, lateness):
    """
    However late each batch is, after any time the ticks are those that the pace says, in at most
    so many batches a second.
    """
    start = now = 12_345.678
    pace = Pace(per_second, start)
    done = batches = 0
    while now < start + 100:
        now += pace.seconds(now)
        due = pace.due(now)
        assert due > 0 or per_second > BATCHES_PER_SECOND
        assert abs(done + due - 1 - int((now - start) * per_second + 1e-6)) <= 1
        pace.has_done(due)
        done += due
        batches += 1
        now += min(lateness, 0.5 / per_second)
    assert abs(done - 100 * per_second) <= per_second / BATCHES_PER_SECOND + 2
    assert batches <= 100 * BATCHES_PER_SECOND + 1


def test_portions():
    """
    Ticks that are due and did not fit into a portion are run without waiting.
    """
    pace = Pace(6_000.0, 0.0)
    assert pace.due(0.0) == 1
    pace.has_done(1)
    wait = pace.seconds(0.0)
    assert wait == pytest.approx(1 / 60)
    assert pace.due(wait) == 100
    pace.has_done(30)
    assert pace.seconds(wait) == 0
    assert pace.due(wait) == 70
    pace.has_done(70)
    assert pace.seconds(wait) == pytest.approx(1 / 60)


def test_standstill():
    """
    A run that was kept waiting for long goes on at its pace, and does not make up for it.
    """
    pace = Pace(10.0, 0.0)
    pace.has_done(pace.due(0.0))
    assert pace.due(500.0) == 1
    pace.has_done(1)
    assert pace.seconds(500.0) == pytest.approx(0.1)
    assert pace.due(500.95) == 9


def test_no_pace():
    """
    Without a pace any number of ticks is due at any time.
    """
    pace = Pace(None, 0.0)
    pace.has_done(1_000)
    assert pace.due(0.0) is None
    assert pace.seconds(0.0) == 0
