"""
What tests of the desk share: a store in memory that fails or holds back on demand, and a clock.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from contextlib import asynccontextmanager

import attrs
import pytest

from paysim.scenario import Scenario
from paysim.server.desk.desk import Desk
from paysim.server.desk.waiting import Times
from paysim.server.problems import Problem
from paysim.server.session.session import Session
from paysim.server.settings import Settings
from paysim.server.store.store import StoreError, with_cut


def scenario(agents=3, days=1, ticks_per_day=100, rate=0.5):
    """
    Return a scenario in which every tick has something to tell.
    """
    arrivals = {
        "rate_per_tick": rate,
        "amount_distribution": {"type": "uniform", "min": 10, "max": 2_000},
        "deadline_offset": [5, 20],
    }
    return Scenario.from_dict(
        {
            "ticks_per_day": ticks_per_day,
            "num_days": days,
            "rng_seed": 5,
            "agent_configs": [
                {"id": f"BANK_{i}", "opening_balance": 5_000, "arrival_config": arrivals}
                for i in range(agents)
            ],
            "cost_rates": {"delay_cost_per_tick_per_cent": 0.0001},
        }
    )


class MemoryStore:
    """
    A store that keeps everything in memory.

    Attributes:
        fails: Whether writes fail.
        holds: Whether writes wait for `release`.
        is_slow: Whether writes end some turns of the loop later.
        loads: How often each simulation has been loaded.
        writes: The names of all writes that were asked for.
    """

    def __init__(self):
        self.kept = {}
        self.replies = {}
        self.fails = False
        self.holds = False
        self.held = []
        self.is_slow = False
        self.loads = {}
        self.writes = []
        self.runs = []

    def deliver_by(self, deliver, gather=None):
        pass

    def _write(self, name, change, reply):
        self.writes.append(name)
        future = Future()
        future.set_running_or_notify_cancel()

        def finish():
            if self.fails:
                future.set_exception(StoreError("no space is left"))
                return
            try:
                change()
            except StoreError as error:
                future.set_exception(error)
                return
            if reply is not None:
                self.replies[reply.scope, reply.key] = reply
            future.set_result(None)

        if self.holds:
            self.held.append(finish)
        elif self.is_slow:
            # So late that a task which is cancelled in between is woken first.
            loop = asyncio.get_running_loop()
            loop.call_soon(loop.call_soon, loop.call_soon, finish)
        else:
            finish()
        return future

    def release(self):
        """
        Let all writes that wait come to their end.
        """
        held, self.held = self.held, []
        for finish in held:
            finish()

    def create(self, row, begun, first, reply=None):
        steps = [] if first is None else [first]
        return self._write(
            "create", lambda: self.kept.update({row.id: [row, begun, steps, []]}), reply
        )

    def append(self, id, step, run=None, reply=None, *, after=None):
        def change():
            kept = self.kept[id]
            if after not in (None, len(kept[2])):
                raise StoreError("another step")
            if step is not None:
                kept[2].append(step)
            if run is not None:
                kept[0] = attrs.evolve(kept[0], run=run)
                self.runs.append(run)

        return self._write("append", change, reply)

    def delete(self, id, reply=None):
        return self._write("delete", lambda: self.kept.pop(id), reply)

    def add_mark(self, mark, reply=None):
        return self._write("add_mark", lambda: self.marks_of(mark).append(mark), reply)

    def delete_mark(self, id, mark_id, reply=None):
        def change():
            self.kept[id][3] = [mark for mark in self.kept[id][3] if mark.id != mark_id]

        return self._write("delete_mark", change, reply)

    def restore(self, id, step, reply=None):
        def change():
            kept = self.kept[id]
            kept[2] = kept[2][:step]
            events = kept[2][-1].events if step else 0
            kept[0] = attrs.evolve(kept[0], cuts=with_cut(kept[0].cuts, events))
            kept[3] = [mark for mark in kept[3] if mark.step <= step]

        return self._write("restore", change, reply)

    def branch(self, row, source_id, step, reply=None):
        def change():
            _, begun, steps, _ = self.kept[source_id]
            self.kept[row.id] = [row, begun, steps[:step], []]

        return self._write("branch", change, reply)

    def marks_of(self, mark):
        return self.kept[mark.simulation_id][3]

    def rows(self):
        found = []
        for row, _, steps, _ in self.kept.values():
            changes = {"steps": len(steps)}
            if steps:
                changes |= {"tick": steps[-1].tick, "events": steps[-1].events}
            found.append(attrs.evolve(row, **changes))
        return found

    def load(self, id, step=None):
        self.loads[id] = self.loads.get(id, 0) + 1
        _, begun, steps, _ = self.kept[id]
        return begun, steps[:step]

    def marks(self, id):
        return list(self.kept[id][3])

    def reply(self, scope, key):
        return self.replies.get((scope, key))


class Clock(Times):
    """
    A clock that stands, unless somebody pauses or turns it.

    Attributes:
        time: What it shows.
        jumps: Whether a pause passes at once; otherwise `turn` ends it.
        pauses: The seconds of every pause.
        step: Seconds that pass whenever somebody looks.
        is_late: Whether work takes longer than it may.
        late_after: An event that is set before that, if there is one.
    """

    def __init__(self, jumps=True):
        self.time = 1_000.0
        self.jumps = jumps
        self.pauses = []
        self.step = 0.0
        self.is_late = False
        self.late_after = None
        self._pausing = []

    def now(self):
        self.time += self.step
        return self.time

    def worked(self):
        return self.now()

    async def wait(self, future, seconds):
        if self.is_late and seconds is not None:
            if self.late_after is not None:
                await until(self.late_after.is_set)
            return False
        await asyncio.wait([future])
        return True

    async def pause(self, future, seconds):
        self.pauses.append(seconds)
        if seconds is None:
            await asyncio.wait([future])
        elif self.jumps:
            await asyncio.sleep(0)
            if not future.done():
                self.time += seconds
        else:
            over = asyncio.get_running_loop().create_future()
            self._pausing.append((self.time + seconds, over))
            await asyncio.wait([future, over], return_when=asyncio.FIRST_COMPLETED)

    def turn(self, seconds):
        """
        Let time pass.
        """
        self.time += seconds
        for until, over in self._pausing:
            if until <= self.time and not over.done():
                over.set_result(None)


class Halting:
    """
    A function for a thread that waits inside until it is let go on.
    """

    def __init__(self, then=None):
        self.begun = threading.Event()
        self.go = threading.Event()
        self.then = then

    def __call__(self, session):
        self.begun.set()
        self.go.wait()
        return self.then and self.then(session)


def raises(kind, status):
    """
    Expect a problem.
    """
    return pytest.raises(Problem, match=f"^{status} {kind}: ")


@asynccontextmanager
async def desk(store=None, *, times=None, tmp=".", **limits):
    """
    Open a desk on a store in memory.
    """
    store = store or MemoryStore()
    opened = Desk(store, Settings(data_dir=tmp, **limits), times=times)
    try:
        yield opened
    finally:
        store.holds = False
        store.release()
        await opened.close()


async def made(desk, **form):
    """
    Return the id of a new simulation.
    """
    row = await desk.create(Session.start(scenario(**form)), "made")
    return row.id


async def tick(desk, id, count=1):
    """
    Run ticks and keep them, as a route does, and return the last that was run.
    """
    async with desk.turn(id) as turn:
        outcome = await turn.do(turn.session.advance, count)
        await turn.commit()
    return outcome["tick"]


async def log_of(desk, id):
    """
    Return the event log that a simulation has now.
    """
    async with desk.turn(id) as turn:
        lines, last = await turn.do(turn.session.lines, 0, 10**9, 10**12)
        assert last == turn.row.events == lines.count(b"\n")
    return lines


async def until(condition):
    """
    Let other tasks and threads work until something is so.
    """
    while not condition():
        await asyncio.sleep(0)


def whole_log(form, ticks):
    """
    Return the log of a scenario that is run without a desk.
    """
    session = Session.start(scenario(**form))
    session.advance(ticks)
    return session.lines(0, 10**9, 10**12)[0]
