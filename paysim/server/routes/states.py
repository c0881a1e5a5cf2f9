"""
A simulation between two ticks: its scenario, its state, and what an agent sees of it.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from paysim.errors import ScenarioError
from paysim.server.http.calls import Call
from paysim.server.http.models.states import AgentAccount, SimulationState
from paysim.server.http.negotiation import JSON
from paysim.server.http.parameters import OneOf
from paysim.server.http.replies import json_bytes, json_reply
from paysim.server.openapi import examples
from paysim.server.openapi.operations import ONE, Answer, json_form, operation
from paysim.server.openapi.schemas import ref
from paysim.server.problems import Problem
from paysim.server.routes.sizes import STATE_MAX, check_state
from paysim.server.session.session import Session

router = APIRouter()

TRANSACTIONS = OneOf(
    name="transactions",
    text="Whether to tell the transactions, of which there may be many.",
    options={"all": True, "none": False},
    default=True,
    example="none",
)


@operation(
    router,
    "GET",
    f"{ONE}/scenario",
    id="get_scenario",
    tag="Simulations",
    summary="Get the scenario",
    text="""
        The scenario as it is now, with the events that were added; a simulation made of it with
        the same seed does the same, as long as nobody has decided from outside.
        """,
    answer=Answer(200, "The scenario.", json_form(ref("Scenario"), two_banks=examples.TWO_BANKS)),
)
async def get_scenario(call: Call) -> Response:
    """
    Tell the scenario.
    """
    async with call.turn() as turn:
        body = await turn.do(_scenario)
    return Response(body, media_type=JSON)


@operation(
    router,
    "GET",
    f"{ONE}/state",
    id="get_state",
    tag="Simulations",
    summary="Get the state",
    text="The state between two ticks, of all agents and all transactions that have arrived.",
    query=(TRANSACTIONS,),
    answer=Answer(200, "The state.", json_form(SimulationState, one=examples.STATE)),
    problems={409: f"There are more than {STATE_MAX:,} transactions, and all were asked for."},
)
async def get_state(call: Call) -> Response:
    """
    Tell the state.
    """
    async with call.turn() as turn:
        body = await turn.do(_state, call.id, call.query["transactions"])
    return Response(body, media_type=JSON)


@operation(
    router,
    "GET",
    f"{ONE}/agents/{{agent_id:path}}",
    id="get_account",
    tag="Simulations",
    summary="Look at one agent",
    text="What the agent sees of itself before it decides: its account, both queues, its costs.",
    answer=Answer(200, "Its account.", json_form(AgentAccount, one=examples.ACCOUNT)),
    problems={404: "Or the simulation has no such agent."},
)
async def get_account(call: Call) -> Response:
    """
    Tell an agent's account.
    """
    agent_id = call.request.path_params["agent_id"]
    async with call.turn() as turn:
        try:
            account = await turn.do(turn.session.account, agent_id)
        except ScenarioError as error:
            detail = f"simulation {call.id} has no such agent: {error.problems[0]}"
            raise Problem(404, "unknown-agent", "There is no such agent", detail) from None
        now = _moment(turn.session)
    return json_reply({"simulation_id": call.id, **now, "agent": account})


def _scenario(session: Session) -> bytes:
    return json_bytes(session.scenario.to_dict())


def _state(session: Session, id: str, with_transactions: bool) -> bytes:
    if with_transactions:
        check_state(session)
    state = session.state(with_transactions)
    return json_bytes({"simulation_id": id, **_moment(session), "state": state})


def _moment(session: Session) -> dict[str, int]:
    """
    Return the next tick of a session, and its day.
    """
    return {"current_tick": session.tick, "current_day": session.day}
