"""
What each type of scenario event does to a run, in both lanes.
"""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import generated_scenarios

from paysim.policies import release
from paysim.scenario import Scenario
from paysim.simulation import Simulation
from paysim.testing import payment, tiny_scenario

CHANGES_OF_ARRIVALS = {"arrival_rate_change", "counterparty_weight_change"}
CHANGES_OF_ARRIVALS |= {"deadline_offset_change"}


@pytest.fixture(params=["process", "compiled"])
def lane(request):
    return request.param


def happening(type, tick, **keys):
    """
    Return an entry of `scenario_events`.
    """
    return {"type": type, "tick": tick} | keys


def finished(lane, *scenario_events, behaviour=None, **changes):
    """
    Return the run of a tiny scenario with these events.
    """
    scenario = tiny_scenario(scenario_events=list(scenario_events), **changes)
    sim = Simulation(scenario, lane=lane, behaviour=behaviour)
    sim.run()
    return sim


def banks(a, b, **keys_of_a):
    """
    Return BANK_A and BANK_B with these opening balances; BANK_A with more keys.
    """
    return [
        {"id": "BANK_A", "opening_balance": a} | keys_of_a,
        {"id": "BANK_B", "opening_balance": b},
    ]


def events(sim):
    """
    Return the lines of the event log.
    """
    return [json.loads(line) for line in sim._kernel.events_jsonl().splitlines()]


def logged(sim, *names):
    """
    Return the events of these names, each as a tuple of its tick and its other values in order.
    """
    return [
        tuple(value for key, value in event.items() if key != "event")
        for event in events(sim)
        if event["event"] in names
    ]


def settled(sim):
    """
    Return tick, transaction and cause of every settlement.
    """
    rows = sim.results().transactions.to_dicts()
    found = [(row["settled_tick"], row["transaction_id"], row["cause"]) for row in rows]
    return sorted(row for row in found if row[0] is not None)


def balances(sim, tick=-1):
    """
    Return the balances at the end of a tick, by default the last, and check that they add up.
    """
    rows = sim.results().agents.to_dicts()
    ticks = rows[-1]["tick"] + 1
    found = {row["agent_id"]: row["balance"] for row in rows if row["tick"] == tick % ticks}
    return tuple(found.values())


# --- money and credit -----------------------------------------------------------------------------


@pytest.mark.parametrize("deferred", [False, True])
def test_injection_settles_what_waits(lane, deferred):
    """
    Injected money can be spent in its tick, also under deferred crediting, by what waits first.
    """
    sim = finished(
        lane,
        happening("liquidity_injection", 3, agent_id="BANK_A", amount=100),
        agent_configs=banks(0, 0),
        rules={"deferred_crediting": deferred},
        transactions=[payment("BANK_A", "BANK_B", 90), payment("BANK_A", "BANK_B", 20, tick=3)],
    )
    assert settled(sim) == [(3, "row-1", "queue_release")]
    assert logged(sim, "liquidity_injected") == [(3, "BANK_A", 100)]
    assert balances(sim, 2) == (0, 0)
    assert balances(sim) == (10, 90)


def test_drain_takes_what_is_there_before_anything_settles(lane):
    """
    A drain takes the available liquidity at most, credit included, before its tick's arrivals.
    """
    sim = finished(
        lane,
        happening("liquidity_drain", 2, agent_id="BANK_A", amount=150),
        happening("liquidity_drain", 3, agent_id="BANK_A", amount=7),
        happening("liquidity_drain", 4, agent_id="BANK_B", amount=300),
        agent_configs=banks(60, 500, credit_limit=40),
        transactions=[payment("BANK_A", "BANK_B", 1, tick=2)],
    )
    drained = logged(sim, "liquidity_drained")
    assert drained == [(2, "BANK_A", 100, 50), (3, "BANK_A", 0, 7), (4, "BANK_B", 300, 0)]
    assert settled(sim) == []
    assert balances(sim) == (-40, 200)


def test_cut_credit_stops_what_it_no_longer_covers(lane):
    """
    An agent below its floor pays nothing out until receipts have brought it back to its floor.
    """
    sim = finished(
        lane,
        happening("credit_limit_change", 1, agent_id="BANK_A", amount=100),
        happening("liquidity_drain", 2, agent_id="BANK_A", amount=5),
        agent_configs=banks(0, 500, credit_limit=500),
        transactions=[
            payment("BANK_A", "BANK_B", 300),
            payment("BANK_A", "BANK_B", 10, tick=2),
            payment("BANK_B", "BANK_A", 150, tick=3),
            payment("BANK_B", "BANK_A", 60, tick=4),
        ],
    )
    assert settled(sim) == [
        (0, "row-1", "entry"),
        (3, "row-3", "entry"),
        (4, "row-2", "queue_release"),
        (4, "row-4", "entry"),
    ]
    rows = sim.results().agents.to_dicts()
    state = [(row["credit_limit"], row["available_liquidity"]) for row in rows[:8:2]]
    assert state == [(500, 200), (100, -200), (100, -200), (100, -50)]
    assert balances(sim) == (-100, 600)


def test_posting_may_bring_an_agent_back_to_its_floor(lane):
    """
    A mechanism settles payments of an agent below its floor if it ends at its floor or above.
    """
    sim = finished(
        lane,
        happening("credit_limit_change", 1, agent_id="BANK_A", amount=100),
        agent_configs=banks(0, 0, credit_limit=500),
        transactions=[
            payment("BANK_A", "BANK_B", 300),
            payment("BANK_A", "BANK_B", 400, tick=2),
            payment("BANK_B", "BANK_A", 599, tick=2),
            payment("BANK_B", "BANK_A", 1, tick=3, priority=6),
        ],
    )
    causes = [(3, "row-2", "bilateral_offsetting"), (3, "row-3", "bilateral_offsetting")]
    # Receiving 1 does it: -300 - 400 + 599 = -101 stays below the floor of -100.
    assert settled(sim)[1:] == [*causes, (3, "row-4", "entry")]
    assert balances(sim) == (-100, 100)


def test_raised_credit_settles_what_waits(lane):
    """
    A raised limit lets the agent's queue settle in the same tick, a cut one never.
    """
    sim = finished(
        lane,
        happening("credit_limit_change", 3, agent_id="BANK_A", amount=20),
        happening("Credit_Limit_Change", 5, agent_id="BANK_A", credit_limit=90),
        agent_configs=banks(0, 0, credit_limit=80),
        transactions=[payment("BANK_A", "BANK_B", 90)],
    )
    assert settled(sim) == [(5, "row-1", "queue_release")]
    changes = logged(sim, "credit_limit_changed")
    assert changes == [(3, "BANK_A", 20), (5, "BANK_A", 90)]


def test_overdraft_beyond_the_floor_is_lent_at_the_end_of_the_day(lane):
    """
    Settling on credit lends an agent what it is short of its floor, also if nothing is unsettled.
    """
    sim = finished(
        lane,
        happening("credit_limit_change", 5, agent_id="BANK_A", amount=100),
        agent_configs=banks(0, 0, credit_limit=500),
        num_days=2,
        rules={"end_of_day": "settle_on_credit"},
        transactions=[payment("BANK_A", "BANK_B", 300), payment("BANK_B", "BANK_A", 50, tick=15)],
    )
    assert logged(sim, "loan_granted") == [(9, "BANK_A", 200)]
    assert balances(sim, 9) == (-100, 300)
    assert balances(sim) == (-50, 250)


@pytest.mark.parametrize("deferred", [False, True])
def test_direct_transfer_is_whole_or_nothing_and_no_transaction(lane, deferred):
    """
    A transfer moves what its sender has available, or nothing, and counts nowhere as a transaction.
    """
    sim = finished(
        lane,
        happening("direct_transfer", 1, sender_id="BANK_A", receiver_id="BANK_B", amount=110),
        happening("direct_transfer", 1, sender_id="BANK_A", receiver_id="BANK_B", amount=109),
        agent_configs=banks(100, 0, credit_limit=9),
        rules={"deferred_crediting": deferred},
        transactions=[payment("BANK_B", "BANK_A", 100)],
    )
    assert logged(sim, "direct_transfer_refused") == [(1, "BANK_A", "BANK_B", 110)]
    assert logged(sim, "direct_transfer") == [(1, "BANK_A", "BANK_B", 109)]
    assert logged(sim, "credit_deferred")[:1] == [(1, "BANK_B", 109)] * deferred
    assert settled(sim) == [(1 + deferred, "row-1", "queue_release")]
    totals = sim.results().totals()
    assert totals["arrivals"] == totals["settlements"] == {"volume": 1, "value": 100}
    assert sum(row["paid_value"] for row in sim.results().agents.to_dicts()) == 100
    assert balances(sim) == (91, 9)


def test_direct_transfer_is_no_flow_of_the_day(lane):
    """
    A transfer changes neither the day's inflow nor its outflow, as an agent sees them.
    """
    scenario = tiny_scenario(
        scenario_events=[
            happening("direct_transfer", 1, sender_id="BANK_A", receiver_id="BANK_B", amount=100)
        ],
        transactions=[payment("BANK_A", "BANK_B", 10)],
    )
    sim = Simulation(scenario, lane=lane)
    sim.run(until=3)
    views = [agent.view() for agent in sim.agents.values()]
    assert [(view.day_inflow, view.day_outflow) for view in views] == [(0, 10), (10, 0)]
    assert [view.balance for view in views] == [890, 610]


def test_events_of_one_tick_happen_in_the_order_of_the_scenario(lane):
    """
    What comes first in the scenario happens first, whatever its type.
    """
    give = happening("liquidity_injection", 2, agent_id="BANK_A", amount=100)
    take = happening("liquidity_drain", 2, agent_id="BANK_A", amount=100)
    given_first = finished(lane, give, take, agent_configs=banks(0, 0))
    assert balances(given_first) == (0, 0)
    taken_first = finished(lane, take, give, agent_configs=banks(0, 0))
    assert balances(taken_first) == (100, 0)


def test_repeated_events(lane):
    """
    An event repeats up to and including its last tick, or as long as the run goes, days included.
    """
    sim = finished(
        lane,
        happening(
            "liquidity_injection", 2, every_ticks=3, until_tick=8, agent_id="BANK_A", amount=1
        ),
        happening("LIQUIDITY_INJECTION", 7, every_ticks=6, agent_id="BANK_B", amount=2),
        num_days=2,
    )
    a, b = "BANK_A", "BANK_B"
    first = [(2, a, 1), (5, a, 1), (7, b, 2), (8, a, 1), (13, b, 2), (19, b, 2)]
    assert logged(sim, "liquidity_injected") == first
    sim = Simulation(sim.scenario, lane=lane)
    for _ in range(26):
        sim.tick()
    assert logged(sim, "liquidity_injected") == [*first, (25, b, 2)]


# --- arrivals -------------------------------------------------------------------------------------


def test_extra_transactions_arrive_first(lane):
    """
    Extra transactions arrive before the given ones of their sender, with their ids and deadlines.
    """
    ends = {"sender_id": "BANK_B", "receiver_id": "BANK_A"}
    sim = finished(
        lane,
        happening("extra_transaction", 3, **ends, amount=30, deadline_offset=2, every_ticks=4),
        happening("extra_transaction", 3, **ends, amount=40, id="X", deadline_tick=8, priority=9),
        happening("extra_transaction", 3, **ends, amount=50, divisible=False),
        happening("extra_transaction", 7, **ends, amount=60, id="Y", every_ticks=9, until_tick=7),
        transactions=[
            payment("BANK_B", "BANK_A", 10, tick=3),
            payment("BANK_A", "BANK_B", 20, tick=3),
        ],
    )
    keys = ("transaction_id", "arrival_tick", "amount", "deadline_tick", "priority", "divisible")
    rows = sim.results().transactions.to_dicts()
    assert [tuple(row[key] for key in keys) for row in rows] == [
        ("row-2", 3, 20, None, 5, True),
        ("event-1@3", 3, 30, 5, 5, True),
        ("X", 3, 40, 8, 9, True),
        ("event-3", 3, 50, None, 5, False),
        ("row-1", 3, 10, None, 5, True),
        ("event-1@7", 7, 30, 9, 5, True),
        ("Y@7", 7, 60, None, 5, True),
    ]
    assert sim.results().totals()["arrivals"]["volume"] == 7
    assert all(row["status"] == "settled" for row in rows)


def arrivals(scenario):
    """
    Return what arrives in a run of a scenario, by tick.
    """
    found = {}
    sim = Simulation(scenario)
    sim.run()
    for event in events(sim):
        if event["event"] == "arrived":
            found.setdefault(event["tick"], []).append(event)
    return found


def is_due(event, tick):
    since, every = tick - event["tick"], event.get("every_ticks")
    if every is None:
        return since == 0
    return since >= 0 and since % every == 0 and tick <= event.get("until_tick", tick)


def reconfigured(config, event, original):
    """
    Return the configuration of an agent as it is after a change of arrivals.
    """
    arrivals = config.get("arrival_config")
    if arrivals is None or event.get("agent_id", config["id"]) != config["id"]:
        return config
    match event["type"]:
        case "arrival_rate_change":
            rate = original["arrival_config"]["rate_per_tick"] * event["multiplier"]
            arrivals = arrivals | {"rate_per_tick": rate}
        case "counterparty_weight_change":
            weights = arrivals["counterparty_weights"] | {event["counterparty_id"]: event["weight"]}
            arrivals = arrivals | {"counterparty_weights": weights}
        case "deadline_offset_change":
            arrivals = arrivals | {"deadline_offset": event["deadline_offset"]}
            if event["deadline_offset"] is None:
                del arrivals["deadline_offset"]
    return config | {"arrival_config": arrivals}


def spelled_out(config, ids):
    """
    Return a configuration in which absent weights are written down.
    """
    if "arrival_config" not in config:
        return config
    weights = {other: 1 for other in ids if other != config["id"]}
    return config | {"arrival_config": {"counterparty_weights": weights} | config["arrival_config"]}


@given(generated_scenarios())
def test_changed_arrivals_are_those_of_a_scenario_so_configured(config):
    """
    In each tick there arrives what would arrive if all were configured as it is then.
    """
    ids = [agent["id"] for agent in config["agent_configs"]]
    originals = [spelled_out(agent, ids) for agent in config["agent_configs"]]
    changes = [e for e in config["scenario_events"] if e["type"] in CHANGES_OF_ARRIVALS]
    found = arrivals(Scenario.from_dict(config | {"scenario_events": changes}))
    current, expected = originals, arrivals(Scenario.from_dict(config | {"scenario_events": []}))
    for tick in range(config["ticks_per_day"] * config["num_days"]):
        due = [event for event in changes if is_due(event, tick)]
        for event in due:
            current = [
                reconfigured(agent, event, original)
                for agent, original in zip(current, originals, strict=True)
            ]
        if due:
            changed = config | {"agent_configs": current, "scenario_events": []}
            expected = arrivals(Scenario.from_dict(changed))
        assert found.get(tick, []) == expected.get(tick, [])


def test_rate_of_one_agent_stops_and_returns(lane):
    """
    The multiplier 0 stops an agent's arrivals, 1 brings back those that were configured.
    """
    arriving = {
        "rate_per_tick": 2,
        "amount_distribution": {"type": "uniform", "min": 1, "max": 9},
    }
    configs = [config | {"arrival_config": arriving} for config in banks(500, 500)]
    changes = [
        happening("arrival_rate_change", 10, agent_id="BANK_A", multiplier=0),
        happening("arrival_rate_change", 20, agent_id="BANK_A", multiplier=1),
        happening("arrival_rate_change", 30, multiplier=0.0),
    ]
    undisturbed, disturbed = (
        [
            (event["tick"], event["transaction_id"])
            for event in events(finished(lane, *some, agent_configs=configs, num_days=5))
            if event["event"] == "arrived"
        ]
        for some in ([], changes)
    )
    gone = [row for row in undisturbed if row not in disturbed]
    assert gone == [
        (tick, id)
        for tick, id in undisturbed
        if (10 <= tick < 20 and id.startswith("BANK_A")) or tick >= 30
    ]
    assert {tick // 10 for tick, _ in gone} == {1, 3, 4}
    assert set(disturbed) < set(undisturbed)


# --- outages and halts ----------------------------------------------------------------------------


class Eager:
    """
    A policy that releases everything and notes when it is asked.
    """

    def __init__(self):
        self.asked = []

    def decide(self, view):
        self.asked.append(view.tick)
        return [release(transaction) for transaction in view.internal_queue]


def test_bank_in_an_outage_decides_nothing_but_still_settles_and_receives(lane):
    """
    In an outage a bank releases nothing, its queue settles, it is paid; then it decides again.
    """
    sim = finished(
        lane,
        happening("outage", 2, agent_id="BANK_A"),
        happening("outage", 3, agent_id="BANK_A"),
        happening("outage_end", 6, agent_id="BANK_A"),
        agent_configs=banks(0, 500),
        transactions=[
            payment("BANK_A", "BANK_B", 100, tick=1),
            payment("BANK_A", "BANK_B", 50, tick=2),
            payment("BANK_B", "BANK_A", 200, tick=4),
        ],
    )
    first = [(4, "row-1", "queue_release"), (4, "row-3", "entry")]
    assert settled(sim) == [*first, (6, "row-2", "entry")]
    assert logged(sim, "outage_began") == [(2, "BANK_A"), (3, "BANK_A")]
    assert logged(sim, "outage_ended") == [(6, "BANK_A")]
    assert balances(sim, 5) == (100, 400)


def test_decide_in_python_is_not_asked_in_an_outage():
    """
    A policy in Python is asked in every tick but those of an outage.
    """
    policy = Eager()
    finished(
        None,
        happening("outage", 2, agent_id="BANK_A"),
        happening("outage_end", 6, agent_id="BANK_A"),
        behaviour={"BANK_A": policy},
    )
    assert policy.asked == [0, 1, 6, 7, 8, 9]


def test_end_of_day_settles_what_a_bank_in_an_outage_holds(lane):
    """
    Settling on credit settles what is held by a bank that is out, and the next day it is out still.
    """
    sim = finished(
        lane,
        happening("outage", 0, agent_id="BANK_A"),
        num_days=2,
        rules={"end_of_day": "settle_on_credit"},
        transactions=[payment("BANK_A", "BANK_B", 1_700), payment("BANK_A", "BANK_B", 1, tick=10)],
    )
    assert settled(sim) == [(9, "row-1", "end_of_day"), (19, "row-2", "end_of_day")]
    assert logged(sim, "loan_granted") == [(9, "BANK_A", 700), (19, "BANK_A", 1)]


def test_halt_keeps_everything_waiting(lane):
    """
    In a halt nothing settles; then the line is served in the order in which it formed.
    """
    sim = finished(
        lane,
        happening("halt", 1),
        happening("liquidity_injection", 3, agent_id="BANK_A", amount=100),
        happening("resume", 4),
        agent_configs=banks(0, 500),
        transactions=[
            payment("BANK_A", "BANK_B", 100),
            payment("BANK_B", "BANK_A", 300, tick=1),
            payment("BANK_A", "BANK_B", 200, tick=2, priority=9),
            payment("BANK_B", "BANK_A", 10, tick=4),
        ],
    )
    assert logged(sim, "queued") == [
        (0, "row-1", "BANK_A", "liquidity"),
        (1, "row-2", "BANK_B", "halt"),
        (2, "row-3", "BANK_A", "halt"),
    ]
    # B joined the line at tick 1, A at tick 2: B's 300 settles first, and A pays its urgent 200.
    order = [(row[0], row[1], row[5]) for row in logged(sim, "settled")]
    assert order == [
        (4, "row-2", "queue_release"),
        (4, "row-3", "queue_release"),
        (4, "row-1", "queue_release"),
        (4, "row-4", "entry"),
    ]
    assert logged(sim, "halted") == [(1,)]
    assert logged(sim, "resumed") == [(4,)]


@pytest.mark.parametrize(
    ("event", "is_first"),
    [
        (happening("liquidity_injection", 1, agent_id="BANK_A", amount=1), True),
        (happening("credit_limit_change", 1, agent_id="BANK_A", amount=101), True),
        (
            happening("direct_transfer", 1, sender_id="BANK_B", receiver_id="BANK_A", amount=1),
            True,
        ),
        (happening("credit_limit_change", 1, agent_id="BANK_A", amount=99), False),
        (happening("credit_limit_change", 1, agent_id="BANK_A", amount=100), False),
        (happening("liquidity_drain", 1, agent_id="BANK_A", amount=1), False),
        (happening("outage_end", 1, agent_id="BANK_A"), False),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) else None,
)
def test_what_puts_an_agent_in_line(lane, event, is_first):
    """
    More money or credit puts an agent in line at once, with nothing queued too; less does not.
    """
    sim = finished(
        lane,
        happening("halt", 0),
        event,
        happening("resume", 5),
        agent_configs=banks(500, 500, credit_limit=100),
        transactions=[
            payment("BANK_B", "BANK_A", 10, tick=2),
            payment("BANK_A", "BANK_B", 10, tick=3),
        ],
    )
    order = [transaction for _, transaction, *_ in logged(sim, "settled")]
    assert order == (["row-2", "row-1"] if is_first else ["row-1", "row-2"])


def test_halt_stops_mechanisms(lane):
    """
    No liquidity-saving mechanism runs in a halt; the first tick after it runs them.
    """
    sim = finished(
        lane,
        happening("halt", 0),
        happening("resume", 7),
        agent_configs=banks(0, 0),
        transactions=[payment("BANK_A", "BANK_B", 50), payment("BANK_B", "BANK_A", 50)],
    )
    both = "bilateral_offsetting"
    assert settled(sim) == [(7, "row-1", both), (7, "row-2", both)]


def test_end_of_day_deferred_credits_and_costs_go_on_in_a_halt(lane):
    """
    A halt over the night stops neither deferred credits, nor costs, nor the end-of-day rule.
    """
    sim = finished(
        lane,
        happening("direct_transfer", 1, sender_id="BANK_A", receiver_id="BANK_B", amount=100),
        happening("halt", 1),
        num_days=2,
        cost_rates={"delay_cost_per_tick_per_cent": 1},
        rules={"end_of_day": "settle_on_credit", "deferred_crediting": True},
        transactions=[payment("BANK_A", "BANK_B", 7, tick=1)],
    )
    assert logged(sim, "credited") == [(1, "BANK_B", 100), (9, "BANK_B", 7)]
    assert settled(sim) == [(9, "row-1", "end_of_day")]
    costs = [float(row["cost"]) for row in sim.results().ticks.to_dicts()]
    assert costs == [0, *[7] * 8, *[0] * 11]


# --- added from Python ----------------------------------------------------------------------------


@given(generated_scenarios(), st.integers(0, 5), st.data())
def test_events_added_from_python_are_those_of_the_scenario(config, count, data):
    """
    The last events of a scenario, added with `at` before their ticks, give the same bytes.
    """
    listed = config["scenario_events"]
    kept, added = listed[:count], listed[count:]
    sim = Simulation(Scenario.from_dict(config | {"scenario_events": kept}))
    earliest = min((event["tick"] for event in added), default=0)
    if earliest > 0:
        sim.run(until=data.draw(st.integers(1, earliest)))
    for event in added:
        keys = {key: value for key, value in event.items() if key not in ("type", "tick")}
        sim.at(event["tick"], event["type"], **keys)
    sim.run()
    whole = Simulation(Scenario.from_dict(config))
    whole.run()
    assert whole._kernel.events_jsonl() == sim._kernel.events_jsonl()
    assert whole.scenario == sim.scenario
