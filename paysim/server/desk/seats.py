"""
Seats: one for each simulation, and what those who use them share.

A session in memory is a cache of the store. Whatever went wrong with one, it is dropped, and the
next use loads it anew.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeVar

import attrs

from paysim.server.desk.seat import Flight, Seat
from paysim.server.desk.waiting import Times, ended, on_loop
from paysim.server.problems import Problem
from paysim.server.session.session import Session
from paysim.server.settings import variable_of
from paysim.server.store.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paysim.server.settings import Settings
    from paysim.server.store.store import Row, Step, Store

T = TypeVar("T")

THREADS: Final = 16
"""Calculations that may be under way at once; the kernel calculates without the GIL."""


class Seats:
    """
    All simulations, and what those who use them share.

    Attributes:
        store: Where everything is kept.
        settings: The limits.
        times: The clock.
        rows: What is acknowledged of every simulation, by id, in order of creation.
        load: Makes a session of what the store has.
        closing: Whether the server is about to stop.
    """

    def __init__(self, store: Store, settings: Settings, times: Times | None = None) -> None:
        self.store = store
        self.settings = settings
        self.times = times or Times()
        self.load: Callable[[bytes, list[Step]], Session] = Session.load
        self.closing = False
        self._rows: dict[str, Row] = {}
        self.rows: Mapping[str, Row] = MappingProxyType(self._rows)
        self._seats: dict[str, Seat] = {}
        self._idle: OrderedDict[str, Seat] = OrderedDict()
        self._threads = ThreadPoolExecutor(THREADS, "paysim-desk")
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = 0
        # Those of the sessions in memory, as they were when each was used last.
        self._events = 0
        for row in store.rows():
            self.add(row)

    def find(self, id: str) -> Seat:
        """
        Return the seat of a simulation.

        Raises:
            Problem: 404, there is none.
        """
        seat = self._seats.get(id)
        if seat is None or seat.is_deleted:
            raise unknown_simulation(id)
        return seat

    def add(self, row: Row, session: Session | None = None) -> Seat:
        """
        Add a simulation that the store has.
        """
        seat = self._seats[row.id] = Seat(row, session)
        self._rows[row.id] = row
        if session is not None:
            self.rest(seat)
        return seat

    def change(self, seat: Seat, **changes: Any) -> None:
        """
        Acknowledge what the store has: change the row, and wake who waits for news.
        """
        seat.row = self._rows[seat.row.id] = attrs.evolve(seat.row, **changes)
        seat.news.tell()

    def send(
        self, seat: Seat, begin: Callable[[], Future[Any]], steps: int, changes: Mapping[str, Any]
    ) -> Flight:
        """
        Have the store write something after all that it was given before, and acknowledge it when
        it is on the disk, in that order and whoever waits for it.

        Args:
            seat: The simulation.
            begin: Gives it to the store.
            steps: How many steps the simulation has with it.
            changes: What is acknowledged of the row.
        """
        flight = Flight(steps, changes, seat.losses)
        try:
            future = begin()
        except Exception as error:
            # What cannot even be given to the store is lost in the same way.
            future = Future()
            future.set_exception(error)
        seat.flights.append(flight)
        loop = asyncio.get_running_loop()
        future.add_done_callback(on_loop(loop, partial(self._land, seat, flight, future)))
        return flight

    def _land(self, seat: Seat, flight: Flight, future: Future[Any]) -> None:
        seat.flights.remove(flight)
        flight.error = future.exception()
        if flight.error is None:
            self.change(seat, **flight.changes)
        else:
            if seat.losses != flight.losses:
                flight.error = undone()
            # The session is ahead of the store. Whoever holds it drops it at the end of his turn.
            seat.losses += 1
            if not seat.lock.locked():
                self.drop(seat)
        flight.landed.set_result(None)

    def remove(self, seat: Seat) -> None:
        """
        Forget a simulation that the store has no more.

        Its session stays with those who follow it for as long as they need it.
        """
        seat.is_deleted = True
        if seat.is_awaited:
            self._put_away(seat)
        else:
            self.drop(seat)
        del self._seats[seat.row.id], self._rows[seat.row.id]
        seat.news.tell()

    def drop(self, seat: Seat) -> None:
        """
        Let go of a session; who uses the simulation next has it loaded from the store.
        """
        seat.session = None
        seat.durations.clear()
        self._put_away(seat)

    def _put_away(self, seat: Seat) -> None:
        self._idle.pop(seat.row.id, None)
        self._events -= seat.counted
        seat.counted = 0

    def rest(self, seat: Seat) -> None:
        """
        Note that a session was used just now, and drop those unused for longest if there are many.
        """
        self._idle[seat.row.id] = seat
        self._idle.move_to_end(seat.row.id)
        self._events += seat.row.events - seat.counted
        seat.counted = seat.row.events
        if self._is_crowded():
            for other in [o for o in self._idle.values() if o is not seat and o.is_idle]:
                self.drop(other)
                if not self._is_crowded():
                    break

    def _is_crowded(self) -> bool:
        """
        Whether more is in memory than there should be.
        """
        settings = self.settings
        return len(self._idle) > settings.max_open or self._events > settings.max_open_events

    def take_place(self) -> None:
        """
        Take one of the places for simulations, to be given back by `give_place`.

        Raises:
            Problem: 409, there are as many simulations as there may be.
        """
        most = self.settings.max_simulations
        if len(self._seats) + self._places >= most:
            raise Problem(
                409,
                "too-many-simulations",
                "There are as many simulations as there may be",
                f"the server holds {most:,} simulations, which is its limit "
                f"({variable_of('max_simulations')}); delete one that is not needed any more",
            )
        self._places += 1

    def give_place(self) -> None:
        """
        Give back a place, which a simulation has taken by now or which is not needed.
        """
        self._places -= 1

    def thread(self, function: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        """
        Begin to calculate something in a thread.
        """
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._threads, partial(function, *args))

    async def read(self, function: Callable[..., T], *args: Any) -> T:
        """
        Calculate something in a thread; if this is cancelled, nobody waits for it any more.
        """
        return await self.thread(function, *args)

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """
        Begin something that `close` waits for, whoever else does, and return its task.
        """
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def stop(self) -> None:
        """
        Let nothing new begin, and wake all who wait for news.
        """
        self.closing = True
        for seat in self._seats.values():
            seat.news.tell()

    async def close(self) -> None:
        """
        Wait until nobody uses a simulation any more, and end the threads.
        """
        for seat in list(self._seats.values()):
            if seat.lock.locked() or seat.flights:
                async with seat.lock:
                    await seat.settle()
        while self._tasks:
            await asyncio.wait(list(self._tasks))
        await ended(asyncio.get_running_loop().run_in_executor(None, self._threads.shutdown))


def unknown_simulation(id: str) -> Problem:
    """
    Return the problem of an id that no simulation has.
    """
    detail = f"there is no simulation {id[:60]!r}; it may have been deleted"
    return Problem(404, "unknown-simulation", "There is no such simulation", detail)


def undone() -> StoreError:
    """
    Return the error of a change that was made upon one that is lost.
    """
    return StoreError("a change before this one could not be written, and both are undone")


def stopping() -> Problem:
    """
    Return the problem of a request that comes while the server stops.
    """
    return Problem(
        503,
        "stopping",
        "The server is stopping",
        "nothing of this request has been done; repeat it when the server is there again",
        headers={"Retry-After": "5"},
    )
