"""
Simulations made of a scenario or of a checkpoint file.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from paysim import checkpoint_format, loading
from paysim.errors import ScenarioError, TooManyEvents
from paysim.scenario import SEED_MAX
from paysim.server.http.advice import advised, hint_of
from paysim.server.http.calls import Call
from paysim.server.http.models.simulations import Created
from paysim.server.http.negotiation import FILE, JSON
from paysim.server.http.parameters import Parameter, Whole
from paysim.server.openapi import examples
from paysim.server.openapi.operations import PREFIX, Answer, Body, Form, json_form, operation
from paysim.server.openapi.schemas import ref
from paysim.server.problems import Problem, error_of, invalid
from paysim.server.routes.links import IT, links_to
from paysim.server.routes.rows import created
from paysim.server.session.session import Session
from paysim.server.settings import Settings, variable_of

router = APIRouter()

YAML: Final = ("application/yaml", "application/x-yaml", "text/yaml", "text/plain")

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


def _session(media_type: str, body: bytes, query: dict[str, Any], settings: Settings) -> Session:
    """
    Return the simulation that a body describes; for a thread.

    Raises:
        ScenarioError: With everything that is wrong in it.
        Problem: 400, it is more than the server takes, or a parameter does not fit it.
    """
    if media_type == FILE:
        return _resumed(body, query, settings)
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


def _resumed(body: bytes, query: dict[str, Any], settings: Settings) -> Session:
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
        raise _beyond(settings, "max_events", "events", place="checkpoint") from None


def _check_agents(count: int, settings: Settings, name: str) -> None:
    if count > settings.max_agents:
        path = "agent_configs"
        raise _beyond(settings, "max_agents", "agents", path=path, found=f"{count:,}", place=name)


def _beyond(
    settings: Settings, limit: str, what: str, *, path: str = "", found: str = "", place: str
) -> Problem:
    """
    Return the problem of a scenario that holds more than a setting allows.
    """
    expected = f"must hold at most {getattr(settings, limit):,} {what} on this server"
    hint = f"its setting {variable_of(limit)} says so"
    errors = [error_of(path, expected, found, hint, place)]
    return invalid(errors, kind="invalid-scenario", title="The scenario is not valid")
