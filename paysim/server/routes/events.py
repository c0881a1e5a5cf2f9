"""
The event log: pages of it, and the stream that goes on as events happen.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from paysim.server.http.calls import Call
from paysim.server.http.models.events import Events
from paysim.server.http.negotiation import EVENT_STREAM, JSON, JSON_LINES
from paysim.server.http.parameters import Matching, OneOf, Whole, read_header
from paysim.server.http.replies import StreamReply
from paysim.server.openapi import examples
from paysim.server.openapi.operations import ONE, Answer, Form, Link, operation, stream_form

router = APIRouter()

EVENTS_MAX: Final = 10_000
"""Events of one page."""

BYTES_MAX: Final = 4 * 1024 * 1024
"""Bytes of one page, after which no further event is added."""

NUMBER_MAX: Final = 2**53 - 1
"""The greatest number that JavaScript counts to."""

AFTER = Whole(
    name="after",
    text="The number of the last event that is known; events are numbered from 1. In a stream the "
    "header `Last-Event-ID` goes before it.",
    least=0,
    greatest=NUMBER_MAX,
    default=0,
    example=2,
)
LIMIT = Whole(
    name="limit",
    text="The most events of a page; there are fewer if they are long. A stream has no such bound.",
    least=1,
    greatest=EVENTS_MAX,
    default=1_000,
    example=10,
)
FOLLOW = OneOf(
    name="follow",
    text="Whether a stream goes on as events happen, or ends once it has told all there are.",
    options={"true": True, "false": False},
    default=True,
    example="false",
)
LAST_EVENT_ID = Matching(
    name="Last-Event-ID",
    text="The id of the last message of a stream that was seen, to go on after it: the number of "
    "its last event and, after a point, how often the simulation had been set back by then.",
    pattern="[0-9]{1,15}([.][0-9]{1,9})?",
    expected="must be the id of a message: the number of an event, a point, and a whole number",
    default=None,
    example="2.0",
    most=25,
)


@operation(
    router,
    "GET",
    f"{ONE}/events",
    id="get_events",
    tag="Events",
    summary="Read the event log, or follow it",
    text="""
        By the header Accept: a page as JSON, a page as JSON lines, or a stream of server-sent
        events. In the stream `event: batch` tells events, `run` the record of a run, `restored`
        that the simulation was set back, `deleted` that it is gone, after which the stream ends. A
        browser that comes back goes on after the id of the last message that it has seen, and is
        told if the simulation was set back meanwhile. Whatever goes wrong once a stream has begun
        is told by `event: problem`.
        """,
    query=(AFTER, LIMIT, FOLLOW),
    headers=(LAST_EVENT_ID,),
    answer=Answer(
        200,
        "Events, in order.",
        {
            JSON: Form(Events, {"page": examples.EVENTS}),
            JSON_LINES: Form(
                {"type": "string", "description": "One event a line."},
                {"page": examples.EVENT_LINES},
            ),
            **stream_form("batch", "run", "restored", "deleted", "problem"),
        },
        headers={
            "Paysim-Last": "Of JSON lines: the number of the last event, the next `after`.",
            "Paysim-Restores": "Of JSON lines: how often the simulation was set back.",
            "Vary": "Accept",
        },
        links=(
            Link(
                "get_events",
                {
                    "simulation_id": "$request.path.simulation_id",
                    "after": "$response.body#/last",
                },
                text="Read the next page.",
            ),
        ),
    ),
    problems={429: "There are as many streams as there may be."},
)
async def get_events(call: Call) -> Response:
    """
    Tell events.
    """
    form = call.form(JSON, JSON_LINES, EVENT_STREAM)
    after: int = call.query["after"]
    seen = read_header(call.request.headers.get(LAST_EVENT_ID.name), LAST_EVENT_ID)
    if form == EVENT_STREAM:
        number, _, restores = (seen or str(after)).partition(".")
        stream = call.desk.events(
            call.id, int(number), call.query["follow"], int(restores) if restores else None
        )
        return StreamReply(stream)
    async with call.turn() as turn:
        lines, last = await turn.do(turn.session.lines, after, call.query["limit"], BYTES_MAX)
        total, restores = turn.row.events, turn.row.restores
    headers = {"Vary": "Accept"}
    if form == JSON_LINES:
        headers |= {"Paysim-Last": str(last), "Paysim-Restores": str(restores)}
        return Response(lines, 200, headers, JSON_LINES)
    # Lines are JSON already, and have no line breaks inside.
    events = lines.rstrip(b"\n").replace(b"\n", b",")
    numbers = b'"after":%d,"last":%d,"total":%d,"restores":%d' % (after, last, total, restores)
    body = b'{"events":[%b],%b}' % (events, numbers)
    return Response(body, 200, headers, JSON)
