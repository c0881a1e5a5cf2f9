"""
What replies hold, for those who read the API's description and for the tests that compare.

The replies themselves are written as bytes: these models describe and never make them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

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


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Health(Model):
    """
    Whether the service works.
    """

    status: Literal["healthy"]
    active_simulations: Annotated[int, Field(ge=0, description="How many simulations there are.")]
    version: Annotated[str, Field(description="The version of paysim.", examples=["1.2.0"])]


class BranchedFrom(Model):
    """
    Where a branch has left another simulation, which may be deleted by now.
    """

    simulation_id: SimulationId
    tick: Annotated[int, Field(ge=0, description="The next tick, at that moment.")]


class Created(Model):
    """
    A simulation that has just been made.
    """

    simulation_id: SimulationId
    status: Literal["created"]
    current_tick: Tick
    current_day: Day
    name: Name


class Branched(Created):
    """
    A branch that has just been made.
    """

    branched_from: BranchedFrom


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
    created: Annotated[
        str,
        Field(description="When it was made, in UTC.", json_schema_extra={"format": "date-time"}),
    ]


class Deleted(Model):
    """
    A simulation that is there no more.
    """

    simulation_id: SimulationId
    status: Literal["deleted"]


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


class AgentState(Model):
    """
    An agent between two ticks.
    """

    id: str
    balance: Money
    credit_limit: Money
    available_liquidity: Money
    is_using_credit: bool
    credit_used: Money
    liquidity_pressure: Annotated[
        float,
        Field(ge=0, le=1, description="Share of the day's opening liquidity that is used up."),
    ]
    outgoing_queue_size: Annotated[
        int, Field(ge=0, description="Transactions in its internal queue.")
    ]
    cost: Cost


class TransactionState(Model):
    """
    A transaction that has arrived.
    """

    id: str
    sender_id: str
    receiver_id: str
    amount: Money
    remaining_amount: Money
    arrival_tick: Count
    deadline_tick: int | None
    priority: Annotated[int, Field(ge=0, le=10)]
    is_fully_settled: bool
    is_split: bool
    parent_id: Annotated[
        str, Field(description="Of a part only: the transaction it is a part of.")
    ] = ""


class State(Model):
    """
    All that stands between two ticks.
    """

    agents: Annotated[dict[str, AgentState], Field(description="By id.")]
    transactions: Annotated[
        dict[str, TransactionState],
        Field(description="By id; absent if none were asked for."),
    ] = {}
    queue_size: Annotated[int, Field(ge=0, description="Transactions in the central queue.")]
    queue_value: Annotated[int, Field(ge=0, description="The value of the central queue.")]


class SimulationState(Model):
    """
    The state of a simulation.
    """

    simulation_id: SimulationId
    current_tick: Tick
    current_day: Day
    state: State


class QueuedTransaction(Model):
    """
    A transaction in one of an agent's queues, as the agent sees it.
    """

    id: str
    receiver_id: str
    amount: Money
    arrival_tick: Count
    deadline_tick: Annotated[int | None, Field(description="Null: it has none.")]
    ticks_to_deadline: Annotated[
        int,
        Field(description="Without a deadline, to the last tick of the day of arrival."),
    ]
    age_ticks: Annotated[int, Field(ge=0, description="From its arrival to the next tick.")]
    priority: Annotated[int, Field(ge=0, le=10, description="10 is the most urgent.")]
    priority_class: Annotated[
        Literal["urgent", "high", "normal"], Field(description="It follows from the priority.")
    ]
    is_overdue: Annotated[bool, Field(description="Whether its deadline has passed.")]
    divisible: Annotated[bool, Field(description="Whether it may be split.")]


class Account(Model):
    """
    What an agent sees of itself, and what the rules publish.
    """

    agent_id: str
    tick: Tick
    day: Day
    ticks_left_in_day: Count
    balance: Money
    available_liquidity: Money
    credit_limit: Money
    free_liquidity: Annotated[
        int, Field(description="Available liquidity less what it has released already.")
    ]
    liquidity_pool: Money
    loan: Money
    day_inflow: Money
    day_outflow: Money
    is_out: Annotated[bool, Field(description="Whether an outage keeps it from deciding.")]
    internal_queue: list[QueuedTransaction]
    central_queue: list[QueuedTransaction]
    cost: Annotated[dict[str, Cost], Field(description="Its costs so far, by component.")]
    total_cost: Cost
    cost_rates: dict[str, Any]
    rules: dict[str, Any]


class AgentAccount(Model):
    """
    The account and the queues of one agent.
    """

    simulation_id: SimulationId
    current_tick: Tick
    current_day: Day
    agent: Account


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

    created: Annotated[
        str,
        Field(description="When it was made, in UTC.", json_schema_extra={"format": "date-time"}),
    ]


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
