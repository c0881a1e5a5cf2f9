"""
What comes from outside: transactions, decisions of agents, and scenario events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from paysim.errors import Problems, ScenarioError, shown
from paysim.fields import key_hint
from paysim.server.http.calls import Call
from paysim.server.http.json_bodies import JsonBody
from paysim.server.http.models.acting import Added, Decided, Submitted
from paysim.server.http.replies import json_reply
from paysim.server.openapi import examples
from paysim.server.openapi.operations import ONE, Answer, Body, Link, json_form, operation
from paysim.server.openapi.schemas import ref
from paysim.server.problems import Problem
from paysim.server.routes.links import SAME
from paysim.server.session.deciding import CannotDecide

if TYPE_CHECKING:
    from paysim.server.session.session import Session

router = APIRouter()

PENDING_MAX: Final = 64 * 1024
"""Bytes of pending decisions, beyond which no more are taken: each request keeps all of them."""

TICK = Link("tick", SAME, text="Run the next tick.")


@operation(
    router,
    "POST",
    f"{ONE}/transactions",
    id="submit_transaction",
    tag="Acting",
    summary="Let a transaction arrive",
    text="""
        It arrives in the internal queue of its sender in the next tick, or in `arrival_tick`. It
        is a scenario event of type `extra_transaction`, and its rules are the same.
        """,
    body=Body(
        "The transaction.",
        json_form(ref("SubmittedTransaction"), next_tick=examples.TRANSACTION),
    ),
    answer=Answer(
        201,
        "It will arrive.",
        json_form(Submitted, one={"transaction_id": "event-1", "arrival_tick": 5}),
        links=(TICK, Link("get_state", SAME, text="Look at the state.")),
    ),
)
async def submit_transaction(call: Call) -> Response:
    """
    Let a transaction arrive.
    """
    body = await call.json()
    raw = body.mapping()
    async with call.turn() as turn:
        try:
            id, tick = await turn.do(turn.session.submit, raw)
        except ScenarioError as error:
            raise body.refused(error) from None
        response = json_reply({"transaction_id": id, "arrival_tick": tick}, 201)
        await turn.commit(call.kept(response))
    return response


@operation(
    router,
    "POST",
    f"{ONE}/decisions",
    id="decide",
    tag="Acting",
    summary="Decide for an agent",
    text="""
        The decisions count for the next tick, as if the agent had made them at its opening. They
        are made in this order, all of them or none. An agent named by `outside` has no policy and
        decides in this way only; of others these decisions come first. Some 10,000 decisions of all
        agents can be pending, which is a bound of their bytes; then a tick has to run first.
        """,
    body=Body(
        "The agent, and its decisions.",
        json_form(
            ref("Decisions"),
            budget=examples.BUDGET,
            release=examples.RELEASE,
        ),
    ),
    answer=Answer(
        200,
        "They are taken down.",
        json_form(Decided, one={"status": "accepted", "applies_at_tick": 5}),
        links=(TICK,),
    ),
    problems={
        409: "The agent cannot decide so now, as a transaction is not in its queues; or too many "
        "decisions are pending."
    },
)
async def decide(call: Call) -> Response:
    """
    Make decisions of an agent.
    """
    body = await call.json()
    agent_id, decisions = _decisions(body)
    async with call.turn() as turn:
        _check_pending(turn.session)
        try:
            await turn.do(turn.session.decide, agent_id, decisions)
        except CannotDecide as error:
            raise body.conflicting(("decisions", error.position), error.text) from None
        except ScenarioError as error:
            raise body.refused(error) from None
        content = {"status": "accepted", "applies_at_tick": turn.session.tick}
        response = json_reply(content)
        await turn.commit(call.kept(response))
    return response


@operation(
    router,
    "POST",
    f"{ONE}/scenario_events",
    id="add_scenario_event",
    tag="Acting",
    summary="Let something happen",
    text="""
        A scenario event, as if it stood at the end of the scenario's; without a `tick` it happens
        in the next one.
        """,
    body=Body(
        "The event.",
        json_form(
            ref("AddedEvent"),
            outage={"type": "outage", "agent_id": "BANK_A"},
            halt={"type": "halt"},
            injection={"type": "liquidity_injection", "agent_id": "BANK_B", "amount": 500},
        ),
    ),
    answer=Answer(
        201,
        "It will happen.",
        json_form(Added, one={"type": "outage", "tick": 5}),
        links=(TICK, Link("get_scenario", SAME, text="Get the scenario with it.")),
    ),
)
async def add_scenario_event(call: Call) -> Response:
    """
    Add a scenario event.
    """
    body = await call.json()
    raw = body.mapping()
    async with call.turn() as turn:
        try:
            event = await turn.do(turn.session.add_event, raw)
        except ScenarioError as error:
            raise body.refused(error) from None
        response = json_reply({"type": event["type"], "tick": event["tick"]}, 201)
        await turn.commit(call.kept(response))
    return response


def _check_pending(session: Session) -> None:
    """
    Make sure that there is room for more decisions.

    Raises:
        Problem: 409, too many are pending.
    """
    if session.pending_bytes > PENDING_MAX:
        detail = (
            f"what is decided for tick {session.tick:,} takes more than {PENDING_MAX:,} bytes, and "
            "no more is taken until that tick has run"
        )
        title = "Too many decisions are pending"
        raise Problem(409, "too-many-decisions", title, detail)


def _decisions(body: JsonBody) -> tuple[str, list[Any]]:
    """
    Return the agent and the decisions of a body, each of which the session checks.

    Raises:
        Problem: 400, its keys are not what they have to be.
    """
    keys = ("agent_id", "decisions")
    raw = body.mapping()
    problems = Problems()
    for key in keys:
        if key not in raw:
            problems.add((key,), "is missing")
    for key in raw:
        if key not in keys:
            problems.add((key,), "unknown key", "", key_hint(key, keys), at_key=True)
    if "decisions" in raw and not isinstance(raw["decisions"], list):
        problems.add(("decisions",), "must be a list of decisions", shown(raw["decisions"]))
    if problems.count:
        raise body.refused(problems.error())
    return raw["agent_id"], raw["decisions"]
