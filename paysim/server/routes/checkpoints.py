"""
Checkpoints, to go back to a moment, and branches, to go on from it in another way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from paysim.server.http.calls import Call
from paysim.server.http.models.checkpoints import (
    Branched,
    Branches,
    Checkpoint,
    Checkpoints,
    DeletedCheckpoint,
    Restored,
)
from paysim.server.http.negotiation import FILE
from paysim.server.http.replies import disposition, json_reply
from paysim.server.http.requests import BranchRequest, CheckpointRequest
from paysim.server.openapi import examples
from paysim.server.openapi.operations import ONE, Answer, Body, Form, Link, json_form, operation
from paysim.server.openapi.schemas import ref
from paysim.server.routes.links import IT, SAME, links_to
from paysim.server.routes.rows import created, moment_text

if TYPE_CHECKING:
    from paysim.server.store.store import Mark, Row

router = APIRouter()

CHECKPOINT: Final = f"{ONE}/checkpoints/{{checkpoint_id}}"
MARKED: Final = SAME | {"checkpoint_id": "$response.body#/checkpoint_id"}
NO_CHECKPOINT: Final = {404: "Or the simulation has no such checkpoint."}


@operation(
    router,
    "POST",
    f"{ONE}/checkpoints",
    id="create_checkpoint",
    tag="Checkpoints",
    summary="Keep a moment",
    text="The simulation can go back to it, be branched from it, and be taken elsewhere as a file.",
    body=Body(
        "What to call it; it may be absent.",
        json_form(ref("CheckpointRequest"), named={"name": "before the outage"}),
        is_required=False,
    ),
    answer=Answer(
        201,
        "It is kept.",
        json_form(Checkpoint, one=examples.CHECKPOINT),
        headers={"Location": "The path of the checkpoint."},
        links=(
            Link("restore_checkpoint", MARKED, text="Go back to it."),
            Link("get_checkpoint", MARKED, text="Get it as a file."),
            Link("delete_checkpoint", MARKED, text="Remove it."),
            Link(
                "create_branch",
                SAME,
                {"checkpoint_id": "$response.body#/checkpoint_id"},
                text="Branch from it.",
            ),
        ),
    ),
    problems={409: "The simulation has as many checkpoints as it may have."},
)
async def create_checkpoint(call: Call) -> Response:
    """
    Keep the moment that a simulation is at.
    """
    body = await call.json(is_required=False)
    asked = body.record(CheckpointRequest)
    path = call.request.scope["path"]

    def marked(mark: Mark) -> Response:
        return json_reply(_marked(mark), 201, {"Location": f"{path}/{mark.id}"})

    async with call.once():
        mark = await call.desk.checkpoint(call.id, asked.name or "", call.keeping(marked))
    return marked(mark)


@operation(
    router,
    "GET",
    f"{ONE}/checkpoints",
    id="list_checkpoints",
    tag="Checkpoints",
    summary="List the checkpoints",
    answer=Answer(
        200,
        "All of them, in the order in which they were made.",
        json_form(Checkpoints, one={"checkpoints": [examples.LISTED_CHECKPOINT]}),
    ),
)
async def list_checkpoints(call: Call) -> Response:
    """
    Tell the checkpoints of a simulation.
    """
    marks = await call.desk.checkpoints(call.id)
    return json_reply({"checkpoints": [_listed(mark) for mark in marks]})


@operation(
    router,
    "GET",
    CHECKPOINT,
    id="get_checkpoint",
    tag="Checkpoints",
    summary="Get a checkpoint as a file",
    text="`POST /api/simulations` makes a simulation of it, here or elsewhere; so do "
    "`paysim.Orchestrator.restore` and, for agents that decide from outside, "
    "`paysim.Simulation.restore`.",
    answer=Answer(
        200,
        "The file.",
        {FILE: Form({"type": "string", "format": "binary"})},
        headers={"Content-Disposition": "The name under which a browser saves it."},
    ),
    problems=NO_CHECKPOINT,
)
async def get_checkpoint(call: Call) -> Response:
    """
    Tell a checkpoint as the bytes of its file.
    """
    checkpoint_id = call.request.path_params["checkpoint_id"]
    parts = await call.desk.checkpoint_file(call.id, checkpoint_id)
    headers = {"Content-Disposition": disposition(f"{checkpoint_id}.state")}
    return Response(b"".join(parts), 200, headers, FILE)


@operation(
    router,
    "DELETE",
    CHECKPOINT,
    id="delete_checkpoint",
    tag="Checkpoints",
    summary="Remove a checkpoint",
    text="The simulation stays where it is, and so do its branches.",
    answer=Answer(
        200,
        "It is there no more.",
        json_form(
            DeletedCheckpoint,
            gone={"checkpoint_id": examples.CHECKPOINT_ID, "status": "deleted"},
        ),
    ),
    problems=NO_CHECKPOINT,
)
async def delete_checkpoint(call: Call) -> Response:
    """
    Remove a checkpoint.
    """
    mark = await call.desk.delete_checkpoint(call.id, call.request.path_params["checkpoint_id"])
    return json_reply({"checkpoint_id": mark.id, "status": "deleted"})


@operation(
    router,
    "POST",
    f"{CHECKPOINT}/restore",
    id="restore_checkpoint",
    tag="Checkpoints",
    summary="Go back to a checkpoint",
    text="What came after it is gone for good, later checkpoints included; branches stay.",
    answer=Answer(
        200,
        "The simulation is where it was.",
        json_form(Restored, one=examples.RESTORED),
        links=(Link("tick", SAME, text="Go on from there."),),
    ),
    problems={**NO_CHECKPOINT, 409: "A run is under way."},
)
async def restore_checkpoint(call: Call) -> Response:
    """
    Set a simulation back to a checkpoint.
    """

    def restored(row: Row) -> Response:
        return json_reply(
            {
                "simulation_id": row.id,
                "status": "restored",
                "current_tick": row.tick,
                "current_day": row.tick // row.ticks_per_day,
            }
        )

    checkpoint_id = call.request.path_params["checkpoint_id"]
    async with call.once():
        row = await call.desk.restore(call.id, checkpoint_id, call.keeping(restored))
    return restored(row)


@operation(
    router,
    "POST",
    f"{ONE}/branches",
    id="create_branch",
    tag="Checkpoints",
    summary="Branch from a simulation",
    text="Makes a simulation that has come the same way, up to now or to a checkpoint, and goes on "
    "by itself.",
    body=Body(
        "From where, and what to call it; it may be absent.",
        json_form(ref("BranchRequest"), now={"name": "what if"}),
        is_required=False,
    ),
    answer=Answer(
        201,
        "The branch is there.",
        json_form(Branched, one=examples.BRANCHED),
        headers={"Location": "The path of the branch."},
        links=links_to(IT),
    ),
    problems={**NO_CHECKPOINT, 409: "There are as many simulations as there may be."},
)
async def create_branch(call: Call) -> Response:
    """
    Branch from a simulation.
    """
    body = await call.json(is_required=False)
    asked = body.record(BranchRequest)
    async with call.once():
        row = await call.desk.branch(
            call.id, asked.checkpoint_id, asked.name or "", call.keeping(created)
        )
    return created(row)


@operation(
    router,
    "GET",
    f"{ONE}/branches",
    id="list_branches",
    tag="Checkpoints",
    summary="List the branches",
    answer=Answer(
        200,
        "Those that are still there, in order of creation.",
        json_form(Branches, one={"branches": [examples.BRANCH]}),
    ),
)
async def list_branches(call: Call) -> Response:
    """
    Tell the branches of a simulation.
    """
    branches = [
        {
            "simulation_id": row.id,
            "name": row.name,
            "current_tick": row.tick,
            "tick": row.parent_tick,
        }
        for row in call.desk.branches(call.id)
    ]
    return json_reply({"branches": branches})


def _marked(mark: Mark) -> dict[str, Any]:
    return {"checkpoint_id": mark.id, "name": mark.name, "tick": mark.tick}


def _listed(mark: Mark) -> dict[str, Any]:
    return _marked(mark) | {"created": moment_text(mark.created)}
