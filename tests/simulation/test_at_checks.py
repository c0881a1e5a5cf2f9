"""
Events added one by one are checked as those of a whole scenario, at a cost that does not grow.
"""

from __future__ import annotations

import sys
from unittest import mock

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paysim import arrival_tables, weight_checks
from paysim._kernel import GivenTransactions
from paysim.errors import ScenarioError
from paysim.fields import AMOUNT_MAX
from paysim.scenario import Scenario
from paysim.simulation import Simulation

ARRIVALS = {
    "rate_per_tick": 2,
    "intraday_profile": [1, 3],
    "amount_distribution": {"type": "fixed", "value": 1},
}
AGENTS = [
    {"id": "A", "opening_balance": 100, "arrival_config": ARRIVALS},
    {"id": "B", "opening_balance": 50, "arrival_config": ARRIVALS},
    {"id": "C", "opening_balance": 50, "credit_limit": 10, "arrival_config": ARRIVALS},
    {
        "id": "D",
        "opening_balance": 50,
        "arrival_config": ARRIVALS | {"counterparty_weights": {"A": 1, "B": 0}},
    },
    {"id": "E", "opening_balance": 50},
]
WHOLE = {
    "ticks_per_day": 10,
    "num_days": 2,
    "agent_configs": AGENTS,
    "cost_rates": {"eod_borrowing_bps": 20_000, "overdraft_bps_per_tick": 100},
    "transactions": [
        {"sender_id": "A", "receiver_id": "B", "amount": 5, "arrival_tick": 0, "id": id}
        for id in (None, "x", "x@4", "event-3@5", "y@07", "y@99")
    ],
}


def one(*values):
    """
    Return a strategy for one of these values.
    """
    return st.sampled_from(values)


ONCE = st.fixed_dictionaries({"tick": one(0, 2, 4, 19, 20)})
AGAIN = st.fixed_dictionaries(
    {"tick": one(0, 3, 4), "every_ticks": one(1, 2, 5)}, optional={"until_tick": one(4, 9)}
)
WHO = one("A", "B", "C", "D", "E", "F")
KINDS = st.one_of(
    st.fixed_dictionaries(
        {
            "type": one("extra_transaction"),
            "sender_id": one("A", "D"),
            "receiver_id": one("B", "C"),
            "amount": one(1, AMOUNT_MAX // 30, AMOUNT_MAX // 4),
        },
        optional={
            "id": one("x", "y", "z", "row-1", "row-2", "x@4", "y@7", "z@4", "z@3", "event-2")
        },
    ),
    st.fixed_dictionaries(
        {
            "type": one("liquidity_injection", "liquidity_drain"),
            "agent_id": WHO,
            "amount": one(1, AMOUNT_MAX // 30, AMOUNT_MAX // 3),
        }
    ),
    st.fixed_dictionaries(
        {
            "type": one("credit_limit_change"),
            "agent_id": WHO,
            "amount": one(0, 5, AMOUNT_MAX // 8, AMOUNT_MAX // 3),
        }
    ),
    st.fixed_dictionaries(
        {"type": one("arrival_rate_change"), "multiplier": one(0, 1, 2, 20, 500, 20_000)},
        optional={"agent_id": WHO},
    ),
    st.fixed_dictionaries(
        {
            "type": one("counterparty_weight_change"),
            "agent_id": one("A", "B", "C", "D", "E"),
            "counterparty_id": one("A", "B", "C", "D", "E"),
            "weight": one(0, 0, 1),
        }
    ),
    st.fixed_dictionaries({"type": one("outage", "halt")}, optional={"agent_id": WHO}),
)
EVENTS = st.lists(
    st.builds(lambda when, event: when | event, st.one_of(ONCE, AGAIN), KINDS), max_size=12
)


def add_one_by_one(events, as_columns):
    """
    Add what can be added, and compare with a scenario that has it from the first.
    """
    scenario = Scenario.from_dict(WHOLE)
    if as_columns:
        rows = GivenTransactions.from_rows(scenario.transactions)
        scenario = attrs.evolve(scenario, transactions=rows)
    sim = Simulation(scenario)
    taken = []
    for event in events:
        told = {}
        for name, attempt in {
            "at": lambda event=event: sim.at(**event),
            "all": lambda event=event: Scenario.from_dict(
                WHOLE | {"scenario_events": [*taken, event]}
            ),
        }.items():
            try:
                attempt()
            except ScenarioError as error:
                told[name] = str(error)
        assert told.get("at") == told.get("all")
        if not told:
            taken.append(event)
    assert sim.scenario == Scenario.from_dict(WHOLE | {"scenario_events": taken})


@given(EVENTS, st.booleans())
def test_one_by_one_as_all_at_once(events, as_columns):
    """
    What `at` takes and refuses, and in which words, is what loading the whole list does.
    """
    with (
        mock.patch.object(weight_checks, "CHANGES_MAX", 12),
        mock.patch.object(weight_checks, "ENTRIES_MAX", 9),
        mock.patch.object(arrival_tables, "ENTRIES_MAX", 2_000),
    ):
        add_one_by_one(events, as_columns)


CALLS = [
    {"type": "extra_transaction", "sender_id": "A", "receiver_id": "B", "amount": 1},
    {"type": "extra_transaction", "sender_id": "A", "receiver_id": "B", "amount": 1, "id": "new"},
    {"type": "liquidity_injection", "agent_id": "A", "amount": 1},
    {"type": "credit_limit_change", "agent_id": "A", "amount": 1},
    {"type": "arrival_rate_change", "agent_id": "A", "multiplier": 2},
    {
        "type": "counterparty_weight_change",
        "agent_id": "A",
        "counterparty_id": "B",
        "weight": 0,
    },
    {"type": "outage", "agent_id": "A"},
]


def work(call):
    """
    Return how many lines of paysim a call runs.
    """
    lines = 0

    def trace(frame, event, argument):
        nonlocal lines
        lines += event == "line"
        return trace if "/paysim/" in frame.f_code.co_filename else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return lines


@pytest.mark.parametrize("last", CALLS, ids=lambda event: event["type"])
def test_at_does_the_same_work_however_much_there_is(last):
    """
    A further event runs as many lines after a thousand others, in a scenario of a thousand
    transactions and a thousand agents, as after ten in a small one.
    """
    lines = set()
    for size in (10, 1_000):
        transactions = WHOLE["transactions"] + [
            {"sender_id": "A", "receiver_id": "B", "amount": 5, "arrival_tick": 0}
        ] * (size - 10)
        agents = AGENTS + [
            {"id": f"X{n}", "opening_balance": 5, "arrival_config": ARRIVALS}
            for n in range(size - 10)
        ]
        sim = Simulation(
            Scenario.from_dict(WHOLE | {"transactions": transactions, "agent_configs": agents})
        )
        for n in range(size):
            sim.at(3, **CALLS[n % len(CALLS)] | ({"id": f"n{n}"} if n % len(CALLS) < 2 else {}))
        lines.add(work(lambda sim=sim: sim.at(4, **last)))
    assert len(lines) == 1
    assert min(lines) > 50


def test_refused_events_leave_nothing_behind():
    """
    An event that is refused, by the checks or as too late, takes no id and no sum away.
    """
    sim = Simulation(Scenario.from_dict(WHOLE))
    sim.run(until=5)
    extra = CALLS[1]
    injection = CALLS[2] | {"amount": AMOUNT_MAX // 2}
    for event in (extra, injection):
        for _ in range(3):
            with pytest.raises(ScenarioError, match="tick must be at least 5"):
                sim.at(4, **event)
    with pytest.raises(ScenarioError, match="must be the id of an agent"):
        sim.at(5, **extra | {"sender_id": "Z"})
    with pytest.raises(ScenarioError, match="must sum to at most"):
        sim.at(5, every_ticks=1, **injection)
    sim.at(5, **extra)
    sim.at(5, **injection)
    assert len(sim.scenario.scenario_events) == 2


def test_bounds_count_what_was_added_before():
    """
    The bounds on tables of arrivals and on weights hold for all that is added, not for each alone.
    """
    sim = Simulation(Scenario.from_dict(WHOLE))
    with mock.patch.object(arrival_tables, "ENTRIES_MAX", 1_500):
        sim.at(0, "arrival_rate_change", agent_id="A", multiplier=20)
        sim.at(0, "arrival_rate_change", agent_id="B", multiplier=30)
        with pytest.raises(ScenarioError, match="rates of arrival must be small"):
            sim.at(0, "arrival_rate_change", agent_id="C", multiplier=25)
    change = CALLS[5] | {"tick": 0, "weight": 1}
    with mock.patch.object(weight_checks, "ENTRIES_MAX", 4):
        sim.at(**change)
        sim.at(**change)
        with pytest.raises(ScenarioError, match="must change the weights of so few agents"):
            sim.at(**change | {"agent_id": "C"})
