"""
The description of the API, OpenAPI 3.1: made of the operations of the routes, so that it tells
just what they do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from paysim import __version__
from paysim.server.http.models.service import Problem
from paysim.server.http.models.values import CHECKPOINT_ID, SIMULATION_ID
from paysim.server.http.parameters import Parameter
from paysim.server.openapi.operations import Answer, Body, Form, Link, Operation
from paysim.server.openapi.schemas import REFERENCE, bodies, ref
from paysim.server.problems import MEDIA_TYPE
from paysim.server.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

Json = dict[str, Any]

TAGS: Final = {
    "Simulations": "Make simulations, look at them, remove them.",
    "Time": "Let ticks happen, one by one or in the background.",
    "Events": "The event log: all that has happened, in order.",
    "Acting": "What comes from outside: transactions, decisions of agents, scenario events.",
    "Results": "What a simulation comes to.",
    "Checkpoints": "Go back to a moment, or branch from it.",
    "Live page": "What the live page shows.",
    "Service": "The service itself.",
}

ABOUT: Final = """
Simulates how banks settle payments with each other, and what it costs them.

A simulation is made of a scenario and stands between two ticks until it is asked for the next.
**What is acknowledged is kept**: a reply to a request that changes something is sent once the
change is on the disk. Requests to one simulation are served one after the other; simulations do
not wait for each other.

**Errors** are `application/problem+json` (RFC 9457), with everything that is wrong in `errors`:
the path of each field, its place in the text that was sent, what was expected and what was found.
A parameter or a key that nobody knows is an error.

**Repeating a request** is safe with an `Idempotency-Key`. **Keys** of the service, if it has any,
are sent as bearer tokens: `read` for GET, `run` for what changes something, `admin` to delete.
"""

PATH: Final[dict[str, Json]] = {
    "simulation_id": {
        "description": "The simulation.",
        "schema": {"type": "string", "pattern": SIMULATION_ID},
        "example": "sim_0123456789abcdef",
    },
    "checkpoint_id": {
        "description": "The checkpoint.",
        "schema": {"type": "string", "pattern": CHECKPOINT_ID},
        "example": "chk_0123456789abcdef",
    },
    "agent_id": {
        "description": "The agent, as its scenario names it.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 128},
        "example": "BANK_A",
    },
    "name": {
        "description": "The name of a chart, from the list of them.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 128},
        "example": "balances",
    },
}
"""What stands in paths."""

EVERYWHERE: Final = {
    400: "The request is not valid; `errors` tells everything that is wrong with it.",
    401: "A key is needed, and none or an unknown one was given.",
    403: "The key does not allow this, or the request comes from a page of another site.",
    500: "Something went wrong inside; `reference` leads to it in the server's log.",
    503: "The store cannot be written or the server is stopping, and nothing has happened; or the "
    "request takes longer than a call may.",
}
"""What goes wrong with any operation under /api, by status."""


_MODE: Final[Literal["serialization"]] = "serialization"


def document(app: FastAPI) -> Json:
    """
    Return the description of an app's routes, which holds for the settings it has started with.
    """
    settings: Settings = getattr(app.state, "settings", None) or Settings()
    told = operations(app)
    schemas = bodies(settings.max_agents)
    used: dict[type[BaseModel], None] = {Problem: None}
    for each in told:
        used.update(dict.fromkeys(_models(each)))
    _, made = models_json_schema(
        [(model, _MODE) for model in used], ref_template=REFERENCE + "{model}"
    )
    made_schemas = {name: _plain(schema) for name, schema in made["$defs"].items()}
    paths: dict[str, Json] = {}
    for each in sorted(told, key=lambda each: list(TAGS).index(each.tag)):
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each, settings)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "paysim",
            "version": __version__,
            "summary": "A discrete-event simulation of interbank payment settlement",
            "description": ABOUT.strip(),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "security": [{}, {"key": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted({**schemas, **made_schemas}.items())),
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A key of the service, which `paysim keys add` makes. Where "
                    "none has been made, none is asked for.",
                }
            },
        },
    }


def operations(app: FastAPI) -> list[Operation]:
    """
    Return the operations of an app, in the order of its routes.
    """
    found: dict[tuple[str, str], Operation] = {}
    for route in _routes(app.router.routes):
        told = getattr(getattr(route, "endpoint", None), "operation", None)
        if isinstance(told, Operation):
            found.setdefault((told.method, told.path), told)
    return list(found.values())


def _routes(routes: Iterable[Any]) -> Iterable[Any]:
    for route in routes:
        included = getattr(route, "original_router", None)
        yield from _routes(included.routes) if included is not None else [route]


def _models(told: Operation) -> Iterable[type[BaseModel]]:
    for form in told.answer.forms.values():
        for schema in _options(form.schema):
            if isinstance(schema, type):
                yield schema


def _options(schema: Any) -> Iterable[Any]:
    return schema if isinstance(schema, tuple) else (schema,)


def _operation(told: Operation, settings: Settings) -> Json:
    is_api = told.path.startswith("/api/")
    parameters = [
        {"name": name, "in": "path", "required": True, **PATH[name]}
        for name in re.findall(r"{(\w+)}", told.path)
    ]
    parameters += [_parameter(each, "query", settings) for each in told.query]
    parameters += [_parameter(each, "header", settings) for each in told.headers]
    made: Json = {
        "operationId": told.id,
        "tags": [told.tag],
        "summary": told.summary,
        "description": " ".join(told.text.split()) or f"{told.summary}.",
    }
    if parameters:
        made["parameters"] = parameters
    if told.body is not None:
        made["requestBody"] = _body(told.body)
    made["responses"] = {str(told.answer.status): _answer(told.answer)}
    for status, text in sorted(_problems(told, is_api).items()):
        made["responses"][str(status)] = {
            "description": text,
            "content": {MEDIA_TYPE: {"schema": ref("Problem")}},
        }
    if not is_api:
        made["security"] = []
    return made


def _problems(told: Operation, is_api: bool) -> dict[int, str]:
    """
    Return what goes wrong with an operation, by status.
    """
    found: dict[int, str] = dict(EVERYWHERE) if is_api else {400: EVERYWHERE[400]}
    if "{simulation_id}" in told.path:
        found[404] = "There is no such simulation."
    if told.body is not None:
        found[408] = "The body takes too long to come."
        found[413] = "The body is longer than the server takes."
        found[415] = "The body is of another media type, or compressed."
    if len(told.answer.forms) > 1:
        found[406] = "The header Accept allows no form that there is."
    if told.takes_key:
        found[422] = "The `Idempotency-Key` was used for another request."
    for status, text in told.problems.items():
        found[status] = f"{found[status]} {text}" if status in (404,) and status in found else text
    return found


def _parameter(told: Parameter, place: str, settings: Settings) -> Json:
    schema = told.limited(settings).schema()
    if told.is_list:
        schema = {"type": "array", "items": schema, "maxItems": told.items_most}
    if told.default is not None and told.tells_default:
        schema["default"] = told.default_text()
    made = {
        "name": told.name,
        "in": place,
        "required": told.is_required,
        "description": told.text,
        "schema": schema,
    }
    if told.example is not None:
        made["example"] = told.example
    return made


def _body(told: Body) -> Json:
    content = {media_type: _form(form) for media_type, form in told.forms.items()}
    return {"description": told.text, "content": content, "required": told.is_required}


def _answer(told: Answer) -> Json:
    made: Json = {
        "description": told.text,
        "content": {media_type: _form(form) for media_type, form in told.forms.items()},
    }
    if told.headers:
        made["headers"] = {
            name: {"description": text, "schema": {"type": "string"}}
            for name, text in told.headers.items()
        }
    if told.links:
        made["links"] = {link.operation: _link(link) for link in told.links}
    return made


def _link(told: Link) -> Json:
    made: Json = {"operationId": told.operation, "parameters": dict(told.parameters)}
    if told.body is not None:
        made["requestBody"] = dict(told.body)
    if told.text:
        made["description"] = told.text
    return made


def _form(form: Form) -> Json:
    options = [
        ref(schema.__name__) if isinstance(schema, type) else schema
        for schema in _options(form.schema)
    ]
    made: Json = {"schema": options[0] if len(options) == 1 else {"anyOf": options}}
    if form.examples:
        made["examples"] = {
            name: {"summary": name.replace("_", " "), "value": value}
            for name, value in form.examples.items()
        }
    return made


def _plain(schema: Mapping[str, Any]) -> Json:
    """
    Return a model's schema without the titles that pydantic makes of names.
    """
    made = {key: value for key, value in schema.items() if key != "title"}
    if "properties" in made:
        made["properties"] = {
            name: {key: value for key, value in each.items() if key != "title"}
            for name, each in made["properties"].items()
        }
    if "description" in made:
        made["description"] = " ".join(made["description"].split())
    return made
