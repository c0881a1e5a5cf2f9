"""
Simulations: made, listed, looked at and removed.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from paysim.server.http.models.running import Run, RunStatus
from paysim.server.http.models.values import (
    BranchedFrom,
    Day,
    Model,
    Moment,
    Name,
    SimulationId,
    Tick,
)


class Created(Model):
    """
    A simulation that has just been made.
    """

    simulation_id: SimulationId
    status: Literal["created"]
    current_tick: Tick
    current_day: Day
    name: Name


class ListedSimulation(Model):
    """
    A simulation as it stands in the list of all.
    """

    simulation_id: SimulationId
    current_tick: Tick
    current_day: Day
    name: Name
    num_ticks: Annotated[int, Field(ge=1, description="The ticks of all its days.")]
    ticks_per_day: Annotated[int, Field(ge=1)]
    agents: Annotated[int, Field(ge=2, description="How many agents it has.")]
    seed: Annotated[int, Field(ge=0, description="The seed of its random streams.")]
    run: Annotated[RunStatus | None, Field(description="The status of its last run, if any.")]
    branched_from: BranchedFrom | None


class Simulations(Model):
    """
    All simulations, in order of creation.
    """

    simulations: list[ListedSimulation]


class Simulation(Model):
    """
    One simulation.
    """

    simulation_id: SimulationId
    current_tick: Tick
    current_day: Day
    name: Name
    num_ticks: Annotated[int, Field(ge=1, description="The ticks of all its days.")]
    ticks_per_day: Annotated[int, Field(ge=1)]
    agents: Annotated[list[str], Field(description="The ids of its agents, in scenario order.")]
    outside: Annotated[list[str], Field(description="The agents that decide over HTTP.")]
    events: Annotated[int, Field(ge=0, description="How many events its log has.")]
    seed: Annotated[int, Field(ge=0, description="The seed of its random streams.")]
    run: Run | None
    branched_from: BranchedFrom | None
    created: Moment


class Deleted(Model):
    """
    A simulation that is there no more.
    """

    simulation_id: SimulationId
    status: Literal["deleted"]
