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

from paysim.server.problems import Problem
from paysim.server.replies import json_bytes

if TYPE_CHECKING:
    from paysim.server.desk import Desk

FRAME_SECONDS: Final = 1 / 30
"""Time from one frame to the next."""

HEARTBEAT_SECONDS: Final = 15
"""Time without news after which a comment is sent."""

FLOWS_AGENTS: Final = 200
"""Agents up to which a frame tells the flows between them; there may be as many as their square."""

_PLACE: Final = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})")


async def frames(desk: Desk, id: str, seen: str = "") -> AsyncGenerator[bytes, None]:
    """
    Make the frames of a simulation as server-sent events, until it is deleted.

    Args:
        desk: All simulations.
        id: Which of them.
        seen: The id of the last frame that was seen; empty begins with tick 0.
    """
    loop = asyncio.get_running_loop()
    since, steps = place_of(seen)
    version, told, last = 0, b"", -1.0
    while True:
        try:
            frame, since, steps = await _frame(desk, id, since, steps)
        except Problem as problem:
            if problem.status == 404:
                yield _message("deleted", b"{}")
            return
        # The log of a halted clock may still change, and so may the record of a run.
        body = json_bytes(frame)
        if body != told:
            yield _message("frame", body, f"{since}.{steps}")
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


def place_of(seen: str) -> tuple[int, int]:
    """
    Return the tick and the step of a frame's id; of anything else those before the first.
    """
    match = _PLACE.fullmatch(seen)
    return (int(match[1]), int(match[2])) if match else (0, 0)


async def _frame(desk: Desk, id: str, since: int, steps: int) -> tuple[dict[str, Any], int, int]:
    """
    Return a frame, its tick and its step.

    A simulation that stands before what was seen has been restored: its frame begins with tick 0.
    """
    async with desk.turn(id) as turn:
        row = turn.row
        if row.tick < since or row.steps < steps:
            since = 0
        pulse: dict[str, Any] = await turn.do(turn.session.pulse, since)
        row = turn.row
    if len(row.agents) > FLOWS_AGENTS:
        pulse["flows"] = None
    frame = {"since": since, "day": row.tick // row.ticks_per_day, **pulse, "run": row.run}
    return frame, row.tick, row.steps


def _message(event: str, data: bytes, id: str = "") -> bytes:
    head = f"id: {id}\n" if id else ""
    return f"{head}event: {event}\ndata: ".encode() + data + b"\n\n"
