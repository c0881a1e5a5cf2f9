"""
Frames for the page that shows a simulation while it runs: how it stands, and what has passed since.

A frame covers all ticks since the frame before, however many they are; so whoever adds frames up
has everything, at whatever pace they come.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, Final

import attrs

from paysim.server.http.replies import json_bytes
from paysim.server.problems import Problem

if TYPE_CHECKING:
    from paysim.server.desk.desk import Desk

FRAME_SECONDS: Final = 1 / 30
"""Time from one frame to the next."""

HEARTBEAT_SECONDS: Final = 15
"""Time without news after which a comment is sent."""

FLOWS_AGENTS: Final = 200
"""Agents up to which a frame tells the flows between them; there may be as many as their square."""

_PLACE: Final = re.compile(r"([0-9]{1,15})\.([0-9]{1,9})")


async def frames(desk: Desk, id: str, seen: str = "") -> AsyncGenerator[bytes, None]:
    """
    Make the frames of a simulation as server-sent events, until it is deleted.

    Args:
        desk: All simulations.
        id: Which of them.
        seen: The id of the last frame that was seen; empty begins with tick 0.
    """
    loop = asyncio.get_running_loop()
    place = Place.of(seen)
    version, told, last = 0, b"", -1.0
    while True:
        try:
            frame, place = await _frame(desk, id, place)
        except Problem as problem:
            if problem.status == 404:
                yield _message("deleted", b"{}")
            return
        # The log of a halted clock may still change, and so may the record of a run.
        body = json_bytes(frame)
        if body != told:
            yield _message("frame", body, f"{place.tick}.{place.restores}")
            told, last = body, loop.time()
        try:
            while True:
                now = await desk.changed(id, version, HEARTBEAT_SECONDS)
                if now != version:
                    version = now
                    break
                yield b": still here\n\n"
        except Problem as problem:
            if problem.status == 404:
                yield _message("deleted", b"{}")
            return
        await asyncio.sleep(max(0.0, last + FRAME_SECONDS - loop.time()))


@attrs.frozen
class Place:
    """
    How far somebody has seen.

    Attributes:
        tick: The tick up to which all was seen.
        restores: How often the simulation had been set back by then.
    """

    tick: int = 0
    restores: int = 0

    @classmethod
    def of(cls, seen: str) -> Place:
        """
        Return the place of a frame by its id; of anything else the place before the first.
        """
        match = _PLACE.fullmatch(seen)
        return cls(int(match[1]), int(match[2])) if match else cls()

    def leads_to(self, other: Place) -> bool:
        """
        Whether one comes to another place without being set back.
        """
        return self.tick <= other.tick and self.restores == other.restores


async def _frame(desk: Desk, id: str, seen: Place) -> tuple[dict[str, Any], Place]:
    """
    Return a frame and its place; if the simulation has been set back, it begins with tick 0.
    """
    async with desk.turn(id) as turn:
        row = turn.row
        place = Place(row.tick, row.restores)
        since = seen.tick if seen.leads_to(place) else 0
        pulse: dict[str, Any] = await turn.do(turn.session.pulse, since)
    if len(row.agents) > FLOWS_AGENTS:
        pulse["flows"] = None
    day = row.tick // row.ticks_per_day
    return {"since": since, "day": day, **pulse, "run": turn.row.run}, place


def _message(event: str, data: bytes, id: str = "") -> bytes:
    head = f"id: {id}\n" if id else ""
    return f"{head}event: {event}\ndata: ".encode() + data + b"\n\n"
