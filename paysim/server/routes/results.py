"""
What a simulation comes to: totals, tables, indicators, and the report.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from fastapi import APIRouter
from starlette.responses import Response

from paysim.errors import PaysimError, ScenarioError
from paysim.extras import check_extra
from paysim.fields import TICKS_MAX
from paysim.results import TABLES
from paysim.scenario import Scenario
from paysim.server.http.calls import Call
from paysim.server.http.models.results import Indicators, Rows, Totals
from paysim.server.http.negotiation import ARROW, CSV, JSON, PARQUET
from paysim.server.http.parameters import OneOf, Whole
from paysim.server.http.replies import FileReply, json_bytes
from paysim.server.http.tables import ENDINGS, FORMS, ROWS_MAX, file, page
from paysim.server.openapi import examples
from paysim.server.openapi.operations import ONE, Answer, Form, Link, operation
from paysim.server.problems import Problem
from paysim.server.routes.running import SAME
from paysim.server.routes.sizes import (
    check_days,
    check_rows,
    check_whole,
    is_within,
    rows_of,
)
from paysim.server.session.session import Session

if TYPE_CHECKING:
    from paysim._kernel import Table
    from paysim.results import Results
    from paysim.server.settings import Settings

router = APIRouter()

HTML: Final = "text/html"

TABLE = OneOf(
    name="table",
    text="A table; absent are the totals and a list of tables.",
    options={name: name for name in TABLES},
    example="ticks",
)
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
OFFSET = Whole(
    name="offset",
    text="The number of the first row of a page of JSON, from 0; other forms are whole tables.",
    least=0,
    greatest=2**53 - 1,
    default=0,
    example=0,
)
LIMIT = Whole(
    name="limit",
    text="The most rows of a page of JSON.",
    least=1,
    greatest=ROWS_MAX,
    default=1_000,
    example=10,
)
BINARY: Final = {"type": "string", "format": "binary"}
WHOLE: Final = {
    CSV: Form({"type": "string", "description": "The whole table, with a line of names."}),
    PARQUET: Form({**BINARY, "description": "The whole table."}),
    ARROW: Form({**BINARY, "description": "The whole table, as a stream of Arrow IPC."}),
}
"""The forms in which a table is told as a whole."""

HEADERS: Final = {
    "Vary": "Accept",
    "Content-Disposition": "Of a whole table: the name under which a browser saves it.",
}

_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"\s+content="([^"]*)"')


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
    form = _form(call, "table" if name is None else "")
    async with call.turn() as turn:
        if name is None:
            async with call.desk.room_for(turn.session.events):
                body = await turn.do(_totals, call.settings)
            return Response(body, 200, {"Vary": "Accept"}, JSON)
        check_rows(turn.session, call.settings, name)
        async with call.desk.room_for(rows_of(turn.session, name)):
            made = await turn.do(_table, name, form, call.query, call.settings.data_dir)
    return _reply(made, form, f"{call.id}-{name}")


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
    form = _form(call, "by" if by is None else "")
    async with call.turn() as turn:
        check_rows(turn.session, call.settings, "ticks")
        check_days(turn.session)
        async with call.desk.room_for(rows_of(turn.session, "ticks")):
            made = await turn.do(_indicators, form, call.query, call.settings.data_dir)
    return _reply(made, form, f"{call.id}-indicators-by-{by}")


@operation(
    router,
    "GET",
    f"{ONE}/report",
    id="get_report",
    tag="Results",
    summary="Get the report",
    text="""
        One HTML file with what was run, warnings, headline numbers, charts and tables, which needs
        nothing else to be looked at. It may take seconds for a large simulation.
        """,
    answer=Answer(200, "The report.", {HTML: Form({"type": "string"})}),
    problems={
        409: "A table has more rows than the server tells.",
        501: "The libraries that draw are not installed; `detail` says how to get them.",
    },
)
async def get_report(call: Call) -> Response:
    """
    Tell the report.
    """
    async with call.turn() as turn:
        check_whole(turn.session, call.settings)
        async with call.desk.room_for(
            turn.session.tick * len(turn.row.agents) + turn.session.events
        ):
            text = await turn.do(_report)
    # What a scenario holds must not drive the service: the page gets an origin of its own.
    policy = "sandbox allow-scripts allow-downloads; frame-ancestors 'none'"
    own = _POLICY.search(text)
    if own is not None:
        policy = f"{own[1].replace('&#39;', chr(39)).replace('&#x27;', chr(39))}; {policy}"
    return Response(text.encode(), 200, {"Content-Security-Policy": policy}, HTML)


def _form(call: Call, missing: str) -> str:
    """
    Return which form the reply has.

    Args:
        call: The request.
        missing: The parameter without which there is no table, if it is absent.

    Raises:
        Problem: 406, there is no such form.
    """
    if not missing:
        return call.form(*FORMS)
    try:
        return call.form(JSON)
    except Problem as problem:
        problem.detail += f", as only a table has others: name one by ?{missing}="
        raise


def _reply(made: bytes | BinaryIO, form: str, name: str) -> Response:
    headers = {"Vary": "Accept"}
    if isinstance(made, bytes):
        return Response(made, 200, headers, JSON)
    return FileReply(made, form, f"{name}.{ENDINGS[form]}", headers)


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
    return _told(getattr(session.results(), name), name, form, query, data_dir)


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
    return _told(found, f"indicators by {by}", form, query, data_dir)


def _told(
    table: Table, name: str, form: str, query: dict[str, Any], data_dir: Path
) -> bytes | BinaryIO:
    if form == JSON:
        return page(table, name, query["offset"], query["limit"])
    return file(table, form, data_dir)


def _report(session: Session) -> str:
    try:
        check_extra("plots", "a report needs", "altair", "jinja2", "polars", "vl_convert")
    except PaysimError as error:
        title = "A part of the server is not installed"
        raise Problem(501, "extra-missing", title, str(error)) from None
    from paysim import report

    return report.html(session.results())
