"""
The report of a simulation.
"""

from __future__ import annotations

import re
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from paysim.errors import PaysimError
from paysim.extras import check_extra
from paysim.server.http.calls import Call
from paysim.server.openapi.operations import ONE, Answer, Form, operation
from paysim.server.problems import not_installed
from paysim.server.routes.sizes import check_whole
from paysim.server.session.session import Session

router = APIRouter()

HTML: Final = "text/html"

_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"\s+content="([^"]*)"')


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


def _report(session: Session) -> str:
    try:
        check_extra("plots", "a report needs", "altair", "jinja2", "polars", "vl_convert")
    except PaysimError as error:
        raise not_installed(str(error)) from None
    from paysim import report

    return report.html(session.results())
