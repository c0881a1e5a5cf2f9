"""
Simulations made and removed.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from paysim.server.desk.marks import kept
from paysim.server.desk.turns import Turn
from paysim.server.desk.waiting import acknowledged
from paysim.server.log import log
from paysim.server.store.store import Reply, Row

if TYPE_CHECKING:
    from paysim.server.desk.runs import Runs
    from paysim.server.desk.seat import Seat
    from paysim.server.desk.seats import Seats
    from paysim.server.session.session import Session


async def make(
    seats: Seats, session: Session, name: str, reply: Callable[[Row], Reply] | None
) -> Row:
    """
    Keep a new simulation, and return its row.
    """
    seats.take_place()
    try:
        begun = await seats.read(session.begun)
        first = await seats.read(session.take)
        scenario = session.scenario
        row = Row(
            id="sim_" + secrets.token_hex(8),
            name=name,
            seed=session.seed,
            tick=session.tick,
            events=session.events,
            steps=0 if first is None else 1,
            num_ticks=scenario.num_ticks,
            ticks_per_day=scenario.ticks_per_day,
            agents=tuple(config.id for config in scenario.agent_configs),
            outside=tuple(session.outside),
            created=int(time.time()),
        )
        made = kept(reply, row)
        async with acknowledged(lambda: seats.store.create(row, begun, first, made)):
            seats.add(row, session)
            log().info(
                "simulation created",
                simulation_id=row.id,
                agents=len(row.agents),
                tick=row.tick,
            )
    finally:
        seats.give_place()
    return row


async def remove(seats: Seats, runs: Runs, seat: Seat, reply: Reply | None) -> Row:
    """
    Remove a simulation for good, after its run, and return its last row.
    """
    seat.leaving += 1
    try:
        if seat.run is not None:
            await runs.cancel(seat)
        async with Turn(seats, seat, loads=False) as turn:
            if seat.is_awaited:
                await turn.load()
            async with acknowledged(lambda: seats.store.delete(seat.row.id, reply)):
                seats.remove(seat)
                log().info("simulation deleted", simulation_id=seat.row.id, tick=seat.row.tick)
    finally:
        seat.leaving -= 1
    return seat.row
