"""
A turn: one simulation in the hands of one task, until it has left it as the store has it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from paysim.errors import PaysimError, ScenarioError
from paysim.server.log import log
from paysim.server.problems import Problem, problem_of
from paysim.server.store import StoreError
from paysim.server.waiting import acknowledged, ended

if TYPE_CHECKING:
    from concurrent.futures import Future
    from types import TracebackType

    from paysim.server.seats import Seat, Seats
    from paysim.server.session import Session
    from paysim.server.store import Reply, Row

T = TypeVar("T")

INLINE_SECONDS: Final = 0.0005
"""What is known to take no longer is calculated on the loop: a thread costs a fifth of this."""

PORTION_SECONDS: Final = 0.02
"""Ticks are run in portions of about this length, between which others get in."""

GROWTH: Final = 4
"""A portion is at most so many times as long as the one before, as ticks differ."""

UNITS: Final[dict[str, Callable[[Row, tuple[Any, ...]], int]]] = {
    "account": lambda row, args: 1,
    "add_event": lambda row, args: 1,
    "decide": lambda row, args: len(args[1]),
    "lines": lambda row, args: min(args[1], max(row.events - args[0], 1)),
    "pulse": lambda row, args: max(row.tick - args[0], 1),
    "submit": lambda row, args: 1,
}
"""Methods of a session that may be short, and how much work a call is."""


class Turn:
    """
    The use of one simulation by one task: `async with desk.turn(id) as turn`.

    It begins when those who came before are done. Left with changes that are not committed, or
    while a thread still works for it, it lets the session be loaded anew, so that nothing shows
    that was not acknowledged.
    """

    def __init__(self, seats: Seats, seat: Seat, *, loads: bool = True, runs: bool = False) -> None:
        self._seats = seats
        self._seat = seat
        self._loads = loads
        self._runs = runs
        self._is_spoilt = False
        # What a thread does for this turn.
        self._pending: asyncio.Future[Any] | None = None
        self._loading: asyncio.Future[tuple[Session, int]] | None = None

    @property
    def session(self) -> Session:
        """
        The simulation, between two ticks.
        """
        session = self._seat.session
        if session is None or self._is_spoilt:
            raise RuntimeError("the turn has failed, and its session is no more to be used")
        return session

    @property
    def row(self) -> Row:
        """
        What is acknowledged of the simulation.
        """
        return self._seat.row

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

    async def do(self, function: Callable[..., T], *args: Any) -> T:
        """
        Calculate something on the session, in a thread unless it is known to be short.

        Args:
            function: A method of the session, as `turn.session.state`, or any function whose first
                argument is the session.
            args: Further arguments.

        Raises:
            Problem: 503 `time-limit`, it takes longer than a call may; 409 `run-in-progress`, ticks
                are asked for while a run goes on.
            PaysimError: Whatever the function raises.
        """
        session = self.session
        name = getattr(function, "__name__", "")
        is_method = getattr(function, "__self__", None) is session
        if name in ("advance", "advance_each"):
            return cast(T, await self._advance(name, *args))
        call = function if is_method else getattr(session, name, None)
        units = UNITS[name](self.row, args) if name in UNITS and call is not None else 0
        if not is_method:
            args = (session, *args)
        try:
            return await self._call(name, units, self._deadline(), function, *args)
        except _Late:
            limit = self._seats.settings.max_seconds
            raise _time_limit(f"this takes longer than {limit:g} seconds") from None

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

    async def advance(self, ticks: int) -> int:
        """
        Run one portion of at most so many ticks, and return how many it was.
        """
        count = min(ticks, self._portion())
        await self._call("advance", count, None, self.session.advance, count)
        self._seat.portion = max(count, self._seat.portion)
        return count

    async def _advance(self, name: str, ticks: int = 1) -> Any:
        """
        Run all these ticks or, if it takes too long, none of them.
        """
        if self._seat.run is not None and not self._runs:
            raise run_in_progress(self.row)
        method = getattr(self.session, name)
        deadline = self._deadline()
        outcomes: list[Any] = []
        outcome: Any = outcomes
        done = 0
        while done < ticks:
            count = min(ticks - done, self._portion())
            try:
                if self._seats.times.now() >= deadline:
                    raise _Late
                outcome = await self._call("advance", count, deadline, method, count)
            except _Late:
                self._is_spoilt = True
                limit = self._seats.settings.max_seconds
                raise _time_limit(
                    f"{ticks:,} ticks were asked for, and {done:,} of them took longer than "
                    f"{limit:g} seconds; none of them has happened: ask for fewer at once, or "
                    "for a run in the background"
                ) from None
            self._seat.portion = max(count, self._seat.portion)
            done += count
            if name == "advance_each":
                outcomes += outcome
        return outcomes if name == "advance_each" else outcome

    def _portion(self) -> int:
        """
        Return how many ticks make a portion.
        """
        figure = self._seat.figures.get("advance")
        if not figure:
            return GROWTH if figure is not None else 1
        return max(1, min(int(PORTION_SECONDS / figure), GROWTH * self._seat.portion))

    async def _call(
        self, name: str, units: int, deadline: float | None, function: Callable[..., T], *args: Any
    ) -> T:
        """
        Call a function here if it is known to be short, else in a thread, and note its time.

        Raises:
            _Late: The deadline has passed.
        """
        times = self._seats.times
        figures = self._seat.figures

        def timed() -> T:
            begun = times.now()
            try:
                return function(*args)
            finally:
                if units:
                    figure = (times.now() - begun) / units
                    # A rise counts at once, a fall slowly: one long call is worse than a thread.
                    figures[name] = max(figure, 0.8 * figures.get(name, 0.0) + 0.2 * figure)

        figure = figures.get(name)
        try:
            if units and figure is not None and figure * units <= INLINE_SECONDS:
                return timed()
            future = self._seats.thread(timed)
            self._pending = future
            seconds = None if deadline is None else max(0.0, deadline - times.now())
            if not await times.wait(future, seconds):
                raise _Late
            self._pending = None
            return future.result()
        except (ScenarioError, Problem):
            # What is refused at the door has changed nothing.
            self._is_spoilt |= name in ("advance", "take")
            raise
        except BaseException:
            self._is_spoilt = True
            raise

    def _deadline(self) -> float:
        return self._seats.times.now() + self._seats.settings.max_seconds

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


class _Late(Exception):
    """
    A call has taken as long as it may.
    """


def loaded(seats: Seats, id: str, step: int | None) -> tuple[Session, int]:
    """
    Return the session that the store has, and the number of its steps; for a thread.

    Args:
        seats: All simulations.
        id: Which of them.
        step: The step after which it is wanted; `None` is the last.

    Raises:
        Problem: 503, the store cannot be read; 500, what it has cannot be used.
    """
    try:
        begun, steps = seats.store.load(id, step)
        return seats.load(begun, steps), len(steps)
    except StoreError as error:
        raise problem_of(error) from error
    except PaysimError as error:
        log().error("simulation damaged", simulation_id=id, message=str(error))
        detail = f"what the store has of simulation {id} cannot be used; the server's log says why"
        raise Problem(500, "damaged", "The simulation is damaged", detail) from error


def run_in_progress(row: Row) -> Problem:
    """
    Return the problem of a request that no run may be in the way of.
    """
    detail = f"a run of {row.id} is under way; wait for its end, or cancel it"
    return Problem(409, "run-in-progress", "A run is in progress", detail)


def _time_limit(detail: str) -> Problem:
    return Problem(503, "time-limit", "It takes longer than a call may", detail)
