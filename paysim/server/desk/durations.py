"""
How long things take with one session: what is short enough for the loop, and what makes a portion.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from paysim.server.store.store import Row

INLINE_SECONDS: Final = 0.0005
"""What is known to take no longer is calculated on the loop: a thread costs a fifth of this."""

PORTION_SECONDS: Final = 0.02
"""Ticks are run in portions of about this length, between which others get in."""

GROWTH: Final = 4
"""A portion is at most so many times as long as the longest before, as ticks differ."""

WORK: Final[dict[str, Callable[[Row, tuple[Any, ...]], int]]] = {
    "account": lambda row, args: 1,
    "add_event": lambda row, args: 1,
    "decide": lambda row, args: len(args[1]),
    "lines": lambda row, args: min(args[1], max(row.events - args[0], 1)),
    "pulse": lambda row, args: max(row.tick - args[0], 1),
    "submit": lambda row, args: 1,
}
"""Methods of a session that may be short, and how many units of work a call is."""

CHANGING: Final = frozenset({"add_event", "decide", "submit"})
"""Methods of a session that show nothing of it but what they themselves have changed."""


class Durations:
    """
    The seconds that units of work took lately, by the name of the work.
    """

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._longest = 1

    def clear(self) -> None:
        """
        Forget all of it, for another session.
        """
        self._seconds.clear()
        self._longest = 1

    def is_short(self, name: str, units: int) -> bool:
        """
        Whether so much work is known to be short.
        """
        return name in self._seconds and self._seconds[name] * units <= INLINE_SECONDS

    def note(self, name: str, units: int, seconds: float) -> None:
        """
        Note how long so much work has taken.
        """
        figure = seconds / units
        # A rise counts at once, a fall slowly: one long call on the loop is worse than a thread.
        before = self._seconds.get(name, 0.0)
        self._seconds[name] = max(figure, 0.8 * before + 0.2 * figure)

    def portion(self) -> int:
        """
        Return how many ticks make a portion.
        """
        figure = self._seconds.get("advance")
        if figure is None:
            return 1
        fitting = PORTION_SECONDS / figure if figure else float("inf")
        return max(1, int(min(fitting, GROWTH * self._longest)))

    def has_run(self, ticks: int) -> None:
        """
        Note how many ticks a portion had.
        """
        self._longest = max(ticks, self._longest)
