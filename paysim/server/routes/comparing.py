"""
Two simulations compared, transaction by transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from paysim.server.http.calls import Call
from paysim.server.http.models.results import Comparison
from paysim.server.http.negotiation import JSON
from paysim.server.http.parameters import Matching, Whole
from paysim.server.http.replies import json_bytes
from paysim.server.openapi import examples
from paysim.server.openapi.operations import ONE, Answer, json_form, operation
from paysim.server.routes.sizes import check_whole

if TYPE_CHECKING:
    from paysim.server.session.session import Session

router = APIRouter()

OTHER: Final = Matching(
    name="with",
    text="The simulation to compare it with, B.",
    pattern="sim_[0-9a-f]{16}",
    expected="must be the id of a simulation",
    example=examples.OTHER_ID,
    is_required=True,
)
MOST: Final = Whole(
    name="limit",
    text="The most transactions in `most_changed`.",
    least=0,
    greatest=10_000,
    default=10,
    example=3,
)


@operation(
    router,
    "GET",
    f"{ONE}/comparison",
    id="get_comparison",
    tag="Results",
    summary="Compare with another simulation",
    text="""
        What `paysim.compare` tells of the two, as `paysim compare --json` does: this simulation is
        A, the other B, and a change is B less A. A transaction of each are a pair if id, sender,
        receiver, amount and arrival tick are the same. Both are compared as far as they have come;
        let them stand at the same tick first. It may take seconds for large simulations.
        """,
    query=(OTHER, MOST),
    answer=Answer(200, "The comparison.", json_form(Comparison, two=examples.COMPARISON)),
    problems={
        404: "Or there is none that `with` names.",
        409: "A table of a simulation has more rows than the server tells.",
    },
)
async def get_comparison(call: Call) -> Response:
    """
    Tell what differs between two simulations.
    """
    other = call.query["with"]
    async with call.turn() as turn, call.desk.copy(other) as copy:
        rows = call.desk.rows
        sides = {
            side: {"simulation_id": id, "name": rows[id].name, "current_tick": session.tick}
            for side, id, session in (("a", call.id, turn.session), ("b", other, copy))
        }
        for session in (turn.session, copy):
            check_whole(session, call.settings)
        body = await turn.do(_compared, copy, sides, call.query["limit"])
    return Response(body, 200, media_type=JSON)


def _compared(session: Session, other: Session, sides: dict[str, Any], limit: int) -> bytes:
    from paysim.comparison import compare

    return json_bytes(sides | compare(session.results(), other.results()).to_dict(limit))
