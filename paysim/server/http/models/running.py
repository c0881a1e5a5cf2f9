"""
Ticks, and runs in the background.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from paysim.server.http.models.values import Model, Tick

RunStatus: TypeAlias = Literal[
    "running", "finished", "cancelled", "failed", "interrupted", "stopped"
]


class Run(Model):
    """
    A run in the background.
    """

    status: Annotated[
        RunStatus,
        Field(
            description="`interrupted`: the server was killed; `stopped`: it was ended, or the run "
            "has come to its limit of time. What was acknowledged is kept in every case."
        ),
    ]
    from_tick: Annotated[int, Field(ge=0, description="The tick with which it began.")]
    until_tick: Annotated[int, Field(ge=0, description="The tick before which it ends.")]
    current_tick: Tick
    ticks_per_second: Annotated[
        float | None, Field(description="Its pace; null is as fast as it goes.")
    ]
    detail: Annotated[
        str | None, Field(description="Why it has ended, where there is more to say.")
    ]


class TickOutcome(Model):
    """
    What one tick has done.
    """

    tick: Annotated[int, Field(ge=0, description="The tick that was run.")]
    num_arrivals: Annotated[int, Field(ge=0, description="Arrivals; parts do not count.")]
    num_settlements: Annotated[int, Field(ge=0, description="Settlements by any means.")]
    num_lsm_releases: Annotated[
        int, Field(ge=0, description="Those of them by liquidity-saving mechanisms.")
    ]
    total_cost: Annotated[
        int, Field(description="Of this tick, over all agents, in whole minor units.")
    ]


class TickOutcomes(Model):
    """
    What several ticks have done.
    """

    results: Annotated[list[TickOutcome], Field(min_length=2)]
    final_tick: Annotated[int, Field(ge=0, description="The last tick that was run.")]
