"""
The pace of a run: how many ticks are due, at fixed points of time, so that no lateness adds up.
"""

from __future__ import annotations

from typing import Final

BATCHES_PER_SECOND: Final = 60
"""Batches of ticks, at most; a higher pace has more ticks in each."""

BACKLOG_SECONDS: Final = 1.0
"""Who was kept waiting for longer than this does not make up for it."""


class Pace:
    """
    So many ticks a second, the first of them at once.

    Args:
        per_second: The ticks; `None` is as fast as it goes.
        now: The time.
    """

    def __init__(self, per_second: float | None, now: float) -> None:
        self._per_second = per_second
        # Time counts from here: so many ticks are done, so many are due by now, in so many batches;
        # more will be due at `_next`.
        self._since = self._next = now
        self._done = self._due = self._batches = 0

    def due(self, now: float) -> int | None:
        """
        Return how many ticks are due by now; `None` is any number.
        """
        if self._per_second is None:
            return None
        if self._done >= self._due and now >= self._next:
            self._begin_batch(now, self._per_second)
        return self._due - self._done

    def seconds(self, now: float) -> float:
        """
        Return the seconds until more ticks are due.
        """
        if self._per_second is None or self._done < self._due:
            return 0.0
        return max(0.0, self._next - now)

    def has_done(self, ticks: int) -> None:
        """
        Count ticks that have been run.
        """
        self._done += ticks

    def _begin_batch(self, now: float, per_second: float) -> None:
        if now - self._next > BACKLOG_SECONDS + 1 / per_second:
            self._since, self._done, self._batches = now, 0, 0
        passed = now - self._since
        if per_second <= BATCHES_PER_SECOND:
            self._due = max(int(passed * per_second), self._done) + 1
            self._next = self._since + self._due / per_second
        else:
            self._due = max(int(passed * per_second) + 1, self._done)
            self._batches = max(int(passed * BATCHES_PER_SECOND), self._batches) + 1
            self._next = self._since + self._batches / BATCHES_PER_SECOND
