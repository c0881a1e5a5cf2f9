"""
The live page, and what only it asks for: shipped scenarios, charts, frames.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from paysim.errors import shown
from paysim.server.http.calls import Call
from paysim.server.http.models.page import ChartKinds, ShippedScenarios
from paysim.server.http.negotiation import EVENT_STREAM
from paysim.server.http.parameters import Matching, OneOf, read_header
from paysim.server.http.replies import StreamReply, headed, json_reply
from paysim.server.openapi.operations import ONE, Answer, json_form, operation, stream_form
from paysim.server.page import charts
from paysim.server.page.assets import MEDIA_TYPES, POLICY, assets, shipped
from paysim.server.page.frames import frames
from paysim.server.problems import Problem, not_installed
from paysim.server.routes.sizes import check_whole, rows_of

router = APIRouter()

_FOR_GOOD: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
_TAG: Final = "Live page"

DATA = OneOf(
    name="data",
    text="Where the data are: in the specification, or in a data set `rows` that the one who draws "
    "fills, for a run that goes on.",
    default="run",
    options={"run": "run", "rows": "rows"},
    example="run",
)
SEEN = Matching(
    name="Last-Event-ID",
    text="The id of the last frame that was seen, to go on after it; the first frame begins with "
    "tick 0.",
    pattern="[0-9]{1,15}[.][0-9]{1,9}",
    expected="must be the id of a frame",
    default="",
    example="600.0",
    tells_default=False,
)


@router.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
async def page(request: Request) -> Response:
    """
    Return the page.
    """
    found = await asyncio.to_thread(assets)
    headers = {"Cache-Control": "no-cache", "Content-Security-Policy": POLICY}
    response = Response(found.page, 200, headers, "text/html")
    return headed(response) if request.method == "HEAD" else response


@router.api_route("/page/{folder}/{name}", methods=["GET", "HEAD"], include_in_schema=False)
async def page_file(request: Request) -> Response:
    """
    Return a file of the page.
    """
    found = await asyncio.to_thread(assets)
    folder, name = request.path_params["folder"], request.path_params["name"]
    content = found.files.get(name) if folder == found.version else None
    if content is None:
        raise _no_file()
    media_type = next(kind for end, kind in MEDIA_TYPES.items() if name.endswith(end))
    response = Response(content, 200, _FOR_GOOD, media_type)
    return headed(response) if request.method == "HEAD" else response


@router.api_route("/page/{name}", methods=["GET", "HEAD"], include_in_schema=False)
async def drawing_script(request: Request) -> Response:
    """
    Return the script that draws charts.
    """
    if request.path_params["name"] != charts.script_name() or not charts.script_name():
        raise _no_file()
    content = await asyncio.to_thread(charts.script)
    response = Response(content, 200, _FOR_GOOD, "text/javascript")
    return headed(response) if request.method == "HEAD" else response


@operation(
    router,
    "GET",
    "/api/scenarios",
    id="list_scenarios",
    tag=_TAG,
    summary="List the scenarios that come with paysim",
    answer=Answer(200, "The scenarios.", json_form(ShippedScenarios)),
)
async def list_scenarios(call: Call) -> Response:
    """
    Tell each scenario as a text.
    """
    return json_reply({"scenarios": await asyncio.to_thread(shipped)})


@operation(
    router,
    "GET",
    f"{ONE}/charts",
    id="list_charts",
    tag=_TAG,
    summary="List the charts that can be drawn",
    answer=Answer(200, "The charts, in the order of a report.", json_form(ChartKinds)),
)
async def list_charts(call: Call) -> Response:
    """
    Tell what can be drawn, and whether it can be drawn here.
    """
    await call.desk.changed(call.id, -1, 0)
    return json_reply({"charts": charts.listed(), "missing": charts.missing()})


@operation(
    router,
    "GET",
    f"{ONE}/charts/{{name}}",
    id="get_chart",
    tag=_TAG,
    summary="Get a chart as a Vega-Lite specification",
    text="All ticks run so far are in it. It may take seconds for a large simulation.",
    query=(DATA,),
    answer=Answer(
        200,
        "The specification.",
        json_form({"type": "object", "description": "A specification of Vega-Lite, version 6."}),
    ),
    problems={
        404: "Or there is no such chart.",
        409: "A table that it is drawn of has more rows than the server tells.",
        501: "The libraries that draw are not installed; `detail` says how to get them.",
    },
)
async def get_chart(call: Call) -> Response:
    """
    Tell one chart.
    """
    await call.desk.changed(call.id, -1, 0)
    name = call.request.path_params["name"]
    kind = charts.kind_of(name)
    is_live = call.query["data"] == "rows"
    if kind is None or (is_live and name not in charts.LIVE):
        known = ", ".join(
            each["name"] for each in charts.listed() if each["is_live"] or not is_live
        )
        detail = f"there is no chart {shown(name)}; there are {known}"
        raise Problem(404, "unknown-chart", "There is no such chart", detail)
    missing = charts.missing()
    if missing:
        raise not_installed(missing)
    async with call.turn() as turn:
        if is_live:
            return json_reply(await turn.do(charts.live, kind))
        check_whole(turn.session, call.settings)
        async with call.desk.room_for(rows_of(turn.session, "agents")):
            spec: dict[str, Any] = await turn.do(charts.exact, kind)
    return json_reply(spec)


@operation(
    router,
    "GET",
    f"{ONE}/live",
    id="watch",
    tag=_TAG,
    summary="Watch a simulation, frame by frame",
    text="Server-sent events, at most 30 a second. A `frame` tells how the simulation stands and "
    "what has passed since the frame before: balances in scenario order, queues, costs so far, and "
    "since the tick `since` the settlements by cause and the flows, each as the number of the "
    "sender and of the receiver, volume and value; flows of more than 200 agents are null. "
    "`deleted` is the last event of a simulation that is deleted.",
    headers=(SEEN,),
    answer=Answer(200, "Frames.", stream_form("frame", "deleted")),
    problems={429: "Too many streams are open."},
)
async def watch(call: Call) -> Response:
    """
    Send the frames.
    """
    call.form(EVENT_STREAM)
    seen = read_header(call.request.headers.get(SEEN.name), SEEN)
    await call.desk.changed(call.id, -1, 0)
    return StreamReply(call.desk.stream(frames(call.desk, call.id, seen)))


def _no_file() -> Problem:
    return Problem(404, "not-found", "Not Found", "there is no such file")
