"""
The clock: how the kernel's ticks take their places among the events of a SimPy environment.

Tick t is the environment's time t. Two events carry it:

- the **opening**, one event shared by everybody who waits for the tick. It comes after the urgent
  events of time t (interrupts, starting processes, the end of `env.run(until=t)`) and before the
  normal ones. SimPy only compares priorities, so one between `URGENT` and `NORMAL` does that.
- the **settlement**, after every other event of time t, those added late with no delay included.

So a decision made at time t before the settlement counts for t. One made at t + 0.5, or in
reaction to the outcome of t (which is handed out after the settlement), counts for t + 1.

The clock must be the first to act at an opening: those who wait on it look at the tick's arrivals.
A SimPy process always joins the end of an event's callbacks, so the clock is not a generator but a
callback that stands in every opening from its creation on. This also lets an error of the kernel
leave `env.step()` as it is; SimPy would raise a copy of it if it came from a process.

**Stretches.** An opening that nobody awaits, with nothing else on the schedule at its time, needs
no event: the clock lets the kernel run through all ticks before the next scheduled event, in one
call. Nothing of SimPy's can fall into such a stretch, hence it cannot be noticed from Python,
except by its speed. Where a log is kept a stretch ends with the day, which has a line of its own.

**Stopping.** After an error half-way through a tick there is no telling who has decided and who has
not. The clock then opens and settles nothing any more, and whoever runs the environment on is told.
"""

from __future__ import annotations

import sys
from math import ceil
from typing import TYPE_CHECKING, Any, cast

import attrs
from simpy.core import StopSimulation
from simpy.events import URGENT, Event, EventPriority

from paysim.errors import PaysimError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from simpy import Environment
    from simpy.events import Process

    from paysim._kernel import Kernel
    from paysim.operation_log import OperationLog

OPENING = cast(EventPriority, 0.5)
"""
Between SimPy's `URGENT` (0) and `NORMAL` (1).
"""

LAST = EventPriority(sys.maxsize)
"""
After every event of the same time.
"""


@attrs.frozen
class TickOutcome:
    """
    What a tick has done.

    Attributes:
        num_arrivals: Transactions that arrived; parts do not count.
        num_settlements: Transactions settled by any means; a part counts, its parent does not.
        num_lsm_releases: Those among them that a liquidity-saving mechanism settled.
        total_cost: Cost of the tick over all agents, in whole minor units.
    """

    tick: int
    num_arrivals: int
    num_settlements: int
    num_lsm_releases: int
    total_cost: int


class Opening(Event):
    """
    The opening of a tick, for which whoever calls `wake` waits.
    """


class Clock:
    """
    Opens and settles the ticks of one kernel at the integer times of one environment.

    A tick is *ahead*, then *open* (its opening has been processed), then *settled*.
    The clock always has exactly one event of its own on the schedule: the next opening, the
    settlement of the open tick, or, when it has come to the end, an empty event at the end's time.
    It begins with the next tick of its kernel.

    Args:
        end: The first tick that is not opened.
        asks_policies: The clock asks the built-in policies; otherwise processes do.
        stretches: Ticks that nobody awaits may be left to the kernel, many in one call.
        ticks_per_day: Length of a day, for the log.
        log: Is told of days, the end and errors, or `None`.
    """

    def __init__(
        self,
        env: Environment,
        kernel: Kernel,
        *,
        end: int,
        asks_policies: bool,
        stretches: bool,
        ticks_per_day: int,
        log: OperationLog | None = None,
    ) -> None:
        self.env = env
        self._kernel = kernel
        self._end = end
        self._asks_policies = asks_policies
        self._stretches = stretches
        self._ticks_per_day = ticks_per_day
        self._log = log
        # The tick that `_opening` opens; whether anybody may be waiting for it.
        self._next = kernel.tick
        self._awaited = False
        self._opening: Event = self._new_opening()
        self._outcome: Event | None = None
        # The empty event at the end's time, once there is one.
        self._arrival: Event | None = None
        # What has stopped the clock, and in which tick.
        self._error: BaseException | None = None
        self._error_tick = 0
        if self._next < self._end:
            self._schedule_opening()
        else:
            self._schedule_arrival()

    @property
    def end(self) -> int:
        """
        The first tick that is not opened.
        """
        return self._end

    @property
    def next_tick(self) -> int:
        """
        The next tick to open.
        """
        return self._next

    def wake(self) -> Event:
        """
        Return the next opening; its value is its tick.

        Before the opening of tick t has been processed this is the one of t, from then on t + 1's.
        """
        self._awaited = True
        return self._opening

    def tick_over(self) -> Event:
        """
        Return the event of the settlement of the open tick, else of the next one.

        Its value is the tick's `TickOutcome`.
        """
        if self._outcome is None:
            self._outcome = Event(self.env)
            if not self._kernel.is_open:
                self._awaited = True
        return self._outcome

    def waiting(self, own: Collection[Process]) -> int:
        """
        Count what waits in the environment or for this clock, besides the clock and some processes.

        A process that waits for something else than time, an opening, an outcome or one of those
        processes cannot be found: the environment does not know it.

        Args:
            own: The processes that do not count.
        """
        # Where a run of the environment is to stop, nobody waits.
        known = {id(self), id(StopSimulation), *map(id, own)}
        # What `env.run` has stopped at it leaves behind with a priority before all others.
        scheduled = [(event, rank < URGENT) for _, rank, _, event in self.env._queue]
        idle = [e for e, is_left in scheduled if not (e.callbacks or is_left or e is self._arrival)]
        awaited = [event for event, _ in scheduled] + [*own]
        if self._outcome is not None:
            awaited.append(self._outcome)
        callbacks = [callback for event in awaited for callback in event.callbacks or ()]
        strange = [c for c in callbacks if id(getattr(c, "__self__", None)) not in known]
        active = self.env.active_process
        return len(idle) + len(strange) + (active is not None and id(active) not in known)

    def extend(self) -> None:
        """
        Move the end one tick on if there is no tick left before it.

        Raises:
            PaysimError: The environment's time is already past that tick.
        """
        self.check()
        if self._next < self._end or self._kernel.is_open:
            return
        if self.env.now > self._next:
            raise PaysimError(
                f"tick {self._next} cannot be opened: the environment is at {self.env.now} already"
            )
        try:
            self._end = self._next + 1
            self._schedule_opening()
        except BaseException as error:
            self.stop(error)
            raise

    def stop(self, error: BaseException) -> None:
        """
        Stop for good because of an error or interruption; the first one is kept.
        """
        if self._error is None:
            self._error_tick = self._kernel.tick
            self._error = error
            if self._log is not None:
                self._log.broken_off(error)
            # Whoever waits for an event from now on gets one that never comes.
            self._opening = Event(self.env)
            self._outcome = None
            self._bar()

    def check(self) -> None:
        """
        Make sure that the clock still runs.

        Raises:
            PaysimError: An error has stopped it; that error is the cause of this one.
        """
        if self._error is not None:
            raise PaysimError(
                f"the simulation stopped with an error in tick {self._error_tick} "
                f"({type(self._error).__name__})"
            ) from self._error

    def _bar(self) -> None:
        """
        Schedule an event that refuses to go on, after all others of now.

        An error that is under way through the environment still comes out first.
        """
        bar = Event(self.env)
        bar._ok = True
        bar.callbacks.append(self._refuse)
        self.env.schedule(bar, LAST)

    def _refuse(self, _: Event) -> None:
        # Whoever tries again is refused again.
        self._bar()
        self.check()

    def _new_opening(self) -> Opening:
        opening = Opening(self.env)
        opening.callbacks.append(self._open)
        return opening

    def _schedule_opening(self) -> None:
        _schedule(self.env, self._opening, self._next, OPENING, self._next)

    def _schedule_arrival(self) -> None:
        # Nobody waits for this event: it carries the environment's time to the end of the run.
        if self.env.now <= self._next:
            self._arrival = Event(self.env)
            _schedule(self.env, self._arrival, self._next, URGENT)

    def _open(self, _: Event) -> None:
        self._act(self._open_or_advance)

    def _settle(self, _: Event) -> None:
        self._act(self._close)

    def _act(self, act: Callable[[], None]) -> None:
        """
        Act unless stopped, and stop upon an error.
        """
        if self._error is not None:
            # The bar is next, after the error itself if that is still under way.
            return
        try:
            act()
        except BaseException as error:
            self.stop(error)
            raise

    def _open_or_advance(self) -> None:
        """
        Open the tick, or settle all ticks up to the next event.
        """
        tick = self._next
        if self._stretches and not self._awaited:
            stop = ceil(min(self.env.peek(), self._end))
            if self._log is not None:
                stop = min(stop, tick - tick % self._ticks_per_day + self._ticks_per_day)
            if stop > tick:
                self._advance(tick, stop)
                return
        self._next = tick + 1
        self._opening = self._new_opening()
        self._awaited = False
        kernel = self._kernel
        kernel.open_tick()
        if self._asks_policies:
            kernel.ask_all()
        settlement = Event(self.env)
        settlement.callbacks.append(self._settle)
        _schedule(self.env, settlement, tick, LAST)

    def _close(self) -> None:
        """
        Settle the open tick, hand out its outcome, and look ahead to the next.
        """
        outcome = self._kernel.close_tick()
        if self._outcome is not None:
            self._outcome.succeed(TickOutcome(*outcome))
            self._outcome = None
        self._go_on()

    def _advance(self, tick: int, stop: int) -> None:
        """
        Let the kernel run from this tick to the one before `stop`.
        """
        self._kernel.advance(stop - tick)
        # SimPy's time is read-only from outside, and this is the one place that sets it: between
        # two steps of the environment no code may stand before what has settled already.
        self.env._now = stop - 1
        self._next = stop
        self._opening = self._new_opening()
        self._go_on()

    def _go_on(self) -> None:
        """
        Look ahead after a settlement.
        """
        if self._log is not None:
            self._log.settled(self._next)
        if self._next < self._end:
            self._schedule_opening()
            return
        self._schedule_arrival()
        if self._log is not None:
            self._log.finished()


def _schedule(
    env: Environment, event: Event, at: int, priority: EventPriority, value: Any = None
) -> None:
    """
    Trigger an event that is due at a time not before now.

    `Event.succeed` schedules for now only, and a `Timeout` has the priority `NORMAL`.
    """
    event._ok = True
    event._value = value
    env.schedule(event, priority, at - env.now)
