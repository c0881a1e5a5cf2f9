"""
What is told of a simulation that is acknowledged.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from paysim.server.http.replies import json_reply
from paysim.server.openapi.operations import PREFIX

if TYPE_CHECKING:
    from paysim.server.store.store import Row


def created(row: Row) -> Response:
    """
    Return the reply to a request that has made a simulation.
    """
    content = {
        "simulation_id": row.id,
        "status": "created",
        "current_tick": row.tick,
        "current_day": row.tick // row.ticks_per_day,
        "name": row.name,
    }
    if row.parent_id is not None:
        content["branched_from"] = _branched_from(row)
    return json_reply(content, 201, {"Location": f"{PREFIX}/{row.id}"})


def listed(row: Row) -> dict[str, Any]:
    """
    Return what the list of all simulations tells of one.
    """
    return {
        "simulation_id": row.id,
        "current_tick": row.tick,
        "current_day": row.tick // row.ticks_per_day,
        "name": row.name,
        "num_ticks": row.num_ticks,
        "ticks_per_day": row.ticks_per_day,
        "agents": len(row.agents),
        "seed": row.seed,
        "run": row.run["status"] if row.run else None,
        "branched_from": _branched_from(row),
    }


def _branched_from(row: Row) -> dict[str, Any] | None:
    """
    Return where a simulation was branched from, if it was.
    """
    if row.parent_id is None:
        return None
    return {"simulation_id": row.parent_id, "tick": row.parent_tick}


def moment_text(seconds: float) -> str:
    """
    Return a moment, in seconds since 1970, as RFC 3339 has it.
    """
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    return text.replace("+00:00", "Z")
