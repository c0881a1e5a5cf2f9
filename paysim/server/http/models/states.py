"""
A simulation between two ticks: its state, and what an agent sees of it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from paysim.server.http.models.values import Cost, Count, Day, Model, Money, SimulationId, Tick


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
    transactions: dict[str, TransactionState] = Field(
        {}, description="By id; absent if none were asked for."
    )
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
