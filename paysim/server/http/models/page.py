"""
What the live page asks for.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from paysim.server.http.models.values import Model


class ShippedScenario(Model):
    """
    A scenario that comes with paysim.
    """

    name: Annotated[str, Field(examples=["busy_day"])]
    title: Annotated[str, Field(description="The question that it asks.")]
    text: Annotated[str, Field(description="The scenario as YAML, ready to be posted.")]


class ShippedScenarios(Model):
    """
    The scenarios that come with paysim.
    """

    scenarios: list[ShippedScenario]


class ChartKind(Model):
    """
    A chart that can be drawn of a simulation.
    """

    name: Annotated[str, Field(examples=["balances"])]
    title: str
    caption: Annotated[str, Field(description="What it shows and how to read it.")]
    is_live: Annotated[bool, Field(description="Whether there is a form of it for `data=rows`.")]


class ChartKinds(Model):
    """
    The charts that can be drawn of a simulation.
    """

    charts: list[ChartKind]
    missing: Annotated[
        str, Field(description="How to get the libraries that draw, or empty if they are there.")
    ]
