"""
The event log.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from paysim.server.http.models.values import Count, Model


class Event(BaseModel):
    """
    A line of the event log; the page of events tells the keys of each kind.
    """

    model_config = ConfigDict(extra="allow")

    tick: Count
    event: Annotated[str, Field(description="The kind of event.", examples=["settled"])]


class Events(Model):
    """
    A stretch of the event log.
    """

    events: list[Event]
    after: Annotated[int, Field(ge=0, description="The number of the event before the first.")]
    last: Annotated[
        int, Field(ge=0, description="The number of the last one: the `after` of the next page.")
    ]
    total: Annotated[int, Field(ge=0, description="How many events the log has.")]
    restores: Annotated[
        int,
        Field(
            ge=0,
            description="How often the simulation was set back; if it is more than of the page "
            "before, the log is to be read anew.",
        ),
    ]
