"""
Checkpoints, and the branches of a simulation.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from paysim.server.http.models.simulations import Created
from paysim.server.http.models.values import (
    BranchedFrom,
    CheckpointId,
    Day,
    Model,
    Moment,
    Name,
    SimulationId,
    Tick,
)


class Checkpoint(Model):
    """
    A checkpoint.
    """

    checkpoint_id: CheckpointId
    name: Name
    tick: Annotated[int, Field(ge=0, description="The next tick, at that moment.")]


class ListedCheckpoint(Checkpoint):
    """
    A checkpoint as it stands in the list.
    """

    created: Moment


class Checkpoints(Model):
    """
    The checkpoints of a simulation, in the order in which they were made.
    """

    checkpoints: list[ListedCheckpoint]


class DeletedCheckpoint(Model):
    """
    A checkpoint that is there no more.
    """

    checkpoint_id: CheckpointId
    status: Literal["deleted"]


class Restored(Model):
    """
    A simulation that is where it was at a checkpoint.
    """

    simulation_id: SimulationId
    status: Literal["restored"]
    current_tick: Tick
    current_day: Day


class Branched(Created):
    """
    A branch that has just been made.
    """

    branched_from: BranchedFrom


class Branch(Model):
    """
    A branch of a simulation.
    """

    simulation_id: SimulationId
    name: Name
    current_tick: Tick
    tick: Annotated[int, Field(ge=0, description="The next tick, when it was branched.")]


class Branches(Model):
    """
    The branches of a simulation, in order of creation.
    """

    branches: list[Branch]
