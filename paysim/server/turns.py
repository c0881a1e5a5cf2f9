"""
A turn: one simulation in the hands of one task, until it has left it as the store has it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from paysim.server.calculating import Calculating
from paysim.server.loaded import loaded
from paysim.server.waiting import acknowledged, ended

if TYPE_CHECKING:
    from concurrent.futures import Future
    from types import TracebackType

    from paysim.server.seats import Seat, Seats
    from paysim.server.session import Session
    from paysim.server.store import Reply


class Turn(Calculating):
    """
    The use of one simulation by one task: `async with desk.turn(id) as turn`.

    It begins when those who came before are done. Left with changes that are not committed, or
    while a thread still works for it, it lets the session be loaded anew, so that nothing shows
    that was not acknowledged.
    """

    def __init__(self, seats: Seats, seat: Seat, *, loads: bool = True) -> None:
        super().__init__(seats, seat)
        self._loads = loads
        self._loading: asyncio.Future[tuple[Session, int]] | None = None

    async def __aenter__(self) -> Turn:
        """
        Wait for the turn, and for the session to be loaded.
        """
        seat = self._seat
        await seat.lock.acquire()
        try:
            if seat.is_deleted:
                from paysim.server.seats import unknown_simulation

                raise unknown_simulation(seat.row.id)
            if self._loads and seat.session is None:
                await self._load()
        except BaseException:
            self._leave()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """
        Leave the simulation to the next one.
        """
        self._leave()

    async def commit(
        self,
        reply: Reply | None = None,
        *,
        run: dict[str, Any] | None = None,
        notes: bool = True,
    ) -> None:
        """
        Keep what has happened since the last commit, and return when it is on the disk.

        Args:
            reply: What answers the request, to be kept in the same transaction.
            run: The record of a run, likewise.
            notes: Whether the record is to be on the disk too.

        Raises:
            Problem: 503, the store cannot be written; nothing has happened then.
        """
        session = self.session
        row = self.row
        step = None
        if session.is_changed:
            ticks = session.tick - row.tick + 1
            step = await self._call("take", ticks, None, session.take)
        if step is None and reply is None and run is None:
            return
        store = self._seats.store
        changes: dict[str, Any] = {}
        if step is not None:
            changes = {"tick": step.tick, "events": step.events, "steps": row.steps + 1}
        if run is not None:
            changes["run"] = run
        noted = run if notes else None
        await self.write(
            lambda: store.append(row.id, step, noted, reply, after=row.steps), **changes
        )

    async def write(self, begin: Callable[[], Future[Any]], **changes: Any) -> None:
        """
        Let the store write something, and acknowledge changes of the row when it is on the disk.

        Raises:
            Problem: 503, the store cannot be written.
        """
        self._is_spoilt, was_spoilt = True, self._is_spoilt
        async with acknowledged(begin):
            self._is_spoilt = was_spoilt
            self._seats.change(self._seat, **changes)

    async def replace(
        self, session: Session, begin: Callable[[], Future[Any]], **changes: Any
    ) -> None:
        """
        Let the store set the simulation back, and use this session of it from then on.

        Raises:
            Problem: 503, the store cannot be written.
        """
        async with acknowledged(begin):
            self._seats.drop(self._seat)
            self._seat.session = session
            self._seat.restores += 1
            self._seats.change(self._seat, **changes)

    async def _load(self) -> None:
        """
        Load the session from the store.
        """
        seats, id = self._seats, self._seat.row.id
        future = self._pending = self._loading = seats.thread(loaded, seats, id, None)
        await seats.times.wait(future, None)
        self._pending = self._loading = None
        self._install(future.result())

    def _install(self, loaded: tuple[Session, int]) -> None:
        session, steps = loaded
        seat = self._seat
        seat.session = session
        row = seat.row
        if (row.tick, row.events, row.steps) != (session.tick, session.events, steps):
            changes = {"tick": session.tick, "events": session.events, "steps": steps}
            self._seats.change(seat, **changes)

    def _leave(self) -> None:
        """
        Give up the lock, as soon as no thread works for this turn any more.
        """
        if self._pending is not None and not self._pending.done():
            self._seats.spawn(self._leave_later(self._pending))
        else:
            self._give_up(self._pending)

    async def _leave_later(self, pending: asyncio.Future[Any]) -> None:
        await ended(pending)
        self._give_up(pending)

    def _give_up(self, pending: asyncio.Future[Any] | None) -> None:
        seat = self._seat
        try:
            if pending is not None and not pending.cancelled() and pending.exception() is None:
                if pending is self._loading:
                    self._install(pending.result())
                else:
                    self._is_spoilt = True
            session = seat.session
            if session is not None and (self._is_spoilt or session.is_changed):
                self._seats.drop(seat)
            elif session is not None and not seat.is_deleted:
                self._seats.rest(seat)
        finally:
            seat.lock.release()
