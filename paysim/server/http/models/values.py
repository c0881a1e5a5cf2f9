"""
What the models of several replies have in common.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

SIMULATION_ID = r"^sim_[0-9a-f]{16}$"
CHECKPOINT_ID = r"^chk_[0-9a-f]{16}$"

SimulationId: TypeAlias = Annotated[
    str, Field(pattern=SIMULATION_ID, description="The id of a simulation.")
]
CheckpointId: TypeAlias = Annotated[
    str, Field(pattern=CHECKPOINT_ID, description="The id of a checkpoint.")
]
Name: TypeAlias = Annotated[
    str, Field(description="What it was called when it was made, or empty.")
]
Tick: TypeAlias = Annotated[int, Field(ge=0, description="The next tick.")]
Day: TypeAlias = Annotated[int, Field(ge=0, description="The day of the next tick.")]
Money: TypeAlias = Annotated[int, Field(description="In minor units.")]
Cost: TypeAlias = Annotated[
    str,
    Field(
        pattern=r"^-?[0-9]+(\.[0-9]+)?$",
        description="An exact decimal, in minor units.",
        examples=["1671.161718"],
    ),
]
Count: TypeAlias = Annotated[int, Field(ge=0)]
Moment: TypeAlias = Annotated[
    str,
    Field(description="When it was made, in UTC.", json_schema_extra={"format": "date-time"}),
]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class BranchedFrom(Model):
    """
    Where a branch has left another simulation, which may be deleted by now.
    """

    simulation_id: SimulationId
    tick: Annotated[int, Field(ge=0, description="The next tick, at that moment.")]
