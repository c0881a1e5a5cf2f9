"""
Streams: bytes that are made when the client has taken those before, in one of so many places.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from paysim.server.desk.following import Follower, message
from paysim.server.problems import Problem, problem_of
from paysim.server.settings import variable_of

if TYPE_CHECKING:
    from paysim.server.desk.seat import Seat
    from paysim.server.desk.seats import Seats


class Places:
    """
    The places for streams, each taken by one that is open.

    Args:
        most: How many there are.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.taken = 0

    def take(self) -> None:
        """
        Take a place.

        Raises:
            Problem: 429, none is left.
        """
        if self.taken >= self._most:
            raise Problem(
                429,
                "too-many-streams",
                "There are as many streams as there may be",
                f"{self._most:,} streams are open, which is the server's limit "
                f"({variable_of('max_streams')}); come back when another one has ended, or read "
                "pages of the log",
                headers={"Retry-After": "5"},
            )
        self.taken += 1

    def give(self) -> None:
        """
        Give a place back.
        """
        self.taken -= 1


class Stream:
    """
    An open stream of bytes, which has a place until it ends or is closed.

    Args:
        messages: The bytes.
        places: The places.

    Raises:
        Problem: 429, no place is left.
    """

    def __init__(self, messages: AsyncGenerator[bytes, None], places: Places) -> None:
        self._messages = messages
        self._places: Places | None = None
        places.take()
        self._places = places

    def __aiter__(self) -> Stream:
        """
        Return itself.
        """
        return self

    async def __anext__(self) -> bytes:
        """
        Return the next bytes when there are any.
        """
        try:
            return await anext(self._messages)
        except BaseException:  # also the end of the stream, and a task that is cancelled
            self._give_back()
            raise

    async def aclose(self) -> None:
        """
        End the stream; twice is as good as once.
        """
        self._give_back()
        await self._messages.aclose()

    def __del__(self) -> None:
        """
        Give the place back if nobody has closed the stream.
        """
        self._give_back()

    def _give_back(self) -> None:
        places, self._places = self._places, None
        if places is not None:
            places.give()


def event_messages(
    seats: Seats, seat: Seat, after: int, follow: bool = True, restores: int | None = None
) -> AsyncGenerator[bytes, None]:
    """
    Give the messages of one simulation, beginning after an event.

    Args:
        seats: All simulations.
        seat: The simulation.
        after: The number of the event.
        follow: Whether to go on as events happen, or to end when all there are have been told.
        restores: How often the simulation had been set back when the client had seen that event;
            `None` takes it for an event of the log as it is.
    """
    # It follows from now on, and not only when the first message is asked for.
    return _messages(Follower(seats, seat, after, restores), seats, seat, follow)


async def _messages(
    follower: Follower, seats: Seats, seat: Seat, follow: bool
) -> AsyncGenerator[bytes, None]:
    times = seats.times
    while True:
        version = seat.news.version
        try:
            told = await follower.next()
        except Problem as problem:
            if seat.is_deleted:
                continue
            yield message("problem", problem.body())
            return
        except Exception as error:  # the reply has begun, so it is told in the stream
            yield message("problem", problem_of(error).body())
            return
        if told is not None:
            yield told
        if follower.has_ended or (told is None and not follow):
            return
        if told is None:
            await seat.news.wait(version, follower.seconds(times.now()), times)
