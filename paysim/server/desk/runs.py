"""
Runs in the background: a simulation advances by itself, in portions between which others get in.

A run's record is plain JSON: `status` ("running", "finished", "cancelled", "failed", "interrupted"
or "stopped"), `from_tick`, `until_tick`, `current_tick`, `ticks_per_second` and `detail`. It is in
the simulation's row, there as new as the last commit, and in the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from paysim.errors import PaysimError, TooManyEvents
from paysim.server.desk.calculating import run_in_progress
from paysim.server.desk.marks import kept
from paysim.server.desk.pace import Pace
from paysim.server.desk.turns import Turn
from paysim.server.log import log
from paysim.server.problems import Problem, internal
from paysim.server.settings import variable_of

if TYPE_CHECKING:
    from paysim.server.desk.seat import Seat
    from paysim.server.desk.seats import Seats
    from paysim.server.store.store import Reply

NOTE_SECONDS: Final = 1.0
"""The record of a run is written to the store at most so often while it goes on."""

BROKEN_OFF: Final = "the server ended while the run was under way"
"""The detail of a run that was interrupted."""

Record = dict[str, Any]


class Run:
    """
    A run that goes on.

    Attributes:
        until: The tick before which it stops.
        pace: How fast it goes.
        worked: The seconds that it has calculated.
        noted: When the store was last told of its record.
        stopped: Done as soon as it is to end; its result is the status and the detail.
        task: What drives it.
    """

    def __init__(self, until: int, per_second: float | None, now: float) -> None:
        self.until = until
        self.pace = Pace(per_second, now)
        self.worked = 0.0
        self.noted = now
        self.stopped: asyncio.Future[tuple[str, str | None]]
        self.stopped = asyncio.get_running_loop().create_future()
        self.task: asyncio.Task[None] | None = None

    def stop(self, status: str, detail: str | None = None) -> None:
        """
        Let it end with the portion that is under way.
        """
        if not self.stopped.done():
            self.stopped.set_result((status, detail))


class Runs:
    """
    All runs in the background.

    Args:
        seats: All simulations.
    """

    def __init__(self, seats: Seats) -> None:
        self._seats = seats
        self._running: dict[str, Run] = {}
        for row in seats.rows.values():
            # The store knows that the server was killed, and not how far the run had come.
            if row.run and row.run["status"] == "interrupted" and not row.run["detail"]:
                record = row.run | {"current_tick": row.tick, "detail": BROKEN_OFF}
                seats.store.append(row.id, None, record).result()
                seats.change(seats.find(row.id), run=record)

    async def start(
        self,
        seat: Seat,
        until_tick: int | None,
        ticks_per_second: float | None,
        reply: Callable[[Record], Reply] | None,
    ) -> Record:
        """
        Begin a run, once its record is on the disk.

        Raises:
            Problem: 409, one is under way, or nothing is left to run.
        """
        async with Turn(self._seats, seat, loads=False) as turn:
            row = turn.row
            if seat.run is not None:
                raise run_in_progress(row)
            if seat.leaving or self._seats.closing:
                raise _conflict("not-now", f"{row.id} is being deleted, or the server stops")
            until = row.num_ticks if until_tick is None else until_tick
            if until <= row.tick:
                end = "" if until_tick is not None else ", the end of its last day"
                detail = f"{row.id} is at tick {row.tick:,}, and was to run until {until:,}{end}"
                raise _conflict("nothing-to-run", detail)
            record: Record = {
                "status": "running",
                "from_tick": row.tick,
                "until_tick": until,
                "current_tick": row.tick,
                "ticks_per_second": ticks_per_second,
                "detail": None,
            }
            run = Run(until, ticks_per_second, self._seats.times.now())
            try:
                store, told = self._seats.store, kept(reply, record)
                await turn.write(lambda: store.append(row.id, None, record, told), run=record)
            finally:
                # Cancelled or not: what the store has must go on.
                if turn.row.run is record:
                    seat.run = run
                    run.task = self._seats.spawn(self._drive(seat, run))
                    self._running[row.id] = run
                    if self._seats.closing:
                        self.stop()
            log().info(
                "background run started",
                simulation_id=row.id,
                tick=row.tick,
                until_tick=until,
                ticks_per_second=ticks_per_second,
            )
        return record

    def record(self, seat: Seat) -> Record:
        """
        Return the record of the last run.

        Raises:
            Problem: 404, there was none.
        """
        if seat.row.run is None:
            detail = f"there has been no run of {seat.row.id}"
            raise Problem(404, "no-run", "There has been no run", detail)
        return seat.row.run

    async def cancel(self, seat: Seat) -> Record:
        """
        End the run that goes on, if one does, and return its record after its last commit.
        """
        run = seat.run
        if run is not None and run.task is not None:
            run.stop("cancelled")
            await asyncio.wait([run.task])
        return self.record(seat)

    def stop(self) -> None:
        """
        Let all runs end as interrupted.
        """
        for run in self._running.values():
            run.stop("interrupted", BROKEN_OFF)

    async def _drive(self, seat: Seat, run: Run) -> None:
        """
        Run to the end, whatever it is.
        """
        try:
            status, detail = await self._portions(seat, run)
        except asyncio.CancelledError:
            status, detail = "interrupted", BROKEN_OFF
        except TooManyEvents:
            most = f"{self._seats.settings.max_events:,} events"
            detail = f"a simulation may have {most} on this server ({variable_of('max_events')})"
            status = "stopped"
        except Problem as problem:
            status, detail = "failed", problem.detail
        except PaysimError as error:
            status, detail = "failed", str(error)
        except Exception as error:
            # Nobody waits for the task of a run: its record is where it can be told.
            status, detail = "failed", internal(error).detail
        await self._end(seat, status, detail)
        self._running.pop(seat.row.id, None)

    async def _portions(self, seat: Seat, run: Run) -> tuple[str, str | None]:
        """
        Run one portion after the other, and return how it ended.
        """
        times = self._seats.times
        limit = self._seats.settings.max_run_seconds
        while True:
            now = times.now()
            if run.stopped.done():
                return run.stopped.result()
            if run.worked >= limit:
                most = f"{limit:g} seconds on this server ({variable_of('max_run_seconds')})"
                return "stopped", f"a run may calculate for {most}"
            if seat.row.tick >= run.until:
                return "finished", None
            wait = run.pace.seconds(now)
            if wait > 0:
                await times.pause(run.stopped, wait)
                continue
            async with Turn(self._seats, seat) as turn:
                if run.stopped.done():
                    continue
                left = run.until - turn.row.tick
                due = run.pace.due(times.now())
                ticks = left if due is None else min(left, due)
                if ticks > 0:
                    begun = times.now()
                    run.pace.has_done(await turn.advance(ticks))
                    run.worked += times.now() - begun
                    await self._commit(turn, run)

    async def _commit(self, turn: Turn, run: Run) -> None:
        """
        Keep a portion, and once a second the record.
        """
        now = self._seats.times.now()
        assert turn.row.run is not None
        record = turn.row.run | {"current_tick": turn.session.tick}
        is_noted = now - run.noted >= NOTE_SECONDS
        if is_noted:
            run.noted = now
        await turn.commit(run=record, notes=is_noted)

    async def _end(self, seat: Seat, status: str, detail: str | None) -> None:
        """
        Note how a run has ended; if the store cannot be written, in memory at least.
        """
        assert seat.row.run is not None
        record = seat.row.run | {"status": status, "detail": detail}
        try:
            async with Turn(self._seats, seat, loads=False) as turn:
                record["current_tick"] = turn.row.tick
                seat.run = None
                store = self._seats.store
                id = turn.row.id
                await turn.write(lambda: store.append(id, None, record), run=record)
        except Exception:
            # A store that fails keeps no record; the run is over all the same.
            seat.run = None
            if not seat.is_deleted:
                self._seats.change(seat, run=record)
        tell = log().error if status == "failed" else log().info
        tell(
            "background run ended",
            simulation_id=seat.row.id,
            status=status,
            tick=seat.row.tick,
            detail=detail,
        )


def _conflict(kind: str, detail: str) -> Problem:
    title = {"nothing-to-run": "Nothing is left to run"}.get(kind, "A run cannot begin now")
    return Problem(409, kind, title, detail)
