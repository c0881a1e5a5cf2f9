"""
Following a simulation: its event log as server-sent events, one message when one is asked for.

Messages, each of at most 256 KB unless one event alone is longer:

- `event: batch` with an `id` and `data` = `{"after", "last", "current_tick", "current_day",
  "events"}`: the events numbered `after` + 1 to `last`; without events if ticks have passed that
  had none. The first one comes at once.
- `event: run` with the record of a run: at the start of the stream if there was one, when its
  status changes, and every second while it goes on. That it has ended comes after its last events.
- `event: restored` with `id` and `data` = `{"after", "current_tick", "current_day"}`: the
  simulation was set back, and the stream goes on after this event. It is also told to a client
  that was away then.
- `event: problem` with problem details, and then the end: the log cannot be read.
- `event: deleted` after all that had happened until then, and then the end.
- a comment after 15 seconds without anything else.

An `id` is the number of the last event that was told and how often the simulation had been set
back by then: `1503.2`. When the server stops the stream just ends, and the client comes back with
the last id it has seen.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from paysim.server.desk.turns import Turn

if TYPE_CHECKING:
    from paysim.server.desk.seat import Seat
    from paysim.server.desk.seats import Seats

HEARTBEAT_SECONDS: Final = 15.0
"""Without anything to tell, a comment is sent so often; it shows whether the client is there."""

RUN_SECONDS: Final = 1.0
"""The record of a run is told so often while it goes on."""

MESSAGE_BYTES: Final = 256 * 1024
"""Length of a message, unless one event alone is longer."""

LINES_BYTES: Final = MESSAGE_BYTES - 8 * 1024
"""Length of the events in a message."""

LINES_MAX: Final = 10_000
"""Events in a message."""

HEARTBEAT: Final = b": \n\n"


def message(event: str, data: bytes, id: bytes = b"") -> bytes:
    """
    Return one server-sent event; the data are one line of JSON.
    """
    head = b"id: %b\n" % id if id else b""
    return b"".join((head, b"event: ", event.encode(), b"\ndata: ", data, b"\n\n"))


class Follower:
    """
    How far one client has followed a simulation.

    Args:
        seats: All simulations.
        seat: The simulation.
        after: The number of the last event that the client has.
        restores: How often the simulation had been set back by then; `None` if that is not known.

    Attributes:
        has_ended: Whether nothing more is to be told.
    """

    def __init__(self, seats: Seats, seat: Seat, after: int, restores: int | None) -> None:
        self.has_ended = False
        self._seats = seats
        self._seat = seat
        row = seat.row
        known = row.restores if restores is None else restores
        # Whoever is ahead of the log has missed that it was set back.
        self._is_cut = after > row.events or known != row.restores
        self._position = row.shared(after, known)
        self._restores = row.restores
        self._tick: int | None = None
        self._run: dict[str, Any] | None = None
        self._sent = self._run_sent = seats.times.now()
        seat.followers.add(self)

    @property
    def is_behind(self) -> bool:
        """
        Whether something of the log, or a tick, has not been told.
        """
        row = self._seat.row
        return self._position < row.events or self._tick != row.tick

    def cut(self) -> None:
        """
        Note that the simulation was set back.

        It may have gone on when the client asks again, so what is left is noted at once.
        """
        row = self._seat.row
        self._is_cut = True
        self._position = row.shared(self._position, self._restores)
        self._restores = row.restores

    async def next(self) -> bytes | None:
        """
        Return the next message, or `None` if there is nothing to tell now.

        Raises:
            Problem: The log cannot be read.
        """
        now = self._seats.times.now()
        told = await self._next(now)
        if told is None and not self.has_ended and now - self._sent >= HEARTBEAT_SECONDS:
            told = HEARTBEAT
        if told is not None:
            self._sent = self._seats.times.now()
        return told

    def seconds(self, now: float) -> float:
        """
        Return after how many seconds there is something to tell if there is no news.
        """
        until = self._sent + HEARTBEAT_SECONDS
        if self._seat.run is not None:
            until = min(until, self._run_sent + RUN_SECONDS)
        return max(0.0, until - now)

    async def _next(self, now: float) -> bytes | None:
        if self._seats.closing and not self._seat.is_deleted:
            self.has_ended = True
            return None
        told = await self._news(now)
        if told is None and not self.has_ended and self._seat.is_deleted:
            self.has_ended = True
            return message("deleted", b"{}")
        return told

    async def _news(self, now: float) -> bytes | None:
        seat = self._seat
        if self._is_cut:
            return self._restored()
        run = seat.row.run
        if run is not None and run["status"] == "running" and self._is_run_due(run, now):
            return self._run_message(run, now)
        if self.is_behind and not (seat.is_deleted and seat.session is None):
            return await self._batch()
        if run is not None and self._is_run_due(run, now):
            return self._run_message(run, now)
        return None

    def _is_run_due(self, run: dict[str, Any], now: float) -> bool:
        told = self._run
        if told is None or any(told.get(key) != run[key] for key in run if key != "current_tick"):
            return True
        if run["status"] != "running":
            return bool(told["current_tick"] != run["current_tick"])
        return now - self._run_sent >= RUN_SECONDS

    def _run_message(self, run: dict[str, Any], now: float) -> bytes:
        self._run = run
        self._run_sent = now
        return message("run", json.dumps(run, separators=(",", ":")).encode())

    def _restored(self) -> bytes:
        row = self._seat.row
        self._is_cut = False
        self._tick = row.tick
        place = (self._position, row.tick, row.tick // row.ticks_per_day)
        data = b'{"after":%d,"current_tick":%d,"current_day":%d}' % place
        return message("restored", data, self._id())

    def _id(self) -> bytes:
        return b"%d.%d" % (self._position, self._restores)

    async def _batch(self) -> bytes | None:
        """
        Return the next stretch of the log.
        """
        async with Turn(self._seats, self._seat, follows=True) as turn:
            if self._seats.closing:
                self.has_ended = True
                return None
            if self._is_cut:
                return self._restored()
            after = self._position
            lines, last = await turn.do(turn.session.lines, after, LINES_MAX, LINES_BYTES)
            tick = turn.row.tick
            day = tick // turn.row.ticks_per_day
        self._position, self._tick = last, tick
        # Lines are JSON already, and have no line breaks inside.
        events = lines.rstrip(b"\n").replace(b"\n", b",")
        head = b'{"after":%d,"last":%d,"current_tick":%d,"current_day":%d,"events":['
        return message("batch", head % (after, last, tick, day) + events + b"]}", self._id())
