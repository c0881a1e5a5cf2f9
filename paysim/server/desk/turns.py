"""
A turn: one simulation in the hands of one task, until it has left it as the store has it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from paysim.server.desk.calculating import Calculating
from paysim.server.desk.loading import loaded
from paysim.server.desk.seats import unknown_simulation
from paysim.server.desk.waiting import acknowledged, ended
from paysim.server.problems import Problem, problem_of
from paysim.server.store.store import StoreError

if TYPE_CHECKING:
    from concurrent.futures import Future
    from types import TracebackType

    from paysim.server.desk.seat import Seat
    from paysim.server.desk.seats import Seats
    from paysim.server.session.session import Session
    from paysim.server.store.store import Reply


class Turn(Calculating):
    """
    The use of one simulation by one task: `async with desk.turn(id) as turn`.

    It begins when those who came before are done. Left with changes that are not committed, or
    while a thread still works for it, it lets the session be loaded anew, so that nothing shows
    that was not acknowledged.

    Args:
        seats: All simulations.
        seat: The simulation.
        loads: Whether the session is loaded if it is not in memory.
        follows: Whether it is to be read even after it was deleted, if its session was kept.
    """

    def __init__(
        self, seats: Seats, seat: Seat, *, loads: bool = True, follows: bool = False
    ) -> None:
        super().__init__(seats, seat)
        self._loads = loads
        self._follows = follows
        self._loading: asyncio.Future[tuple[Session, int]] | None = None
        self._has_left = False

    async def __aenter__(self) -> Turn:
        """
        Wait for the turn, and for the session to be loaded.
        """
        seat = self._seat
        await seat.lock.acquire()
        try:
            if seat.is_deleted and not (self._follows and seat.session is not None):
                raise unknown_simulation(seat.row.id)
            self._losses = seat.losses
            if not self._loads or seat.session is None:
                await seat.settle()
                if self._losses != seat.losses:
                    self._seats.drop(seat)
                    self._losses = seat.losses
                if self._loads:
                    await self._load()
        except BaseException:  # also a task that is cancelled: nobody would give the lock back
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

        It is the last that a turn does with its session; others may have it from here on.

        Args:
            reply: What answers the request, to be kept in the same transaction.
            run: The record of a run, likewise.
            notes: Whether the record is to be on the disk too.

        Raises:
            Problem: 503, the store cannot be written; nothing has happened then.
        """
        session, seat = self.session, self._seat
        row, steps = seat.row, seat.steps
        if run is None and reply is None and not session.is_changed:
            await self._settle()
            return
        changes: dict[str, Any] = {} if run is None else {"run": run}
        step = None
        if session.is_changed:
            step = await self._call("take", self._ran + 1, None, session.take)
            assert step is not None
            changes |= {"tick": step.tick, "events": step.events, "steps": steps + 1}
        self._check_losses()
        store = self._seats.store
        noted = run if notes else None
        flight = self._seats.send(
            seat,
            lambda: store.append(row.id, step, noted, reply, after=steps),
            steps + (step is not None),
            changes,
        )
        if run is None:
            # The next one may go on from here: what he does is written after this, or not at all.
            self._leave()
        cancelled = await ended(flight.landed)
        if cancelled is not None:
            raise cancelled
        if flight.error is not None:
            raise _lost(flight.error)

    async def write(self, begin: Callable[[], Future[Any]], **changes: Any) -> None:
        """
        Let the store write something, and acknowledge changes of the row when it is on the disk.

        Raises:
            Problem: 503, the store cannot be written.
        """
        async with acknowledged(begin):
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
            self._seats.change(self._seat, **changes)
            for follower in self._seat.followers:
                follower.cut()

    async def load(self) -> None:
        """
        Have the session in memory, if it can be loaded.
        """
        if self._seat.session is None:
            with suppress(Problem):
                await self._load()

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
        if self._has_left:
            return
        self._has_left = True
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
            if pending is not None:
                if pending.cancelled() or pending.exception() is not None:
                    self._is_spoilt = True
                elif pending is self._loading:
                    self._install(pending.result())
            session = seat.session
            is_lost = self._losses != seat.losses
            if session is not None and (self._is_spoilt or is_lost or session.is_changed):
                self._seats.drop(seat)
            elif session is not None and not seat.is_deleted:
                self._seats.rest(seat)
        finally:
            seat.lock.release()


def _lost(error: BaseException) -> BaseException:
    """
    Return what is raised where something could not be written.
    """
    return problem_of(error) if isinstance(error, StoreError) else error
