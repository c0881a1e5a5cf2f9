"""
A seat: one simulation with its lock, its row, and its session while that is in memory.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from paysim.server.desk.durations import Durations
from paysim.server.desk.waiting import News, ended

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paysim.server.desk.following import Follower
    from paysim.server.desk.runs import Run
    from paysim.server.session.session import Session
    from paysim.server.store.store import Row


class Flight:
    """
    Something that is on its way to the disk.

    Args:
        steps: How many steps the simulation has with it.
        changes: What is acknowledged of the row when it is there.
        losses: How often something could not be written before it was given to the store.

    Attributes:
        landed: Done when it is there and acknowledged, or when it is lost; never fails.
        error: Why it is lost.
    """

    def __init__(self, steps: int, changes: Mapping[str, Any], losses: int) -> None:
        self.steps = steps
        self.changes = changes
        self.losses = losses
        self.landed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.error: BaseException | None = None


class Seat:
    """
    One simulation.

    Attributes:
        row: What is acknowledged of it.
        lock: Held by whoever uses the simulation; first come, first served.
        session: The simulation, if it is in memory; it is as the store has it while nobody holds
            the lock.
        news: Grows with every commit, every change of a run, a restore, and the end.
        is_deleted: Whether it is gone for good.
        leaving: How many are about to delete it, which is when no run may begin.
        run: The run that goes on, if one does.
        flights: What the store was given to write and has not written yet, in order.
        losses: How often something could not be written.
        durations: How long things take with the session.
        counted: As how many events the session in memory counts.
        followers: Those who tell clients of it, until they are gone.
    """

    def __init__(self, row: Row, session: Session | None = None) -> None:
        self.row = row
        self.lock = asyncio.Lock()
        self.session = session
        self.news = News()
        self.is_deleted = False
        self.leaving = 0
        self.run: Run | None = None
        self.durations = Durations()
        self.followers: WeakSet[Follower] = WeakSet()
        self.flights: deque[Flight] = deque()
        self.losses = 0
        self.counted = 0

    @property
    def is_idle(self) -> bool:
        """
        Whether nobody uses the simulation, and no run goes on.
        """
        return not self.lock.locked() and self.run is None

    @property
    def steps(self) -> int:
        """
        How many steps there are, with those that are on their way to the disk.
        """
        return self.flights[-1].steps if self.flights else self.row.steps

    @property
    def is_awaited(self) -> bool:
        """
        Whether somebody who follows it has not told all of its log.
        """
        return any(follower.is_behind for follower in self.followers)

    async def settle(self) -> None:
        """
        Wait until the store has written everything that it was given.
        """
        while self.flights:
            cancelled = await ended(self.flights[-1].landed)
            if cancelled is not None:
                raise cancelled
