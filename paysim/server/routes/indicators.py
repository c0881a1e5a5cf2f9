"""
The indicators of a simulation: of the system, by agent, by tick.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from fastapi import APIRouter
from starlette.responses import Response

from paysim.errors import ScenarioError
from paysim.fields import TICKS_MAX
from paysim.server.http.calls import Call
from paysim.server.http.models.results import Indicators, Rows
from paysim.server.http.negotiation import JSON
from paysim.server.http.parameters import OneOf, Whole
from paysim.server.http.replies import json_bytes
from paysim.server.openapi import examples
from paysim.server.openapi.operations import ONE, Answer, Form, operation
from paysim.server.problems import Problem
from paysim.server.routes.sizes import check_days, check_rows, rows_of
from paysim.server.routes.table_replies import (
    HEADERS,
    LIMIT,
    OFFSET,
    WHOLE,
    form_of,
    table_reply,
    told,
)
from paysim.server.session.session import Session

if TYPE_CHECKING:
    from paysim.results import Results

router = APIRouter()

BY = OneOf(
    name="by",
    text="A row for each agent or each tick, as a table; absent are those of the system.",
    options={"agent": "agent", "tick": "tick"},
    example="agent",
)

DAY = Whole(
    name="day",
    text="Only this day, from 0; absent are all.",
    least=0,
    greatest=TICKS_MAX,
    example=0,
)


@operation(
    router,
    "GET",
    f"{ONE}/indicators",
    id="get_indicators",
    tag="Results",
    summary="Get indicators",
    text="""
        Of the system as a mapping; by agent or by tick as a table, in the same forms as the tables
        of the results.
        """,
    query=(BY, DAY, OFFSET, LIMIT),
    answer=Answer(
        200,
        "The indicators.",
        {
            JSON: Form((Rows, Indicators), {"system": examples.INDICATORS}),
            **WHOLE,
        },
        headers=HEADERS,
    ),
    problems={
        404: "Or the simulation has not come to this day.",
        409: "It has more ticks than the server goes through.",
    },
)
async def get_indicators(call: Call) -> Response:
    """
    Tell the indicators.
    """
    by: str | None = call.query["by"]
    form = form_of(call, "by" if by is None else "")
    async with call.turn() as turn:
        check_rows(turn.session, call.settings, "ticks")
        check_days(turn.session)
        async with call.desk.room_for(rows_of(turn.session, "ticks")):
            made = await turn.do(_indicators, form, call.query, call.settings.data_dir)
    return table_reply(made, form, f"{call.id}-indicators-by-{by}")


def _indicators(
    session: Session, form: str, query: dict[str, Any], data_dir: Path
) -> bytes | BinaryIO:
    results: Results = session.results()
    by = query["by"]
    try:
        found = results.indicators(by=by, day=query["day"])
    except ScenarioError as error:
        raise Problem(404, "unknown-day", "There is no such day", str(error)) from None
    if by is None:
        return json_bytes(found)
    return told(found, f"indicators by {by}", form, query, data_dir)
