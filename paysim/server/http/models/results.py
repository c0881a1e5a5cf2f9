"""
Totals, tables and indicators, and how they differ between two simulations.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from paysim.server.http.models.values import Count, Model, Name, SimulationId, Tick


class TableSize(Model):
    """
    A table that the results have.
    """

    name: str
    rows: Annotated[
        int | None,
        Field(ge=0, description="How many; null are too many for the table to be told."),
    ]
    columns: list[str]


class Totals(Model):
    """
    The totals of a run, and its tables.
    """

    totals: Annotated[dict[str, Any], Field(description="What `Results.totals` returns.")]
    tables: list[TableSize]


class Rows(Model):
    """
    A page of a table.
    """

    table: str
    rows: list[dict[str, Any]]
    offset: Annotated[int, Field(ge=0, description="The number of the first row, from 0.")]
    total: Annotated[int, Field(ge=0, description="How many rows the table has.")]


class Indicators(BaseModel):
    """
    The indicators of the system, by name; what is undefined, such as 0/0, is null.
    """

    model_config = ConfigDict(extra="allow")

    days: Count
    ticks: Count


class Side(Model):
    """
    A simulation that is compared with another.
    """

    simulation_id: SimulationId
    name: Name
    current_tick: Tick


class Comparison(Model):
    """
    Two simulations, transaction by transaction; a change is B less A.
    """

    a: Annotated[Side, Field(description="The simulation of the path.")]
    b: Annotated[Side, Field(description="The simulation that `with` names.")]
    same_arrivals: Annotated[
        bool, Field(description="Whether the same transactions have arrived in both.")
    ]
    arrivals: Annotated[
        dict[str, Any],
        Field(description="What has arrived in `a`, in `b`, in both (`paired`), or in one only."),
    ]
    settings: Annotated[
        list[dict[str, Any]], Field(description="The settings of the scenarios that differ.")
    ]
    outcomes: Annotated[
        dict[str, dict[str, Any]],
        Field(description="Of what is paired, how much settled earlier in B, later, and so on."),
    ]
    delay: Annotated[
        dict[str, Any],
        Field(description="Mean delays, in ticks, of what settled in both; null where nothing is."),
    ]
    agents: Annotated[
        list[dict[str, Any]],
        Field(description="Each agent's payments by outcome, and its waiting, liquidity, costs."),
    ]
    most_changed: Annotated[
        list[dict[str, Any]],
        Field(description="The transactions with the largest change of amount times ticks."),
    ]
    indicators: Annotated[
        list[dict[str, Any]], Field(description="The indicators of the system, in both.")
    ]
