"""
What requests with an `Idempotency-Key` were answered, so that a repeat is answered the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import attrs

from paysim.server.problems import Problem, problem_of
from paysim.server.store.store import StoreError

if TYPE_CHECKING:
    from paysim.server.desk.seats import Seats
    from paysim.server.store.store import Reply


@attrs.define
class _Use:
    """
    The lock of a key, and how many requests have it or wait for it.
    """

    lock: asyncio.Lock = attrs.field(factory=asyncio.Lock)
    users: int = 0


class Replays:
    """
    The replies that are kept.

    Args:
        seats: All simulations.
    """

    def __init__(self, seats: Seats) -> None:
        self._seats = seats
        self._uses: dict[tuple[str, str], _Use] = {}

    async def replayed(self, scope: str, key: str, request: str) -> Reply | None:
        """
        Return how the first request with a key was answered.

        Raises:
            Problem: 422, that was another request; 404, the simulation is not there.
        """
        if scope:
            self._seats.find(scope)
        try:
            reply = await self._seats.read(self._seats.store.reply, scope, key)
        except StoreError as error:
            raise problem_of(error) from error
        if reply is not None and reply.request != request:
            raise Problem(
                422,
                "idempotency-key-reused",
                "The Idempotency-Key was used for another request",
                f"the key {key[:60]!r} has answered a request with another method, path, query or "
                "body, or of another caller; use a key of its own for every request",
            )
        return reply

    @asynccontextmanager
    async def once(self, scope: str, key: str, request: str) -> AsyncIterator[Reply | None]:
        """
        Be the only one with a key, and know how the first was answered.
        """
        use = self._uses.setdefault((scope, key), _Use())
        use.users += 1
        try:
            async with use.lock:
                yield await self.replayed(scope, key, request)
        finally:
            use.users -= 1
            if not use.users:
                del self._uses[scope, key]
