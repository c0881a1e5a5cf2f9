"""
Scenario events at the door: what is refused, and in which words.
"""

from __future__ import annotations

import attrs
import pytest

from paysim import weight_checks
from paysim.errors import ScenarioError
from paysim.fields import AMOUNT_MAX
from paysim.scenario import Scenario
from paysim.scenario_events import (
    CounterpartyWeightChange,
    CreditLimitChange,
    DeadlineOffsetChange,
    ExtraTransaction,
    Halt,
)
from paysim.simulation import run

ARRIVALS = {
    "rate_per_tick": 2,
    "intraday_profile": [1, 3],
    "amount_distribution": {"type": "fixed", "value": 1},
}
EXTRA = {"type": "extra_transaction", "tick": 0, "sender_id": "A", "receiver_id": "B", "amount": 5}
INJECTION = {"type": "liquidity_injection", "tick": 0, "agent_id": "A", "amount": 5}
CREDIT = {"type": "credit_limit_change", "tick": 0, "agent_id": "A", "credit_limit": 5}
TRANSFER = EXTRA | {"type": "direct_transfer"}
RATE = {"type": "arrival_rate_change", "tick": 0, "multiplier": 2}
WEIGHT = {
    "type": "counterparty_weight_change",
    "tick": 0,
    "agent_id": "A",
    "counterparty_id": "B",
    "weight": 2,
}
OFFSET = {"type": "deadline_offset_change", "tick": 0, "deadline_offset": 5}
OUTAGE = {"type": "outage", "tick": 0, "agent_id": "A"}
HALT = {"type": "halt", "tick": 0}


def raw(*events, **changes):
    """
    Return a scenario as a dict, with two days of ten ticks; A has arrivals, B and C have none.
    """
    agents = [
        {"id": "A", "opening_balance": 100, "arrival_config": ARRIVALS},
        {"id": "B", "opening_balance": 50},
        {"id": "C", "opening_balance": 50},
    ]
    whole = {"ticks_per_day": 10, "num_days": 2, "agent_configs": agents}
    return whole | {"scenario_events": list(events)} | changes


def weighted(weights, *events):
    """
    Return such a scenario where A has these counterparty weights.
    """
    scenario = raw(*events)
    arrivals = ARRIVALS | {"counterparty_weights": weights}
    scenario["agent_configs"][0] = scenario["agent_configs"][0] | {"arrival_config": arrivals}
    return scenario


def given(*ids):
    """
    Return transactions with these ids.
    """
    one = {"sender_id": "A", "receiver_id": "B", "amount": 5, "arrival_tick": 0}
    return [one | {"id": id} for id in ids]


# What is refused, and the one line that says so.
REFUSED = [
    (raw({}), "[0].type  is missing, must be liquidity_injection, liquidity_drain, "),
    (raw(5), "[0]  must be a mapping with a type: liquidity_injection, "),
    (raw({"type": "outrage"}), "or resume (got 'outrage'); did you mean outage?"),
    (raw(HALT | {"amount": 1}), "[0].amount  unknown key"),
    (raw({"type": "halt"}), "[0].tick  is missing"),
    (raw(HALT | {"tick": 1.0}), "[0].tick  must be int (got 1.0)"),
    (raw(HALT | {"tick": 20}), "[0].tick  must be before the end of the run, tick 20 (got 20)"),
    (raw(HALT | {"every_ticks": 0}), "[0].every_ticks  must be at least 1 (got 0)"),
    (
        raw(HALT | {"until_tick": 5}),
        "[0].until_tick  must be absent from an event without every_ticks, which happens once",
    ),
    (
        raw(HALT | {"tick": 5, "every_ticks": 1, "until_tick": 4}),
        "[0].until_tick  must be at least tick, 5 (got 4)",
    ),
    (raw(HALT, OUTAGE | {"agent_id": "D"}), "[1].agent_id  must be the id of an agent (got 'D')"),
    (raw(OUTAGE | {"agent_id": "a"}), "the id of an agent (got 'a'); did you mean A?"),
    (raw(OUTAGE | {"agent_id": 7}), "[0].agent_id  must be text (got 7); put it in quotes"),
    (raw(INJECTION | {"amount": 0}), "[0].amount  must be at least 1 (got 0)"),
    (raw(INJECTION | {"amount": True}), "[0].amount  must be int (got True)"),
    (raw(CREDIT | {"credit_limit": -1}), "[0].credit_limit  must be at least 0 (got -1)"),
    (
        raw(CREDIT | {"amount": 5}),
        "[0].amount  amount and credit_limit are one key, and both are given",
    ),
    (raw(TRANSFER | {"receiver_id": "A"}), "[0].receiver_id  must not be the sender (got 'A')"),
    (raw(TRANSFER | {"sender_id": "D"}), "[0].sender_id  must be the id of an agent (got 'D')"),
    (raw(EXTRA | {"receiver_id": "A"}), "[0].receiver_id  must not be the sender (got 'A')"),
    (raw(EXTRA | {"receiver_id": "D"}), "[0].receiver_id  must be the id of an agent (got 'D')"),
    (raw(EXTRA | {"priority": 11}), "[0].priority  must be at most 10 (got 11)"),
    (
        raw(EXTRA | {"deadline_tick": 5, "deadline_offset": 5}),
        "[0].deadline_offset  deadline_tick and deadline_offset cannot both be given",
    ),
    (
        raw(EXTRA | {"deadline_tick": 5, "every_ticks": 5}),
        "[0].deadline_tick  must be absent from an event that repeats (got 5); use deadline_offset",
    ),
    (raw(EXTRA | {"id": "X/1"}), "[0].id  must not look like the id of a part, X/1 (got 'X/1')"),
    (
        raw(EXTRA | {"id": "x"}, EXTRA | {"id": "x"}),
        "[1].id  must be unique, and is the id of scenario_events[0] (got 'x')",
    ),
    (
        raw(EXTRA | {"id": "event-2"}, EXTRA),
        "[1].id  must be unique, and is the id of scenario_events[0] (got 'event-2')",
    ),
    (
        raw(EXTRA | {"id": "x"}, transactions=given("w", "x")),
        "[0].id  must be unique, and is the id of transactions[1] (got 'x')",
    ),
    (
        raw(EXTRA | {"id": "row-1"}, transactions=given(None)),
        "[0].id  must be unique, and is the id of transactions[0] (got 'row-1')",
    ),
    (
        raw(EXTRA | {"every_ticks": 3}, transactions=given("event-1@5", "event-1@6")),
        "[0].id  must be unique, and transactions[1] has the id 'event-1@6' of tick 6 "
        "(got 'event-1')",
    ),
    (
        raw(EXTRA | {"id": "x", "every_ticks": 3}, EXTRA | {"id": "x@9"}),
        "[1].id  must be unique, and is the id of scenario_events[0] in tick 9 (got 'x@9')",
    ),
    (
        raw(EXTRA | {"id": "x@9"}, EXTRA | {"id": "x", "every_ticks": 3}),
        "[1].id  must be unique, and scenario_events[0] has the id 'x@9' of tick 9 (got 'x')",
    ),
    (
        raw(
            *(EXTRA | {"id": id, "every_ticks": 3} for id in ("x", "x@9")),
            transactions=given("x@9"),
        ),
        "[0].id  must be unique, and transactions[0] has the id 'x@9' of tick 9 (got 'x')",
    ),
    (raw(RATE | {"multiplier": -1}), "[0].multiplier  must be at least 0 (got -1.0)"),
    (raw(RATE | {"multiplier": "2"}), "[0].multiplier  must be a number (got '2')"),
    (raw(RATE | {"multiplier": float("inf")}), "[0].multiplier  must be finite (got inf)"),
    (
        raw(RATE | {"multiplier": 20_000}),
        "[0].multiplier  times the largest rate of agent 'A', 6.0, must be at most 100000 "
        "(got 20000.0)",
    ),
    (
        raw(RATE | {"agent_id": "B"}),
        "[0].agent_id  must be the id of an agent with an arrival_config (got 'B')",
    ),
    (
        raw(OFFSET | {"agent_id": "B"}),
        "[0].agent_id  must be the id of an agent with an arrival_config (got 'B')",
    ),
    (
        raw({"type": "deadline_offset_change", "tick": 0}),
        "[0].deadline_offset  is missing",
    ),
    (
        raw(OFFSET | {"deadline_offset": [5, 4]}),
        "[0].deadline_offset[1]  must be at least the lowest, 5 (got 4)",
    ),
    (
        raw(WEIGHT | {"agent_id": "B", "counterparty_id": "C"}),
        "[0].agent_id  must be the id of an agent with an arrival_config (got 'B')",
    ),
    (
        raw(WEIGHT | {"counterparty_id": "A"}),
        "[0].counterparty_id  must not be the agent itself (got 'A')",
    ),
    (raw(WEIGHT | {"counterparty_id": "D"}), "[0].counterparty_id  must be the id of an agent"),
    (
        weighted({"B": 1}, WEIGHT | {"weight": 0}),
        "[0].weight  must leave agent 'A' a receiver with a weight of more than 0 (got 0.0)",
    ),
    (
        # B and C take turns, until one is late.
        raw(
            WEIGHT | {"counterparty_id": "C", "weight": 1, "every_ticks": 4, "until_tick": 16},
            WEIGHT | {"weight": 0, "every_ticks": 4},
            WEIGHT | {"weight": 1, "tick": 2, "every_ticks": 4, "until_tick": 12},
            WEIGHT | {"counterparty_id": "C", "weight": 0, "tick": 2, "every_ticks": 4},
        ),
        "[3].weight  must leave agent 'A' a receiver with a weight of more than 0 (got 0.0)",
    ),
]


@pytest.mark.parametrize(("whole", "line"), REFUSED, ids=[line[:40] for _, line in REFUSED])
def test_refused(whole, line):
    """
    What can be known to be wrong is refused, with its place.
    """
    with pytest.raises(ScenarioError) as caught:
        Scenario.from_dict(whole)
    (told,) = str(caught.value).splitlines()
    assert told.startswith("scenario_events")
    assert line in told


@pytest.mark.parametrize(
    ("event", "quantity"),
    [
        (INJECTION | {"amount": AMOUNT_MAX // 4, "every_ticks": 4}, "injections and the highest"),
        (CREDIT | {"credit_limit": AMOUNT_MAX}, "injections and the highest credit limits"),
        (EXTRA | {"amount": AMOUNT_MAX // 4, "every_ticks": 4}, "extra and given transactions"),
    ],
)
def test_sums_beyond_64_bits(event, quantity):
    """
    Sums of money that could leave 64 bits are refused, counting every repetition before the end.
    """
    with pytest.raises(ScenarioError, match=f"^scenario_events  {quantity}.* must sum to at most"):
        Scenario.from_dict(raw(event))
    Scenario.from_dict(raw(event | {"amount": 10**17} if "amount" in event else CREDIT))


def test_costs_of_extra_transactions():
    """
    Rates at which extra transactions could cost more than can be counted are refused.
    """
    rates = {"deadline_penalty": {"bps": 10**9}}
    extra = EXTRA | {"amount": 10**14}
    Scenario.from_dict(raw(extra, cost_rates=rates))
    with pytest.raises(ScenarioError, match="cost_rates  must be so low that all costs"):
        Scenario.from_dict(raw(extra | {"every_ticks": 1}, cost_rates=rates))


def test_costs_of_loans_for_cut_credit_limits():
    """
    Rates at which loans that make up for cut limits could cost too much are refused; at others the
    run comes to its end.
    """
    events = [
        CREDIT | {"credit_limit": 10**15, "every_ticks": 10},
        TRANSFER | {"tick": 1, "amount": 10**15, "every_ticks": 10},
        CREDIT | {"tick": 5, "credit_limit": 0, "every_ticks": 10},
    ]
    agents = [{"id": "A", "opening_balance": 0}, {"id": "B", "opening_balance": 0}]
    whole = raw(*events, num_days=40, agent_configs=agents)
    whole["rules"] = {"end_of_day": "settle_on_credit"}
    results = run(Scenario.from_dict(whole | {"cost_rates": {"eod_borrowing_bps": 60_000}}))
    loans = [row["amount"] for row in results.events.to_dicts() if row["event"] == "loan_granted"]
    assert loans == [10**15] * 40
    for bps in (63_000, 10**9):
        with pytest.raises(ScenarioError, match=r"^cost_rates  must be so low that all costs"):
            Scenario.from_dict(whole | {"cost_rates": {"eod_borrowing_bps": bps}})
    whole["scenario_events"] = events[:2]
    whole["scenario_events"][0] = CREDIT | {"credit_limit": 10**15}
    Scenario.from_dict(whole | {"cost_rates": {"eod_borrowing_bps": 10**6}})


def test_weights_of_many_agents():
    """
    Changes of the weights of so many agents that their tables need gigabytes are refused; one
    agent's may change as often as it likes, and weights that the scenario gives count for nothing.
    """
    arrivals = ARRIVALS | {"rate_per_tick": 0}
    agents = [
        {"id": f"{n}", "opening_balance": 0, "arrival_config": arrivals} for n in range(5_000)
    ]
    one = WEIGHT | {"agent_id": "0", "counterparty_id": "1"}
    each = [WEIGHT | {"agent_id": f"{n}", "counterparty_id": f"{n + 1}"} for n in range(3_400)]
    whole = raw(*[one] * 5_000, agent_configs=agents)
    Scenario.from_dict(whole)
    whole["scenario_events"] = each
    with pytest.raises(ScenarioError, match=r"^scenario_events  must change the weights of so few"):
        Scenario.from_dict(whole)
    agents[0] = agents[0] | {"arrival_config": arrivals | {"counterparty_weights": {"1": 1}}}
    whole["scenario_events"] = each[:3_357]
    Scenario.from_dict(whole)


def test_arrival_tables_of_multiplied_rates():
    """
    A multiplier that makes the tables of arrivals too large is refused.
    """
    whole = raw(RATE | {"multiplier": 50_000})
    whole["ticks_per_day"] = 20_000
    profile = [1 + i / 10**5 for i in range(20_000)]
    arrivals = ARRIVALS | {"rate_per_tick": 1, "intraday_profile": profile}
    whole["agent_configs"][0] = whole["agent_configs"][0] | {"arrival_config": arrivals}
    with pytest.raises(ScenarioError, match="agent_configs  rates of arrival must be small"):
        Scenario.from_dict(whole)
    whole["scenario_events"] = [RATE | {"multiplier": 2}]
    Scenario.from_dict(whole)


def test_weights_that_change_too_often(monkeypatch):
    """
    Weights that undo each other more often than can be followed are refused, others are not.
    """
    monkeypatch.setattr(weight_checks, "CHANGES_MAX", 10)
    often, never = WEIGHT | {"every_ticks": 1}, WEIGHT | {"counterparty_id": "C", "weight": 0}
    Scenario.from_dict(raw(often, often | {"weight": 3}, never))
    Scenario.from_dict(raw(often | {"weight": 0}, often))
    with pytest.raises(ScenarioError, match="must undo changes of the weights of agent 'A' at mos"):
        Scenario.from_dict(raw(never | {"tick": 19}, often | {"weight": 0}, often))


def test_several_at_once():
    """
    All events are checked, and what is wrong with one is not blamed on another.
    """
    with pytest.raises(ScenarioError) as caught:
        Scenario.from_dict(raw(HALT | {"tick": -1}, {"type": "x"}, OUTAGE | {"agent_id": "D"}))
    assert [problem.path for problem in caught.value.problems] == [
        "scenario_events[0].tick",
        "scenario_events[1].type",
        "scenario_events[2].agent_id",
    ]


def test_accepted():
    """
    What may seem doubtful and is fine: any letter case, ends beyond the run, weights in turns.
    """
    scenario = Scenario.from_dict(
        raw(
            {"type": "HALT", "tick": 19, "every_ticks": 10**6, "until_tick": 10**9},
            RATE | {"agent_id": None, "multiplier": 0},
            WEIGHT | {"counterparty_id": "C", "weight": 1, "every_ticks": 4},
            WEIGHT | {"weight": 0, "every_ticks": 4},
            WEIGHT | {"weight": 1, "tick": 2, "every_ticks": 4},
            WEIGHT | {"counterparty_id": "C", "weight": 0, "tick": 2, "every_ticks": 4},
            EXTRA | {"id": "x", "every_ticks": 3},
            EXTRA | {"id": "x@8"},
            transactions=given("x", "x@09"),
        )
    )
    assert scenario.scenario_events[0] == Halt(tick=19, every_ticks=10**6, until_tick=10**9)
    assert scenario.scenario_events[6].id == "x"


def test_both_spellings_and_canonical_form():
    """
    What is written is what was read: the new limit is `amount`, an absent id is its number.
    """
    scenario = Scenario.from_dict(raw(CREDIT, EXTRA, OFFSET | {"deadline_offset": None}))
    assert scenario.scenario_events == (
        CreditLimitChange(tick=0, agent_id="A", amount=5),
        ExtraTransaction(tick=0, sender_id="A", receiver_id="B", amount=5, id="event-2"),
        DeadlineOffsetChange(tick=0, deadline_offset=None),
    )
    written = scenario.to_dict()["scenario_events"]
    assert written[0] == {"type": "credit_limit_change", "tick": 0, "agent_id": "A", "amount": 5}
    assert written[2] == {"type": "deadline_offset_change", "tick": 0, "deadline_offset": None}
    assert Scenario.from_dict(scenario.to_dict()) == scenario


def test_events_made_in_python():
    """
    An event made in Python is checked as one of a file, alone and within its scenario.
    """
    with pytest.raises(ScenarioError, match="counterparty_id  must not be the agent itself"):
        CounterpartyWeightChange(tick=0, agent_id="A", counterparty_id="A", weight=1)
    scenario = Scenario.from_dict(raw())
    with pytest.raises(ScenarioError, match=r"scenario_events\[0\]  must be LiquidityInjection\("):
        attrs.evolve(scenario, scenario_events=(HALT,))
    with pytest.raises(ScenarioError, match=r"scenario_events\[0\].tick  must be before the end"):
        attrs.evolve(scenario, scenario_events=[Halt(tick=20)])


def test_ticks():
    """
    An event happens at its tick and then every so many, up to its end and that of the run.
    """
    assert list(Halt(tick=3).ticks(20)) == [3]
    assert list(Halt(tick=3).ticks(3)) == []
    assert list(Halt(tick=3, every_ticks=4).ticks(12)) == [3, 7, 11]
    assert list(Halt(tick=3, every_ticks=4, until_tick=7).ticks(12)) == [3, 7]


def test_summary():
    """
    The summary of a run tells its first ten events, how many more there are, and nothing of none.
    """
    events = [
        OUTAGE | {"tick": 3},
        HALT,
        INJECTION | {"every_ticks": 4},
        EXTRA | {"every_ticks": 4, "until_tick": 9},
        RATE,
    ]
    summary = run(Scenario.from_dict(raw(*events))).summary()
    assert summary.split("\n\n")[2].splitlines() == [
        "Scenario events",
        "  tick 3                       outage               A",
        "  tick 0                       halt",
        "  from tick 0 every 4          liquidity_injection  A",
        "  from tick 0 every 4 up to 9  extra_transaction    A to B",
        "  tick 0                       arrival_rate_change  all",
    ]
    summary = run(Scenario.from_dict(raw(*[HALT] * 1_234))).summary()
    assert summary.split("\n\n")[2].splitlines()[9:] == ["  tick 0  halt"] * 2 + [
        "  and 1,224 more"
    ]
    assert "Scenario events" not in run(Scenario.from_dict(raw())).summary()
