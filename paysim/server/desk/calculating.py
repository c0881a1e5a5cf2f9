"""
Calculating on a session: here if it is known to be short, else in a thread, never for too long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from paysim.errors import ScenarioError, TooManyEvents
from paysim.server.desk.durations import CHANGING, WORK
from paysim.server.desk.seats import undone
from paysim.server.problems import Problem, problem_of
from paysim.server.session.deciding import CannotDecide
from paysim.server.settings import variable_of

if TYPE_CHECKING:
    from paysim.server.desk.seat import Seat
    from paysim.server.desk.seats import Seats
    from paysim.server.session.session import Session
    from paysim.server.store.store import Row

T = TypeVar("T")

PATIENCE_SECONDS: Final = 0.2
"""After so long a portion ends with the tick at hand, however many ticks it was to have."""


class Calculating:
    """
    What a turn does with a session.

    Args:
        seats: All simulations.
        seat: The simulation, which nobody else uses.
    """

    def __init__(self, seats: Seats, seat: Seat) -> None:
        self._seats = seats
        self._seat = seat
        # Whether the session may not be as the store has it, with nothing left to commit.
        self._is_spoilt = False
        self._has_left = False
        self._ran = 0
        self._losses = seat.losses
        # What a thread does.
        self._pending: asyncio.Future[Any] | None = None

    @property
    def session(self) -> Session:
        """
        The simulation, between two ticks.
        """
        session = self._seat.session
        is_in_use = self._pending is not None
        if session is None or self._is_spoilt or self._has_left or is_in_use:
            raise RuntimeError("the turn is over, and its session is no more to be used")
        return session

    @property
    def row(self) -> Row:
        """
        What is acknowledged of the simulation.
        """
        return self._seat.row

    async def do(self, function: Callable[..., T], *args: Any) -> T:
        """
        Calculate something on the session, in a thread unless it is known to be short.

        Args:
            function: A method of the session, as `turn.session.state`, or any function whose first
                argument is the session.
            args: Further arguments.

        Raises:
            Problem: 503 `time-limit`, it takes longer than a call may; 409 `run-in-progress`, ticks
                are asked for while a run goes on; 409 `too-many-events`, their events have no room.
            PaysimError: Whatever the function raises.
        """
        session = self.session
        is_bound = getattr(function, "__self__", None) is session
        name = getattr(function, "__name__", "")
        if not is_bound:
            args = (session, *args)
            if getattr(type(session), name, None) is not function:
                name = ""
        if name in ("advance", "advance_each"):
            return cast(T, await self._advance(name, *args[not is_bound :]))
        if name not in CHANGING:
            # What is not on the disk is shown to nobody.
            await self._settle()
        work = WORK.get(name)
        units = work(self.row, args[not is_bound :]) if work is not None else 0
        try:
            return await self._call(name, units, self._deadline(), function, *args)
        except _Late:
            limit = self._seats.settings.max_seconds
            raise _time_limit(f"this takes longer than {limit:g} seconds") from None

    async def _settle(self) -> None:
        """
        Wait until what those before have done is on the disk.

        Raises:
            Problem: 503, it could not be written, and the session is lost.
        """
        await self._seat.settle()
        self._check_losses()

    def _check_losses(self) -> None:
        if self._losses != self._seat.losses:
            self._is_spoilt = True
            raise problem_of(undone())

    async def advance(self, ticks: int) -> int:
        """
        Run one portion of at most so many ticks, and return how many it was.

        Raises:
            TooManyEvents: The log has no room for them; none has happened.
        """
        begun = self.session.tick
        await self._portion(self.session.advance, ticks, None)
        return self.session.tick - begun

    async def _advance(self, name: str, ticks: int = 1) -> Any:
        """
        Run all these ticks or, if it takes too long, none of them.
        """
        if self._seat.run is not None:
            raise run_in_progress(self.row)
        session = self.session
        method, begun = getattr(session, name), session.tick
        deadline = self._deadline()
        outcomes: list[Any] = []
        outcome: Any = outcomes
        while (done := session.tick - begun) < ticks:
            try:
                if self._seats.times.now() >= deadline:
                    raise _Late
                outcome = await self._portion(method, ticks - done, deadline)
            except TooManyEvents:
                raise _too_many_events(
                    f"{ticks:,} ticks were asked for, and with them {self.row.id} would have more "
                    f"than {self._seats.settings.max_events:,} events, the most on this server "
                    f"({variable_of('max_events')}); none of them has happened"
                ) from None
            except _Late:
                self._is_spoilt = True
                limit = self._seats.settings.max_seconds
                raise _time_limit(
                    f"{ticks:,} ticks were asked for, and {done:,} of them took longer than "
                    f"{limit:g} seconds; none of them has happened: ask for fewer at once, or "
                    "for a run in the background"
                ) from None
            if name == "advance_each":
                outcomes += outcome
        return outcomes if name == "advance_each" else outcome

    async def _portion(
        self, method: Callable[[int, float], T], ticks: int, deadline: float | None
    ) -> T:
        """
        Run a portion of so many ticks: fewer, if ticks take longer than those before did.
        """
        session, durations = self.session, self._seat.durations
        begun, count = session.tick, min(ticks, durations.portion())
        session.limit_events(self._seats.settings.max_events)
        outcome = await self._call("advance", count, deadline, method, count, PATIENCE_SECONDS)
        ran = session.tick - begun
        self._ran += ran
        durations.has_run(ran)
        return outcome

    async def _call(
        self, name: str, units: int, deadline: float | None, function: Callable[..., T], *args: Any
    ) -> T:
        """
        Call a function here if it is known to be short, else in a thread, and note its time.

        Raises:
            _Late: The deadline has passed.
        """
        times = self._seats.times
        durations = self._seat.durations

        session = self.session
        is_wanted = True

        def timed() -> T:
            if not is_wanted:
                # Nobody waits any more, and those behind it in the line of threads do.
                return cast(T, None)
            begun, tick = times.worked(), session.tick
            try:
                return function(*args)
            finally:
                done = max(session.tick - tick, 1) if name == "advance" else units
                if done:
                    durations.note(name, done, times.worked() - begun)

        try:
            if units and durations.is_short(name, units):
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
        except CannotDecide as error:
            self._is_spoilt |= error.has_decided
            raise
        except (asyncio.CancelledError, _Late):
            is_wanted = False
            # What only looks leaves the session as it is, whenever it comes to its end.
            self._is_spoilt |= name in ("advance", "take", *CHANGING)
            raise
        except BaseException:
            # Nobody knows how far it has come.
            self._is_spoilt = True
            raise

    def _deadline(self) -> float:
        return self._seats.times.now() + self._seats.settings.max_seconds


class _Late(Exception):
    """
    A call has taken as long as it may.
    """


def run_in_progress(row: Row) -> Problem:
    """
    Return the problem of a request that no run may be in the way of.
    """
    detail = f"a run of {row.id} is under way; wait for its end, or cancel it"
    return Problem(409, "run-in-progress", "A run is in progress", detail)


def _too_many_events(detail: str) -> Problem:
    title = "The simulation has as many events as it may"
    return Problem(409, "too-many-events", title, detail)


def _time_limit(detail: str) -> Problem:
    return Problem(503, "time-limit", "It takes longer than a call may", detail)
