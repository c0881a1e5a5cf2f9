"""
The service itself: whether it works, and what goes wrong.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from paysim.server.http.models.values import Model


class Health(Model):
    """
    Whether the service works.
    """

    status: Literal["healthy"]
    active_simulations: Annotated[int, Field(ge=0, description="How many simulations there are.")]
    version: Annotated[str, Field(description="The version of paysim.", examples=["1.2.0"])]


class ProblemError(Model):
    """
    One thing that is wrong with what was given.
    """

    path: Annotated[
        str,
        Field(
            description="The field, or empty for the whole.",
            examples=["agent_configs[2].credit_limit", "query.count"],
        ),
    ]
    place: Annotated[
        str,
        Field(
            description="Where it stands in the text that was sent, or empty.",
            examples=["scenario.yaml:7:20"],
        ),
    ]
    line: Annotated[int | None, Field(description="The line of it, from 1.")]
    column: Annotated[int | None, Field(description="The column of it, from 1.")]
    expected: Annotated[str, Field(description="What was expected.", examples=["must be int"])]
    found: Annotated[str, Field(description="What was found instead, or empty.")]
    hint: Annotated[str, Field(description="What may have been meant, or empty.")]
    message: Annotated[str, Field(description="All of it in one line.")]


class Problem(Model):
    """
    An error, as RFC 9457 has it.
    """

    type: Annotated[
        str,
        Field(
            pattern="^urn:paysim:problem:[a-z-]+$",
            description="What it is; the same for all of its kind.",
            examples=["urn:paysim:problem:invalid-scenario"],
        ),
    ]
    title: Annotated[str, Field(description="The same in words.")]
    status: Annotated[int, Field(ge=400, le=599)]
    detail: Annotated[str, Field(description="What is wrong this time, and what helps.")]
    errors: Annotated[
        list[ProblemError], Field(description="All that is wrong with what was given.")
    ]
    omitted: Annotated[int, Field(ge=0, description="How many errors there are beyond these.")]
    reference: Annotated[
        str, Field(description="Of an internal error: what the server's log tells it by.")
    ] = ""
