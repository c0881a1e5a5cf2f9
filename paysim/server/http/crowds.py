"""
How much may be under way at once, whoever waits for it still: a client that goes leaves its call.
"""

from __future__ import annotations

from typing import Final

import attrs

from paysim.server.problems import Problem

CALLS_MAX: Final = 256
"""Calls of one simulation that are under way, nearly all of which wait for those before them."""

BODIES_MAX: Final = 16
"""How many bodies of the greatest length may be in memory at once."""


class Crowd:
    """
    The calls that are under way, by simulation.
    """

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def enter(self, id: str) -> None:
        """
        Let a call of a simulation begin, for which `leave` is called at its end.

        Raises:
            Problem: 503, too many are under way.
        """
        count = self._counts.get(id, 0)
        if count >= CALLS_MAX:
            title = "Too many calls are under way"
            detail = f"{CALLS_MAX} calls of this simulation wait for each other; repeat it later"
            raise _later("too-many-calls", title, detail)
        self._counts[id] = count + 1

    def leave(self, id: str) -> None:
        """
        Note that a call has ended.
        """
        self._counts[id] -= 1
        if not self._counts[id]:
            del self._counts[id]


@attrs.define
class Bodies:
    """
    The bodies of all requests that are under way.

    Attributes:
        held: Bytes of them that are in memory.
    """

    held: int = 0

    def check(self, more: int, body_max: int) -> None:
        """
        Make sure that there is room for so many bytes more.

        Args:
            more: How many.
            body_max: The greatest length of a body.

        Raises:
            Problem: 503, there is not.
        """
        most = BODIES_MAX * body_max
        if self.held + more > most:
            title = "Too many bodies are under way"
            detail = f"all bodies together may have at most {most:,} bytes; repeat it later"
            raise _later("too-many-bodies", title, detail)


def _later(kind: str, title: str, detail: str) -> Problem:
    return Problem(503, kind, title, detail, headers={"Retry-After": "5"})
