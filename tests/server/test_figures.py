"""
What is known of how long things take.
"""

from __future__ import annotations

from paysim.server.desk.figures import GROWTH, INLINE_SECONDS, PORTION_SECONDS, Figures


def test_rises_at_once_and_falls_slowly():
    """
    One long call is enough to be called long, and several short ones are needed to be short again.
    """
    figures = Figures()
    assert not figures.is_short("advance", 1)
    figures.note("advance", 1, INLINE_SECONDS / 2)
    assert figures.is_short("advance", 2)
    assert not figures.is_short("advance", 3)
    figures.note("advance", 1, 2 * INLINE_SECONDS)
    assert not figures.is_short("advance", 1)
    figures.note("advance", 10, 0.0)
    assert not figures.is_short("advance", 1)
    for _ in range(10):
        figures.note("advance", 10, 0.0)
    assert figures.is_short("advance", 1)


def test_portion():
    """
    A portion takes the time that it may, but grows by steps, and begins with one tick.
    """
    figures = Figures()
    assert figures.portion() == 1
    figures.note("advance", 1, 0.0)
    assert figures.portion() == GROWTH
    figures.has_run(GROWTH)
    assert figures.portion() == GROWTH**2
    figures.note("advance", 1, PORTION_SECONDS / 3)
    assert figures.portion() in (2, 3)
    figures.note("advance", 1, 5 * PORTION_SECONDS)
    assert figures.portion() == 1
    figures.clear()
    assert figures.portion() == 1
