"""
Time: ticks one by one, and runs in the background.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from paysim.server.http.calls import Call
from paysim.server.http.models.running import Run, TickOutcome, TickOutcomes
from paysim.server.http.parameters import Whole
from paysim.server.http.replies import json_reply, json_reply_of
from paysim.server.http.requests import RunRequest
from paysim.server.openapi import examples
from paysim.server.openapi.operations import ONE, Answer, Body, Link, json_form, operation
from paysim.server.openapi.schemas import ref
from paysim.server.problems import error_of, invalid
from paysim.server.routes.links import SAME
from paysim.server.settings import variable_of

router = APIRouter()

COUNT = Whole(
    name="count",
    text="How many ticks to run: all of them or, if something goes wrong, none.",
    least=1,
    greatest=1_000_000_000,
    setting="max_ticks",
    default=1,
    example=3,
)


@operation(
    router,
    "POST",
    f"{ONE}/tick",
    id="tick",
    tag="Time",
    summary="Run ticks",
    text="""
        Runs one tick, or `count` of them, and tells what each has done. It goes on into further
        days after the last day of the scenario.
        """,
    query=(COUNT,),
    answer=Answer(
        200,
        "What the tick has done; with a `count` of more than 1 what each has done.",
        json_form(
            (TickOutcome, TickOutcomes),
            one=examples.TICK,
            several={"results": [examples.TICK, examples.TICK | {"tick": 6}], "final_tick": 6},
        ),
        links=(
            Link("tick", SAME, text="Run the next one."),
            Link("get_state", SAME, text="Look at the state."),
            Link("get_events", SAME, text="Read the event log."),
            Link("create_checkpoint", SAME, text="Keep the moment."),
        ),
    ),
    problems={
        409: "A run is under way; or there would be more events than there may be; or a sum of "
        "money passes its bound."
    },
)
async def tick(call: Call) -> Response:
    """
    Run ticks.
    """
    count: int = call.query["count"]
    if count > call.settings.max_ticks:
        raise _too_many(count, call.settings.max_ticks)
    async with call.turn() as turn:
        content: dict[str, Any]
        if count == 1:
            content = await turn.do(turn.session.advance, 1)
        else:
            results = await turn.do(turn.session.advance_each, count)
            content = {"results": results, "final_tick": results[-1]["tick"]}
        response = await json_reply_of(content, count)
        await turn.commit(call.kept(response))
    return response


@operation(
    router,
    "POST",
    f"{ONE}/run",
    id="start_run",
    tag="Time",
    summary="Run in the background",
    text="""
        Runs to the end of the last day, or to a tick, while other requests go on being served. The
        record of the run tells how far it is; so does the stream of events.
        """,
    body=Body(
        "How far, and how fast; it may be absent.",
        json_form(
            ref("RunRequest"),
            to_a_tick={"until_tick": 8},
            slowly={"until_tick": 10, "ticks_per_second": 50},
        ),
        is_required=False,
    ),
    answer=Answer(
        202,
        "It runs.",
        json_form(Run, begun=examples.RUN),
        headers={"Location": "The path of its record."},
        links=(
            Link("get_run", SAME, text="Ask how far it is."),
            Link("cancel_run", SAME, text="End it."),
        ),
    ),
    problems={409: "A run is under way already, or nothing is left to run."},
)
async def start_run(call: Call) -> Response:
    """
    Begin a run in the background.
    """
    body = await call.json(is_required=False)
    asked = body.record(RunRequest)
    headers = {"Location": f"{call.request.scope['path']}"}

    def begun(record: dict[str, Any]) -> Response:
        return json_reply(record, 202, headers)

    async with call.once():
        record = await call.desk.start_run(
            call.id, asked.until_tick, asked.ticks_per_second, call.keeping(begun)
        )
    return begun(record)


@operation(
    router,
    "GET",
    f"{ONE}/run",
    id="get_run",
    tag="Time",
    summary="Look at the last run",
    text="After a server was killed, the run that it had under way is `interrupted`.",
    answer=Answer(200, "Its record.", json_form(Run, under_way=examples.RUN | {"current_tick": 4})),
    problems={404: "Or there has been no run."},
)
async def get_run(call: Call) -> Response:
    """
    Tell the record of the last run.
    """
    return json_reply(call.desk.run_of(call.id))


@operation(
    router,
    "DELETE",
    f"{ONE}/run",
    id="cancel_run",
    tag="Time",
    summary="End the run",
    text="The reply comes after the last ticks of the run are on the disk. A run that has ended "
    "stays as it is.",
    answer=Answer(
        200,
        "Its record.",
        json_form(Run, ended=examples.RUN | {"current_tick": 4, "status": "cancelled"}),
    ),
    problems={404: "Or there has been no run."},
)
async def cancel_run(call: Call) -> Response:
    """
    End the run that is under way, and tell its record.
    """
    return json_reply(await call.desk.cancel_run(call.id))


def _too_many(count: int, most: int) -> Exception:
    hint = (
        f"the server's setting {variable_of('max_ticks')} says so; POST .../run has no such bound"
    )
    return invalid([error_of("query.count", f"must be at most {most}", str(count), hint)])
