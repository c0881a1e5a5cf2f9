"""
Checkpoints and branches: a checkpoint is the number of a step, a branch copies steps.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import attrs

from paysim.checkpoint_format import encoded
from paysim.server.desk.calculating import run_in_progress
from paysim.server.desk.loading import loaded, made
from paysim.server.desk.seats import stopping
from paysim.server.desk.turns import Turn
from paysim.server.desk.waiting import acknowledged
from paysim.server.log import log
from paysim.server.problems import Problem, problem_of
from paysim.server.store.store import Mark, Reply, Row, StoreError, with_cut

if TYPE_CHECKING:
    from paysim.server.desk.seats import Seats

MARKS_MAX: Final = 1_000
"""Checkpoints of one simulation."""

FILES: Final = 2
"""Checkpoint files that are made at once: each takes a simulation in memory."""

X = TypeVar("X")


class Marks:
    """
    What a desk does with checkpoints.

    Args:
        seats: All simulations.
    """

    def __init__(self, seats: Seats) -> None:
        self._seats = seats
        self._store = seats.store
        self._files = asyncio.Semaphore(FILES)

    async def checkpoint(
        self, id: str, name: str = "", reply: Callable[[Mark], Reply] | None = None
    ) -> Mark:
        """
        Mark the tick that a simulation is at, so that it can be set back to it.
        """
        async with self._turn(id) as turn:
            row = turn.row
            if len(await self._marks(id)) >= MARKS_MAX:
                detail = f"{id} has {MARKS_MAX:,} checkpoints, which is the limit; delete one first"
                title = "The simulation has as many checkpoints as it may"
                raise Problem(409, "too-many-checkpoints", title, detail)
            id_of_mark = "chk_" + secrets.token_hex(8)
            mark = Mark(id_of_mark, id, name, row.steps, row.tick, int(time.time()))
            await turn.write(lambda: self._store.add_mark(mark, kept(reply, mark)))
        return mark

    async def checkpoints(self, id: str) -> list[Mark]:
        """
        Return the checkpoints of a simulation, in order of creation.
        """
        self._seats.find(id)
        return await self._marks(id)

    async def checkpoint_file(self, id: str, mark_id: str) -> list[bytes]:
        """
        Return the parts of a checkpoint file.
        """
        async with self._files:
            # In a turn, so that the simulation is not set back between mark and steps.
            async with self._turn(id):
                mark = await self._mark(id, mark_id)
                begun, steps = await self._read(self._store.load, id, mark.step)

            def parts() -> list[bytes]:
                return encoded(made(self._seats, id, begun, steps).saved())

            return await self._seats.read(parts)

    async def delete_checkpoint(
        self, id: str, mark_id: str, reply: Callable[[Mark], Reply] | None = None
    ) -> Mark:
        """
        Remove a checkpoint; the simulation stays as it is.
        """
        async with self._turn(id) as turn:
            mark = await self._mark(id, mark_id)
            await turn.write(lambda: self._store.delete_mark(id, mark_id, kept(reply, mark)))
        return mark

    async def restore(
        self, id: str, mark_id: str, reply: Callable[[Row], Reply] | None = None
    ) -> Row:
        """
        Set a simulation back to a checkpoint; what came after it is gone, later ones too.
        """
        async with self._turn(id) as turn:
            seat = self._seats.find(id)
            if seat.run is not None:
                raise run_in_progress(turn.row)
            mark = await self._mark(id, mark_id)
            # Loaded first, so that nothing is cut off if that cannot be.
            session, steps = await self._seats.read(loaded, self._seats, id, mark.step)
            changes: dict[str, Any] = {
                "tick": session.tick,
                "events": session.events,
                "steps": steps,
                "cuts": with_cut(turn.row.cuts, session.events),
            }
            row = attrs.evolve(turn.row, **changes)
            told = kept(reply, row)
            await turn.replace(session, lambda: self._store.restore(id, mark.step, told), **changes)
        log().info("simulation restored", simulation_id=id, tick=row.tick)
        return row

    async def branch(
        self,
        id: str,
        mark_id: str | None = None,
        name: str = "",
        reply: Callable[[Row], Reply] | None = None,
    ) -> Row:
        """
        Make a simulation that has come the same way, up to now or to a checkpoint.
        """
        async with self._turn(id) as turn:
            source = turn.row
            step, tick, events = source.steps, source.tick, source.events
            if mark_id is not None:
                mark = await self._mark(id, mark_id)
                step, tick = mark.step, mark.tick
                if step != source.steps:
                    events = await self._events(id, step)
            self._seats.take_place()
            try:
                row = attrs.evolve(
                    source,
                    id="sim_" + secrets.token_hex(8),
                    name=name,
                    tick=tick,
                    events=events,
                    steps=step,
                    created=int(time.time()),
                    parent_id=id,
                    parent_tick=tick,
                    run=None,
                    cuts=(),
                )
                told = kept(reply, row)
                async with acknowledged(lambda: self._store.branch(row, id, step, told)):
                    self._seats.add(row)
                    log().info(
                        "simulation branched", simulation_id=row.id, branched_from=id, tick=tick
                    )
            finally:
                self._seats.give_place()
        return row

    def _turn(self, id: str) -> Turn:
        """
        Return a turn in which the session is not needed.
        """
        if self._seats.closing:
            raise stopping()
        return Turn(self._seats, self._seats.find(id), loads=False)

    async def _marks(self, id: str) -> list[Mark]:
        return await self._read(self._store.marks, id)

    async def _mark(self, id: str, mark_id: str) -> Mark:
        for mark in await self._marks(id):
            if mark.id == mark_id:
                return mark
        detail = f"simulation {id} has no checkpoint {mark_id[:60]!r}"
        raise Problem(404, "unknown-checkpoint", "There is no such checkpoint", detail)

    async def _events(self, id: str, step: int) -> int:
        _, steps = await self._read(self._store.load, id, step)
        return steps[-1].events if steps else 0

    async def _read(self, function: Callable[..., X], *args: Any) -> X:
        try:
            return await self._seats.read(function, *args)
        except StoreError as error:
            raise problem_of(error) from error


def kept(make: Callable[[X], Reply] | None, result: X) -> Reply | None:
    """
    Return the reply to be kept, if one is.
    """
    return None if make is None else make(result)
