"""
What a simulation comes to: totals, and tables.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from fastapi import APIRouter
from starlette.responses import Response

from paysim.results import TABLES
from paysim.scenario import Scenario
from paysim.server.http.calls import Call
from paysim.server.http.models.results import Rows, Totals
from paysim.server.http.negotiation import JSON
from paysim.server.http.parameters import OneOf
from paysim.server.http.replies import json_bytes
from paysim.server.openapi import examples
from paysim.server.openapi.operations import ONE, Answer, Form, Link, operation
from paysim.server.routes.links import SAME
from paysim.server.routes.sizes import check_rows, is_within, rows_of
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
    from paysim.server.settings import Settings

router = APIRouter()

TABLE = OneOf(
    name="table",
    text="A table; absent are the totals and a list of tables.",
    options={name: name for name in TABLES},
    example="ticks",
)


@operation(
    router,
    "GET",
    f"{ONE}/results",
    id="get_results",
    tag="Results",
    summary="Get totals, or a table",
    text="""
        Without a `table` the totals and the list of tables. A table is told page by page as JSON,
        or as a whole as CSV, Parquet or a stream of Arrow, by the header Accept.
        """,
    query=(TABLE, OFFSET, LIMIT),
    answer=Answer(
        200,
        "The totals, or a table.",
        {
            JSON: Form((Totals, Rows), {"totals": examples.TOTALS, "table": examples.ROWS}),
            **WHOLE,
        },
        headers=HEADERS,
        links=(Link("get_results", {**SAME, "table": "agents"}, text="Get the table of agents."),),
    ),
    problems={
        409: "The table has more rows than the server tells.",
    },
)
async def get_results(call: Call) -> Response:
    """
    Tell the totals, or a table.
    """
    name: str | None = call.query["table"]
    form = form_of(call, "table" if name is None else "")
    async with call.turn() as turn:
        if name is None:
            async with call.desk.room_for(turn.session.events):
                body = await turn.do(_totals, call.settings)
            return Response(body, 200, {"Vary": "Accept"}, JSON)
        check_rows(turn.session, call.settings, name)
        async with call.desk.room_for(rows_of(turn.session, name)):
            made = await turn.do(_table, name, form, call.query, call.settings.data_dir)
    return table_reply(made, form, f"{call.id}-{name}")


def _totals(session: Session, settings: Settings) -> bytes:
    tables = []
    columns = _columns()
    for name in TABLES:
        tables.append(
            {"name": name, "rows": _rows(session, settings, name), "columns": columns[name]}
        )
    return json_bytes({"totals": session.results().totals(), "tables": tables})


def _rows(session: Session, settings: Settings, name: str) -> int | None:
    if name in ("ticks", "agents", "events"):
        return rows_of(session, name)
    if name == "transactions":
        return session.num_transactions
    if not is_within(session, settings, name):
        return None
    # Each from results of its own, so that one table is in memory at a time.
    return len(getattr(session.results(), name))


@functools.cache
def _columns() -> dict[str, list[str]]:
    """
    Return the names of the columns of each table, which are the same for all simulations.
    """
    agents = [{"id": id, "opening_balance": 0} for id in ("A", "B")]
    scenario = Scenario.from_dict({"ticks_per_day": 1, "agent_configs": agents})
    results = Session.start(scenario).results()
    return {name: getattr(results, name).column_names for name in TABLES}


def _table(
    session: Session, name: str, form: str, query: dict[str, Any], data_dir: Path
) -> bytes | BinaryIO:
    if form == JSON and name == "agents":
        return _agents(session, query["offset"], query["limit"])
    return told(getattr(session.results(), name), name, form, query, data_dir)


def _agents(session: Session, offset: int, limit: int) -> bytes:
    """
    Return a page of the table of agents, of which only its ticks are in memory.
    """
    count, total = len(session.scenario.agent_configs), rows_of(session, "agents")
    offset_in = min(offset, total)
    first = offset_in // count
    table = session.agents_of(first, -(-min(offset_in + limit, total) // count))
    rows = table.slice(offset_in - first * count, limit).to_dicts()
    return json_bytes({"table": "agents", "rows": rows, "offset": offset, "total": total})
