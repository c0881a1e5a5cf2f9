"""
What was sent in, to happen.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from paysim.server.http.models.values import Count, Model


class Submitted(Model):
    """
    A transaction that will arrive.
    """

    transaction_id: str
    arrival_tick: Count


class Decided(Model):
    """
    Decisions that have been taken down.
    """

    status: Literal["accepted"]
    applies_at_tick: Annotated[int, Field(ge=0, description="The tick for which they count.")]


class Added(Model):
    """
    A scenario event that will happen.
    """

    type: Annotated[str, Field(examples=["outage"])]
    tick: Annotated[int, Field(ge=0, description="The tick in which it happens first.")]
