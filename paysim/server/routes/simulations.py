"""
Simulations: listed, looked at and removed.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from paysim.server.desk.seats import unknown_simulation
from paysim.server.http.calls import Call
from paysim.server.http.models.simulations import Deleted, Simulation, Simulations
from paysim.server.http.replies import json_reply, json_reply_of
from paysim.server.openapi import examples
from paysim.server.openapi.operations import ONE, PREFIX, Answer, json_form, operation
from paysim.server.routes.rows import listed, moment_text

router = APIRouter()


@operation(
    router,
    "GET",
    PREFIX,
    id="list_simulations",
    tag="Simulations",
    summary="List all simulations",
    answer=Answer(
        200,
        "All of them, in order of creation.",
        json_form(Simulations, one={"simulations": [examples.LISTED]}),
    ),
)
async def list_simulations(call: Call) -> Response:
    """
    Tell all simulations.
    """
    rows = call.desk.rows.values()
    return await json_reply_of({"simulations": [listed(row) for row in rows]}, len(rows))


@operation(
    router,
    "GET",
    ONE,
    id="get_simulation",
    tag="Simulations",
    summary="Look at a simulation",
    text="What is told is what is acknowledged, without waiting for what is under way.",
    answer=Answer(200, "It.", json_form(Simulation, one=examples.SIMULATION)),
)
async def get_simulation(call: Call) -> Response:
    """
    Tell one simulation.
    """
    row = call.desk.rows.get(call.id)
    if row is None:
        raise unknown_simulation(call.id)
    more = {"agents": row.agents, "outside": row.outside, "events": row.events, "run": row.run}
    return json_reply(listed(row) | more | {"created": moment_text(row.created)})


@operation(
    router,
    "DELETE",
    ONE,
    id="delete_simulation",
    tag="Simulations",
    summary="Remove a simulation",
    text="A run that is under way is cancelled first. Its branches stay.",
    answer=Answer(
        200,
        "It is there no more.",
        json_form(Deleted, gone={"simulation_id": examples.ID, "status": "deleted"}),
    ),
)
async def delete_simulation(call: Call) -> Response:
    """
    Remove a simulation for good.
    """
    row = await call.desk.delete(call.id)
    return json_reply({"simulation_id": row.id, "status": "deleted"})
