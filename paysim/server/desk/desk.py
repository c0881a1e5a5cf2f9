"""
The desk: every simulation of the service, each in the hands of one task at a time.

All of it is for tasks of the loop that the desk was made in. `id` is a simulation's id. `reply`
makes the reply to be kept, for a request with an `Idempotency-Key`, of what the coroutine is about
to return; `None` keeps none. All raise `Problem`.

    desk.rows                                       rows by id, in order of creation
    async with desk.turn(id) as turn:
        turn.session, turn.row
        await turn.do(function, *args)              function(session, *args) in a thread or here;
                                                    a method may be bound: turn.session.state
                                                    503 time-limit; for advance and advance_each
                                                    409 run-in-progress
        await turn.commit(Reply | None)             returns when it is on the disk; the last thing
                                                    to do with a turn
    async with desk.once(scope, key, request) as kept:
                                                    the first answer, a Reply, or None: then act
                                                    422 idempotency-key-reused
    await desk.replayed(scope, key, request)        the same, with nobody kept waiting
    await desk.create(session, name, reply)         Row; 409 too-many-simulations
    await desk.delete(id, Reply | None)             the last Row; a run is cancelled first
    await desk.checkpoint(id, name, reply)          Mark; 409 too-many-checkpoints
    await desk.checkpoints(id)                      [Mark], in order of creation
    await desk.checkpoint_file(id, mark_id)         [bytes]; 404 unknown-checkpoint
    await desk.delete_checkpoint(id, mark_id, reply)      Mark; 404 unknown-checkpoint
    await desk.restore(id, mark_id, reply)          Row; 404 unknown-checkpoint,
                                                    409 run-in-progress
    await desk.branch(id, mark_id | None, name, reply)    Row of the branch, which has parent_id and
                                                    parent_tick; 404 unknown-checkpoint,
                                                    409 too-many-simulations
    desk.branches(id)                               [Row], in order of creation
    async with desk.copy(id) as session:            a session of one's own, as the store has it
    await desk.start_run(id, until_tick | None, ticks_per_second | None, reply)
                                                    the record; 409 run-in-progress, nothing-to-run
    desk.run_of(id)                                 the record; 404 no-run
    await desk.cancel_run(id)                       the record after the last commit; 404 no-run
    await desk.changed(id, version, seconds)        waits until the version is another, or for so
                                                    long, and returns it; before all is -1
    StreamReply(desk.events(id, after, follow))     the event log as SSE; 429 too-many-streams
    StreamReply(desk.stream(messages))              any async generator of bytes, likewise
    desk.stop()                                     streams end, runs end as interrupted, and no
                                                    turn begins any more; returns at once
    await desk.close()                              the same, and waits; the store stays open

Whatever has an `id` raises 404 `unknown-simulation`, what loads a session 500 `damaged`, what
writes 503 `store-failed`, and then nothing has happened; everything 503 `stopping` after `stop`.

A task that is cancelled in here leaves nothing half-done: what it has handed to the store comes to
its end and is acknowledged, and what it has not is as if it had never been.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Final

from paysim.server.desk.loading import loaded
from paysim.server.desk.making import make, remove
from paysim.server.desk.marks import Marks
from paysim.server.desk.replays import Replays
from paysim.server.desk.runs import Runs
from paysim.server.desk.seats import Seats, stopping
from paysim.server.desk.streams import Places, Stream, event_messages
from paysim.server.desk.turns import Turn
from paysim.server.desk.waiting import later
from paysim.server.problems import Problem
from paysim.server.store.store import Reply, Row

if TYPE_CHECKING:
    from paysim.server.desk.seat import Seat
    from paysim.server.desk.waiting import Times
    from paysim.server.session.session import Session
    from paysim.server.settings import Settings
    from paysim.server.store.store import Store


LARGE_ROWS: Final = 500_000
"""Rows of a table, of which the memory of several at once is too much."""


class Desk(Marks):
    """
    All simulations, and everything that can be done with them.

    Args:
        store: Where they are kept; it is not closed here.
        settings: The limits.
        times: A clock for tests.
    """

    def __init__(self, store: Store, settings: Settings, *, times: Times | None = None) -> None:
        self.settings = settings
        super().__init__(Seats(store, settings, times))
        self._runs = Runs(self._seats)
        self._replays = Replays(self._seats)
        self._places = Places(settings.max_streams)
        self._large = asyncio.Lock()
        loop = asyncio.get_running_loop()
        store.deliver_by(loop.call_soon_threadsafe, later(loop))

    @property
    def rows(self) -> Mapping[str, Row]:
        """
        What is acknowledged of every simulation, by id, in order of creation.
        """
        return self._seats.rows

    def turn(self, id: str) -> Turn:
        """
        Return the use of a simulation, which begins when those who came before are done.
        """
        return Turn(self._seats, self._seat(id))

    def once(self, scope: str, key: str, request: str) -> AbstractAsyncContextManager[Reply | None]:
        """
        Let one request with a key be under way at a time, and say how the first was answered.

        Args:
            scope: The id of a simulation, or empty for the creation of one.
            key: The key.
            request: The digest of the request.
        """
        return self._replays.once(scope, key, request)

    async def replayed(self, scope: str, key: str, request: str) -> Reply | None:
        """
        Return how the first request with a key was answered, if there was one.
        """
        return await self._replays.replayed(scope, key, request)

    async def create(
        self, session: Session, name: str, reply: Callable[[Row], Reply] | None = None
    ) -> Row:
        """
        Keep a new simulation, and return its row.
        """
        self._check_open()
        return await make(self._seats, session, name, reply)

    async def delete(self, id: str, reply: Reply | None = None) -> Row:
        """
        Remove a simulation for good, and return its last row.
        """
        return await remove(self._seats, self._runs, self._seat(id), reply)

    @asynccontextmanager
    async def copy(self, id: str) -> AsyncIterator[Session]:
        """
        Have a session of one's own, in which a simulation stands as the store has it.

        There are few at a time, as each takes a simulation in memory.
        """
        self._seat(id)
        async with self._files:
            try:
                session, _ = await self._seats.read(loaded, self._seats, id, None)
            except Problem:
                self._seats.find(id)
                raise
            # It may have been deleted meanwhile.
            self._seats.find(id)
            yield session

    def branches(self, id: str) -> list[Row]:
        """
        Return the rows of all simulations that were branched from one.
        """
        self._seats.find(id)
        return [row for row in self.rows.values() if row.parent_id == id]

    async def start_run(
        self,
        id: str,
        until_tick: int | None = None,
        ticks_per_second: float | None = None,
        reply: Callable[[dict[str, Any]], Reply] | None = None,
    ) -> dict[str, Any]:
        """
        Let a simulation run in the background, and return the record of the run.

        Args:
            id: The simulation.
            until_tick: The tick before which it stops; `None` is the end of its last day.
            ticks_per_second: Its pace; `None` is as fast as it goes.
            reply: Makes the reply to be kept.
        """
        return await self._runs.start(self._seat(id), until_tick, ticks_per_second, reply)

    def run_of(self, id: str) -> dict[str, Any]:
        """
        Return the record of the last run of a simulation.
        """
        return self._runs.record(self._seats.find(id))

    async def cancel_run(self, id: str) -> dict[str, Any]:
        """
        End the run of a simulation, and return its record after its last commit.
        """
        seat = self._seats.find(id)
        self._runs.record(seat)
        return await self._runs.cancel(seat)

    async def changed(self, id: str, version: int, seconds: float | None = None) -> int:
        """
        Wait until there is news of a simulation, and return the version it has then.

        Every commit is news, and every change of a run, a restore, and the end of the simulation
        or of the server.
        """
        seat = self._seats.find(id)
        version = await seat.news.wait(version, seconds, self._seats.times)
        self._seat(id)
        return version

    def events(
        self, id: str, after: int = 0, follow: bool = True, restores: int | None = None
    ) -> Stream:
        """
        Return the event log as a stream that begins after an event.

        Args:
            id: The simulation.
            after: The number of the event.
            follow: Whether it goes on as events happen, or ends when it has told all there are.
            restores: How often the simulation had been set back when the client had seen that
                event; `None` takes it for an event of the log as it is.
        """
        seat = self._seat(id)
        return self.stream(event_messages(self._seats, seat, after, follow, restores))

    def stream(self, messages: AsyncGenerator[bytes, None]) -> Stream:
        """
        Return a stream of bytes that has one of the places for streams until it is closed.
        """
        return Stream(messages, self._places)

    def room_for(self, rows: int) -> AbstractAsyncContextManager[Any]:
        """
        Let only one at a time make a table of many rows.
        """
        return self._large if rows > LARGE_ROWS else nullcontext()

    def stop(self) -> None:
        """
        Let streams and runs come to their end, and no turn begin any more.
        """
        self._seats.stop()
        self._runs.stop()

    async def close(self) -> None:
        """
        Wait until all that is under way has ended.
        """
        self.stop()
        await self._seats.close()
        self._store.deliver_by(None)

    def _check_open(self) -> None:
        if self._seats.closing:
            raise stopping()

    def _seat(self, id: str) -> Seat:
        """
        Return the place of a simulation, for something that begins.
        """
        self._check_open()
        return self._seats.find(id)
