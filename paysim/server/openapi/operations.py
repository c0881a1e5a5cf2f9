"""
Operations: what a route takes, does and gives, said once for the route itself and for readers.

    @operation(router, "GET", "/health", id="health", ...)
    async def health(call: Call) -> Response: ...

A route reads nothing that its operation does not tell of, and `paysim.server.openapi.openapi` tells
all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

import attrs
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from paysim.server.http.calls import Call, Replayed
from paysim.server.http.negotiation import EVENT_STREAM, JSON
from paysim.server.http.parameters import Matching, Parameter
from paysim.server.http.replies import headed

Schema: TypeAlias = type[BaseModel] | dict[str, Any]
Handler: TypeAlias = Callable[[Call], Awaitable[Response]]

PREFIX: Final = "/api/simulations"
ONE: Final = "/api/simulations/{simulation_id}"

IDEMPOTENCY_KEY: Final = Matching(
    name="Idempotency-Key",
    text="A key of one's own for this request. If it is sent again with the same key, nothing "
    "happens twice: the first reply is given again, with `Idempotency-Replayed: true`.",
    pattern="[!-~]{1,255}",
    expected="must be 1 to 255 visible ASCII characters",
    example="0c3e-tick-17",
    most=255,
)


@attrs.frozen
class Form:
    """
    A body of one media type.

    Attributes:
        schema: The model of what it holds, or its JSON Schema; several are alternatives.
        examples: Examples, by a name that says what they show.
    """

    schema: Schema | tuple[Schema, ...]
    examples: Mapping[str, Any] = attrs.field(factory=dict)


@attrs.frozen
class Body:
    """
    What a request may bring.

    Attributes:
        text: What it is.
        forms: Its form, by media type.
        is_required: Whether there must be one.
    """

    text: str
    forms: Mapping[str, Form]
    is_required: bool = True


@attrs.frozen
class Link:
    """
    What can be asked next.

    Attributes:
        operation: The id of the operation.
        parameters: What its parameters are, as runtime expressions.
        body: What its body is, likewise, if it has one.
        text: What it does.
    """

    operation: str
    parameters: Mapping[str, str]
    body: Mapping[str, str] | None = None
    text: str = ""


@attrs.frozen
class Answer:
    """
    A reply that tells of success.

    Attributes:
        status: Its status.
        text: What it tells.
        forms: Its form, by media type.
        headers: What its headers mean, by name; a text alone is one of plain text.
        links: What can be asked next.
    """

    status: int
    text: str
    forms: Mapping[str, Form]
    headers: Mapping[str, str] = attrs.field(factory=dict)
    links: tuple[Link, ...] = ()


@attrs.frozen(kw_only=True)
class Operation:
    """
    One method of one path.

    Attributes:
        method: The method.
        path: The path.
        id: The name by which programs know it.
        tag: The group that it is in.
        summary: What it does, in a few words.
        text: What else there is to know.
        parameters: What stands in the path, by name.
        query: The parameters of the query.
        headers: The headers that it looks at.
        body: What a request may bring, if anything.
        answer: The reply that tells of success.
        problems: What goes wrong, by status, beyond what goes wrong everywhere.
        takes_key: Whether an `Idempotency-Key` may be given.
    """

    method: str
    path: str
    id: str
    tag: str
    summary: str
    text: str = ""
    query: tuple[Parameter, ...] = ()
    headers: tuple[Parameter, ...] = ()
    body: Body | None = None
    answer: Answer
    problems: Mapping[int, str] = attrs.field(factory=dict)
    takes_key: bool = False


def operation(
    router: APIRouter,
    method: str,
    path: str,
    *,
    id: str,
    tag: str,
    summary: str,
    answer: Answer,
    text: str = "",
    query: tuple[Parameter, ...] = (),
    headers: tuple[Parameter, ...] = (),
    body: Body | None = None,
    problems: Mapping[int, str] | None = None,
) -> Callable[[Handler], Handler]:
    """
    Make a function the route of an operation.

    Args:
        router: Where the route is added; a GET takes HEAD as well.
        method: The method.
        path: The whole path, as the framework writes it.
        id: As in `Operation`, and so are all others.
        tag: The same.
        summary: The same.
        answer: The same.
        text: The same.
        query: The same.
        headers: The same; that a POST takes an `Idempotency-Key` goes without saying.
        body: The same.
        problems: The same.
    """
    takes_key = method == "POST"
    key = IDEMPOTENCY_KEY if takes_key else None
    told = Operation(
        method=method,
        path=path.replace(":path}", "}"),
        id=id,
        tag=tag,
        summary=summary,
        text=text,
        query=query,
        headers=(*headers, IDEMPOTENCY_KEY) if takes_key else headers,
        body=body,
        answer=answer,
        problems=problems or {},
        takes_key=takes_key,
    )

    def decorated(handler: Handler) -> Handler:
        async def endpoint(request: Request) -> Response:
            id, crowd = request.path_params.get("simulation_id"), request.app.state.crowd
            if id is not None:
                crowd.enter(id)
            try:
                response = await handler(Call(request, told.query, key, body is not None))
            except Replayed as replayed:
                response = replayed.response
            finally:
                if id is not None:
                    crowd.leave(id)
            return headed(response) if request.method == "HEAD" else response

        endpoint.__name__ = id
        # Where `operations` of an app finds it; a function can have any attribute.
        endpoint.operation = told  # type: ignore[attr-defined]
        # A plain route, as this one has nothing for the framework to inject. HEAD goes with GET.
        router.routes.append(Route(path, endpoint, methods=[method], name=id))
        return handler

    return decorated


def stream_form(*events: str) -> dict[str, Form]:
    """
    Return the one form of what is always a stream of server-sent events.

    Args:
        events: The events that there are.
    """
    data = {"type": "string", "description": "One line of JSON."}
    fields = {"event": {"enum": [*events]}, "data": data, "id": {"type": "string"}}
    schema = {
        "type": "object",
        "description": "The fields of each server-sent event.",
        "properties": fields,
        "required": ["event", "data"],
    }
    return {EVENT_STREAM: Form(schema)}


def json_form(schema: Schema | tuple[Schema, ...], **examples: Any) -> dict[str, Form]:
    """
    Return the one form of what is always JSON.
    """
    return {JSON: Form(schema, examples)}
