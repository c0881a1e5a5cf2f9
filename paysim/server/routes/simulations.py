"""
Simulations: made, listed, looked at and removed.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from paysim import checkpoint_format, loading
from paysim.errors import ScenarioError, TooManyEvents
from paysim.scenario import SEED_MAX
from paysim.server.desk.seats import unknown_simulation
from paysim.server.http.advice import advised, hint_of
from paysim.server.http.calls import Call
from paysim.server.http.models.simulations import Created, Deleted, Simulation, Simulations
from paysim.server.http.models.states import AgentAccount, SimulationState
from paysim.server.http.parameters import OneOf, Parameter, Whole
from paysim.server.http.replies import json_bytes, json_reply, json_reply_of
from paysim.server.openapi import examples
from paysim.server.openapi.operations import (
    ONE,
    PREFIX,
    Answer,
    Body,
    Form,
    Link,
    json_form,
    operation,
)
from paysim.server.openapi.schemas import ref
from paysim.server.problems import Problem, error_of, invalid
from paysim.server.routes.sizes import STATE_MAX, check_state
from paysim.server.session.session import Session
from paysim.server.settings import Settings, variable_of

if TYPE_CHECKING:
    from paysim.server.store.store import Row

router = APIRouter()

JSON: Final = "application/json"
YAML: Final = ("application/yaml", "application/x-yaml", "text/yaml", "text/plain")
FILE: Final = "application/octet-stream"

LARGE_BYTES: Final = 256 * 1024
"""
Scenarios longer than this are read one at a time, as each takes many times its length; so are
checkpoints of any length.
"""

_large = ThreadPoolExecutor(1, "paysim-large")

SEED = Whole(
    name="seed",
    text="Seed of the random streams; absent is the scenario's `rng_seed`.",
    least=0,
    greatest=SEED_MAX,
    example=7,
)
OUTSIDE = Parameter(
    name="outside",
    text="An agent that decides over HTTP in place of its policy; it may be repeated.",
    is_list=True,
    default=(),
    tells_default=False,
    example=["BANK_A"],
)
NAME = Parameter(name="name", text="What to call it, for people.", default="", tells_default=False)
TRANSACTIONS = OneOf(
    name="transactions",
    text="Whether to tell the transactions, of which there may be many.",
    options={"all": True, "none": False},
    default=True,
    example="none",
)

IT: Final = {"simulation_id": "$response.body#/simulation_id"}


def links_to(parameters: dict[str, str]) -> tuple[Link, ...]:
    """
    Return what can be asked of a simulation.

    Args:
        parameters: Where its id stands.
    """
    return (
        Link("tick", parameters, text="Run its next tick."),
        Link("get_state", parameters, text="Look at its state."),
        Link("get_simulation", parameters, text="Look at it."),
        Link("get_scenario", parameters, text="Get its scenario."),
        Link("get_events", parameters, text="Read its event log."),
        Link("get_account", {**parameters, "agent_id": "BANK_A"}, text="Look at an agent."),
        Link("start_run", parameters, text="Run it in the background."),
        Link("get_run", parameters, text="Look at its run."),
        Link("cancel_run", parameters, text="End its run."),
        Link("submit_transaction", parameters, text="Let a transaction arrive."),
        Link("decide", parameters, text="Decide for an agent."),
        Link("add_scenario_event", parameters, text="Let something happen to it."),
        Link("get_results", parameters, text="Get its results."),
        Link("get_indicators", parameters, text="Get its indicators."),
        Link("get_comparison", {**parameters, "with": examples.OTHER_ID}, text="Compare it."),
        Link("create_checkpoint", parameters, text="Keep the moment that it is at."),
        Link("list_checkpoints", parameters, text="List its checkpoints."),
        Link("create_branch", parameters, text="Branch from it."),
        Link("list_branches", parameters, text="List its branches."),
        Link("delete_simulation", parameters, text="Remove it."),
    )


@operation(
    router,
    "POST",
    PREFIX,
    id="create_simulation",
    tag="Simulations",
    summary="Make a simulation",
    text="""
        The body is a scenario, as JSON or YAML, or a checkpoint file. No file is read: transactions
        and agents stand in the scenario itself. A scenario can follow its schema and still not be
        valid, as rules between its fields are more than a schema can tell: then the reply is 400,
        with everything that is wrong with it, each with its path, line and column.
        """,
    query=(SEED, OUTSIDE, NAME),
    body=Body(
        "A scenario, or a checkpoint file, which has its seed and its outside agents in itself. "
        "`application/x-yaml`, `text/yaml` and `text/plain` are taken for YAML as well.",
        {
            JSON: Form(
                ref("Scenario"), {"two_banks": examples.TWO_BANKS, "gridlock": examples.RING}
            ),
            YAML[0]: Form(ref("Scenario"), {"two_banks": examples.TWO_BANKS}),
            FILE: Form({"type": "string", "format": "binary"}),
        },
    ),
    answer=Answer(
        201,
        "It is there, before its first tick or where the checkpoint was.",
        json_form(Created, made=examples.CREATED),
        headers={"Location": "The path of the simulation."},
        links=links_to(IT),
    ),
    problems={409: "There are as many simulations as there may be."},
)
async def create_simulation(call: Call) -> Response:
    """
    Make a simulation of what the body says.
    """
    media_type = call.check_media_type(JSON, *YAML, FILE)
    body = await call.request.body()
    async with call.once():
        loop = asyncio.get_running_loop()
        threads = _large if media_type == FILE or len(body) > LARGE_BYTES else None
        session = await loop.run_in_executor(
            threads, _session, media_type, body, call.query, call.settings
        )
        row = await call.desk.create(session, call.query["name"], call.keeping(created))
        return created(row)


@operation(
    router,
    "GET",
    PREFIX,
    id="list_simulations",
    tag="Simulations",
    summary="List all simulations",
    answer=Answer(
        200,
        "All of them, in order of creation.",
        json_form(Simulations, one={"simulations": [examples.LISTED]}),
    ),
)
async def list_simulations(call: Call) -> Response:
    """
    Tell all simulations.
    """
    rows = call.desk.rows.values()
    return await json_reply_of({"simulations": [_listed(row) for row in rows]}, len(rows))


@operation(
    router,
    "GET",
    ONE,
    id="get_simulation",
    tag="Simulations",
    summary="Look at a simulation",
    text="What is told is what is acknowledged, without waiting for what is under way.",
    answer=Answer(200, "It.", json_form(Simulation, one=examples.SIMULATION)),
)
async def get_simulation(call: Call) -> Response:
    """
    Tell one simulation.
    """
    row = row_of(call)
    listed = _listed(row)
    listed |= {"agents": row.agents, "outside": row.outside, "events": row.events, "run": row.run}
    moment = datetime.fromtimestamp(row.created, UTC)
    return json_reply(listed | {"created": moment_text(moment)})


@operation(
    router,
    "DELETE",
    ONE,
    id="delete_simulation",
    tag="Simulations",
    summary="Remove a simulation",
    text="A run that is under way is cancelled first. Its branches stay.",
    answer=Answer(
        200,
        "It is there no more.",
        json_form(Deleted, gone={"simulation_id": examples.ID, "status": "deleted"}),
    ),
)
async def delete_simulation(call: Call) -> Response:
    """
    Remove a simulation for good.
    """
    row = await call.desk.delete(call.id)
    return json_reply({"simulation_id": row.id, "status": "deleted"})


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
        now = moment_of(turn.session)
    return json_reply({"simulation_id": call.id, **now, "agent": account})


def created(row: Row) -> Response:
    """
    Return the reply to a request that has made a simulation.
    """
    content = {
        "simulation_id": row.id,
        "status": "created",
        "current_tick": row.tick,
        "current_day": row.tick // row.ticks_per_day,
        "name": row.name,
    }
    if row.parent_id is not None:
        content["branched_from"] = branched_from(row)
    return json_reply(content, 201, {"Location": f"{PREFIX}/{row.id}"})


def row_of(call: Call) -> Row:
    """
    Return what is acknowledged of the simulation that is asked.

    Raises:
        Problem: 404, there is none.
    """
    row = call.desk.rows.get(call.id)
    if row is None:
        raise unknown_simulation(call.id)
    return row


def branched_from(row: Row) -> dict[str, Any] | None:
    """
    Return where a simulation was branched from, if it was.
    """
    if row.parent_id is None:
        return None
    return {"simulation_id": row.parent_id, "tick": row.parent_tick}


def moment_of(session: Session) -> dict[str, int]:
    """
    Return the next tick of a session, and its day.
    """
    return {"current_tick": session.tick, "current_day": session.day}


def moment_text(moment: datetime) -> str:
    """
    Return a moment as RFC 3339 has it.
    """
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _listed(row: Row) -> dict[str, Any]:
    return {
        "simulation_id": row.id,
        "current_tick": row.tick,
        "current_day": row.tick // row.ticks_per_day,
        "name": row.name,
        "num_ticks": row.num_ticks,
        "ticks_per_day": row.ticks_per_day,
        "agents": len(row.agents),
        "seed": row.seed,
        "run": row.run["status"] if row.run else None,
        "branched_from": branched_from(row),
    }


def _session(media_type: str, body: bytes, query: dict[str, Any], settings: Settings) -> Session:
    """
    Return the simulation that a body describes; for a thread.

    Raises:
        ScenarioError: With everything that is wrong in it.
        Problem: 400, it is more than the server takes, or a parameter does not fit it.
    """
    if media_type == FILE:
        given = [key for key in ("seed", "outside") if query[key] not in (None, ())]
        if given:
            text = "must be absent, as a checkpoint has its own"
            raise invalid([error_of(f"query.{key}", text) for key in given])
        try:
            saved = checkpoint_format.decoded(body, "checkpoint")
        except ScenarioError as error:
            raise advised(error) from None
        _check_agents(len(saved.scenario.agent_configs), settings, "")
        try:
            return Session.resume(saved, settings.max_events)
        except TooManyEvents:
            most = f"must hold at most {settings.max_events:,} events on this server"
            hint = f"its setting {variable_of('max_events')} says so"
            errors = [error_of("", most, "", hint, "checkpoint")]
            title = "The scenario is not valid"
            raise invalid(errors, kind="invalid-scenario", title=title) from None
    name = "scenario.json" if media_type == JSON else "scenario.yaml"
    try:
        scenario = loading.loads_scenario(body, name)
    except ScenarioError as error:
        raise advised(error) from None
    _check_agents(len(scenario.agent_configs), settings, name)
    try:
        return Session.start(scenario, query["seed"], query["outside"])
    except ScenarioError as error:
        told = [
            error_of(f"query.{wrong.path}", wrong.expected, wrong.found, hint_of(wrong))
            for wrong in error.problems
        ]
        raise invalid(told, omitted=error.omitted) from None


def _check_agents(count: int, settings: Settings, name: str) -> None:
    most = settings.max_agents
    if count > most:
        expected = f"must hold at most {most:,} agents on this server"
        hint = f"its setting {variable_of('max_agents')} says so"
        errors = [error_of("agent_configs", expected, f"{count:,}", hint, name)]
        raise invalid(errors, kind="invalid-scenario", title="The scenario is not valid")


def _scenario(session: Session) -> bytes:
    return json_bytes(session.scenario.to_dict())


def _state(session: Session, id: str, with_transactions: bool) -> bytes:
    if with_transactions:
        check_state(session)
    state = session.state(with_transactions)
    return json_bytes({"simulation_id": id, **moment_of(session), "state": state})
