"""
What is known of how long things take.
"""

from __future__ import annotations

from paysim.server.desk.durations import GROWTH, INLINE_SECONDS, PORTION_SECONDS, Durations


def test_rises_at_once_and_falls_slowly():
    """
    One long call is enough to be called long, and several short ones are needed to be short again.
    """
    durations = Durations()
    assert not durations.is_short("advance", 1)
    durations.note("advance", 1, INLINE_SECONDS / 2)
    assert durations.is_short("advance", 2)
    assert not durations.is_short("advance", 3)
    durations.note("advance", 1, 2 * INLINE_SECONDS)
    assert not durations.is_short("advance", 1)
    durations.note("advance", 10, 0.0)
    assert not durations.is_short("advance", 1)
    for _ in range(10):
        durations.note("advance", 10, 0.0)
    assert durations.is_short("advance", 1)


def test_portion():
    """
    A portion takes the time that it may, but grows by steps, and begins with one tick.
    """
    durations = Durations()
    assert durations.portion() == 1
    durations.note("advance", 1, 0.0)
    assert durations.portion() == GROWTH
    durations.has_run(GROWTH)
    assert durations.portion() == GROWTH**2
    durations.note("advance", 1, PORTION_SECONDS / 3)
    assert durations.portion() in (2, 3)
    durations.note("advance", 1, 5 * PORTION_SECONDS)
    assert durations.portion() == 1
    durations.clear()
    assert durations.portion() == 1
